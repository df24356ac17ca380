/* family.c - the table of families; see family.h. */
#include "model/family.h"

#include <stdio.h>
#include <string.h>

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

#define USUAL_TABLES                                                                               \
    .words = "embeddings.word_embeddings", .positions = "embeddings.position_embeddings",          \
    .types = "embeddings.token_type_embeddings", .embedding_norm = "embeddings.LayerNorm"

#define USUAL_LAYER                                                                                \
    .layer = "encoder.layer.%zu.", .query = "attention.self.query", .key = "attention.self.key",   \
    .value = "attention.self.value", .attention_out = "attention.output.dense",                    \
    .attention_norm = "attention.output.LayerNorm", .up = "intermediate.dense",                    \
    .down = "output.dense", .feed_norm = "output.LayerNorm",                                       \
    .own_distances = "attention.self.distance_embedding"

#define USUAL_BUFFERS                                                                              \
    {                                                                                              \
        "position_ids", "token_type_ids"                                                           \
    }

/* RoBERTa and what was trained like it: the same but for the vocabulary. */
#define ROBERTA(name, words_known)                                                                 \
    {                                                                                              \
        .model_type = name, .prefix = "roberta.",                                                  \
        .setting = { USUAL_SETTINGS, .classifier_dropout = "classifier_dropout" },                 \
        .fallback = { USUAL_SIZES, .vocabulary = words_known, .padding = 1 },                      \
        .positions = CZ_POSITIONS_AFTER_PADDING,                                                   \
        .weight = { USUAL_TABLES, USUAL_LAYER, .pooler = "pooler.dense" },                         \
        .classifier = { .dense = "classifier.dense",                                               \
                        .out = "classifier.out_proj",                                              \
                        .activation = CZ_TANH,                                                     \
                        .drop_first = true },                                                      \
        .ignored = USUAL_BUFFERS,                                                                  \
    }

