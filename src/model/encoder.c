/*
 * encoder.c - the model, written once. It predicts, explains and learns: only the switches of the
 * run differ. What a family does differently was decided when the weights were bound.
 */
#include "model/network.h"

static const cz_norm_weights *norm_or_none(const cz_norm_weights *norm)
{
    return norm->gain ? norm : NULL;
}

static cz_tensor *project(cz_run *run, const cz_network *network, const cz_batch *batch,
                          cz_tensor *x)
{
    return cz_adapted(run, &batch->packing, batch->samples, x, &network->projection, CZ_IDENTITY,
                      0);
}

static cz_tensor *embed_body(cz_run *run, const void *self, const cz_batch *batch, cz_tensor *x)
{
    const cz_network *network = self;
    const uint32_t *of_kind[] = { batch->ids, batch->positions, batch->types };
    const uint32_t *index[CZ_TABLES];
    for (int i = 0; i < network->embeddings.tables; i++)
        index[i] = of_kind[network->table_kind[i]];
    x = cz_embed(run, &network->embeddings, index, batch->tokens);
    if (run->tap_parts)
        cz_run_tap(run, "embeddings.sum", 0, 0, x);
    if (network->norm_projected)
        x = project(run, network, batch, x);
    x = cz_norm(run, x, norm_or_none(&network->embedding_norm));
    if (network->drop_projected)
        x = project(run, network, batch, x);
    x = cz_drop(run, &batch->packing, batch->samples, x, network->embedding_dropout);
    return network->norm_projected || network->drop_projected ? x : project(run, network, batch, x);
}

/* A linear map of a layer, of the batch's rows. */
static cz_tensor *map(cz_run *run, const cz_turn *turn, const cz_batch *batch, cz_tensor *x,
                      const cz_linear_weights *weights, cz_activation activation)
{
    return cz_adapted(run, &batch->packing, batch->samples, x, weights, activation, turn->site);
}

/* What a layer knows of distances: the map of this batch, the rows that it can look up, and these
 * rows of the model in the run. */
typedef struct layer_call {
    const cz_turn *turn;
    cz_distances distances; /* entry NULL: none */
    const uint32_t *index;  /* [count] */
    size_t count;
    cz_tensor *rows;        /* NULL: each layer has its own */
    cz_tensor *factors;     /* of its heads; NULL: 1 */
    const cz_batch *firsts; /* NULL: all rows are wanted */
    cz_tensor *outside[2];  /* [outside_count] those of both that are there */
    size_t outside_count;
} layer_call;

static cz_dropout_site site_of(const cz_turn *turn, cz_dropout_site place)
{
    return (cz_dropout_site){ place.p, turn->site + place.site };
}

/* The rows that this batch looks up, of those made when the model was opened. */
static cz_tensor *already_projected(cz_run *run, const layer_call *call)
{
    const cz_tensor *all = &call->turn->layer->projected;
    cz_tensor *rows = cz_run_take(run, sizeof *rows);
    if (!rows)
        return &run->empty;
    *rows = *all;
    rows->rows = call->count;
    rows->data = (char *)all->data + call->index[0] * all->stride * cz_type_size(all->type);
    return rows;
}

/* What is looked up of distances: the model's table, or rows, the layer's own or projected. Query
 * rows meet keys, key rows meet queries. */
static void add_distances(cz_run *run, const layer_call *call, cz_distances *to)
{
    const cz_layer *layer = call->turn->layer;
    size_t width = layer->distance.weight.in, parts = 0;
    cz_tensor *rows = call->rows;
    if (layer->own_distances.tables) {
        const uint32_t *index[CZ_TABLES] = { call->index };
        rows = cz_embed(run, &layer->own_distances, index, call->count);
        width = rows->columns;
    } else if (layer->projected.data && !run->parameter_gradients && !run->dropout) {
        rows = already_projected(run, call);
        parts = rows->columns / width - 1;
    } else if (width) {
        rows = cz_drop(run, NULL, NULL, rows, site_of(call->turn, layer->distance_dropout));
        rows = cz_adapted(run, NULL, NULL, rows, &layer->distance, CZ_IDENTITY, call->turn->site);
        parts = layer->distance.weight.out / width - 1;
    } else {
        to->table = rows;
    }
    if (layer->meets_keys)
        to->of_key = cz_columns(run, rows, 0, width);
    if (layer->meets_queries)
        to->of_query = cz_columns(run, rows, parts * width, width);
}

