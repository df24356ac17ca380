/*
 * answer.c - questions to spans of their contexts, as transformers' QuestionAnsweringPipeline goes:
 * probabilities of begins and ends within each window, the best spans of each, equal answers merged.
 */
#include "task/spans.h"

#include "base/error.h"
#include "base/table.h"
#include "base/utf8.h"
#include "text/unicode.h"

#include <cloze/answer.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    DEFAULT_ANSWER = 15,
    DEFAULT_TOKENS = 384,
    DEFAULT_STRIDE = 128,
    TOP_MOST = 1 << 20,
    /* Spans of a window beyond those wanted: some become one when they grow to whole words. */
    SPARE = 10
};

/* A span of the context; equal texts but for case are one. */
typedef struct merged {
    size_t begin, end, order;
    double score;
    char *key;
} merged;

typedef struct answering {
    cz_windows windows;
    const cloze_model *model;
    const cloze_text *questions, *contexts;
    cloze_answer_options options;
    cloze_answer_span *answers;
    size_t *found;
    size_t limit;
    cz_spans spans; /* of the window that is read */

    /* The text that is read. */
    merged *merged;
    size_t merged_count, merged_capacity;
    cz_table known; /* keys to numbers of `merged` */
    bool has_table;
    double null_score;
} answering;

static cloze_status no_memory(cloze_error *error)
{
    return cz_fail(error, CLOZE_ERROR_MEMORY, "out of memory: the answers of a text");
}

/* ---- spans of tokens to spans of the context ---- */

/* Where the word of token `i` begins or ends within the window; false: it belongs to none. */
static bool word_edges(const cz_window *window, size_t i, size_t *begin, size_t *end)
{
    bool found = false;
    *begin = *end = 0;
    if (window->words[i] < 0)
        return false;
    for (size_t k = 0; k < window->length; k++) {
        if (window->sequences[k] != 1 || window->words[k] != window->words[i])
            continue;
        *begin = found ? *begin : window->offsets[k].begin;
        *end = window->offsets[k].end;
        found = true;
    }
    return found;
}

static cloze_token_offset place_of(const answering *a, const cz_window *window,
                                   const cloze_pair *span)
{
    cloze_token_offset place = { window->offsets[span->first].begin,
                                 window->offsets[span->second].end };
    size_t begin, end, unused;
    if (!a->options.whole_tokens && word_edges(window, span->first, &begin, &unused) &&
        word_edges(window, span->second, &unused, &end))
        place = (cloze_token_offset){ begin, end };
    return place;
}

/* ---- equal answers ---- */

static char *lower_of(const answering *a, cloze_text text, size_t *size)
{
    const cloze_allocator *allocator = &a->model->hooks.allocator;
    size_t room, count = 0, used = 0;
    if (!cz_multiply(text.size + 1, CZ_UNICODE_LONGEST + 1, &room))
        return NULL;
    uint32_t *points = cz_allocate(allocator, room, sizeof *points);
    char *key = cz_allocate(allocator, room, 4);
    if (points && key) {
        uint32_t *lowered = points + text.size + 1;
        for (size_t at = 0; at < text.size;)
            points[count++] = cz_utf8_read(text.data, &at);
        count = cz_unicode_lower_all(points, count, lowered);
        for (size_t i = 0; i < count; i++)
            used += cz_utf8_write(key + used, lowered[i]);
    } else {
        cz_release(allocator, key);
        key = NULL;
    }
    cz_release(allocator, points);
    *size = used;
    return key;
}

static bool merge(answering *a, cloze_text context, cloze_token_offset place, double score)
{
    const cloze_allocator *allocator = &a->model->hooks.allocator;
    size_t size = 0;
    bool existed = false;
    uint32_t old = 0;
    if (place.end < place.begin)
        place.end = place.begin;
    cloze_text text = { context.data + place.begin, place.end - place.begin };
    char *key = lower_of(a, text, &size);
    if (!key ||
        !cz_grow(allocator, (void **)&a->merged, &a->merged_capacity, a->merged_count + 1,
                 sizeof *a->merged) ||
        !cz_table_put(&a->known, allocator, key, size, (uint32_t)a->merged_count, &existed, &old)) {
        cz_release(allocator, key);
        return false;
    }
    if (existed) {
        a->merged[old].score += score;
        cz_release(allocator, key);
    } else {
        a->merged[a->merged_count] =
            (merged){ place.begin, place.end, a->merged_count, score, key };
        a->merged_count++;
    }
    return true;
}

static void forget_text(answering *a)
{
    const cloze_allocator *allocator = &a->model->hooks.allocator;
    for (size_t i = 0; i < a->merged_count; i++)
        cz_release(allocator, a->merged[i].key);
    if (a->has_table)
        cz_table_clear(&a->known, allocator);
    a->has_table = false;
    a->merged_count = 0;
    a->null_score = INFINITY;
}

static int by_sum(const void *left, const void *right)
{
    const merged *x = left, *y = right;
    if (x->score < y->score || x->score > y->score)
        return x->score < y->score ? 1 : -1;
    return x->order < y->order ? -1 : x->order > y->order;
}

static void hand_out(answering *a, size_t text)
{
    cloze_answer_span *out = a->answers + text * a->options.top;
    size_t count = 0;
    bool none = !a->options.impossible || isinf(a->null_score);
    if (a->merged_count)
        qsort(a->merged, a->merged_count, sizeof *a->merged, by_sum);
    for (size_t i = 0; count < a->options.top && (i < a->merged_count || !none);) {
        if (!none && (i == a->merged_count || a->merged[i].score < a->null_score)) {
            out[count++] = (cloze_answer_span){ (float)a->null_score, 0, 0 };
            none = true;
            continue;
        }
        out[count++] =
            (cloze_answer_span){ (float)a->merged[i].score, a->merged[i].begin, a->merged[i].end };
        i++;
    }
    a->found[text] = count;
}

