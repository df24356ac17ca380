/*
 * encoder.c - the model, written once. It predicts, explains and learns: only the switches of the
 * run differ. What a family does differently was decided when the weights were bound.
 */
#include "model/family.h"
#include "model/network.h"

/* False fails the run: without weights a linear would be the identity. */
static bool needs_head(cz_run *run, const cz_linear_weights *head, const char *name)
{
    if (!head->weight.out)
        cz_run_fail(run, CLOZE_ERROR_NOT_FOUND,
                    "this needs the weights \"%s\", and the model has none that fit", name);
    return head->weight.out;
}

static cz_tensor *embed_body(cz_run *run, const void *self, const cz_batch *batch, cz_tensor *x)
{
    const cz_network *network = self;
    const uint32_t *index[CZ_TABLES] = { batch->ids, batch->positions, batch->types };
    x = cz_embed(run, &network->embeddings, index, batch->tokens);
    x = cz_norm(run, x, &network->embedding_norm);
    return cz_drop(run, &batch->packing, batch->samples, x, network->embedding_dropout);
}

static cz_tensor *layer_body(cz_run *run, const void *self, const cz_batch *batch, cz_tensor *x)
{
    const cz_layer *layer = self;
    cz_tensor *h;

    h = cz_linear(run, x, &layer->qkv, CZ_IDENTITY);
    h = cz_self_attention(run, batch, h, &layer->attention, layer->number);
    h = cz_linear(run, h, &layer->attention_out, CZ_IDENTITY);
    x = cz_residual(run, batch, x, h, &layer->attention_norm, layer->attention_dropout);

    h = cz_linear(run, x, &layer->up, layer->activation);
    h = cz_linear(run, h, &layer->down, CZ_IDENTITY);
    return cz_residual(run, batch, x, h, &layer->feed_norm, layer->feed_dropout);
}

cz_tensor *cz_encode(cz_run *run, const cz_network *network, const cz_batch *batch, size_t layers)
{
    cz_tensor *x = cz_stage(run, embed_body, network, batch, NULL, NULL, 0);
    cz_run_tap(run, "embeddings", 0, 0, x);
    for (size_t i = 0; i < layers; i++) {
        x = cz_stage(run, layer_body, &network->layers[i], batch, x, NULL, 0);
        cz_run_tap(run, "layer", i + 1, 0, x);
    }
    return x;
}

cz_tensor *cz_pooled(cz_run *run, const cz_network *network, const cz_batch *batch, cz_tensor *x)
{
    if (!needs_head(run, &network->pooler, network->config.family->weight.pooler))
        return &run->empty;
    x = cz_pool_rows(run, x, &batch->packing, NULL, CZ_POOL_FIRST);
    x = cz_linear(run, x, &network->pooler, CZ_TANH);
    cz_run_tap(run, "pooler", 0, 0, x);
    return x;
}

cz_tensor *cz_classified(cz_run *run, const cz_network *network, const cz_batch *batch,
                         cz_tensor *pooled)
{
    if (!needs_head(run, &network->classifier, network->config.family->weight.classifier))
        return &run->empty;
    pooled = cz_drop(run, NULL, batch->samples, pooled, network->classifier_dropout);
    return cz_linear(run, pooled, &network->classifier, CZ_IDENTITY);
}

cz_extent cz_network_extent(const cz_network *network, size_t tokens, size_t longest,
                            bool gradients)
{
    const cz_config *config = &network->config;
    const size_t widths[] = { 3 * config->hidden, config->intermediate, network->pooler.weight.out,
                              network->classifier.weight.out };
    size_t widest = 0;
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++)
        widest = widths[i] > widest ? widths[i] : widest;
    return (cz_extent){ tokens,   longest, widest, config->heads, config->hidden / config->heads,
                        gradients };
}
