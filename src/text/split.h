/*
 * text/split.h - pre-tokenizers in any order: cuts, one after the other, each taking every word of
 * the one before further apart, or changing its characters. What is common has its own, shorter way
 * (pretokenize.c, byte_level.c, metaspace.c) and no cuts.
 */
#ifndef CZ_TEXT_SPLIT_H
#define CZ_TEXT_SPLIT_H

#include "text/find.h"
#include "text/normalize.h"

enum { CZ_CUTS_LIMIT = 32 };

/* What becomes of the places where a cut finds something. */
typedef enum cz_behavior {
    CZ_REMOVED,
    CZ_ISOLATED,
    CZ_MERGED_WITH_PREVIOUS,
    CZ_MERGED_WITH_NEXT,
    CZ_CONTIGUOUS
} cz_behavior;

typedef enum cz_cut_kind {
    CZ_CUT_SPACES,      /* WhitespaceSplit */
    CZ_CUT_PUNCTUATION, /* by the behavior */
    CZ_CUT_WORDS,       /* Whitespace: runs of \w, and of what is neither \w nor space */
    CZ_CUT_DIGITS,      /* by the behavior */
    CZ_CUT_CHARACTER,   /* CharDelimiterSplit */
    CZ_CUT_SCRIPTS,
    CZ_CUT_LENGTH, /* FixedLength */
    CZ_CUT_FOUND,  /* Split: by the behavior */
    CZ_CUT_MARKS,  /* Metaspace */
    CZ_CUT_BYTES   /* ByteLevel */
} cz_cut_kind;

typedef enum cz_prepend { CZ_PREPEND_ALWAYS, CZ_PREPEND_FIRST, CZ_PREPEND_NEVER } cz_prepend;

typedef struct cz_cut {
    cz_cut_kind kind;
    cz_behavior behavior;
    bool inverted;      /* what is not found counts as found */
    bool whole;         /* of marks and bytes: words are not taken apart */
    cz_prepend prepend; /* of a mark, or of a space before bytes */
    uint32_t code;      /* the character, or the mark */
    size_t length;
    cz_finder finder;
} cz_cut;

typedef struct cz_cuts {
    cz_cut items[CZ_CUTS_LIMIT];
    size_t count;
} cz_cuts;

/* A run of characters that a cut looked at. */
typedef struct cz_stretch {
    size_t begin, end;
    bool found;
} cz_stretch;

typedef struct cz_stretches {
    cz_stretch *items;
    size_t count, capacity;
} cz_stretches;

/* Room to cut in, and the result: words as stretches of the characters. */
typedef struct cz_cutting {
    cz_characters characters, spare;
    cz_stretches words, found, next;
    char *line;
    size_t line_capacity;
    cz_matching matching;
    cz_allowance *allowance;
} cz_cutting;

cloze_status cz_cut_all(const cz_cuts *cuts, const cloze_allocator *allocator,
                        const cz_character *characters, size_t count, cz_cutting *cutting,
                        cloze_error *error);
void cz_cuts_clear(cz_cuts *cuts, const cloze_allocator *allocator);
void cz_cutting_clear(cz_cutting *cutting, const cloze_allocator *allocator);

/* behave.c: the stretches of one word by the behavior, appended to `words`; empty ones are left
 * out. False: memory is out. */
bool cz_behave(const cloze_allocator *allocator, const cz_stretches *found, cz_behavior behavior,
               cz_stretches *words);
bool cz_stretches_put(const cloze_allocator *allocator, cz_stretches *stretches, size_t begin,
                      size_t end, bool found);

#endif
