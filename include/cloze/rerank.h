/*
 * cloze/rerank.h - passages in the order in which they answer a query, by a cross-encoder: a model
 * with one label that reads query and passage together.
 *
 * Method: sentence-transformers' CrossEncoder.rank.
 */
#ifndef CLOZE_RERANK_H
#define CLOZE_RERANK_H

#include <cloze/classify.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct cloze_ranking {
    size_t passage; /* its number in the call */
    float score;
} cloze_ranking;

typedef struct cloze_rerank_options {
    cloze_score_function function; /* default: what config.json names (activation_fn below
                                      "sentence_transformers", or
                                      sbert_ce_default_activation_function), else sigmoid */
    size_t max_tokens;             /* of query and passage together; 0: the model's limit */
} cloze_rerank_options;

/*
 * ranking [count] receives every passage once, best first, equals in the order of the call. Query
 * and passages are stripped as Python strips; what is longer than the limit is cut, longest first,
 * and counted in `report` (may be NULL). A passage's score has the same bits whatever else is in
 * the call. One call at a time for a session. Errors: CLOZE_ERROR_NOT_FOUND (no classification
 * head), CLOZE_ERROR_UNSUPPORTED (more than one label, or an activation that is not known),
 * CLOZE_ERROR_TEXT (not UTF-8; the message names the passage, or the query), CLOZE_ERROR_CANCELLED.
 */
CLOZE_API cloze_status cloze_rerank(cloze_session *session, cloze_text query,
                                    const cloze_text *passages, size_t count,
                                    const cloze_rerank_options *options, cloze_ranking *ranking,
                                    cloze_embed_report *report, cloze_error *error);

#ifdef __cplusplus
}
#endif
#endif
