/* reduce.c - cloze reduce: how little of a text is enough for a model to say the same. */
#include "commands.h"
#include "explain.h"
#include "say.h"
#include "table.h"

#include <cloze/counterfactual.h>

#include <stdlib.h>

static const option_group own = {
    "Reduction",
    (const command_option[]){ OPTION("absent", 0, OPTION_CHOICE, "mask|pad|unknown|remove",
                                     explain.absence,
                                     "what stands where a unit is taken away (default: remove)"),
                              OPTION("beam", 0, OPTION_COUNT, "N", explain.kept,
                                     "sets that are reduced side by side (default: 5)"),
                              OPTIONS_END },
};

static const command_example examples[] = {
    { "cloze reduce -m ./sentiment \"A wonderful film for all of us\"",
      "which words alone are enough for the label" },
    { "cloze reduce -m ./nli \"A man sleeps\" --pair \"Nobody is awake\" --fixed pair",
      "of the first text alone" },
    { "cloze reduce -m ./sentiment -f reviews.txt --json", "a JSON line for each text" },
    { NULL, NULL },
};

static int run(const cli_command *self, int argc, char **argv);

const cli_command command_reduce = {
    .name = "reduce",
    .operands = "[TEXT ...]",
    .operand_kind = "none",
    .summary = "find how little of a text is enough for what a model says",
    .description =
        "Takes units of a text away, one after the other, as long as the model says the same, and "
        "prints what is left (input reduction; Feng et al., 2018). Where that is nonsense to a "
        "reader, the model is sure of it for reasons of its own. Each step tries every unit, "
        "several ways side by side. Texts are the arguments, then the lines of the files of -f; "
        "with neither, the lines of standard input.\n\n"
        "--json prints one line for each text, with a record of model, settings and version.",
    .groups = { &own, &explain_aims, &explain_units, &input_options, &model_options,
                &general_options },
    .examples = examples,
    .run = run,
};

/* ---- faces ---- */

/* Neighbours with what the text has between them; a gap as an ellipsis. */
static void write_left(const explain_job *job, const cli_explanation *x, const uint8_t *present,
                       int side)
{
    cloze_text text = side ? x->pair : x->text;
    bool gap = false, any = false;
    size_t at = 0;
    output_text(job->output, "  ");
    for (size_t u = 0; u < x->facts.units; u++) {
        cloze_explain_span span = cloze_explainer_unit(x->explainer, u).span;
        cloze_text unit = explanation_unit(x, u);
        if (span.side != side)
            continue;
        gap = gap || !present[u];
        if (!present[u])
            continue;
        if (gap)
            output_text(job->output, any ? " \xe2\x80\xa6 " : "\xe2\x80\xa6 ");
        else if (any && span.begin > at)
            output_cell(job->output, (cloze_text){ text.data + at, span.begin - at }, 0, false);
        output_cell(job->output, unit, 0, false);
        at = span.begin + unit.size;
        any = true;
        gap = false;
    }
    output_text(job->output, !gap ? "\n" : any ? " \xe2\x80\xa6\n" : "\xe2\x80\xa6\n");
}

static bool has_units(const cli_explanation *x, int side)
{
    for (size_t u = 0; u < x->facts.units; u++)
        if (cloze_explainer_unit(x->explainer, u).span.side == side)
            return true;
    return false;
}

static void write_lines(const explain_job *job, const cli_explanation *x, const uint8_t *present,
                        const cloze_reduction *reduction)
{
    const char *unit = explain_unit_name(x->options.unit);
    explain_write_heading(job, x);
    explain_write_plain(job->output, x);
    output_format(job->output, "%zu of %zu %s%s %s enough: probability %.4f, %zu run%s\n",
                  reduction->units, x->facts.units, unit, x->facts.units == 1 ? "" : "s",
                  reduction->units == 1 ? "is" : "are", reduction->probability, reduction->runs,
                  reduction->runs == 1 ? "" : "s");
    for (int side = 0; side < 2; side++)
        if (has_units(x, side))
            write_left(job, x, present, side);
}

static void write_json(explain_job *job, const cli_explanation *x, const uint8_t *present,
                       const cloze_reduction *reduction)
{
    cli_output *output = job->output;
    const cli_explaining *e = &job->settings->explain;
    cloze_absence absence = e->absence ? (cloze_absence)e->absence : CLOZE_ABSENT_REMOVED;
    explain_begin_json(job, x);
    output_format(output, ", \"settings\": {\"absence\": \"%s\", \"beam\": %zu}, \"units\": [",
                  explain_absence_name(absence), e->kept ? e->kept : 5);
    for (size_t u = 0; u < x->facts.units; u++) {
        cloze_explain_part part = cloze_explainer_unit(x->explainer, u);
        output_text(output, u ? ", {\"text\": " : "{\"text\": ");
        output_json(output, part.text);
        output_text(output, ", ");
        explain_write_json_span(output, part.span);
        output_format(output, ", \"left\": %s}", present[u] ? "true" : "false");
    }
    output_format(output, "], \"left\": %zu, \"probability\": ", reduction->units);
    output_real(output, reduction->probability);
    output_text(output, ", \"f\": ");
    output_real(output, reduction->value);
    output_format(output, ", \"runs\": %zu}\n", reduction->runs);
}

/* ---- the command ---- */

static int reduce(void *context, explain_job *job, const cli_explanation *x, const char *where)
{
    const cli_explaining *e = &job->settings->explain;
    cloze_reduction_options options = { .absence = (cloze_absence)e->absence, .beam = e->kept };
    cloze_reduction reduction;
    cloze_error error;
    uint8_t *present = calloc(x->facts.units, 1);
    (void)context;
    if (!present)
        return say_failure(CLOZE_ERROR_MEMORY, "out of memory");
    progress_begin(&job->opened.progress, job->settings->quiet);
    cloze_status status = cloze_reduce(x->explainer, &options, present, &reduction, &error);
    progress_end(&job->opened.progress);
    if (!status && job->settings->json)
        write_json(job, x, present, &reduction);
    else if (!status)
        write_lines(job, x, present, &reduction);
    free(present);
    return status ? say_error(&error, where) : 0;
}

static int run(const cli_command *self, int argc, char **argv)
{
    cli_settings settings;
    explain_job job = { .settings = &settings };
    int first = 0, code = options_parse(self, argc, argv, &settings, &first);
    if (code < 0) {
        code = explain_check_aim(&job);
        if (!code)
            code = explain_open(&job, argv + first, (size_t)(argc - first));
        if (!code)
            code = explain_all(&job, reduce, NULL);
        code = explain_close(&job, code);
    }
    settings_clear(&settings);
    return code;
}
