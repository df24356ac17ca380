/*
 * attend_backward.c - gradients of attention, one head of one sequence at a time, so that nobody
 * else adds into its keys and values. Probabilities are made again as forward made them: from a
 * log-sum rounded to float they would be off by its last place, which wide scores make large. Sums
 * over queries go through blocks of 24 in order. Compiled once per instruction set.
 */
#include "attention.h"
#include "curves.h"
#include "isa.h"
#include "relative.h"

#include <string.h>

static void run_tile(const tile *t, size_t rows, size_t wide)
{
    tile_any(t, rows, wide, false, false, 0);
}

static void run_tile_down(const tile *t, size_t rows, size_t wide)
{
    tile_any(t, rows, wide, true, false, 0);
}

typedef struct parts {
    float *key_panels, *value_panels, *key_rows; /* both ways of the keys */
    float *d_k, *d_v;                            /* [columns, padded] sums so far */
    float *p, *d_s;                              /* [QUERIES, columns] */
    float *kept;                                 /* [columns] dropout factors of a row */
    float *q, *d_out, *d_q;                      /* [QUERIES, padded] */
    size_t ahead;                                /* columns of the globals, before all else */
    size_t columns, padded;
    distances terms;
} parts;

static parts lay_out(const cz_attend *a)
{
    parts s = { .ahead = cz_columns_ahead(a->globals), .padded = whole(a->size, LANES) };
    s.columns = s.ahead + whole(a->keys, KEYS);
    s.key_panels = a->scratch;
    s.value_panels = s.key_panels + s.columns * a->size;
    s.key_rows = s.value_panels + s.columns * a->size;
    s.d_k = s.key_rows + s.columns * s.padded;
    s.d_v = s.d_k + s.columns * s.padded;
    s.p = s.d_v + s.columns * s.padded;
    s.d_s = s.p + QUERIES * s.columns;
    s.kept = s.d_s + QUERIES * s.columns;
    s.q = s.kept + s.columns;
    s.d_out = s.q + QUERIES * s.padded;
    s.d_q = s.d_out + QUERIES * s.padded;
    s.terms = lay_distances(a, 0, a->keys, s.d_q + QUERIES * s.padded);
    return s;
}

/* The sum over the head's columns of d_out * out. */
static float along_row(const cz_attend *a, size_t i)
{
    const float *d_out = a->d_out + i * a->d_out_stride, *out = a->out + i * a->out_stride;
    lanes total = lanes_set(0.0f);
    for (size_t c = 0; c < a->size; c += ROW)
        total = lanes_fma(lanes_load_first(d_out + c, a->size - c),
                          lanes_load_first(out + c, a->size - c), total);
    return lanes_sum(total);
}

static const float *kept_row(const cz_attend *a, size_t i, interval keys, interval seen,
                             float *kept)
{
    for (size_t j = 0; j < cz_columns_ahead(a->globals) + keys.to - keys.from; j++)
        kept[j] = 1.0f;
    drop_row(a, i, keys, seen, kept);
    return kept;
}

/*
 * Scores and d of probabilities become dropped probabilities and d of scores: p (d - mean), where
 * mean is the sum of p d. Where one key has nearly all of the attention, d - mean cancels, so the
 * mean is taken twice: first from the row's output, then of what is left.
 */
static void turn_row(const cz_attend *a, size_t i, interval keys, interval seen, float *p,
                     float *d_s, const float *kept)
{
    float sum = softmax_row(a, softmax_scale(a), keys, seen, p);
    lanes inverse = lanes_set(sum != 0 ? 1.0f / sum : 0.0f);
    lanes scale = lanes_set(softmax_scale(a));
    lanes along = lanes_set(along_row(a, i)), left = lanes_set(0.0f);
    size_t ahead = cz_columns_ahead(a->globals), end = ahead + keys.to - keys.from;
    for (size_t j = a->globals; j < ahead; j++)
        d_s[j] = 0.0f;
    for (size_t j = 0; j < end; j += ROW) {
        lanes e = lanes_mul(lanes_load(p + j), inverse);
        lanes d = lanes_sub(lanes_mul(lanes_load(d_s + j), lanes_load(kept + j)), along);
        if (j + ROW > end)
            d = lanes_between(d, 0, end - j, 0.0f);
        lanes_store(p + j, e);
        lanes_store(d_s + j, d);
        left = lanes_fma(e, d, left);
    }
    lanes rest = lanes_set(lanes_sum(left));
    for (size_t j = 0; j < end; j += ROW) {
        lanes e = lanes_load(p + j), d = lanes_sub(lanes_load(d_s + j), rest);
        lanes_store(d_s + j, lanes_mul(lanes_mul(e, d), scale));
        lanes_store(p + j, lanes_mul(e, lanes_load(kept + j)));
    }
}

