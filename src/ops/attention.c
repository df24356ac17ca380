/* attention.c - self-attention over a packed batch; probabilities for whoever looks. */
#include "ops/ops.h"

typedef struct attention_node {
    cz_attention_call call;
    cz_tensor *qkv, *out;
    cz_tensor q, k, v, d_q, d_k, d_v;
} attention_node;

static void attention_backward(cz_run *run, void *argument)
{
    attention_node *node = argument;
    size_t width = node->out->columns;
    cz_tensor *d_qkv = cz_run_gradient(run, node->qkv);
    if (!d_qkv || !cz_run_computes(run))
        return;
    node->d_q = cz_tensor_columns(d_qkv, 0, width);
    node->d_k = cz_tensor_columns(d_qkv, width, width);
    node->d_v = cz_tensor_columns(d_qkv, 2 * width, width);
    node->call.d_out = node->out->gradient;
    node->call.d_q = &node->d_q;
    node->call.d_k = &node->d_k;
    node->call.d_v = &node->d_v;
    cz_run_check(run, run->backend->attention_backward(&run->place, &node->call), NULL);
}

/* Rows head * queries + i. The memory is given back at once: looking costs nothing later. */
static void show_probabilities(cz_run *run, const cz_attention_call *attention, size_t layer)
{
    cz_arena host = run->host, numbers = run->numbers;
    for (size_t s = 0; s < attention->queries->count && !cz_run_failed(run); s++) {
        size_t nq = attention->queries->length[s], nk = attention->keys->length[s];
        cz_tensor *all = cz_run_tensor(run, attention->heads * nq, nk);
        for (size_t head = 0; head < attention->heads && cz_run_computes(run); head++) {
            cz_tensor one = *all;
            one.data = (char *)all->data + head * nq * nk * cz_type_size(all->type);
            one.rows = nq;
            cz_probabilities_call call = { attention, s, head, &one };
            cz_run_check(run, run->backend->probabilities(&run->place, &call), NULL);
        }
        cz_run_tap(run, "attention.probabilities", layer, s, all);
        run->host.used = host.used;
        run->numbers.used = numbers.used;
    }
}

cz_tensor *cz_self_attention(cz_run *run, const cz_batch *batch, cz_tensor *qkv,
                             const cz_attention_shape *shape, size_t layer)
{
    size_t width = shape->heads * shape->head_size;
    attention_node *node = cz_run_take(run, sizeof *node);
    cz_tensor *out = cz_run_tensor(run, qkv->rows, width);
    if (cz_run_failed(run))
        return &run->empty;
    node->qkv = qkv;
    node->out = out;
    node->q = cz_tensor_columns(qkv, 0, width);
    node->k = cz_tensor_columns(qkv, width, width);
    node->v = cz_tensor_columns(qkv, 2 * width, width);
    node->call = (cz_attention_call){
        .q = &node->q,
        .k = &node->k,
        .v = &node->v,
        .queries = &batch->packing,
        .keys = &batch->packing,
        .heads = shape->heads,
        .scale = shape->scale,
        .reach = shape->reach,
        .window = shape->window,
        .dropout = cz_run_dropout(run, shape->dropout.p, shape->dropout.site, &batch->packing,
                                  batch->samples),
        .out = out,
    };
    if (run->record)
        node->call.log_sum = cz_run_tensor(run, qkv->rows, shape->heads);
    if (cz_run_computes(run))
        cz_run_check(run, run->backend->attention(&run->place, &node->call), NULL);
    if (run->tap && run->tap_attention)
        show_probabilities(run, &node->call, layer);
    cz_run_record(run, attention_backward, out, node);
    return out;
}
