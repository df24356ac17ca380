/*
 * normalize.c - the long way of normalizing: an array of characters, each with the bytes of the
 * text that it came from, goes through the steps one after the other.
 *
 * As in the package, a character that a step inserts shares the origin of the one before it, and
 * after decomposing and reordering the origins are given out by position: each character that
 * stands for an original one takes the next origin, whatever the order.
 */
#include "text/charsmap.h"
#include "text/parts.h"

static bool reserve(const cloze_allocator *allocator, cz_characters *characters, size_t needed)
{
    return cz_grow(allocator, (void **)&characters->items, &characters->capacity, needed,
                   sizeof *characters->items);
}

static bool decode(const cloze_allocator *allocator, const char *text, size_t begin, size_t end,
                   cz_characters *out)
{
    out->count = 0;
    if (!reserve(allocator, out, end - begin))
        return false;
    for (size_t at = begin; at < end;) {
        cz_character *c = &out->items[out->count++];
        c->begin = (uint32_t)at;
        c->code = cz_utf8_read(text, &at);
        c->end = (uint32_t)at;
    }
    return true;
}

static void clean(cz_characters *characters)
{
    size_t kept = 0;
    for (size_t i = 0; i < characters->count; i++) {
        cz_character c = characters->items[i];
        unsigned flags = cz_unicode_flags_of(c.code);
        if (flags & CZ_UNICODE_CONTROL)
            continue;
        if (flags & CZ_UNICODE_SPACE)
            c.code = ' ';
        characters->items[kept++] = c;
    }
    characters->count = kept;
}

static void remove_flagged(cz_characters *characters, unsigned flag)
{
    size_t kept = 0;
    for (size_t i = 0; i < characters->count; i++)
        if (!(cz_unicode_flags_of(characters->items[i].code) & flag))
            characters->items[kept++] = characters->items[i];
    characters->count = kept;
}

static size_t count_flagged(const cz_characters *characters, unsigned flag)
{
    size_t count = 0;
    for (size_t i = 0; i < characters->count; i++)
        count += (cz_unicode_flags_of(characters->items[i].code) & flag) != 0;
    return count;
}

static void swap(cz_characters *a, cz_characters *b)
{
    cz_characters kept = *a;
    *a = *b;
    *b = kept;
}

static bool space_chinese(const cloze_allocator *allocator, cz_characters *characters,
                          cz_characters *spare)
{
    size_t count = 0, spaced = count_flagged(characters, CZ_UNICODE_CHINESE);
    if (!spaced)
        return true;
    if (!reserve(allocator, spare, characters->count + spaced * 2))
        return false;
    for (size_t i = 0; i < characters->count; i++) {
        cz_character c = characters->items[i];
        cz_character space = { .code = ' ', .begin = c.begin, .end = c.end };
        bool chinese = (cz_unicode_flags_of(c.code) & CZ_UNICODE_CHINESE) != 0;
        if (chinese)
            spare->items[count++] = space;
        spare->items[count++] = c;
        if (chinese)
            spare->items[count++] = space;
    }
    spare->count = count;
    swap(characters, spare);
    return true;
}

static bool lower(const cloze_allocator *allocator, cz_characters *characters, cz_characters *spare)
{
    uint32_t mapped[CZ_UNICODE_LONGEST];
    size_t count = 0, expanding = 0;
    for (size_t i = 0; i < characters->count; i++) {
        cz_character *c = &characters->items[i];
        size_t size;
        if (c->code < 0x80) {
            c->code += c->code >= 'A' && c->code <= 'Z' ? 32 : 0;
        } else if (cz_unicode_flags_of(c->code) & CZ_UNICODE_CHANGES) {
            size = cz_unicode_lower_of(c->code, mapped);
            if (size == 1)
                c->code = mapped[0];
            else
                expanding++;
        }
    }
    if (!expanding)
        return true;
    if (!reserve(allocator, spare, characters->count + expanding * CZ_UNICODE_LONGEST))
        return false;
    for (size_t i = 0; i < characters->count; i++) {
        cz_character c = characters->items[i];
        size_t size = cz_unicode_lower_of(c.code, mapped);
        for (size_t k = 0; k < size; k++) {
            c.code = mapped[k];
            spare->items[count++] = c;
        }
    }
    spare->count = count;
    swap(characters, spare);
    return true;
}

