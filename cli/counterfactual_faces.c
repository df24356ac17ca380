/* counterfactual_faces.c - what was found, as lines with marked words and as JSON. */
#include "counterfactual.h"

#include "marked.h"
#include "table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_MOST = 24 };

static cloze_text text_of(const char *text)
{
    return (cloze_text){ text, strlen(text) };
}

static cloze_text side_of(const cli_explanation *x, int side)
{
    return side ? x->pair : x->text;
}

/* ---- lines ---- */

/* A word that is put in has a space towards the word that it stands before. */
static cli_mark mark_of(cloze_text text, const cloze_edit *edit)
{
    size_t begin = edit->span.begin;
    bool put_in = edit->kind == CLOZE_EDIT_INSERT, apart = !begin || text.data[begin - 1] == ' ';
    return (cli_mark){ .begin = begin,
                       .end = edit->span.end,
                       .put = edit->text,
                       .before = put_in && !apart ? " " : NULL,
                       .behind = put_in && apart ? " " : NULL };
}

static void write_marked(cli_output *output, const cli_explanation *x,
                         const cloze_counterfactual *one)
{
    enum { EDITS_MOST = 8 };
    for (int side = 0; side < 2; side++) {
        cloze_text text = side_of(x, side);
        cli_mark marks[EDITS_MOST];
        size_t count = 0;
        for (size_t i = 0; i < one->count && count < EDITS_MOST; i++)
            if (one->edits[i].span.side == side)
                marks[count++] = mark_of(text, &one->edits[i]);
        if (!count)
            continue;
        output_text(output, "  ");
        marked_write(output, text, marks, count, 0);
    }
    output_text(output, "\n");
}

static void write_none(const counterfactual_view *view)
{
    cli_output *output = view->job->job->output;
    size_t edits = view->job->options.edits;
    if (!view->facts.proposed) {
        output_text(output, "no edit can be tried\n");
        return;
    }
    output_format(output, "nothing found: %zu of %zu single edit%s tried, %zu text%s in all",
                  view->facts.tried_single, view->facts.proposed,
                  view->facts.proposed == 1 ? "" : "s", view->facts.tried,
                  view->facts.tried == 1 ? "" : "s");
    output_format(output, edits > 1 ? ", of up to %zu edits\n" : "\n", edits);
}

typedef struct named {
    char *name;
    double probability;
} named;

static void write_table(const counterfactual_view *view, const named *says)
{
    const explain_job *job = view->job->job;
    const cli_explanation *x = view->explanation;
    cli_output *output = job->output;
    cloze_text old = explanation_target(job, x, &x->facts);
    size_t width = 7, old_width = cell_columns(old);
    old_width = old_width < 7 ? 7 : old_width < NAME_MOST ? old_width : NAME_MOST;
    for (size_t i = 0; i < view->facts.found; i++) {
        size_t columns = cell_columns(text_of(says[i].name));
        width = columns > width ? columns : width;
    }
    width = width < NAME_MOST ? width : NAME_MOST;
    output_text(output, "  ");
    output_cell(output, old, old_width, true);
    output_format(output, "  %-*s   likely\n", (int)width + 8, "instead");
    for (size_t i = 0; i < view->facts.found; i++) {
        cloze_counterfactual one = cloze_counterfactuals_get(view->found, i);
        double likelihood = counterfactual_likelihood(&one);
        output_format(output, "  %*.4f  ", (int)old_width, one.probability);
        output_cell(output, text_of(says[i].name), width, true);
        output_format(output, isfinite(says[i].probability) ? "  %.4f" : "       -",
                      says[i].probability);
        output_format(output, isfinite(likelihood) ? "  %7.2g" : "        -", likelihood);
        write_marked(output, x, &one);
    }
}

static int name_all(const counterfactual_view *view, named *says)
{
    for (size_t i = 0; i < view->facts.found; i++) {
        cloze_counterfactual one = cloze_counterfactuals_get(view->found, i);
        says[i].name = counterfactual_says(view, &one, &says[i].probability);
        if (!says[i].name)
            return CLOZE_ERROR_MEMORY;
    }
    return 0;
}

