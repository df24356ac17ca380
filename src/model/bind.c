/*
 * bind.c - see bind.h. Prefixes present or absent, old names, shapes checked first. What an encoder
 * and its heads consist of is in bind_encoder.c and bind_heads.c.
 */
#include "model/bind.h"

#include "base/error.h"
#include "model/family.h"

#include <stdio.h>
#include <string.h>

enum { PARAMETERS_A_LAYER = 24, PARAMETERS_OUTSIDE = 48, NOTES_MOST = 16 };

/* LayerNorm's parameters were once called gamma and beta. */
static const char *old_name(const char *name, char *out)
{
    static const char *const pairs[][2] = { { "LayerNorm.weight", "LayerNorm.gamma" },
                                            { "LayerNorm.bias", "LayerNorm.beta" } };
    size_t length = strlen(name);
    for (size_t i = 0; i < 2; i++) {
        size_t tail = strlen(pairs[i][0]);
        if (length >= tail && !strcmp(name + length - tail, pairs[i][0])) {
            snprintf(out, CZ_NAME_SIZE, "%.*s%s", (int)(length - tail), name, pairs[i][1]);
            return out;
        }
    }
    return NULL;
}

const cz_stored_tensor *cz_bind_find(const cz_binder *b, const char *name)
{
    char old[CZ_NAME_SIZE];
    const cz_stored_tensor *made = cz_made_find(b->network, name);
    if (made)
        return made;
    const cz_stored_tensor *stored = cz_weights_find(b->network->weights, name);
    if (!stored && old_name(name, old))
        stored = cz_weights_find(b->network->weights, old);
    if (stored)
        b->seen[stored - cz_weights_tensor(b->network->weights, 0)] = true;
    return stored;
}

static bool has_shape(const cz_stored_tensor *stored, size_t rows, size_t columns, size_t kernel)
{
    if (stored->rank == 1)
        return rows == 1 && stored->shape[0] == columns;
    if (kernel)
        return stored->rank == 3 && stored->shape[0] == rows &&
               stored->shape[1] == columns / kernel && stored->shape[2] == kernel;
    return stored->rank == 2 && stored->shape[0] == rows && stored->shape[1] == columns;
}

static const char *shape_text(char out[64], size_t rows, size_t columns, size_t kernel)
{
    if (kernel)
        snprintf(out, 64, "[%zu, %zu, %zu]", rows, columns / kernel, kernel);
    else
        snprintf(out, 64, "[%zu, %zu]", rows, columns);
    return out;
}

static bool is_number(cz_type type)
{
    return type == CZ_F32 || type == CZ_F16 || type == CZ_BF16 || type == CZ_F64;
}

/* The stored tensor, or NULL and in `why` [CZ_REASON_SIZE] what is wrong with it. */
const cz_stored_tensor *cz_bind_find_fitting(const cz_binder *b, const char *name, size_t rows,
                                             size_t columns, cloze_status *status, char *why)
{
    const cz_stored_tensor *stored = cz_bind_find(b, name);
    size_t kernel = rows > 1 ? b->kernel : 0; /* one row is a bias */
    char shape[64];
    if (!stored && b->making)
        stored = cz_make(b, name, rows, columns);
    *status = CLOZE_ERROR_FORMAT;
    if (!stored && b->making) {
        *status = CLOZE_ERROR_MEMORY;
        snprintf(why, CZ_REASON_SIZE, "out of memory: the new tensor \"%.200s\" %s", name,
                 shape_text(shape, rows, columns, kernel));
    } else if (!stored) {
        *status = CLOZE_ERROR_NOT_FOUND;
        snprintf(why, CZ_REASON_SIZE,
                 "the weights lack the tensor \"%.200s\" %s that this model needs", name,
                 shape_text(shape, rows, columns, kernel));
    } else if (!is_number(stored->type)) {
        snprintf(why, CZ_REASON_SIZE, "tensor \"%.200s\" is of a type that cannot be a weight",
                 name);
    } else if (!has_shape(stored, rows, columns, kernel)) {
        snprintf(why, CZ_REASON_SIZE,
                 "tensor \"%.200s\" has not the shape %s that config.json asks for", name,
                 shape_text(shape, rows, columns, kernel));
    } else {
        *status = CLOZE_OK;
        return stored;
    }
    return NULL;
}

cz_parameter *cz_bind_more(cz_binder *b)
{
    cz_network *network = b->network;
    if (network->parameter_count == b->room) {
        b->status = cz_fail(b->error, CLOZE_ERROR_LIMIT,
                            "the model has more weights than layers of its family can have");
        return NULL;
    }
    cz_parameter *parameter = &network->parameters[network->parameter_count];
    parameter->index = network->parameter_count++;
    return parameter;
}

