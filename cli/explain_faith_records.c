/* explain_faith_records.c - every number of an evaluation as JSON lines, one a text and one for all, or as CSV. */
#include "explain_faith.h"

#include "record.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static cloze_text text_of(const char *text)
{
    return (cloze_text){ text, strlen(text) };
}

/* ---- JSON ---- */

static void write_real(cli_output *output, const char *before, double number)
{
    output_text(output, before);
    output_real(output, number);
}

static void write_name(cli_output *output, const char *before, const char *name)
{
    output_text(output, before);
    output_json(output, text_of(name));
}

static void write_reals(cli_output *output, const char *before, const double *numbers, size_t count)
{
    output_text(output, before);
    for (size_t i = 0; i < count; i++)
        write_real(output, i ? ", " : "[", numbers[i]);
    output_text(output, count ? "]" : "[]");
}

static void write_result(cli_output *output, const cloze_faith_result *r)
{
    enum { USUAL_THRESHOLDS = 5 };
    for (int k = 0; k < CLOZE_FAITH_MEASURES; k++) {
        write_name(output, k ? ", " : ", \"measures\": {",
                   cloze_faith_measure_name((cloze_faith_measure)k));
        write_real(output, ": ", r->measures[k]);
    }
    write_reals(output, "}, \"comprehensiveness\": ", r->comprehensiveness, USUAL_THRESHOLDS);
    write_reals(output, ", \"sufficiency\": ", r->sufficiency, USUAL_THRESHOLDS);
    write_reals(output, ", \"log_odds\": ", r->log_odds, USUAL_THRESHOLDS);
    write_reals(output, ", \"deletion\": ", r->deletion, r->points + 1);
    write_reals(output, ", \"insertion\": ", r->insertion, r->points + 1);
}

void trial_write_json_text(const explain_trial *trial, const cli_explanation *explanation)
{
    cli_output *output = trial->job->output;
    size_t text = cloze_evaluation_texts(trial->evaluation) - 1;
    const cloze_faith_result *random =
        cloze_evaluation_result(trial->evaluation, trial->count, text);
    explain_begin_json(trial->job, explanation);
    output_format(output, ", \"units\": %zu, \"runs\": %zu", explanation->facts.units,
                  random->runs);
    write_real(output, ", \"lowest\": ", random->lowest);
    write_real(output, ", \"highest\": ", random->highest);
    output_format(output, ", \"exact\": %s", random->exact ? "true" : "false");
    write_reals(output, ", \"shares\": ", random->shares, random->points + 1);
    output_text(output, ", \"methods\": [");
    for (size_t i = 0; i <= trial->count; i++) {
        const cloze_faith_result *r = cloze_evaluation_result(trial->evaluation, i, text);
        write_name(output, i ? ", {\"method\": " : "{\"method\": ", trial_name(trial, i));
        if (r)
            write_result(output, r);
        output_text(output, "}");
    }
    output_text(output, "]}\n");
}

static void write_summary(const explain_trial *trial, size_t contender, cloze_faith_measure measure)
{
    cli_output *output = trial->job->output;
    cloze_faith_summary s = trial_summary(trial, contender, measure);
    output_format(output, ": {\"texts\": %zu", s.texts);
    write_real(output, ", \"mean\": ", s.mean);
    write_real(output, ", \"low\": ", s.low);
    write_real(output, ", \"high\": ", s.high);
    write_real(output, ", \"gain\": ", s.gain);
    write_real(output, ", \"gain_low\": ", s.gain_low);
    write_real(output, ", \"gain_high\": ", s.gain_high);
    write_real(output, ", \"wins\": ", s.wins);
    output_text(output, "}");
}

static void write_agreements(const explain_trial *trial, size_t contender, bool kendall)
{
    cli_output *output = trial->job->output;
    output_text(output, kendall ? ", \"kendall\": [" : ", \"spearman\": [");
    for (size_t b = 0; b <= trial->count; b++) {
        cloze_faith_agreement found = cloze_evaluation_agreement(trial->evaluation, contender, b);
        write_real(output, b ? ", " : "", kendall ? found.kendall : found.spearman);
    }
    output_text(output, "]");
}

void trial_write_json(const explain_trial *trial)
{
    cli_output *output = trial->job->output;
    size_t stages = cloze_evaluation_stages(trial->evaluation);
    output_text(output, "{\"summary\": true, ");
    explain_write_json_model(trial->job);
    output_format(output, ", \"texts\": %zu, \"rivals\": %zu",
                  cloze_evaluation_texts(trial->evaluation), trial->options.seeds);
    record_write_whole(output, ", \"seed\": ", trial->options.seed);
    output_text(output, ", \"methods\": [");
    for (size_t i = 0; i <= trial->count; i++) {
        write_name(output, i ? ", {\"method\": " : "{\"method\": ", trial_name(trial, i));
        if (i < trial->count)
            explain_write_json_settings(output, &trial->methods[i]);
        for (int k = 0; k < CLOZE_FAITH_MEASURES; k++) {
            write_name(output, k ? ", " : ", \"measures\": {",
                       cloze_faith_measure_name((cloze_faith_measure)k));
            write_summary(trial, i, (cloze_faith_measure)k);
        }
        output_text(output, "}");
        write_agreements(trial, i, false);
        write_agreements(trial, i, true);
        output_text(output, ", \"randomized\": [");
        for (size_t s = 0; s < stages; s++)
            write_real(output, s ? ", " : "", cloze_evaluation_randomized(trial->evaluation, i, s));
        output_text(output, "]}");
    }
    output_text(output, "]}\n");
}