int counterfactual_write_lines(const counterfactual_view *view)
{
    const explain_job *job = view->job->job;
    const cli_explanation *x = view->explanation;
    cli_output *output = job->output;
    named *says = calloc(view->facts.found + 1, sizeof *says);
    int code = says ? name_all(view, says) : CLOZE_ERROR_MEMORY;
    if (!code) {
        explain_write_heading(job, x);
        explain_write_plain(output, x);
    }
    if (!code && view->facts.found) {
        size_t edits = cloze_counterfactuals_get(view->found, 0).count;
        output_format(output,
                      "%zu edit%s enough; %zu of %zu single ones tried, %zu text%s in all\n", edits,
                      edits == 1 ? " is" : "s are", view->facts.tried_single, view->facts.proposed,
                      view->facts.tried, view->facts.tried == 1 ? "" : "s");
        write_table(view, says);
    } else if (!code) {
        write_none(view);
    }
    for (size_t i = 0; says && i < view->facts.found; i++)
        free(says[i].name);
    free(says);
    return code;
}

/* ---- JSON ---- */

static void write_real(cli_output *output, const char *before, double number)
{
    output_text(output, before);
    output_real(output, number);
}

static void write_json_edit(cli_output *output, const cli_explanation *x, const cloze_edit *edit)
{
    static const char *const kinds[] = { "replace", "delete", "insert" };
    cloze_text text = side_of(x, edit->span.side);
    output_format(output, "{\"kind\": \"%s\", \"unit\": %zu, ", kinds[edit->kind], edit->unit);
    explain_write_json_span(output, edit->span);
    output_text(output, ", \"old\": ");
    output_json(output, (cloze_text){ text.data ? text.data + edit->span.begin : "",
                                      edit->span.end - edit->span.begin });
    output_text(output, ", \"new\": ");
    output_json(output, edit->text);
    write_real(output, ", \"likelihood\": ", edit->likelihood);
    output_text(output, "}");
}

static int write_json_one(const counterfactual_view *view, const cloze_counterfactual *one)
{
    cli_output *output = view->job->job->output;
    double probability;
    char *says = counterfactual_says(view, one, &probability);
    if (!says)
        return CLOZE_ERROR_MEMORY;
    output_text(output, "{\"text\": ");
    output_json(output, one->text);
    if (view->explanation->pair.size) {
        output_text(output, ", \"pair\": ");
        output_json(output, one->pair);
    }
    output_text(output, ", \"edits\": [");
    for (size_t i = 0; i < one->count; i++) {
        output_text(output, i ? ", " : "");
        write_json_edit(output, view->explanation, &one->edits[i]);
    }
    write_real(output, "], \"probability\": ", one->probability);
    write_real(output, ", \"f\": ", one->value);
    output_text(output, ", \"prediction\": {\"name\": ");
    output_json(output, text_of(says));
    output_format(output, ", \"number\": %lld", (long long)one->says);
    write_real(output, ", \"probability\": ", probability);
    output_text(output, "}}");
    free(says);
    return 0;
}

int counterfactual_write_json(const counterfactual_view *view)
{
    explain_job *job = view->job->job;
    cli_output *output = job->output;
    const cloze_counterfactual_options *o = &view->job->options;
    int code = 0;
    explain_begin_json(job, view->explanation);
    output_text(output, ", \"settings\": {\"proposer\": ");
    if (o->proposer)
        output_json(output, text_of(cloze_model_describe(o->proposer).path));
    else
        output_text(output, "null");
    output_format(output,
                  ", \"proposals\": %zu, \"edits\": %zu, \"tries\": %zu, \"wanted\": %zu, "
                  "\"replacements\": %s, \"deletions\": %s, \"insertions\": %s}",
                  o->proposals, o->edits, o->tries, o->wanted,
                  o->no_replacements ? "false" : "true", o->no_deletions ? "false" : "true",
                  o->no_insertions ? "false" : "true");
    output_format(output, ", \"proposed\": %zu, \"tried_single\": %zu, \"tried\": %zu",
                  view->facts.proposed, view->facts.tried_single, view->facts.tried);
    output_text(output, ", \"counterfactuals\": [");
    for (size_t i = 0; i < view->facts.found && !code; i++) {
        cloze_counterfactual one = cloze_counterfactuals_get(view->found, i);
        output_text(output, i ? ", " : "");
        code = write_json_one(view, &one);
    }
    output_text(output, "]}\n");
    return code;
}
