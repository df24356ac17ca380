/*
 * fuzz_folder.c - one settings file of a sentence-transformers folder: the first byte says which,
 * the second with which options; a folder that is accepted embeds some texts.
 */
#include "base/file.h"
#include "formats/safetensors.h"

#include <cloze/cloze.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { VOCABULARY = 12, HIDDEN = 8, INTERMEDIATE = 16, POSITIONS = 16, TYPES = 2, WIDEST = 4096 };

static const char *const files[] = { "config.json",
                                     "modules.json",
                                     "1_Pooling/config.json",
                                     "sentence_bert_config.json",
                                     "config_sentence_transformers.json",
                                     "tokenizer.json",
                                     "tokenizer_config.json" };
enum { FILES = sizeof files / sizeof *files };

static const char config[] =
    "{\"model_type\": \"bert\", \"hidden_size\": 8, \"num_hidden_layers\": 1, "
    "\"num_attention_heads\": 2, \"intermediate_size\": 16, \"vocab_size\": 12, "
    "\"max_position_embeddings\": 16, \"type_vocab_size\": 2}";
static const char modules[] =
    "[{\"idx\": 0, \"path\": \"\", \"type\": \"sentence_transformers.models.Transformer\"}, "
    "{\"idx\": 1, \"path\": \"1_Pooling\", \"type\": \"sentence_transformers.models.Pooling\"}]";
static const char words[] = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nthe\ncat\ns\n##s\nat\n,\na\n";

/* One folder and one engine for the whole run: what is fuzzed changes, the rest stays. */
typedef struct place {
    char folder[64];
    cloze_engine *engine;
} place;

static void path_of(char *out, size_t size, const place *p, const char *name)
{
    snprintf(out, size, "%s/%s", p->folder, name);
}

static void put(const place *p, const char *name, const void *data, size_t size)
{
    char path[128];
    FILE *file;
    path_of(path, sizeof path, p, name);
    file = fopen(path, "wb");
    if (!file || fwrite(data, 1, size, file) != size || fclose(file))
        abort();
}

static void put_weights(const place *p)
{
    static const struct {
        const char *name;
        size_t rows, columns;
    } shapes[] = {
        { "embeddings.word_embeddings.weight", VOCABULARY, HIDDEN },
        { "embeddings.position_embeddings.weight", POSITIONS, HIDDEN },
        { "embeddings.token_type_embeddings.weight", TYPES, HIDDEN },
        { "embeddings.LayerNorm.weight", 0, HIDDEN },
        { "embeddings.LayerNorm.bias", 0, HIDDEN },
        { "encoder.layer.0.attention.self.query.weight", HIDDEN, HIDDEN },
        { "encoder.layer.0.attention.self.query.bias", 0, HIDDEN },
        { "encoder.layer.0.attention.self.key.weight", HIDDEN, HIDDEN },
        { "encoder.layer.0.attention.self.key.bias", 0, HIDDEN },
        { "encoder.layer.0.attention.self.value.weight", HIDDEN, HIDDEN },
        { "encoder.layer.0.attention.self.value.bias", 0, HIDDEN },
        { "encoder.layer.0.attention.output.dense.weight", HIDDEN, HIDDEN },
        { "encoder.layer.0.attention.output.dense.bias", 0, HIDDEN },
        { "encoder.layer.0.attention.output.LayerNorm.weight", 0, HIDDEN },
        { "encoder.layer.0.attention.output.LayerNorm.bias", 0, HIDDEN },
        { "encoder.layer.0.intermediate.dense.weight", INTERMEDIATE, HIDDEN },
        { "encoder.layer.0.intermediate.dense.bias", 0, INTERMEDIATE },
        { "encoder.layer.0.output.dense.weight", HIDDEN, INTERMEDIATE },
        { "encoder.layer.0.output.dense.bias", 0, HIDDEN },
        { "encoder.layer.0.output.LayerNorm.weight", 0, HIDDEN },
        { "encoder.layer.0.output.LayerNorm.bias", 0, HIDDEN },
    };
    enum { COUNT = sizeof shapes / sizeof *shapes };
    cz_tensor_to_store tensors[COUNT];
    float numbers[INTERMEDIATE * POSITIONS];
    char path[128];
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        numbers[i] = 0.1f * (float)(i % 7) - 0.25f;
    for (size_t i = 0; i < COUNT; i++)
        tensors[i] =
            (cz_tensor_to_store){ .name = shapes[i].name,
                                  .type = CZ_F32,
                                  .rank = shapes[i].rows ? 2 : 1,
                                  .shape = { shapes[i].rows ? shapes[i].rows : shapes[i].columns,
                                             shapes[i].columns },
                                  .data = numbers };
    path_of(path, sizeof path, p, "model.safetensors");
    if (cz_safetensors_write(path, tensors, COUNT, NULL))
        abort();
}

