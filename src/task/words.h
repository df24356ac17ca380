/*
 * task/words.h - sequences some of whose tokens are asked for: what could stand in their places. The
 * encoder runs over the whole batch, the wide head over the rows asked for alone.
 */
#ifndef CZ_TASK_WORDS_H
#define CZ_TASK_WORDS_H

#include "task/engine.h"

/* logits [vocabulary] of token `token` of the sequence; borrowed for the call. */
typedef cloze_status cz_word_done(void *context, size_t owner, size_t token, const float *logits,
                                  cloze_error *error);

typedef struct cz_words {
    cloze_session *session;
    size_t total;          /* texts in all, for progress */
    cz_word_done *done;    /* in the order they were asked for */
    void *context;
    size_t vocabulary;     /* columns of the head */
    size_t *rows, *owners, *tokens; /* [count] of the batch; its sequence's owner, place in it */
    size_t count;
    float *states;         /* [count, hidden] */
    size_t states_capacity;
    float *logits;         /* [CZ_WORD_ROWS, vocabulary] */
    cloze_embed_report report;
} cz_words;

/* The caller has set session, total, done and context; clear it whatever comes back. */
cloze_status cz_words_begin(cz_words *words, cloze_error *error);
/* A sequence and which of its tokens are asked for, ascending. */
cloze_status cz_words_add(cz_words *words, size_t owner, const uint32_t *ids,
                          const uint32_t *types, size_t length, const size_t *tokens,
                          size_t count, cloze_error *error);
/* Computes what is left. */
cloze_status cz_words_flush(cz_words *words, cloze_error *error);
void cz_words_clear(cz_words *words);

/* The logarithm of the sum of exp over all. */
double cz_log_sum(const float *logits, size_t count);

#endif
