/*
 * cloze/choose.h - which of several continuations or answers suits a text (multiple choice), and
 * whether one text follows another (next sentence prediction, sentence order).
 *
 * A model without the head is refused. Method: transformers' ...ForMultipleChoice,
 * ...ForNextSentencePrediction and AlbertForPreTraining, which have no pipeline.
 */
#ifndef CLOZE_CHOOSE_H
#define CLOZE_CHOOSE_H

#include <cloze/model.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Whether the model has a multiple choice head; one that tells the order of texts. */
CLOZE_API bool cloze_model_chooses(const cloze_model *model);
CLOZE_API bool cloze_model_orders(const cloze_model *model);

typedef struct cloze_choose_options {
    size_t max_tokens; /* of both texts together, the longer is cut first; 0: the model's limit */
} cloze_choose_options;

/*
 * Text i has the choices offsets[i] .. offsets[i + 1] of `choices`; scores [offsets[count]] receives
 * the probability of each among its text's choices. `options` and `report` may be NULL. A text's
 * scores have the same bits whatever else is in the call. One call at a time for a session. Errors:
 * CLOZE_ERROR_NOT_FOUND (no such head), CLOZE_ERROR_TEXT (not UTF-8; the message names the choice,
 * counted from 1 over all), CLOZE_ERROR_CANCELLED.
 */
CLOZE_API cloze_status cloze_choose(cloze_session *session, const cloze_text *texts, size_t count,
                                    const cloze_text *choices, const size_t *offsets,
                                    const cloze_choose_options *options, float *scores,
                                    cloze_embed_report *report, cloze_error *error);

/*
 * scores [count]: the probability that second[i] follows first[i]; otherwise it comes from elsewhere
 * (next sentence prediction) or before it (sentence order). An empty second text counts as none, as in
 * transformers. Else as cloze_choose.
 */
CLOZE_API cloze_status cloze_follows(cloze_session *session, const cloze_text *first,
                                     const cloze_text *second, size_t count,
                                     const cloze_choose_options *options, float *scores,
                                     cloze_embed_report *report, cloze_error *error);

#ifdef __cplusplus
}
#endif
#endif
