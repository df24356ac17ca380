/* embed.c - sums of table rows: word, position and type embeddings. */
#include "ops/ops.h"

typedef struct embed_node {
    cz_embed_call call;
    const cz_embed_weights *weights;
    cz_tensor *out;
} embed_node;

static void embed_backward(cz_run *run, void *argument)
{
    embed_node *node = argument;
    bool any = false;
    for (int i = 0; i < node->call.tables; i++) {
        node->call.d_table[i] = node->weights->still[i]
                                    ? NULL
                                    : cz_run_rows_gradient(run, node->weights->table[i],
                                                           node->call.index[i],
                                                           node->call.out->rows);
        any |= node->call.d_table[i] != NULL;
    }
    node->call.d_out = node->out->gradient;
    if (any && cz_run_computes(run))
        cz_run_check(run, run->backend->embed_backward(&run->place, &node->call), NULL, 0);
}

cz_tensor *cz_embed(cz_run *run, const cz_embed_weights *weights, const uint32_t *const *index,
                    size_t tokens)
{
    embed_node *node = cz_run_take(run, sizeof *node);
    cz_tensor *out = cz_run_tensor(run, tokens, weights->table[0]->value.columns);
    if (cz_run_failed(run))
        return &run->empty;
    node->weights = weights;
    node->out = out;
    node->call = (cz_embed_call){ .tables = weights->tables, .out = out };
    for (int i = 0; i < weights->tables; i++) {
        node->call.table[i] = &weights->table[i]->value;
        node->call.index[i] = index[i];
        node->call.fixed[i] = weights->fixed[i];
    }
    if (cz_run_computes(run))
        cz_run_check(run, run->backend->embed(&run->place, &node->call), weights->table,
                     (size_t)weights->tables);
    cz_run_record(run, embed_backward, out, node);
    return out;
}
