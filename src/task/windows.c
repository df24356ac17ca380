/* windows.c - see windows.h. */
#include "task/windows.h"

#include "base/error.h"

#include <math.h>
#include <string.h>

cloze_status cz_windows_begin(cz_windows *windows, cloze_error *error)
{
    const cloze_session *session = windows->session;
    const cloze_allocator *allocator = &session->hooks.allocator;
    size_t n = session->batch_tokens;
    windows->columns = cz_head_columns(session->model->network, windows->head);
    windows->offsets = cz_allocate(allocator, n, sizeof *windows->offsets);
    windows->words = cz_allocate(allocator, n, sizeof *windows->words);
    windows->sequences = cz_allocate(allocator, n, 1);
    windows->last = cz_allocate(allocator, n, 1);
    windows->alone = cz_allocate(allocator, n, 1);
    windows->logits = cz_allocate(allocator, n, windows->columns * sizeof *windows->logits);
    cz_session_clear(windows->session);
    if (windows->offsets && windows->words && windows->sequences && windows->last &&
        windows->alone && windows->logits)
        return CLOZE_OK;
    return cz_fail_memory(error, "a batch of windows", n * sizeof *windows->offsets);
}

void cz_windows_clear(cz_windows *windows)
{
    const cloze_allocator *allocator = &windows->session->hooks.allocator;
    cz_release(allocator, windows->offsets);
    cz_release(allocator, windows->words);
    cz_release(allocator, windows->sequences);
    cz_release(allocator, windows->last);
    cz_release(allocator, windows->alone);
    cz_release(allocator, windows->logits);
    cz_session_clear(windows->session);
}

cloze_status cz_windows_flush(cz_windows *windows, cloze_error *error)
{
    cloze_session *session = windows->session;
    const cloze_progress *progress = &session->progress;
    size_t count = session->sequences;
    cz_batch batch = cz_session_batch(session);
    cz_request request = { .batch = &batch,
                           .layers = session->model->network->config.layers,
                           .head = windows->head,
                           .logits = windows->logits };
    if (!count)
        return CLOZE_OK;
    cloze_status status = cz_session_encode(session, &request, error);
    for (size_t i = 0; i < count && !status; i++) {
        size_t at = session->begin[i];
        cz_window window = {
            .owner = session->owner[i],
            .last = windows->last[i],
            .alone = windows->alone[i],
            .length = session->length[i],
            .ids = session->ids + at,
            .offsets = windows->offsets + at,
            .words = windows->words + at,
            .sequences = windows->sequences + at,
            .logits = windows->logits + at * windows->columns,
        };
        status =
            cz_check_finite(window.logits, window.length * windows->columns, window.owner, error);
        if (!status)
            status = windows->done(windows->context, &window, error);
    }
    size_t finished = session->owner[count - 1] + windows->last[count - 1];
    cz_session_clear(session);
    if (!status && progress->report && finished &&
        !progress->report(progress->context, finished, windows->total))
        return cz_fail(error, CLOZE_ERROR_CANCELLED, "cancelled");
    return status;
}

static cloze_status add_window(cz_windows *windows, size_t owner, size_t number, size_t count,
                               cloze_error *error)
{
    cloze_session *session = windows->session;
    cloze_tokens tokens = cloze_encoding_tokens(session->encoding, number);
    cz_window nothing = { .owner = owner, .last = true, .alone = count == 1 };
    cloze_status status;
    if (!tokens.length) {
        status = cz_windows_flush(windows, error);
        return status || number + 1 < count ? status
                                            : windows->done(windows->context, &nothing, error);
    }
    if ((status = cz_session_check(session, owner, tokens.length, error)))
        return status;
    if (!cz_session_takes(session, tokens.length) && (status = cz_windows_flush(windows, error)))
        return status;
    size_t at = session->tokens, sequence = session->sequences;
    status =
        cz_session_append(session, owner, tokens.ids, tokens.type_ids, tokens.length, 0, error);
    if (status)
        return status;
    memcpy(windows->offsets + at, tokens.offsets, tokens.length * sizeof *tokens.offsets);
    memcpy(windows->words + at, tokens.words, tokens.length * sizeof *tokens.words);
    for (size_t i = 0; i < tokens.length; i++)
        windows->sequences[at + i] =
            tokens.special && tokens.special[i] ? -1 : (int8_t)tokens.sequences[i];
    windows->last[sequence] = number + 1 == count;
    windows->alone[sequence] = count == 1;
    return CLOZE_OK;
}

cloze_status cz_windows_add(cz_windows *windows, size_t owner, cloze_error *error)
{
    const cloze_encoding *encoding = windows->session->encoding;
    size_t count = cloze_encoding_windows(encoding), lost = cloze_encoding_truncated(encoding);
    cloze_status status = CLOZE_OK;
    windows->report.texts++;
    windows->report.truncated_texts += lost > 0;
    windows->report.truncated_tokens += lost;
    for (size_t i = 0; i < count; i++)
        windows->report.tokens += cloze_encoding_tokens(encoding, i).length;
    for (size_t i = 0; i < count && !status; i++)
        status = add_window(windows, owner, i, count, error);
    return status;
}

void cz_softmax(float *row, size_t count)
{
    double sum = 0, highest = (double)row[0];
    for (size_t i = 1; i < count; i++)
        highest = fmax(highest, (double)row[i]);
    for (size_t i = 0; i < count; i++)
        sum += exp((double)row[i] - highest);
    for (size_t i = 0; i < count; i++)
        row[i] = (float)(exp((double)row[i] - highest) / sum);
}
