/* heads.c - what follows the encoder: the pooler, and the heads of sequences and of tokens. */
#include "model/family.h"
#include "model/network.h"

/* False fails the run: without weights a linear would be the identity. */
static bool needs(cz_run *run, const cz_linear_weights *head, const char *name)
{
    if (!head->weight.out)
        cz_run_fail(run, CLOZE_ERROR_NOT_FOUND,
                    "this needs the weights \"%s\", and the model has none that fit",
                    name ? name : "of such a head");
    return head->weight.out;
}

cz_tensor *cz_pooled(cz_run *run, const cz_network *network, const cz_batch *batch, cz_tensor *x)
{
    if (!needs(run, &network->pooler, network->config.family->weight.pooler))
        return &run->empty;
    x = cz_pool_rows(run, x, &batch->packing, NULL, CZ_POOL_FIRST);
    x = cz_adapted(run, NULL, batch->samples, x, &network->pooler, CZ_TANH, 0);
    cz_run_tap(run, "pooler", 0, 0, x);
    return x;
}

bool cz_head_tells_tokens(cz_head_kind kind)
{
    return kind >= CZ_HEAD_TAGS;
}

bool cz_head_reads_firsts(const cz_network *network, cz_head_kind kind)
{
    return !cz_head_tells_tokens(kind) &&
           (network->config.family->head[kind].pooled || !network->config.pools_mean);
}

cz_batch cz_first_rows(const cz_batch *batch, size_t *begin, size_t *length)
{
    cz_batch firsts = *batch;
    for (size_t i = 0; i < batch->packing.count; i++) {
        begin[i] = i;
        length[i] = 1;
    }
    firsts.tokens = batch->packing.count;
    firsts.packing = (cz_packing){ batch->packing.count, begin, length, 1 };
    firsts.globals = NULL;
    return firsts;
}

size_t cz_head_columns(const cz_network *network, cz_head_kind kind)
{
    return network->head[kind].out.weight.out;
}

/* The rows that a head of sequences reads. */
static cz_tensor *sequence_rows(cz_run *run, const cz_network *network, cz_head_kind kind,
                                const cz_batch *batch, cz_tensor *x)
{
    if (network->config.family->head[kind].pooled)
        return cz_pooled(run, network, batch, x);
    return cz_pool_rows(run, x, &batch->packing, NULL,
                        network->config.pools_mean ? CZ_POOL_MEAN : CZ_POOL_FIRST);
}

cz_tensor *cz_logits(cz_run *run, const cz_network *network, cz_head_kind kind,
                     const cz_batch *batch, cz_tensor *x)
{
    const cz_head *head = &network->head[kind];
    const cz_packing *packing = NULL;
    const uint64_t *samples = batch ? batch->samples : NULL;
    if (!cz_head_tells_tokens(kind))
        x = sequence_rows(run, network, kind, batch, x);
    else if (batch)
        packing = &batch->packing;
    if (!needs(run, &head->out, network->config.family->head[kind].out))
        return &run->empty;
    if (head->dense.weight.out) {
        if (batch)
            x = cz_drop(run, packing, samples, x, head->before);
        x = cz_adapted(run, packing, samples, x, &head->dense, head->activation, 0);
        x = cz_norm(run, x, head->norm.gain ? &head->norm : NULL);
    }
    if (batch)
        x = cz_drop(run, packing, samples, x, head->dropout);
    return cz_linear(run, x, &head->out, CZ_IDENTITY);
}
