/*
 * reference_attention.c - softmax(scale q k') v, head by head, sequence by sequence. The way
 * back makes the probabilities again: a log-sum rounded to float would put them off.
 */
#include "backend/reference.h"

/* One head of one sequence: what the loops below walk over. */
typedef struct head_view {
    const cz_attention_call *call;
    size_t sequence;
    size_t head, first, size;         /* columns of the head */
    size_t query, queries, key, keys; /* first row and count of each packing */
    uint64_t sample;
} head_view;

static head_view view_of(const cz_attention_call *call, size_t s, size_t head)
{
    size_t size = call->q->columns / call->heads;
    return (head_view){ .call = call,
                        .sequence = s,
                        .head = head,
                        .first = head * size,
                        .size = size,
                        .query = call->queries->begin[s],
                        .queries = call->queries->length[s],
                        .key = call->keys->begin[s],
                        .keys = call->keys->length[s],
                        .sample = call->dropout.samples ? call->dropout.samples[s] : s };
}

static bool is_global(const head_view *v, size_t j)
{
    const cz_globals *globals = v->call->globals;
    const size_t *row = globals ? globals->row + globals->packing.begin[v->sequence] : NULL;
    for (size_t g = 0; row && g < globals->packing.length[v->sequence]; g++)
        if (row[g] == v->key + j)
            return true;
    return false;
}

static bool sees(const head_view *v, size_t i, size_t j)
{
    if (v->call->reach == CZ_REACH_CAUSAL)
        return j <= i;
    if (v->call->reach == CZ_REACH_WINDOW)
        return (i > j ? i - j : j - i) <= v->call->window || is_global(v, j);
    return true;
}

static size_t entry_of(const cz_relative *relative, size_t i, size_t j)
{
    size_t apart = i > j ? i - j : j - i;
    if (apart > relative->span)
        apart = relative->span;
    return relative->entry[i > j ? relative->span + apart : relative->span - apart];
}

/* A head's first column of a matrix that distances look up. */
static size_t column_of(const head_view *v, const cz_tensor *t)
{
    return t->columns == v->size ? 0 : v->first;
}

/* Row x of this head times the row that the distance looks up in t, or 0. */
static double looked_up(const head_view *v, const cz_tensor *x, size_t row, const cz_tensor *t,
                        size_t i, size_t j)
{
    double sum = 0;
    for (size_t c = 0; t && c < v->size; c++)
        sum += at(x, row, v->first + c) *
               at(t, entry_of(&v->call->relative, i, j), column_of(v, t) + c);
    return sum;
}

static double score(const head_view *v, size_t i, size_t j)
{
    const cz_relative *relative = &v->call->relative;
    double sum = 0;
    for (size_t c = v->first; c < v->first + v->size; c++)
        sum += at(v->call->q, v->query + i, c) * at(v->call->k, v->key + j, c);
    if (!relative->entry)
        return sum * v->call->scale;
    sum += looked_up(v, v->call->q, v->query + i, relative->of_query, i, j);
    sum += looked_up(v, v->call->k, v->key + j, relative->of_key, i, j);
    return sum * v->call->scale +
           (relative->table ? at(relative->table, entry_of(relative, i, j), v->head) : 0);
}

/* -infinity if the row sees nothing. */
static double log_sum_of(const head_view *v, size_t i)
{
    double top = -INFINITY, sum = 0;
    for (size_t j = 0; j < v->keys; j++)
        if (sees(v, i, j))
            top = fmax(top, score(v, i, j));
    for (size_t j = 0; j < v->keys; j++)
        if (sees(v, i, j))
            sum += exp(score(v, i, j) - top);
    return sum == 0 ? -INFINITY : top + log(sum);
}

static double pair_kept(const head_view *v, size_t i, size_t j)
{
    return cz_dropout_factor(&v->call->dropout, v->sample,
                             ((uint64_t)v->head * v->keys + i) * v->keys + j);
}

static void attend(const head_view *v, size_t i)
{
    size_t row = v->query + i, end = v->first + v->size, count;
    double log_sum = log_sum_of(v, i), sum[REFERENCE_CHUNK];
    for (size_t c0 = v->first; c0 < end; c0 += count) {
        count = reference_chunk(c0, end);
        for (size_t c = 0; c < count; c++)
            sum[c] = 0;
        for (size_t j = 0; j < v->keys; j++) {
            if (!sees(v, i, j))
                continue;
            double p = exp(score(v, i, j) - log_sum) * pair_kept(v, i, j);
            for (size_t c = 0; c < count; c++)
                sum[c] += p * at(v->call->v, v->key + j, c0 + c);
        }
        for (size_t c = 0; c < count; c++)
            row_of(v->call->out, row)[c0 + c] = (real)sum[c];
    }
}

cloze_status REFERENCE(attention)(const cz_place *place, const cz_attention_call *call)
{
    (void)place;
    for (size_t s = 0; s < call->queries->count; s++)
        for (size_t head = 0; head < call->heads; head++) {
            head_view v = view_of(call, s, head);
            for (size_t i = 0; i < v.queries; i++)
                attend(&v, i);
        }
    return CLOZE_OK;
}

/* Queries walk back in blocks, so that the log-sums of a block are at hand for every key. */
typedef struct query_block {
    size_t first, count;
    double log_sum[REFERENCE_CHUNK];
} query_block;

/* What pair (i, j) sends back: to v with weight `value`, to q and k with weight `match`, to the
 * score with weight `score`. */
typedef struct pair_weight {
    double value, match, score;
} pair_weight;