/* ---- CSV ---- */

/* What is not known is empty. */
static void write_value(cli_output *output, double number)
{
    output_text(output, ",");
    if (isfinite(number))
        output_real(output, number);
}

/* text 0: of all. */
static void begin_row(const explain_trial *trial, size_t text, const char *method, const char *kind)
{
    cli_output *output = trial->job->output;
    if (text)
        output_format(output, "%zu", text);
    output_format(output, ",%s,%s,", method, kind);
}

static void write_row(const explain_trial *trial, size_t text, const char *method, const char *kind,
                      const char *name, double value)
{
    cli_output *output = trial->job->output;
    begin_row(trial, text, method, kind);
    output_text(output, name);
    write_value(output, value);
    output_text(output, ",,,,,,\n");
}

static void write_record(const explain_trial *trial, size_t text, const char *name,
                         cloze_text value)
{
    cli_output *output = trial->job->output;
    begin_row(trial, text, "", "record");
    output_format(output, "%s,", name);
    explain_write_csv_cell(output, value);
    output_text(output, ",,,,,,\n");
}

static void write_curve(const explain_trial *trial, size_t text, const char *method,
                        const cloze_faith_result *r, const char *kind, const double *values)
{
    char share[32];
    for (size_t k = 0; k <= r->points; k++) {
        snprintf(share, sizeof share, "%.6g", r->shares[k]);
        write_row(trial, text, method, kind, share, values[k]);
    }
}

void trial_write_csv_head(const explain_trial *trial)
{
    output_text(trial->job->output,
                "text,method,kind,name,value,low,high,gain,gain_low,gain_high,wins\n");
}

void trial_write_csv_text(const explain_trial *trial, const cli_explanation *explanation)
{
    const explain_job *job = trial->job;
    size_t text = cloze_evaluation_texts(trial->evaluation);
    write_record(trial, text, "text", explanation->text);
    if (explanation->pair.size)
        write_record(trial, text, "pair", explanation->pair);
    write_record(trial, text, "explained",
                 explanation_target(job, explanation, &explanation->facts));
    for (size_t i = 0; i <= trial->count; i++) {
        const char *name = trial_name(trial, i);
        const cloze_faith_result *r = cloze_evaluation_result(trial->evaluation, i, text - 1);
        for (int k = 0; k < CLOZE_FAITH_MEASURES && r; k++)
            write_row(trial, text, name, "measure",
                      cloze_faith_measure_name((cloze_faith_measure)k), r->measures[k]);
        if (!r)
            continue;
        write_curve(trial, text, name, r, "deletion", r->deletion);
        write_curve(trial, text, name, r, "insertion", r->insertion);
    }
}

static void write_csv_summary(const explain_trial *trial, size_t contender,
                              cloze_faith_measure measure)
{
    cli_output *output = trial->job->output;
    cloze_faith_summary s = trial_summary(trial, contender, measure);
    const double numbers[] = { s.mean, s.low, s.high, s.gain, s.gain_low, s.gain_high, s.wins };
    begin_row(trial, 0, trial_name(trial, contender), "summary");
    output_text(output, cloze_faith_measure_name(measure));
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        write_value(output, numbers[i]);
    output_text(output, "\n");
}

static void write_csv_records(const explain_trial *trial)
{
    const explain_job *job = trial->job;
    cloze_model_info info = cloze_model_describe(job->opened.model);
    char seed[32];
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)trial->options.seed);
    write_record(trial, 0, "model", text_of(model_name(job->settings)));
    write_record(trial, 0, "path", text_of(info.path));
    write_record(trial, 0, "digest", text_of(job->digest));
    write_record(trial, 0, "version", text_of(cloze_version()));
    write_record(trial, 0, "isa", text_of(cloze_engine_isa(job->opened.engine)));
    write_record(trial, 0, "task", text_of(explain_task_name(job->options.task)));
    write_record(trial, 0, "value", text_of(explain_value_name(job->options.value)));
    write_record(trial, 0, "unit", text_of(explain_unit_name(job->options.unit)));
    write_record(trial, 0, "absence", text_of(explain_absence_name(trial->options.absence)));
    write_record(trial, 0, "seed", text_of(seed));
}

void trial_write_csv(const explain_trial *trial)
{
    write_csv_records(trial);
    for (size_t a = 0; a <= trial->count; a++) {
        const char *name = trial_name(trial, a);
        for (int k = 0; k < CLOZE_FAITH_MEASURES; k++)
            write_csv_summary(trial, a, (cloze_faith_measure)k);
        for (size_t b = 0; b <= trial->count; b++) {
            cloze_faith_agreement found = cloze_evaluation_agreement(trial->evaluation, a, b);
            write_row(trial, 0, name, "spearman", trial_name(trial, b), found.spearman);
            write_row(trial, 0, name, "kendall", trial_name(trial, b), found.kendall);
        }
        for (size_t s = 0; s < cloze_evaluation_stages(trial->evaluation); s++) {
            char stage[32];
            snprintf(stage, sizeof stage, "%zu", s + 1);
            write_row(trial, 0, name, "randomized", stage,
                      cloze_evaluation_randomized(trial->evaluation, a, s));
        }
    }
}
