/*
 * attention.h - what the forward and the backward kernel of attention share: the keys that a row
 * sees, copies of keys and values in the order in which a tile wants them, and dropped rows.
 */
#ifndef CZ_CPU_ATTENTION_H
#define CZ_CPU_ATTENTION_H

#include "curves.h"
#include "kernels.h"
#include "lanes.h"
#include "tile.h"

#include <math.h>

/* Keys are laid out from a multiple of KEYS on, which is one of every panel and of 16: the lanes of
 * a sum count from the sequence's first key wherever the copy begins. */
enum { KEYS = 48, QUERIES = 24 };

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

/* Scores, to be scaled, become exponentials, zeros outside what the row sees. Returns their sum. */
INLINE float softmax_row(float by, interval keys, interval seen, float *row)
{
    size_t from = seen.from - keys.from, to = seen.to - keys.from, end = keys.to - keys.from;
    size_t begin = from / ROW * ROW;
    float factor = by * LOG2E;
    lanes total = lanes_set(0.0f), scale = lanes_set(factor), below;

    float top = by < 0 ? top_score(row, from, to, true) : top_score(row, from, to, false);
    below = lanes_set(-(top * factor)); /* its rounding is the whole row's, and divides out */
    for (size_t j = 0; j < begin; j += ROW)
        lanes_store(row + j, lanes_set(0.0f));
    for (size_t j = begin; j < to; j += ROW) {
        lanes s = lanes_fma(lanes_load(row + j), scale, below);
        EACH_PART s.part[piece] = exp2_vec(s.part[piece]);
        if (j < from || j + ROW > to)
            s = lanes_between(s, from > j ? from - j : 0, to - j, 0.0f);
        lanes_store(row + j, s);
        total = lanes_add(total, s);
    }
    for (size_t j = to > begin ? whole(to, ROW) : begin; j < end; j += ROW)
        lanes_store(row + j, lanes_set(0.0f));
    return lanes_sum(total);
}

#endif
