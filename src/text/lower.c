/*
 * lower.c - a whole text in lower case as Python's str.lower has it, where a capital sigma at the end
 * of a word has a letter of its own.
 */
#include "text/unicode.h"

enum { CAPITAL_SIGMA = 0x3a3, SIGMA = 0x3c3, FINAL_SIGMA = 0x3c2 };

/* What may stand inside a word without being a letter of it. */
static bool is_passed_over(uint32_t c)
{
    return c == '\'' || c == '.' || c == ':' || c == '^' || c == '`' || c == 0xa8 || c == 0xad ||
           c == 0xaf || c == 0xb4 || c == 0xb7 || c == 0xb8 || c == 0x2018 || c == 0x2019 ||
           c == 0x2024 || c == 0x2027 || (cz_unicode_flags_of(c) & CZ_UNICODE_MARK);
}

/* A capital sigma ends a word: a letter before it, none behind. */
static bool sigma_is_final(const uint32_t *points, size_t count, size_t at)
{
    size_t before = at, after = at + 1;
    while (before && is_passed_over(points[before - 1]))
        before--;
    while (after < count && is_passed_over(points[after]))
        after++;
    return before && cz_unicode_kind_of(points[before - 1]) == CZ_KIND_LETTER &&
           (after == count || cz_unicode_kind_of(points[after]) != CZ_KIND_LETTER);
}

size_t cz_unicode_lower_all(const uint32_t *points, size_t count, uint32_t *out)
{
    size_t made = 0;
    for (size_t i = 0; i < count; i++) {
        if (points[i] == CAPITAL_SIGMA)
            out[made++] = sigma_is_final(points, count, i) ? FINAL_SIGMA : SIGMA;
        else
            made += cz_unicode_lower_of(points[i], out + made);
    }
    return made;
}
