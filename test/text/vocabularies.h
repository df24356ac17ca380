/*
 * vocabularies.h - the vocabularies of the data folder: four opened as BertTokenizerFast would, and
 * a byte-level BPE by its tokenizer.json.
 * They belong to others, so they lie outside this tree: CLOZE_DATA names the folder.
 */
#ifndef TEST_VOCABULARIES_H
#define TEST_VOCABULARIES_H

#include "text/tokenizer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VOCABULARIES = 5, WORDPIECES = 4 };

static const char *const vocabulary_names[VOCABULARIES] = { "bert-base-uncased", "bert-base-cased",
                                                            "bert-base-multilingual-cased",
                                                            "bert-base-chinese",
                                                            "roberta-base" };
static const bool vocabulary_lower[WORDPIECES] = { true, false, false, true };

/* The whole file, to be freed; NULL if it cannot be read. */
static inline char *read_whole(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    size_t room = 1 << 16, used = 0, got = 1;
    char *data = file ? malloc(room) : NULL;
    while (data && got) {
        if (used == room) {
            room *= 2;
            data = realloc(data, room);
            if (!data)
                break;
        }
        got = fread(data + used, 1, room - used, file);
        used += got;
    }
    if (file)
        fclose(file);
    *size = used;
    return data;
}

/* Vocabulary number `which`, or NULL with a word on standard output. */
static inline cloze_tokenizer *open_vocabulary(int which)
{
    const char *folder = getenv("CLOZE_DATA");
    const char *config = which == WORDPIECES || vocabulary_lower[which] ? "{}" : "{\"do_lower_case\": false}";
    cloze_tokenizer *tokenizer = NULL;
    char path[4096], *text;
    cloze_error error;
    size_t size;
    if (!folder || !*folder) {
        printf("skipped: CLOZE_DATA is not set\n");
        return NULL;
    }
    snprintf(path, sizeof path, "%s/tokenizers/%s/%s", folder, vocabulary_names[which],
             which < WORDPIECES ? "vocab.txt" : "tokenizer.json");
    text = read_whole(path, &size);
    if (!text) {
        printf("skipped: %s is not there\n", path);
        return NULL;
    }
    if (which < WORDPIECES
            ? cz_tokenizer_from_vocabulary(&tokenizer, text, size, config, strlen(config), NULL,
                                           &error)
            : cz_tokenizer_from_json(&tokenizer, text, size, NULL, &error))
        printf("cannot open %s: %s\n", path, error.message);
    free(text);
    return tokenizer;
}

#endif
