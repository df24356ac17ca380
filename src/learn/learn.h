/*
 * learn/learn.h - from counted words to tokens: what the methods of this room share.
 *
 * Words are sorted by their bytes before they come here, so that nothing depends on the order of
 * the texts. A word is UTF-8; where the model is of bytes it is raw bytes, and each byte's letter
 * stands for it in the tokens.
 */
#ifndef CZ_LEARN_LEARN_H
#define CZ_LEARN_LEARN_H

#include "base/error.h"
#include "learn/texts.h"

enum {
    CZ_LEARN_CODES = 0x110000,
    CZ_LEARN_LONGEST = 256, /* so that 4 bytes a character fit the limit of a loaded token */
    CZ_LEARN_SIZE = 1 << 24 /* tokens */
};

typedef struct cz_learn_settings {
    const cloze_allocator *allocator;
    const cloze_text *special; /* the first tokens, in this order */
    size_t special_count;
    size_t size, min_frequency;
    size_t alphabet; /* characters at most, SIZE_MAX: all */
    size_t longest;
    cloze_text characters; /* in the alphabet in any case */
    bool bytes;
    cloze_text prefix; /* of what continues a word */
    uint32_t unknown;  /* its place among the special tokens */
    cloze_progress progress;
} cz_learn_settings;

/* The id that two neighbours become. */
typedef struct cz_learned_merge {
    uint32_t left, right;
} cz_learned_merge;

typedef struct cz_learned {
    cz_texts tokens; /* by id */
    cz_learned_merge *merges;
    size_t merge_count, merges_capacity;
    double *scores; /* of a Unigram, by id */
} cz_learned;

void cz_learned_clear(cz_learned *learned);

/* The character at word[*at], which moves behind it. */
uint32_t cz_learn_character(const cz_learn_settings *settings, cloze_text word, size_t *at);

/* alphabet.c: how often each character occurs, [CZ_LEARN_CODES]; UINT64_MAX for those that are in
 * any case. NULL: no memory. Release it. */
uint64_t *cz_count_characters(const cz_learn_settings *settings, const cz_texts *words);

/* alphabet.c: sets the counts of the rarest to 0 until no more than the wanted number is left. */
bool cz_limit_alphabet(const cz_learn_settings *settings, uint64_t *counts);

/* alphabet.c: how the words are written before anything is joined. */
typedef struct cz_spelling {
    uint32_t *first, *other; /* id of a character that begins a word, that continues one */
} cz_spelling;

/* Puts the special tokens, then the characters into `tokens`. */
cloze_status cz_spell(const cz_learn_settings *settings, const cz_texts *words, cz_texts *tokens,
                      cz_spelling *spelling, cloze_error *error);
void cz_spelling_clear(cz_spelling *spelling, const cloze_allocator *allocator);

/* merges.c: BPE, and WordPiece where there is a prefix. */
cloze_status cz_learn_merges(const cz_learn_settings *settings, const cz_texts *words,
                             cz_learned *learned, cloze_error *error);

/* unigram.c: pieces with scores. */
cloze_status cz_learn_unigram(const cz_learn_settings *settings, const cz_texts *words,
                              cz_learned *learned, cloze_error *error);

/* False and an error when the caller wants to stop. */
cloze_status cz_learn_report(const cz_learn_settings *settings, uint64_t done, uint64_t total,
                             cloze_error *error);
cloze_status cz_learn_memory(cloze_error *error);

#endif
