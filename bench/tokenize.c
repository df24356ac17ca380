/*
 * tokenize.c - MB/s of the tokenizer on files of text, one thread, one line a text: full encodings
 * (ids, type ids, special mask, offsets, words) and ids alone; also the time to open it.
 *
 * usage: tokenize TOKENIZER MEGABYTES ROUNDS FILE...
 * Prints per round "open_ms full_mb_s ids_mb_s" and the number of tokens, so that a script can
 * interleave it with peers.
 */
#include <cloze/tokenizer.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct corpus {
    char *data;
    cloze_text *lines;
    size_t size, limit, count, room;
} corpus;

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static int add_file(corpus *texts, const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file) {
        fprintf(stderr, "cannot open %s\n", path);
        return 0;
    }
    texts->size += fread(texts->data + texts->size, 1, texts->limit - texts->size, file);
    fclose(file);
    return 1;
}

/* Lines of more than white space. */
static int cut_lines(corpus *texts)
{
    for (size_t at = 0; at < texts->size;) {
        const char *begin = texts->data + at, *end = memchr(begin, '\n', texts->size - at);
        size_t length = end ? (size_t)(end - begin) : texts->size - at;
        at += length + 1;
        if (!end || strspn(begin, " \t\r\n") >= length)
            continue; /* the last line may end inside a character */
        if (texts->count == texts->room) {
            texts->room = texts->room * 2 + 1024;
            texts->lines = realloc(texts->lines, texts->room * sizeof *texts->lines);
            if (!texts->lines)
                return 0;
        }
        texts->lines[texts->count++] = (cloze_text){ begin, length };
    }
    return 1;
}

static double speed(const cloze_tokenizer *tokenizer, cloze_encoding *encoding, const corpus *texts,
                    bool ids_only, size_t *tokens, size_t *bytes)
{
    cloze_tokenize_options options = { .ids_only = ids_only };
    cloze_text none = { NULL, 0 };
    cloze_error error;
    double begin = now();
    *tokens = *bytes = 0;
    for (size_t i = 0; i < texts->count; i++) {
        if (cloze_tokenize(tokenizer, texts->lines[i], none, &options, encoding, &error)) {
            fprintf(stderr, "%s\n", error.message);
            exit(1);
        }
        *tokens += cloze_encoding_tokens(encoding, 0).length;
        *bytes += texts->lines[i].size;
    }
    return (double)*bytes / (now() - begin) * 1e-6;
}

int main(int count, char **arguments)
{
    cloze_tokenizer *tokenizer = NULL;
    cloze_encoding *encoding = NULL;
    cloze_error error;
    corpus texts = { 0 };
    int rounds;
    if (count < 5) {
        fprintf(stderr, "usage: tokenize TOKENIZER MEGABYTES ROUNDS FILE...\n");
        return 2;
    }
    rounds = atoi(arguments[3]);
    texts.limit = (size_t)atoi(arguments[2]) * 1000000;
    texts.data = malloc(texts.limit + 1);
    if (!texts.data)
        return 1;
    for (int i = 4; i < count; i++)
        if (!add_file(&texts, arguments[i]))
            return 1;
    texts.data[texts.size] = 0;
    if (!cut_lines(&texts))
        return 1;
    for (int i = 0; i < rounds; i++) {
        size_t tokens, bytes;
        double begin = now(), opened, full, ids;
        cloze_tokenizer_free(tokenizer);
        if (cloze_tokenizer_open(&tokenizer, arguments[1], NULL, &error) ||
            (!encoding && cloze_encoding_new(&encoding, NULL, &error))) {
            fprintf(stderr, "%s\n", error.message);
            return 1;
        }
        opened = (now() - begin) * 1e3;
        full = speed(tokenizer, encoding, &texts, false, &tokens, &bytes);
        ids = speed(tokenizer, encoding, &texts, true, &tokens, &bytes);
        printf("%.2f %.1f %.1f %zu %zu\n", opened, full, ids, tokens, bytes);
    }
    cloze_encoding_free(encoding);
    cloze_tokenizer_free(tokenizer);
    free(texts.lines);
    free(texts.data);
    return 0;
}
