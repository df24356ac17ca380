/*
 * learn/seeds.h - what a Unigram begins with: every character, and the texts that occur most often
 * in the different words.
 */
#ifndef CZ_LEARN_SEEDS_H
#define CZ_LEARN_SEEDS_H

#include "learn/learn.h"

typedef struct cz_seed {
    size_t begin; /* in `bytes` */
    uint32_t size;
    double score; /* logarithm of its share */
} cz_seed;

typedef struct cz_seeds {
    const cloze_allocator *allocator;
    char *bytes;
    size_t used, bytes_capacity;
    cz_seed *items;
    size_t count, capacity;
    size_t characters; /* the first ones */
} cz_seeds;

/* `kept`: characters that have a count other than 0 are part of tokens, [CZ_LEARN_CODES]. */
cloze_status cz_seeds_find(cz_seeds *seeds, const cz_learn_settings *settings,
                           const cz_texts *words, const uint64_t *kept, cloze_error *error);
void cz_seeds_clear(cz_seeds *seeds);

#endif