static const cz_family families[] = {
    {
        .model_type = "bert",
        .prefix = "bert.",
        .setting = { USUAL_SETTINGS, .classifier_dropout = "classifier_dropout" },
        .fallback = { USUAL_SIZES, .vocabulary = 30522 },
        .weight = { USUAL_TABLES, USUAL_LAYER, .pooler = "pooler.dense" },
        .classifier = { .out = "classifier" },
        .ignored = USUAL_BUFFERS,
    },
    ROBERTA("roberta", 50265),
    ROBERTA("xlm-roberta", 30522),
    ROBERTA("camembert", 30522),
    {
        .model_type = "electra",
        .prefix = "electra.",
        .setting = { USUAL_SETTINGS, .embedding = "embedding_size",
                     .classifier_dropout = "classifier_dropout" },
        .fallback = { .layers = 12,
                      .hidden = 256,
                      .heads = 4,
                      .intermediate = 1024,
                      .vocabulary = 30522,
                      .positions = 512,
                      .types = 2,
                      .embedding = 128,
                      .epsilon = 1e-12,
                      .activation = "gelu",
                      .hidden_dropout = 0.1,
                      .attention_dropout = 0.1,
                      .classifier_dropout = -1 },
        .weight = { USUAL_TABLES, USUAL_LAYER, .projection = "embeddings_project" },
        .classifier = { .dense = "classifier.dense",
                        .out = "classifier.out_proj",
                        .activation = CZ_GELU,
                        .drop_first = true },
        .ignored = USUAL_BUFFERS,
    },
    {
        .model_type = "distilbert",
        .prefix = "distilbert.",
        .setting = { .layers = "n_layers",
                     .hidden = "dim",
                     .heads = "n_heads",
                     .intermediate = "hidden_dim",
                     .vocabulary = "vocab_size",
                     .positions = "max_position_embeddings",
                     .activation = "activation",
                     .hidden_dropout = "dropout",
                     .attention_dropout = "attention_dropout",
                     .classifier_dropout = "seq_classif_dropout",
                     .still_positions = "sinusoidal_pos_embds" },
        .fallback = { .layers = 6,
                      .hidden = 768,
                      .heads = 12,
                      .intermediate = 3072,
                      .vocabulary = 30522,
                      .positions = 512,
                      .epsilon = 1e-12,
                      .activation = "gelu",
                      .hidden_dropout = 0.1,
                      .attention_dropout = 0.1,
                      .classifier_dropout = 0.2 },
        .no_attention_dropout = true,
        .weight = { .words = "embeddings.word_embeddings",
                    .positions = "embeddings.position_embeddings",
                    .embedding_norm = "embeddings.LayerNorm",
                    .layer = "transformer.layer.%zu.",
                    .query = "attention.q_lin",
                    .key = "attention.k_lin",
                    .value = "attention.v_lin",
                    .attention_out = "attention.out_lin",
                    .attention_norm = "sa_layer_norm",
                    .up = "ffn.lin1",
                    .down = "ffn.lin2",
                    .feed_norm = "output_layer_norm" },
        .classifier = { .dense = "pre_classifier", .out = "classifier", .activation = CZ_RELU },
        .ignored = USUAL_BUFFERS,
    },
    {
        .model_type = "albert",
        .prefix = "albert.",
        .setting = { USUAL_SETTINGS, .embedding = "embedding_size", .groups = "num_hidden_groups",
                     .inner = "inner_group_num", .classifier_dropout = "classifier_dropout_prob" },
        .fallback = { .layers = 12,
                      .hidden = 4096,
                      .heads = 64,
                      .intermediate = 16384,
                      .vocabulary = 30000,
                      .positions = 512,
                      .types = 2,
                      .embedding = 128,
                      .epsilon = 1e-12,
                      .activation = "gelu_new",
                      .classifier_dropout = 0.1 },
        .no_feed_dropout = true,
        .weight = { USUAL_TABLES, .projection = "encoder.embedding_hidden_mapping_in",
                    .projects_always = true,
                    .layer = "encoder.albert_layer_groups.%zu.albert_layers.%zu.",
                    .own_distances = "attention.distance_embedding", .query = "attention.query",
                    .key = "attention.key", .value = "attention.value",
                    .attention_out = "attention.dense", .attention_norm = "attention.LayerNorm",
                    .up = "ffn", .down = "ffn_output", .feed_norm = "full_layer_layer_norm",
                    .pooler = "pooler" },
        .classifier = { .out = "classifier" },
        .ignored = USUAL_BUFFERS,
    },
    {
        .model_type = "fnet",
        .prefix = "fnet.",
        .setting = { .layers = "num_hidden_layers",
                     .hidden = "hidden_size",
                     .intermediate = "intermediate_size",
                     .vocabulary = "vocab_size",
                     .positions = "max_position_embeddings",
                     .types = "type_vocab_size",
                     .epsilon = "layer_norm_eps",
                     .activation = "hidden_act",
                     .hidden_dropout = "hidden_dropout_prob" },
        .fallback = { .layers = 12,
                      .hidden = 768,
                      .heads = 1,
                      .intermediate = 3072,
                      .vocabulary = 32000,
                      .positions = 512,
                      .types = 4,
                      .padding = 3,
                      .epsilon = 1e-12,
                      .activation = "gelu_new",
                      .hidden_dropout = 0.1,
                      .classifier_dropout = -1 },
        .fourier = true,
        .drop_projected = true,
        .no_attention_dropout = true,
        .weight = { USUAL_TABLES,
                    .projection = "embeddings.projection",
                    .projects_always = true,
                    .layer = "encoder.layer.%zu.",
                    .attention_norm = "fourier.output.LayerNorm",
                    .up = "intermediate.dense",
                    .down = "output.dense",
                    .feed_norm = "output.LayerNorm",
                    .pooler = "pooler.dense" },
        .classifier = { .out = "classifier" },
        .ignored = USUAL_BUFFERS,
    },
    {
        .model_type = "mpnet",
        .prefix = "mpnet.",
        .setting = { .layers = "num_hidden_layers",
                     .hidden = "hidden_size",
                     .heads = "num_attention_heads",
                     .intermediate = "intermediate_size",
                     .vocabulary = "vocab_size",
                     .positions = "max_position_embeddings",
                     .epsilon = "layer_norm_eps",
                     .activation = "hidden_act",
                     .hidden_dropout = "hidden_dropout_prob",
                     .attention_dropout = "attention_probs_dropout_prob",
                     .buckets = "relative_attention_num_buckets" },
        .fallback = { .layers = 12,
                      .hidden = 768,
                      .heads = 12,
                      .intermediate = 3072,
                      .vocabulary = 30527,
                      .positions = 512,
                      .padding = 1,
                      .epsilon = 1e-12,
                      .activation = "gelu",
                      .hidden_dropout = 0.1,
                      .attention_dropout = 0.1,
                      .classifier_dropout = -1 },
        .positions = CZ_POSITIONS_AFTER_PADDING,
        .weight = { .words = "embeddings.word_embeddings",
                    .positions = "embeddings.position_embeddings",
                    .embedding_norm = "embeddings.LayerNorm",
                    .layer = "encoder.layer.%zu.",
                    .query = "attention.attn.q",
                    .key = "attention.attn.k",
                    .value = "attention.attn.v",
                    .attention_out = "attention.attn.o",
                    .attention_norm = "attention.LayerNorm",
                    .up = "intermediate.dense",
                    .down = "output.dense",
                    .feed_norm = "output.LayerNorm",
                    .distances = "encoder.relative_attention_bias",
                    .pooler = "pooler.dense" },
        .classifier = { .dense = "classifier.dense",
                        .out = "classifier.out_proj",
                        .activation = CZ_TANH,
                        .drop_first = true },
        .ignored = USUAL_BUFFERS,
    },
    {
        .model_type = "deberta-v2",
        .prefix = "deberta.",
        .setting = { USUAL_SETTINGS, .embedding = "embedding_size",
                     .classifier_dropout = "cls_dropout", .pooler_dropout = "pooler_dropout",
                     .pooler_activation = "pooler_hidden_act",
                     .disentangled = "relative_attention" },
        .fallback = { .layers = 24,
                      .hidden = 1536,
                      .heads = 24,
                      .intermediate = 6144,
                      .vocabulary = 128100,
                      .positions = 512,
                      .epsilon = 1e-7,
                      .activation = "gelu",
                      .hidden_dropout = 0.1,
                      .attention_dropout = 0.1,
                      .classifier_dropout = -1 },
        .norm_projected = true,
        .weight = { USUAL_TABLES, .projection = "embeddings.embed_proj",
                    .layer = "encoder.layer.%zu.", .query = "attention.self.query_proj",
                    .key = "attention.self.key_proj", .value = "attention.self.value_proj",
                    .attention_out = "attention.output.dense",
                    .attention_norm = "attention.output.LayerNorm", .up = "intermediate.dense",
                    .down = "output.dense", .feed_norm = "output.LayerNorm",
                    .distances = "encoder.rel_embeddings", .distance_norm = "encoder.LayerNorm",
                    .distance_query = "attention.self.pos_query_proj",
                    .distance_key = "attention.self.pos_key_proj" },
        .classifier = { .dense = "pooler.dense", .out = "classifier", .activation = CZ_GELU },
        .ignored = USUAL_BUFFERS,
    },
    {
        .model_type = "modernbert",
        .prefix = "model.",
        .setting = { .layers = "num_hidden_layers",
                     .hidden = "hidden_size",
                     .heads = "num_attention_heads",
                     .intermediate = "intermediate_size",
                     .vocabulary = "vocab_size",
                     .positions = "max_position_embeddings",
                     .epsilon = "norm_eps",
                     .activation = "hidden_activation",
                     .hidden_dropout = "embedding_dropout",
                     .attention_dropout = "attention_dropout",
                     .feed_dropout = "mlp_dropout",
                     .classifier_dropout = "classifier_dropout",
                     .pooler_activation = "classifier_activation",
                     .pooling = "classifier_pooling",
                     .attention_bias = "attention_bias",
                     .feed_bias = "mlp_bias",
                     .norm_bias = "norm_bias",
                     .pooler_bias = "classifier_bias",
                     .theta = "global_rope_theta",
                     .local_theta = "local_rope_theta",
                     .every = "global_attn_every_n_layers",
                     .window = "local_attention" },
        .fallback = { .layers = 22,
                      .hidden = 768,
                      .heads = 12,
                      .intermediate = 1152,
                      .vocabulary = 50368,
                      .positions = 8192,
                      .padding = 50283,
                      .epsilon = 1e-5,
                      .activation = "gelu",
                      .theta = 160000,
                      .local_theta = 10000,
                      .every = 3,
                      .window = 128 },
        .norm_first = true,
        .gated = true,
        .no_feed_dropout = true,
        .weight = { .words = "embeddings.tok_embeddings",
                    .embedding_norm = "embeddings.norm",
                    .layer = "layers.%zu.",
                    .fused = "attn.Wqkv",
                    .attention_out = "attn.Wo",
                    .attention_norm = "attn_norm",
                    .up = "mlp.Wi",
                    .down = "mlp.Wo",
                    .feed_norm = "mlp_norm",
                    .final_norm = "final_norm" },
        .classifier = { .dense = "head.dense",
                        .norm = "head.norm",
                        .out = "classifier",
                        .activation = CZ_GELU },
        .ignored = { "inv_freq" },
    },
};

enum { FAMILIES = sizeof families / sizeof *families };

const cz_family *cz_family_named(const char *model_type)
{
    for (size_t i = 0; i < FAMILIES; i++)
        if (!strcmp(families[i].model_type, model_type))
            return &families[i];
    return NULL;
}

const char *cz_family_list(char *out, size_t size)
{
    size_t used = 0;
    for (size_t i = 0; i < FAMILIES && used < size; i++)
        used += (size_t)snprintf(out + used, size - used, "%s%s", i ? ", " : "",
                                 families[i].model_type);
    return out;
}
