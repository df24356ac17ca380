/*
 * rows.c - everything that walks along a row: norms, softmax sums, activations, sums of rows. Sums
 * have 16 lanes and one closing tree (lanes.h). Compiled once per instruction set.
 */
#include "curves.h"
#include "isa.h"
#include "lanes.h"

#include <math.h>

void CZ_OF_ISA(cz_add_rows)(const float *x, const float *branch, size_t columns, float *sum)
{
    for (size_t c = 0; c < columns; c += ROW) {
        lanes a = lanes_load_first(x + c, columns - c);
        if (branch)
            a = lanes_add(a, lanes_load_first(branch + c, columns - c));
        lanes_store_first(sum + c, a, columns - c);
    }
}

/* Sums x + branch into row->sum on the way. */
static float mean_of(const cz_norm_row *row)
{
    size_t n = row->columns;
    lanes total = lanes_set(0.0f);
    for (size_t c = 0; c < n; c += ROW) {
        lanes a = lanes_load_first(row->x + c, n - c);
        if (row->branch)
            a = lanes_add(a, lanes_load_first(row->branch + c, n - c));
        lanes_store_first(row->sum + c, a, n - c);
        total = lanes_add(total, a);
    }
    return row->root_mean_square ? 0.0f : lanes_sum(total) / (float)n;
}

static float inverse_of(const cz_norm_row *row, float mean)
{
    size_t n = row->columns;
    lanes total = lanes_set(0.0f), middle = lanes_set(mean);
    for (size_t c = 0; c < n; c += ROW) {
        lanes a = lanes_sub(lanes_load_first(row->sum + c, n - c), middle);
        if (n - c < ROW)
            a = lanes_between(a, 0, n - c, 0.0f);
        total = lanes_fma(a, a, total);
    }
    return 1.0f / sqrtf(lanes_sum(total) / (float)n + row->epsilon);
}

cz_moments CZ_OF_ISA(cz_norm)(const cz_norm_row *row)
{
    size_t n = row->columns;
    cz_moments found = { .mean = mean_of(row) };
    found.inverse = inverse_of(row, found.mean);
    lanes mean = lanes_set(found.mean), inverse = lanes_set(found.inverse);
    for (size_t c = 0; c < n && row->out; c += ROW) {
        lanes a = lanes_mul(lanes_sub(lanes_load_first(row->sum + c, n - c), mean), inverse);
        lanes gain = lanes_load_first(row->gain + c, n - c);
        if (row->shift)
            a = lanes_fma(a, gain, lanes_load_first(row->shift + c, n - c));
        else
            a = lanes_mul(a, gain);
        lanes_store_first(row->out + c, a, n - c);
    }
    return found;
}

void CZ_OF_ISA(cz_norm_backward)(const cz_norm_row *row, cz_moments moments, const float *d_out,
                                 float *d_sum)
{
    size_t n = row->columns;
    lanes mean = lanes_set(moments.mean), inverse = lanes_set(moments.inverse);
    lanes plain = lanes_set(0.0f), along = plain;
    for (size_t c = 0; c < n; c += ROW) { /* lanes beyond n have d_out = 0 */
        lanes g =
            lanes_mul(lanes_load_first(d_out + c, n - c), lanes_load_first(row->gain + c, n - c));
        lanes hat = lanes_mul(lanes_sub(lanes_load_first(row->sum + c, n - c), mean), inverse);
        plain = lanes_add(plain, g);
        along = lanes_fma(g, hat, along);
    }
    float both = row->root_mean_square ? 0.0f : lanes_sum(plain) / (float)n;
    plain = lanes_set(both);
    along = lanes_set(-(lanes_sum(along) / (float)n));
    for (size_t c = 0; c < n; c += ROW) {
        lanes g =
            lanes_mul(lanes_load_first(d_out + c, n - c), lanes_load_first(row->gain + c, n - c));
        lanes hat = lanes_mul(lanes_sub(lanes_load_first(row->sum + c, n - c), mean), inverse);
        lanes d = lanes_fma(hat, along, lanes_sub(g, plain));
        lanes_store_first(d_sum + c, lanes_mul(d, inverse), n - c);
    }
}

