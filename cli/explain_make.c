/* explain_make.c - one text explained: what the model says, and every method's numbers. */
#include "explain.h"

#include "interrupt.h"
#include "say.h"
#include "table.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool report_runs(void *context, uint64_t done, uint64_t total)
{
    explain_job *job = context;
    progress_show(&job->opened.progress, "explaining", done, total, "runs");
    return !interrupted();
}

static int out_of_memory(void)
{
    return say_failure(CLOZE_ERROR_MEMORY, "out of memory");
}

/* What the model says itself where something else was asked for. */
static int ask_model(cli_explanation *out, const explain_job *job, const char *where)
{
    cloze_explainer *asked = NULL;
    cloze_explain_options options = out->options;
    cloze_error error;
    out->said = out->facts;
    if (options.target == CLOZE_TARGET_BEST &&
        !(options.has_place && options.task == CLOZE_EXPLAIN_ANSWER))
        return 0;
    options.target = options.against = CLOZE_TARGET_BEST;
    options.has_place = options.has_place && options.task != CLOZE_EXPLAIN_ANSWER;
    if (cloze_explainer_new(&asked, job->opened.model, out->text, out->pair, &options, &error))
        return say_error(&error, where);
    out->said = cloze_explainer_facts(asked);
    cloze_explainer_free(asked);
    return 0;
}

static bool make_room(cli_attribution *made, const cloze_explained *facts)
{
    made->units = calloc(facts->units, sizeof *made->units);
    made->tokens = calloc(facts->tokens, sizeof *made->tokens);
    made->spread = calloc(facts->units, sizeof *made->spread);
    return made->units && made->tokens && made->spread;
}

static cloze_attribution_options asked_options(const explain_job *job, cloze_explain_method method)
{
    const cli_settings *s = job->settings;
    const cli_explaining *e = &s->explain;
    bool of_layers = method != CLOZE_METHOD_ATTENTION || e->layer >= 1;
    return (cloze_attribution_options){
        .method = method,
        .absence = (cloze_absence)e->absence,
        .has_layer = e->layer >= 0 && of_layers,
        .layer = e->layer >= 0 ? (int64_t)e->layer : 0,
        .has_head = e->head >= 0,
        .head = e->head >= 0 ? (size_t)e->head : 0,
        .highest = e->highest,
        .steps = e->steps,
        .bound = fmax(e->bound, 0),
        .samples = e->samples,
        .noise = fmax(e->noise, 0),
        .seed = s->seed,
    };
}

static cloze_attribution_options used_options(const cli_attribution *made)
{
    cloze_attribution_options used = made->options;
    const cloze_attribution_report *r = &made->report;
    used.absence = r->absence;
    used.steps = r->steps;
    used.samples = r->samples;
    used.bound = isfinite(r->bound) ? r->bound : 0;
    used.noise = isfinite(r->noise) ? r->noise : 0;
    return used;
}

static void free_attribution(cli_attribution *made)
{
    free(made->units);
    free(made->tokens);
    free(made->spread);
    *made = (cli_attribution){ 0 };
}

/* Of --method all, what this model or these settings have no such method for is left out. */
static bool may_be_left_out(const explain_job *job, cloze_status status)
{
    return job->every && (status == CLOZE_ERROR_UNSUPPORTED || status == CLOZE_ERROR_ARGUMENT);
}

/* Of several methods the one that cannot is named. */
static int say_of_method(const explain_job *job, const cloze_error *error,
                         cloze_explain_method method, const char *where)
{
    char named[PATH_SIZE + 64];
    snprintf(named, sizeof named, "%s: %s", where, cloze_explain_method_name(method));
    return say_error(error, job->method_count > 1 ? named : where);
}

/* Orders of the units are gone through both ways; other methods have a budget of their own. */
static void note_patience(const explain_job *job, size_t units)
{
    enum { ORDERS = 50 /* as <cloze/explain.h> says */, MANY = 10000 };
    size_t samples = job->settings->explain.samples, orders = samples ? samples : ORDERS;
    if (units && orders > MANY / 2 / units)
        say_note(job->settings->quiet,
                 "shapley asks the model up to %zu times about %zu units, which takes long; "
                 "--samples lowers that, and partition-shap asks 500 times",
                 2 * orders * units, units);
}

