/*
 * explain/attention.h - attention as matrices between tokens: how it is seen, which of its rows F reads,
 * and how the matrices of layers are joined.
 */
#ifndef CZ_EXPLAIN_ATTENTION_H
#define CZ_EXPLAIN_ATTENTION_H

#include "explain/explainer.h"

/* One computation of attention. Layers take one turn each, but where a family has inner layers. */
typedef struct cz_attention_turn {
    size_t layer, turn; /* from 1; from 0 */
    size_t heads, tokens;
    const cz_tensor *weights;     /* [heads * tokens, tokens] */
    const cz_tensor *projections; /* queries, keys, values [tokens, 3 * width]; */
    const cz_tensor *global; /* keys and values [tokens, 2 * width] as rows that see everything see
                                     them, or NULL */
} cz_attention_turn;

/* Tensors are borrowed for the call. False: look no more. */
typedef bool cz_attention_look(void *context, const cz_attention_turn *turn);

/* Fails where the model has no attention. */
cloze_status cz_attention_check(const cloze_explainer *explainer, cloze_error *error);
/* Turn by turn, in one run. */
cloze_status cz_attention_walk(cloze_explainer *explainer, cz_attention_look *look, void *context,
                               cloze_error *error);
/* Turns of all layers. */
size_t cz_attention_turns(const cloze_explainer *explainer);
/* How much each of the last layer's rows weighs in what F reads; share [tokens] sums to 1. */
void cz_rows_read(const cloze_explainer *explainer, double *share);

/* ---- rollout.c ---- */

/* A matrix for each turn: row i tells what token i takes from which token. */
typedef struct cz_mixing {
    size_t turns, tokens;
    size_t *layer;  /* [turns] */
    double *matrix; /* [turns, tokens, tokens] */
} cz_mixing;

double *cz_mixing_of(const cz_mixing *mixing, size_t turn);
/* Matrices of zeros, for as many turns as the model takes. Clear it whatever comes back. */
cloze_status cz_mixing_make(const cloze_explainer *explainer, cz_mixing *out, cloze_error *error);
void cz_mixing_clear(const cloze_explainer *explainer, cz_mixing *mixing);
/* Rows are made to sum to 1; a row of zeros becomes that of a token that takes from itself alone. */
void cz_mixing_normalize(cz_mixing *mixing);
/* Attention, the mean of its heads, and as much of the token itself (Abnar, Zuidema 2020). */
cloze_status cz_mixing_attend(cloze_explainer *explainer, cz_mixing *out, cloze_error *error);
/* share * the last matrix * ... * the first; to [tokens]. */
cloze_status cz_mixing_join_rows(const cloze_explainer *explainer, const cz_mixing *mixing,
                                 const double *share, double *to, cloze_error *error);
/* Shows matrix * ... * the first, turn by turn (joined), or each alone. */
cloze_status cz_mixing_show(const cloze_explainer *explainer, const cz_mixing *mixing, bool joined,
                            cloze_matrix_visit *visit, void *context, cloze_error *error);
/* The attribution of tokens that the joined matrices make of the rows that F reads. */
cloze_status cz_mixing_attribute(const cloze_explainer *explainer, const cz_mixing *mixing,
                                 cz_attribution *out, cloze_error *error);

#endif
