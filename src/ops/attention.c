/* attention.c - attention over packed sequences; the probabilities for whoever looks. */
#include "ops/ops.h"

/* Columns of a tensor that holds query, key or value, perhaps beside the others. */
typedef struct columns_of {
    cz_tensor *of;
    size_t first;
} columns_of;

typedef struct attention_node {
    cz_attention_call call;
    columns_of from[3]; /* query, key, value */
    cz_tensor view[3], d_view[3], *out;
    cz_tensor *table, *of_query, *of_key; /* of distances; each may be NULL */
} attention_node;

static cz_tensor *gradient_view(cz_run *run, attention_node *node, int i)
{
    cz_tensor *gradient = cz_run_gradient(run, node->from[i].of);
    if (!gradient)
        return NULL;
    node->d_view[i] = cz_tensor_columns(gradient, node->from[i].first, node->view[i].columns);
    return &node->d_view[i];
}

static cz_tensor *gradient_of(cz_run *run, cz_tensor *tensor)
{
    return tensor ? cz_run_gradient(run, tensor) : NULL;
}

static void attention_backward(cz_run *run, void *argument)
{
    attention_node *node = argument;
    node->call.d_out = node->out->gradient;
    node->call.d_q = gradient_view(run, node, 0);
    node->call.d_k = gradient_view(run, node, 1);
    node->call.d_v = gradient_view(run, node, 2);
    node->call.relative.d_table = gradient_of(run, node->table);
    node->call.relative.d_of_query = gradient_of(run, node->of_query);
    node->call.relative.d_of_key = gradient_of(run, node->of_key);
    if (cz_run_computes(run))
        cz_run_check(run, run->backend->attention_backward(&run->place, &node->call), NULL, 0);
}

static void show_head(cz_run *run, const cz_attention_call *attention, size_t s, size_t head,
                      cz_tensor *out)
{
    cz_probabilities_call call = { attention, s, head, out };
    if (cz_run_computes(run))
        cz_run_check(run, run->backend->probabilities(&run->place, &call), NULL, 0);
}

/* What the globals of a sequence see, by a call of their own, takes the place of their rows. */
static void show_globals(cz_run *run, const cz_attention_call *near, const cz_attention_call *far,
                         size_t s, size_t head, cz_tensor *out)
{
    size_t count = far->queries->length[s], first = far->queries->begin[s];
    size_t *row = cz_run_take(run, count * sizeof *row);
    cz_tensor *rows = cz_run_tensor(run, count, out->columns);
    if (cz_run_failed(run))
        return;
    for (size_t g = 0; g < count; g++)
        row[g] = near->globals->row[first + g] - near->queries->begin[s];
    show_head(run, far, s, head, rows);
    cz_replace_call call = { .base = out, .x = rows, .row = row, .out = out };
    if (cz_run_computes(run))
        cz_run_check(run, run->backend->replace(&run->place, &call), NULL, 0);
}

/* Rows head * queries + i; `far` is the call of the globals, or NULL. The memory is given back at
 * once: looking costs nothing later. */
static void show_probabilities(cz_run *run, const cz_attention_call *near,
                               const cz_attention_call *far, size_t layer)
{
    size_t host = run->host.used, numbers = run->numbers.used;
    for (size_t s = 0; s < near->queries->count && !cz_run_failed(run); s++) {
        size_t nq = near->queries->length[s], nk = near->keys->length[s];
        cz_tensor *all = cz_run_tensor(run, near->heads * nq, nk);
        for (size_t head = 0; head < near->heads && !cz_run_failed(run); head++) {
            cz_tensor one = *all;
            if (cz_run_computes(run))
                one.data = (char *)all->data + head * nq * nk * cz_type_size(all->type);
            one.rows = nq;
            show_head(run, near, s, head, &one);
            if (far && far->queries->length[s])
                show_globals(run, near, far, s, head, &one);
        }
        cz_run_tap(run, "attention.probabilities", layer, s, all);
        run->host.used = host;
        run->numbers.used = numbers;
    }
}

static void relate(attention_node *node, const cz_distances *distances)
{
    node->table = distances->table;
    node->of_query = distances->of_query;
    node->of_key = distances->of_key;
    node->call.relative = (cz_relative){ .entry = distances->entry,
                                         .span = distances->span,
                                         .table = node->table,
                                         .of_query = node->of_query,
                                         .of_key = node->of_key };
}

