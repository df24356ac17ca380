/*
 * model/network.h - an encoder with its heads: weights bound to their names, packed for the
 * device, and the forward pass written once over ops/ops.h.
 */
#ifndef CZ_MODEL_NETWORK_H
#define CZ_MODEL_NETWORK_H

#include "formats/safetensors.h"
#include "model/config.h"
#include "ops/ops.h"

/* activation(drop(linear map of the rows around each)) of what a layer is given: added to what the
 * layer makes, and the sum is normed. */
typedef struct cz_convolution {
    cz_linear_weights linear; /* weight.out == 0: none */
    size_t kernel;            /* rows, each in the middle of its own */
    cz_activation activation;
    cz_dropout_site dropout;
    cz_norm_weights norm;
} cz_convolution;

/* The weights of a layer; families that share them run the same one in several turns. Sites of
 * dropout count from the turn's first. */
typedef struct cz_layer {
    cz_linear_weights qkv, attention_out, up, down;
    cz_linear_weights global_query, global_kv; /* of tokens that see all; weight.out == 0: none */
    cz_norm_weights attention_norm, feed_norm;
    cz_attention_shape attention;
    cz_activation activation;
    cz_dropout_site attention_dropout, feed_dropout, gate_dropout, distance_dropout;
    bool norm_first, gated;
    const cz_tensor *angles;    /* NULL: nothing is turned */
    cz_linear_weights distance;     /* of the rows of distances; weight.out == 0: none */
    cz_embed_weights own_distances; /* rows of this layer; no table: none */
    bool mixes; /* tokens by a Fourier transform instead of attention, which has no weights */
    bool meets_queries, meets_keys;
    cz_convolution convolution;
    cz_block woven;      /* query, key and value taken apart, where the file weaves them into one */
    cz_tensor projected; /* what `distance` makes of all rows, once for the model; data NULL: not */
} cz_layer;

typedef struct cz_turn {
    const cz_layer *layer;
    size_t number; /* of the layer, from 1 */
    uint32_t site; /* of dropout: the turn's first */
} cz_turn;

/* What a table of the embeddings is indexed by. */
typedef enum cz_table_kind { CZ_TABLE_WORDS, CZ_TABLE_POSITIONS, CZ_TABLE_TYPES } cz_table_kind;

/* out(drop(norm(activation(dense(drop(rows)))))); of a sequence's rows the pooler may take dense's
 * place. */
typedef struct cz_head {
    cz_linear_weights dense, out; /* weight.out == 0: none; without `out` there is no head */
    cz_norm_weights norm;         /* gain NULL: none */
    cz_activation activation;
    cz_dropout_site before, dropout; /* before dense, before out */
} cz_head;

/* Weights that no file has, made so that they can learn. */
typedef struct cz_made_tensor cz_made_tensor;

/* Adapters that are made beside linear maps (LoRA, Hu et al. 2021). `targets` are names of maps, or
 * their ends behind a dot: query, attention.output.dense; none: queries and values; "all-linear"
 * alone: every one but the heads'. */
typedef struct cz_low_rank {
    size_t rank; /* 0: none are made */
    double scale, dropout;
    const char *const *targets;
    size_t target_count;
} cz_low_rank;

typedef struct cz_network {
    cloze_hooks hooks;
    cz_config config;
    cz_weights *weights;
    cz_made_tensor *made;     /* newest first */
    cz_parameter *parameters; /* every weight that something here uses */
    size_t parameter_count;
    cz_block vector_memory;   /* copies of small weights that the file holds in another type */
    cz_block pack_memory;
    size_t pack_used;         /* bytes of packs */
    size_t mapped;            /* bytes of the file that stay in use beside the packs */
    size_t elements;          /* numbers in all parameters */

    cz_embed_weights embeddings;
    cz_table_kind table_kind[CZ_TABLES];
    cz_norm_weights embedding_norm;
    cz_dropout_site embedding_dropout;
    cz_linear_weights projection; /* weight.out == 0: none */
    bool drop_projected;          /* the dropout comes after the projection */
    bool norm_projected;          /* the norm comes after it */
    cz_embed_weights distances;   /* rows of distances of all layers; no table: none */
    cz_norm_weights distance_norm; /* gain NULL: none; so below */
    uint32_t *entry;              /* [2 * entry_span + 1] as in cz_relative */
    size_t entry_span;
    cz_tensor angles[2];          /* of all places: layers that see all, local ones */
    cz_block angle_memory, projected_memory;
    cz_norm_weights final_norm;
    cz_layer *layers;             /* [layer_count] */
    size_t layer_count;
    cz_turn *turns;               /* [config.layers * config.inner] */
    cz_linear_weights pooler;     /* weight.out == 0: none that fits */
    cz_head head[CZ_HEADS];
    cz_adapter *adapters; /* [adapter_count] */
    size_t adapter_count;
    cz_linear_weights lesson; /* of states to a teacher's width; weight.out == 0: none */
    size_t still; /* stages that learn nothing, the embeddings and then layers: nothing of them is
                     recorded */
} cz_network;