/* Of a batch's rows those that are wanted. */
static cz_tensor *wanted(cz_run *run, const layer_call *call, const cz_batch *batch, cz_tensor *x)
{
    if (!call->firsts || x->rows == call->firsts->tokens)
        return x;
    return cz_select(run, x, batch->packing.begin, batch->packing.count);
}

/* What the heads made, each times its factor, and the map that joins them. */
static cz_tensor *join_heads(cz_run *run, const layer_call *call, const cz_batch *batch,
                             cz_tensor *x)
{
    x = wanted(run, call, batch, x);
    if (call->firsts)
        batch = call->firsts;
    if (run->tap_parts)
        cz_run_tap(run, "attention.context", call->turn->number, 0, x);
    if (call->factors)
        x = cz_scale(run, x, call->factors);
    return map(run, call->turn, batch, x, &call->turn->layer->attention_out, CZ_IDENTITY);
}

/* The tokens that see everything have projections of their own for that. */
static cz_tensor *attend_near_and_far(cz_run *run, const layer_call *call, const cz_batch *batch,
                                      cz_tensor *x, const cz_attention_shape *shape)
{
    const cz_layer *layer = call->turn->layer;
    const cz_globals *globals = batch->globals;
    cz_tensor *qkv = map(run, call->turn, batch, x, &layer->qkv, CZ_IDENTITY);
    cz_tensor *q = cz_select(run, x, globals->row, globals->count);
    q = cz_adapted(run, &globals->packing, batch->samples, q, &layer->global_query, CZ_IDENTITY,
                   call->turn->site);
    cz_tensor *kv = map(run, call->turn, batch, x, &layer->global_kv, CZ_IDENTITY);
    if (run->tap_projections) {
        cz_run_tap(run, "attention.projections", call->turn->number, 0, qkv);
        cz_run_tap(run, "attention.global_projections", call->turn->number, 0, kv);
    }
    x = cz_global_attention(run, batch, qkv, q, kv, shape, call->turn->number);
    return join_heads(run, call, batch, x);
}

/* First rows look at all; nobody asks what the others see. */
static cz_tensor *attend_firsts(cz_run *run, const layer_call *call, const cz_batch *batch,
                                cz_tensor *qkv, const cz_attention_shape *shape)
{
    size_t width = shape->heads * shape->head_size;
    cz_tensor *q = wanted(run, call, batch, cz_columns(run, qkv, 0, width));
    cz_tensor *kv = cz_columns(run, qkv, width, 2 * width);
    return cz_cross_attention(run, q, &call->firsts->packing, kv, &batch->packing, batch->samples,
                              shape, call->turn->number);
}

static cz_tensor *attend(cz_run *run, const layer_call *call, const cz_batch *batch, cz_tensor *x)
{
    const cz_layer *layer = call->turn->layer;
    cz_attention_shape shape = layer->attention;
    cz_distances distances = call->distances;
    if (layer->mixes)
        return wanted(run, call, batch, cz_fourier(run, &batch->packing, x));
    shape.dropout = site_of(call->turn, shape.dropout);
    shape.global_dropout = site_of(call->turn, shape.global_dropout);
    if (layer->global_query.weight.out && batch->globals && batch->globals->count)
        return attend_near_and_far(run, call, batch, x, &shape);
    if (distances.entry)
        add_distances(run, call, &distances);
    x = map(run, call->turn, batch, x, &layer->qkv, CZ_IDENTITY);
    if (layer->angles)
        x = cz_rotate(run, &batch->packing, x, layer->angles, 2 * shape.heads * shape.head_size);
    if (run->tap_projections)
        cz_run_tap(run, "attention.projections", call->turn->number, 0, x);
    if (call->firsts && !distances.entry)
        return join_heads(run, call, batch, attend_firsts(run, call, batch, x, &shape));
    x = distances.entry
            ? cz_relative_attention(run, batch, x, &shape, &distances, call->turn->number)
            : cz_self_attention(run, batch, x, &shape, call->turn->number);
    return join_heads(run, call, batch, x);
}

static cz_tensor *feed(cz_run *run, const layer_call *call, const cz_batch *batch, cz_tensor *x)
{
    const cz_layer *layer = call->turn->layer;
    if (!layer->gated) {
        x = map(run, call->turn, batch, x, &layer->up, layer->activation);
    } else {
        x = map(run, call->turn, batch, x, &layer->up, CZ_IDENTITY);
        x = cz_gate(run, x, layer->activation);
        x = cz_drop(run, &batch->packing, batch->samples, x,
                    site_of(call->turn, layer->gate_dropout));
    }
    return map(run, call->turn, batch, x, &layer->down, CZ_IDENTITY);
}

