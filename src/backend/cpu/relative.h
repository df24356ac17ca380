/*
 * relative.h - terms of distance in the scores of attention, laid out so that a row of scores reads
 * them as it reads keys: column c of what is laid out here belongs to one distance, and the keys of
 * a query, ascending, are columns that lie side by side. The query after it begins one column
 * earlier. Nothing is gathered score by score.
 */
#ifndef CZ_CPU_RELATIVE_H
#define CZ_CPU_RELATIVE_H

#include "attention.h"
#include "isa.h"

typedef struct distances {
    size_t base;                        /* column of query i and the j-th key here: base + j - i */
    size_t stride;                      /* of the rows below */
    float *table;                       /* [stride] */
    float *query_columns, *key_columns; /* [size, stride] */
} distances;

/* An odd number of cache lines, so that a column's rows do not share one set of the cache. */
INLINE size_t distance_stride(size_t rows)
{
    return whole(rows + KEYS, 16) | 16;
}

INLINE size_t entry_of(const cz_attend *a, size_t i, size_t j)
{
    size_t apart = i > j ? i - j : j - i;
    apart = apart < a->span ? apart : a->span;
    return a->entry[i > j ? a->span + apart : a->span - apart];
}

INLINE bool looks_up(const cz_attend *a)
{
    return a->of_query || a->of_key;
}

/* A table's scores are scaled before it is added. */
INLINE float softmax_scale(const cz_attend *a)
{
    return a->table ? 1.0f : a->scale;
}

/* For the queries of this task and `count` keys from `from` on. Takes (2 size + 1) strides. */
distances CZ_OF_ISA(cz_lay_distances)(const cz_attend *a, size_t from, size_t count, float *room);

INLINE distances lay_distances(const cz_attend *a, size_t from, size_t count, float *room)
{
    return a->entry ? CZ_OF_ISA(cz_lay_distances)(a, from, count, room) : (distances){ 0 };
}

/* scores [rows, stride] of queries i .. i + rows at q and `width` keys, the first of them number
 * `skip` of the panels. An element is one chain: for each k of the head q k, q e, k e'. */
void CZ_OF_ISA(cz_relative_scores)(const cz_attend *a, const distances *terms, const float *q,
                                   size_t q_stride, size_t i, size_t rows, const float *panels,
                                   size_t skip, size_t width, float *scores, size_t stride);

/* Scores of queries i .. i + rows, ready for softmax_row at softmax_scale. */
INLINE void score_rows(const cz_attend *a, const distances *terms, const float *q, size_t q_stride,
                       size_t i, size_t rows, const float *panels, size_t skip, size_t width,
                       float *scores, size_t stride,
                       void (*run)(const tile *t, size_t rows, size_t wide))
{
    vec scale = vec_set(a->scale);
    if (looks_up(a))
        CZ_OF_ISA(cz_relative_scores)
    (a, terms, q, q_stride, i, rows, panels, skip, width, scores, stride);
    else times_all(a, q, q_stride, rows, panels, skip, width, scores, stride, run);
    for (size_t r = 0; r < rows && a->table; r++) {
        const float *term = terms->table + terms->base + skip - i - r;
        float *row = scores + r * stride;
        for (size_t j = 0; j < width; j += LANES)
            vec_store(row + j, vec_fma(vec_load(row + j), scale, vec_load(term + j)));
    }
}

#endif
