/* explain_aim.c - from options to what is asked: the task, the number, its target and place, and the units. */
#include "explain.h"

#include "say.h"
#include "whole_file.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *explain_task_name(cloze_explain_task task)
{
    static const char *const names[] = { "classify", "tag", "answer", "fill", "similar" };
    return names[task];
}

const char *explain_value_name(cloze_explain_value value)
{
    static const char *const names[] = { "logit", "margin", "probability" };
    return names[value];
}

const char *explain_unit_name(cloze_explain_unit unit)
{
    static const char *const names[] = { "word", "token", "sentence", "span" };
    return names[unit];
}

const char *explain_absence_name(cloze_absence absence)
{
    static const char *const names[] = { "default", "mask", "pad", "unknown", "remove" };
    return names[absence];
}

const char *explain_fixed_name(const explain_job *job)
{
    static const char *const names[] = { NULL, "text", "pair" };
    return names[job->settings->explain.fixed];
}

/* ---- places and spans ---- */

/* "4:9", or "4" alone as one byte. */
static bool read_span(const char *text, bool single, cloze_explain_span *out)
{
    char *end;
    if (*text < '0' || *text > '9')
        return false;
    out->begin = (size_t)strtoull(text, &end, 10);
    out->end = out->begin + 1;
    if (!*end)
        return single;
    if (*end != ':' || end[1] < '0' || end[1] > '9')
        return false;
    out->end = (size_t)strtoull(end + 1, &end, 10);
    return !*end && out->end > out->begin;
}

static int read_spans(explain_job *job)
{
    static const char second[] = "pair:";
    const cli_words *given = &job->settings->explain.spans;
    if (!given->count)
        return 0;
    if (job->settings->explain.unit)
        return say_failure(CLOZE_ERROR_ARGUMENT,
                           "--span gives the units; --unit does not go with it");
    if (!(job->spans = calloc(given->count, sizeof *job->spans)))
        return say_failure(CLOZE_ERROR_MEMORY, "out of memory");
    for (size_t i = 0; i < given->count; i++) {
        const char *text = given->item[i];
        job->spans[i].side = !strncmp(text, second, sizeof second - 1);
        if (!read_span(text + (job->spans[i].side ? sizeof second - 1 : 0), false, &job->spans[i]))
            return say_failure(CLOZE_ERROR_ARGUMENT,
                               "--span takes bytes BEGIN:END of the text, or pair:BEGIN:END of the "
                               "second, not \"%s\"",
                               text);
    }
    job->options.unit = CLOZE_UNIT_SPANS;
    job->options.spans = job->spans;
    job->options.span_count = given->count;
    return 0;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (unsigned char)c >= 0x80;
}

/* Where `word` stands in a text, as a word of its own if it does so anywhere; text.size: nowhere. */
static size_t find_word(cloze_text text, const char *word, size_t size)
{
    size_t inside = text.size;
    for (size_t at = 0; at + size <= text.size; at++) {
        if (memcmp(text.data + at, word, size) != 0)
            continue;
        if ((!at || !is_letter(text.data[at - 1])) &&
            (at + size == text.size || !is_letter(text.data[at + size])))
            return at;
        inside = inside == text.size ? at : inside;
    }
    return inside;
}

int explain_place(const explain_job *job, cloze_text text, cloze_text pair,
                  cloze_explain_options *options, const char *where)
{
    const char *given = job->settings->explain.at;
    int side = options->task == CLOZE_EXPLAIN_ANSWER;
    cloze_text within = side ? pair : text;
    if (!given)
        return 0;
    options->has_place = true;
    if (!read_span(given, true, &options->place)) {
        size_t size = strlen(given), at = find_word(within, given, size);
        if (at == within.size)
            return say_failure(CLOZE_ERROR_NOT_FOUND, "%s: \"%s\" of --at is not in the %s", where,
                               given, side ? "context" : "text");
        options->place = (cloze_explain_span){ at, at + size, 0 };
    }
    options->place.side = side;
    return 0;
}

/* ---- what needs no model ---- */

static int find_pair(explain_job *job)
{
    const cli_settings *s = job->settings;
    int sources =
        (s->pair != NULL) + (s->context_file != NULL) + (s->pair_field != NULL) + s->tab_pairs;
    size_t position;
    int code = 0;
    if (sources > 1)
        return say_failure(CLOZE_ERROR_ARGUMENT,
                           "the second text comes from one of --pair, --context-file, --pair-field "
                           "and --tab");
    if (s->pair_field && !s->field)
        return say_failure(CLOZE_ERROR_ARGUMENT, "--pair-field needs --field");
    if (s->context_file)
        code = read_whole_file(s->context_file, &job->file, &job->pair.size);
    job->pair.data = job->file;
    if (s->pair)
        job->pair = (cloze_text){ s->pair, strlen(s->pair) };
    if (!code && job->pair.data && !text_is_utf8(job->pair, &position))
        code =
            say_failure(CLOZE_ERROR_TEXT, "the second text: byte %zu is not UTF-8", position + 1);
    return code;
}