/*
 * What is made anew where the weights lack it, or other labels are wanted: matrices are drawn from a
 * normal distribution with config.json's initializer_range, biases are 0 and gains 1, as
 * transformers begins (the row of the padding id is 0; positions that do not learn are waves). The
 * numbers are a function of the seed and the tensor's name.
 */
typedef struct cz_anew {
    unsigned heads;     /* bits 1 << kind; with the pooler, where one reads it */
    size_t columns;     /* of a head of labels or tags */
    bool replace;       /* the heads' last products even where there are some that fit */
    bool all;           /* everything: no weights are opened */
    cz_low_rank adapters; /* the first matrix drawn as peft draws it, the second 0 */
    size_t lesson_width; /* of a teacher's states; 0: they are not compared */
    uint64_t seed;
} cz_anew;

typedef struct cz_network_options {
    const cz_backend *backend;
    const cz_place *place; /* for packing */
    bool pack;             /* keep packs; else packed at use */
    bool bf16;             /* keep them rounded to bfloat16 */
    bool read_instead;     /* no mapping */
    const char *weights;   /* the folder of the weights, if it is another; or NULL */
    const char *adapter;   /* the folder of an adapter that is merged into them; or NULL */
    const cz_anew *anew;   /* or NULL: what is missing is missing */
    cloze_progress progress; /* bytes packed of all */
    const cloze_hooks *hooks;
} cz_network_options;

/* A missing tensor that the encoder needs is an error that names it; a head that is missing or
 * cannot be used is an error of cz_pooled or cz_logits alone. */
cloze_status cz_network_open(cz_network **out, const char *folder,
                             const cz_network_options *options, cloze_error *error);
void cz_network_free(cz_network *network);

/* Token states of the first `layers` layers (0: the embeddings alone) [tokens, hidden]; with
 * batch->firsts and all layers those of first rows alone [sequences, hidden], the same bits. Taps:
 * "embeddings", "layer". */
cz_tensor *cz_encode(cz_run *run, const cz_network *network, const cz_batch *batch, size_t layers);
/* The same from states x that the first `first` layers made, which are not run. */
cz_tensor *cz_encode_on(cz_run *run, const cz_network *network, const cz_batch *batch, cz_tensor *x,
                        size_t first, size_t layers);
/* The pooler over the first row of each sequence [sequences, hidden]; without one the run fails. */
cz_tensor *cz_pooled(cz_run *run, const cz_network *network, const cz_batch *batch, cz_tensor *x);
/* What a head makes of token states: [sequences, its columns], or [tokens, ...] if it tells of
 * tokens. Without the head the run fails. batch NULL: `x` are the rows that the head of tokens is
 * asked for, and nothing is dropped. */
cz_tensor *cz_logits(cz_run *run, const cz_network *network, cz_head_kind kind,
                     const cz_batch *batch, cz_tensor *x);
bool cz_head_tells_tokens(cz_head_kind kind);
/* Does it read nothing but the first row of each sequence? */
bool cz_head_reads_firsts(const cz_network *network, cz_head_kind kind);
/* These rows of a batch as one; begin and length [sequences] live as long as it. */
cz_batch cz_first_rows(const cz_batch *batch, size_t *begin, size_t *length);
/* Columns of what it makes; 0: the model has no such head. */
size_t cz_head_columns(const cz_network *network, cz_head_kind kind);

/* Does the head want that some tokens are seen by all of their sequence? */
bool cz_head_has_globals(const cz_network *network, cz_head_kind kind);
/* These tokens of a batch, as transformers chooses them. Room: row [tokens], begin and length
 * [sequences]; all three live as long as the batch. */
cz_globals cz_head_globals(const cz_network *network, cz_head_kind kind, const cz_batch *batch,
                           size_t *row, size_t *begin, size_t *length);

/* Flop of cz_encode over sequences of these lengths: 2 for each multiply-add of products and of
 * attention. A Fourier transform is not counted, nor are tokens that see everything. */
double cz_network_work(const cz_network *network, const size_t *lengths, size_t count);

/* The extent of a run of `tokens` tokens in sequences of at most `longest`, heads included; who
 * appends other modules widens it by theirs. */
cz_extent cz_network_extent(const cz_network *network, size_t tokens, size_t longest,
                            bool gradients);

/* What depends on weights alone: rows of distances as each layer projects them, made by the device
 * while the file's weights are at hand. Runs that learn or drop make them themselves. */
cloze_status cz_network_project(cz_network *network, const cz_network_options *options,
                                cloze_error *error);

/* ---- binding, shared with task/ (Dense and LayerNorm modules) ---- */

/* Vectors among these parameters that are not in `type`, or not aligned for it, get a copy that is;
 * all copies lie in *memory, which stays empty when none is needed. */
cloze_status cz_vectors_convert(cz_parameter *parameters, size_t count, cz_type type,
                                const cloze_allocator *allocator, cz_block *memory,
                                cloze_error *error);

/* One linear map's pack into `memory`, or its size when `memory` is NULL. */
cloze_status cz_linear_pack(cz_linear_weights *linear, const cz_network_options *options,
                            void *memory, size_t *size, cloze_error *error);

#endif
