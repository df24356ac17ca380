/*
 * text/normalize.h - text as characters that know where they came from, and the steps that change
 * them. A step that puts characters in gives them the place of a neighbour, as the package does.
 */
#ifndef CZ_TEXT_NORMALIZE_H
#define CZ_TEXT_NORMALIZE_H

#include "base/memory.h"

#include <cloze/tokenizer.h>

enum { CZ_STEP_LIMIT = 32, CZ_REPLACE_LIMIT = 8, CZ_REPLACE_SIZE = 32 };

typedef struct cz_character {
    uint32_t code;
    uint32_t begin, end; /* bytes of the text that it came from */
} cz_character;

typedef struct cz_characters {
    cz_character *items;
    size_t count, capacity;
} cz_characters;

bool cz_characters_reserve(const cloze_allocator *allocator, cz_characters *characters,
                           size_t needed);
void cz_characters_swap(cz_characters *a, cz_characters *b);
/* The letters of a character's bytes into out; the count. */
size_t cz_character_letters(cz_character c, cz_character out[4]);

typedef enum cz_step {
    CZ_STEP_CLEAN,
    CZ_STEP_CHINESE,
    CZ_STEP_DECOMPOSE,
    CZ_STEP_DECOMPOSE_COMPATIBLY,
    CZ_STEP_COMPOSE,
    CZ_STEP_COMPOSE_COMPATIBLY,
    CZ_STEP_STRIP_NONSPACING,
    CZ_STEP_STRIP_MARKS,
    CZ_STEP_LOWER,
    CZ_STEP_TRIM_LEFT,
    CZ_STEP_TRIM_RIGHT,
    CZ_STEP_NMT,     /* some controls go, some gaps become spaces */
    CZ_STEP_BYTES,   /* the letters of a character's bytes take its place */
    CZ_STEP_MAP,     /* the character map */
    CZ_STEP_REPLACE, /* the next of the replacements */
    CZ_STEP_PREPEND  /* what the next of the replacements puts in */
} cz_step;

/* A fixed text, or two or more spaces, to another. */
typedef struct cz_replacement {
    bool spaces; /* the pattern " {2,}" */
    char from[CZ_REPLACE_SIZE], to[CZ_REPLACE_SIZE];
    size_t from_size, to_size;
} cz_replacement;

typedef struct cz_normalizer {
    cz_step steps[CZ_STEP_LIMIT];
    size_t count;
    struct cz_charsmap *map; /* or NULL */
    cz_replacement replacements[CZ_REPLACE_LIMIT];
    size_t replacement_count;
    bool whole;   /* a step looks at the whole segment, so it cannot be cut at a space */
    bool chinese; /* spaces are put around Chinese characters */
} cz_normalizer;

/* Characters of text[begin, end) after all steps into *out; `spare` is a second buffer. */
bool cz_normalize(const cz_normalizer *normalizer, const cloze_allocator *allocator,
                  const char *text, size_t begin, size_t end, cz_characters *out,
                  cz_characters *spare);
/* Whether the steps change nothing in text[begin, end), seen at a glance; false: they may. */
bool cz_normalizer_rests(const cz_normalizer *normalizer, const char *text, size_t begin,
                         size_t end);
void cz_normalizer_bert(cz_normalizer *normalizer, bool clean, bool chinese, bool strip,
                        bool lower);

/* compose.c: one of Unicode's normalization forms. False: memory is out. */
typedef struct cz_form {
    bool compatibly, composes;
} cz_form;

bool cz_compose(const cloze_allocator *allocator, cz_characters *characters, cz_characters *spare,
                cz_form form);

/* replace.c */
bool cz_replace_pattern(const cz_replacement *rule, const cloze_allocator *allocator,
                        cz_characters *characters, cz_characters *spare);
bool cz_put_before(const cz_replacement *rule, const cloze_allocator *allocator,
                   cz_characters *characters, cz_characters *spare);

#endif
