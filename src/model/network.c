/*
 * network.c - opens a folder's weights and binds them by name: prefixes present or absent, old
 * names, shapes checked, small vectors brought to the run's type, matrices packed.
 */
#include "model/network.h"

#include "base/error.h"
#include "model/family.h"

#include <stdio.h>
#include <string.h>

/* Sites of dropout: eight for each layer, the embeddings being layer 0. */
enum { SITE_EMBEDDINGS = 0, SITE_CLASSIFIER = 1, SITES = 8, SITE_PROBABILITIES = 0,
       SITE_ATTENTION = 1, SITE_FEED = 2, PARAMETERS_A_LAYER = 16, PARAMETERS_OUTSIDE = 16,
       NAME_SIZE = 512 };

typedef struct binder {
    cz_network *network;
    const cz_network_options *options;
    const char *prefix; /* "" when the file has none */
    cloze_error *error;
    cloze_status status; /* sticky */
} binder;

/* LayerNorm's parameters were once called gamma and beta. */
static const char *old_name(const char *name, char *out)
{
    static const char *const pairs[][2] = { { "LayerNorm.weight", "LayerNorm.gamma" },
                                            { "LayerNorm.bias", "LayerNorm.beta" } };
    size_t length = strlen(name);
    for (size_t i = 0; i < 2; i++) {
        size_t tail = strlen(pairs[i][0]);
        if (length >= tail && !strcmp(name + length - tail, pairs[i][0])) {
            snprintf(out, NAME_SIZE, "%.*s%s", (int)(length - tail), name, pairs[i][1]);
            return out;
        }
    }
    return NULL;
}

static const cz_stored_tensor *find(const binder *b, const char *name)
{
    char old[NAME_SIZE];
    const cz_stored_tensor *stored = cz_weights_find(b->network->weights, name);
    if (!stored && old_name(name, old))
        stored = cz_weights_find(b->network->weights, old);
    return stored;
}

static void refuse(binder *b, const char *name, const char *why)
{
    if (!b->status)
        b->status = cz_fail(b->error, CLOZE_ERROR_FORMAT, "tensor \"%.200s\" %s", name, why);
}

static bool has_shape(const cz_stored_tensor *stored, size_t rows, size_t columns)
{
    if (stored->rank == 1)
        return rows == 1 && stored->shape[0] == columns;
    return stored->rank == 2 && stored->shape[0] == rows && stored->shape[1] == columns;
}

static bool is_number(cz_type type)
{
    return type == CZ_F32 || type == CZ_F16 || type == CZ_BF16 || type == CZ_F64;
}

/* A vector in the run's own type; kernels read it as it is. */
static const void *own_vector(binder *b, const cz_stored_tensor *stored, size_t count, cz_type type)
{
    size_t size = cz_type_size(type);
    cz_tensor from = { (void *)(uintptr_t)stored->data, 1, count, count, stored->type, false,
                       NULL };
    if (stored->type == type && (uintptr_t)stored->data % size == 0)
        return stored->data;
    char *to = cz_arena_take(&b->network->vectors, count, size);
    if (!to) {
        b->status = cz_fail_memory(b->error, "small weights", count * size);
        return stored->data;
    }
    for (size_t i = 0; i < count; i++) {
        double value = cz_tensor_at(&from, 0, i);
        float narrow = (float)value;
        if (type == CZ_F64)
            memcpy(to + i * size, &value, size);
        else
            memcpy(to + i * size, &narrow, size);
    }
    return to;
}

