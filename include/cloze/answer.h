/*
 * cloze/answer.h - answers to questions, as spans of a text that is given: extractive question
 * answering as SQuAD models do it.
 *
 * The model needs a question answering head. Method and results: transformers'
 * QuestionAnsweringPipeline (4.57: equal answers of several places or windows are one, with the sum
 * of their scores).
 */
#ifndef CLOZE_ANSWER_H
#define CLOZE_ANSWER_H

#include <cloze/model.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Whether the model has a question answering head. */
CLOZE_API bool cloze_model_answers(const cloze_model *model);

typedef struct cloze_answer_options {
    size_t top;          /* answers for each question; 0: 1 */
    size_t max_answer;   /* tokens of an answer; 0: 15 */
    size_t max_tokens;   /* of a window, the question included; 0: 384 or the model's limit */
    size_t stride;       /* tokens of context that windows share; 0: half of max_tokens, at most
                            128, or half of the room beside the question where that is less */
    bool impossible;     /* "no answer", begin = end = 0, competes with the others */
    bool whole_tokens;   /* answers may begin and end inside a word */
} cloze_answer_options;

typedef struct cloze_answer_span {
    float score;       /* probability of the span within its window, or the sum over equal answers */
    size_t begin, end; /* bytes of the context, half open */
} cloze_answer_span;

/*
 * Answers `count` questions, each about its own context. answers [count, top] receives the best
 * spans, best first, found [count] how many there are: fewer than top when the context has fewer, 0
 * when it is blank and `impossible` is not set. A long context is read by windows, so nothing is cut. `options` and `report`
 * may be NULL. A question's answers have the same bits whatever else is in the call. One call at a
 * time for a session. Errors: CLOZE_ERROR_NOT_FOUND (no question answering head), CLOZE_ERROR_TEXT
 * (not UTF-8, or a question that leaves no room for its context; the message names the text, counted
 * from 1), CLOZE_ERROR_ARGUMENT, CLOZE_ERROR_CANCELLED.
 */
CLOZE_API cloze_status cloze_answer(cloze_session *session, const cloze_text *questions,
                                    const cloze_text *contexts, size_t count,
                                    const cloze_answer_options *options,
                                    cloze_answer_span *answers, size_t *found,
                                    cloze_embed_report *report, cloze_error *error);

#ifdef __cplusplus
}
#endif
#endif
