/*
 * model/family.h - what differs between families of models, as data: the names of settings in
 * config.json, their defaults, and the names of weights. To add a family is to add a row.
 */
#ifndef CZ_MODEL_FAMILY_H
#define CZ_MODEL_FAMILY_H

#include <stddef.h>

enum { CZ_IGNORED = 8 };

struct cz_family {
    const char *model_type; /* config.json's */
    const char *prefix;     /* of the encoder's weights, present or absent in a file */

    struct {
        const char *layers, *hidden, *heads, *intermediate, *vocabulary, *positions, *types;
        const char *epsilon, *activation;
        const char *hidden_dropout, *attention_dropout, *classifier_dropout;
    } setting;
    struct {
        size_t layers, hidden, heads, intermediate, vocabulary, positions, types;
        double epsilon;
        const char *activation;
        double hidden_dropout, attention_dropout;
    } fallback;

    struct {
        const char *words, *positions, *types, *embedding_norm;
        const char *layer; /* a format with the layer's number */
        const char *query, *key, *value, *attention_out, *attention_norm;
        const char *up, *down, *feed_norm;
        const char *pooler, *classifier;
    } weight;
    /* Endings of stored tensors that are buffers, not weights. */
    const char *ignored[CZ_IGNORED];
};

typedef struct cz_family cz_family;

/* NULL if unknown. */
const cz_family *cz_family_named(const char *model_type);
/* "bert, ..." for messages. */
const char *cz_family_list(char *out, size_t size);

#endif
