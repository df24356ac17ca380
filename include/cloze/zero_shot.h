/*
 * cloze/zero_shot.h - texts to labels that the model was never trained on: a model of natural
 * language inference tells whether a text entails "This example is LABEL."
 *
 * The model needs a classification head one of whose labels begins with "entail", in any case.
 * Method and results: transformers' ZeroShotClassificationPipeline.
 */
#ifndef CLOZE_ZERO_SHOT_H
#define CLOZE_ZERO_SHOT_H

#include <cloze/model.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct cloze_zero_shot_options {
    const char *hypothesis; /* with "{}" where the label goes; NULL: "This example is {}." */
    bool several;           /* labels do not exclude one another: each is true or false by itself */
    const char *entailment; /* the label that says so, where none begins with "entail"; or NULL */
    size_t max_tokens;      /* of text and hypothesis, of which the text is cut; 0: the model's */
} cloze_zero_shot_options;

/*
 * scores [count, label_count]: of each text, probabilities of the labels in the order given; they
 * add up to 1 unless `several`. `options` and `report` may be NULL. A text's scores have the same
 * bits whatever else is in the call. One call at a time for a session. Errors: CLOZE_ERROR_NOT_FOUND
 * (no such head or label), CLOZE_ERROR_FORMAT (as cloze_classify), CLOZE_ERROR_ARGUMENT (no label, a hypothesis without "{}"),
 * CLOZE_ERROR_TEXT (not UTF-8, or a label that leaves no room for the text; the message names the
 * text, counted from 1), CLOZE_ERROR_CANCELLED.
 */
CLOZE_API cloze_status cloze_zero_shot(cloze_session *session, const cloze_text *texts,
                                       size_t count, const cloze_text *labels, size_t label_count,
                                       const cloze_zero_shot_options *options, float *scores,
                                       cloze_embed_report *report, cloze_error *error);

#ifdef __cplusplus
}
#endif
#endif
