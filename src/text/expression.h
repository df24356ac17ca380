/*
 * text/expression.h - a regular expression in PCRE2, under limits. Nothing but this file and
 * expression.c knows PCRE2.
 *
 * PCRE2 never sees more of a text than it needs: it looks at a window of some hundred bytes, told
 * that more may follow, and gets a larger one when a match reaches its end. So no place of a long
 * text costs more than its window, and the steps of all large windows and of all places that need
 * many steps are paid from the allowance of the text (text/allowance.h), which is refused when they
 * are used up.
 */
#ifndef CZ_TEXT_EXPRESSION_H
#define CZ_TEXT_EXPRESSION_H

#include "base/error.h"

#include <cloze/tokenizer.h>

typedef struct cz_expression cz_expression; /* compiled; shared by threads */

/* What one thread needs to match; zeros at first. */
typedef struct cz_matching {
    void *data, *context;
} cz_matching;

/* `pattern` as the package spells it. */
cloze_status cz_expression_new(cz_expression **out, const cloze_allocator *allocator,
                               cloze_text pattern, cloze_error *error);
void cz_expression_free(cz_expression *expression);
size_t cz_expression_bytes(const cz_expression *expression);

/* The leftmost match in `line` from `from` on; *found is false when there is none. `steps` are
 * what is left of an allowance. `allocator` must outlive `matching`. */
cloze_status cz_expression_find(const cz_expression *expression, cz_matching *matching,
                                const cloze_allocator *allocator, cloze_text line, size_t from,
                                uint64_t *steps, size_t *begin, size_t *end, bool *found,
                                cloze_error *error);
void cz_matching_clear(cz_matching *matching);

#endif
