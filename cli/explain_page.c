/* explain_page.c - an explanation as a page: all methods, attention of all heads, and the record. */
#include "explain.h"

#include "say.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE = 500, FIGURES = 7 };

typedef struct page_parts {
    cloze_page_unit *units;     /* [units] */
    cloze_page_token *tokens;   /* [tokens] */
    cloze_page_method *methods; /* [count] */
    cloze_page_figure *figures; /* [count, FIGURES] of methods */
    cloze_page_figure figure;   /* of the page */
    cloze_page_layer *layers;   /* [layers] */
    uint8_t *shades;            /* [layers, heads, tokens, tokens] */
    char title[LINE], prediction[LINE];
    char *record;
    size_t record_size;
} page_parts;

static int out_of_memory(void)
{
    return say_failure(CLOZE_ERROR_MEMORY, "out of memory");
}

static cloze_text text_of(const char *text)
{
    return (cloze_text){ text, strlen(text) };
}

/* ---- what there is ---- */

static void fill_pieces(page_parts *out, const cli_explanation *x)
{
    for (size_t i = 0; i < x->facts.units; i++) {
        cloze_explain_part part = cloze_explainer_unit(x->explainer, i);
        out->units[i] = (cloze_page_unit){ part.span.side, part.span.begin,
                                           part.span.begin + explanation_unit(x, i).size };
    }
    for (size_t i = 0; i < x->facts.tokens; i++) {
        cloze_explain_token token = cloze_explainer_token(x->explainer, i);
        out->tokens[i] = (cloze_page_token){ token.text, token.span.side, token.span.begin,
                                             token.span.end, token.unit };
    }
}

/* Those that the method reports. */
static size_t fill_figures(cloze_page_figure *out, const cloze_attribution_report *r)
{
    const cloze_page_figure all[FIGURES] = {
        { text_of("F"), r->value },
        { text_of("F of nothing"), r->nothing },
        { text_of("sum"), r->sum },
        { text_of("gap"), r->gap },
        { text_of("fit (R\xc2\xb2)"), r->fit },
        { text_of("inputs asked"), (double)r->runs },
        { text_of("steps"), r->steps ? (double)r->steps : NAN },
    };
    size_t count = 0;
    for (size_t i = 0; i < FIGURES; i++)
        if (!isnan(all[i].value))
            out[count++] = all[i];
    return count;
}

static bool any_finite(const double *numbers, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (isfinite(numbers[i]))
            return true;
    return false;
}

static void fill_methods(page_parts *out, const cli_explanation *x)
{
    for (size_t i = 0; i < x->count; i++) {
        const cli_attribution *made = &x->made[i];
        cloze_page_figure *figures = out->figures + i * FIGURES;
        out->methods[i] = (cloze_page_method){
            .name = text_of(cloze_explain_method_name(made->options.method)),
            .note = text_of(explain_method_answer(made->options.method)),
            .units = made->units,
            .spread = made->report.exact ? NULL : made->spread,
            .tokens = any_finite(made->tokens, x->facts.tokens) ? made->tokens : NULL,
            .figures = figures,
            .figure_count = fill_figures(figures, &made->report),
        };
    }
}

/* Of many the one whose number everybody understands: what happens without the word. */
static size_t method_shown(const cli_explanation *x)
{
    for (size_t i = 0; i < x->count; i++)
        if (x->made[i].options.method == CLOZE_METHOD_OCCLUSION)
            return i;
    return 0;
}

/* "Why “negative”?", and what the model says of its own accord. */
static void fill_lines(page_parts *out, const explain_job *job, const cli_explanation *x)
{
    enum { NAME_MOST = 200 };
    cloze_text name = explanation_target(job, x, &x->facts),
               said = explanation_target(job, x, &x->said);
    if (x->options.task == CLOZE_EXPLAIN_SIMILARITY) {
        snprintf(out->title, LINE, "How similar are the two texts, and why?");
        return;
    }
    /* A longer name is no label; its page has a plain title instead of half a letter. */
    if (name.size > NAME_MOST || said.size > NAME_MOST) {
        snprintf(out->title, LINE, "Why does the model say so?");
        return;
    }
    snprintf(out->title, LINE, "Why \xe2\x80\x9c%.*s\xe2\x80\x9d?", (int)name.size, name.data);
    if (isnan(x->said.probability))
        snprintf(out->prediction, LINE, "The model says \xe2\x80\x9c%.*s\xe2\x80\x9d",
                 (int)said.size, said.data);
    else
        snprintf(out->prediction, LINE,
                 "The model says \xe2\x80\x9c%.*s\xe2\x80\x9d, with a probability of %.4f",
                 (int)said.size, said.data, x->said.probability);
}

