/*
 * golden.h - a golden model opened on a device, and the comparison with what transformers says.
 */
#ifndef CZ_TEST_GOLDEN_H
#define CZ_TEST_GOLDEN_H

#include "model/network.h"

typedef struct golden {
    cz_network *network;
    cz_weights *expected;
    const cz_backend *backend;
    cz_place place;
    cz_batch batch;
    uint32_t *ids, *positions, *types;
    size_t *begin, *length;
    cz_globals globals;
    size_t *global_row, *global_begin, *global_length;
    uint64_t *samples;
    int64_t *labels[CZ_HEADS]; /* of the rows of each head that the file tells of; NULL: not */
    double *targets;
    cz_run run;
    char *host, *numbers, *scratch;
    cz_tensor *gradients; /* [parameters] */
    cz_tensor **gradient_list;
    double worst_output, worst_gradient; /* largest difference over largest value of the tensor */
    size_t hidden_seen, pooled_seen, attention_seen; /* taps that were compared */
    size_t gradients_seen;
    cz_tensor *embeddings; /* live, for its gradient */
    char worst_name[256];
} golden;

typedef struct golden_options {
    const cz_backend *backend;
    const char *isa;
    bool pack, bf16, recompute, dropout;
    unsigned threads;
    const cz_anew *anew; /* or NULL */
    const char *adapter; /* a folder; or NULL */
} golden_options;

/* Fails the test when something is missing. */
void golden_open(golden *g, const char *name, const golden_options *options);
void golden_close(golden *g);
/* Forward, loss and backward; fills the worst differences. */
void golden_run(golden *g);
/* Largest difference over largest value. */
double golden_difference(const golden *g, const char *name, const cz_tensor *found);

#endif
