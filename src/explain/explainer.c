/* explainer.c - an input, its tokens, and what can be asked about them. */
#include "explain/explainer.h"

#include "base/error.h"

#include <math.h>
#include <string.h>

bool cz_explain_step(cloze_explainer *e, size_t runs, cloze_error *error)
{
    const cloze_progress *progress = &e->options.progress;
    e->runs_done += runs;
    if (!progress->report || progress->report(progress->context, e->runs_done, e->runs_total))
        return true;
    cz_fail(error, CLOZE_ERROR_CANCELLED, "cancelled");
    return false;
}

static cloze_status copy_options(cloze_explainer *e, const cloze_explain_options *options,
                                 cloze_error *error)
{
    cloze_explain_span *spans = NULL;
    e->options = *options;
    e->options.spans = NULL;
    if (options->unit != CLOZE_UNIT_SPANS)
        return CLOZE_OK;
    if (!options->span_count || options->span_count > e->model->max_tokens)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "spans as units: give 1 to %zu of them",
                       e->model->max_tokens);
    spans = cz_allocate(&e->hooks.allocator, options->span_count, sizeof *spans);
    if (!spans)
        return cz_fail_memory(error, "spans", options->span_count * sizeof *spans);
    memcpy(spans, options->spans, options->span_count * sizeof *spans);
    e->options.spans = spans;
    return CLOZE_OK;
}

static bool copy_texts(cloze_explainer *e, cloze_text text, cloze_text pair)
{
    cloze_text given[2] = { text, pair };
    for (int i = 0; i < 2; i++) {
        e->size[i] = given[i].size;
        e->text[i] =
            cz_copy_text(&e->hooks.allocator, given[i].size ? given[i].data : "", given[i].size);
        if (!e->text[i])
            return false;
    }
    return true;
}

static bool make_arrays(cloze_explainer *e)
{
    const cloze_allocator *allocator = &e->hooks.allocator;
    e->ids = cz_allocate(allocator, e->length, sizeof *e->ids);
    e->types = cz_allocate(allocator, e->length, sizeof *e->types);
    e->positions = cz_allocate(allocator, e->length, sizeof *e->positions);
    e->offsets = cz_allocate(allocator, e->length, sizeof *e->offsets);
    e->sequences = cz_allocate(allocator, e->length, sizeof *e->sequences);
    e->words = cz_allocate(allocator, e->length, sizeof *e->words);
    return e->ids && e->types && e->positions && e->offsets && e->sequences && e->words;
}

static cloze_status check_length(const cloze_explainer *e, size_t length, cloze_error *error)
{
    size_t limit = e->model->max_tokens, asked = e->options.max_tokens;
    limit = asked && asked < limit ? asked : limit;
    if (!length)
        return cz_fail(error, CLOZE_ERROR_TEXT, "the text has no tokens");
    if (length > limit)
        return cz_fail(error, CLOZE_ERROR_TEXT,
                       "the input has %zu tokens, more than the limit of %zu: a cut text would be "
                       "another one; explain a part of it",
                       length, limit);
    return CLOZE_OK;
}

static cloze_status tokenize(cloze_explainer *e, cloze_error *error)
{
    cloze_text text = { e->text[0], e->size[0] }, pair = { e->text[1], e->size[1] };
    cloze_tokenize_options how = { 0 };
    if (!pair.size || e->options.task == CLOZE_EXPLAIN_SIMILARITY)
        pair.data = NULL;
    cloze_status status =
        cloze_tokenize(e->model->tokenizer, text, pair, &how, e->session->encoding, error);
    if (status)
        return status;
    cloze_tokens tokens = cloze_encoding_tokens(e->session->encoding, 0);
    if ((status = check_length(e, tokens.length, error)))
        return status;
    e->length = tokens.length;
    if (!make_arrays(e))
        return cz_fail_memory(error, "tokens", e->length * sizeof *e->offsets);
    memcpy(e->ids, tokens.ids, e->length * sizeof *e->ids);
    memcpy(e->types, tokens.type_ids, e->length * sizeof *e->types);
    memcpy(e->offsets, tokens.offsets, e->length * sizeof *e->offsets);
    memcpy(e->sequences, tokens.sequences, e->length * sizeof *e->sequences);
    memcpy(e->words, tokens.words, e->length * sizeof *e->words);
    cz_config_positions(&e->model->network->config, e->ids, e->length, e->positions);
    return CLOZE_OK;
}