/* NULL when the run has failed. */
static attention_node *attend(cz_run *run, const columns_of from[3], const cz_packing *queries,
                              const cz_packing *keys, const uint64_t *samples,
                              const cz_attention_shape *shape, const cz_globals *globals,
                              const cz_distances *distances)
{
    size_t width = shape->heads * shape->head_size, rows = from[0].of->rows;
    attention_node *node = cz_run_take(run, sizeof *node);
    cz_tensor *out = cz_run_tensor(run, rows, width);
    if (cz_run_failed(run))
        return NULL;
    node->out = out;
    for (int i = 0; i < 3; i++) {
        node->from[i] = from[i];
        node->view[i] = cz_tensor_columns(from[i].of, from[i].first, width);
    }
    node->call = (cz_attention_call){
        .q = &node->view[0],
        .k = &node->view[1],
        .v = &node->view[2],
        .queries = queries,
        .keys = keys,
        .heads = shape->heads,
        .scale = shape->scale,
        .reach = shape->reach,
        .window = shape->window,
        .globals = globals,
        .dropout = cz_run_dropout(run, shape->dropout.p, shape->dropout.site, queries, samples),
        .out = out,
    };
    if (distances)
        relate(node, distances);
    if (cz_run_computes(run))
        cz_run_check(run, run->backend->attention(&run->place, &node->call), NULL, 0);
    cz_run_record(run, attention_backward, out, node);
    return node;
}

/* The result, shown to whoever looks. */
static cz_tensor *shown(cz_run *run, const attention_node *node, const attention_node *far,
                        size_t layer)
{
    if (!node)
        return &run->empty;
    if (run->tap && run->tap_attention)
        show_probabilities(run, &node->call, far ? &far->call : NULL, layer);
    return node->out;
}

static cz_tensor *attend_self(cz_run *run, const cz_batch *batch, cz_tensor *qkv,
                              const cz_attention_shape *shape, const cz_distances *distances,
                              size_t layer)
{
    size_t width = shape->heads * shape->head_size;
    const columns_of from[] = { { qkv, 0 }, { qkv, width }, { qkv, 2 * width } };
    return shown(
        run,
        attend(run, from, &batch->packing, &batch->packing, batch->samples, shape, NULL, distances),
        NULL, layer);
}

cz_tensor *cz_self_attention(cz_run *run, const cz_batch *batch, cz_tensor *qkv,
                             const cz_attention_shape *shape, size_t layer)
{
    return attend_self(run, batch, qkv, shape, NULL, layer);
}

cz_tensor *cz_relative_attention(cz_run *run, const cz_batch *batch, cz_tensor *qkv,
                                 const cz_attention_shape *shape, const cz_distances *distances,
                                 size_t layer)
{
    return attend_self(run, batch, qkv, shape, distances, layer);
}

cz_tensor *cz_global_attention(cz_run *run, const cz_batch *batch, cz_tensor *qkv, cz_tensor *q,
                               cz_tensor *kv, const cz_attention_shape *shape, size_t layer)
{
    size_t width = shape->heads * shape->head_size;
    const columns_of near[] = { { qkv, 0 }, { qkv, width }, { qkv, 2 * width } };
    const columns_of far[] = { { q, 0 }, { kv, 0 }, { kv, width } };
    const cz_packing *all = &batch->packing;
    const cz_globals *globals = batch->globals;
    cz_attention_shape full = *shape;
    full.reach = CZ_REACH_FULL;
    full.dropout = shape->global_dropout;
    attention_node *own =
        attend(run, far, &globals->packing, all, batch->samples, &full, NULL, NULL);
    attention_node *node = attend(run, near, all, all, batch->samples, shape, globals, NULL);
    cz_tensor *out = shown(run, node, own, layer);
    return own ? cz_replace(run, out, own->out, globals->row, globals->count) : out;
}

cz_tensor *cz_cross_attention(cz_run *run, cz_tensor *q, const cz_packing *queries, cz_tensor *kv,
                              const cz_packing *keys, const uint64_t *samples,
                              const cz_attention_shape *shape, size_t layer)
{
    const columns_of from[] = { { q, 0 }, { kv, 0 }, { kv, shape->heads * shape->head_size } };
    return shown(run, attend(run, from, queries, keys, samples, shape, NULL, NULL), NULL, layer);
}
