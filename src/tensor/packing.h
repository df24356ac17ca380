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

/* Rows that all of their sequence sees, and that see all of it, however near a layer looks: those of
 * sequence i are row[packing.begin[i]] and on, packing.length[i] of them. */
typedef struct cz_globals {
    cz_packing packing; /* of `row`; as many sequences as the batch has */
    const size_t *row;  /* [count] distinct and ascending rows of the batch */
    size_t count;
} cz_globals;

/* What a model is given: `tokens` rows that belong to `packing.count` sequences. */
typedef struct cz_batch {
    size_t tokens;
    cz_packing packing;
    const uint32_t *ids, *positions, *types; /* [tokens]; already checked against the tables */
    const uint64_t *samples; /* [packing.count] number of the sample in the epoch, for dropout */
    const cz_globals *globals; /* NULL: none; for models whose layers look near */
    /* NULL, or: of the last layer only each sequence's first row is wanted, and these rows are a batch
     * of their own (cz_first_rows). */
    const struct cz_batch *firsts;
} cz_batch;

#endif
