/*
 * test/run/network.h - a tiny transformer for the tests of the run: an embedding stage, layers with
 * attention, dropout and a tensor from outside, and a loss. Written once, run in every way.
 */
#ifndef TEST_RUN_NETWORK_H
#define TEST_RUN_NETWORK_H

#include "ops/ops.h"

enum {
    WIDTH = 6,
    HEADS = 2,
    FEED = 11,
    TOKENS = 8,
    LAYERS_MOST = 6,
    LAYER_PARAMETERS = 12,
    PARAMETERS = 3 + LAYERS_MOST * LAYER_PARAMETERS,
    HOST_SIZE = 1 << 18,
    NUMBERS_SIZE = 1 << 20,
};

typedef struct tiny_layer {
    size_t number;
    cz_linear_weights qkv, attention_out, up, down;
    cz_norm_weights attention_norm, feed_norm;
    cz_attention_shape attention;
    cz_dropout_site attention_dropout, feed_dropout;
    cz_tensor *memory; /* from outside, or NULL */
} tiny_layer;

typedef struct tiny {
    cz_run run;
    const cz_backend *backend;
    cz_parameter parameter[PARAMETERS];
    cz_tensor gradient[PARAMETERS], *gradients[PARAMETERS];
    size_t parameters, layers;
    cz_embed_weights embed;
    cz_norm_weights embed_norm;
    tiny_layer layer[LAYERS_MOST];
    cz_batch batch;
    void *memory, *target; /* [TOKENS, WIDTH] the caller's numbers */
    cz_tensor *memory_input, *out, *loss;
    bool nested; /* each half of a layer is a stage within the layer's */
    bool no_outside;
    size_t frozen; /* so many layers, and the embeddings, predict whatever the others do */
    char *host, *numbers, *bench, *scratch;
} tiny;

void tiny_open(tiny *t, const cz_backend *backend, size_t layers);
void tiny_close(tiny *t);
/* Forward; with run.record the gradients of the loss too. */
void tiny_run(tiny *t);
/* The same without arena memory: run.numbers.peak is what tiny_run needs. */
void tiny_count(tiny *t);
/* Bytes of the result, of the loss, of every gradient, one after another; to be freed. */
char *tiny_bits(const tiny *t, bool gradients, size_t *size);
void tiny_expect_same(const tiny *a, const tiny *b, bool gradients);

#endif
