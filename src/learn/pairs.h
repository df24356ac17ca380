/*
 * learn/pairs.h - pairs of neighbouring tokens: how often each occurs, in which words, and which is
 * next to be joined.
 *
 * As in the package, a pair's words are those in which it was formed in one round; a pair that is
 * formed again later has a further entry in the queue, with its other words. An entry's count is
 * brought up to date only when it comes to the top.
 */
#ifndef CZ_LEARN_PAIRS_H
#define CZ_LEARN_PAIRS_H

#include <cloze/status.h>

typedef struct cz_pair {
    uint64_t key;   /* left << 32 | right */
    int64_t count;  /* may fall below 0: a pair that was too long is not counted when it forms */
    uint32_t round; /* in which it was last formed */
    uint32_t word;  /* in which it was last formed */
    uint32_t fresh; /* its place among those of this round */
    uint32_t rank;  /* number of its last merge + 1; 0: none */
} cz_pair;

typedef struct cz_pair_entry {
    uint64_t count;
    uint64_t key;
    size_t begin; /* of its words in `places` */
    uint32_t pair, words;
} cz_pair_entry;

typedef struct cz_formed {
    uint32_t fresh, word;
} cz_formed;

typedef struct cz_pairs {
    const cloze_allocator *allocator;
    cz_pair *items;
    size_t count, capacity;
    uint32_t *slots; /* index + 1; 0: free */
    size_t slots_capacity;
    uint64_t factor;
    /* of this round */
    uint32_t round;
    uint32_t *fresh; /* pairs that were formed */
    size_t fresh_count, fresh_capacity;
    cz_formed *formed; /* and in which words */
    size_t formed_count, formed_capacity;
    uint32_t *places; /* words of all entries */
    size_t places_count, places_capacity;
    cz_pair_entry *queue; /* a heap */
    size_t queue_count, queue_capacity;
} cz_pairs;

bool cz_pairs_init(cz_pairs *pairs, const cloze_allocator *allocator);
void cz_pairs_clear(cz_pairs *pairs);
/* Adds to the count of a pair; where `times` > 0, notes that it was formed in `word`. */
bool cz_pairs_change(cz_pairs *pairs, uint32_t left, uint32_t right, int64_t times, uint32_t word);
/* Ends a round: the pairs that were formed go into the queue. */
bool cz_pairs_enqueue(cz_pairs *pairs);
/* The most frequent pair, of equals that with the smallest ids; false: there is none. */
bool cz_pairs_next(cz_pairs *pairs, cz_pair_entry *out);
/* The rank of a pair that was counted. */
uint32_t cz_pairs_rank(const cz_pairs *pairs, uint32_t left, uint32_t right);

#endif
