/* unicode.c - see unicode.h. Hangul syllables decompose by rule, everything else by table. */
#include "text/unicode.h"

#include <string.h>

static size_t mapped(uint32_t c, const uint8_t *pages, const uint16_t *index, const uint32_t *pool,
                     uint32_t out[CZ_UNICODE_LONGEST])
{
    size_t at = index[(size_t)pages[c >> 7] << 7 | (c & 127)], count;
    if (!at) {
        out[0] = c;
        return 1;
    }
    count = pool[at];
    for (size_t i = 0; i < count; i++)
        out[i] = pool[at + 1 + i];
    return count;
}

size_t cz_unicode_lower_of(uint32_t c, uint32_t out[CZ_UNICODE_LONGEST])
{
    return mapped(c, cz_unicode_lower_page, cz_unicode_lower, cz_unicode_lower_pool, out);
}

size_t cz_unicode_decompose(uint32_t c, uint32_t out[CZ_UNICODE_LONGEST])
{
    uint32_t index = c - 0xAC00;
    if (index >= 11172)
        return mapped(c, cz_unicode_decomposition_page, cz_unicode_decomposition,
                      cz_unicode_decomposition_pool, out);
    out[0] = 0x1100 + index / 588;
    out[1] = 0x1161 + index % 588 / 28;
    if (index % 28 == 0)
        return 2;
    out[2] = 0x11A7 + index % 28;
    return 3;
}

size_t cz_utf8_check(const char *text, size_t size)
{
    size_t at = 0, step;
    uint64_t words[4];
    while (at < size) {
        while (size - at >= sizeof words) {
            memcpy(words, text + at, sizeof words);
            if ((words[0] | words[1] | words[2] | words[3]) & 0x8080808080808080u)
                break;
            at += sizeof words;
        }
        for (size_t i = 0; i < sizeof words && at < size; i++, at += step) {
            step = cz_utf8_length(text + at, size - at);
            if (!step)
                return at;
        }
    }
    return size;
}

size_t cz_utf8_broken(const char *text, size_t size)
{
    const unsigned char *s = (const unsigned char *)text;
    size_t length = s[0] >= 0xF0 && s[0] < 0xF5   ? 4
                    : s[0] >= 0xE0 && s[0] < 0xF0 ? 3
                    : s[0] >= 0xC2 && s[0] < 0xE0 ? 2
                                                  : 1;
    size_t count = 1;
    while (count < length && count < size) {
        unsigned low = 0x80, high = 0xBF;
        if (count == 1 && s[0] == 0xE0)
            low = 0xA0;
        if (count == 1 && s[0] == 0xED)
            high = 0x9F;
        if (count == 1 && s[0] == 0xF0)
            low = 0x90;
        if (count == 1 && s[0] == 0xF4)
            high = 0x8F;
        if (s[count] < low || s[count] > high)
            break;
        count++;
    }
    return count;
}

size_t cz_unicode_decompose_compatibly(uint32_t c, uint32_t out[CZ_UNICODE_LONGEST_COMPATIBLE])
{
    size_t low = 0, high = cz_unicode_compatibility_count;
    const cz_unicode_compatibility *found;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (cz_unicode_compatibilities[middle].code < c)
            low = middle + 1;
        else
            high = middle;
    }
    found = &cz_unicode_compatibilities[low];
    if (low == cz_unicode_compatibility_count || found->code != c)
        return cz_unicode_decompose(c, out);
    for (size_t i = 0; i < found->count; i++)
        out[i] = cz_unicode_compatibility_pool[found->begin + i];
    return found->count;
}

uint32_t cz_unicode_compose(uint32_t first, uint32_t second)
{
    const cz_unicode_composition *pairs = cz_unicode_compositions;
    size_t low = 0, high = cz_unicode_composition_count;
    if (second < CZ_UNICODE_FIRST_COMPOSED)
        return 0;
    if (first - 0x1100 < 19 && second - 0x1161 < 21)
        return 0xAC00 + (first - 0x1100) * 588 + (second - 0x1161) * 28;
    if (first - 0xAC00 < 11172 && (first - 0xAC00) % 28 == 0 && second - 0x11A8 < 27)
        return first + (second - 0x11A7);
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (pairs[middle].first < first ||
            (pairs[middle].first == first && pairs[middle].second < second))
            low = middle + 1;
        else
            high = middle;
    }
    return low < cz_unicode_composition_count && pairs[low].first == first &&
                   pairs[low].second == second
               ? pairs[low].joined
               : 0;
}
