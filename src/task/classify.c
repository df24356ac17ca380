/*
 * classify.c - texts to scores of labels, as transformers' text-classification pipeline gives them.
 */
#include "task/classify.h"

#include "base/error.h"
#include "task/windows.h"

#include <math.h>

typedef struct classification {
    cloze_session *session;
    float *scores; /* [count, labels] */
    size_t labels, limit, count;
    size_t done; /* texts whose scores are there */
    cloze_score_function function;
    cloze_embed_report report;
} classification;

static void apply(const classification *c, float *row)
{
    if (c->function == CLOZE_SCORE_SOFTMAX)
        cz_softmax(row, c->labels);
    for (size_t i = 0; c->function == CLOZE_SCORE_SIGMOID && i < c->labels; i++)
        row[i] = (float)(1 / (1 + exp(-(double)row[i])));
}

/* Computes what was gathered. */
static cloze_status flush(classification *c, cloze_error *error)
{
    cloze_session *session = c->session;
    const cloze_progress *progress = &session->progress;
    size_t count = session->sequences;
    cz_batch batch = cz_session_batch(session);
    cz_request request = { .batch = &batch,
                           .layers = session->model->network->config.layers,
                           .head = CZ_HEAD_LABELS,
                           .logits = c->scores + c->done * c->labels };
    cloze_status status = count ? cz_session_encode(session, &request, error) : CLOZE_OK;
    if (status)
        return status;
    for (size_t i = 0; i < count; i++)
        apply(c, c->scores + (c->done + i) * c->labels);
    c->done += count;
    cz_session_clear(session);
    if (progress->report && !progress->report(progress->context, c->done, c->count))
        return cz_fail(error, CLOZE_ERROR_CANCELLED, "cancelled");
    return CLOZE_OK;
}

static cloze_status add(classification *c, size_t number, cloze_text text, cloze_text pair,
                        size_t *truncated, cloze_error *error)
{
    cloze_session *session = c->session;
    cloze_tokenize_options how = { .ids_only = true, .max_length = c->limit };
    cloze_status status =
        cloze_tokenize(session->model->tokenizer, text, pair, &how, session->encoding, error);
    if (status) {
        cz_error_prefix(error, "text %zu", number + 1);
        return status;
    }
    cloze_tokens tokens = cloze_encoding_tokens(session->encoding, 0);
    size_t lost = cloze_encoding_truncated(session->encoding);
    if (tokens.length > c->limit)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                       "a limit of %zu tokens leaves no room for text beside the special ones",
                       c->limit);
    if ((status = cz_session_check(session, number, tokens.length, error)))
        return status;
    if (!cz_session_takes(session, tokens.length) && (status = flush(c, error)))
        return status;
    c->report.texts++;
    c->report.tokens += tokens.length;
    c->report.truncated_texts += lost > 0;
    c->report.truncated_tokens += lost;
    if (truncated)
        *truncated = lost;
    return cz_session_append(session, number, tokens.ids, tokens.type_ids, tokens.length, 0, error);
}

static cloze_status begin(classification *c, const cloze_classify_options *options,
                          cloze_error *error)
{
    const cloze_model *model = c->session->model;
    c->labels = model->labels.count;
    c->limit = model->max_tokens;
    c->function = model->labels.function;
    if (!c->labels)
        return cz_fail(error, CLOZE_ERROR_NOT_FOUND,
                       "%.200s has no classification head: it was not fine-tuned to tell labels "
                       "apart",
                       model->path);
    if (options && options->max_tokens && options->max_tokens < c->limit)
        c->limit = options->max_tokens;
    if (options && options->function)
        c->function = options->function;
    if (c->function > CLOZE_SCORE_NONE)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "there is no score function %d",
                       (int)c->function);
    cz_session_clear(c->session);
    return CLOZE_OK;
}

cloze_status cz_classify_pairs(cloze_session *session, const cloze_text *texts,
                               const cloze_text *pairs, size_t count,
                               const cloze_classify_options *options, float *scores,
                               cloze_embed_report *report, cloze_error *error)
{
    classification c = { .session = session, .scores = scores, .count = count };
    cloze_status status = begin(&c, options, error);
    for (size_t i = 0; i < count && !status; i++)
        status = add(&c, i, texts[i], pairs[i], NULL, error);
    if (!status)
        status = flush(&c, error);
    cz_session_clear(session);
    if (!status && report)
        *report = c.report;
    return status;
}

cloze_status cloze_classify(cloze_session *session, const cloze_text *texts,
                            const cloze_text *pairs, size_t count,
                            const cloze_classify_options *options, float *scores, size_t *truncated,
                            cloze_embed_report *report, cloze_error *error)
{
    static const cloze_text none = { NULL, 0 };
    classification c = { .session = session, .scores = scores, .count = count };
    cloze_status status = begin(&c, options, error);
    for (size_t i = 0; i < count && !status; i++)
        status = add(&c, i, texts[i], pairs && pairs[i].size ? pairs[i] : none,
                     truncated ? &truncated[i] : NULL, error);
    if (!status)
        status = flush(&c, error);
    cz_session_clear(session);
    if (!status && report)
        *report = c.report;
    return status;
}
