/*
 * classify.c - texts to scores of labels, as transformers' text-classification pipeline gives them.
 */
#include "task/sequences.h"

#include "base/error.h"

cloze_status cloze_classify(cloze_session *session, const cloze_text *texts,
                            const cloze_text *pairs, size_t count,
                            const cloze_classify_options *options, float *scores, size_t *truncated,
                            cloze_embed_report *report, cloze_error *error)
{
    const cloze_model *model = session->model;
    cz_sequences_options how = { .head = CZ_HEAD_LABELS, .function = model->labels.function };
    if (!model->labels.count)
        return cz_fail(error, CLOZE_ERROR_NOT_FOUND,
                       "%.200s has no classification head: it was not fine-tuned to tell labels "
                       "apart",
                       model->path);
    cloze_status status = cz_labels_check(&model->labels, model, error);
    if (status)
        return status;
    if (options && options->function)
        how.function = options->function;
    if (options)
        how.max_tokens = options->max_tokens;
    return cz_sequences_score(session, texts, pairs, count, &how, scores, truncated, report, error);
}
