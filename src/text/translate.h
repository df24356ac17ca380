/*
 * text/translate.h - regular expressions as the tokenizers package spells them (Oniguruma's Ruby
 * dialect) to PCRE2's: only what is understood goes through, all else is refused by name. Left out
 * are captures, back references, calls, and what sees more of Unicode than single characters.
 */
#ifndef CZ_TEXT_TRANSLATE_H
#define CZ_TEXT_TRANSLATE_H

#include "base/error.h"

#include <cloze/tokenizer.h>

/* A set of characters: PCRE2's spelling inside a class, and the ranges that it lacks. */
typedef struct cz_property {
    const char *name, *spelled;
    uint16_t begin, count; /* of cz_property_ranges */
} cz_property;

extern const cz_property cz_properties[];
extern const size_t cz_property_count;
extern const uint32_t cz_property_ranges[][2];

/* The pattern in PCRE2's spelling into *out; release it with the allocator. */
cloze_status cz_translate(cloze_text pattern, const cloze_allocator *allocator, cloze_text *out,
                          cloze_error *error);

/* ---- shared by translate.c and translate_class.c ---- */

typedef struct cz_translator {
    cloze_text pattern;
    size_t at;
    const cloze_allocator *allocator;
    char *out;
    size_t size, capacity;
    bool fold;     /* case does not matter */
    uint32_t last; /* the letter before, where case does not matter; 0: none */
    cloze_error *error;
} cz_translator;

enum { CZ_TRANSLATE_DEPTH = 32, CZ_TRANSLATE_SIZE = 1 << 18 };

bool cz_translator_put(cz_translator *translator, const char *text, size_t size);
bool cz_translator_say(cz_translator *translator, const char *text);
/* Puts `text` in at a place of the output that has been written. */
bool cz_translator_insert(cz_translator *translator, size_t place, const char *text);
/* Refuses; false. */
bool cz_translator_refuse(cz_translator *translator, const char *what);
/* Whether the pattern goes on with `text`, which is then passed. */
bool cz_translator_take(cz_translator *translator, const char *text);
/* A character of the pattern; 0 at its end. */
uint32_t cz_translator_next(cz_translator *translator);
/* What a backslash and `c` stand for if it is one character; false: it is none. */
bool cz_translator_escaped(cz_translator *translator, uint32_t c, uint32_t *code);
bool cz_translator_code(cz_translator *translator, uint32_t code);

/* A class behind its opening bracket. */
bool cz_translate_class(cz_translator *translator, size_t depth);
/* One of d D h H s S w W, or p P behind which a name in braces stands: `inside` a class only its
 * members are written, unless it is the complement of a set, *complement, which is written whole. */
bool cz_translate_set(cz_translator *translator, uint32_t letter, bool inside, bool *complement);
/* The characters of words, in brackets. */
bool cz_translate_word(cz_translator *translator);

#endif
