/*
 * bind.c - see bind.h. Prefixes present or absent, old names, shapes checked first; then the small
 * vectors that the file holds in another type are brought to the run's, all at once.
 */
#include "model/bind.h"

#include "base/error.h"
#include "model/family.h"

#include <stdio.h>
#include <string.h>

/* Sites of dropout: eight for each layer, the embeddings being layer 0. */
enum {
    SITE_EMBEDDINGS = 0,
    SITE_CLASSIFIER = 1,
    SITES = 8,
    SITE_PROBABILITIES = 0,
    SITE_ATTENTION = 1,
    SITE_FEED = 2,
    PARAMETERS_A_LAYER = 16,
    PARAMETERS_OUTSIDE = 16,
    NAME_SIZE = 512,
    REASON_SIZE = 384,
    NOTES_MOST = 16
};

typedef struct binder {
    cz_network *network;
    const char *prefix; /* "" when the file has none */
    cloze_error *error;
    cloze_status status; /* sticky */
    bool *seen;          /* [tensors of the file] something here asked for it */
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
    if (stored)
        b->seen[stored - cz_weights_tensor(b->network->weights, 0)] = true;
    return stored;
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

/* The stored tensor, or NULL and in `why` [REASON_SIZE] what is wrong with it. */
static const cz_stored_tensor *find_fitting(const binder *b, const char *name, size_t rows,
                                            size_t columns, cloze_status *status, char *why)
{
    const cz_stored_tensor *stored = find(b, name);
    *status = CLOZE_ERROR_FORMAT;
    if (!stored) {
        *status = CLOZE_ERROR_NOT_FOUND;
        snprintf(why, REASON_SIZE,
                 "the weights lack the tensor \"%.200s\" [%zu, %zu] that this model needs", name,
                 rows, columns);
    } else if (!is_number(stored->type)) {
        snprintf(why, REASON_SIZE, "tensor \"%.200s\" is of a type that cannot be a weight", name);
    } else if (!has_shape(stored, rows, columns)) {
        snprintf(why, REASON_SIZE,
                 "tensor \"%.200s\" has not the shape [%zu, %zu] that config.json asks for", name,
                 rows, columns);
    } else {
        *status = CLOZE_OK;
        return stored;
    }
    return NULL;
}

static const cz_parameter *bind(binder *b, const char *name, size_t rows, size_t columns)
{
    cz_network *network = b->network;
    char why[REASON_SIZE];
    cloze_status status;
    if (b->status)
        return NULL;
    const cz_stored_tensor *stored = find_fitting(b, name, rows, columns, &status, why);
    if (!stored) {
        b->status = cz_fail(b->error, status, "%s", why);
        return NULL;
    }
    cz_parameter *parameter = &network->parameters[network->parameter_count];
    parameter->index = network->parameter_count++;
    parameter->name = stored->name;
    parameter->value = (cz_tensor){
        (void *)(uintptr_t)stored->data, rows, columns, columns, stored->type, false, NULL
    };
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
    cz_linear_weights linear = { .weight = {
                                     .in = in, .out = out * (size_t)parts, .parts = parts } };
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

/* ---- heads: left out when they cannot be used, since embedding needs none ---- */

static bool head_fits(const binder *b, const char *prefix, const char *name, size_t out, size_t in)
{
    char full[NAME_SIZE], why[REASON_SIZE];
    cloze_status status;
    snprintf(full, sizeof full, "%s%s.weight", prefix, name);
    bool fits = find_fitting(b, full, out, in, &status, why);
    snprintf(full, sizeof full, "%s%s.bias", prefix, name);
    fits = fits && find_fitting(b, full, 1, out, &status, why);
    if (!fits)
        cz_log(&b->network->hooks, CLOZE_LOG_NOTE, "the %s is left out: %s", name, why);
    return fits;
}

static void bind_pooler(binder *b)
{
    cz_network *network = b->network;
    const char *pooler = network->config.family->weight.pooler;
    size_t hidden = network->config.hidden;
    char name[NAME_SIZE];
    snprintf(name, sizeof name, "%s%s.weight", b->prefix, pooler);
    if (find(b, name) && head_fits(b, b->prefix, pooler, hidden, hidden))
        network->pooler = bind_one(b, "", pooler, hidden, hidden);
}

static void bind_classifier(binder *b)
{
    cz_network *network = b->network;
    const char *name = network->config.family->weight.classifier, *prefix = b->prefix;
    size_t hidden = network->config.hidden;
    char full[NAME_SIZE];
    snprintf(full, sizeof full, "%s.weight", name);
    const cz_stored_tensor *weight = find(b, full);
    network->classifier_dropout =
        (cz_dropout_site){ network->config.classifier_dropout, SITE_CLASSIFIER };
    if (!weight)
        return;
    if (!network->pooler.weight.out || weight->rank != 2 || !weight->shape[0] ||
        weight->shape[0] > CZ_LABELS_MOST) {
        cz_log(&network->hooks, CLOZE_LOG_NOTE, "the %s is left out: %s", name,
               network->pooler.weight.out ? "its weight is not [labels, hidden]"
                                          : "there is no pooler that could feed it");
        return;
    }
    size_t labels = weight->shape[0];
    if (!head_fits(b, "", name, labels, hidden))
        return;
    b->prefix = "";
    network->config.labels = labels;
    network->classifier = bind_one(b, "", name, labels, hidden);
    b->prefix = prefix;
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
    tables->table[0] =
        bind_named(b, "", family->weight.words, ".weight", config->vocabulary, config->hidden);
    tables->table[1] =
        bind_named(b, "", family->weight.positions, ".weight", config->positions, config->hidden);
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

static void note_unused(const binder *b)
{
    const cz_network *network = b->network;
    const cz_stored_tensor *stored;
    char shown[256];
    size_t unused = 0;
    for (size_t i = 0; (stored = cz_weights_tensor(network->weights, i)); i++) {
        if (b->seen[i] || is_ignored(network->config.family, stored->name) ||
            unused++ >= NOTES_MOST)
            continue;
        cz_log(&network->hooks, CLOZE_LOG_NOTE, "the tensor \"%s\" is not used",
               cz_printable(shown, sizeof shown, stored->name, strlen(stored->name)));
    }
    if (unused > NOTES_MOST)
        cz_log(&network->hooks, CLOZE_LOG_NOTE, "and %zu more tensors are not used",
               unused - NOTES_MOST);
}

/* ---- small vectors in the run's own type, aligned: kernels read them as they are ---- */

typedef struct conversion {
    cz_parameter *parameters;
    size_t count;
    cz_type type;
    cz_arena arena;
} conversion;

static bool must_convert(const cz_parameter *parameter, cz_type type)
{
    const cz_tensor *value = &parameter->value;
    return value->rows == 1 && (value->type != type || (uintptr_t)value->data % cz_type_size(type));
}

static void convert(cz_tensor *vector, cz_type type, char *to)
{
    size_t size = cz_type_size(type);
    for (size_t i = 0; i < vector->columns; i++) {
        double value = cz_tensor_at(vector, 0, i);
        float narrow = (float)value;
        if (type == CZ_F64)
            memcpy(to + i * size, &value, size);
        else
            memcpy(to + i * size, &narrow, size);
    }
    vector->data = to;
    vector->type = type;
}

/* A task, because tasks round to nearest whatever the caller's thread does. */
static void convert_all(void *context, size_t task, size_t worker)
{
    conversion *job = context;
    (void)task, (void)worker;
    for (size_t i = 0; i < job->count; i++) {
        cz_tensor *value = &job->parameters[i].value;
        if (must_convert(&job->parameters[i], job->type))
            convert(value, job->type,
                    cz_arena_take(&job->arena, value->columns, cz_type_size(job->type)));
    }
}

cloze_status cz_vectors_convert(cz_parameter *parameters, size_t count, cz_type type,
                                const cloze_allocator *allocator, cz_block *memory,
                                cloze_error *error)
{
    conversion job = { parameters, count, type, { NULL, SIZE_MAX, 0, 0 } };
    for (size_t i = 0; i < count; i++)
        if (must_convert(&parameters[i], type) &&
            !cz_arena_take(&job.arena, parameters[i].value.columns, cz_type_size(type)))
            return cz_fail_memory(error, "small weights", SIZE_MAX);
    if (!job.arena.used)
        return CLOZE_OK;
    if (!cz_block_allocate(allocator, job.arena.used, memory))
        return cz_fail_memory(error, "small weights", job.arena.used);
    job.arena = (cz_arena){ memory->data, memory->size, 0, 0 };
    cz_pool_run(NULL, 1, convert_all, &job);
    return CLOZE_OK;
}

/* ---- all of it ---- */

static void bind_all(binder *b)
{
    cz_network *network = b->network;
    char probe[NAME_SIZE];
    snprintf(probe, sizeof probe, "%s%s.weight", b->prefix, network->config.family->weight.words);
    if (!find(b, probe))
        b->prefix = "";
    bind_embeddings(b);
    for (size_t i = 0; i < network->config.layers && !b->status; i++)
        bind_layer(b, i);
    if (b->status)
        return;
    bind_pooler(b);
    bind_classifier(b);
    note_unused(b);
}

cloze_status cz_network_bind(cz_network *network, const cz_network_options *options,
                             cloze_error *error)
{
    const cz_config *config = &network->config;
    const cloze_allocator *allocator = &network->hooks.allocator;
    size_t tensors = cz_weights_count(network->weights);
    size_t parameters = config->layers * PARAMETERS_A_LAYER + PARAMETERS_OUTSIDE;
    binder b = { network, config->family->prefix, error, CLOZE_OK, NULL };

    network->parameters = cz_allocate_zero(allocator, parameters, sizeof *network->parameters);
    network->layers = cz_allocate_zero(allocator, config->layers, sizeof *network->layers);
    b.seen = cz_allocate_zero(allocator, tensors, sizeof *b.seen);
    if (!network->parameters || !network->layers || !b.seen)
        b.status =
            cz_fail_memory(error, "the table of weights", parameters * sizeof *network->parameters);
    else
        bind_all(&b);
    cz_release(allocator, b.seen);
    return b.status ? b.status
                    : cz_vectors_convert(network->parameters, network->parameter_count,
                                         options->backend->type, allocator, &network->vector_memory,
                                         error);
}
