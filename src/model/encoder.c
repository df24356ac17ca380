/*
 * encoder.c - the model, written once. It predicts, explains and learns: only the switches of the
 * run differ. What a family does differently was decided when the weights were bound.
 */
#include "model/network.h"

static cz_tensor *embed_body(cz_run *run, const void *self, const cz_batch *batch, cz_tensor *x)
{
    const cz_network *network = self;
    const uint32_t *of_kind[] = { batch->ids, batch->positions, batch->types };
    const uint32_t *index[CZ_TABLES];
    for (int i = 0; i < network->embeddings.tables; i++)
        index[i] = of_kind[network->table_kind[i]];
    x = cz_embed(run, &network->embeddings, index, batch->tokens);
    x = cz_norm(run, x, &network->embedding_norm);
    x = cz_drop(run, &batch->packing, batch->samples, x, network->embedding_dropout);
    return cz_linear(run, x, &network->projection, CZ_IDENTITY);
}

static cz_dropout_site site_of(const cz_turn *turn, cz_dropout_site place)
{
    return (cz_dropout_site){ place.p, turn->site + place.site };
}

static cz_tensor *layer_body(cz_run *run, const void *self, const cz_batch *batch, cz_tensor *x)
{
    const cz_turn *turn = self;
    const cz_layer *layer = turn->layer;
    cz_attention_shape attention = layer->attention;
    cz_tensor *h;

    attention.dropout = site_of(turn, attention.dropout);
    h = cz_linear(run, x, &layer->qkv, CZ_IDENTITY);
    h = cz_self_attention(run, batch, h, &attention, turn->number);
    h = cz_linear(run, h, &layer->attention_out, CZ_IDENTITY);
    x = cz_residual(run, batch, x, h, &layer->attention_norm,
                    site_of(turn, layer->attention_dropout));

    h = cz_linear(run, x, &layer->up, layer->activation);
    h = cz_linear(run, h, &layer->down, CZ_IDENTITY);
    return cz_residual(run, batch, x, h, &layer->feed_norm, site_of(turn, layer->feed_dropout));
}

cz_tensor *cz_encode(cz_run *run, const cz_network *network, const cz_batch *batch, size_t layers)
{
    size_t inner = network->config.inner;
    cz_tensor *x = cz_stage(run, embed_body, network, batch, NULL, NULL, 0);
    cz_run_tap(run, "embeddings", 0, 0, x);
    for (size_t i = 0; i < layers; i++) {
        for (size_t j = 0; j < inner; j++)
            x = cz_stage(run, layer_body, &network->turns[i * inner + j], batch, x, NULL, 0);
        cz_run_tap(run, "layer", i + 1, 0, x);
    }
    return x;
}

cz_extent cz_network_extent(const cz_network *network, size_t tokens, size_t longest,
                            bool gradients)
{
    const cz_config *config = &network->config;
    const size_t widths[] = { 3 * config->hidden, config->intermediate, config->embedding,
                              network->pooler.weight.out, network->classifier.out.weight.out };
    size_t widest = 0;
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++)
        widest = widths[i] > widest ? widths[i] : widest;
    return (cz_extent){ .tokens = tokens,
                        .longest = longest,
                        .widest = widest,
                        .heads = config->heads,
                        .head_size = config->hidden / config->heads,
                        .gradients = gradients };
}
