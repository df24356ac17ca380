/*
 * value_zeroing.c - how far a token's state turns when a layer does not get another token's value. One
 * packed run of as many copies as there are tokens serves all layers: behind each layer the copies are
 * put back to the states of the input as it is.
 */
#include "explain/attention.h"

#include "base/error.h"

#include <math.h>
#include <string.h>

typedef struct zeroing {
    cz_mixing *mixing;
    size_t width;   /* of states */
    double *states; /* [layers, tokens, width] of the input as it is */
    double *row;    /* [width] */
} zeroing;

static double *state_of(const zeroing *z, size_t layer, size_t token)
{
    return z->states + ((layer - 1) * z->mixing->tokens + token) * z->width;
}

static void keep_states(void *context, const cz_look *at, cz_tensor *tensor)
{
    const zeroing *z = context;
    if (strcmp(at->point->name, "layer"))
        return;
    for (size_t i = 0; i < z->mixing->tokens; i++)
        cz_row_read(tensor, i, state_of(z, at->point->layer, i));
}

/* 1 - cosine, as half the square of how far the two directions are apart: near 0 the difference from
 * 1 would be lost. */
static double turned(const double *a, const double *b, size_t count)
{
    double length_a = 0, length_b = 0, apart = 0;
    for (size_t c = 0; c < count; c++) {
        length_a += a[c] * a[c];
        length_b += b[c] * b[c];
    }
    if (!(length_a > 0) || !(length_b > 0))
        return length_a > 0 || length_b > 0;
    length_a = sqrt(length_a);
    length_b = sqrt(length_b);
    for (size_t c = 0; c < count; c++) {
        double d = a[c] / length_a - b[c] / length_b;
        apart += d * d;
    }
    return apart / 2;
}

/* Copy j loses the value of token j: `part` of that many equally wide ones in a row. */
static void zero_values(const cz_look *at, const cz_tensor *tensor, size_t part, size_t parts)
{
    size_t width = tensor->columns / parts;
    for (size_t s = 0; s < at->count; s++) {
        cz_tensor values = cz_tensor_columns(tensor, part * width, width);
        size_t row = at->packing->begin[s] + at->first + s;
        memset((char *)values.data + row * values.stride * cz_type_size(values.type), 0,
               width * cz_type_size(values.type));
    }
}

static void compare_states(const zeroing *z, const cz_look *at, const cz_tensor *tensor)
{
    size_t n = z->mixing->tokens, layer = at->point->layer;
    double *matrix = cz_mixing_of(z->mixing, layer - 1);
    for (size_t s = 0; s < at->count; s++)
        for (size_t i = 0; i < n; i++) {
            size_t row = at->packing->begin[s] + i;
            const double *state = state_of(z, layer, i);
            cz_row_read(tensor, row, z->row);
            matrix[i * n + at->first + s] = turned(state, z->row, z->width);
            cz_row_write(tensor, row, state);
        }
}

static void change(void *context, const cz_look *at, cz_tensor *tensor)
{
    if (!strcmp(at->point->name, "attention.projections"))
        zero_values(at, tensor, 2, 3);
    else if (!strcmp(at->point->name, "attention.global_projections"))
        zero_values(at, tensor, 1, 2);
    else if (!strcmp(at->point->name, "layer"))
        compare_states(context, at, tensor);
}

static cloze_status check(const cloze_explainer *e, cloze_error *error)
{
    cloze_status status = cz_attention_check(e, error);
    if (!status && e->model->network->config.inner > 1)
        return cz_fail(
            error, CLOZE_ERROR_UNSUPPORTED,
            "the layers of %.200s have %zu inner ones each: value zeroing is not defined "
            "of them",
            e->model->path, e->model->network->config.inner);
    return status;
}

static cloze_status run(cloze_explainer *e, zeroing *z, cloze_error *error)
{
    cz_copies copies = {
        .count = 1, .layer = CZ_AT_WORDS, .no_gradient = true, .look = keep_states, .context = z
    };
    e->runs_total = e->length + 1;
    cloze_status status = cz_copies_run(e, &copies, error);
    copies.count = e->length;
    copies.look = change;
    return status ? status : cz_copies_run(e, &copies, error);
}

static cloze_status zero_all(cloze_explainer *e, cz_mixing *out, cloze_error *error)
{
    zeroing z = { .mixing = out, .width = e->model->network->config.hidden };
    cloze_status status = check(e, error);
    size_t count;
    if (!status)
        status = cz_mixing_make(e, out, error);
    if (status)
        return status;
    if (cz_multiply(out->turns, z.width, &count) && cz_multiply(count, e->length, &count))
        z.states = cz_allocate(&e->hooks.allocator, count, sizeof *z.states);
    z.row = cz_allocate(&e->hooks.allocator, z.width, sizeof *z.row);
    status = z.states && z.row ? run(e, &z, error)
                               : cz_fail_memory(error, "states of all layers", e->length * z.width);
    if (!status)
        cz_mixing_normalize(out);
    cz_release(&e->hooks.allocator, z.states);
    cz_release(&e->hooks.allocator, z.row);
    return status;
}

cloze_status cz_value_zeroing(cloze_explainer *e, const cloze_attribution_options *options,
                              cz_attribution *out, cloze_error *error)
{
    cz_mixing mixing = { 0 };
    cloze_status status = zero_all(e, &mixing, error);
    (void)options;
    if (!status)
        status = cz_mixing_attribute(e, &mixing, out, error);
    cz_mixing_clear(e, &mixing);
    return status;
}

cloze_status cloze_explainer_value_zeroing(cloze_explainer *e, cloze_matrix_visit *visit,
                                           void *context, cloze_error *error)
{
    cz_mixing mixing = { 0 };
    e->runs_done = 0;
    cloze_status status = zero_all(e, &mixing, error);
    if (!status)
        status = cz_mixing_show(e, &mixing, false, visit, context, error);
    cz_mixing_clear(e, &mixing);
    return status;
}
