/*
 * random_model.c - writes a model folder with random weights in the shape of a known model, to
 * measure speed without a download.
 *
 * usage: random_model tiny|minilm|bert-base FOLDER
 */
#include "base/file.h"
#include "base/random.h"
#include "formats/safetensors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { POSITIONS = 512, TENSORS_MOST = 512 };

/* The shapes that `cloze bench --shape` has. */
static const struct {
    const char *name;
    size_t layers, hidden, heads, feed, vocabulary;
} shapes[] = { { "tiny", 2, 64, 4, 256, 1000 },
               { "minilm", 6, 384, 12, 1536, 30522 },
               { "bert-base", 12, 768, 12, 3072, 30522 } };

typedef struct list {
    cz_tensor_to_store tensors[TENSORS_MOST];
    size_t count;
} list;

/* Uniform in centre +- width; the tensor's number and the element choose the number. */
static void add(list *l, const char *name, size_t rows, size_t columns, float centre, float width)
{
    size_t count = (rows ? rows : 1) * columns;
    float *data = malloc(count * sizeof *data);
    char *copy = strdup(name);
    if (!data || !copy || l->count == TENSORS_MOST)
        exit(1);
    for (size_t i = 0; i < count; i += 4) {
        const uint32_t counter[4] = { (uint32_t)i, (uint32_t)l->count, 0, 0 }, key[2] = { 1, 2 };
        cz_philox bits = cz_philox_at(counter, key);
        for (size_t k = 0; k < 4 && i + k < count; k++)
            data[i + k] = centre + width * ((float)(bits.word[k] >> 8) / 8388608.0f - 1.0f);
    }
    l->tensors[l->count++] = (cz_tensor_to_store){
        copy, CZ_F32, rows ? 2 : 1, { rows ? rows : columns, columns }, data
    };
}

static void add_linear(list *l, const char *prefix, const char *name, size_t out, size_t in)
{
    char full[128];
    snprintf(full, sizeof full, "%s%s.weight", prefix, name);
    add(l, full, out, in, 0, 0.05f);
    snprintf(full, sizeof full, "%s%s.bias", prefix, name);
    add(l, full, 0, out, 0, 0.05f);
}

static void add_norm(list *l, const char *prefix, const char *name, size_t width)
{
    char full[128];
    snprintf(full, sizeof full, "%s%s.weight", prefix, name);
    add(l, full, 0, width, 1, 0.1f);
    snprintf(full, sizeof full, "%s%s.bias", prefix, name);
    add(l, full, 0, width, 0, 0.1f);
}

static int write_vocabulary(const char *folder, size_t words)
{
    char path[4096], *text = malloc(words * 16), *at = text;
    if (!text)
        return 1;
    at += sprintf(at, "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n");
    for (size_t i = 5; i < words; i++)
        at += sprintf(at, "word%zu\n", i);
    snprintf(path, sizeof path, "%s/vocab.txt", folder);
    int failed = cz_file_write(path, text, (size_t)(at - text), NULL) != CLOZE_OK;
    free(text);
    return failed;
}

int main(int count, char **arguments)
{
    static list l;
    char text[1024], path[4096], layer[64];
    size_t s = 0, shape_count = sizeof shapes / sizeof *shapes;
    cloze_error error;
    while (count == 3 && s < shape_count && strcmp(shapes[s].name, arguments[1]))
        s++;
    if (count != 3 || s == shape_count) {
        fprintf(stderr, "usage: random_model tiny|minilm|bert-base FOLDER\n");
        return 2;
    }
    const char *folder = arguments[2];
    size_t hidden = shapes[s].hidden, feed = shapes[s].feed, words = shapes[s].vocabulary;
    add(&l, "embeddings.word_embeddings.weight", words, hidden, 0, 0.05f);
    add(&l, "embeddings.position_embeddings.weight", POSITIONS, hidden, 0, 0.05f);
    add(&l, "embeddings.token_type_embeddings.weight", 2, hidden, 0, 0.05f);
    add_norm(&l, "", "embeddings.LayerNorm", hidden);
    for (size_t i = 0; i < shapes[s].layers; i++) {
        snprintf(layer, sizeof layer, "encoder.layer.%zu.", i);
        add_linear(&l, layer, "attention.self.query", hidden, hidden);
        add_linear(&l, layer, "attention.self.key", hidden, hidden);
        add_linear(&l, layer, "attention.self.value", hidden, hidden);
        add_linear(&l, layer, "attention.output.dense", hidden, hidden);
        add_norm(&l, layer, "attention.output.LayerNorm", hidden);
        add_linear(&l, layer, "intermediate.dense", feed, hidden);
        add_linear(&l, layer, "output.dense", hidden, feed);
        add_norm(&l, layer, "output.LayerNorm", hidden);
    }
    snprintf(text, sizeof text,
             "{\"model_type\": \"bert\", \"architectures\": [\"BertModel\"],\n"
             " \"hidden_size\": %zu, \"num_hidden_layers\": %zu, \"num_attention_heads\": %zu,\n"
             " \"intermediate_size\": %zu, \"vocab_size\": %zu,\n"
             " \"max_position_embeddings\": %d, \"type_vocab_size\": 2}\n",
             hidden, shapes[s].layers, shapes[s].heads, feed, words, POSITIONS);
    snprintf(path, sizeof path, "%s/config.json", folder);
    if (cz_folder_make(folder, &error) || cz_file_write(path, text, strlen(text), &error)) {
        fprintf(stderr, "random_model: %s\n", error.message);
        return 1;
    }
    snprintf(path, sizeof path, "%s/model.safetensors", folder);
    if (cz_safetensors_write(path, l.tensors, l.count, &error) || write_vocabulary(folder, words)) {
        fprintf(stderr, "random_model: %s\n", error.message);
        return 1;
    }
    return 0;
}
