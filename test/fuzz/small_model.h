/*
 * small_model.h - a model that has all heads, of a few words, in a folder of its own for as long as the process
 * lives.
 */
#ifndef CZ_FUZZ_SMALL_MODEL_H
#define CZ_FUZZ_SMALL_MODEL_H

#include "../temporary.h"

#include "formats/safetensors.h"

#include <cloze/cloze.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { VOCABULARY = 14, HIDDEN = 8, FEED = 16, POSITIONS = 16, TYPES = 2, LABELS = 3 };

static const char *const files[] = { "config.json", "tokenizer.json", "vocab.txt",
                                     "model.safetensors" };
enum { FILES = sizeof files / sizeof *files };

static const char config[] =
    "{\"model_type\": \"bert\", \"hidden_size\": 8, \"num_hidden_layers\": 1, "
    "\"num_attention_heads\": 2, \"intermediate_size\": 16, \"vocab_size\": 14, "
    "\"max_position_embeddings\": 16, \"type_vocab_size\": 2, "
    "\"id2label\": {\"0\": \"O\", \"1\": \"B-entailment\", \"2\": \"I-entailment\"}}";
static const char words[] =
    "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nthe\ncat\ns\n##s\nat\n,\na\n##t\n.\n";

static char folder[TEMPORARY_SIZE];
static cloze_engine *engine;
static cloze_model *whole; /* what texts are given to */

static void path_of(char *out, size_t size, const char *name)
{
    snprintf(out, size, "%s/%s", folder, name);
}

static void put(const char *name, const void *data, size_t size)
{
    char path[TEMPORARY_SIZE + 64];
    path_of(path, sizeof path, name);
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(data, 1, size, file) != size || fclose(file))
        abort();
}

static void put_weights(void)
{
#define MATRIX(name, rows, columns)                                                                \
    { name ".weight", CZ_F32, 2, { rows, columns }, numbers },                                     \
    {                                                                                              \
        name ".bias", CZ_F32, 1, { rows }, numbers                                                 \
    }
#define NORM(name)                                                                                 \
    { name ".weight", CZ_F32, 1, { HIDDEN }, numbers },                                            \
    {                                                                                              \
        name ".bias", CZ_F32, 1, { HIDDEN }, numbers                                               \
    }
#define LAYER "encoder.layer.0."
    static float numbers[FEED * POSITIONS];
    const cz_tensor_to_store tensors[] = {
        { "embeddings.word_embeddings.weight", CZ_F32, 2, { VOCABULARY, HIDDEN }, numbers },
        { "embeddings.position_embeddings.weight", CZ_F32, 2, { POSITIONS, HIDDEN }, numbers },
        { "embeddings.token_type_embeddings.weight", CZ_F32, 2, { TYPES, HIDDEN }, numbers },
        NORM("embeddings.LayerNorm"),
        MATRIX(LAYER "attention.self.query", HIDDEN, HIDDEN),
        MATRIX(LAYER "attention.self.key", HIDDEN, HIDDEN),
        MATRIX(LAYER "attention.self.value", HIDDEN, HIDDEN),
        MATRIX(LAYER "attention.output.dense", HIDDEN, HIDDEN),
        NORM(LAYER "attention.output.LayerNorm"),
        MATRIX(LAYER "intermediate.dense", FEED, HIDDEN),
        MATRIX(LAYER "output.dense", HIDDEN, FEED),
        NORM(LAYER "output.LayerNorm"),
        MATRIX("pooler.dense", HIDDEN, HIDDEN),
        MATRIX("classifier", LABELS, HIDDEN),
        MATRIX("qa_outputs", 2, HIDDEN),
        MATRIX("cls.seq_relationship", 2, HIDDEN),
        MATRIX("cls.predictions.transform.dense", HIDDEN, HIDDEN),
        NORM("cls.predictions.transform.LayerNorm"),
        { "cls.predictions.bias", CZ_F32, 1, { VOCABULARY }, numbers },
    };
    char path[TEMPORARY_SIZE + 64];
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        numbers[i] = 0.1f * (float)(i % 7) - 0.25f;
    path_of(path, sizeof path, "model.safetensors");
    if (cz_safetensors_write(path, tensors, sizeof tensors / sizeof *tensors, NULL))
        abort();
}

static void remove_all(void)
{
    char path[TEMPORARY_SIZE + 64];
    cloze_model_free(whole);
    cloze_engine_free(engine);
    for (size_t i = 0; i < FILES; i++) {
        path_of(path, sizeof path, files[i]);
        unlink(path);
    }
    rmdir(folder);
}

static cloze_model *open_model(void)
{
    cloze_model *model = NULL;
    return cloze_model_open(&model, folder, &(cloze_model_options){ .engine = engine }, NULL)
               ? NULL
               : model;
}

static void prepare(void)
{
    if (engine)
        return;
    temporary_name(folder);
    if (!mkdtemp(folder) ||
        cloze_engine_new(&engine, &(cloze_engine_options){ .threads = 1 }, NULL) ||
        atexit(remove_all))
        abort();
    put("config.json", config, sizeof config - 1);
    put("vocab.txt", words, sizeof words - 1);
    put_weights();
    whole = open_model();
    if (!whole || cloze_model_labels(whole) != LABELS || cloze_model_tags(whole) != LABELS ||
        !cloze_model_answers(whole) || !cloze_model_fills(whole) || !cloze_model_orders(whole))
        abort();
}

static void demand(bool holds)
{
    if (!holds)
        abort();
}

#endif
