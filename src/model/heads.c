/* heads.c - what follows the encoder: the pooler, and the classifier of whole sequences. */
#include "model/family.h"
#include "model/network.h"

/* False fails the run: without weights a linear would be the identity. */
static bool needs(cz_run *run, const cz_linear_weights *head, const char *name)
{
    if (!head->weight.out)
        cz_run_fail(run, CLOZE_ERROR_NOT_FOUND,
                    "this needs the weights \"%s\", and the model has none that fit",
                    name ? name : "pooler");
    return head->weight.out;
}

cz_tensor *cz_pooled(cz_run *run, const cz_network *network, const cz_batch *batch, cz_tensor *x)
{
    if (!needs(run, &network->pooler, network->config.family->weight.pooler))
        return &run->empty;
    x = cz_pool_rows(run, x, &batch->packing, NULL, CZ_POOL_FIRST);
    x = cz_linear(run, x, &network->pooler, CZ_TANH);
    cz_run_tap(run, "pooler", 0, 0, x);
    return x;
}

static cz_tensor *dense_rows(cz_run *run, const cz_network *network, const cz_batch *batch,
                             cz_tensor *x)
{
    const cz_classifier *head = &network->classifier;
    x = cz_pool_rows(run, x, &batch->packing, NULL,
                     network->config.pools_mean ? CZ_POOL_MEAN : CZ_POOL_FIRST);
    x = cz_drop(run, NULL, batch->samples, x, head->before);
    x = cz_linear(run, x, &head->dense, head->activation);
    return cz_norm(run, x, head->norm.gain ? &head->norm : NULL);
}

cz_tensor *cz_classified(cz_run *run, const cz_network *network, const cz_batch *batch,
                         cz_tensor *x)
{
    const cz_classifier *head = &network->classifier;
    const cz_family *family = network->config.family;
    const char *dense = family->classifier.dense;
    if (dense && !needs(run, &head->dense, dense))
        return &run->empty;
    x = dense ? dense_rows(run, network, batch, x) : cz_pooled(run, network, batch, x);
    if (!needs(run, &head->out, family->classifier.out))
        return &run->empty;
    x = cz_drop(run, NULL, batch->samples, x, head->dropout);
    return cz_linear(run, x, &head->out, CZ_IDENTITY);
}
