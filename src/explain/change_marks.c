/* change_marks.c - changes of any language: letters that swap places, the mark at the end, numbers. */
#include "explain/changes.h"

#include "base/memory.h"

#include <stdio.h>

static const cloze_text nothing = { NULL, 0 };

/* ---- typos ---- */

static bool is_letter(uint32_t c)
{
    return cz_unicode_kind_of(c) == CZ_KIND_LETTER;
}

static bool same_but_case(uint32_t a, uint32_t b)
{
    uint32_t lower_a[CZ_UNICODE_LONGEST], lower_b[CZ_UNICODE_LONGEST];
    size_t count = cz_unicode_lower_of(a, lower_a);
    if (cz_unicode_lower_of(b, lower_b) != count)
        return false;
    for (size_t i = 0; i < count; i++)
        if (lower_a[i] != lower_b[i])
            return false;
    return true;
}

/* A letter that carries marks stays where it is, and so does one that a joiner follows. */
static bool carries(cloze_text text, size_t at)
{
    if (at == text.size)
        return false;
    uint32_t c = cz_utf8_read(text.data, &at);
    return (cz_unicode_flags_of(c) & (CZ_UNICODE_MARK | CZ_UNICODE_NONSPACING)) || c == 0x200c ||
           c == 0x200d || (c >= 0xfe00 && c <= 0xfe0f);
}

static bool list_pairs(cloze_changer *c)
{
    size_t begin = 0, middle = 0;
    uint32_t first = 0;
    c->pair_count = 0;
    while (middle < c->text.size) {
        size_t end = middle;
        uint32_t second = cz_utf8_read(c->text.data, &end);
        if (middle && is_letter(first) && is_letter(second) && !same_but_case(first, second) &&
            !carries(c->text, end)) {
            if (!cz_grow(&c->hooks.allocator, (void **)&c->pairs, &c->pair_capacity,
                         c->pair_count + 1, sizeof *c->pairs))
                return false;
            c->pairs[c->pair_count++] = (cz_change_pair){ begin, middle, end };
        }
        begin = middle;
        middle = end;
        first = second;
    }
    return true;
}

/* Takes a pair and those that share a letter with it off the list. */
static void take_pair(cloze_changer *c, size_t taken)
{
    cz_change_pair pair = c->pairs[taken];
    size_t kept = 0;
    for (size_t i = 0; i < c->pair_count; i++)
        if (c->pairs[i].end <= pair.begin || c->pairs[i].begin >= pair.end)
            c->pairs[kept++] = c->pairs[i];
    c->pair_count = kept;
}

bool cz_change_typo(cloze_changer *c)
{
    if (!list_pairs(c))
        return false;
    for (size_t k = 0; k < c->typos && c->pair_count; k++) {
        size_t taken = cz_change_draw(c, k, c->pair_count);
        cz_change_pair pair = c->pairs[taken];
        cloze_text first = { c->text.data + pair.begin, pair.middle - pair.begin };
        cloze_text second = { c->text.data + pair.middle, pair.end - pair.middle };
        if (!cz_change_put(c, pair.begin, pair.end, second, first))
            return false;
        take_pair(c, taken);
    }
    return true;
}

/* ---- the mark at the end ---- */

static bool ends(uint32_t c)
{
    return c == '.' || c == '!' || c == 0x2026 || c == 0x3002 || c == 0xff01;
}

static size_t step_back(cloze_text text, size_t at)
{
    do
        at--;
    while (((unsigned char)text.data[at] & 0xc0) == 0x80);
    return at;
}

bool cz_change_punctuation(cloze_changer *c)
{
    static const cloze_text stop = { ".", 1 }, wide_stop = { "\xe3\x80\x82", 3 };
    size_t end = c->text.size;
    while (end && (cz_unicode_flags_of(cz_change_before(c->text, end)) & CZ_UNICODE_SPACE))
        end = step_back(c->text, end);
    size_t begin = end;
    while (begin && ends(cz_change_before(c->text, begin)))
        begin = step_back(c->text, begin);
    if (!begin)
        return true;
    if (begin < end)
        return cz_change_put(c, begin, end, nothing, nothing);
    uint32_t last = cz_change_before(c->text, end);
    unsigned kind = cz_unicode_kind_of(last);
    if (kind != CZ_KIND_LETTER && kind != CZ_KIND_NUMBER)
        return true;
    return cz_change_put(
        c, end, end, cz_unicode_flags_of(last) & CZ_UNICODE_CHINESE ? wide_stop : stop, nothing);
}

/* ---- numbers ---- */

enum { DIGITS_MOST = 9 };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool links(char c)
{
    return c == '.' || c == ',' || c == ':' || c == '/' || c == '-';
}

/* Parts of 3.5, 1,000, 10:30, 2024-01-02 and B2B are no numbers that stand alone. */
static bool stands_alone(cloze_text text, size_t begin, size_t end)
{
    if (begin) {
        char before = text.data[begin - 1];
        if (cz_change_is_word(cz_change_before(text, begin)) ||
            (links(before) && begin > 1 && is_digit(text.data[begin - 2])))
            return false;
    }
    if (end == text.size)
        return true;
    size_t at = end;
    if (cz_change_is_word(cz_utf8_read(text.data, &at)))
        return false;
    return !(links(text.data[end]) && end + 1 < text.size && is_digit(text.data[end + 1]));
}

static bool change_number(cloze_changer *c, size_t begin, size_t end)
{
    size_t value = 0, least = 1, most;
    char digits[DIGITS_MOST + 2];
    for (size_t i = begin; i < end; i++) {
        value = 10 * value + (size_t)(c->text.data[i] - '0');
        least *= i > begin ? 10 : 1;
    }
    most = 10 * least - 1;
    size_t far = value >= 10 ? value / 5 : 1;
    least = value > least + far ? value - far : least;
    most = value + far < most ? value + far : most;
    bool within = value >= least;
    size_t other = least + cz_change_draw(c, value, most - least + 1 - within);
    other += within && other >= value;
    int size = snprintf(digits, sizeof digits, "%zu", other);
    return cz_change_put(c, begin, end, (cloze_text){ digits, (size_t)size }, nothing);
}

bool cz_change_numbers(cloze_changer *c)
{
    cloze_text text = c->text;
    for (size_t begin = 0, end; begin < text.size; begin = end + 1) {
        for (end = begin; end < text.size && is_digit(text.data[end]);)
            end++;
        bool padded = end - begin > 1 && text.data[begin] == '0';
        if (end > begin && end - begin <= DIGITS_MOST && !padded &&
            stands_alone(text, begin, end) && !change_number(c, begin, end))
            return false;
    }
    return true;
}
