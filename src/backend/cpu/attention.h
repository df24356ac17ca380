/*
 * attention.h - what the forward and the backward kernel of attention share: the keys that a row
 * sees, copies of keys and values in the order in which a tile wants them, and dropped rows.
 */
#ifndef CZ_CPU_ATTENTION_H
#define CZ_CPU_ATTENTION_H

#include "curves.h"
#include "isa.h"
#include "lanes.h"
#include "tile.h"

#include <math.h>

enum { KEYS = CZ_KEYS, QUERIES = 24 };

typedef struct interval {
    size_t from, to;
} interval;

INLINE size_t whole(size_t count, size_t unit)
{
    return (count + unit - 1) / unit * unit;
}

INLINE interval seen_by(const cz_attend *a, size_t i)
{
    interval seen = { 0, a->keys };
    if (a->reach == CZ_REACH_CAUSAL && i + 1 < seen.to)
        seen.to = i + 1;
    if (a->reach == CZ_REACH_WINDOW) {
        if (i > a->window)
            seen.from = i - a->window;
        if (a->window < seen.to && i + 1 < seen.to - a->window)
            seen.to = i + 1 + a->window;
    }
    if (seen.from > seen.to)
        seen.from = seen.to;
    return seen;
}

/* All keys that rows first .. last see, begun at a multiple of KEYS: both ends only grow with i. */
INLINE interval seen_by_rows(const cz_attend *a, size_t first, size_t last)
{
    interval low = seen_by(a, first), high = seen_by(a, last - 1);
    return (interval){ low.from / KEYS * KEYS, high.to };
}

/*
 * A row of scores has the globals first, padded to whole KEYS, then the keys from .. to of its
 * window. A global within the window is seen there; among the globals its columns are these.
 */
INLINE interval doubled_by(const cz_attend *a, interval seen)
{
    interval doubled = { 0, 0 };
    while (doubled.from < a->globals && a->global[doubled.from] < a->global_from + seen.from)
        doubled.from++;
    doubled.to = doubled.from;
    while (doubled.to < a->globals && a->global[doubled.to] < a->global_from + seen.to)
        doubled.to++;
    return doubled;
}

/* Rows of `from` become columns of panels [size, PANEL], zeros up to a whole vector. */
INLINE void transpose_rows(const float *from, size_t stride, size_t rows, size_t size, float *to)
{
    vec square[LANES];
    for (size_t j = 0; j < rows; j += LANES) {
        float *panel = to + j / PANEL * PANEL * size + j % PANEL;
        for (size_t c = 0; c < size; c += LANES) {
            size_t left = size - c < LANES ? size - c : LANES;
            for (size_t i = 0; i < LANES; i++)
                square[i] = j + i < rows ? vec_load_first(from + (j + i) * stride + c, left)
                                         : vec_set(0.0f);
            vec_transpose(square);
            for (size_t i = 0; i < left; i++)
                vec_store(panel + (c + i) * PANEL, square[i]);
        }
    }
}

/* Rows one behind the other, each padded with zeros to whole vectors. */
INLINE void copy_rows(const float *from, size_t stride, size_t rows, size_t size, float *to)
{
    size_t padded = whole(size, LANES);
    for (size_t j = 0; j < rows; j++)
        for (size_t c = 0; c < size; c += LANES)
            vec_store(to + j * padded + c, vec_load_first(from + j * stride + c, size - c));
}

/* The same of the globals' rows of q, k or v. */
INLINE void copy_globals(const cz_attend *a, const float *from, size_t stride, float *to)
{
    for (size_t g = 0; g < a->globals; g++)
        copy_rows(from + (a->global[g] - a->global_from) * stride, stride, 1, a->size,
                  to + g * whole(a->size, LANES));
}

/* Panels of the globals, then of `count` keys from row `first` on. `room` takes a copy of the
 * globals. */
INLINE void lay_panels(const cz_attend *a, const float *from, size_t stride, size_t first,
                       size_t count, float *room, float *to)
{
    copy_globals(a, from, stride, room);
    transpose_rows(room, whole(a->size, LANES), a->globals, a->size, to);
    transpose_rows(from + first * stride, stride, count, a->size,
                   to + cz_columns_ahead(a->globals) * a->size);
}

INLINE void add_row(float *to, const float *row, size_t size)
{
    for (size_t c = 0; c < size; c += LANES)
        vec_store_first(to + c, vec_add(vec_load_first(to + c, size - c), vec_load(row + c)),
                        size - c);
}

/* sums [rows, sums_stride] = x [rows, depth] times all panels that hold `count` columns. */
INLINE void times_panels(const float *x, size_t x_stride, size_t rows, const float *panels,
                         size_t depth, size_t count, float *sums, size_t sums_stride,
                         void (*run)(const tile *t, size_t rows, size_t wide))
{
    tile t = { .x_stride = x_stride,
               .w_stride = PANEL,
               .sums_stride = sums_stride,
               .depth = depth,
               .first = true };
    for (size_t j = 0; j < count; j += PANEL) {
        size_t left = count - j, wide = left < PANEL ? (left + LANES - 1) / LANES : WIDE;
        t.w = panels + j * depth;
        for (size_t i = 0, tall; i < rows; i += tall) {
            tall = next_rows(rows - i, tallest(wide));
            t.x = x + i * x_stride;
            t.sums = sums + i * sums_stride + j;
            run(&t, tall, wide);
        }
    }
}

