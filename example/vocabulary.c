/*
 * vocabulary.c - trains a tokenizer on the lines of standard input, and shows how it cuts a text.
 *
 * cc vocabulary.c -o vocabulary $(pkg-config --cflags --libs cloze)
 * ./vocabulary FOLDER TOKENS TEXT < corpus.txt
 */
#define _POSIX_C_SOURCE 200809L
#include <cloze/cloze.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

static bool train(const char *folder, size_t size, cloze_error *error)
{
    cloze_vocabulary_options options = { .kind = CLOZE_VOCABULARY_WORDPIECE, .size = size };
    cloze_vocabulary *vocabulary = NULL;
    char *line = NULL;
    size_t room = 0;
    ssize_t length;
    bool good = !cloze_vocabulary_new(&vocabulary, &options, error);
    while (good && (length = getline(&line, &room, stdin)) > 0) {
        cloze_text text = { line, (size_t)length };
        good = !cloze_vocabulary_add(vocabulary, &text, 1, error);
    }
    good = good && !cloze_vocabulary_train(vocabulary, error) &&
           !cloze_vocabulary_save(vocabulary, folder, error);
    free(line);
    cloze_vocabulary_free(vocabulary);
    return good;
}

int main(int argc, char **argv)
{
    cloze_error error = { CLOZE_ERROR_ARGUMENT, 0, "usage: vocabulary FOLDER TOKENS TEXT" };
    cloze_tokenizer *tokenizer = NULL;
    cloze_encoding *encoding = NULL;
    cloze_text none = { NULL, 0 };
    cloze_tokens tokens = { 0 };
    bool good = argc == 4 && train(argv[1], strtoul(argv[2], NULL, 10), &error) &&
                !cloze_tokenizer_open(&tokenizer, argv[1], NULL, &error) &&
                !cloze_encoding_new(&encoding, NULL, &error) &&
                !cloze_tokenize(tokenizer, (cloze_text){ argv[3], strlen(argv[3]) }, none, NULL,
                                encoding, &error);
    if (good)
        tokens = cloze_encoding_tokens(encoding, 0);
    else
        fprintf(stderr, "vocabulary: %s\n", error.message);
    for (size_t i = 0; i < tokens.length; i++) {
        cloze_text token = cloze_tokenizer_token(tokenizer, tokens.ids[i]);
        printf("%s%.*s", i ? " " : "", (int)token.size, token.data);
    }
    printf("%s", good ? "\n" : "");
    cloze_encoding_free(encoding);
    cloze_tokenizer_free(tokenizer);
    return good ? 0 : 1;
}
