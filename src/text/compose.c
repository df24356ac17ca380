/*
 * compose.c - the four Unicode normalization forms: decomposition, canonical order, composition.
 *
 * Origins are given out by position, as in the package: while the forms are made, the `begin` of a
 * character holds its change, how many characters it adds (1, it was decomposed from the one before)
 * or takes the place of beside its own (-n); a second pass turns changes into origins.
 */
#include "text/parts.h"

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
            if (!cz_characters_reserve(allocator, characters, characters->count + (i - begin)))
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

/* Whether a form changes nothing in `characters`, seen at a glance. */
static bool is_plain(const cz_characters *characters, cz_form form)
{
    uint32_t limit = !form.composes ? 0x80 : form.compatibly ? 0xA0 : CZ_UNICODE_FIRST_COMPOSED;
    for (size_t i = 0; i < characters->count; i++) {
        uint32_t code = characters->items[i].code;
        if (code >= limit && (form.composes || may_change(code, form.compatibly)))
            return false;
    }
    return true;
}

/* Characters apart and in canonical order, with changes for origins, into `out`. */
static bool take_apart(const cloze_allocator *allocator, const cz_characters *characters,
                       cz_characters *out, bool compatibly)
{
    uint32_t mapped[CZ_UNICODE_LONGEST_COMPATIBLE];
    size_t count = 0, changing = 0, more = 0;
    for (size_t i = 0; i < characters->count; i++) {
        bool changes = may_change(characters->items[i].code, compatibly);
        changing += changes;
        if (changes && compatibly)
            more += cz_unicode_decompose_compatibly(characters->items[i].code, mapped);
    }
    if (!cz_characters_reserve(allocator, out,
                               characters->count +
                                   (compatibly ? more : changing * (CZ_UNICODE_LONGEST - 1))))
        return false;
    for (size_t i = 0; i < characters->count; i++) {
        size_t size = 1;
        mapped[0] = characters->items[i].code;
        if (may_change(mapped[0], compatibly))
            size = compatibly ? cz_unicode_decompose_compatibly(mapped[0], mapped)
                              : cz_unicode_decompose(mapped[0], mapped);
        for (size_t k = 0; k < size; k++)
            out->items[count++] = (cz_character){ .code = mapped[k], .begin = k > 0 };
    }
    out->count = count;
    return order_runs(allocator, out);
}

/* Joins a starter and what follows it, as the package's library does: a character is blocked when
 * the last one that stayed has the same class or a higher one. */
static void put_together(cz_characters *characters)
{
    cz_character *items = characters->items, *starter = NULL;
    size_t kept = 0;
    unsigned last = 0; /* class of the last character behind the starter, 0: none */
    for (size_t i = 0; i < characters->count; i++) {
        cz_character c = items[i];
        unsigned class = cz_unicode_class_of(c.code);
        uint32_t joined =
            starter && (!last || last < class) ? cz_unicode_compose(starter->code, c.code) : 0;
        if (joined) {
            starter->code = joined;
            starter->begin += c.begin - 1;
            continue;
        }
        items[kept] = c;
        if (!class)
            starter = &items[kept];
        last = starter ? class : 0;
        kept++;
    }
    characters->count = kept;
}

static void place(const cz_characters *from, cz_characters *made)
{
    size_t at = 0;
    for (size_t i = 0; i < made->count; i++) {
        cz_character *c = &made->items[i];
        int32_t change = (int32_t)c->begin;
        const cz_character *origin = &from->items[change > 0 && at ? at - 1 : at];
        at += change > 0 ? 0 : 1 + (size_t)-change;
        c->begin = origin->begin;
        c->end = origin->end;
    }
}

bool cz_compose(const cloze_allocator *allocator, cz_characters *characters, cz_characters *spare,
                cz_form form)
{
    if (is_plain(characters, form))
        return true;
    if (!take_apart(allocator, characters, spare, form.compatibly))
        return false;
    if (form.composes)
        put_together(spare);
    place(characters, spare);
    cz_characters_swap(characters, spare);
    return true;
}
