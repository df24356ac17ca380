/* gradients.c - attributions from one gradient at the input as it is. */
#include "explain/explainer.h"

#include "base/error.h"

#include <math.h>

typedef struct at_input {
    double *tokens;
    double *rows; /* [tokens, width] the words' embeddings, or what lies at the layer */
} at_input;

int64_t cz_gradient_layer(const cloze_attribution_options *options)
{
    return options->has_layer ? options->layer : CZ_AT_WORDS;
}

static cloze_status keep_length(void *context, size_t copy, double value, const double *gradient,
                                size_t length, size_t width, cloze_error *error)
{
    const at_input *at = context;
    (void)copy;
    (void)value;
    (void)error;
    for (size_t i = 0; i < length; i++) {
        double squares = 0;
        for (size_t c = 0; c < width; c++)
            squares += gradient[i * width + c] * gradient[i * width + c];
        at->tokens[i] = sqrt(squares);
    }
    return CLOZE_OK;
}

cloze_status cz_saliency(cloze_explainer *e, const cloze_attribution_options *options,
                         cz_attribution *out, cloze_error *error)
{
    at_input at = { .tokens = out->tokens };
    cz_copies copies = {
        .count = 1, .layer = cz_gradient_layer(options), .done = keep_length, .context = &at
    };
    cloze_status status = cz_copies_run(e, &copies, error);
    if (!status)
        cz_units_of_tokens(e, out);
    return status;
}

/* What lies at the layer is seen on the way; nothing is moved. */
static void keep_rows(void *context, size_t copy, double *rows, size_t length, size_t width)
{
    const at_input *at = context;
    (void)copy;
    for (size_t i = 0; i < length * width; i++)
        at->rows[i] = rows[i];
}

static cloze_status keep_product(void *context, size_t copy, double value, const double *gradient,
                                 size_t length, size_t width, cloze_error *error)
{
    const at_input *at = context;
    (void)copy;
    (void)value;
    (void)error;
    for (size_t i = 0; i < length; i++) {
        at->tokens[i] = 0;
        for (size_t c = i * width; c < (i + 1) * width; c++)
            at->tokens[i] += at->rows[c] * gradient[c];
    }
    return CLOZE_OK;
}

cloze_status cz_input_x_gradient(cloze_explainer *e, const cloze_attribution_options *options,
                                 cz_attribution *out, cloze_error *error)
{
    const cloze_allocator *allocator = &e->hooks.allocator;
    int64_t layer = cz_gradient_layer(options);
    size_t count = e->length * cz_width_at(e, layer);
    at_input at = { .tokens = out->tokens };
    at.rows = cz_allocate(allocator, count, sizeof *at.rows);
    if (!at.rows)
        return cz_fail_memory(error, "an input's rows", count * sizeof *at.rows);
    if (layer == CZ_AT_WORDS)
        cz_word_rows(e, at.rows);
    cz_copies copies = { .count = 1,
                         .layer = layer,
                         .move = layer == CZ_AT_WORDS ? NULL : keep_rows,
                         .done = keep_product,
                         .context = &at };
    cloze_status status = cz_copies_run(e, &copies, error);
    if (!status)
        cz_units_of_tokens(e, out);
    cz_release(allocator, at.rows);
    return status;
}