/* The same over the panels of the globals and those of keys skip .. skip + width. */
INLINE void times_all(const cz_attend *a, const float *x, size_t x_stride, size_t rows,
                      const float *panels, size_t skip, size_t width, float *sums, size_t stride,
                      void (*run)(const tile *t, size_t rows, size_t wide))
{
    size_t ahead = cz_columns_ahead(a->globals);
    times_panels(x, x_stride, rows, panels, a->size, a->globals, sums, stride, run);
    times_panels(x, x_stride, rows, panels + (ahead + skip) * a->size, a->size, width, sums + ahead,
                 stride, run);
}

/* Vectors that the next tile takes of `left`: at most three, four as two and two. */
INLINE size_t next_wide(size_t left)
{
    return left == 4 ? 2 : left < WIDE ? left : WIDE;
}

/* The score that gives the highest exponential: the lowest of all when the scale is negative. */
INLINE float top_score(const float *row, size_t from, size_t to, const bool negative)
{
    lanes most = lanes_set(-INFINITY), zero = lanes_set(0.0f);
    for (size_t j = from / ROW * ROW; j < to; j += ROW) {
        lanes s = lanes_load(row + j);
        if (negative)
            s = lanes_sub(zero, s);
        if (j < from || j + ROW > to)
            s = lanes_between(s, from > j ? from - j : 0, to - j, -INFINITY);
        most = lanes_max(most, s);
    }
    return negative ? -lanes_highest(most) : lanes_highest(most);
}

/* Columns from .. to of a row become exponentials but for those of `hole`, all else up to `end`
 * zeros. `total` has their sums in lanes. */
INLINE void exponentials(float *row, size_t from, size_t to, size_t end, interval hole,
                         const bool holed, lanes scale, lanes below, lanes *total)
{
    size_t begin = from / ROW * ROW;
    for (size_t j = 0; j < begin; j += ROW)
        lanes_store(row + j, lanes_set(0.0f));
    for (size_t j = begin; j < to; j += ROW) {
        bool edge = j < from || j + ROW > to;
        lanes s = lanes_load(row + j);
        if (edge) /* narrow vectors left what lies beyond the keys unwritten */
            s = lanes_between(s, from > j ? from - j : 0, to - j, 0.0f);
        s = lanes_fma(s, scale, below);
        EACH_PART s.part[piece] = exp2_vec(s.part[piece]);
        if (edge)
            s = lanes_between(s, from > j ? from - j : 0, to - j, 0.0f);
        if (holed && hole.from < j + ROW && hole.to > j)
            s = lanes_add(lanes_between(s, 0, hole.from > j ? hole.from - j : 0, 0.0f),
                          lanes_between(s, hole.to - j, ROW, 0.0f));
        lanes_store(row + j, s);
        *total = lanes_add(*total, s);
    }
    for (size_t j = to > begin ? whole(to, ROW) : begin; j < end; j += ROW)
        lanes_store(row + j, lanes_set(0.0f));
}

INLINE float higher(float a, float b, const bool negative)
{
    return negative ? (a < b ? a : b) : (a > b ? a : b);
}

/* The same over the globals that are not seen in the window, and the window. */
INLINE float top_of_all(const cz_attend *a, const float *row, interval doubled, size_t from,
                        size_t to, const bool negative)
{
    float top = top_score(row + cz_columns_ahead(a->globals), from, to, negative);
    if (!a->globals)
        return top;
    top = higher(top, top_score(row, 0, doubled.from, negative), negative);
    return higher(top, top_score(row, doubled.to, a->globals, negative), negative);
}

/* Scores, to be scaled, become exponentials, zeros outside what the row sees. Returns their sum,
 * which is 0 if it sees nothing. */
INLINE float softmax_row(const cz_attend *a, float by, interval keys, interval seen, float *row)
{
    size_t from = seen.from - keys.from, to = seen.to - keys.from, end = keys.to - keys.from;
    size_t ahead = cz_columns_ahead(a->globals);
    interval doubled = doubled_by(a, seen), none = { 0, 0 };
    float factor = by * LOG2E;
    lanes total = lanes_set(0.0f), scale = lanes_set(factor), below;

    float top = by < 0 ? top_of_all(a, row, doubled, from, to, true)
                       : top_of_all(a, row, doubled, from, to, false);
    below = lanes_set(-(top * factor)); /* its rounding is the whole row's, and divides out */
    if (ahead)
        exponentials(row, 0, a->globals, ahead, doubled, true, scale, below, &total);
    exponentials(row + ahead, from, to, end, none, false, scale, below, &total);
    return lanes_sum(total);
}

/* A row of probabilities, or of ones, times their factors of dropout. */
INLINE void drop_row(const cz_attend *a, size_t i, interval keys, interval seen, float *row)
{
    uint64_t first = a->element + (uint64_t)i * a->keys;
    if (!a->dropout)
        return;
    for (size_t g = 0; g < a->globals; g++)
        CZ_OF_ISA(cz_drop)
    (a->dropout, a->sample, first + a->global[g] - a->global_from, 1, row + g);
    CZ_OF_ISA(cz_drop)
    (a->dropout, a->sample, first + seen.from, seen.to - seen.from,
     row + cz_columns_ahead(a->globals) + (seen.from - keys.from));
}

#endif