/* Canonical ordering of a run of marks, all of a class above 0: stable, by class. A run can be as
 * long as the text, hence a counting sort into `scratch` for the long ones. */
static void order_short(cz_character *items, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        cz_character c = items[i];
        unsigned class = cz_unicode_class_of(c.code);
        size_t at = i;
        for (; at && cz_unicode_class_of(items[at - 1].code) > class; at--)
            items[at] = items[at - 1];
        items[at] = c;
    }
}

static void order_long(cz_character *items, size_t count, cz_character *scratch)
{
    size_t places[257] = { 0 };
    for (size_t i = 0; i < count; i++)
        places[cz_unicode_class_of(items[i].code) + 1]++;
    for (size_t i = 1; i < 257; i++)
        places[i] += places[i - 1];
    for (size_t i = 0; i < count; i++)
        scratch[places[cz_unicode_class_of(items[i].code)]++] = items[i];
    memcpy(items, scratch, count * sizeof *items);
}

static bool is_mark(uint32_t code)
{
    return (cz_unicode_flags_of(code) & CZ_UNICODE_CHANGES) && cz_unicode_class_of(code);
}

/* Orders all runs; long ones by way of room behind the last character. */
static bool order_runs(const cloze_allocator *allocator, cz_characters *characters)
{
    enum { LONG = 32 };
    for (size_t i = 0; i < characters->count;) {
        size_t begin = i;
        while (i < characters->count && is_mark(characters->items[i].code))
            i++;
        if (i - begin <= LONG) {
            order_short(characters->items + begin, i - begin);
        } else {
            if (!reserve(allocator, characters, characters->count + (i - begin)))
                return false;
            order_long(characters->items + begin, i - begin, characters->items + characters->count);
        }
        i += i == begin;
    }
    return true;
}

/* Which characters have a compatibility decomposition no flag tells. */
static bool may_change(uint32_t code, bool compatibly)
{
    return (cz_unicode_flags_of(code) & CZ_UNICODE_CHANGES) || (compatibly && code >= 0x80);
}

/* Until the order is found, `begin` is 0 for a character that stands for an original one,
 * else 1. */
static bool decompose(const cloze_allocator *allocator, cz_characters *characters,
                      cz_characters *spare, bool compatibly)
{
    uint32_t mapped[CZ_UNICODE_LONGEST_COMPATIBLE];
    size_t count = 0, origin = 0, changing = 0, more = 0;
    for (size_t i = 0; i < characters->count; i++) {
        bool changes = may_change(characters->items[i].code, compatibly);
        changing += changes;
        if (changes && compatibly)
            more += cz_unicode_decompose_compatibly(characters->items[i].code, mapped);
    }
    if (!changing)
        return true;
    if (!reserve(allocator, spare,
                 characters->count + (compatibly ? more : changing * (CZ_UNICODE_LONGEST - 1))))
        return false;
    for (size_t i = 0; i < characters->count; i++) {
        size_t size = 1;
        mapped[0] = characters->items[i].code;
        if (may_change(mapped[0], compatibly))
            size = compatibly ? cz_unicode_decompose_compatibly(mapped[0], mapped)
                              : cz_unicode_decompose(mapped[0], mapped);
        for (size_t k = 0; k < size; k++)
            spare->items[count++] = (cz_character){ .code = mapped[k], .begin = k > 0 };
    }
    spare->count = count;
    if (!order_runs(allocator, spare))
        return false;
    for (size_t i = 0; i < count; i++) {
        cz_character *c = &spare->items[i];
        origin += c->begin == 0;
        c->begin = characters->items[origin - 1].begin;
        c->end = characters->items[origin - 1].end;
    }
    swap(characters, spare);
    return true;
}

static void trim_left(cz_characters *characters)
{
    size_t spaces = 0;
    while (spaces < characters->count &&
           (cz_unicode_flags_of(characters->items[spaces].code) & CZ_UNICODE_SPACE))
        spaces++;
    if (!spaces)
        return;
    characters->count -= spaces;
    memmove(characters->items, characters->items + spaces,
            characters->count * sizeof *characters->items);
}

