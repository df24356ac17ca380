/*
 * compare.c - hidden states against a reference file. What the file says is checked before it is
 * used; differences are taken in double.
 */
#include "task/engine.h"

#include "base/error.h"

#include <cloze/compare.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct reference {
    const cloze_allocator *allocator;
    cz_weights *file;
    size_t tokens, sequences;
    uint32_t *ids, *types; /* types NULL: none in the file */
    size_t *offsets;
    const cz_stored_tensor **layer; /* [layers + 1], NULL where absent */
    float **states;
} reference;

static size_t elements(const cz_stored_tensor *tensor)
{
    size_t count = 1;
    for (int i = 0; i < tensor->rank; i++)
        count *= tensor->shape[i];
    return count;
}

static cloze_status find_integers(const reference *r, const char *name, bool needed,
                                  const cz_stored_tensor **out, cloze_error *error)
{
    *out = cz_weights_find(r->file, name);
    if (!*out && needed)
        return cz_fail(error, CLOZE_ERROR_NOT_FOUND, "the reference lacks the tensor \"%s\"", name);
    if (*out && (*out)->type != CZ_I64)
        return cz_fail(error, CLOZE_ERROR_FORMAT, "the reference's \"%s\" is not I64", name);
    return CLOZE_OK;
}

static int64_t integer_at(const cz_stored_tensor *tensor, size_t i)
{
    int64_t value;
    memcpy(&value, (const char *)tensor->data + i * sizeof value, sizeof value);
    return value;
}

static cloze_status read_ids(reference *r, const cz_stored_tensor *stored, size_t limit,
                             uint32_t **out, cloze_error *error)
{
    if (elements(stored) != r->tokens)
        return cz_fail(error, CLOZE_ERROR_FORMAT, "the reference's \"%s\" has %zu numbers, not %zu",
                       stored->name, elements(stored), r->tokens);
    if (!(*out = cz_allocate(r->allocator, r->tokens, sizeof **out)))
        return cz_fail_memory(error, "ids", r->tokens * sizeof **out);
    for (size_t i = 0; i < r->tokens; i++) {
        int64_t id = integer_at(stored, i);
        if (id < 0 || (uint64_t)id >= limit)
            return cz_fail(error, CLOZE_ERROR_FORMAT,
                           "the reference's \"%s\" has %lld at %zu; the model knows 0 to %zu",
                           stored->name, (long long)id, i, limit - 1);
        (*out)[i] = (uint32_t)id;
    }
    return CLOZE_OK;
}

static cloze_status read_offsets(reference *r, const cz_stored_tensor *stored, cloze_error *error)
{
    size_t count = elements(stored);
    if (count < 2)
        return cz_fail(error, CLOZE_ERROR_FORMAT, "the reference's \"offsets\" has %zu numbers",
                       count);
    if (!(r->offsets = cz_allocate(r->allocator, count, sizeof *r->offsets)))
        return cz_fail_memory(error, "offsets", count * sizeof *r->offsets);
    for (size_t i = 0; i < count; i++) {
        int64_t offset = integer_at(stored, i);
        bool good = i ? offset > 0 && (uint64_t)offset > r->offsets[i - 1] : offset == 0;
        if (!good || (uint64_t)offset > r->tokens ||
            (i + 1 == count && (uint64_t)offset < r->tokens))
            return cz_fail(error, CLOZE_ERROR_FORMAT,
                           "the reference's \"offsets\" do not ascend from 0 to %zu", r->tokens);
        r->offsets[i] = (size_t)offset;
    }
    r->sequences = count - 1;
    return CLOZE_OK;
}

static cloze_status read_inputs(reference *r, const cz_config *config, cloze_error *error)
{
    const cz_stored_tensor *ids, *types, *offsets;
    cloze_status status;
    if ((status = find_integers(r, "input_ids", true, &ids, error)) ||
        (status = find_integers(r, "offsets", true, &offsets, error)) ||
        (status = find_integers(r, "token_type_ids", false, &types, error)))
        return status;
    r->tokens = elements(ids);
    if ((status = read_ids(r, ids, config->vocabulary, &r->ids, error)) ||
        (types && config->types && (status = read_ids(r, types, config->types, &r->types, error))))
        return status;
    return read_offsets(r, offsets, error);
}

