/*
 * learn/repeats.h - the texts that occur more than once in a sequence of codes, found by sorting its
 * suffixes, as far as a token may reach.
 *
 * Of texts that occur at the same places only the longest counts: those that are followed by at
 * least two different codes, the inner nodes of the suffix tree.
 */
#ifndef CZ_LEARN_REPEATS_H
#define CZ_LEARN_REPEATS_H

#include <cloze/status.h>

typedef struct cz_repeat {
    uint64_t weight; /* codes in all its occurrences together */
    uint32_t rank;   /* of its first suffix */
    uint32_t length; /* codes, at least 2 */
} cz_repeat;

typedef struct cz_repeats {
    const cloze_allocator *allocator;
    uint32_t *suffixes; /* where they begin, in the order of their codes */
    size_t suffix_count;
    cz_repeat *items; /* the heaviest first, of equals the one with larger codes */
    size_t count, capacity;
} cz_repeats;

/*
 * Repeats of 2 to `longest` (at most 255) codes without a 0, which ends a word; the last of the
 * `count` codes is a 0, and count < UINT32_MAX. False: memory is out; clear them then, too.
 */
bool cz_repeats_find(cz_repeats *repeats, const cloze_allocator *allocator, const uint32_t *codes,
                     size_t count, uint32_t longest);
void cz_repeats_clear(cz_repeats *repeats);

#endif