/* sums[j] += sum over rows i of x[i, j] * w[i], for `count` columns j */
static void add_down(const parts *s, const float *x, const float *w, size_t rows, size_t count,
                     float *sums)
{
    tile t = { .x_stride = s->columns,
               .w_stride = s->padded,
               .sums_stride = s->padded,
               .depth = rows,
               .first = false };
    for (size_t c = 0, wide; c < s->padded; c += wide * LANES) {
        wide = next_wide((s->padded - c) / LANES);
        t.w = w + c;
        for (size_t j = 0, tall; j < count; j += tall) {
            tall = next_rows(count - j, tallest(wide));
            t.x = x + j;
            t.sums = sums + j * s->padded + c;
            run_tile_down(&t, tall, wide);
        }
    }
}

/* The same for the globals and the keys of a block. */
static void add_all_down(const cz_attend *a, const parts *s, const float *x, const float *w,
                         size_t rows, interval keys, float *sums)
{
    add_down(s, x, w, rows, a->globals, sums);
    add_down(s, x + s->ahead, w, rows, keys.to - keys.from,
             sums + (s->ahead + keys.from) * s->padded);
}

/* d of the queries: the globals' keys, then those of the window, in one chain. */
static void query_gradients(const cz_attend *a, const parts *s, size_t rows, interval keys)
{
    tile t = { .x_stride = s->columns, .w_stride = s->padded, .sums_stride = s->padded };
    for (size_t c = 0, wide; c < s->padded; c += wide * LANES) {
        wide = next_wide((s->padded - c) / LANES);
        for (size_t i = 0, tall; i < rows; i += tall) {
            tall = next_rows(rows - i, tallest(wide));
            t.sums = s->d_q + i * s->padded + c;
            t.w = s->key_rows + c;
            t.x = s->d_s + i * s->columns;
            t.depth = a->globals;
            t.first = true;
            run_tile(&t, tall, wide);
            t.w = s->key_rows + (s->ahead + keys.from) * s->padded + c;
            t.x += s->ahead;
            t.depth = keys.to - keys.from;
            t.first = false;
            run_tile(&t, tall, wide);
        }
    }
}

/* d of the biased scores of a row goes to the table, and becomes d of the scores before the scale. */
static void table_gradient(const cz_attend *a, size_t i, interval keys, interval seen, float *d_s)
{
    lanes scale = lanes_set(a->scale);
    for (size_t j = seen.from; j < seen.to && a->d_table; j++)
        a->d_table[entry_of(a, i, j) * a->d_table_stride] += d_s[j - keys.from];
    for (size_t j = 0; j < keys.to - keys.from; j += ROW)
        lanes_store(d_s + j, lanes_mul(lanes_load(d_s + j), scale));
}

/* to += by * x, both [size] */
static void add_times(float *to, float by, const float *x, size_t size)
{
    for (size_t c = 0; c < size; c += LANES) {
        vec sum =
            vec_fma(vec_set(by), vec_load_first(x + c, size - c), vec_load_first(to + c, size - c));
        vec_store_first(to + c, sum, size - c);
    }
}

