/*
 * train/ranks.h - processes that learn together. Each computes some shards of every batch. Sums over
 * shards are the one tree that a single process walks, so the number of processes changes no bit.
 */
#ifndef CZ_TRAIN_RANKS_H
#define CZ_TRAIN_RANKS_H

#include "base/memory.h"

#include <cloze/train.h>

/* What became of a shard, or of a batch. */
typedef struct cz_learned {
    double loss;
    uint64_t tokens;
} cz_learned;

/* What a rank says of how it went. */
typedef struct cz_verdict {
    int32_t status;
    char message[CLOZE_MESSAGE_SIZE];
} cz_verdict;

/* What a rank has summed: the node of the tree over `1 << height` shards from `first` on. */
typedef struct cz_partial {
    size_t first, height;
    int rank;
    char *data;
} cz_partial;

typedef struct cz_ranks {
    cloze_ranks way;      /* count is at least 1 */
    cz_learned *shards;   /* [shards] */
    cz_verdict *verdicts; /* [count] */
    cz_partial *partials; /* [shards] */
    cz_block foreign;     /* what other ranks summed of the numbers that this one sums up */
    bool lost;            /* an exchange failed: there is nobody to talk to any more */
} cz_ranks;

cloze_status cz_ranks_init(cloze_trainer *trainer, const cloze_ranks *given, cloze_error *error);
void cz_ranks_clear(cloze_trainer *trainer);

/* Number 0 reads and writes the folder, measures, and decides. */
bool cz_ranks_leads(const cloze_trainer *trainer);
/* The first shard of this rank, and that behind its last. */
void cz_ranks_own(const cloze_trainer *trainer, size_t *first, size_t *behind);

/* The first of `units` things that belongs to a rank. */
size_t cz_ranks_first(const cloze_trainer *trainer, size_t units, int rank);

/* All of the following are called by all ranks in the same order. */

/* As cloze_ranks.exchange; a size of 0 is nothing to send or receive. */
cloze_status cz_ranks_exchange(cloze_trainer *trainer, int to, const void *out, size_t out_size,
                               int from, void *in, size_t in_size, cloze_error *error);
/* Each rank's part of `units` things of `size` bytes reaches all others. */
cloze_status cz_ranks_gather(cloze_trainer *trainer, void *all, size_t units, size_t size,
                             cloze_error *error);
/* What rank 0 has reaches all others. */
cloze_status cz_ranks_share(cloze_trainer *trainer, void *bytes, size_t size, cloze_error *error);

/* Fails for all ranks where `own` failed on one. */
cloze_status cz_ranks_agree(cloze_trainer *trainer, cloze_status own, cloze_error *error);
/* Fails for all if settings, examples or instruction set of one are others. */
cloze_status cz_ranks_compare(cloze_trainer *trainer, cloze_error *error);
/* Weights and progress of rank 0. */
cloze_status cz_ranks_share_state(cloze_trainer *trainer, cloze_error *error);

/* ---- ranks_sum.c ---- */

/* What became of all shards, and the sum of their gradients, in *level of each rank. */
cloze_status cz_ranks_sum(cloze_trainer *trainer, cz_learned *learned, size_t *level,
                          cloze_error *error);

#endif