/* The two halves of a layer. The first hands on the rows that are wanted, and the second is given their
 * batch. */
static cz_tensor *attend_body(cz_run *run, const void *self, const cz_batch *batch, cz_tensor *x)
{
    const layer_call *call = self;
    const cz_layer *layer = call->turn->layer;
    const cz_norm_weights *before = NULL, *after = NULL;
    if (layer->norm_first)
        before = norm_or_none(&layer->attention_norm);
    else
        after = &layer->attention_norm;
    cz_tensor *h = attend(run, call, batch, cz_norm(run, x, before));
    x = wanted(run, call, batch, x);
    return cz_residual(run, call->firsts ? call->firsts : batch, x, h, after,
                       site_of(call->turn, layer->attention_dropout));
}

static cz_tensor *feed_body(cz_run *run, const void *self, const cz_batch *batch, cz_tensor *x)
{
    const layer_call *call = self;
    const cz_layer *layer = call->turn->layer;
    const cz_norm_weights *before = layer->norm_first ? &layer->feed_norm : NULL;
    const cz_norm_weights *after = layer->norm_first ? NULL : &layer->feed_norm;
    cz_tensor *h = feed(run, call, batch, cz_norm(run, x, before));
    return cz_residual(run, batch, x, h, after, site_of(call->turn, layer->feed_dropout));
}

static cz_tensor *layer_body(cz_run *run, const void *self, const cz_batch *batch, cz_tensor *x)
{
    return feed_body(run, self, batch, attend_body(run, self, batch, x));
}

/* What lies beside a layer: `x` is what the layer is given. */
typedef struct beside_call {
    const layer_call *call;
    cz_tensor *x;
} beside_call;

static cz_tensor *convolve_body(cz_run *run, const void *self, const cz_batch *batch,
                                cz_tensor *nothing)
{
    const beside_call *beside = self;
    const cz_convolution *convolution = &beside->call->turn->layer->convolution;
    (void)nothing;
    cz_tensor *x = cz_neighbours(run, &batch->packing, beside->x, convolution->kernel);
    x = cz_linear(run, x, &convolution->linear, CZ_IDENTITY);
    x = cz_drop(run, &batch->packing, batch->samples, x,
                site_of(beside->call->turn, convolution->dropout));
    return cz_activate(run, x, convolution->activation);
}

/* Stages within the stage: what the convolution needs is given back before the layer begins, which
 * then leaves its input where it is. */
static cz_tensor *convolved_layer_body(cz_run *run, const void *self, const cz_batch *batch,
                                       cz_tensor *x)
{
    const layer_call *call = self;
    beside_call *beside = cz_run_take(run, sizeof *beside);
    if (!beside)
        return &run->empty;
    *beside = (beside_call){ call, x };
    cz_tensor *branch = cz_stage(run, convolve_body, beside, batch, NULL, &beside->x, 1);
    x = cz_stage(run, layer_body, call, batch, x, call->outside, call->outside_count);
    return cz_residual(run, batch, x, branch, &call->turn->layer->convolution.norm,
                       (cz_dropout_site){ .p = 0 });
}

/* The rows that this batch can look up, one behind the other, and the map to them. */
static bool lay_map(cz_run *run, const cz_network *network, const cz_batch *batch, layer_call *out)
{
    size_t span = batch->packing.longest ? batch->packing.longest - 1 : 0;
    uint32_t low = UINT32_MAX, high = 0;
    span = span < network->entry_span ? span : network->entry_span;
    const uint32_t *map = network->entry + network->entry_span - span;
    for (size_t d = 0; d <= 2 * span; d++) {
        low = map[d] < low ? map[d] : low;
        high = map[d] > high ? map[d] : high;
    }
    out->count = high - low + 1;
    uint32_t *entry = cz_run_take(run, (2 * span + 1) * sizeof *entry);
    uint32_t *index = cz_run_take(run, out->count * sizeof *index);
    if (!entry || !index)
        return false;
    for (size_t d = 0; d <= 2 * span; d++)
        entry[d] = map[d] - low;
    for (uint32_t i = 0; i < out->count; i++)
        index[i] = low + i;
    out->distances = (cz_distances){ .entry = entry, .span = span };
    out->index = index;
    return true;
}

static bool lay_distances(cz_run *run, const cz_network *network, const cz_batch *batch,
                          layer_call *out)
{
    if (!network->entry)
        return true;
    if (!lay_map(run, network, batch, out))
        return false;
    if (network->distances.tables) {
        const uint32_t *index[CZ_TABLES] = { out->index };
        out->rows = cz_embed(run, &network->distances, index, out->count);
        out->rows = cz_norm(run, out->rows, norm_or_none(&network->distance_norm));
    }
    return true;
}

