/*
 * fourier.c - the real part of the Fourier transform of a matrix, rows first, then columns. Every
 * lane is a transform of its own, so no sum crosses lanes and the bits are those of one lane. Two
 * real rows are the real and the imaginary part of one transform; of the columns only the first
 * half is transformed, since the other half is its mirror image. Compiled once per instruction set.
 */
#include "isa.h"
#include "tile.h"
#include "waves.h"

#include <stdalign.h>

/* Numbers of one point: the real lanes, then the imaginary. Outputs of an odd radix at a time. */
enum { POINT = 2 * LANES, OUTPUTS = 4 };

typedef struct point {
    vec re, im;
} point;

INLINE point load_point(const float *at)
{
    return (point){ vec_load(at), vec_load(at + LANES) };
}

INLINE void store_point(float *at, point a)
{
    vec_store(at, a.re);
    vec_store(at + LANES, a.im);
}

INLINE point sum_of(point a, point b)
{
    return (point){ vec_add(a.re, b.re), vec_add(a.im, b.im) };
}

INLINE point difference_of(point a, point b)
{
    return (point){ vec_sub(a.re, b.re), vec_sub(a.im, b.im) };
}

/* a - i b and a + i b. */
INLINE point minus_turned(point a, point b)
{
    return (point){ vec_add(a.re, b.im), vec_sub(a.im, b.re) };
}

INLINE point plus_turned(point a, point b)
{
    return (point){ vec_sub(a.re, b.im), vec_add(a.im, b.re) };
}

INLINE point times(point a, const float *w)
{
    vec re = vec_set(w[0]), im = vec_set(w[1]);
    return (point){ vec_sub(vec_mul(a.re, re), vec_mul(a.im, im)),
                    vec_fma(a.re, im, vec_mul(a.im, re)) };
}

/* A stage of Stockham's order: transforms of `radix` points that lie `step` apart become `radix`
 * points side by side, `span` of them at a time. */
typedef struct stage {
    const float *root, *from;
    float *to;
    size_t points, span, groups; /* groups: transforms of one place in the span */
} stage;

INLINE const float *input_of(const stage *s, size_t group, size_t place, size_t j)
{
    return s->from + (s->span * (group + s->groups * j) + place) * POINT;
}

INLINE void put(const stage *s, size_t group, size_t place, size_t radix, size_t k, point a)
{
    if (group && k)
        a = times(a, s->root + 2 * (group * k * s->span));
    store_point(s->to + (s->span * (radix * group + k) + place) * POINT, a);
}

static void stage_of_two(const stage *s)
{
    for (size_t g = 0; g < s->groups; g++)
        for (size_t q = 0; q < s->span; q++) {
            point a = load_point(input_of(s, g, q, 0)), b = load_point(input_of(s, g, q, 1));
            put(s, g, q, 2, 0, sum_of(a, b));
            put(s, g, q, 2, 1, difference_of(a, b));
        }
}

static void stage_of_four(const stage *s)
{
    for (size_t g = 0; g < s->groups; g++)
        for (size_t q = 0; q < s->span; q++) {
            point a = load_point(input_of(s, g, q, 0)), b = load_point(input_of(s, g, q, 1));
            point c = load_point(input_of(s, g, q, 2)), d = load_point(input_of(s, g, q, 3));
            point even = sum_of(a, c), odd = sum_of(b, d);
            a = difference_of(a, c);
            b = difference_of(b, d);
            put(s, g, q, 4, 0, sum_of(even, odd));
            put(s, g, q, 4, 1, minus_turned(a, b));
            put(s, g, q, 4, 2, difference_of(even, odd));
            put(s, g, q, 4, 3, plus_turned(a, b));
        }
}

/* Outputs k .. k + count of one odd transform and their mirror images: sums of what points j and
 * radix - j have in common times cosines, of what they differ in times sines. */
INLINE void odd_outputs(const stage *s, size_t group, size_t place, const size_t radix,
                        const float *both, size_t k, const size_t count)
{
    size_t half = radix / 2, turn = s->points / radix, at[OUTPUTS];
    point even[OUTPUTS], odd[OUTPUTS];
    for (size_t n = 0; n < count; n++) {
        at[n] = 0;
        even[n] = load_point(input_of(s, group, place, 0));
        odd[n] = (point){ vec_set(0.0f), vec_set(0.0f) };
    }
    for (size_t j = 0; j < half; j++) {
        point common = load_point(both + 2 * j * POINT);
        point apart = load_point(both + (2 * j + 1) * POINT);
#pragma GCC unroll 4
        for (size_t n = 0; n < count; n++) {
            at[n] += k + n;
            at[n] -= at[n] >= radix ? radix : 0;
            vec cosine = vec_set(s->root[2 * at[n] * turn]);
            vec sine = vec_set(s->root[2 * at[n] * turn + 1]);
            even[n].re = vec_fma(common.re, cosine, even[n].re);
            even[n].im = vec_fma(common.im, cosine, even[n].im);
            odd[n].re = vec_fma(apart.re, sine, odd[n].re);
            odd[n].im = vec_fma(apart.im, sine, odd[n].im);
        }
    }
    for (size_t n = 0; n < count; n++) {
        put(s, group, place, radix, k + n, plus_turned(even[n], odd[n]));
        put(s, group, place, radix, radix - k - n, minus_turned(even[n], odd[n]));
    }
}

