/*
 * text/allowance.h - what one text may cost, and how much longer a tokenizer may make it: a little,
 * and more for each byte. It holds for all segments and words of the text together, so that no
 * tokenizer.json makes a text slow or huge.
 */
#ifndef CZ_TEXT_ALLOWANCE_H
#define CZ_TEXT_ALLOWANCE_H

#include "base/error.h"

enum {
    CZ_STEPS_AT_FIRST = 1 << 25, /* of expressions, and of passing over merges */
    CZ_STEPS_A_BYTE = 128,
    CZ_GROWTH_AT_FIRST = 1 << 16, /* characters that are put in */
    CZ_GROWTH_A_BYTE = 64,
    CZ_TEXT_LIMIT = (1 << 30) - 1 /* bytes of a text, and characters of what becomes of it: then
                                     a place in four bytes a character has 32 bits */
};

typedef struct cz_allowance {
    uint64_t steps;
    size_t growth;
} cz_allowance;

static inline cz_allowance cz_allowance_at_first(void)
{
    return (cz_allowance){ CZ_STEPS_AT_FIRST, CZ_GROWTH_AT_FIRST };
}

/* A text of `size` bytes, which is not more than CZ_TEXT_LIMIT, comes. */
static inline void cz_allowance_add(cz_allowance *allowance, size_t size)
{
    size_t most = CZ_TEXT_LIMIT - size;
    allowance->steps += (uint64_t)size * CZ_STEPS_A_BYTE;
    allowance->growth +=
        (size_t)((uint64_t)size * CZ_GROWTH_A_BYTE < most ? (uint64_t)size * CZ_GROWTH_A_BYTE
                                                          : most);
    allowance->growth = allowance->growth < most ? allowance->growth : most;
}

/* False: there are fewer left. */
static inline bool cz_allowance_pay(uint64_t *steps, uint64_t cost)
{
    if (*steps < cost)
        return false;
    *steps -= cost;
    return true;
}

/* `from` characters have become `to`. */
static inline cloze_status cz_allowance_grow(cz_allowance *allowance, size_t from, size_t to,
                                             cloze_error *error)
{
    size_t more = to > from ? to - from : 0;
    if (more > allowance->growth)
        return cz_fail(error, CLOZE_ERROR_LIMIT,
                       "the tokenizer would make this text more than %d times as long",
                       (int)CZ_GROWTH_A_BYTE);
    allowance->growth -= more;
    return CLOZE_OK;
}

#endif