static void lay_turn(const cz_run *run, const cz_turn *turn, layer_call *out)
{
    out->turn = turn;
    out->factors = run->head_factors ? run->head_factors[turn->number - 1] : NULL;
    if (out->rows)
        out->outside[out->outside_count++] = out->rows;
    if (out->factors)
        out->outside[out->outside_count++] = out->factors;
}

static cz_tensor *whole_layer(cz_run *run, layer_call *call, const cz_batch *batch, cz_tensor *x)
{
    bool convolves = call->turn->layer->convolution.linear.weight.out;
    return cz_stage(run, convolves ? convolved_layer_body : layer_body, call, batch, x,
                    call->outside, call->outside_count);
}

/* Two stages: what its attention needed of all rows is given back before the few go on. */
static cz_tensor *last_layer(cz_run *run, layer_call *call, const cz_batch *batch, cz_tensor *x)
{
    if (call->turn->layer->convolution.linear.weight.out) {
        x = whole_layer(run, call, batch, x);
        return cz_select(run, x, batch->packing.begin, batch->packing.count);
    }
    call->firsts = batch->firsts;
    x = cz_stage(run, attend_body, call, batch, x, call->outside, call->outside_count);
    return cz_stage(run, feed_body, call, batch->firsts, x, NULL, 0);
}

static cz_tensor *run_layers(cz_run *run, const cz_network *network, const layer_call *all,
                             const cz_batch *batch, cz_tensor *x, size_t first, size_t layers)
{
    size_t inner = network->config.inner;
    bool record = run->record;
    for (size_t i = first; i < layers; i++) {
        run->record = record && i + 1 >= network->still;
        for (size_t j = 0; j < inner; j++) {
            layer_call *call = cz_run_take(run, sizeof *call);
            if (!call)
                break;
            *call = *all;
            lay_turn(run, &network->turns[i * inner + j], call);
            bool last = i + 1 == network->config.layers && j + 1 == inner;
            x = last && batch->firsts ? last_layer(run, call, batch, x)
                                      : whole_layer(run, call, batch, x);
        }
        if (i + 1 == network->config.layers) {
            run->record = record;
            x = cz_norm(run, x, norm_or_none(&network->final_norm));
        }
        cz_run_tap(run, "layer", i + 1, 0, x);
    }
    run->record = record;
    return x;
}

cz_tensor *cz_encode(cz_run *run, const cz_network *network, const cz_batch *batch, size_t layers)
{
    layer_call all = { 0 };
    if (!lay_distances(run, network, batch, &all))
        return &run->empty;
    bool record = run->record;
    run->record = record && !network->still;
    cz_tensor *x = cz_stage(run, embed_body, network, batch, NULL, NULL, 0);
    cz_run_tap(run, "embeddings", 0, 0, x);
    run->record = record;
    return run_layers(run, network, &all, batch, x, 0, layers);
}

cz_tensor *cz_encode_on(cz_run *run, const cz_network *network, const cz_batch *batch, cz_tensor *x,
                        size_t first, size_t layers)
{
    layer_call all = { 0 };
    if (!lay_distances(run, network, batch, &all))
        return &run->empty;
    return run_layers(run, network, &all, batch, x, first, layers);
}

cz_extent cz_network_extent(const cz_network *network, size_t tokens, size_t longest,
                            bool gradients)
{
    const cz_config *config = &network->config;
    const size_t widths[] = { 3 * config->hidden, network->layers[0].up.weight.out,
                              config->embedding, config->words_width,
                              network->layers[0].convolution.linear.weight.in };
    size_t widest = 0;
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++)
        widest = widths[i] > widest ? widths[i] : widest;
    /* What a head makes is read again only by its backward. */
    for (int i = 0; i < CZ_HEADS && gradients; i++)
        if (cz_head_columns(network, (cz_head_kind)i) > widest)
            widest = cz_head_columns(network, (cz_head_kind)i);
    bool relative = network->entry, mixes = network->layers[0].mixes;
    return (cz_extent){ .tokens = relative && tokens < 2 * longest ? 2 * longest : tokens,
                        .longest = longest,
                        .widest = widest,
                        .heads = config->heads,
                        .head_size = mixes ? 1 : config->hidden / config->heads,
                        .gradients = gradients,
                        .mixed = mixes ? config->hidden : 0,
                        .relative = relative,
                        .globals = network->layers[0].global_query.weight.out ? longest : 0 };
}
