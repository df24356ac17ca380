/*
 * cloze/fill.h - what could stand in the place of a mask, and how likely a text is as a whole.
 *
 * The model needs a masked language modelling head.
 */
#ifndef CLOZE_FILL_H
#define CLOZE_FILL_H

#include <cloze/model.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Whether the model has a masked language modelling head. */
CLOZE_API bool cloze_model_fills(const cloze_model *model);

typedef struct cloze_fill_options {
    size_t top;              /* candidates for each mask; 0: 5 */
    const uint32_t *targets; /* [target_count] ids, all different, that alone may stand there; NULL:
                                any */
    size_t target_count;
} cloze_fill_options;

typedef struct cloze_filling {
    uint32_t token; /* the id */
    float score;    /* its probability among all ids, targets or not */
} cloze_filling;

/* The candidates of many texts: made once, filled by every call anew. `hooks` may be NULL. */
typedef struct cloze_fillings cloze_fillings;
CLOZE_API cloze_status cloze_fillings_new(cloze_fillings **out, const cloze_hooks *hooks,
                                          cloze_error *error);
CLOZE_API void cloze_fillings_free(cloze_fillings *fillings);
/* Masks of a text of the last call; 0 if there is no such text. */
CLOZE_API size_t cloze_fillings_masks(const cloze_fillings *fillings, size_t text);
/* Candidates listed for each mask: the same number for all. */
CLOZE_API size_t cloze_fillings_count(const cloze_fillings *fillings);
/* Candidate number `rank` of a mask, best first; a zeroed one if there is none. */
CLOZE_API cloze_filling cloze_fillings_get(const cloze_fillings *fillings, size_t text, size_t mask,
                                           size_t rank);
/*
 * The text with a candidate in the place of its mask, as transformers' pipeline decodes it: special
 * tokens are left out where the text has one mask, and shown where others are still open. `*out`
 * receives a zero-terminated string; free it with cloze_tokenizer_release_text.
 */
CLOZE_API cloze_status cloze_fillings_sequence(const cloze_fillings *fillings,
                                               const cloze_model *model, size_t text, size_t mask,
                                               size_t rank, char **out, size_t *size,
                                               cloze_error *error);
/* The text of one candidate, decoded alone; freed likewise. */
CLOZE_API cloze_status cloze_filling_text(const cloze_model *model, uint32_t token, char **out,
                                          size_t *size, cloze_error *error);

/*
 * Finds candidates for every mask of `count` texts: the mask is the tokenizer's own token
 * (cloze_tokenizer_role). Several masks of a text are filled independently. `options` and `report`
 * may be NULL. A text's candidates have the same bits whatever else is in the call. One call at a
 * time for a session. Method: transformers' FillMaskPipeline. Errors: CLOZE_ERROR_NOT_FOUND (no such
 * head, or no mask token), CLOZE_ERROR_TEXT (not UTF-8, without a mask, or longer than the model;
 * the message names the text, counted from 1), CLOZE_ERROR_ARGUMENT, CLOZE_ERROR_CANCELLED.
 */
CLOZE_API cloze_status cloze_fill(cloze_session *session, const cloze_text *texts, size_t count,
                                  const cloze_fill_options *options, cloze_fillings *fillings,
                                  cloze_embed_report *report, cloze_error *error);

/* ---- the likelihood of a text ---- */

typedef struct cloze_likelihood_options {
    bool whole_words; /* with a token, mask the later ones of its word: Kauf and Ivanova, "A Better
                         Way to Do Masked Language Model Scoring", 2023 */
} cloze_likelihood_options;

typedef struct cloze_likelihood {
    double sum;    /* of the natural logarithms of the tokens' probabilities */
    size_t tokens; /* without special ones; exp(-sum / tokens) is the pseudo-perplexity */
} cloze_likelihood;

/*
 * The pseudo-log-likelihood of `count` texts: each token's probability where it is masked and all
 * others are seen. Method: Salazar et al., "Masked Language Model Scoring", 2020. out [count].
 * `options` and `report` may be NULL; errors as cloze_fill, but no mask is needed.
 */
CLOZE_API cloze_status cloze_likelihoods(cloze_session *session, const cloze_text *texts,
                                         size_t count, const cloze_likelihood_options *options,
                                         cloze_likelihood *out, cloze_embed_report *report,
                                         cloze_error *error);

#ifdef __cplusplus
}
#endif
#endif
