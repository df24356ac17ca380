/*
 * text/find.h - what finds the places of a pattern in a text: a fixed text, or an expression. The
 * expressions that widely used tokenizers split with are known by their spelling and found by hand,
 * in one pass (known.c).
 */
#ifndef CZ_TEXT_FIND_H
#define CZ_TEXT_FIND_H

#include "text/allowance.h"
#include "text/expression.h"

/* The family of GPT-2's pattern, whose matches cover a text without gaps. */
typedef struct cz_word_rules {
    bool newer;    /* the kind that began with cl100k: lines, any case, marks before a word */
    size_t digits; /* of a number's word; 0: all */
} cz_word_rules;

/* The rules of a pattern; false: its spelling is not known. */
bool cz_word_rules_of(cloze_text pattern, cz_word_rules *rules);
/* The end of the word at `at`, which is not the end of the line. */
size_t cz_word_end(cz_word_rules rules, cloze_text line, size_t at);

typedef enum cz_find_kind {
    CZ_FIND_TEXT,
    CZ_FIND_SPACES, /* two or more */
    CZ_FIND_WORDS,
    CZ_FIND_EXPRESSION
} cz_find_kind;

typedef struct cz_finder {
    cz_find_kind kind;
    char *text; /* what CZ_FIND_TEXT looks for; an empty one is everywhere */
    size_t size;
    cz_word_rules rules; /* of CZ_FIND_WORDS */
    cz_expression *expression;
} cz_finder;

/* One walk over a line. */
typedef struct cz_search {
    cloze_text line;
    cz_matching *matching; /* of the thread, whose memory is of the allocator */
    const cloze_allocator *allocator;
    uint64_t *steps; /* left of an allowance */
    size_t at;
    size_t last; /* end of the last match + 1 */
} cz_search;

static inline cz_search cz_search_of(cloze_text line, cz_matching *matching,
                                     const cloze_allocator *allocator, uint64_t *steps)
{
    return (cz_search){ line, matching, allocator, steps, 0, 0 };
}

/* The next match, [*begin, *end) of the line, found leftmost first; *found is false when there is
 * none. As in the package an empty match never stands where the last one ended. */
cloze_status cz_find_next(const cz_finder *finder, cz_search *search, size_t *begin, size_t *end,
                          bool *found, cloze_error *error);
/* What it allocated. */
size_t cz_finder_bytes(const cz_finder *finder);
void cz_finder_clear(cz_finder *finder, const cloze_allocator *allocator);

#endif