/* ---- windows and texts ---- */

static cloze_status finish_window(void *context, const cz_window *window, cloze_error *error)
{
    answering *a = context;
    const cloze_allocator *allocator = &a->model->hooks.allocator;
    if (!a->has_table && !(a->has_table = cz_table_init(&a->known, allocator, 16)))
        return no_memory(error);
    if (window->length) {
        if (!cz_spans_find(&a->spans, window))
            return no_memory(error);
        a->null_score = fmin(a->null_score, a->spans.null_score);
        for (size_t i = 0; i < a->spans.count; i++)
            if (!merge(a, a->contexts[window->owner], place_of(a, window, &a->spans.items[i]),
                       cz_spans_score(&a->spans, i)))
                return no_memory(error);
    }
    if (window->last) {
        hand_out(a, window->owner);
        forget_text(a);
    }
    return CLOZE_OK;
}

/* The stride that fits beside the question. */
static cloze_status choose_stride(answering *a, size_t number, size_t *stride, cloze_error *error)
{
    static const cloze_text empty = { "", 0 };
    cloze_tokenize_options how = { .ids_only = true };
    cloze_encoding *encoding = a->windows.session->encoding;
    cloze_status status =
        cloze_tokenize(a->model->tokenizer, a->questions[number], empty, &how, encoding, error);
    if (status)
        return status;
    size_t used = cloze_encoding_tokens(encoding, 0).length;
    size_t usual = a->limit / 2 < DEFAULT_STRIDE ? a->limit / 2 : DEFAULT_STRIDE;
    if (used >= a->limit)
        return cz_fail(error, CLOZE_ERROR_TEXT,
                       "the question has %zu tokens with the special ones and leaves no room for "
                       "its context within %zu",
                       used, a->limit);
    size_t room = a->limit - used;
    *stride = a->options.stride ? a->options.stride : usual < room ? usual : room / 2;
    return CLOZE_OK;
}

static cloze_status add_text(answering *a, size_t number, cloze_error *error)
{
    cloze_tokenize_options how = { .max_length = a->limit,
                                   .truncation = CLOZE_TRUNCATE_ONLY_SECOND,
                                   .overflow = true };
    cloze_encoding *encoding = a->windows.session->encoding;
    cloze_text context = a->contexts[number];
    context.data = context.data ? context.data : "";
    cloze_status status = choose_stride(a, number, &how.stride, error);
    if (!status)
        status = cloze_tokenize(a->model->tokenizer, a->questions[number], context, &how, encoding,
                                error);
    if (status) {
        cz_error_prefix(error, "text %zu", number + 1);
        return status;
    }
    return cz_windows_add(&a->windows, number, error);
}

static cloze_status begin(answering *a, size_t count, const cloze_answer_options *options,
                          cloze_error *error)
{
    size_t most = a->model->max_tokens;
    if (options)
        a->options = *options;
    a->options.top = a->options.top ? a->options.top : 1;
    a->options.max_answer = a->options.max_answer ? a->options.max_answer : DEFAULT_ANSWER;
    a->limit = a->options.max_tokens ? a->options.max_tokens : DEFAULT_TOKENS;
    a->limit = a->limit < most ? a->limit : most;
    if (!cloze_model_answers(a->model))
        return cz_fail(error, CLOZE_ERROR_NOT_FOUND,
                       "%.200s has no question answering head: it was not fine-tuned to find "
                       "answers",
                       a->model->path);
    if (a->options.top > TOP_MOST)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "more than %d answers cannot be asked for",
                       (int)TOP_MOST);
    a->spans.allocator = &a->model->hooks.allocator;
    a->spans.most = a->options.whole_tokens ? a->options.top : 2 * a->options.top + SPARE;
    a->spans.longest = a->options.max_answer;
    if (!cloze_tokenizer_role(a->model->tokenizer, CLOZE_TOKEN_CLASS, &a->spans.class_id))
        a->spans.class_id = UINT32_MAX;
    a->null_score = INFINITY;
    a->windows.head = CZ_HEAD_SPANS;
    a->windows.total = count;
    a->windows.done = finish_window;
    a->windows.context = a;
    return cz_windows_begin(&a->windows, error);
}

cloze_status cloze_answer(cloze_session *session, const cloze_text *questions,
                          const cloze_text *contexts, size_t count,
                          const cloze_answer_options *options, cloze_answer_span *answers,
                          size_t *found, cloze_embed_report *report, cloze_error *error)
{
    answering a = { .windows = { .session = session },
                    .model = session->model,
                    .questions = questions,
                    .contexts = contexts,
                    .answers = answers,
                    .found = found };
    cloze_status status = begin(&a, count, options, error);
    for (size_t i = 0; i < count && !status; i++)
        status = add_text(&a, i, error);
    if (!status)
        status = cz_windows_flush(&a.windows, error);
    forget_text(&a);
    cz_windows_clear(&a.windows);
    cz_spans_clear(&a.spans);
    cz_release(&session->hooks.allocator, a.merged);
    if (!status && report)
        *report = a.windows.report;
    return status;
}

bool cloze_model_answers(const cloze_model *model)
{
    return cz_head_columns(model->network, CZ_HEAD_SPANS) > 0;
}