static const cz_parameter *bind(binder *b, const char *name, size_t rows, size_t columns)
{
    cz_network *network = b->network;
    const cz_stored_tensor *stored = find(b, name);
    cz_type type = b->options->backend->type;
    char why[128];
    if (b->status)
        return NULL;
    if (!stored) {
        b->status = cz_fail(b->error, CLOZE_ERROR_NOT_FOUND,
                            "the weights lack the tensor \"%.200s\" [%zu, %zu] that this model needs",
                            name, rows, columns);
        return NULL;
    }
    if (!is_number(stored->type)) {
        refuse(b, name, "is of a type that cannot be a weight");
        return NULL;
    }
    if (!has_shape(stored, rows, columns)) {
        snprintf(why, sizeof why, "has not the shape [%zu, %zu] that config.json asks for", rows,
                 columns);
        refuse(b, name, why);
        return NULL;
    }
    cz_parameter *parameter = &network->parameters[network->parameter_count];
    parameter->index = network->parameter_count++;
    parameter->name = stored->name;
    parameter->value = (cz_tensor){ (void *)(uintptr_t)stored->data, rows, columns, columns,
                                    stored->type, false, NULL };
    if (rows == 1) {
        parameter->value.data = (void *)(uintptr_t)own_vector(b, stored, columns, type);
        if (parameter->value.data != stored->data)
            parameter->value.type = type;
    }
    network->elements += rows * columns;
    network->mapped += stored->size;
    return parameter;
}

/* Names are PREFIX LAYER NAME SUFFIX; `layer` is "" outside the layers. */
static const cz_parameter *bind_named(binder *b, const char *layer, const char *name,
                                      const char *suffix, size_t rows, size_t columns)
{
    char full[NAME_SIZE];
    snprintf(full, sizeof full, "%s%s%s%s", b->prefix, layer, name, suffix);
    return bind(b, full, rows, columns);
}

static cz_linear_weights bind_linear(binder *b, const char *layer, const char *const *names,
                                     int parts, size_t out, size_t in)
{
    cz_linear_weights linear = { .weight = { .in = in, .out = out * (size_t)parts,
                                             .parts = parts } };
    for (int i = 0; i < parts && !b->status; i++) {
        linear.part[i] = bind_named(b, layer, names[i], ".weight", out, in);
        linear.bias[i] = bind_named(b, layer, names[i], ".bias", 1, out);
        if (b->status)
            break;
        linear.weight.part[i] = &linear.part[i]->value;
        linear.weight.bias[i] = &linear.bias[i]->value;
    }
    return linear;
}

static cz_linear_weights bind_one(binder *b, const char *layer, const char *name, size_t out,
                                  size_t in)
{
    return bind_linear(b, layer, &name, 1, out, in);
}

static cz_norm_weights bind_norm(binder *b, const char *layer, const char *name)
{
    const cz_config *config = &b->network->config;
    return (cz_norm_weights){ bind_named(b, layer, name, ".weight", 1, config->hidden),
                              bind_named(b, layer, name, ".bias", 1, config->hidden),
                              config->epsilon, false };
}

static void bind_layer(binder *b, size_t i)
{
    const cz_config *config = &b->network->config;
    const cz_family *family = config->family;
    const char *qkv[CZ_PARTS] = { family->weight.query, family->weight.key, family->weight.value };
    cz_layer *layer = &b->network->layers[i];
    uint32_t site = (uint32_t)(i + 1) * SITES;
    size_t head_size = config->hidden / config->heads;
    char prefix[NAME_SIZE / 2];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(prefix, sizeof prefix, family->weight.layer, i);
#pragma GCC diagnostic pop

    layer->number = i + 1;
    layer->activation = config->activation;
    layer->attention = (cz_attention_shape){
        .heads = config->heads,
        .head_size = head_size,
        .scale = 1 / __builtin_sqrt((double)head_size),
        .dropout = { config->attention_dropout, site + SITE_PROBABILITIES },
    };
    layer->attention_dropout = (cz_dropout_site){ config->hidden_dropout, site + SITE_ATTENTION };
    layer->feed_dropout = (cz_dropout_site){ config->hidden_dropout, site + SITE_FEED };
    layer->qkv = bind_linear(b, prefix, qkv, CZ_PARTS, config->hidden, config->hidden);
    layer->attention_out =
        bind_one(b, prefix, family->weight.attention_out, config->hidden, config->hidden);
    layer->attention_norm = bind_norm(b, prefix, family->weight.attention_norm);
    layer->up = bind_one(b, prefix, family->weight.up, config->intermediate, config->hidden);
    layer->down = bind_one(b, prefix, family->weight.down, config->hidden, config->intermediate);
    layer->feed_norm = bind_norm(b, prefix, family->weight.feed_norm);
}

