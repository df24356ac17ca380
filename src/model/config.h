/*
 * model/config.h - a strict config.json as features. Families are data (family.h); nothing after
 * this knows their names.
 */
#ifndef CZ_MODEL_CONFIG_H
#define CZ_MODEL_CONFIG_H

#include "backend/backend.h"

typedef struct cz_family cz_family;

/* What is made of token states. */
typedef enum cz_head_kind {
    CZ_HEAD_LABELS, /* numbers of a sequence, one for each label */
    CZ_HEAD_CHOICE, /* one number of a sequence, to be compared with those of others */
    CZ_HEAD_ORDER,  /* does the second text follow the first? yes, no */
    CZ_HEAD_TAGS,   /* numbers of each token, one for each label */
    CZ_HEAD_SPANS,  /* does an answer begin at a token, does it end there? */
    CZ_HEAD_WORDS,  /* numbers of each token, one for each id that could stand in its place */
    CZ_HEAD_REPLACED /* one number of each token: does another one stand in its place? */
} cz_head_kind;

enum { CZ_HEADS = CZ_HEAD_REPLACED + 1 };

/* What scores get from distances. */
typedef enum cz_distance_kind {
    CZ_DISTANCE_NONE = 0,
    CZ_DISTANCE_TABLE, /* a number for each bucket and head, the same in all layers */
    CZ_DISTANCE_OWN,   /* rows of each layer, for all its heads, that queries or keys meet */
    CZ_DISTANCE_APART  /* rows of the model, projected by each layer, that queries or keys meet */
} cz_distance_kind;

/* Limits that no real model meets and that keep every size computation far from overflow. */
enum {
    CZ_LAYERS_MOST = 1024,
    CZ_TURNS_MOST = 4096,
    CZ_WIDTH_MOST = 1 << 20,
    CZ_HEADS_MOST = 4096,
    CZ_ROWS_MOST = 1 << 28,
    CZ_LABELS_MOST = 1 << 20
};

typedef struct cz_config {
    const cz_family *family;
    char architecture[128]; /* config.json's first architecture, or "" */
    size_t layers, hidden, heads, intermediate;
    size_t groups, inner; /* layers i * groups / layers share weights; layers within one */
    size_t embedding;     /* columns of the tables */
    size_t words_width;   /* of the last matrix of words */
    size_t vocabulary, positions, types; /* rows of the tables; types 0: no such table */
    size_t longest;                      /* tokens that one sequence may have */
    uint32_t first_position;             /* of a sequence's first token */
    uint32_t padding;     /* the id whose embedding does not learn; UINT32_MAX: none */
    bool still_positions; /* the position table does not learn */
    double epsilon;
    double deviation; /* of matrices that are made */
    cz_activation activation;
    float hidden_dropout, attention_dropout, classifier_dropout;
    float feed_dropout, pooler_dropout; /* of what a gate makes; of the classifier's rows */
    float spans_dropout, choice_dropout;
    cz_activation pooler_activation; /* of a classifier's dense */
    bool pools_mean;                 /* its rows are means, not first ones */
    bool unbiased_attention, unbiased_feed, unbiased_norms, unbiased_pooler;
    bool no_position_table;            /* positions only limit the length */
    bool unbiased_words, unties_words; /* of the head of words: no bias; a matrix of its own */

    /* Rotary positions; theta 0: none. Local layers see a window and have angles of their own. */
    double theta, local_theta;
    size_t window; /* on either side */
    bool local[CZ_LAYERS_MOST];

    bool windowed; /* each layer sees keys no farther than this on either side: */
    uint32_t near[CZ_LAYERS_MOST];
    uint32_t separator; /* the id between two texts; UINT32_MAX: no matter */

    /* Beside the first layer; kernel 0: none. */
    struct {
        size_t kernel;
        cz_activation activation;
    } convolution;

    struct {
        cz_distance_kind kind;
        size_t rows;
        size_t span;     /* apart: rows / 2, for distances -span .. span - 1 */
        size_t buckets;  /* 0: rows are distances; else logarithmic beyond buckets / 2 */
        size_t farthest; /* beyond it all distances are as it is */
        bool of_query, of_key, shared, normed;
    } distances;
} cz_config;

/* `name` is for messages. An unknown family is CLOZE_ERROR_UNSUPPORTED and names those known. */
cloze_status cz_config_parse(cz_config *out, const char *text, size_t size, const char *name,
                             cloze_error *error);
/* FOLDER/config.json. */
cloze_status cz_config_load(cz_config *out, const char *folder, const cloze_allocator *allocator,
                            cloze_error *error);

/* Rows of the position table for the tokens of one sequence. */
void cz_config_positions(const cz_config *config, const uint32_t *ids, size_t length,
                         uint32_t *positions);

/* The family's name, for people; nothing may be decided by it. */
const char *cz_config_family_name(const cz_config *config);

/* What the names of the encoder's weights begin with in a file that has heads, too. */
const char *cz_config_prefix(const cz_config *config);
/* Has each layer weights of its own? */
bool cz_config_layers_stand_alone(const cz_config *config);
/* What the names of a layer's weights begin with behind the prefix; and the key of config.json for
 * how many layers there are. */
enum { CZ_LAYER_NAME_SIZE = 256 };
void cz_config_layer_name(const cz_config *config, size_t layer, char out[CZ_LAYER_NAME_SIZE]);
const char *cz_config_layers_key(const cz_config *config);
/* Does this head read the pooler? */
bool cz_config_pools(const cz_config *config, cz_head_kind head);
/* The keys of config.json for its dropouts, `classifier` of what a head reads, if it is one. NULL: there
 * is no such dropout, or none of its own. */
typedef struct cz_dropout_keys {
    const char *hidden, *attention, *classifier;
} cz_dropout_keys;
cz_dropout_keys cz_config_dropout_keys(const cz_config *config, const cz_head_kind *head);

/* "gelu", "gelu_new", ... as transformers' ACT2FN names them; false if unknown. */
bool cz_activation_named(const char *name, cz_activation *out);

#endif