static pair_weight pair_backward(const head_view *v, size_t i, size_t j, double log_sum)
{
    const cz_attention_call *call = v->call;
    size_t row = v->query + i;
    if (!sees(v, i, j))
        return (pair_weight){ 0, 0, 0 };
    double p = exp(score(v, i, j) - log_sum);
    double factor = pair_kept(v, i, j), along = 0, d_p = 0;
    for (size_t c = v->first; c < v->first + v->size; c++) {
        along += at(call->d_out, row, c) * at(call->out, row, c);
        d_p += at(call->d_out, row, c) * at(call->v, v->key + j, c);
    }
    double d_score = p * (d_p * factor - along);
    return (pair_weight){ p * factor, d_score * call->scale, d_score };
}

/* Column c of what the distance looks up in t, or 0. */
static double term(const head_view *v, const cz_tensor *t, size_t i, size_t j, size_t c)
{
    return t ? at(t, entry_of(&v->call->relative, i, j), column_of(v, t) + c - v->first) : 0;
}

static void query_backward(const head_view *v, size_t i, double log_sum)
{
    size_t end = v->first + v->size, count;
    double sum[REFERENCE_CHUNK];
    for (size_t c0 = v->first; c0 < end; c0 += count) {
        count = reference_chunk(c0, end);
        for (size_t c = 0; c < count; c++)
            sum[c] = 0;
        for (size_t j = 0; j < v->keys; j++) {
            pair_weight w = pair_backward(v, i, j, log_sum);
            for (size_t c = 0; c < count; c++)
                sum[c] += w.match * (at(v->call->k, v->key + j, c0 + c) +
                                     term(v, v->call->relative.of_query, i, j, c0 + c));
        }
        for (size_t c = 0; c < count; c++)
            row_of(v->call->d_q, v->query + i)[c0 + c] += (real)sum[c];
    }
}

static void key_backward(const head_view *v, const query_block *block, size_t j)
{
    size_t end = v->first + v->size, count;
    double k[REFERENCE_CHUNK], value[REFERENCE_CHUNK];
    for (size_t c0 = v->first; c0 < end; c0 += count) {
        count = reference_chunk(c0, end);
        for (size_t c = 0; c < count; c++)
            k[c] = value[c] = 0;
        for (size_t n = 0; n < block->count; n++) {
            size_t i = block->first + n;
            pair_weight w = pair_backward(v, i, j, block->log_sum[n]);
            for (size_t c = 0; c < count; c++) {
                k[c] += w.match * (at(v->call->q, v->query + i, c0 + c) +
                                   term(v, v->call->relative.of_key, i, j, c0 + c));
                value[c] += w.value * at(v->call->d_out, v->query + i, c0 + c);
            }
        }
        for (size_t c = 0; c < count; c++) {
            if (v->call->d_k)
                row_of(v->call->d_k, v->key + j)[c0 + c] += (real)k[c];
            if (v->call->d_v)
                row_of(v->call->d_v, v->key + j)[c0 + c] += (real)value[c];
        }
    }
}

static void head_backward(const head_view *v)
{
    for (size_t first = 0; first < v->queries; first += REFERENCE_CHUNK) {
        query_block block = { .first = first, .count = reference_chunk(first, v->queries) };
        for (size_t n = 0; n < block.count; n++)
            block.log_sum[n] = log_sum_of(v, first + n);
        for (size_t n = 0; n < block.count && v->call->d_q; n++)
            query_backward(v, first + n, block.log_sum[n]);
        for (size_t j = 0; j < v->keys && (v->call->d_k || v->call->d_v); j++)
            key_backward(v, &block, j);
    }
}

/* d[e] += by * x over all pairs whose distance looks up row e: x NULL is 1, and the scale is not in
 * it; else x is the query (of_key: the key) of the pair. */
static void entry_backward(const head_view *v, cz_tensor *d, const cz_tensor *x, bool of_key)
{
    size_t columns = x ? v->size : 1, first = x ? column_of(v, d) : v->head;
    for (size_t i = 0; i < v->queries; i++) {
        double log_sum = log_sum_of(v, i);
        for (size_t j = 0; j < v->keys; j++) {
            pair_weight w = pair_backward(v, i, j, log_sum);
            real *row = row_of(d, entry_of(&v->call->relative, i, j)) + first;
            size_t from = of_key ? v->key + j : v->query + i;
            for (size_t c = 0; c < columns; c++)
                row[c] += (real)(x ? w.match * at(x, from, v->first + c) : w.score);
        }
    }
}

static void relative_backward(const head_view *v)
{
    const cz_relative *relative = &v->call->relative;
    if (relative->d_table)
        entry_backward(v, relative->d_table, NULL, false);
    if (relative->d_of_query)
        entry_backward(v, relative->d_of_query, v->call->q, false);
    if (relative->d_of_key)
        entry_backward(v, relative->d_of_key, v->call->k, true);
}

cloze_status REFERENCE(attention_backward)(const cz_place *place, const cz_attention_call *call)
{
    (void)place;
    for (size_t s = 0; s < call->queries->count; s++)
        for (size_t head = 0; head < call->heads; head++) {
            head_view v = view_of(call, s, head);
            head_backward(&v);
            relative_backward(&v);
        }
    return CLOZE_OK;
}

cloze_status REFERENCE(probabilities)(const cz_place *place, const cz_probabilities_call *call)
{
    head_view v = view_of(call->attention, call->sequence, call->head);
    (void)place;
    for (size_t i = 0; i < v.queries; i++) {
        double log_sum = log_sum_of(&v, i);
        for (size_t j = 0; j < v.keys; j++)
            row_of(call->out, i)[j] = (real)(sees(&v, i, j) ? exp(score(&v, i, j) - log_sum) : 0);
    }
    return CLOZE_OK;
}
