/* family_norm_first.c - families whose blocks read the normed stream; see family.h. */
#include "model/family.h"
#include "model/family_usual.h"

#define NORMED_HEAD(name)                                                                          \
    {                                                                                              \
        .dense = "head.dense", .norm = "head.norm", .out = name, .activation = CZ_GELU,            \
        .drops = CZ_DROPS_AS_CLASSIFIER                                                            \
    }

static const cz_family rows[] = {
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
                     .words_bias = "decoder_bias",
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
        .head = { [CZ_HEAD_LABELS] = NORMED_HEAD("classifier"),
                  [CZ_HEAD_CHOICE] = NORMED_HEAD("classifier"),
                  [CZ_HEAD_TAGS] = NORMED_HEAD("classifier"),
                  [CZ_HEAD_SPANS] = NORMED_HEAD("classifier"),
                  [CZ_HEAD_WORDS] = { .dense = "head.dense",
                                      .norm = "head.norm",
                                      .out = "decoder",
                                      .activation = CZ_GELU } },
        .ignored = { "inv_freq" },
    },
};

const cz_family_group cz_families_norm_first = { rows, sizeof rows / sizeof *rows };