/* ---- element by element ---- */

INLINE void activate_as(const cz_activation kind, const float *x, size_t count, float *out)
{
    for (size_t c = 0; c < count; c += LANES)
        vec_store_first(out + c, activate(kind, vec_load_first(x + c, count - c)), count - c);
}

INLINE void slope_as(const cz_activation kind, const float *x, const float *d, size_t count,
                     float *out)
{
    for (size_t c = 0; c < count; c += LANES) {
        vec s = slope(kind, vec_load_first(x + c, count - c));
        vec_store_first(out + c, vec_mul(vec_load_first(d + c, count - c), s), count - c);
    }
}

#define EACH_KIND                                                                                  \
    KIND(CZ_IDENTITY)                                                                              \
    KIND(CZ_GELU)                                                                                  \
    KIND(CZ_GELU_TANH)                                                                             \
    KIND(CZ_GELU_QUICK) KIND(CZ_RELU) KIND(CZ_SILU) KIND(CZ_TANH) KIND(CZ_SIGMOID)

void CZ_OF_ISA(cz_activate)(cz_activation kind, const float *x, size_t count, float *out)
{
    switch (kind) {
#define KIND(kind)                                                                                 \
    case kind:                                                                                     \
        activate_as(kind, x, count, out);                                                          \
        return;
        EACH_KIND
#undef KIND
    case CZ_ACTIVATIONS:
        return;
    }
}

void CZ_OF_ISA(cz_slope)(cz_activation kind, const float *x, const float *d, size_t count,
                         float *out)
{
    switch (kind) {
#define KIND(kind)                                                                                 \
    case kind:                                                                                     \
        slope_as(kind, x, d, count, out);                                                          \
        return;
        EACH_KIND
#undef KIND
    case CZ_ACTIVATIONS:
        return;
    }
}

/* ---- sums of exponentials ---- */

float CZ_OF_ISA(cz_highest)(const float *x, size_t count)
{
    lanes top = lanes_set(-INFINITY);
    for (size_t c = 0; c < count; c += ROW) {
        lanes a = lanes_load_first(x + c, count - c);
        if (count - c < ROW)
            a = lanes_between(a, 0, count - c, -INFINITY);
        top = lanes_max(top, a);
    }
    return lanes_highest(top);
}

/* `out` (may be NULL) receives the exponentials. */
float CZ_OF_ISA(cz_exp_sum)(const float *x, size_t count, float highest, float *out)
{
    lanes total = lanes_set(0.0f), top = lanes_set(highest), factor = lanes_set(LOG2E);
    for (size_t c = 0; c < count; c += ROW) {
        lanes a = lanes_mul(lanes_sub(lanes_load_first(x + c, count - c), top), factor);
        EACH_PART a.part[piece] = exp2_vec(a.part[piece]);
        if (count - c < ROW)
            a = lanes_between(a, 0, count - c, 0.0f);
        if (out)
            lanes_store_first(out + c, a, count - c);
        total = lanes_add(total, a);
    }
    return lanes_sum(total);
}

bool CZ_OF_ISA(cz_sum_rows)(const void *const *row, int count, size_t columns, float *out)
{
    lanes bad = lanes_set(0.0f), zero = bad;
    for (size_t c = 0; c < columns; c += ROW) {
        lanes a = zero;
        for (int t = 0; t < count; t++) {
            const char *from = (const char *)row[t] + c * sizeof(float);
            a = lanes_add(a, lanes_load_first(from, columns - c));
        }
        bad = lanes_fma(a, zero, bad); /* becomes NaN and stays so */
        lanes_store_first(out + c, a, columns - c);
    }
    return lanes_sum(bad) == 0.0f;
}
