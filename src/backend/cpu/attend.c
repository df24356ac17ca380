/*
 * attend.c - attention of one head of one sequence, forward. Keys are transposed into panels and
 * values copied once per task; then, for blocks of 24 queries, scores, softmax along each row, and
 * the product with the values, divided by the row's sum at the end. A row's bits depend on its own
 * sequence alone: keys outside its reach are exact zeros. Compiled once per instruction set.
 */
#include "attention.h"
#include "curves.h"
#include "isa.h"
#include "relative.h"

#include <math.h>
#include <stdalign.h>

static void run_tile(const tile *t, size_t rows, size_t wide)
{
    tile_any(t, rows, wide, false, false, 0);
}

size_t CZ_OF_ISA(cz_attend_scratch)(size_t size, size_t rows, bool relative, bool gradients)
{
    size_t columns = whole(rows, KEYS), padded = whole(size, LANES);
    size_t forward = columns * size + columns * padded + QUERIES * columns;
    /* as lay_out in attend_backward.c */
    size_t backward = 2 * columns * size + 3 * columns * padded + (2 * QUERIES + 1) * columns +
                      3 * QUERIES * padded;
    size_t more = relative ? (2 * size + 1) * distance_stride(2 * rows) : 0;
    return (gradients && backward > forward ? backward : forward) + more;
}

/* Softmax of rows first .. first + rows; what each is to be multiplied with at the end. */
static void softmax_rows(const cz_attend *a, size_t first, size_t rows, interval keys,
                         float *scores, size_t stride, float *inverse)
{
    for (size_t i = 0; i < rows; i++) {
        interval seen = seen_by(a, first + i);
        float *row = scores + i * stride, sum = softmax_row(a, softmax_scale(a), keys, seen, row);
        inverse[i] = sum != 0 ? 1.0f / sum : 0.0f;
        drop_row(a, first + i, keys, seen, row);
    }
}

/* Values of the globals, then those of keys skip .. skip + width, in one chain. */
static void times_values(const cz_attend *a, size_t first, size_t rows, const float *scores,
                         size_t stride, const float *values, size_t skip, size_t width,
                         const float *inverse)
{
    alignas(64) float sums[8 * PANEL];
    size_t padded = whole(a->size, LANES), ahead = cz_columns_ahead(a->globals);
    tile t = { .x_stride = stride, .w_stride = padded, .sums = sums, .sums_stride = PANEL };
    for (size_t c = 0, wide; c < padded; c += wide * LANES) {
        wide = next_wide((padded - c) / LANES);
        for (size_t i = 0, tall; i < rows; i += tall) {
            tall = next_rows(rows - i, tallest(wide));
            t.first = true;
            if (ahead) {
                t.w = values + c;
                t.x = scores + i * stride;
                t.depth = a->globals;
                run_tile(&t, tall, wide);
                t.first = false;
            }
            t.w = values + (ahead + skip) * padded + c;
            t.x = scores + i * stride + ahead;
            t.depth = width;
            run_tile(&t, tall, wide);
            for (size_t r = 0; r < tall; r++)
                for (size_t v = 0; v < wide * LANES; v += LANES) {
                    vec sum = vec_mul(vec_load(sums + r * PANEL + v), vec_set(inverse[i + r]));
                    vec_store_first(a->out + (first + i + r) * a->out_stride + c + v, sum,
                                    a->size - c - v);
                }
        }
    }
}

/* For whoever looks: the rows divided by their sums, instead of the values. */
static void show_rows(const cz_attend *a, size_t first, size_t rows, interval keys,
                      const float *scores, size_t stride, const float *inverse)
{
    for (size_t i = 0; i < rows; i++) {
        const float *row = scores + i * stride, *near = row + cz_columns_ahead(a->globals);
        float *to = a->probabilities + (first + i) * a->keys;
        for (size_t j = 0; j < a->keys; j++)
            to[j] = j >= keys.from && j < keys.to ? near[j - keys.from] * inverse[i] : 0.0f;
        for (size_t g = 0; g < a->globals; g++)
            to[a->global[g] - a->global_from] += row[g] * inverse[i];
    }
}

void CZ_OF_ISA(cz_attend)(const cz_attend *a)
{
    interval all = seen_by_rows(a, a->first, a->last);
    size_t count = all.to > all.from ? all.to - all.from : 0;
    size_t ahead = cz_columns_ahead(a->globals), columns = ahead + whole(count, KEYS);
    size_t padded = whole(a->size, LANES);
    float *keys = a->scratch, *values = keys + columns * a->size;
    float *scores = values + columns * padded, inverse[QUERIES];
    distances terms = lay_distances(a, all.from, count, scores + QUERIES * columns);

    lay_panels(a, a->k, a->k_stride, all.from, count, values, keys);
    copy_globals(a, a->v, a->v_stride, values);
    copy_rows(a->v + all.from * a->v_stride, a->v_stride, count, a->size, values + ahead * padded);
    for (size_t i = a->first; i < a->last; i += QUERIES) {
        size_t rows = a->last - i < QUERIES ? a->last - i : QUERIES;
        interval here = seen_by_rows(a, i, i + rows);
        size_t skip = here.from < here.to ? here.from - all.from : 0;
        size_t width = here.from < here.to ? here.to - here.from : 0;
        const float *q = a->q + i * a->q_stride;
        score_rows(a, &terms, q, a->q_stride, i, rows, keys, skip, width, scores, columns,
                   run_tile);
        softmax_rows(a, i, rows, here, scores, columns, inverse);
        if (a->probabilities)
            show_rows(a, i, rows, here, scores, columns, inverse);
        else
            times_values(a, i, rows, scores, columns, values, skip, width, inverse);
    }
}
