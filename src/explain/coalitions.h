/*
 * explain/coalitions.h - sets of units that are present, as bits, and F of each. A set that comes again is
 * found and not asked twice, so memory is that of distinct sets: their bits and a few numbers.
 */
#ifndef CZ_EXPLAIN_COALITIONS_H
#define CZ_EXPLAIN_COALITIONS_H

#include "explain/explainer.h"

/* The first two sets. F of the first is known. */
enum { CZ_EVERYTHING, CZ_NOTHING };

typedef struct cz_coalitions {
    cloze_explainer *explainer;
    size_t units, words; /* words of 64 bits in a set; unused bits are 0 */
    size_t count, asked; /* those before `asked` have their value */
    uint64_t *bits;      /* [count, words] */
    double *values;      /* [asked] */
    double *weights;     /* [count] for the method's own use; 0 at first */
    size_t bits_capacity, values_capacity, weights_capacity;
    uint32_t *slots;   /* [slot_count] number of a set and 1, or 0; open addressing */
    size_t slot_count; /* a power of two */
} cz_coalitions;

cloze_status cz_coalitions_begin(cz_coalitions *coalitions, cloze_explainer *explainer,
                                 cloze_error *error);
void cz_coalitions_clear(cz_coalitions *coalitions);
/* Adds or finds; *number is its place. `set` may be any memory but the coalitions' own. */
cloze_status cz_coalitions_add(cz_coalitions *coalitions, const uint64_t *set, size_t *number,
                               cloze_error *error);
/* Asks F of what was added since the last time. */
cloze_status cz_coalitions_ask(cz_coalitions *coalitions, cloze_absence absence,
                               cloze_error *error);

/* A cz_mask_maker: those sets one after the other. */
void cz_coalitions_show(void *coalitions, size_t number, uint8_t *present);

/* A set of no units, for building others; NULL: no memory. */
uint64_t *cz_set_new(const cz_coalitions *coalitions);
/* The set of all units but those of `from`. */
void cz_set_rest(const cz_coalitions *coalitions, const uint64_t *from, uint64_t *to);

static inline const uint64_t *cz_coalition(const cz_coalitions *coalitions, size_t number)
{
    return coalitions->bits + number * coalitions->words;
}

static inline bool cz_set_has(const uint64_t *set, size_t unit)
{
    return set[unit / 64] >> unit % 64 & 1;
}

static inline void cz_set_flip(uint64_t *set, size_t unit)
{
    set[unit / 64] ^= UINT64_C(1) << unit % 64;
}

/* Sum of numbers [units] over what is present. */
double cz_set_sum(const uint64_t *set, const double *numbers, size_t units);
size_t cz_set_size(const cz_coalitions *coalitions, const uint64_t *set);

/* For methods whose numbers shall add up to F less F of nothing: what is missing there. */
void cz_coalitions_report(const cz_coalitions *coalitions, cz_attribution *out);

#endif