static int attribute(cli_explanation *out, const explain_job *job, cloze_explain_method method,
                     const char *where)
{
    cli_attribution *made = &out->made[out->count];
    cloze_error error;
    made->options = asked_options(job, method);
    if (method == CLOZE_METHOD_SHAPLEY)
        note_patience(job, out->facts.units);
    if (!make_room(made, &out->facts)) {
        free_attribution(made);
        return out_of_memory();
    }
    cloze_status status = cloze_attribute(out->explainer, &made->options, made->units, made->tokens,
                                          made->spread, &made->report, &error);
    if (!status) {
        made->used = used_options(made);
        out->count++;
        return 0;
    }
    free_attribution(made);
    if (!may_be_left_out(job, status))
        return say_of_method(job, &error, method, where);
    if (job->number - job->left_out == 1)
        say_note(job->settings->quiet, "%s is left out: %s", cloze_explain_method_name(method),
                 error.message);
    return 0;
}

int explanation_make(cli_explanation *out, explain_job *job, cloze_text text, cloze_text pair,
                     const char *where)
{
    cloze_error error;
    int code;
    *out = (cli_explanation){ .text = text, .pair = pair, .options = job->options };
    out->options.progress = (cloze_progress){ report_runs, job };
    if ((code = explain_place(job, text, pair, &out->options, where)))
        return code;
    if (!(out->made = calloc(job->method_count + 1, sizeof *out->made)))
        return out_of_memory();
    progress_begin(&job->opened.progress, job->settings->quiet);
    if (cloze_explainer_new(&out->explainer, job->opened.model, text, pair, &out->options, &error))
        code = say_error(&error, where);
    if (!code) {
        out->facts = cloze_explainer_facts(out->explainer);
        code = ask_model(out, job, where);
    }
    for (size_t i = 0; i < job->method_count && !code; i++)
        code = attribute(out, job, job->methods[i], where);
    progress_end(&job->opened.progress);
    return code;
}

void explanation_clear(cli_explanation *explanation)
{
    for (size_t i = 0; i < explanation->count; i++)
        free_attribution(&explanation->made[i]);
    free(explanation->made);
    cloze_explainer_free(explanation->explainer);
    *explanation = (cli_explanation){ 0 };
}

static cloze_text text_of(const char *text)
{
    return (cloze_text){ text, strlen(text) };
}

cloze_text explanation_target(const explain_job *job, const cli_explanation *explanation,
                              const cloze_explained *facts)
{
    const cloze_model *model = job->opened.model;
    size_t target = facts->target < 0 ? 0 : (size_t)facts->target;
    switch (explanation->options.task) {
    case CLOZE_EXPLAIN_LABELS:
        return text_of(cloze_model_label(model, target));
    case CLOZE_EXPLAIN_TAGS:
        return text_of(cloze_model_tag(model, target));
    case CLOZE_EXPLAIN_WORDS:
        return cloze_tokenizer_token(cloze_model_tokenizer(model), (uint32_t)target);
    case CLOZE_EXPLAIN_ANSWER:
        return (cloze_text){ explanation->pair.data + facts->place.begin,
                             facts->place.end - facts->place.begin };
    default:
        return text_of("cosine");
    }
}

int explanation_cut(const char *text, size_t most)
{
    size_t size = strlen(text), cut = size < most ? size : most;
    while (cut && cut < size && ((unsigned char)text[cut] & 0xc0) == 0x80)
        cut--;
    return (int)cut;
}

cloze_text explanation_unit(const cli_explanation *explanation, size_t unit)
{
    cloze_explain_part part = cloze_explainer_unit(explanation->explainer, unit);
    cloze_text within = part.span.side ? explanation->pair : explanation->text;
    cloze_text out = { within.data + part.span.begin, part.span.end - part.span.begin };
    for (size_t end = part.span.end, next; end < within.size; end = next) {
        for (next = end + 1;
             next < within.size && ((unsigned char)within.data[next] & 0xc0) == 0x80;)
            next++;
        if (text_columns((cloze_text){ within.data + end, next - end }))
            break;
        out.size += next - end;
    }
    return out;
}

/* ---- numbers ---- */

double attribution_gap(const cloze_attribution_report *report)
{
    double size = fmax(fabs(report->value), fabs(report->nothing));
    return fabs(report->gap) < 1e-9 * size ? 0 : report->gap;
}

double attribution_largest(const cli_attribution *made, size_t units)
{
    double largest = 0;
    for (size_t i = 0; i < units; i++)
        largest = fmax(largest, fabs(made->units[i]));
    return largest > 0 ? largest : 1;
}

/* Insertion keeps equal sizes in the order of the text; there are few units. */
void attribution_order(const cli_attribution *made, size_t units, size_t *order)
{
    for (size_t i = 0; i < units; i++) {
        size_t at = i;
        for (; at && fabs(made->units[order[at - 1]]) < fabs(made->units[i]); at--)
            order[at] = order[at - 1];
        order[at] = i;
    }
}