static const cz_parameter *bind(cz_binder *b, const char *name, size_t rows, size_t columns)
{
    cz_network *network = b->network;
    char why[CZ_REASON_SIZE];
    cloze_status status;
    if (b->status)
        return NULL;
    const cz_stored_tensor *stored = cz_bind_find_fitting(b, name, rows, columns, &status, why);
    if (!stored) {
        b->status = cz_fail(b->error, status, "%s", why);
        return NULL;
    }
    cz_parameter *parameter = cz_bind_more(b);
    if (!parameter)
        return NULL;
    parameter->name = stored->name;
    parameter->depth = b->depth;
    parameter->of_head = b->of_head;
    parameter->head = b->head;
    parameter->is_matrix = stored->rank >= 2 && !b->vector;
    parameter->kernel = stored->rank == 3 ? b->kernel : 0;
    parameter->value = (cz_tensor){
        (void *)(uintptr_t)stored->data, rows, columns, columns, stored->type, false, NULL
    };
    network->elements += rows * columns;
    network->mapped += stored->size;
    return parameter;
}

const cz_parameter *cz_bind_named(cz_binder *b, const char *layer, const char *name,
                                  const char *suffix, size_t rows, size_t columns)
{
    char full[CZ_NAME_SIZE];
    snprintf(full, sizeof full, "%s%s%s%s", b->prefix, layer, name, suffix);
    return bind(b, full, rows, columns);
}

cz_linear_weights cz_bind_linear(cz_binder *b, const char *layer, const char *const *names,
                                 int parts, size_t out, size_t in)
{
    cz_linear_weights linear = { .weight = {
                                     .in = in, .out = out * (size_t)parts, .parts = parts } };
    for (int i = 0; i < parts && !b->status; i++) {
        linear.part[i] = cz_bind_named(b, layer, names[i], ".weight", out, in);
        if (!b->unbiased)
            linear.bias[i] = cz_bind_named(b, layer, names[i], ".bias", 1, out);
        if (b->status)
            break;
        linear.weight.part[i] = &linear.part[i]->value;
        linear.weight.bias[i] = b->unbiased ? NULL : &linear.bias[i]->value;
    }
    return linear;
}

cz_norm_weights cz_bind_norm(cz_binder *b, const char *layer, const char *name, size_t columns)
{
    const cz_config *config = &b->network->config;
    cz_norm_weights norm = { .epsilon = config->epsilon };
    b->vector = true;
    norm.gain = cz_bind_named(b, layer, name, ".weight", 1, columns);
    if (!config->unbiased_norms)
        norm.shift = cz_bind_named(b, layer, name, ".bias", 1, columns);
    b->vector = false;
    return norm;
}

/* ---- all of it ---- */

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

static void note_unused(const cz_binder *b)
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

static void bind_all(cz_binder *b)
{
    char probe[CZ_NAME_SIZE];
    snprintf(probe, sizeof probe, "%s%s.weight", b->prefix,
             b->network->config.family->weight.words);
    b->making = b->anew && b->anew->all;
    if (!cz_bind_find(b, probe) && !b->making)
        b->prefix = "";
    cz_bind_encoder(b);
    if (b->status)
        return;
    cz_bind_heads(b);
    note_unused(b);
    cz_bind_adapters(b);
    cz_bind_lesson(b);
}

cloze_status cz_network_bind(cz_network *network, const cz_network_options *options,
                             cloze_error *error)
{
    const cz_config *config = &network->config;
    const cloze_allocator *allocator = &network->hooks.allocator;
    size_t tensors = cz_weights_count(network->weights);
    size_t turns = config->layers * config->inner;
    cz_binder b = {
        .network = network, .prefix = config->family->prefix, .error = error, .anew = options->anew
    };

    network->layer_count = config->groups * config->inner;
    b.room = network->layer_count * PARAMETERS_A_LAYER + PARAMETERS_OUTSIDE +
             2 * cz_adapters_most(network, options->anew);
    network->parameters = cz_allocate_zero(allocator, b.room, sizeof *network->parameters);
    network->layers = cz_allocate_zero(allocator, network->layer_count, sizeof *network->layers);
    network->turns = cz_allocate_zero(allocator, turns, sizeof *network->turns);
    b.seen = cz_allocate_zero(allocator, tensors, sizeof *b.seen);
    if (!network->parameters || !network->layers || !network->turns || !b.seen)
        b.status =
            cz_fail_memory(error, "the table of weights", b.room * sizeof *network->parameters);
    else
        bind_all(&b);
    if (!b.status)
        cz_make_angles(&b, options->backend->type);
    cz_release(allocator, b.seen);
    return b.status ? b.status
                    : cz_vectors_convert(network->parameters, network->parameter_count,
                                         options->backend->type, allocator, &network->vector_memory,
                                         error);
}