static cloze_status fill(cloze_explainer *e, cloze_text text, cloze_text pair,
                         const cloze_explain_options *options, cloze_error *error)
{
    cloze_session_options how = { .batch_tokens = options->batch_tokens };
    cloze_status status = copy_options(e, options, error);
    if (!status && !copy_texts(e, text, pair))
        status = cz_fail_memory(error, "texts", text.size);
    if (!status)
        status = cz_aim_begin(e, error);
    if (!status)
        status = cloze_session_new(&e->session, e->model, &how, error);
    if (!status)
        status = tokenize(e, error);
    if (!status)
        status = cz_units_make(e, error);
    if (!status)
        status = cz_aim_settle(e, error);
    e->runs_done = 0;
    return status;
}

cloze_status cloze_explainer_new(cloze_explainer **out, const cloze_model *model, cloze_text text,
                                 cloze_text pair, const cloze_explain_options *options,
                                 cloze_error *error)
{
    static const cloze_explain_options usual = { .target = CLOZE_TARGET_BEST,
                                                 .against = CLOZE_TARGET_BEST };
    cloze_explainer *e = cz_allocate_zero(&model->hooks.allocator, 1, sizeof *e);
    if (!e)
        return cz_fail_memory(error, "an explainer", sizeof *e);
    e->model = model;
    e->hooks = model->hooks;
    e->chance = NAN;
    cloze_status status = fill(e, text, pair, options ? options : &usual, error);
    if (status) {
        cloze_explainer_free(e);
        return status;
    }
    *out = e;
    return CLOZE_OK;
}

void cloze_explainer_free(cloze_explainer *e)
{
    if (!e)
        return;
    cloze_allocator copy = e->hooks.allocator;
    const cloze_allocator *allocator = &copy;
    cloze_session_free(e->session);
    cz_bench_clear(&e->bench, allocator);
    for (int i = 0; i < 2; i++)
        cz_release(allocator, e->text[i]);
    cz_release(allocator, (void *)(uintptr_t)e->options.spans);
    cz_release(allocator, e->ids);
    cz_release(allocator, e->types);
    cz_release(allocator, e->positions);
    cz_release(allocator, e->offsets);
    cz_release(allocator, e->sequences);
    cz_release(allocator, e->words);
    cz_release(allocator, e->unit_of);
    cz_release(allocator, e->units);
    cz_release(allocator, e->other);
    cz_release(allocator, e);
}

void cloze_explainer_cancel(cloze_explainer *e)
{
    cloze_session_cancel(e->session);
}

/* ---- facts ---- */

static cloze_explain_span place_of(const cloze_explainer *e)
{
    size_t first = e->places.row[0], last = first;
    if (e->aim.task == CLOZE_EXPLAIN_LABELS || e->aim.task == CLOZE_EXPLAIN_SIMILARITY)
        return (cloze_explain_span){ 0, 0, 0 };
    if (e->aim.task == CLOZE_EXPLAIN_ANSWER)
        last = e->places.row[1];
    return (cloze_explain_span){ e->offsets[first].begin, e->offsets[last].end,
                                 e->sequences[first] };
}

cloze_explained cloze_explainer_facts(const cloze_explainer *e)
{
    const cz_config *config = &e->model->network->config;
    const cz_aim *aim = &e->aim;
    bool labelled = aim->task != CLOZE_EXPLAIN_ANSWER && aim->task != CLOZE_EXPLAIN_SIMILARITY;
    return (cloze_explained){
        .tokens = e->length,
        .units = e->unit_count,
        .layers = config->layers,
        .heads = e->model->network->layers[0].mixes ? 0 : config->heads,
        .value = e->value,
        .target = labelled ? (int64_t)aim->target : -1,
        .against = labelled && aim->against != aim->target ? (int64_t)aim->against : -1,
        .place = place_of(e),
        .probability = e->chance,
    };
}

cloze_explain_token cloze_explainer_token(const cloze_explainer *e, size_t token)
{
    static const cloze_explain_token none = { .span = { .side = -1 }, .unit = -1 };
    if (token >= e->length)
        return none;
    return (cloze_explain_token){
        .text = cloze_tokenizer_token(e->model->tokenizer, e->ids[token]),
        .span = { e->offsets[token].begin, e->offsets[token].end, e->sequences[token] },
        .unit = e->unit_of[token] == SIZE_MAX ? -1 : (int64_t)e->unit_of[token],
    };
}

cloze_explain_part cloze_explainer_unit(const cloze_explainer *e, size_t unit)
{
    static const cloze_explain_part none = { .span = { .side = -1 } };
    if (unit >= e->unit_count)
        return none;
    const cz_unit *u = &e->units[unit];
    return (cloze_explain_part){
        .span = u->span,
        .text = { e->text[u->span.side] + u->span.begin, u->span.end - u->span.begin },
        .first = u->first,
        .tokens = u->count,
    };
}
