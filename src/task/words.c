/* words.c - see words.h. */
#include "task/words.h"

#include "base/error.h"

#include <math.h>

cloze_status cz_words_begin(cz_words *words, cloze_error *error)
{
    const cloze_session *session = words->session;
    const cloze_model *model = session->model;
    const cloze_allocator *allocator = &session->hooks.allocator;
    size_t n = session->batch_tokens, size;
    cz_session_clear(words->session);
    words->vocabulary = cz_head_columns(model->network, CZ_HEAD_WORDS);
    if (!words->vocabulary)
        return cz_fail(error, CLOZE_ERROR_NOT_FOUND,
                       "%.200s has no masked language modelling head: it cannot tell words",
                       model->path);
    words->rows = cz_allocate(allocator, n, sizeof *words->rows);
    words->owners = cz_allocate(allocator, n, sizeof *words->owners);
    words->tokens = cz_allocate(allocator, n, sizeof *words->tokens);
    if (cz_multiply(words->vocabulary, CZ_WORD_ROWS, &size))
        words->logits = cz_allocate(allocator, size, sizeof *words->logits);
    return words->rows && words->owners && words->tokens && words->logits
               ? CLOZE_OK
               : cz_fail_memory(error, "scores of words", words->vocabulary * sizeof(float));
}

void cz_words_clear(cz_words *words)
{
    const cloze_allocator *allocator = &words->session->hooks.allocator;
    cz_release(allocator, words->rows);
    cz_release(allocator, words->owners);
    cz_release(allocator, words->tokens);
    cz_release(allocator, words->states);
    cz_release(allocator, words->logits);
    cz_session_clear(words->session);
}

cloze_status cz_words_add(cz_words *words, size_t owner, const uint32_t *ids, const uint32_t *types,
                          size_t length, const size_t *tokens, size_t count, cloze_error *error)
{
    cloze_session *session = words->session;
    cloze_status status = cz_session_check(session, owner, length, error);
    if (!status && !cz_session_takes(session, length))
        status = cz_words_flush(words, error);
    if (status)
        return status;
    for (size_t i = 0; i < count; i++) {
        words->rows[words->count] = session->tokens + tokens[i];
        words->owners[words->count] = owner;
        words->tokens[words->count++] = tokens[i];
    }
    words->report.tokens += length;
    return cz_session_append(session, owner, ids, types, length, 0, error);
}

/* The head over rows that were gathered, some at a time. */
static cloze_status tell(cz_words *words, cloze_error *error)
{
    size_t hidden = words->session->model->network->config.hidden;
    cloze_status status = CLOZE_OK;
    for (size_t first = 0; first < words->count && !status; first += CZ_WORD_ROWS) {
        size_t count = words->count - first < CZ_WORD_ROWS ? words->count - first : CZ_WORD_ROWS;
        status = cz_session_words(words->session, words->states + first * hidden, count,
                                  words->logits, error);
        for (size_t i = 0; i < count && !status; i++) {
            const float *logits = words->logits + i * words->vocabulary;
            size_t owner = words->owners[first + i];
            status = cz_check_finite(logits, words->vocabulary, owner, error);
            if (!status)
                status =
                    words->done(words->context, owner, words->tokens[first + i], logits, error);
        }
    }
    return status;
}

cloze_status cz_words_flush(cz_words *words, cloze_error *error)
{
    cloze_session *session = words->session;
    const cloze_progress *progress = &session->progress;
    const cz_network *network = session->model->network;
    size_t size = 0, last = session->sequences;
    if (!last)
        return CLOZE_OK;
    if (!cz_multiply(words->count, network->config.hidden, &size) ||
        !cz_grow(&session->hooks.allocator, (void **)&words->states, &words->states_capacity, size,
                 sizeof *words->states))
        return cz_fail_memory(error, "states of masked tokens", size * sizeof *words->states);
    cz_batch batch = cz_session_batch(session);
    cz_request request = { .batch = &batch,
                           .layers = network->config.layers,
                           .rows = words->rows,
                           .row_count = words->count,
                           .row_states = words->states };
    cloze_status status = cz_session_encode(session, &request, error);
    if (!status)
        status = tell(words, error);
    size_t owner = session->owner[last - 1];
    words->count = 0;
    cz_session_clear(session);
    if (!status && progress->report && owner &&
        !progress->report(progress->context, owner, words->total))
        return cz_fail(error, CLOZE_ERROR_CANCELLED, "cancelled");
    return status;
}

double cz_log_sum(const float *logits, size_t count)
{
    double highest = (double)logits[0], sum = 0;
    for (size_t i = 1; i < count; i++)
        highest = fmax(highest, (double)logits[i]);
    for (size_t i = 0; i < count; i++)
        sum += exp((double)logits[i] - highest);
    return highest + log(sum);
}
