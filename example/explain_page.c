/*
 * explain_page.c - why a classifier says what it says: the fair share of every word and all attention,
 * as one page for the browser.
 *
 * cc explain_page.c -o explain_page $(pkg-config --cflags --libs cloze)
 * ./explain_page MODEL TEXT OUT.html   MODEL: a folder, or a hub name that `cloze pull` has fetched
 */
#include <cloze/cloze.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct parts {
    cloze_page_unit *units;
    cloze_page_token *tokens;
    double *shares;
    cloze_page_layer *layers;
    uint8_t *shades; /* [layers, heads, tokens, tokens] */
} parts;

static bool make_parts(parts *out, cloze_explainer *explainer, const cloze_explained *facts)
{
    out->units = calloc(facts->units, sizeof *out->units);
    out->tokens = calloc(facts->tokens, sizeof *out->tokens);
    out->shares = calloc(facts->units, sizeof *out->shares);
    out->layers = calloc(facts->layers, sizeof *out->layers);
    out->shades = calloc(facts->layers * facts->heads, facts->tokens * facts->tokens);
    if (!out->units || !out->tokens || !out->shares || !out->layers || !out->shades)
        return false;
    for (size_t i = 0; i < facts->units; i++) {
        cloze_explain_span span = cloze_explainer_unit(explainer, i).span;
        out->units[i] = (cloze_page_unit){ span.side, span.begin, span.end };
    }
    for (size_t i = 0; i < facts->tokens; i++) {
        cloze_explain_token token = cloze_explainer_token(explainer, i);
        out->tokens[i] = (cloze_page_token){ token.text, token.span.side, token.span.begin,
                                             token.span.end, token.unit };
    }
    return true;
}

static bool keep_layer(void *context, size_t layer, size_t heads, size_t tokens,
                       const float *weights)
{
    parts *out = context;
    size_t size = heads * tokens * tokens;
    uint8_t *shades = out->shades + (layer - 1) * size;
    cloze_page_shades(weights, size, shades);
    out->layers[layer - 1] = (cloze_page_layer){ layer, shades };
    return true;
}

static bool write_page(cloze_explainer *explainer, cloze_text text, const char *path, parts *made,
                       cloze_error *error)
{
    cloze_explained facts = cloze_explainer_facts(explainer);
    cloze_attribution_options shapley = { .method = CLOZE_METHOD_SHAPLEY };
    if (!make_parts(made, explainer, &facts) ||
        cloze_attribute(explainer, &shapley, made->shares, NULL, NULL, NULL, error) ||
        cloze_explainer_attention(explainer, keep_layer, made, error))
        return false;
    cloze_page_method method = { .name = { "shapley", 7 }, .units = made->shares };
    cloze_page page = { .title = { "Why?", 4 },
                        .texts = { text },
                        .units = made->units,
                        .unit_count = facts.units,
                        .tokens = made->tokens,
                        .token_count = facts.tokens,
                        .methods = &method,
                        .method_count = 1,
                        .layers = made->layers,
                        .layer_count = facts.layers,
                        .heads = facts.heads };
    return !cloze_page_write(&page, path, error);
}

int main(int argc, char **argv)
{
    const cloze_explain_options best = { .target = CLOZE_TARGET_BEST,
                                         .against = CLOZE_TARGET_BEST };
    cloze_model *model = NULL;
    cloze_explainer *explainer = NULL;
    cloze_error error = { CLOZE_ERROR_ARGUMENT, 0, "usage: explain_page MODEL TEXT OUT.html" };
    cloze_text text = { NULL, 0 }, none = { NULL, 0 };
    parts made = { 0 };

    if (argc == 4)
        text = (cloze_text){ argv[2], strlen(argv[2]) };
    bool good = argc == 4 && !cloze_model_open(&model, argv[1], NULL, &error) &&
                !cloze_explainer_new(&explainer, model, text, none, &best, &error) &&
                write_page(explainer, text, argv[3], &made, &error);
    if (!good)
        fprintf(stderr, "explain_page: %s\n", error.message);
    cloze_explainer_free(explainer);
    cloze_model_free(model);
    free(made.units);
    free(made.tokens);
    free(made.shares);
    free(made.layers);
    free(made.shades);
    return good ? 0 : 1;
}