INLINE void odd_transform(const stage *s, size_t group, size_t place, const size_t radix)
{
    alignas(64) float both[CZ_RADIX_MOST * POINT];
    size_t half = radix / 2, k = 1;
    point total = load_point(input_of(s, group, place, 0));
    for (size_t j = 1; j <= half; j++) {
        point a = load_point(input_of(s, group, place, j));
        point b = load_point(input_of(s, group, place, radix - j)), common = sum_of(a, b);
        store_point(both + 2 * (j - 1) * POINT, common);
        store_point(both + (2 * j - 1) * POINT, difference_of(a, b));
        total = sum_of(total, common);
    }
    put(s, group, place, radix, 0, total);
    for (; k + OUTPUTS <= half + 1; k += OUTPUTS)
        odd_outputs(s, group, place, radix, both, k, OUTPUTS);
    for (; k + 2 <= half + 1; k += 2)
        odd_outputs(s, group, place, radix, both, k, 2);
    for (; k <= half; k++)
        odd_outputs(s, group, place, radix, both, k, 1);
}

static void stage_of_odd(const stage *s, size_t radix)
{
    for (size_t g = 0; g < s->groups; g++)
        for (size_t q = 0; q < s->span; q++)
            odd_transform(s, g, q, radix);
}

static void stage_of_three(const stage *s)
{
    for (size_t g = 0; g < s->groups; g++)
        for (size_t q = 0; q < s->span; q++)
            odd_transform(s, g, q, 3);
}

/* The transform of `from`, which is lost: it lies in the one or the other. */
static float *all_stages(const cz_waves *waves, float *from, float *other)
{
    stage s = { .root = waves->root, .points = waves->points, .span = 1 };
    size_t left = waves->points;
    for (int i = 0; i < waves->radices; i++) {
        size_t radix = waves->radix[i];
        s.from = from;
        s.to = other;
        s.groups = left / radix;
        if (radix == 4)
            stage_of_four(&s);
        else if (radix == 3)
            stage_of_three(&s);
        else if (radix == 2)
            stage_of_two(&s);
        else
            stage_of_odd(&s, radix);
        left /= radix;
        s.span *= radix;
        other = from;
        from = s.to;
    }
    return from;
}

/* y = conjugate(a w), so that a second forward transform goes back. */
static void times_all(float *a, const float *w, size_t count, const bool conjugate)
{
    vec zero = vec_set(0.0f);
    for (size_t j = 0; j < count; j++) {
        point y = times(load_point(a + j * POINT), w + 2 * j);
        if (conjugate)
            y.im = vec_sub(zero, y.im);
        store_point(a + j * POINT, y);
    }
}

static void conjugate_all(float *a, size_t count)
{
    for (size_t j = 0; j < count; j++)
        vec_store(a + j * POINT + LANES, vec_sub(vec_set(0.0f), vec_load(a + j * POINT + LANES)));
}

static void clear_points(float *a, size_t from, size_t to)
{
    for (size_t i = from * POINT; i < to * POINT; i += LANES)
        vec_store(a + i, vec_set(0.0f));
}

static float *transform(const cz_waves *waves, float *from, float *other)
{
    if (!waves->chirp)
        return all_stages(waves, from, other);
    times_all(from, waves->chirp, waves->length, false);
    clear_points(from, waves->length, waves->points);
    float *found = all_stages(waves, from, other);
    times_all(found, waves->filter, waves->points, true);
    found = all_stages(waves, found, found == from ? other : from);
    conjugate_all(found, waves->length);
    times_all(found, waves->chirp, waves->length, false);
    return found;
}

static void set_point(float *a, size_t j, const float *w, float factor)
{
    vec_store(a + j * POINT, vec_set(w[0] * factor));
    vec_store(a + j * POINT + LANES, vec_set(-w[1] * factor));
}

void CZ_OF_ISA(cz_fourier_filter)(const cz_waves *waves, float *scratch)
{
    float *a = scratch, *b = a + waves->points * POINT, factor = 1.0f / (float)waves->points;
    if (!waves->chirp)
        return;
    clear_points(a, 0, waves->points);
    for (size_t j = 0; j < waves->length; j++) {
        set_point(a, j, waves->chirp + 2 * j, factor);
        if (j)
            set_point(a, waves->points - j, waves->chirp + 2 * j, factor);
    }
    a = all_stages(waves, a, b);
    for (size_t j = 0; j < waves->points; j++) {
        waves->filter[2 * j] = a[j * POINT];
        waves->filter[2 * j + 1] = a[j * POINT + LANES];
    }
}

