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
    if (network->norm_projected)
        x = cz_linear(run, x, &network->projection, CZ_IDENTITY);
    x = cz_norm(run, x, &network->embedding_norm);
    x = cz_drop(run, &batch->packing, batch->samples, x, network->embedding_dropout);
    return network->norm_projected ? x : cz_linear(run, x, &network->projection, CZ_IDENTITY);
}

/* What a layer reads beside the stream: rows of distances, in the run, or NULL. */
typedef struct layer_call {
    const cz_turn *turn;
    cz_distances distances;
    cz_tensor *rows;
} layer_call;

static cz_dropout_site site_of(const cz_turn *turn, cz_dropout_site place)
{
    return (cz_dropout_site){ place.p, turn->site + place.site };
}

static const cz_norm_weights *norm_or_none(const cz_norm_weights *norm)
{
    return norm->gain ? norm : NULL;
}

/* Query rows of distances meet keys, key rows meet queries; either may be missing. */
static void project_distances(cz_run *run, const layer_call *call, cz_distances *to)
{
    const cz_layer *layer = call->turn->layer;
    size_t width = layer->distance.weight.in, parts = layer->distance.weight.out / width;
    cz_tensor *rows =
        cz_drop(run, NULL, NULL, call->rows, site_of(call->turn, layer->distance_dropout));
    rows = cz_linear(run, rows, &layer->distance, CZ_IDENTITY);
    if (layer->meets_keys)
        to->of_key = cz_columns(run, rows, 0, width);
    if (layer->meets_queries)
        to->of_query = cz_columns(run, rows, (parts - 1) * width, width);
}

static cz_tensor *attend(cz_run *run, const layer_call *call, const cz_batch *batch, cz_tensor *x)
{
    const cz_layer *layer = call->turn->layer;
    cz_attention_shape shape = layer->attention;
    cz_distances distances = call->distances;
    shape.dropout = site_of(call->turn, shape.dropout);
    if (call->rows)
        project_distances(run, call, &distances);
    x = cz_linear(run, x, &layer->qkv, CZ_IDENTITY);
    if (layer->angles)
        x = cz_rotate(run, &batch->packing, x, layer->angles, 2 * shape.heads * shape.head_size);
    x = call->rows ? cz_relative_attention(run, batch, x, &shape, &distances, call->turn->number)
                   : cz_self_attention(run, batch, x, &shape, call->turn->number);
    return cz_linear(run, x, &layer->attention_out, CZ_IDENTITY);
}

static cz_tensor *feed(cz_run *run, const layer_call *call, const cz_batch *batch, cz_tensor *x)
{
    const cz_layer *layer = call->turn->layer;
    if (!layer->gated) {
        x = cz_linear(run, x, &layer->up, layer->activation);
    } else {
        x = cz_gate(run, cz_linear(run, x, &layer->up, CZ_IDENTITY), layer->activation);
        x = cz_drop(run, &batch->packing, batch->samples, x,
                    site_of(call->turn, layer->gate_dropout));
    }
    return cz_linear(run, x, &layer->down, CZ_IDENTITY);
}

static cz_tensor *layer_body(cz_run *run, const void *self, const cz_batch *batch, cz_tensor *x)
{
    const layer_call *call = self;
    const cz_layer *layer = call->turn->layer;
    const cz_norm_weights *before_attention = NULL, *before_feed = NULL;
    const cz_norm_weights *after_attention = NULL, *after_feed = NULL;
    cz_tensor *h;
    if (layer->norm_first) {
        before_attention = norm_or_none(&layer->attention_norm);
        before_feed = &layer->feed_norm;
    } else {
        after_attention = &layer->attention_norm;
        after_feed = &layer->feed_norm;
    }
    h = attend(run, call, batch, cz_norm(run, x, before_attention));
    x = cz_residual(run, batch, x, h, after_attention,
                    site_of(call->turn, layer->attention_dropout));
    h = feed(run, call, batch, cz_norm(run, x, before_feed));
    return cz_residual(run, batch, x, h, after_feed, site_of(call->turn, layer->feed_dropout));
}

/* The rows of distances that this batch can look up, one behind the other, and the map to them. */
static cz_tensor *lay_distances(cz_run *run, const cz_network *network, const cz_batch *batch,
                                cz_distances *out)
{
    size_t longest = 1, span, low, rows;
    for (size_t i = 0; i < batch->packing.count; i++)
        longest = batch->packing.length[i] > longest ? batch->packing.length[i] : longest;
    span = longest - 1 < network->entry_span ? longest - 1 : network->entry_span;
    const uint32_t *map = network->entry + network->entry_span - span;
    low = map[0];
    rows = map[2 * span] - low + 1;
    uint32_t *entry = cz_run_take(run, (2 * span + 1) * sizeof *entry);
    uint32_t *index = cz_run_take(run, rows * sizeof *index);
    if (!entry || !index)
        return &run->empty;
    for (size_t d = 0; d <= 2 * span; d++)
        entry[d] = map[d] - (uint32_t)low;
    for (size_t i = 0; i < rows; i++)
        index[i] = (uint32_t)(low + i);
    *out = (cz_distances){ .entry = entry, .span = span };
    const uint32_t *indices[CZ_TABLES] = { index };
    cz_tensor *x = cz_embed(run, &network->distances, indices, rows);
    return cz_norm(run, x, norm_or_none(&network->distance_norm));
}

cz_tensor *cz_encode(cz_run *run, const cz_network *network, const cz_batch *batch, size_t layers)
{
    size_t inner = network->config.inner;
    cz_distances distances = { 0 };
    cz_tensor *rows =
        network->distances.tables ? lay_distances(run, network, batch, &distances) : NULL;
    cz_tensor *x = cz_stage(run, embed_body, network, batch, NULL, NULL, 0);
    cz_run_tap(run, "embeddings", 0, 0, x);
    for (size_t i = 0; i < layers; i++) {
        for (size_t j = 0; j < inner; j++) {
            layer_call *call = cz_run_take(run, sizeof *call);
            if (!call)
                return &run->empty;
            *call = (layer_call){ &network->turns[i * inner + j], distances, rows };
            x = cz_stage(run, layer_body, call, batch, x, &rows, rows ? 1 : 0);
        }
        cz_run_tap(run, "layer", i + 1, 0, x);
    }
    if (network->final_norm.gain && layers == network->config.layers)
        x = cz_norm(run, x, &network->final_norm);
    return x;
}

cz_extent cz_network_extent(const cz_network *network, size_t tokens, size_t longest,
                            bool gradients)
{
    const cz_config *config = &network->config;
    const size_t widths[] = { 3 * config->hidden, network->layers[0].up.weight.out,
                              config->embedding, network->pooler.weight.out,
                              network->classifier.out.weight.out };
    size_t widest = 0;
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++)
        widest = widths[i] > widest ? widths[i] : widest;
    bool relative = network->distances.tables;
    return (cz_extent){ .tokens = relative && tokens < 2 * longest ? 2 * longest : tokens,
                        .longest = longest,
                        .widest = widest,
                        .heads = config->heads,
                        .head_size = config->hidden / config->heads,
                        .gradients = gradients,
                        .relative = relative };
}
