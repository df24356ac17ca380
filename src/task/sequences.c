/* sequences.c - see sequences.h. */
#include "task/sequences.h"

#include "base/error.h"
#include "task/windows.h"

#include <math.h>

typedef struct scoring {
    cloze_session *session;
    cz_sequences_options options;
    float *scores; /* [count, columns] */
    size_t columns, limit, count;
    size_t done; /* texts whose scores are there */
    cloze_embed_report report;
} scoring;

static void apply(const scoring *s, float *row)
{
    if (s->options.function == CLOZE_SCORE_SOFTMAX)
        cz_softmax(row, s->columns);
    for (size_t i = 0; s->options.function == CLOZE_SCORE_SIGMOID && i < s->columns; i++)
        row[i] = (float)(1 / (1 + exp(-(double)row[i])));
}

/* Computes what was gathered. */
static cloze_status flush(scoring *s, cloze_error *error)
{
    cloze_session *session = s->session;
    const cloze_progress *progress = &session->progress;
    size_t count = session->sequences;
    cz_batch batch = cz_session_batch(session);
    cz_request request = { .batch = &batch,
                           .layers = session->model->network->config.layers,
                           .head = s->options.head,
                           .logits = s->scores + s->done * s->columns };
    cloze_status status = count ? cz_session_encode(session, &request, error) : CLOZE_OK;
    if (status)
        return status;
    for (size_t i = 0; i < count && !status; i++) {
        float *row = s->scores + (s->done + i) * s->columns;
        status = cz_check_finite(row, s->columns, s->done + i, error);
        apply(s, row);
    }
    s->done += count;
    cz_session_clear(session);
    if (status)
        return status;
    if (progress->report && !progress->report(progress->context, s->done, s->count))
        return cz_fail(error, CLOZE_ERROR_CANCELLED, "cancelled");
    return CLOZE_OK;
}

static cloze_status add(scoring *s, size_t number, cloze_text text, cloze_text pair,
                        size_t *truncated, cloze_error *error)
{
    cloze_session *session = s->session;
    cloze_tokenize_options how = { .ids_only = true,
                                   .max_length = s->limit,
                                   .truncation = s->options.truncation };
    cloze_status status =
        cloze_tokenize(session->model->tokenizer, text, pair, &how, session->encoding, error);
    if (status) {
        cz_error_prefix(error, "text %zu", number + 1);
        return status;
    }
    cloze_tokens tokens = cloze_encoding_tokens(session->encoding, 0);
    size_t lost = cloze_encoding_truncated(session->encoding);
    if (tokens.length > s->limit)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                       "a limit of %zu tokens leaves no room for text beside the special ones",
                       s->limit);
    if ((status = cz_session_check(session, number, tokens.length, error)))
        return status;
    if (!cz_session_takes(session, tokens.length) && (status = flush(s, error)))
        return status;
    s->report.texts++;
    s->report.tokens += tokens.length;
    s->report.truncated_texts += lost > 0;
    s->report.truncated_tokens += lost;
    if (truncated)
        *truncated = lost;
    return cz_session_append(session, number, tokens.ids, tokens.type_ids, tokens.length, 0, error);
}

cloze_status cz_sequences_score(cloze_session *session, const cloze_text *texts,
                                const cloze_text *pairs, size_t count,
                                const cz_sequences_options *options, float *scores,
                                size_t *truncated, cloze_embed_report *report, cloze_error *error)
{
    static const cloze_text none = { NULL, 0 }, empty = { "", 0 };
    size_t limit = session->model->max_tokens;
    scoring s = { .session = session,
                  .options = *options,
                  .scores = scores,
                  .columns = cz_head_columns(session->model->network, options->head),
                  .limit = limit,
                  .count = count };
    cloze_status status = CLOZE_OK;
    if (options->max_tokens && options->max_tokens < limit)
        s.limit = options->max_tokens;
    if (options->function > CLOZE_SCORE_NONE)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "there is no score function %d",
                       (int)options->function);
    cz_session_clear(session);
    for (size_t i = 0; i < count && !status; i++) {
        cloze_text pair = pairs && pairs[i].size          ? pairs[i]
                          : pairs && options->empty_pairs ? empty
                                                          : none;
        status = add(&s, i, texts[i], pair, truncated ? &truncated[i] : NULL, error);
    }
    if (!status)
        status = flush(&s, error);
    cz_session_clear(session);
    if (!status && report)
        *report = s.report;
    return status;
}

bool cz_sequences_lost(const size_t *truncated, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (truncated[i])
            return true;
    return false;
}