static cloze_status find_layers(reference *r, const cz_config *config, cloze_error *error)
{
    bool any = false;
    size_t count = config->layers + 1;
    r->layer = cz_allocate_zero(r->allocator, count, sizeof *r->layer);
    r->states = cz_allocate_zero(r->allocator, count, sizeof *r->states);
    if (!r->layer || !r->states)
        return cz_fail_memory(error, "layers", count * sizeof *r->layer);
    for (size_t i = 0; i < count; i++) {
        char name[32];
        snprintf(name, sizeof name, "hidden.%zu", i);
        const cz_stored_tensor *stored = cz_weights_find(r->file, name);
        if (!stored)
            continue;
        if (stored->rank != 2 || stored->shape[0] != r->tokens ||
            stored->shape[1] != config->hidden || stored->type > CZ_BF16)
            return cz_fail(error, CLOZE_ERROR_FORMAT,
                           "the reference's \"%s\" is not a tensor [%zu, %zu] of floats", name,
                           r->tokens, config->hidden);
        r->states[i] = cz_allocate(r->allocator, elements(stored), sizeof(float));
        if (!r->states[i])
            return cz_fail_memory(error, name, elements(stored) * sizeof(float));
        r->layer[i] = stored;
        any = true;
    }
    return any ? CLOZE_OK
               : cz_fail(error, CLOZE_ERROR_NOT_FOUND,
                         "the reference has no hidden states (hidden.0 to hidden.%zu)",
                         config->layers);
}

/* Element i as a double; files align nothing. */
static double number_at(const cz_stored_tensor *stored, size_t i)
{
    size_t size = cz_type_size(stored->type);
    uint64_t room;
    cz_tensor one = { &room, 1, 1, 1, stored->type, false, NULL };
    memcpy(&room, (const char *)stored->data + i * size, size);
    return cz_tensor_at(&one, 0, 0);
}

static cloze_layer_difference difference(const cz_stored_tensor *stored, const float *states)
{
    cloze_layer_difference found = { .present = true };
    size_t count = elements(stored), columns = stored->shape[1];
    for (size_t i = 0; i < count; i++) {
        double expected = number_at(stored, i), far = fabs((double)states[i] - expected);
        if (!isfinite(far))
            far = (double)INFINITY;
        if (fabs(expected) > found.scale)
            found.scale = fabs(expected);
        if (far > found.largest) {
            found.largest = far;
            found.token = i / columns;
            found.column = i % columns;
        }
    }
    return found;
}

static void write_report(const reference *r, size_t count, cloze_layer_difference *layers,
                         cloze_comparison *summary)
{
    cloze_comparison all = { .sequences = r->sequences, .tokens = r->tokens };
    for (size_t i = 0; i < count; i++) {
        layers[i] = (cloze_layer_difference){ 0 };
        if (!r->layer[i])
            continue;
        layers[i] = difference(r->layer[i], r->states[i]);
        double relative =
            layers[i].scale > 0 ? layers[i].largest / layers[i].scale : layers[i].largest;
        if (!isfinite(relative)) /* a reference that is not finite is no reference */
            relative = (double)INFINITY;
        all.layers++;
        if (relative > all.largest)
            all.largest = relative;
    }
    if (summary)
        *summary = all;
}

static void clear(reference *r, size_t count)
{
    for (size_t i = 0; r->states && i < count; i++)
        cz_release(r->allocator, r->states[i]);
    cz_release(r->allocator, r->states);
    cz_release(r->allocator, r->layer);
    cz_release(r->allocator, r->offsets);
    cz_release(r->allocator, r->types);
    cz_release(r->allocator, r->ids);
    cz_weights_close(r->file);
}

cloze_status cloze_compare(cloze_session *session, const char *path, cloze_layer_difference *layers,
                           cloze_comparison *summary, cloze_error *error)
{
    const cz_config *config = &session->model->network->config;
    reference r = { .allocator = &session->hooks.allocator };
    cz_weights_options how = { false, r.allocator };
    cloze_status status = cz_weights_open_file(&r.file, path, &how, error);
    if (!status)
        status = read_inputs(&r, config, error);
    if (!status)
        status = find_layers(&r, config, error);
    if (!status)
        status =
            cloze_hidden_states(session, r.ids, r.types, r.offsets, r.sequences, r.states, error);
    if (!status)
        status = cz_weights_check(r.file, error);
    if (!status)
        write_report(&r, config->layers + 1, layers, summary);
    clear(&r, config->layers + 1);
    return status;
}
