/*
 * model/family.h - what differs between families of models, as data: the names of settings in
 * config.json, their defaults, the names of weights, and a few habits. To add a family is to add a
 * row (doc/add-a-model.md).
 */
#ifndef CZ_MODEL_FAMILY_H
#define CZ_MODEL_FAMILY_H

#include "model/config.h"

enum { CZ_IGNORED = 8 };

/* Whose setting the dropout before a head's last product is. */
typedef enum cz_head_dropout {
    CZ_DROPS_NOTHING = 0,
    CZ_DROPS_AS_LAYERS,
    CZ_DROPS_AS_CLASSIFIER,
    CZ_DROPS_FOR_SPANS,
    CZ_DROPS_FOR_CHOICE
} cz_head_dropout;

/* Tokens that all of their sequence sees, and that see all of it, when a head reads it. */
typedef enum cz_global_rule {
    CZ_GLOBALS_NONE = 0,
    CZ_GLOBALS_FIRST, /* the first */
    CZ_GLOBALS_ASKED, /* those before the first separator */
    CZ_GLOBALS_OFFERED /* those after the second separator, which follows the first */
} cz_global_rule;

/* Names of a head's weights: out(drop(norm(activation(dense(rows))))). NULL: it has none of it. */
typedef struct cz_head_names {
    const char *out; /* NULL: the family has no such head */
    const char *dense, *norm;
    const char *bias; /* of `out`, where it is not OUT.bias */
    cz_activation activation;
    bool acts_as_layers; /* the activation is that of the layers */
    bool pooled;         /* rows come from the pooler */
    bool drops_first;    /* dropout before dense too */
    bool own_matrix;     /* of words: never the table of words, whatever config.json says */
    cz_head_dropout drops;
    cz_global_rule globals;
} cz_head_names;

/* How the number of a token's row in the position table is found. */
typedef enum cz_position_rule {
    CZ_POSITIONS_FROM_ZERO = 0,
    CZ_POSITIONS_AFTER_PADDING /* padding id + 1 + tokens before that are not padding */
} cz_position_rule;

struct cz_family {
    const char *model_type; /* config.json's */
    const char *prefix;     /* of the encoder's weights, present or absent in a file */

    /* Names in config.json; NULL: the family has no such setting, the fallback holds. */
    struct {
        const char *layers, *hidden, *heads, *intermediate, *vocabulary, *positions, *types;
        const char *embedding;     /* width of the tables; NULL: the hidden size */
        const char *words_width;   /* of what meets the last matrix of words; NULL: the tables' */
        const char *groups, *inner; /* layers that share weights, and layers within a turn */
        const char *epsilon, *activation;
        const char *hidden_dropout, *attention_dropout, *classifier_dropout;
        const char *still_positions; /* a flag: the position table does not learn */
        const char *feed_dropout;    /* of what the gate makes */
        const char *pooler_dropout, *pooler_activation, *pooling; /* of the classifier's rows */
        const char *spans_dropout, *choice_dropout;
        const char *words_bias; /* a flag: does the head of words have a bias? NULL: it has */
        /* Flags: are there biases? NULL: there are. */
        const char *attention_bias, *feed_bias, *norm_bias, *pooler_bias;
        /* Rotary positions: of every so many layers one sees all, the others half a window on
         * either side, with angles of their own. NULL: there are none. */
        const char *theta, *local_theta, *every, *window;
        /* Keys that layers see around a token: one number, or one for each layer. NULL: all. */
        const char *windows;
        const char *separator; /* the id between two texts; NULL: no matter */
        /* Content and position apart in the scores: a flag. NULL: never. */
        const char *disentangled;
        /* Rows that a convolution beside the first layer spans; "conv_act" and "conv_groups" go with
         * it. NULL: there is none. */
        const char *kernel;
        const char *buckets; /* of distances, each with a number for each head; NULL: none */
    } setting;
    struct {
        size_t layers, hidden, heads, intermediate, vocabulary, positions, types, embedding;
        size_t words_width;
        uint32_t padding;
        double epsilon;
        const char *activation;
        double hidden_dropout, attention_dropout;
        double classifier_dropout; /* negative: the hidden one */
        double spans_dropout, choice_dropout;
        double theta, local_theta;
        size_t every, window; /* the latter of `windows` too */
        uint32_t separator;
    } fallback;

    cz_position_rule positions;
    bool no_attention_dropout, no_feed_dropout; /* of what the block adds to the stream */
    bool norm_first;    /* a block reads the normed stream and adds to it */
    bool bare_first;    /* but the first block reads it as it is */
    bool drops_as_probabilities; /* what attention adds to the stream, too */
    bool fourier;       /* tokens are mixed by a Fourier transform in the place of attention */
    bool drop_projected; /* the embeddings' dropout comes after their projection */
    bool gated;         /* the feed-forward's first product is an activation's input and its gate */
    bool plain_distances; /* taken apart or not: no buckets, maps or norms of their own, and the
                             projection that queries meet has no bias */
    bool norm_projected; /* the embeddings' norm comes after their projection, which has no bias */

    /* Names of weights, without ".weight" and ".bias"; NULL: the family has none. */
    struct {
        const char *words, *positions, *types, *embedding_norm;
        const char *projection; /* from the tables' width to the hidden size */
        bool projects_always;   /* also where both are the same */
        const char *layer;      /* a format: number of the layer, or of group and layer within */
        const char *query, *key, *value, *attention_out, *attention_norm;
        const char *woven;      /* the same, but query, key and value of each head in turn, unbiased */
        const char *query_bias, *value_bias; /* of the woven matrix, by themselves */
        const char *fused;      /* query, key and value as one matrix, instead of three */
        const char *global_query, *global_key, *global_value; /* of tokens that see everything */
        const char *final_norm; /* after the last layer */
        const char *distances, *distance_norm;           /* rows of distances, of all layers */
        const char *own_distances;                       /* of one; by position_embedding_type */
        const char *distance_query, *distance_key;       /* projections of them */
        const char *up, *down, *feed_norm;
        const char *convolution, *convolution_norm; /* beside the first layer */
        const char *pooler;
    } weight;

    cz_head_names head[CZ_HEADS];

    /* Endings of stored tensors that are buffers, not weights. */
    const char *ignored[CZ_IGNORED];
};

/* Rows of one kind, a file each. */
typedef struct cz_family_group {
    const cz_family *rows;
    size_t count;
} cz_family_group;

extern const cz_family_group cz_families_plain, cz_families_mixing, cz_families_norm_first;

/* NULL if unknown. */
const cz_family *cz_family_named(const char *model_type);
/* "bert, ..." for messages. */
const char *cz_family_list(char *out, size_t size);

#endif