static bool is_whole(double number)
{
    return number < 0 || (number <= 1e6 && !(floor(number) < number));
}

static bool is_zero(double number)
{
    return !(number < 0 || number > 0);
}

int explain_check(explain_job *job)
{
    const cli_settings *s = job->settings;
    const cli_explaining *e = &s->explain;
    int code;
    if (e->csv && s->json)
        return say_failure(CLOZE_ERROR_ARGUMENT, "--csv and --json: choose one");
    if (!is_whole(e->layer) || !is_whole(e->head))
        return say_failure(CLOZE_ERROR_ARGUMENT, "--layer and --head take whole numbers");
    if (is_zero(e->bound) || is_zero(e->noise))
        return say_failure(CLOZE_ERROR_ARGUMENT, "--bound and --noise are above 0");
    if (e->highest && e->head >= 0)
        return say_failure(CLOZE_ERROR_ARGUMENT, "--head and --highest: choose one");
    if (!e->evaluate && (e->randomize || e->rivals || e->beam || e->curves || e->sensitivity))
        return say_failure(CLOZE_ERROR_ARGUMENT,
                           "--random-weights, --rivals, --sensitivity, --beam and --curves are of "
                           "--evaluate");
    if ((code = explain_check_pictures(job)) || (code = explain_check_aim(job)))
        return code;
    return explain_choose_methods(job);
}

int explain_check_aim(explain_job *job)
{
    const cli_settings *s = job->settings;
    const cli_explaining *e = &s->explain;
    int code;
    if (e->against && e->value && e->value - 1 != CLOZE_VALUE_MARGIN)
        return say_failure(CLOZE_ERROR_ARGUMENT, "--against is of --value margin");
    job->options = (cloze_explain_options){
        .task = e->task ? (cloze_explain_task)(e->task - 1) : CLOZE_EXPLAIN_TASKS,
        .unit = e->unit ? (cloze_explain_unit)(e->unit - 1) : CLOZE_UNIT_WORDS,
        .value = e->value     ? (cloze_explain_value)(e->value - 1)
                 : e->against ? CLOZE_VALUE_MARGIN
                              : CLOZE_VALUE_LOGIT,
        .target = CLOZE_TARGET_BEST,
        .against = CLOZE_TARGET_BEST,
        .side_fixed = { e->fixed == 1, e->fixed == 2 },
        .max_tokens = s->max_tokens,
        .batch_tokens = s->batch_tokens,
    };
    code = read_spans(job);
    return code ? code : find_pair(job);
}

/* ---- what needs the model ---- */

static cloze_explain_task usual_task(const explain_job *job)
{
    const cloze_model *model = job->opened.model;
    bool paired = job->pair.data || job->settings->pair_field || job->settings->tab_pairs;
    if (cloze_model_labels(model))
        return CLOZE_EXPLAIN_LABELS;
    if (cloze_model_tags(model))
        return CLOZE_EXPLAIN_TAGS;
    if (cloze_model_answers(model))
        return CLOZE_EXPLAIN_ANSWER;
    return cloze_model_fills(model) && !paired ? CLOZE_EXPLAIN_WORDS : CLOZE_EXPLAIN_SIMILARITY;
}

static int check_layer(const explain_job *job)
{
    cloze_model_info info = cloze_model_describe(job->opened.model);
    const cli_explaining *e = &job->settings->explain;
    if (e->layer > (double)info.layers)
        return say_failure(CLOZE_ERROR_ARGUMENT, "the model has %zu layers; --layer %.0f is none",
                           info.layers, e->layer);
    if (e->head >= (double)info.heads)
        return say_failure(
            CLOZE_ERROR_ARGUMENT,
            "the model has %zu heads in a layer, counted from 0; --head %.0f is none", info.heads,
            e->head);
    return 0;
}

int explain_aim(explain_job *job)
{
    const cli_explaining *e = &job->settings->explain;
    int code;
    if (job->options.task == CLOZE_EXPLAIN_TASKS)
        job->options.task = usual_task(job);
    if (job->options.task == CLOZE_EXPLAIN_SIMILARITY && !job->pair.data &&
        !job->settings->pair_field && !job->settings->tab_pairs)
        return say_failure(CLOZE_ERROR_ARGUMENT,
                           "%s%s: what is explained is how similar two texts are; --pair gives the "
                           "second",
                           model_name(job->settings), e->task ? "" : " has no head");
    if ((code = explain_target(job, "--label", e->label, &job->options.target)) ||
        (code = explain_target(job, "--against", e->against, &job->options.against)))
        return code;
    return check_layer(job);
}
