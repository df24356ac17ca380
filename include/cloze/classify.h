/*
 * cloze/classify.h - texts, or pairs of texts, to the labels of a checkpoint: sentiment, topics,
 * natural language inference, paraphrase, regression.
 *
 * The model needs a sequence classification head; a model without one is refused, never run with
 * weights that nobody trained. Scores are those of transformers' text-classification pipeline.
 */
#ifndef CLOZE_CLASSIFY_H
#define CLOZE_CLASSIFY_H

#include <cloze/model.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Labels of the model's classification head; 0: it has none. */
CLOZE_API size_t cloze_model_labels(const cloze_model *model);
/* The name of label number `index`, as config.json's id2label has it; "LABEL_0", ... where it says
 * nothing. Borrowed from the model; NULL if there is no such label. */
CLOZE_API const char *cloze_model_label(const cloze_model *model, size_t index);

typedef enum cloze_score_function {
    CLOZE_SCORE_DEFAULT = 0, /* as the pipeline: none for a problem_type of "regression", sigmoid
                                for "multi_label_classification" or one label, else softmax */
    CLOZE_SCORE_SOFTMAX,
    CLOZE_SCORE_SIGMOID,
    CLOZE_SCORE_NONE         /* the logits themselves */
} cloze_score_function;

typedef struct cloze_classify_options {
    cloze_score_function function;
    size_t max_tokens; /* lowers the model's limit; 0: the model's */
} cloze_classify_options;

/*
 * Scores of every label for `count` texts: scores [count, cloze_model_labels], row by row, float32.
 * `pairs` holds a second text for each, or is NULL; an empty second text counts as none, as in
 * transformers; pairs are cut longest first. What is longer than the limit is cut, and truncated
 * [count] (may be NULL) receives the tokens that each lost; `report` may be NULL. A text's scores
 * have the same bits whatever else is in the call. One call at a time for a session. Errors:
 * CLOZE_ERROR_NOT_FOUND (no classification head), CLOZE_ERROR_FORMAT (config.json names another
 * number of labels than the head has), CLOZE_ERROR_TEXT (not UTF-8; the message names
 * the text, counted from 1), CLOZE_ERROR_CANCELLED.
 */
CLOZE_API cloze_status cloze_classify(cloze_session *session, const cloze_text *texts,
                                      const cloze_text *pairs, size_t count,
                                      const cloze_classify_options *options, float *scores,
                                      size_t *truncated, cloze_embed_report *report,
                                      cloze_error *error);

#ifdef __cplusplus
}
#endif
#endif
