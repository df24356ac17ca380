/*
 * task/sequences.h - what a head of sequences makes of texts and pairs of texts: what all tasks over
 * whole texts stand on.
 */
#ifndef CZ_TASK_SEQUENCES_H
#define CZ_TASK_SEQUENCES_H

#include "task/engine.h"

#include <cloze/classify.h>

typedef struct cz_sequences_options {
    cz_head_kind head;
    cloze_score_function function; /* not the default: what becomes of a row of logits */
    size_t max_tokens;             /* 0: the model's limit */
    cloze_truncation truncation;
    bool empty_pairs;              /* an empty second text is put into the template too */
} cz_sequences_options;

/* scores [count, columns of the head]; pairs, truncated [count] and report may be NULL. */
cloze_status cz_sequences_score(cloze_session *session, const cloze_text *texts,
                                const cloze_text *pairs, size_t count,
                                const cz_sequences_options *options, float *scores,
                                size_t *truncated, cloze_embed_report *report, cloze_error *error);

/* Whether one of the pairs of a text, whose truncated tokens are given, lost something. */
bool cz_sequences_lost(const size_t *truncated, size_t count);

#endif