/* ---- attention ---- */

static bool keep_layer(void *context, size_t layer, size_t heads, size_t tokens,
                       const float *weights)
{
    page_parts *out = context;
    size_t size = heads * tokens * tokens;
    uint8_t *shades = out->shades + (layer - 1) * size;
    cloze_page_shades(weights, size, shades);
    out->layers[layer - 1] = (cloze_page_layer){ layer, shades };
    return true;
}

/* A page without attention is better than none. */
static int add_attention(cloze_page *page, page_parts *out, const explain_job *job,
                         const cli_explanation *x)
{
    size_t heads = x->facts.heads, layers = x->facts.layers, tokens = x->facts.tokens;
    double size = (double)layers * (double)heads * (double)tokens * (double)tokens;
    bool quiet = job->settings->quiet;
    cloze_error error;
    cloze_status status;
    if (size > CLOZE_PAGE_ATTENTION_MOST || layers > CLOZE_PAGE_PARTS_MOST ||
        heads > CLOZE_PAGE_PARTS_MOST) {
        say_note(
            quiet,
            "attention is left out: %zu layers x %zu heads x %zu tokens are too much for a page",
            layers, heads, tokens);
        return 0;
    }
    out->layers = calloc(layers + 1, sizeof *out->layers);
    out->shades = malloc((size_t)size + 1);
    if (!out->layers || !out->shades)
        return out_of_memory();
    status = cloze_explainer_attention(x->explainer, keep_layer, out, &error);
    if (status == CLOZE_ERROR_UNSUPPORTED)
        say_note(quiet, "attention is left out: %s", error.message);
    else if (status)
        return say_error(&error, "--page");
    page->layers = out->layers;
    page->layer_count = status ? 0 : layers;
    page->heads = status ? 0 : heads;
    return 0;
}

/* ---- the page ---- */

static int make_record(page_parts *out, const explain_job *job, const cli_explanation *x)
{
    explain_job writer = *job;
    int code = output_open_kept(&writer.output);
    if (code)
        return code;
    explain_write_json_record(&writer, x);
    return output_take(writer.output, &out->record, &out->record_size);
}

static bool make_room(page_parts *out, const cli_explanation *x)
{
    out->units = calloc(x->facts.units + 1, sizeof *out->units);
    out->tokens = calloc(x->facts.tokens + 1, sizeof *out->tokens);
    out->methods = calloc(x->count + 1, sizeof *out->methods);
    out->figures = calloc(x->count * FIGURES + 1, sizeof *out->figures);
    return out->units && out->tokens && out->methods && out->figures;
}

static void free_parts(page_parts *parts)
{
    free(parts->units);
    free(parts->tokens);
    free(parts->methods);
    free(parts->figures);
    free(parts->layers);
    free(parts->shades);
    free(parts->record);
}

static cloze_page page_of(const page_parts *parts, const cli_explanation *x)
{
    return (cloze_page){ .title = text_of(parts->title),
                         .prediction = text_of(parts->prediction),
                         .figures = &parts->figure,
                         .figure_count = 1,
                         .texts = { x->text, x->pair },
                         .units = parts->units,
                         .unit_count = x->facts.units,
                         .tokens = parts->tokens,
                         .token_count = x->facts.tokens,
                         .methods = parts->methods,
                         .method_count = x->count,
                         .method_shown = method_shown(x),
                         .audit = { parts->record, parts->record_size } };
}

int explain_write_page(const explain_job *job, const cli_explanation *explanation,
                       const cloze_page_table *tables, size_t table_count)
{
    const cli_explanation *x = explanation;
    page_parts parts = { 0 };
    cloze_error error;
    cloze_page page;
    int code = make_room(&parts, x) ? make_record(&parts, job, x) : out_of_memory();
    if (!code) {
        bool similarity = x->options.task == CLOZE_EXPLAIN_SIMILARITY;
        const char *value = similarity ? "cosine" : explain_value_name(x->options.value);
        fill_pieces(&parts, x);
        fill_methods(&parts, x);
        fill_lines(&parts, job, x);
        parts.figure = (cloze_page_figure){ text_of(value), x->facts.value };
        page = page_of(&parts, x);
        page.tables = tables;
        page.table_count = table_count;
        code = add_attention(&page, &parts, job, x);
    }
    if (!code && cloze_page_write(&page, job->settings->explain.page, &error))
        code = say_error(&error, "--page");
    free_parts(&parts);
    return code;
}
