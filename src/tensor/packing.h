/*
 * tensor/packing.h - where sequences lie in a packed batch. Nothing is padded anywhere.
 */
#ifndef CZ_TENSOR_PACKING_H
#define CZ_TENSOR_PACKING_H

#include <stddef.h>
#include <stdint.h>

/* Sequence i has rows begin[i] .. begin[i] + length[i]. Two packings, of queries and of keys, may
 * differ: then query sequence i looks at key sequence i. */
typedef struct cz_packing {
    size_t count;
    const size_t *begin, *length; /* [count] */
    size_t longest;
} cz_packing;

/* What a model is given: `tokens` rows that belong to `packing.count` sequences. */
typedef struct cz_batch {
    size_t tokens;
    cz_packing packing;
    const uint32_t *ids, *positions, *types; /* [tokens]; already checked against the tables */
    const uint64_t *samples; /* [packing.count] number of the sample in the epoch, for dropout */
} cz_batch;

#endif
