/* family.c - the table of families; see family.h. */
#include "model/family.h"

#include <stdio.h>
#include <string.h>

static const cz_family families[] = {
    {
        .model_type = "bert",
        .prefix = "bert.",
        .setting = { .layers = "num_hidden_layers",
                     .hidden = "hidden_size",
                     .heads = "num_attention_heads",
                     .intermediate = "intermediate_size",
                     .vocabulary = "vocab_size",
                     .positions = "max_position_embeddings",
                     .types = "type_vocab_size",
                     .epsilon = "layer_norm_eps",
                     .activation = "hidden_act",
                     .hidden_dropout = "hidden_dropout_prob",
                     .attention_dropout = "attention_probs_dropout_prob",
                     .classifier_dropout = "classifier_dropout" },
        .fallback = { .layers = 12,
                      .hidden = 768,
                      .heads = 12,
                      .intermediate = 3072,
                      .vocabulary = 30522,
                      .positions = 512,
                      .types = 2,
                      .epsilon = 1e-12,
                      .activation = "gelu",
                      .hidden_dropout = 0.1,
                      .attention_dropout = 0.1 },
        .weight = { .words = "embeddings.word_embeddings",
                    .positions = "embeddings.position_embeddings",
                    .types = "embeddings.token_type_embeddings",
                    .embedding_norm = "embeddings.LayerNorm",
                    .layer = "encoder.layer.%zu.",
                    .query = "attention.self.query",
                    .key = "attention.self.key",
                    .value = "attention.self.value",
                    .attention_out = "attention.output.dense",
                    .attention_norm = "attention.output.LayerNorm",
                    .up = "intermediate.dense",
                    .down = "output.dense",
                    .feed_norm = "output.LayerNorm",
                    .pooler = "pooler.dense",
                    .classifier = "classifier" },
        .ignored = { "position_ids", "token_type_ids" },
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
