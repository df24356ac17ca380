/*
 * bench_shape.c - see bench_shape.h: config.json, vocab.txt and model.safetensors. Speed does not
 * depend on the weights, so these come from a counter.
 */
#include "bench_shape.h"

#include "interrupt.h"
#include "say.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct bench_shape {
    size_t layers, hidden, heads, intermediate, vocabulary, positions, types;
    size_t window; /* keys that a layer sees around a token; 0: all */
} bench_shape;

static const bench_shape shapes[] = {
    { 6, 384, 12, 1536, 30522, 512, 2, 0 },
    { 12, 768, 12, 3072, 30522, 512, 2, 0 },
    { 2, 64, 4, 256, 1000, 512, 2, 0 },
    { 12, 768, 12, 3072, 50265, 4098, 1, 512 },
};

static const char *const files[] = { "config.json", "vocab.txt", "model.safetensors" };

/* The file's tensors in order, one call each: first to write the header, then the numbers. */
typedef struct writer {
    FILE *file;
    bool numbers;
    size_t offset;
    uint64_t counter;
} writer;

static float next_number(writer *w)
{
    uint64_t x = ++w->counter * 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 32)) * 0xd6e8feb86659fd93u;
    x ^= x >> 32;
    return ((float)(x >> 40) * 0x1p-24f - 0.5f) * 0.1f;
}

static void tensor(writer *w, const char *name, size_t rows, size_t columns)
{
    size_t count = (rows ? rows : 1) * columns;
    bool norm = strstr(name, "LayerNorm.weight") != NULL;
    if (!w->numbers) {
        char shape[64];
        if (rows)
            snprintf(shape, sizeof shape, "%zu,%zu", rows, columns);
        else
            snprintf(shape, sizeof shape, "%zu", columns);
        fprintf(w->file, "%s\"%s\":{\"dtype\":\"F32\",\"shape\":[%s],\"data_offsets\":[%zu,%zu]}",
                w->offset ? "," : "{", name, shape, w->offset, w->offset + 4 * count);
        w->offset += 4 * count;
        return;
    }
    for (size_t i = 0; i < count;) {
        float block[1024];
        size_t n = 0;
        for (; n < 1024 && i < count; n++, i++)
            block[n] = next_number(w) + (norm ? 1.0f : 0.0f);
        fwrite(block, sizeof *block, n, w->file);
    }
}

static void pair(writer *w, const char *prefix, const char *name, size_t rows, size_t columns)
{
    char full[128];
    snprintf(full, sizeof full, "%s%s.weight", prefix, name);
    tensor(w, full, rows, columns);
    snprintf(full, sizeof full, "%s%s.bias", prefix, name);
    tensor(w, full, 0, rows ? rows : columns);
}

static void all_tensors(writer *w, const bench_shape *s)
{
    tensor(w, "embeddings.word_embeddings.weight", s->vocabulary, s->hidden);
    tensor(w, "embeddings.position_embeddings.weight", s->positions, s->hidden);
    tensor(w, "embeddings.token_type_embeddings.weight", s->types, s->hidden);
    pair(w, "embeddings.", "LayerNorm", 0, s->hidden);
    for (size_t layer = 0; layer < s->layers; layer++) {
        char prefix[64];
        snprintf(prefix, sizeof prefix, "encoder.layer.%zu.", layer);
        pair(w, prefix, "attention.self.query", s->hidden, s->hidden);
        pair(w, prefix, "attention.self.key", s->hidden, s->hidden);
        pair(w, prefix, "attention.self.value", s->hidden, s->hidden);
        if (s->window) {
            pair(w, prefix, "attention.self.query_global", s->hidden, s->hidden);
            pair(w, prefix, "attention.self.key_global", s->hidden, s->hidden);
            pair(w, prefix, "attention.self.value_global", s->hidden, s->hidden);
        }
        pair(w, prefix, "attention.output.dense", s->hidden, s->hidden);
        pair(w, prefix, "attention.output.LayerNorm", 0, s->hidden);
        pair(w, prefix, "intermediate.dense", s->intermediate, s->hidden);
        pair(w, prefix, "output.dense", s->hidden, s->intermediate);
        pair(w, prefix, "output.LayerNorm", 0, s->hidden);
    }
}

static void write_weights(FILE *file, const bench_shape *s)
{
    writer w = { .file = file };
    uint64_t size;
    long end;
    fwrite("\0\0\0\0\0\0\0\0", 1, 8, file);
    all_tensors(&w, s);
    fputc('}', file);
    for (end = ftell(file); end > 0 && end % 64; end++)
        fputc(' ', file);
    size = (uint64_t)end - 8;
    fseek(file, 0, SEEK_SET);
    for (int i = 0; i < 8; i++)
        fputc((int)(size >> (8 * i) & 0xff), file);
    fseek(file, end, SEEK_SET);
    w.numbers = true;
    all_tensors(&w, s);
}

static void write_config(FILE *file, const bench_shape *s)
{
    const char *family = s->window ? "longformer" : "bert";
    fprintf(file,
            "{\"model_type\": \"%s\", \"architectures\": [\"%s\"], \"hidden_act\": \"gelu\",\n"
            "\"num_hidden_layers\": %zu, \"hidden_size\": %zu, \"num_attention_heads\": %zu,\n"
            "\"intermediate_size\": %zu, \"vocab_size\": %zu, \"max_position_embeddings\": %zu,\n"
            "\"type_vocab_size\": %zu, \"layer_norm_eps\": 1e-12",
            family, s->window ? "LongformerModel" : "BertModel", s->layers, s->hidden, s->heads,
            s->intermediate, s->vocabulary, s->positions, s->types);
    if (s->window)
        fprintf(file, ", \"attention_window\": %zu, \"pad_token_id\": 1", s->window);
    fprintf(file, "}\n");
}

static void write_vocabulary(FILE *file, const bench_shape *s)
{
    fputs("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n", file);
    for (size_t i = 5; i < s->vocabulary; i++)
        fprintf(file, "word%zu\n", i);
}

static bool write_file(const char *folder, int which, const bench_shape *s)
{
    char path[4200];
    FILE *file;
    snprintf(path, sizeof path, "%s/%s", folder, files[which]);
    if (!(file = fopen(path, "wb")))
        return false;
    if (which == 0)
        write_config(file, s);
    else if (which == 1)
        write_vocabulary(file, s);
    else
        write_weights(file, s);
    bool bad = ferror(file) != 0;
    return !fclose(file) && !bad;
}

int shape_make(int number, char *path, size_t size)
{
    const char *folder = getenv("TMPDIR");
    snprintf(path, size, "%s/cloze-bench.XXXXXX", folder && *folder ? folder : "/tmp");
    if (!mkdtemp(path))
        return say_failure(CLOZE_ERROR_IO, "cannot make a temporary folder %s", path);
    for (int i = 0; i < 3; i++)
        if (!write_file(path, i, &shapes[number - 1]) || interrupted()) {
            shape_remove(path);
            return interrupted() ? (int)EXIT_INTERRUPTED
                                 : say_failure(CLOZE_ERROR_IO,
                                               "cannot write %s/%s; is the disk "
                                               "full?",
                                               path, files[i]);
        }
    return 0;
}

void shape_remove(const char *path)
{
    char file[4200];
    for (int i = 0; i < 3; i++) {
        snprintf(file, sizeof file, "%s/%s", path, files[i]);
        unlink(file);
    }
    rmdir(path);
}