static void bind_heads(binder *b)
{
    cz_network *network = b->network;
    const cz_config *config = &network->config;
    const cz_family *family = config->family;
    char name[NAME_SIZE];
    snprintf(name, sizeof name, "%s%s.weight", b->prefix, family->weight.pooler);
    if (find(b, name))
        network->pooler =
            bind_one(b, "", family->weight.pooler, config->hidden, config->hidden);
    snprintf(name, sizeof name, "%s.weight", family->weight.classifier);
    const cz_stored_tensor *classifier = find(b, name);
    if (classifier && classifier->rank == 2 && network->pooler.weight.out) {
        const char *prefix = b->prefix;
        b->prefix = "";
        network->config.labels = classifier->shape[0];
        network->classifier = bind_one(b, "", family->weight.classifier, classifier->shape[0],
                                       config->hidden);
        b->prefix = prefix;
    }
    network->classifier_dropout = (cz_dropout_site){ config->classifier_dropout, SITE_CLASSIFIER };
}

static void bind_embeddings(binder *b)
{
    cz_network *network = b->network;
    const cz_config *config = &network->config;
    const cz_family *family = config->family;
    cz_embed_weights *tables = &network->embeddings;
    tables->tables = CZ_TABLES;
    for (int i = 0; i < CZ_TABLES; i++)
        tables->fixed[i] = UINT32_MAX;
    tables->fixed[0] = config->padding;
    tables->table[0] = bind_named(b, "", family->weight.words, ".weight", config->vocabulary,
                                  config->hidden);
    tables->table[1] = bind_named(b, "", family->weight.positions, ".weight", config->positions,
                                  config->hidden);
    tables->table[2] =
        bind_named(b, "", family->weight.types, ".weight", config->types, config->hidden);
    network->embedding_norm = bind_norm(b, "", family->weight.embedding_norm);
    network->embedding_dropout = (cz_dropout_site){ config->hidden_dropout, SITE_EMBEDDINGS };
}

static bool is_ignored(const cz_family *family, const char *name)
{
    size_t length = strlen(name);
    for (size_t i = 0; i < CZ_IGNORED && family->ignored[i]; i++) {
        size_t tail = strlen(family->ignored[i]);
        if (length >= tail && !strcmp(name + length - tail, family->ignored[i]))
            return true;
    }
    return false;
}

static void note_unused(const cz_network *network)
{
    for (size_t i = 0; i < cz_weights_count(network->weights); i++) {
        const char *name = cz_weights_tensor(network->weights, i)->name;
        bool used = is_ignored(network->config.family, name);
        for (size_t p = 0; p < network->parameter_count && !used; p++)
            used = network->parameters[p].name == name;
        if (!used)
            cz_log(&network->hooks, CLOZE_LOG_NOTE, "the tensor \"%.200s\" is not used", name);
    }
}

static cloze_status bind_all(cz_network *network, const cz_network_options *options,
                             cloze_error *error)
{
    const cz_config *config = &network->config;
    const cloze_allocator *allocator = &network->hooks.allocator;
    size_t parameters = config->layers * PARAMETERS_A_LAYER + PARAMETERS_OUTSIDE;
    /* Room for every vector in the widest type, should the file hold none as it is needed. */
    size_t widths = config->layers * (9 * config->hidden + config->intermediate + 16 * 16) +
                    8 * config->hidden + CZ_LABELS_MOST / 64 + 1024;
    char probe[NAME_SIZE];
    binder b = { network, options, config->family->prefix, error, CLOZE_OK };

    network->parameters = cz_allocate_zero(allocator, parameters, sizeof *network->parameters);
    network->layers = cz_allocate_zero(allocator, config->layers, sizeof *network->layers);
    if (!network->parameters || !network->layers ||
        !cz_block_allocate(allocator, widths * sizeof(double), &network->vector_memory))
        return cz_fail_memory(error, "the table of weights", widths * sizeof(double));
    network->vectors = (cz_arena){ network->vector_memory.data, network->vector_memory.size, 0, 0 };

    snprintf(probe, sizeof probe, "%s%s.weight", b.prefix, config->family->weight.words);
    if (!find(&b, probe))
        b.prefix = "";
    bind_embeddings(&b);
    for (size_t i = 0; i < config->layers && !b.status; i++)
        bind_layer(&b, i);
    if (!b.status)
        bind_heads(&b);
    if (!b.status)
        note_unused(network);
    return b.status;
}