static void reset(const place *p, size_t which)
{
    char path[128];
    if (!strcmp(files[which], "config.json"))
        put(p, files[which], config, sizeof config - 1);
    else if (!strcmp(files[which], "modules.json"))
        put(p, files[which], modules, sizeof modules - 1);
    else if (!strcmp(files[which], "1_Pooling/config.json"))
        put(p, files[which], "{}", 2);
    else {
        path_of(path, sizeof path, p, files[which]);
        unlink(path);
    }
}

static place only;

static void remove_all(void)
{
    static const char *const others[] = { "vocab.txt", "model.safetensors" };
    char path[128];
    for (size_t i = 0; i < FILES; i++) {
        path_of(path, sizeof path, &only, files[i]);
        unlink(path);
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        path_of(path, sizeof path, &only, others[i]);
        unlink(path);
    }
    path_of(path, sizeof path, &only, "1_Pooling");
    rmdir(path);
    rmdir(only.folder);
    cloze_engine_free(only.engine);
}

static const place *prepared(void)
{
    char path[128];
    if (only.engine)
        return &only;
    snprintf(only.folder, sizeof only.folder, "/tmp/cloze-fuzz-XXXXXX");
    if (!mkdtemp(only.folder))
        abort();
    path_of(path, sizeof path, &only, "1_Pooling");
    if (cz_folder_make(path, NULL))
        abort();
    put(&only, "vocab.txt", words, sizeof words - 1);
    put_weights(&only);
    for (size_t i = 0; i < FILES; i++)
        reset(&only, i);
    if (cloze_engine_new(&only.engine, &(cloze_engine_options){ .threads = 1 }, NULL) ||
        atexit(remove_all))
        abort();
    return &only;
}

static void embed_some(const cloze_model *model, unsigned choice)
{
    static const char *const texts[] = { "", "the cat sat, a cat", "caf\xc3\xa9 the the the",
                                         "a a a a a a a a a a a a a a a a a a a a a a a a a" };
    enum { TEXTS = sizeof texts / sizeof *texts, REPEATS = 5 };
    static const size_t limits[] = { 0, 2, 3, 15 };
    cloze_session *session = NULL;
    cloze_embed_options options = { .long_text = (cloze_long_text)(choice % 3),
                                    .max_tokens = limits[choice / 4 % 4],
                                    .pooling = choice / 16 % 8 };
    cloze_text given[TEXTS * REPEATS];
    if (cloze_session_new(&session, model, &(cloze_session_options){ .batch_tokens = 16 }, NULL))
        return;
    size_t dimension = cloze_embed_dimension(model, &options);
    float *vectors =
        dimension <= WIDEST ? malloc(TEXTS * REPEATS * dimension * sizeof *vectors) : NULL;
    for (size_t i = 0; i < TEXTS * REPEATS; i++)
        given[i] = (cloze_text){ texts[i % TEXTS], strlen(texts[i % TEXTS]) };
    for (size_t i = 0; vectors && i < 2; i++)
        (void)cloze_embed(session, given + i * TEXTS, i ? TEXTS * (REPEATS - 1) : TEXTS, &options,
                          vectors, NULL, NULL, NULL);
    free(vectors);
    cloze_session_free(session);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const place *p = prepared();
    cloze_model *model = NULL;
    if (size < 2)
        return 0;
    put(p, files[data[0] % FILES], data + 2, size - 2);
    if (!cloze_model_open(&model, p->folder, &(cloze_model_options){ .engine = p->engine }, NULL)) {
        embed_some(model, data[1]);
        cloze_model_free(model);
    }
    reset(p, data[0] % FILES);
    return 0;
}
