/*
 * learn/unigram.h - a Unigram in the making: what its steps share.
 */
#ifndef CZ_LEARN_UNIGRAM_H
#define CZ_LEARN_UNIGRAM_H

#include "learn/lattice.h"
#include "learn/learn.h"
#include "learn/seeds.h"

typedef struct cz_unigram_trainer {
    const cz_learn_settings *settings;
    const cz_texts *words;
    cz_learned *learned;
    cz_seeds seeds;
    cz_lattice lattice; /* piece i + 1 is seed i */
    cz_trie_text *sorted;
    size_t sorted_count;
    uint32_t *pieces; /* those that are left, 0 first, in the order in which they are kept */
    size_t count;
    double *counts;       /* by piece: how often it is in the words */
    double least;         /* score */
    uint64_t done, total; /* words gone through, to go through */
} cz_unigram_trainer;

/* Pieces in the end, about; then those go that do not fit. */
size_t cz_unigram_wanted(const cz_unigram_trainer *work);
/* The lattice over the pieces that are left. */
bool cz_unigram_build(cz_unigram_trainer *work);
/* One more word was gone through, the `word`th of this pass. */
cloze_status cz_unigram_report(cz_unigram_trainer *work, size_t word, cloze_error *error);

/* estimate.c: the score of a piece, and those of unknown characters, which follow the others. */
void cz_unigram_score(cz_unigram_trainer *work, uint32_t piece, double score);
void cz_unigram_score_unknown(cz_unigram_trainer *work);
/* estimate.c: scores anew, from how often pieces are in the words by the scores of before. */
cloze_status cz_unigram_estimate(cz_unigram_trainer *work, cloze_error *error);
/* prune.c: the pieces that are missed the least go, a quarter of all. */
cloze_status cz_unigram_prune(cz_unigram_trainer *work, cloze_error *error);

#endif
