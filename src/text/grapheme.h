/*
 * text/grapheme.h - where graphemes of less than six bytes end, as the package has it. Longer ones
 * are replaced character by character, so rules that only they show are left out.
 */
#ifndef CZ_TEXT_GRAPHEME_H
#define CZ_TEXT_GRAPHEME_H

#include <stddef.h>
#include <stdint.h>

typedef enum cz_grapheme_class {
    CZ_GRAPHEME_OTHER,
    CZ_GRAPHEME_EXTEND,  /* joins what stands before it */
    CZ_GRAPHEME_PREPEND, /* joins what stands behind it */
    CZ_GRAPHEME_CONTROL, /* joins nothing */
    CZ_GRAPHEME_PICTURE  /* joins a picture before it over U+200D */
} cz_grapheme_class;

typedef struct cz_grapheme_range {
    uint32_t first, last;
    cz_grapheme_class kind;
} cz_grapheme_range;

extern const cz_grapheme_range cz_grapheme_ranges[];
extern const size_t cz_grapheme_range_count;

cz_grapheme_class cz_grapheme_class_of(uint32_t code);

/* What the characters so far mean for the next one. */
typedef struct cz_grapheme_state {
    uint32_t code; /* the last */
    cz_grapheme_class kind;
    int picture; /* 1: a picture and extensions; 2: U+200D behind it */
} cz_grapheme_state;

void cz_grapheme_begin(cz_grapheme_state *state, uint32_t code);
/* Does `code` join? Then the state moves on. */
int cz_grapheme_joins(cz_grapheme_state *state, uint32_t code);

#endif
