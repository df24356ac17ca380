/* choose.c - multiple choice, and whether a text follows another. */
#include "task/sequences.h"
#include "task/windows.h"

#include "base/error.h"

#include <cloze/choose.h>

static cloze_status missing(const cloze_model *model, const char *what, cloze_error *error)
{
    return cz_fail(error, CLOZE_ERROR_NOT_FOUND, "%.200s has no %s head", model->path, what);
}

cloze_status cloze_choose(cloze_session *session, const cloze_text *texts, size_t count,
                          const cloze_text *choices, const size_t *offsets,
                          const cloze_choose_options *options, float *scores,
                          cloze_embed_report *report, cloze_error *error)
{
    const cloze_allocator *allocator = &session->hooks.allocator;
    cz_sequences_options how = { .head = CZ_HEAD_CHOICE,
                                 .function = CLOZE_SCORE_NONE,
                                 .max_tokens = options ? options->max_tokens : 0,
                                 .empty_pairs = true };
    if (!cloze_model_chooses(session->model))
        return missing(session->model, "multiple choice", error);
    for (size_t i = 0; i < count; i++)
        if (offsets[i + 1] < offsets[i])
            return cz_fail(error, CLOZE_ERROR_ARGUMENT, "the offsets of text %zu descend", i + 1);
    size_t begin = count ? offsets[0] : 0, all = count ? offsets[count] - begin : 0;
    cloze_text *firsts = cz_allocate(allocator, all, sizeof *firsts);
    size_t *lost = cz_allocate(allocator, all, sizeof *lost);
    cloze_status status = firsts && lost ? CLOZE_OK
                                         : cz_fail_memory(error, "a list of choices",
                                                          all * (sizeof *firsts + sizeof *lost));
    for (size_t i = 0; i < count && !status; i++)
        for (size_t k = offsets[i]; k < offsets[i + 1]; k++)
            firsts[k - begin] = texts[i];
    if (!status)
        status = cz_sequences_score(session, firsts, choices + begin, all, &how, scores + begin,
                                    lost, report, error);
    for (size_t i = 0; i < count && !status; i++)
        if (offsets[i + 1] > offsets[i])
            cz_softmax(scores + offsets[i], offsets[i + 1] - offsets[i]);
    if (!status && report) {
        report->texts = count;
        report->truncated_texts = 0;
        for (size_t i = 0; i < count; i++)
            report->truncated_texts +=
                cz_sequences_lost(lost + offsets[i] - begin, offsets[i + 1] - offsets[i]);
    }
    cz_release(allocator, lost);
    cz_release(allocator, firsts);
    return status;
}

/* Of the two logits the first says that it follows. */
cloze_status cloze_follows(cloze_session *session, const cloze_text *first,
                           const cloze_text *second, size_t count,
                           const cloze_choose_options *options, float *scores,
                           cloze_embed_report *report, cloze_error *error)
{
    const cloze_allocator *allocator = &session->hooks.allocator;
    cz_sequences_options how = { .head = CZ_HEAD_ORDER,
                                 .function = CLOZE_SCORE_SOFTMAX,
                                 .max_tokens = options ? options->max_tokens : 0 };
    size_t size;
    if (!cloze_model_orders(session->model))
        return missing(session->model, "next sentence or sentence order", error);
    if (!cz_multiply(count, 2, &size))
        return cz_fail_memory(error, "scores of pairs", count);
    float *both = cz_allocate(allocator, size, sizeof *both);
    if (!both)
        return cz_fail_memory(error, "scores of pairs", size * sizeof *both);
    cloze_status status =
        cz_sequences_score(session, first, second, count, &how, both, NULL, report, error);
    for (size_t i = 0; i < count && !status; i++)
        scores[i] = both[2 * i];
    cz_release(allocator, both);
    return status;
}

bool cloze_model_chooses(const cloze_model *model)
{
    return cz_head_columns(model->network, CZ_HEAD_CHOICE) > 0;
}

bool cloze_model_orders(const cloze_model *model)
{
    return cz_head_columns(model->network, CZ_HEAD_ORDER) > 0;
}
