/*
 * explain_csv.c - every number of an explanation as rows of comma-separated values (RFC 4180), one number a
 * row: kind says whether it is of a unit, of a token, of the report, or a part of the record.
 */
#include "explain.h"

#include <math.h>
#include <string.h>

typedef struct row {
    const char *method, *kind;
    long long number;        /* of the unit or token; negative: none */
    cloze_explain_span span; /* side negative: none */
    cloze_text name;
} row;

static cloze_text text_of(const char *text)
{
    return (cloze_text){ text, strlen(text) };
}

void explain_write_csv_cell(cli_output *output, cloze_text text)
{
    bool quoted = false;
    for (size_t i = 0; i < text.size; i++)
        quoted = quoted || strchr(",\"\r\n", text.data[i]) || !text.data[i];
    if (!quoted) {
        output_write(output, text.data, text.size);
        return;
    }
    output_text(output, "\"");
    for (size_t i = 0; i < text.size; i++)
        output_write(output, text.data[i] == '"' ? "\"\"" : text.data + i,
                     text.data[i] == '"' ? 2 : 1);
    output_text(output, "\"");
}

static void begin_row(const explain_job *job, const row *at)
{
    cli_output *output = job->output;
    output_format(output, "%zu,%s,%s,", job->number, at->method, at->kind);
    if (at->number >= 0)
        output_format(output, "%lld", at->number);
    if (at->span.side >= 0)
        output_format(output, ",%d,%zu,%zu,", at->span.side, at->span.begin, at->span.end);
    else
        output_text(output, ",,,,");
    explain_write_csv_cell(output, at->name);
    output_text(output, ",");
}

/* A part of the record of the text, or of a method. */
static void write_text(const explain_job *job, const char *method, const char *name,
                       cloze_text value)
{
    begin_row(job, &(row){ method, "record", -1, { .side = -1 }, text_of(name) });
    explain_write_csv_cell(job->output, value);
    output_text(job->output, ",\n");
}

static void write_record(const explain_job *job, const char *name, cloze_text value)
{
    write_text(job, "", name, value);
}

/* What is not known is empty. */
static void write_real(cli_output *output, double number)
{
    if (isfinite(number))
        output_real(output, number);
}

static void write_number(const explain_job *job, const row *at, double value, double spread)
{
    begin_row(job, at);
    write_real(job->output, value);
    output_text(job->output, ",");
    write_real(job->output, spread);
    output_text(job->output, "\n");
}

static void write_records(const explain_job *job, const cli_explanation *x)
{
    cloze_model_info info = cloze_model_describe(job->opened.model);
    cloze_explained other = x->facts;
    other.target = x->facts.against;
    write_record(job, "model", text_of(model_name(job->settings)));
    write_record(job, "path", text_of(info.path));
    write_record(job, "digest", text_of(job->digest));
    write_record(job, "version", text_of(cloze_version()));
    write_record(job, "isa", text_of(cloze_engine_isa(job->opened.engine)));
    write_record(job, "task", text_of(explain_task_name(x->options.task)));
    write_record(job, "text", x->text);
    if (x->pair.size)
        write_record(job, "pair", x->pair);
    write_record(job, "prediction", explanation_target(job, x, &x->said));
    write_record(job, "explained", explanation_target(job, x, &x->facts));
    if (x->facts.against >= 0)
        write_record(job, "against", explanation_target(job, x, &other));
    write_record(job, "value", text_of(explain_value_name(x->options.value)));
    write_record(job, "unit", text_of(explain_unit_name(x->options.unit)));
    if (explain_fixed_name(job))
        write_record(job, "fixed", text_of(explain_fixed_name(job)));
}

static void write_count(const explain_job *job, const char *method, const char *kind,
                        const char *name, uint64_t count)
{
    begin_row(job, &(row){ method, kind, -1, { .side = -1 }, text_of(name) });
    output_format(job->output, "%llu,\n", (unsigned long long)count);
}

static void write_report(const explain_job *job, const cli_attribution *made, const char *method)
{
    const cloze_attribution_report *r = &made->report;
    const struct {
        const char *name;
        double value;
    } numbers[] = { { "value", r->value }, { "nothing", r->nothing },     { "sum", r->sum },
                    { "gap", r->gap },     { "intercept", r->intercept }, { "fit", r->fit } };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        write_number(job, &(row){ method, "report", -1, { .side = -1 }, text_of(numbers[i].name) },
                     numbers[i].value, NAN);
    write_count(job, method, "report", "runs", r->runs);
    write_count(job, method, "report", "steps", r->steps);
    write_count(job, method, "report", "exact", r->exact);
}

static void write_settings(const explain_job *job, const cli_attribution *made, const char *method)
{
    const cloze_attribution_options *o = &made->used;
    write_text(job, method, "absence", text_of(explain_absence_name(o->absence)));
    if (o->has_layer)
        write_count(job, method, "record", "layer", (uint64_t)o->layer);
    if (o->has_head)
        write_count(job, method, "record", "head", o->head);
    write_count(job, method, "record", "highest", o->highest);
    write_count(job, method, "record", "steps", o->steps);
    write_count(job, method, "record", "samples", o->samples);
    write_count(job, method, "record", "seed", o->seed);
    write_number(job, &(row){ method, "record", -1, { .side = -1 }, text_of("bound") }, o->bound,
                 NAN);
    write_number(job, &(row){ method, "record", -1, { .side = -1 }, text_of("noise") }, o->noise,
                 NAN);
}

static void write_attribution(const explain_job *job, const cli_explanation *x,
                              const cli_attribution *made)
{
    const char *method = cloze_explain_method_name(made->options.method);
    for (size_t i = 0; i < x->facts.units; i++) {
        cloze_explain_part part = cloze_explainer_unit(x->explainer, i);
        write_number(job, &(row){ method, "unit", (long long)i, part.span, part.text },
                     made->units[i], made->spread[i]);
    }
    for (size_t i = 0; i < x->facts.tokens; i++) {
        cloze_explain_token token = cloze_explainer_token(x->explainer, i);
        write_number(job, &(row){ method, "token", (long long)i, token.span, token.text },
                     made->tokens[i], NAN);
    }
    write_report(job, made, method);
    write_settings(job, made, method);
}

void explain_write_csv_head(cli_output *output)
{
    output_text(output, "text,method,kind,number,side,begin,end,name,value,spread\n");
}

void explain_write_csv(explain_job *job, const cli_explanation *explanation)
{
    write_records(job, explanation);
    for (size_t i = 0; i < explanation->count; i++)
        write_attribution(job, explanation, &explanation->made[i]);
}
