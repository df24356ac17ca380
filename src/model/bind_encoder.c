/* bind_encoder.c - the tables, layers and turns of an encoder. */
#include "model/bind.h"
#include "model/family.h"

#include <math.h>
#include <stdio.h>

/* Of the sites of a turn. */
enum {
    SITE_PROBABILITIES = 0,
    SITE_ATTENTION = 1,
    SITE_FEED = 2,
    SITE_GATE = 3,
    SITE_DISTANCE = 4,
    SITE_GLOBAL = 5,
    SITE_CONVOLUTION = 6
};

static cz_linear_weights bind_one(cz_binder *b, const char *layer, const char *name, size_t out,
                                  size_t in)
{
    return cz_bind_linear(b, layer, &name, 1, out, in);
}

/* What the names of a layer begin with: its number, or its group's and its own within. */
static void name_layer(const cz_config *config, size_t i, char *out, size_t size)
{
    bool grouped = config->family->setting.groups;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(out, size, config->family->weight.layer, grouped ? i / config->inner : i,
             i % config->inner);
#pragma GCC diagnostic pop
}

/* In families that take content and distance apart the root is one of float. */
static double scale_of(const cz_config *config, size_t head_size)
{
    size_t terms = 1u + config->distances.of_query + config->distances.of_key;
    return config->family->setting.disentangled ? 1 / (double)sqrtf((float)(head_size * terms))
                                                : 1 / sqrt((double)head_size);
}

/* What a layer is beside its weights. */
static void shape_layer(cz_network *network, size_t i)
{
    const cz_config *config = &network->config;
    const cz_family *family = config->family;
    cz_layer *layer = &network->layers[i];
    size_t head_size = config->hidden / config->heads;
    bool local = config->theta > 0 && config->local[i];
    float dropout = config->hidden_dropout;

    layer->activation = config->activation;
    layer->norm_first = family->norm_first;
    layer->gated = family->gated;
    layer->angles = config->theta > 0 ? &network->angles[local] : NULL;
    layer->attention = (cz_attention_shape){
        .heads = config->heads,
        .head_size = head_size,
        .scale = scale_of(config, head_size),
        .reach = local || config->windowed ? CZ_REACH_WINDOW : CZ_REACH_FULL,
        .window = config->windowed ? config->near[i] : config->window,
        .dropout = { config->attention_dropout, SITE_PROBABILITIES },
        .global_dropout = { config->attention_dropout, SITE_GLOBAL },
    };
    layer->attention_dropout =
        (cz_dropout_site){ family->no_attention_dropout     ? 0
                           : family->drops_as_probabilities ? config->attention_dropout
                                                            : dropout,
                           SITE_ATTENTION };
    layer->feed_dropout = (cz_dropout_site){ family->no_feed_dropout ? 0 : dropout, SITE_FEED };
    layer->gate_dropout = (cz_dropout_site){ config->feed_dropout, SITE_GATE };
    layer->distance_dropout = (cz_dropout_site){ dropout, SITE_DISTANCE };
}

static void bind_attention(cz_binder *b, const char *name, cz_layer *layer)
{
    const cz_config *config = &b->network->config;
    const cz_family *family = config->family;
    const char *qkv[CZ_PARTS] = { family->weight.query, family->weight.key, family->weight.value };
    b->unbiased = config->unbiased_attention;
    if (family->weight.woven)
        cz_bind_woven(b, name, config->hidden, config->hidden / config->heads, layer);
    else
        layer->qkv =
            family->weight.fused
                ? bind_one(b, name, family->weight.fused, 3 * config->hidden, config->hidden)
                : cz_bind_linear(b, name, qkv, CZ_PARTS, config->hidden, config->hidden);
    if (family->weight.global_query) {
        layer->global_query =
            bind_one(b, name, family->weight.global_query, config->hidden, config->hidden);
        layer->global_kv = cz_bind_linear(
            b, name,
            (const char *const[]){ family->weight.global_key, family->weight.global_value }, 2,
            config->hidden, config->hidden);
    }
    layer->attention_out =
        bind_one(b, name, family->weight.attention_out, config->hidden, config->hidden);
    b->unbiased = false;
}

static void bind_convolution(cz_binder *b, cz_convolution *to)
{
    const cz_config *config = &b->network->config;
    const cz_family *family = config->family;
    to->kernel = config->convolution.kernel;
    to->activation = config->convolution.activation;
    to->dropout = (cz_dropout_site){ config->hidden_dropout, SITE_CONVOLUTION };
    b->kernel = to->kernel;
    to->linear =
        bind_one(b, "", family->weight.convolution, config->hidden, config->hidden * to->kernel);
    b->kernel = 0;
    to->norm = cz_bind_norm(b, "", family->weight.convolution_norm, config->hidden);
}

