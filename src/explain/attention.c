/* attention.c - what tokens look at. */
#include "explain/explainer.h"

#include "base/error.h"

#include <string.h>

typedef struct visiting {
    const cloze_explainer *explainer;
    cloze_attention_visit *visit;
    void *context;
    float *weights; /* [heads, tokens, tokens] */
    bool stopped;
} visiting;

static void look(void *context, const cz_look *at, cz_tensor *tensor)
{
    visiting *v = context;
    size_t tokens = v->explainer->length, heads = tensor->rows / tokens;
    bool whole = tensor->columns == tokens && tensor->rows == heads * tokens;
    if (v->stopped || strcmp(at->point->name, "attention.probabilities") || !whole)
        return;
    for (size_t r = 0; r < tensor->rows; r++)
        for (size_t c = 0; c < tokens; c++)
            v->weights[r * tokens + c] = (float)cz_tensor_at(tensor, r, c);
    v->stopped = !v->visit(v->context, at->point->layer, heads, tokens, v->weights);
}

cloze_status cloze_explainer_attention(cloze_explainer *e, cloze_attention_visit *visit,
                                       void *context, cloze_error *error)
{
    const cz_network *network = e->model->network;
    size_t count = network->config.heads;
    if (network->layers[0].mixes)
        return cz_fail(error, CLOZE_ERROR_UNSUPPORTED, "%.200s has no attention: it mixes tokens",
                       e->model->path);
    visiting v = { .explainer = e, .visit = visit, .context = context };
    if (cz_multiply(count, e->length, &count) && cz_multiply(count, e->length, &count))
        v.weights = cz_allocate(&e->hooks.allocator, count, sizeof *v.weights);
    if (!v.weights)
        return cz_fail_memory(error, "the attention of a layer", count * sizeof *v.weights);
    cz_copies copies = { .count = 1,
                         .layer = CZ_AT_WORDS,
                         .no_gradient = true,
                         .look = look,
                         .attention = true,
                         .context = &v };
    cloze_status status = cz_copies_run(e, &copies, error);
    cz_release(&e->hooks.allocator, v.weights);
    if (!status && v.stopped)
        return cz_fail(error, CLOZE_ERROR_CANCELLED, "cancelled");
    return status;
}