/* What row i, the n-th of its block, sends through the rows that its distances look up. */
static void distance_gradients(const cz_attend *a, const parts *s, size_t i, size_t n,
                               interval keys)
{
    interval seen = seen_by(a, i);
    const float *q = s->q + n * s->padded, *d_s = s->d_s + n * s->columns;
    for (size_t j = seen.from; j < seen.to; j++) {
        size_t entry = entry_of(a, i, j);
        float by = d_s[j - keys.from];
        if (a->of_query && a->d_q)
            add_times(s->d_q + n * s->padded, by, a->of_query + entry * a->of_query_stride,
                      a->size);
        if (a->d_of_query)
            add_times(a->d_of_query + entry * a->d_of_query_stride, by, q, a->size);
        if (a->of_key && a->d_k)
            add_times(s->d_k + j * s->padded, by, a->of_key + entry * a->of_key_stride, a->size);
        if (a->d_of_key)
            add_times(a->d_of_key + entry * a->d_of_key_stride, by, s->key_rows + j * s->padded,
                      a->size);
    }
}

static void block_backward(const cz_attend *a, const parts *s, size_t first, size_t rows)
{
    interval keys = seen_by_rows(a, first, first + rows);
    const float *d_out = a->d_out + first * a->d_out_stride;
    if (keys.from >= keys.to)
        keys.to = keys.from;
    size_t count = keys.to - keys.from;
    if (!count && !a->globals)
        return;
    copy_rows(a->q + first * a->q_stride, a->q_stride, rows, a->size, s->q);
    copy_rows(d_out, a->d_out_stride, rows, a->size, s->d_out);
    score_rows(a, &s->terms, s->q, s->padded, first, rows, s->key_panels, keys.from, count, s->p,
               s->columns, run_tile);
    times_all(a, s->d_out, s->padded, rows, s->value_panels, keys.from, count, s->d_s, s->columns,
              run_tile);
    for (size_t i = 0; i < rows; i++) {
        interval seen = seen_by(a, first + i);
        const float *kept = kept_row(a, first + i, keys, seen, s->kept);
        turn_row(a, first + i, keys, seen, s->p + i * s->columns, s->d_s + i * s->columns, kept);
        if (a->table)
            table_gradient(a, first + i, keys, seen, s->d_s + i * s->columns);
    }
    if (a->d_v)
        add_all_down(a, s, s->p, s->d_out, rows, keys, s->d_v);
    if (a->d_k)
        add_all_down(a, s, s->d_s, s->q, rows, keys, s->d_k);
    if (a->d_q)
        query_gradients(a, s, rows, keys);
    for (size_t i = 0; i < rows && looks_up(a); i++)
        distance_gradients(a, s, first + i, i, keys);
    for (size_t i = 0; i < rows && a->d_q; i++)
        add_row(a->d_q + (first + i) * a->d_q_stride, s->d_q + i * s->padded, a->size);
}

/* What the keys' rows were sent, and then what the globals among them were sent besides. */
static void add_keys(const cz_attend *a, const parts *s, const float *sums, float *to,
                     size_t stride)
{
    if (!to)
        return;
    for (size_t j = 0; j < a->keys; j++)
        add_row(to + j * stride, sums + (s->ahead + j) * s->padded, a->size);
    for (size_t g = 0; g < a->globals; g++)
        add_row(to + (a->global[g] - a->global_from) * stride, sums + g * s->padded, a->size);
}

void CZ_OF_ISA(cz_attend_backward)(const cz_attend *a)
{
    parts s = lay_out(a);
    lay_panels(a, a->k, a->k_stride, 0, a->keys, s.key_rows, s.key_panels);
    lay_panels(a, a->v, a->v_stride, 0, a->keys, s.key_rows, s.value_panels);
    copy_globals(a, a->k, a->k_stride, s.key_rows);
    copy_rows(a->k, a->k_stride, a->keys, a->size, s.key_rows + s.ahead * s.padded);
    memset(s.d_k, 0, 2 * s.columns * s.padded * sizeof(float));
    for (size_t i = 0; i < a->queries; i += QUERIES)
        block_backward(a, &s, i, a->queries - i < QUERIES ? a->queries - i : QUERIES);
    add_keys(a, &s, s.d_k, a->d_k, a->d_k_stride);
    add_keys(a, &s, s.d_v, a->d_v, a->d_v_stride);
}
