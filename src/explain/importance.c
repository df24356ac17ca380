/*
 * importance.c - how much heads and layers of attention matter for F: its slope over a factor of what a head
 * makes, or F without the head.
 */
#include "explain/explainer.h"

#include "base/error.h"

#include <string.h>

typedef struct weighing {
    const cloze_explainer *explainer;
    size_t layers, heads, inner; /* blocks of attention in a layer */
    cz_tensor **made;            /* [layers * inner] by gradient: what heads made */
    double *values; /* by masking: [layers * heads] heads, [layers] layers, [1] nothing masked */
    double *of_heads, *of_layers;
} weighing;

static bool is_made_by_heads(const cz_look *at)
{
    return !strcmp(at->point->name, "attention.context");
}

/* ---- by gradient ---- */

static void keep_made(void *context, const cz_look *at, cz_tensor *tensor)
{
    const weighing *w = context;
    if (is_made_by_heads(at))
        w->made[at->point->layer - 1] = tensor;
}

/* dF/dfactor, where the factor is 1. */
static double slope_of(const cz_tensor *made, size_t head, size_t heads)
{
    size_t width = made->columns / heads;
    double slope = 0;
    for (size_t r = 0; r < made->rows && made->gradient; r++)
        for (size_t c = head * width; c < (head + 1) * width; c++)
            slope += cz_tensor_at(made, r, c) * cz_tensor_at(made->gradient, r, c);
    return slope;
}

static cloze_status sum_slopes(void *context, size_t copy, double value, const double *gradient,
                               size_t length, size_t width, cloze_error *error)
{
    const weighing *w = context;
    (void)copy;
    (void)value;
    (void)gradient;
    (void)length;
    (void)width;
    (void)error;
    memset(w->of_heads, 0, w->layers * w->heads * sizeof *w->of_heads);
    for (size_t turn = 0; turn < w->layers * w->inner; turn++)
        for (size_t h = 0; h < w->heads && w->made[turn]; h++)
            w->of_heads[turn / w->inner * w->heads + h] += slope_of(w->made[turn], h, w->heads);
    for (size_t layer = 0; layer < w->layers && w->of_layers; layer++) {
        w->of_layers[layer] = 0;
        for (size_t h = 0; h < w->heads; h++)
            w->of_layers[layer] += w->of_heads[layer * w->heads + h];
    }
    return CLOZE_OK;
}

static cloze_status by_gradient(cloze_explainer *e, weighing *w, cloze_error *error)
{
    const cloze_allocator *allocator = &e->hooks.allocator;
    cz_copies copies = {
        .count = 1, .layer = CZ_AT_WORDS, .look = keep_made, .done = sum_slopes, .context = w
    };
    w->made = cz_allocate_zero(allocator, w->layers * w->inner, sizeof *w->made);
    cloze_status status =
        w->made ? cz_copies_run(e, &copies, error)
                : cz_fail_memory(error, "what heads make", w->layers * sizeof *w->made);
    cz_release(allocator, w->made);
    return status;
}

/* ---- by masking ---- */

static void clear_columns(const cz_tensor *x, size_t row, size_t first, size_t count)
{
    size_t size = cz_type_size(x->type);
    memset((char *)x->data + (row * x->stride + first) * size, 0, count * size);
}

/* Copies are numbered as `values` is. */
static void mask_copies(void *context, const cz_look *at, cz_tensor *tensor)
{
    const weighing *w = context;
    size_t width = tensor->columns / w->heads;
    if (!is_made_by_heads(at))
        return;
    size_t layer = (at->point->layer - 1) / w->inner;
    for (size_t s = 0; s < at->count; s++) {
        size_t copy = at->first + s, begin = at->packing->begin[s];
        bool head = copy < w->layers * w->heads && copy / w->heads == layer;
        bool whole = copy == w->layers * w->heads + layer;
        for (size_t r = 0; r < at->packing->length[s] && (head || whole); r++)
            clear_columns(tensor, begin + r, head ? copy % w->heads * width : 0,
                          head ? width : tensor->columns);
    }
}

static cloze_status keep_value(void *context, size_t copy, double value, const double *gradient,
                               size_t length, size_t width, cloze_error *error)
{
    const weighing *w = context;
    (void)gradient;
    (void)length;
    (void)width;
    (void)error;
    w->values[copy] = value;
    return CLOZE_OK;
}

static cloze_status by_masking(cloze_explainer *e, weighing *w, cloze_error *error)
{
    const cloze_allocator *allocator = &e->hooks.allocator;
    size_t heads = w->layers * w->heads, count = heads + w->layers + 1;
    cz_copies copies = { .count = count,
                         .layer = CZ_AT_WORDS,
                         .no_gradient = true,
                         .look = mask_copies,
                         .done = keep_value,
                         .context = w };
    e->runs_total = count;
    w->values = cz_allocate(allocator, count, sizeof *w->values);
    if (!w->values)
        return cz_fail_memory(error, "values of masked heads", count * sizeof *w->values);
    cloze_status status = cz_copies_run(e, &copies, error);
    for (size_t i = 0; i < heads && !status; i++)
        w->of_heads[i] = w->values[count - 1] - w->values[i];
    for (size_t i = 0; i < w->layers && w->of_layers && !status; i++)
        w->of_layers[i] = w->values[count - 1] - w->values[heads + i];
    cz_release(allocator, w->values);
    return status;
}

cloze_status cloze_head_importance(cloze_explainer *explainer, cloze_importance way, double *heads,
                                   double *layers, cloze_error *error)
{
    const cz_network *network = explainer->model->network;
    weighing w = { .explainer = explainer,
                   .layers = network->config.layers,
                   .heads = network->config.heads,
                   .inner = network->config.inner,
                   .of_heads = heads,
                   .of_layers = layers };
    if (network->layers[0].mixes)
        return cz_fail(error, CLOZE_ERROR_UNSUPPORTED, "%.200s has no attention: it mixes tokens",
                       explainer->model->path);
    explainer->runs_done = explainer->runs_total = 0;
    switch (way) {
    case CLOZE_IMPORTANCE_GRADIENT:
        return by_gradient(explainer, &w, error);
    case CLOZE_IMPORTANCE_MASKING:
        return by_masking(explainer, &w, error);
    default:
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "there is no such importance");
    }
}
