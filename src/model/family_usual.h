/*
 * model/family_usual.h - what many rows of the table of families have in common, as lists that a row
 * takes up. For the files of rows alone.
 */
#ifndef CZ_MODEL_FAMILY_USUAL_H
#define CZ_MODEL_FAMILY_USUAL_H

/* What most families share with the first. */
#define USUAL_SETTINGS                                                                             \
    .layers = "num_hidden_layers", .hidden = "hidden_size", .heads = "num_attention_heads",        \
    .intermediate = "intermediate_size", .vocabulary = "vocab_size",                               \
    .positions = "max_position_embeddings", .types = "type_vocab_size",                            \
    .epsilon = "layer_norm_eps", .activation = "hidden_act",                                       \
    .hidden_dropout = "hidden_dropout_prob", .attention_dropout = "attention_probs_dropout_prob"

#define USUAL_SIZES                                                                                \
    .layers = 12, .hidden = 768, .heads = 12, .intermediate = 3072, .positions = 512, .types = 2,  \
    .epsilon = 1e-12, .activation = "gelu", .hidden_dropout = 0.1, .attention_dropout = 0.1,       \
    .classifier_dropout = -1

#define UNNORMED_TABLES                                                                            \
    .words = "embeddings.word_embeddings", .positions = "embeddings.position_embeddings",          \
    .types = "embeddings.token_type_embeddings"
#define USUAL_TABLES UNNORMED_TABLES, .embedding_norm = "embeddings.LayerNorm"

#define UNNORMED_BLOCK                                                                             \
    .layer = "encoder.layer.%zu.", .query = "attention.self.query", .key = "attention.self.key",   \
    .value = "attention.self.value", .attention_out = "attention.output.dense",                    \
    .up = "intermediate.dense", .down = "output.dense"
#define USUAL_BLOCK                                                                                \
    UNNORMED_BLOCK, .attention_norm = "attention.output.LayerNorm", .feed_norm = "output.LayerNorm"
#define OWN_DISTANCES .own_distances = "attention.self.distance_embedding"

#define USUAL_LAYER USUAL_BLOCK, OWN_DISTANCES

#define USUAL_BUFFERS                                                                              \
    {                                                                                              \
        "position_ids", "token_type_ids"                                                           \
    }

/* Heads. Of the pooler's rows, of the first rows through a layer of their own, of each token. */
#define USUAL_TAGS .head[CZ_HEAD_TAGS] = { .out = "classifier", .drops = CZ_DROPS_AS_CLASSIFIER }
#define USUAL_SPANS .head[CZ_HEAD_SPANS] = { .out = "qa_outputs" }
#define POOLED_LABELS                                                                              \
    .head[CZ_HEAD_LABELS] = { .out = "classifier",                                                 \
                              .pooled = true,                                                      \
                              .drops = CZ_DROPS_AS_CLASSIFIER }
#define POOLED_CHOICE(dropout)                                                                     \
    .head[CZ_HEAD_CHOICE] = { .out = "classifier", .pooled = true, .drops = dropout }
#define DENSE_LABELS(function)                                                                     \
    .head[CZ_HEAD_LABELS] = { .dense = "classifier.dense",                                         \
                              .out = "classifier.out_proj",                                        \
                              .activation = function,                                              \
                              .drops_first = true,                                                 \
                              .drops = CZ_DROPS_AS_CLASSIFIER }
#define TRANSFORMED_WORDS                                                                          \
    .head[CZ_HEAD_WORDS] = { .dense = "cls.predictions.transform.dense",                           \
                             .norm = "cls.predictions.transform.LayerNorm",                        \
                             .out = "cls.predictions.decoder",                                     \
                             .bias = "cls.predictions.bias",                                       \
                             .acts_as_layers = true }
#define HEADED_WORDS                                                                               \
    .head[CZ_HEAD_WORDS] = { .dense = "lm_head.dense",                                             \
                             .norm = "lm_head.layer_norm",                                         \
                             .out = "lm_head.decoder",                                             \
                             .bias = "lm_head.bias",                                               \
                             .activation = CZ_GELU }
#define ROBERTA_HEADS                                                                              \
    DENSE_LABELS(CZ_TANH), POOLED_CHOICE(CZ_DROPS_AS_LAYERS), USUAL_TAGS, USUAL_SPANS, HEADED_WORDS
#define POOLED_ORDER .head[CZ_HEAD_ORDER] = { .out = "cls.seq_relationship", .pooled = true }

#endif