static void bind_layer(cz_binder *b, size_t i)
{
    const cz_config *config = &b->network->config;
    const cz_family *family = config->family;
    cz_layer *layer = &b->network->layers[i];
    size_t wide = config->intermediate * (family->gated ? 2 : 1);
    char name[CZ_NAME_SIZE / 2];

    b->depth = i + 1;
    name_layer(config, i, name, sizeof name);
    shape_layer(b->network, i);
    layer->mixes = family->fourier;
    if (!layer->mixes)
        bind_attention(b, name, layer);
    if (i || !family->bare_first)
        layer->attention_norm =
            cz_bind_norm(b, name, family->weight.attention_norm, config->hidden);
    b->unbiased = config->unbiased_feed;
    layer->up = bind_one(b, name, family->weight.up, wide, config->hidden);
    layer->down = bind_one(b, name, family->weight.down, config->hidden, config->intermediate);
    b->unbiased = false;
    layer->feed_norm = cz_bind_norm(b, name, family->weight.feed_norm, config->hidden);
    if (config->distances.kind)
        cz_bind_layer_distances(b, name, layer);
    if (config->convolution.kernel && !i)
        bind_convolution(b, &layer->convolution);
}

/* In the arithmetic of transformers, int(i / (layers / groups)). */
static size_t group_of(const cz_config *config, size_t layer)
{
    return (size_t)((double)layer / ((double)config->layers / (double)config->groups));
}

static void fill_turns(cz_network *network)
{
    const cz_config *config = &network->config;
    for (size_t i = 0; i < config->layers * config->inner; i++) {
        size_t layer = i / config->inner, group = group_of(config, layer);
        network->turns[i] = (cz_turn){
            .layer = &network->layers[group * config->inner + i % config->inner],
            .number = layer + 1,
            .site = (uint32_t)(i + 1) * CZ_SITES,
        };
    }
}

static void bind_table(cz_binder *b, cz_table_kind kind, const char *name, size_t rows,
                       uint32_t fixed)
{
    cz_network *network = b->network;
    cz_embed_weights *tables = &network->embeddings;
    if (!name || !rows)
        return;
    tables->fixed[tables->tables] = fixed;
    network->table_kind[tables->tables] = kind;
    tables->table[tables->tables] =
        cz_bind_named(b, "", name, ".weight", rows, network->config.embedding);
    tables->still[tables->tables] = kind == CZ_TABLE_POSITIONS && network->config.still_positions;
    if (!b->status)
        cz_make_fixed(network, tables->table[tables->tables], fixed);
    if (!b->status && tables->still[tables->tables])
        cz_make_waves(network, tables->table[tables->tables]);
    tables->tables++;
}

static void bind_embeddings(cz_binder *b)
{
    cz_network *network = b->network;
    const cz_config *config = &network->config;
    const cz_family *family = config->family;
    bool after = family->positions == CZ_POSITIONS_AFTER_PADDING;
    bind_table(b, CZ_TABLE_WORDS, family->weight.words, config->vocabulary, config->padding);
    if (!config->no_position_table)
        bind_table(b, CZ_TABLE_POSITIONS, family->weight.positions, config->positions,
                   after ? config->padding : UINT32_MAX);
    bind_table(b, CZ_TABLE_TYPES, family->weight.types, config->types, UINT32_MAX);
    network->norm_projected = family->norm_projected;
    network->drop_projected = family->drop_projected;
    if (family->weight.embedding_norm)
        network->embedding_norm =
            cz_bind_norm(b, "", family->weight.embedding_norm,
                         family->norm_projected ? config->hidden : config->embedding);
    network->embedding_dropout = (cz_dropout_site){ config->hidden_dropout, CZ_SITE_EMBEDDINGS };
    if (family->weight.projection &&
        (family->weight.projects_always || config->embedding != config->hidden)) {
        b->unbiased = family->norm_projected;
        network->projection =
            bind_one(b, "", family->weight.projection, config->hidden, config->embedding);
        b->unbiased = false;
    }
    if (config->distances.kind)
        cz_bind_distances(b);
}

void cz_bind_encoder(cz_binder *b)
{
    bind_embeddings(b);
    for (size_t i = 0; i < b->network->layer_count && !b->status; i++)
        bind_layer(b, i);
    b->depth = b->network->layer_count + 1;
    if (b->network->config.family->weight.final_norm)
        b->network->final_norm = cz_bind_norm(b, "", b->network->config.family->weight.final_norm,
                                              b->network->config.hidden);
    fill_turns(b->network);
}