/* ---- packing ---- */

cloze_status cz_linear_pack(cz_linear_weights *linear, const cz_network_options *options,
                            void *memory, size_t *size, cloze_error *error)
{
    const cz_backend *backend = options->backend;
    cz_pack *pack = NULL;
    cloze_status status;
    *size = backend->pack_size(options->place->kernels, &linear->weight, options->bf16);
    *size = (*size + CZ_ARENA_ALIGNMENT - 1) / CZ_ARENA_ALIGNMENT * CZ_ARENA_ALIGNMENT;
    if (!memory || !*size)
        return CLOZE_OK;
    status = backend->pack(options->place, &linear->weight, options->bf16, memory, &pack, error);
    if (status == CLOZE_ERROR_FORMAT)
        cz_fail(error, status, "the weights of \"%.200s\" are not finite numbers",
                linear->part[0]->name);
    if (!status)
        linear->weight.pack = pack;
    return status;
}

static cz_linear_weights *linear_number(cz_network *network, size_t i)
{
    cz_layer *layer;
    if (i / 4 >= network->config.layers)
        return NULL;
    layer = &network->layers[i / 4];
    cz_linear_weights *const all[] = { &layer->qkv, &layer->attention_out, &layer->up,
                                       &layer->down };
    return all[i % 4];
}

static void forget_file(cz_network *network, const cz_linear_weights *linear)
{
    for (int i = 0; i < linear->weight.parts; i++) {
        const cz_stored_tensor *stored = cz_weights_find(network->weights, linear->part[i]->name);
        if (stored) {
            cz_weights_forget(network->weights, stored);
            network->mapped -= stored->size;
        }
    }
}

static cloze_status pack_all(cz_network *network, const cz_network_options *options,
                             cloze_error *error)
{
    size_t total = 0, size = 0, used = 0;
    cz_linear_weights *linear;
    cloze_status status = CLOZE_OK;
    for (size_t i = 0; (linear = linear_number(network, i)); i++) {
        cz_linear_pack(linear, options, NULL, &size, error);
        total += size;
    }
    if (!total)
        return CLOZE_OK;
    if (!cz_block_allocate(&network->hooks.allocator, total, &network->pack_memory))
        return cz_fail_memory(error, "packed weights", total);
    for (size_t i = 0; (linear = linear_number(network, i)) && !status; i++) {
        status = cz_linear_pack(linear, options, (char *)network->pack_memory.data + used, &size,
                                error);
        used += size;
        if (!status)
            forget_file(network, linear);
    }
    network->pack_used = total;
    return status;
}

cloze_status cz_network_open(cz_network **out, const char *folder,
                             const cz_network_options *options, cloze_error *error)
{
    const cloze_allocator *allocator = options->hooks ? &options->hooks->allocator : NULL;
    cz_network *network = cz_allocate_zero(allocator, 1, sizeof *network);
    cloze_status status;
    if (!network)
        return cz_fail_memory(error, "a model", sizeof *network);
    if (options->hooks)
        network->hooks = *options->hooks;
    cz_weights_options how = { options->read_instead, &network->hooks.allocator };
    status = cz_config_load(&network->config, folder, &network->hooks.allocator, error);
    if (!status)
        status = cz_weights_open_folder(&network->weights, folder, &how, error);
    if (!status && (status = bind_all(network, options, error)))
        cz_error_prefix(error, "%.200s", folder);
    if (!status && options->pack)
        status = pack_all(network, options, error);
    if (!status)
        status = cz_weights_check(network->weights, error);
    if (status) {
        cz_network_free(network);
        return status;
    }
    *out = network;
    return CLOZE_OK;
}

void cz_network_free(cz_network *network)
{
    if (!network)
        return;
    cloze_allocator allocator = network->hooks.allocator;
    cz_weights_close(network->weights);
    cz_block_release(&allocator, &network->vector_memory);
    cz_block_release(&allocator, &network->pack_memory);
    cz_release(&allocator, network->parameters);
    cz_release(&allocator, network->layers);
    cz_release(&allocator, network);
}
