/* grapheme.c - the rules of Unicode's annex 29 for extended graphemes, as far as charsmap.c needs
 * them. */
#include "text/grapheme.h"

enum { JOINER = 0x200D };

typedef enum hangul { NO_HANGUL, LEADING, VOWEL, TRAILING, SYLLABLE_LV, SYLLABLE_LVT } hangul;

cz_grapheme_class cz_grapheme_class_of(uint32_t code)
{
    size_t low = 0, high = cz_grapheme_range_count;
    if (code >= 0x20 && code < 0x7F)
        return CZ_GRAPHEME_OTHER;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (cz_grapheme_ranges[middle].last < code)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < cz_grapheme_range_count && cz_grapheme_ranges[low].first <= code)
        return cz_grapheme_ranges[low].kind;
    return CZ_GRAPHEME_OTHER;
}

static hangul hangul_of(uint32_t code)
{
    if (code < 0x1100 || code > 0xD7FB)
        return NO_HANGUL;
    if (code <= 0x115F || (code >= 0xA960 && code <= 0xA97C))
        return LEADING;
    if (code <= 0x11A7 || (code >= 0xD7B0 && code <= 0xD7C6))
        return VOWEL;
    if (code <= 0x11FF || code >= 0xD7CB)
        return TRAILING;
    if (code < 0xAC00 || code > 0xD7A3)
        return NO_HANGUL;
    return (code - 0xAC00) % 28 ? SYLLABLE_LVT : SYLLABLE_LV;
}

static int is_syllable(uint32_t before, uint32_t code)
{
    hangul a = hangul_of(before), b = hangul_of(code);
    switch (a) {
    case LEADING:
        return b == LEADING || b == VOWEL || b == SYLLABLE_LV || b == SYLLABLE_LVT;
    case VOWEL:
    case SYLLABLE_LV:
        return b == VOWEL || b == TRAILING;
    case TRAILING:
    case SYLLABLE_LVT:
        return b == TRAILING;
    default:
        return 0;
    }
}

void cz_grapheme_begin(cz_grapheme_state *state, uint32_t code)
{
    state->code = code;
    state->kind = cz_grapheme_class_of(code);
    state->picture = state->kind == CZ_GRAPHEME_PICTURE;
}

int cz_grapheme_joins(cz_grapheme_state *state, uint32_t code)
{
    cz_grapheme_class before = state->kind, kind = cz_grapheme_class_of(code);
    int picture = state->picture, joins;
    if (state->code == '\r' && code == '\n')
        joins = 1;
    else if (before == CZ_GRAPHEME_CONTROL || kind == CZ_GRAPHEME_CONTROL)
        joins = 0;
    else if (kind == CZ_GRAPHEME_EXTEND || before == CZ_GRAPHEME_PREPEND)
        joins = 1;
    else if (kind == CZ_GRAPHEME_PICTURE && picture == 2)
        joins = 1;
    else
        joins = is_syllable(state->code, code);
    if (!joins)
        return 0;
    state->code = code;
    state->kind = kind;
    if (kind == CZ_GRAPHEME_PICTURE)
        state->picture = 1;
    else if (kind == CZ_GRAPHEME_EXTEND && picture)
        state->picture = code == JOINER ? 2 : 1;
    else
        state->picture = 0;
    return 1;
}
