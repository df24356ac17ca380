/* explain_json.c - every number of an explanation as one JSON line, with a record of how it was made. */
#include "explain.h"

#include "record.h"

#include <math.h>
#include <string.h>

static cloze_text text_of(const char *text)
{
    return (cloze_text){ text, strlen(text) };
}

static void write_name(cli_output *output, const char *before, const char *name)
{
    output_text(output, before);
    output_json(output, text_of(name));
}

static void write_real(cli_output *output, const char *before, double number)
{
    output_text(output, before);
    output_real(output, number);
}

void explain_write_json_span(cli_output *output, cloze_explain_span span)
{
    output_format(output, "\"side\": %d, \"begin\": %zu, \"end\": %zu", span.side, span.begin,
                  span.end);
}

void explain_write_json_model(const explain_job *job)
{
    record_write_json(job->output, job->settings, &job->opened, job->digest);
}

static void write_target(const explain_job *job, const cli_explanation *x,
                         const cloze_explained *facts)
{
    cli_output *output = job->output;
    output_text(output, "{\"name\": ");
    output_json(output, explanation_target(job, x, facts));
    output_format(output, ", \"number\": %lld", (long long)facts->target);
    write_real(output, ", \"probability\": ", facts->probability);
    if (facts->place.end) {
        output_text(output, ", \"place\": {");
        explain_write_json_span(output, facts->place);
        output_text(output, "}");
    }
}

static void write_facts(const explain_job *job, const cli_explanation *x)
{
    cli_output *output = job->output;
    cloze_explained other = x->facts;
    other.target = x->facts.against;
    write_name(output, ", \"task\": ", explain_task_name(x->options.task));
    output_text(output, ", \"prediction\": ");
    write_target(job, x, &x->said);
    output_text(output, "}, \"explained\": ");
    write_target(job, x, &x->facts);
    if (x->facts.against >= 0) {
        output_text(output, ", \"against\": ");
        output_json(output, explanation_target(job, x, &other));
    }
    write_name(output, ", \"value\": ", explain_value_name(x->options.value));
    write_real(output, ", \"f\": ", x->facts.value);
    output_text(output, "}");
}

static void write_tokens(cli_output *output, const cli_explanation *x)
{
    output_text(output, ", \"tokens\": [");
    for (size_t i = 0; i < x->facts.tokens; i++) {
        cloze_explain_token token = cloze_explainer_token(x->explainer, i);
        output_text(output, i ? ", {\"text\": " : "{\"text\": ");
        output_json(output, token.text);
        output_text(output, ", ");
        explain_write_json_span(output, token.span);
        output_format(output, ", \"unit\": %lld}", (long long)token.unit);
    }
    output_text(output, "], \"units\": [");
    for (size_t i = 0; i < x->facts.units; i++) {
        cloze_explain_part part = cloze_explainer_unit(x->explainer, i);
        output_text(output, i ? ", {\"text\": " : "{\"text\": ");
        output_json(output, part.text);
        output_text(output, ", ");
        explain_write_json_span(output, part.span);
        output_format(output, ", \"first\": %zu, \"tokens\": %zu}", part.first, part.tokens);
    }
    output_text(output, "]");
}

static void write_numbers(cli_output *output, const char *before, const double *numbers,
                          size_t count)
{
    bool any = false;
    for (size_t i = 0; i < count; i++)
        any = any || isfinite(numbers[i]);
    output_text(output, before);
    output_text(output, any ? "[" : "null");
    for (size_t i = 0; i < count && any; i++)
        write_real(output, i ? ", " : "", numbers[i]);
    output_text(output, any ? "]" : "");
}

void explain_write_json_settings(cli_output *output, const cloze_attribution_options *o)
{
    write_name(output, ", \"settings\": {\"absence\": ", explain_absence_name(o->absence));
    if (o->has_layer)
        output_format(output, ", \"layer\": %lld", (long long)o->layer);
    if (o->has_head)
        output_format(output, ", \"head\": %zu", o->head);
    output_format(output, ", \"highest\": %s", o->highest ? "true" : "false");
    record_write_whole(output, ", \"steps\": ", o->steps);
    record_write_whole(output, ", \"samples\": ", o->samples);
    write_real(output, ", \"bound\": ", o->bound);
    write_real(output, ", \"noise\": ", o->noise);
    record_write_whole(output, ", \"seed\": ", o->seed);
    output_text(output, "}");
}

static void write_report(cli_output *output, const cloze_attribution_report *r)
{
    write_real(output, ", \"report\": {\"value\": ", r->value);
    write_real(output, ", \"nothing\": ", r->nothing);
    write_real(output, ", \"sum\": ", r->sum);
    write_real(output, ", \"gap\": ", r->gap);
    write_real(output, ", \"intercept\": ", r->intercept);
    write_real(output, ", \"fit\": ", r->fit);
    output_format(output, ", \"runs\": %zu, \"steps\": %zu, \"exact\": %s}", r->runs, r->steps,
                  r->exact ? "true" : "false");
}

static void begin_attribution(cli_output *output, const cli_attribution *made)
{
    write_name(output, "{\"method\": ", cloze_explain_method_name(made->options.method));
    explain_write_json_settings(output, &made->used);
}

static void write_attribution(cli_output *output, const cli_explanation *x,
                              const cli_attribution *made)
{
    begin_attribution(output, made);
    write_numbers(output, ", \"units\": ", made->units, x->facts.units);
    write_numbers(output, ", \"tokens\": ", made->tokens, x->facts.tokens);
    write_numbers(output, ", \"spread\": ", made->spread, x->facts.units);
    write_report(output, &made->report);
    output_text(output, "}");
}

void explain_begin_json(explain_job *job, const cli_explanation *explanation)
{
    cli_output *output = job->output;
    output_text(output, "{");
    explain_write_json_model(job);
    output_text(output, ", \"text\": ");
    output_json(output, explanation->text);
    if (explanation->pair.size) {
        output_text(output, ", \"pair\": ");
        output_json(output, explanation->pair);
    }
    write_facts(job, explanation);
    write_name(output, ", \"unit\": ", explain_unit_name(explanation->options.unit));
    if (explain_fixed_name(job))
        write_name(output, ", \"fixed\": ", explain_fixed_name(job));
}

void explain_write_json(explain_job *job, const cli_explanation *explanation)
{
    cli_output *output = job->output;
    explain_begin_json(job, explanation);
    write_tokens(output, explanation);
    output_text(output, ", \"methods\": [");
    for (size_t i = 0; i < explanation->count; i++) {
        output_text(output, i ? ", " : "");
        write_attribution(output, explanation, &explanation->made[i]);
    }
    output_text(output, "]}\n");
}

void explain_write_json_record(explain_job *job, const cli_explanation *explanation)
{
    cli_output *output = job->output;
    explain_begin_json(job, explanation);
    output_text(output, ", \"methods\": [");
    for (size_t i = 0; i < explanation->count; i++) {
        output_text(output, i ? ", " : "");
        begin_attribution(output, &explanation->made[i]);
        write_report(output, &explanation->made[i].report);
        output_text(output, "}");
    }
    output_text(output, "]}");
}