size_t CZ_OF_ISA(cz_fourier_scratch)(size_t points)
{
    return 2 * points * POINT;
}

/* ---- rows: pairs of them, as many as there are lanes ---- */

/* Every second row from `first` on becomes a lane of the points' real or imaginary part. */
static void load_rows(const cz_fourier_pass *f, size_t first, float *to)
{
    vec square[LANES];
    for (size_t c = 0; c < f->columns; c += LANES) {
        size_t left = f->columns - c < LANES ? f->columns - c : LANES;
        for (size_t i = 0; i < LANES; i++) {
            size_t row = first + 2 * i;
            square[i] = row < f->rows ? vec_load_first(f->from + row * f->from_stride + c, left)
                                      : vec_set(0.0f);
        }
        vec_transpose(square);
        for (size_t i = 0; i < left; i++)
            vec_store(to + (c + i) * POINT, square[i]);
    }
}

/* Twice the transforms of the two rows of a pair, from that of their sum: z_k and z_(n-k) give the
 * real (part 0) and imaginary (1) part of the first row's, and of the second's (2, 3). */
INLINE vec part_of_pair(point z, point mirror, const int part)
{
    if (part == 0)
        return vec_add(z.re, mirror.re);
    if (part == 1)
        return vec_sub(z.im, mirror.im);
    if (part == 2)
        return vec_add(z.im, mirror.im);
    return vec_sub(mirror.re, z.re);
}

INLINE void store_part(const cz_fourier_pass *f, const float *z, size_t first, const int part)
{
    size_t half = f->columns / 2 + 1, row = first + (size_t)(part / 2);
    float *to = f->to + (part % 2 ? half : 0);
    vec square[LANES];
    for (size_t k = 0; k < half; k += LANES) {
        size_t left = half - k < LANES ? half - k : LANES;
        for (size_t i = 0; i < LANES; i++) {
            size_t j = k + (i < left ? i : 0);
            square[i] = part_of_pair(load_point(z + j * POINT),
                                     load_point(z + (j ? f->columns - j : 0) * POINT), part);
        }
        vec_transpose(square);
        for (size_t i = 0; i < LANES && row + 2 * i < f->rows; i++)
            vec_store_first(to + (row + 2 * i) * f->to_stride + k, square[i], left);
    }
}

void CZ_OF_ISA(cz_fourier_rows)(const cz_fourier_pass *f)
{
    float *a = f->scratch, *b = a + f->waves->points * POINT;
    for (size_t first = 0; first < f->rows; first += 2 * (size_t)LANES) {
        load_rows(f, first, a);
        load_rows(f, first + 1, a + LANES);
        const float *z = transform(f->waves, a, b);
        store_part(f, z, first, 0);
        store_part(f, z, first, 1);
        store_part(f, z, first, 2);
        store_part(f, z, first, 3);
    }
}

/* ---- columns ---- */

INLINE void write_vector(float *to, vec a, size_t count, const bool add)
{
    if (add)
        a = vec_add(vec_load_first(to, count), a);
    vec_store_first(to, a, count);
}

/* Column columns - k of row rows - m is column k of row m; so the lanes turn round. */
INLINE void write_rows(const cz_fourier_pass *f, const float *z, size_t k, size_t count,
                       const bool add)
{
    size_t first = k ? 0 : 1, end = (f->columns - 1) / 2 + 1;
    size_t last = k + count < end ? count : end > k ? end - k : 0;
    vec half = vec_set(0.5f);
    for (size_t m = 0; m < f->rows; m++) {
        alignas(64) float lane[LANES];
        vec re = vec_mul(vec_load(z + m * POINT), half);
        float *mirror = f->to + (m ? f->rows - m : 0) * f->to_stride + f->columns - k;
        write_vector(f->to + m * f->to_stride + k, re, count, add);
        if (!first && last == LANES) {
            write_vector(mirror - (LANES - 1), vec_reverse(re), LANES, add);
            continue;
        }
        vec_store(lane, re);
        for (size_t i = first; i < last; i++)
            *(mirror - i) = add ? *(mirror - i) + lane[i] : lane[i];
    }
}

void CZ_OF_ISA(cz_fourier_columns)(const cz_fourier_pass *f)
{
    float *a = f->scratch, *b = a + f->waves->points * POINT;
    size_t half = f->columns / 2 + 1;
    for (size_t k = f->first; k < f->last; k += LANES) {
        size_t count = f->last - k < LANES ? f->last - k : LANES;
        for (size_t t = 0; t < f->rows; t++) {
            const float *from = f->from + t * f->from_stride + k;
            store_point(a + t * POINT,
                        (point){ vec_load_first(from, count), vec_load_first(from + half, count) });
        }
        const float *z = transform(f->waves, a, b);
        if (f->add)
            write_rows(f, z, k, count, true);
        else
            write_rows(f, z, k, count, false);
    }
}