static void trim_right(cz_characters *characters)
{
    while (characters->count &&
           (cz_unicode_flags_of(characters->items[characters->count - 1].code) & CZ_UNICODE_SPACE))
        characters->count--;
}

/* Characters from `at` on that the replacement takes, or 0. */
static size_t match_at(const cz_replacement *rule, const cz_characters *characters, size_t at)
{
    size_t count = 0;
    if (rule->spaces) {
        while (at + count < characters->count && characters->items[at + count].code == ' ')
            count++;
        return count > 1 ? count : 0;
    }
    for (size_t byte = 0; byte < rule->from_size; count++)
        if (at + count >= characters->count ||
            characters->items[at + count].code != cz_utf8_read(rule->from, &byte))
            return 0;
    return count;
}

/* What is put in has the place of the last character that goes. */
static bool replace(const cz_replacement *rule, const cloze_allocator *allocator,
                    cz_characters *characters, cz_characters *spare)
{
    size_t at = 0, count = 0, first = 0;
    while (first < characters->count && !match_at(rule, characters, first))
        first++;
    if (first == characters->count)
        return true;
    if (!reserve(allocator, spare, characters->count * (rule->to_size + 1)))
        return false;
    while (at < characters->count) {
        size_t taken = at < first ? 0 : match_at(rule, characters, at);
        cz_character c = characters->items[at + (taken ? taken - 1 : 0)];
        if (!taken)
            spare->items[count++] = c;
        for (size_t byte = 0; taken && byte < rule->to_size;) {
            c.code = cz_utf8_read(rule->to, &byte);
            spare->items[count++] = c;
        }
        at += taken ? taken : 1;
    }
    spare->count = count;
    swap(characters, spare);
    return true;
}

bool cz_normalize(const cz_normalizer *normalizer, const cloze_allocator *allocator,
                  const char *text, size_t begin, size_t end, cz_characters *out,
                  cz_characters *spare)
{
    size_t replaced = 0;
    if (!decode(allocator, text, begin, end, out))
        return false;
    for (size_t i = 0; i < normalizer->count; i++) {
        bool made = true;
        switch (normalizer->steps[i]) {
        case CZ_STEP_CLEAN:
            clean(out);
            break;
        case CZ_STEP_CHINESE:
            made = space_chinese(allocator, out, spare);
            break;
        case CZ_STEP_DECOMPOSE:
            made = decompose(allocator, out, spare, false);
            break;
        case CZ_STEP_DECOMPOSE_COMPATIBLY:
            made = decompose(allocator, out, spare, true);
            break;
        case CZ_STEP_STRIP_NONSPACING:
            remove_flagged(out, CZ_UNICODE_NONSPACING);
            break;
        case CZ_STEP_STRIP_MARKS:
            remove_flagged(out, CZ_UNICODE_MARK);
            break;
        case CZ_STEP_LOWER:
            made = lower(allocator, out, spare);
            break;
        case CZ_STEP_TRIM_LEFT:
            trim_left(out);
            break;
        case CZ_STEP_TRIM_RIGHT:
            trim_right(out);
            break;
        case CZ_STEP_MAP:
            made = cz_charsmap_apply(normalizer->map, allocator, out, spare);
            break;
        case CZ_STEP_REPLACE:
            made = replace(&normalizer->replacements[replaced++], allocator, out, spare);
            break;
        }
        if (!made)
            return false;
    }
    return true;
}

void cz_normalizer_bert(cz_normalizer *normalizer, bool clean_text, bool chinese, bool strip,
                        bool lower_case)
{
    if (clean_text)
        normalizer->steps[normalizer->count++] = CZ_STEP_CLEAN;
    if (chinese) {
        normalizer->steps[normalizer->count++] = CZ_STEP_CHINESE;
        normalizer->chinese = true;
    }
    if (strip) {
        normalizer->steps[normalizer->count++] = CZ_STEP_DECOMPOSE;
        normalizer->steps[normalizer->count++] = CZ_STEP_STRIP_NONSPACING;
    }
    if (lower_case)
        normalizer->steps[normalizer->count++] = CZ_STEP_LOWER;
}
