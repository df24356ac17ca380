/*
 * rerank.c - passages in the order of their scores beside a query, as CrossEncoder.rank does it:
 * both stripped, tokenized as a pair, one logit, the folder's activation.
 */
#include "task/prepare.h"
#include "task/sequences.h"

#include "base/error.h"
#include "text/unicode.h"

#include <cloze/rerank.h>

#include <stdlib.h>

typedef struct reranking {
    cloze_text *queries, *passages; /* [count], stripped */
    float *scores;                  /* [count] */
} reranking;

/* Best first; equals in the order of the call. */
static int by_score(const void *left, const void *right)
{
    const cloze_ranking *a = left, *b = right;
    if (a->score != b->score)
        return a->score < b->score ? 1 : -1;
    return a->passage < b->passage ? -1 : a->passage > b->passage;
}

static cloze_status check(const cloze_model *model, const cloze_rerank_options *options,
                          cz_sequences_options *out, cloze_error *error)
{
    if (model->labels.count > 1)
        return cz_fail(error, CLOZE_ERROR_UNSUPPORTED,
                       "%.200s tells %zu labels apart; passages are ordered by a model with one",
                       model->path, model->labels.count);
    *out = (cz_sequences_options){ .head = CZ_HEAD_LABELS,
                                   .function = model->labels.rerank_function,
                                   .empty_pairs = true };
    if (options && options->function)
        out->function = options->function;
    if (options)
        out->max_tokens = options->max_tokens;
    if (!model->labels.count)
        return cz_fail(error, CLOZE_ERROR_NOT_FOUND,
                       "%.200s has no classification head: it was not fine-tuned to order passages",
                       model->path);
    if (!out->function)
        return cz_fail(error, CLOZE_ERROR_UNSUPPORTED,
                       "%.200s: config.json names an activation for scores that is not known; "
                       "choose the function of the scores",
                       model->path);
    return CLOZE_OK;
}

static cloze_status strip_text(cloze_text text, const char *what, size_t number, cloze_text *out,
                               cloze_error *error)
{
    size_t bad = cz_utf8_check(text.data, text.size);
    if (bad == text.size) {
        *out = cz_text_strip(text);
        if (!out->data)
            *out = (cloze_text){ "", 0 };
        return CLOZE_OK;
    }
    if (!number)
        return cz_fail_at(error, CLOZE_ERROR_TEXT, bad, "the %s is not UTF-8 at byte %zu", what,
                          bad);
    return cz_fail_at(error, CLOZE_ERROR_TEXT, bad, "%s %zu is not UTF-8 at byte %zu", what, number,
                      bad);
}

static cloze_status prepare(reranking *r, cloze_text query, const cloze_text *passages,
                            size_t count, cloze_error *error)
{
    cloze_text stripped;
    cloze_status status = strip_text(query, "query", 0, &stripped, error);
    for (size_t i = 0; i < count && !status; i++) {
        r->queries[i] = stripped;
        status = strip_text(passages[i], "passage", i + 1, &r->passages[i], error);
    }
    return status;
}

cloze_status cloze_rerank(cloze_session *session, cloze_text query, const cloze_text *passages,
                          size_t count, const cloze_rerank_options *options, cloze_ranking *ranking,
                          cloze_embed_report *report, cloze_error *error)
{
    const cloze_allocator *allocator = &session->hooks.allocator;
    cz_sequences_options how;
    reranking r = { 0 };
    cloze_status status = check(session->model, options, &how, error);
    if (status)
        return status;
    r.queries = cz_allocate(allocator, count + 1, sizeof *r.queries);
    r.passages = cz_allocate(allocator, count + 1, sizeof *r.passages);
    r.scores = cz_allocate(allocator, count + 1, sizeof *r.scores);
    if (!r.queries || !r.passages || !r.scores)
        status = cz_fail_memory(error, "a list of passages", count);
    if (!status)
        status = prepare(&r, query, passages, count, error);
    if (!status)
        status = cz_sequences_score(session, r.queries, r.passages, count, &how, r.scores, NULL,
                                    report, error);
    for (size_t i = 0; i < count && !status; i++)
        ranking[i] = (cloze_ranking){ i, r.scores[i] };
    if (!status && count)
        qsort(ranking, count, sizeof *ranking, by_score);
    cz_release(allocator, r.queries);
    cz_release(allocator, r.passages);
    cz_release(allocator, r.scores);
    return status;
}
