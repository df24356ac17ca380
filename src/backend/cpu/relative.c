/*
 * relative.c - scores of attention with terms of distance: see relative.h. The product reads keys
 * and terms as they lie, so the terms cost their multiply-adds and a load each, no more. Compiled
 * once per instruction set.
 */
#include "relative.h"

enum { RELATIVE_WIDE = 2 };

/* The rows that the columns' distances look up, transposed; zeros behind them. */
static void transpose_entries(const cz_attend *a, const float *rows, size_t rows_stride,
                              size_t from, size_t columns, float *to, size_t stride)
{
    const float *row[LANES];
    vec square[LANES];
    for (size_t column = 0; column < stride; column += LANES) {
        for (size_t i = 0; i < LANES; i++)
            row[i] = column + i < columns
                         ? rows + entry_of(a, a->last - 1, from + column + i) * rows_stride
                         : NULL;
        for (size_t c = 0; c < a->size; c += LANES) {
            size_t left = a->size - c < LANES ? a->size - c : LANES;
            for (size_t i = 0; i < LANES; i++)
                square[i] = row[i] ? vec_load_first(row[i] + c, left) : vec_set(0.0f);
            vec_transpose(square);
            for (size_t i = 0; i < left; i++)
                vec_store(to + (c + i) * stride + column, square[i]);
        }
    }
}

distances CZ_OF_ISA(cz_lay_distances)(const cz_attend *a, size_t from, size_t count, float *room)
{
    size_t rows = a->last - a->first, columns = rows && count ? rows + count - 1 : 0;
    distances d = { .stride = distance_stride(rows + count) };
    d.base = a->last - 1;
    d.table = room;
    d.query_columns = room + d.stride;
    d.key_columns = d.query_columns + d.stride * a->size;
    for (size_t c = 0; c < d.stride && a->table; c++)
        d.table[c] =
            c < columns ? a->table[entry_of(a, a->last - 1, from + c) * a->table_stride] : 0.0f;
    if (a->of_query)
        transpose_entries(a, a->of_query, a->of_query_stride, from, columns, d.query_columns,
                          d.stride);
    if (a->of_key)
        transpose_entries(a, a->of_key, a->of_key_stride, from, columns, d.key_columns, d.stride);
    return d;
}

/* Row i of a tile finds its terms i columns before those of row 0. */
typedef struct relative_tile {
    const float *q, *key[RELATIVE_WIDE]; /* a step is one of q, and PANEL of keys */
    const float *of_query, *of_key;
    size_t q_stride, stride, depth;
    float *sums;
    size_t sums_stride;
} relative_tile;

INLINE void relative_shape(const relative_tile *t, const size_t rows, const size_t wide,
                           const bool of_query, const bool of_key)
{
    vec sum[8][RELATIVE_WIDE], k[RELATIVE_WIDE];
    const float *q = t->q, *e = t->of_query, *r = t->of_key;

#pragma GCC unroll 8
    for (size_t i = 0; i < rows; i++)
#pragma GCC unroll 2
        for (size_t v = 0; v < wide; v++)
            sum[i][v] = vec_set(0.0f);
    for (size_t step = 0; step < t->depth; step++, q++, e += t->stride, r += t->stride) {
#pragma GCC unroll 2
        for (size_t v = 0; v < wide; v++) {
            k[v] = vec_load(t->key[v] + step * PANEL);
            VEC_PIN(k[v]);
        }
#pragma GCC unroll 8
        for (size_t i = 0; i < rows; i++) {
            vec one = vec_set(q[i * t->q_stride]);
#pragma GCC unroll 2
            for (size_t v = 0; v < wide; v++) {
                sum[i][v] = vec_fma(one, k[v], sum[i][v]);
                if (of_query)
                    sum[i][v] = vec_fma(one, vec_load(e - i + v * LANES), sum[i][v]);
                if (of_key)
                    sum[i][v] = vec_fma(k[v], vec_load(r - i + v * LANES), sum[i][v]);
            }
        }
    }
#pragma GCC unroll 8
    for (size_t i = 0; i < rows; i++)
#pragma GCC unroll 2
        for (size_t v = 0; v < wide; v++)
            vec_store(t->sums + i * t->sums_stride + v * LANES, sum[i][v]);
}

#define SHAPE(r, n)                                                                                \
    case r * 4 + n:                                                                                \
        if (r <= (n == 1 ? TALL1 : TALL2))                                                         \
            relative_shape(t, r, n, of_query, of_key);                                             \
        return;
#define SHAPES(n)                                                                                  \
    SHAPE(1, n) SHAPE(2, n) SHAPE(3, n) SHAPE(4, n) SHAPE(5, n) SHAPE(6, n) SHAPE(7, n) SHAPE(8, n)

INLINE void relative_any(const relative_tile *t, size_t rows, size_t wide, const bool of_query,
                         const bool of_key)
{
    switch (rows * 4 + wide) {
        SHAPES(1)
        SHAPES(2)
    default:
        return;
    }
}

static void run_relative(const relative_tile *t, size_t rows, size_t wide, bool of_query,
                         bool of_key)
{
    if (of_query && of_key)
        relative_any(t, rows, wide, true, true);
    else if (of_query)
        relative_any(t, rows, wide, true, false);
    else
        relative_any(t, rows, wide, false, true);
}

void CZ_OF_ISA(cz_relative_scores)(const cz_attend *a, const distances *terms, const float *q,
                                   size_t q_stride, size_t i, size_t rows, const float *panels,
                                   size_t skip, size_t width, float *scores, size_t stride)
{
    relative_tile t = {
        .q_stride = q_stride, .stride = terms->stride, .depth = a->size, .sums_stride = stride
    };
    for (size_t j = 0, wide; j < width; j += wide * LANES) {
        size_t column = terms->base + skip + j - i;
        wide = width - j > LANES ? RELATIVE_WIDE : 1;
        for (size_t v = 0; v < wide; v++) {
            size_t key = skip + j + v * LANES;
            t.key[v] = panels + key / PANEL * PANEL * a->size + key % PANEL;
        }
        for (size_t r = 0, tall; r < rows; r += tall) {
            tall = next_rows(rows - r, tallest(wide));
            t.q = q + r * q_stride;
            t.of_query = terms->query_columns + column - r;
            t.of_key = terms->key_columns + column - r;
            t.sums = scores + r * stride + j;
            run_relative(&t, tall, wide, a->of_query, a->of_key);
        }
    }
}
