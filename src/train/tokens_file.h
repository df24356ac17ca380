/*
 * train/tokens_file.h - running text as tokens in a file that is mapped: 16 bytes that name it, 32
 * bits a token (its id, and what begins with it), and facts at the end. Numbers are little-endian.
 */
#ifndef CZ_TRAIN_TOKENS_FILE_H
#define CZ_TRAIN_TOKENS_FILE_H

#include "base/digest.h"
#include "base/file.h"

#define CZ_BEGINS_WORD     (UINT32_C(1) << 31)
#define CZ_BEGINS_SENTENCE (UINT32_C(1) << 30) /* begins a word, too */
#define CZ_BEGINS_DOCUMENT (UINT32_C(1) << 29) /* begins a sentence, too */
#define CZ_TOKEN_ID        (CZ_BEGINS_DOCUMENT - 1)

enum { CZ_TOKENS_NAME = 16 };
extern const char cz_tokens_name[CZ_TOKENS_NAME];

/* The end of the file, as it lies there. */
typedef struct cz_tokens_facts {
    uint64_t tokens, sentences, documents;
    uint64_t ids;                     /* one more than the largest */
    char inputs[CZ_DIGEST_HEX - 1];   /* SHA-256 of what it was made of */
    char contents[CZ_DIGEST_HEX - 1]; /* of the name and all tokens */
} cz_tokens_facts;

typedef struct cz_tokens_file {
    cz_mapping mapping;
    const uint32_t *token; /* [facts.tokens] */
    cz_tokens_facts facts;
} cz_tokens_file;

/* Everything in it is checked: sizes, the digest, ids below `ids`, beginnings. */
cloze_status cz_tokens_open(cz_tokens_file *out, const char *path, size_t ids,
                            const cloze_allocator *allocator, cloze_error *error);
void cz_tokens_close(cz_tokens_file *file);

#endif
