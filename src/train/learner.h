/*
 * train/learner.h - the changing copy of a network's weights: values, moments, gradients, and the
 * optimizer's step over them.
 */
#ifndef CZ_TRAIN_LEARNER_H
#define CZ_TRAIN_LEARNER_H

#include "model/network.h"

/* Gradients of all that learns. */
typedef struct cz_gradients {
    cz_block memory;
    cz_tensor *tensor;    /* [count] */
    cz_tensor **list;     /* [indices] by the parameters' own; NULL where nothing learns */
    cz_touched **touched; /* [indices], NULL for all but tables */
} cz_gradients;

enum { CZ_GRADIENT_LEVELS = 12 }; /* of the tree over shards */

typedef struct cz_learner {
    cz_network *network;
    const cz_backend *backend;
    const cloze_allocator *allocator;
    size_t count;             /* parameters that learn */
    cz_parameter **parameter; /* [count] */
    size_t indices;           /* of gradients: more than the parameters' largest */
    size_t numbers;           /* that learn */
    size_t size;              /* bytes of one copy of all, each beginning at a line of the cache */
    size_t *place;            /* [count] first byte in a copy */
    cz_block values, moments[2];
    cz_tensor *value, *moment[2]; /* [count] */
    cz_block halves;              /* with `rounds`: matrices as bfloat16, */
    cz_tensor *half;              /* [count], data NULL where it is none */
    double *pace;         /* [count] factor of the rate */
    cz_gradients level[CZ_GRADIENT_LEVELS];
    size_t levels;
} cz_learner;

typedef struct cz_learner_options {
    unsigned heads; /* bits 1 << kind */
    bool pooler;    /* is it read? */
    bool freeze_embeddings, freeze_body;
    size_t freeze_layers;
    bool adapters;      /* they learn instead of what they stand beside */
    bool rounds;        /* products read matrices rounded to bfloat16 */
    double layer_decay; /* 1: none */
    size_t shards;
    /* A network that learns beside it, or NULL: all of it but other heads than these. The tables of its
     * embeddings and their norm are those of the first. */
    cz_network *second;
    unsigned second_heads;
} cz_learner_options;

/* The network's parameters that learn move into the learner. Clear it whatever comes back. */
cloze_status cz_learner_init(cz_learner *learner, cz_network *network, const cz_backend *backend,
                             const cz_learner_options *options, const cloze_allocator *allocator,
                             cloze_error *error);
void cz_learner_clear(cz_learner *learner);
size_t cz_learner_bytes(const cz_learner *learner);

cz_tensor *cz_learner_value(const cz_learner *learner, size_t i);

/* Rounds the matrices of now, and lets the network read them instead of its own numbers, or these again.
 * Nothing happens unless the learner rounds. */
cloze_status cz_learner_round(const cz_learner *learner, const cz_place *place);
void cz_learner_show(const cz_learner *learner, bool rounded);
/* For cz_learner_init. */
cloze_status cz_learner_make_halves(cz_learner *learner, cloze_error *error);

/*
 * The sum over shards is a tree that depends on their number alone: level 0 is where a shard's
 * gradient is computed, and after shard number `shard` it is carried up like a bit of a binary
 * counter, as far as all that it stands for is of shards from `first` on. cz_learner_sum then adds
 * what is left of all.
 */
void cz_learner_zero(const cz_learner *learner, const cz_place *place, size_t level);
/* Where the gradient of this shard is computed. */
size_t cz_learner_level(size_t shard);
cloze_status cz_learner_carry(const cz_learner *learner, const cz_place *place, size_t first,
                              size_t shard);
/* Adds what is left of `shards` carried ones; *level is where the sum is. */
cloze_status cz_learner_sum(const cz_learner *learner, const cz_place *place, size_t shards,
                            size_t *level);
/* Gradients may be written by others from now on, and touched anywhere. */
void cz_learner_touch_all(const cz_learner *learner);
/* Adds numbers of one gradient to those of another; `bytes` of both. */
cloze_status cz_learner_add(const cz_learner *learner, const cz_place *place, char *from, char *to,
                            size_t bytes);

/* ---- gradients.c, for learner.c ---- */

/* As many levels as the shards need, all zero. */
cloze_status cz_learner_make_levels(cz_learner *learner, size_t shards, cloze_error *error);
void cz_learner_clear_levels(cz_learner *learner);
/* A zeroed copy of everything that learns, and its tensors. */
cloze_status cz_learner_copy(const cz_learner *learner, cz_block *block, cz_tensor **tensors,
                             cloze_error *error);

typedef struct cz_optimizer {
    double rate, beta1, beta2, epsilon, decay;
    double clip; /* negative: none */
    bool bias_correction;
    size_t step; /* from 1 on */
} cz_optimizer;

/* One step along the gradients of `level`; *norm is their length before clipping, and nothing is
 * changed if it is not finite. */
cloze_status cz_learner_step(const cz_learner *learner, const cz_place *place,
                             const cz_optimizer *optimizer, size_t level, double *norm);

#endif
