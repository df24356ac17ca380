/* changes.c - a text with a change: which way, in which order, and the text that comes of it. */
#include "explain/changes.h"

#include "base/draw.h"
#include "base/error.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

/* ---- names of changes ---- */

static const char *const names[CLOZE_CHANGES] = { "nothing",  "typo",   "negate",      "affirm",
                                                  "contract", "expand", "punctuation", "numbers",
                                                  "names",    "places", "given" };

const char *cloze_change_name(cloze_change change)
{
    return (unsigned)change < CLOZE_CHANGES ? names[change] : NULL;
}

cloze_change cloze_change_named(const char *name)
{
    int i = 0;
    while (i < CLOZE_CHANGES && strcmp(names[i], name) != 0)
        i++;
    return (cloze_change)i;
}

bool cloze_change_draws(cloze_change change)
{
    return change == CLOZE_CHANGE_TYPO || change == CLOZE_CHANGE_NUMBERS ||
           change == CLOZE_CHANGE_NAMES || change == CLOZE_CHANGE_PLACES;
}

/* ---- what the ways stand on ---- */

bool cz_change_put(cloze_changer *c, size_t begin, size_t end, cloze_text first, cloze_text second)
{
    const cloze_allocator *allocator = &c->hooks.allocator;
    size_t size = first.size + second.size;
    if (!cz_grow(allocator, (void **)&c->edits, &c->edit_capacity, c->edit_count + 1,
                 sizeof *c->edits) ||
        !cz_grow(allocator, (void **)&c->puts, &c->put_capacity, c->put_size + size + 1, 1))
        return false;
    c->edits[c->edit_count++] = (cz_change_edit){ begin, end, c->put_size, size };
    if (first.size)
        memcpy(c->puts + c->put_size, first.data, first.size);
    if (second.size)
        memcpy(c->puts + c->put_size + first.size, second.data, second.size);
    c->put_size += size;
    return true;
}

size_t cz_change_draw(const cloze_changer *c, size_t k, size_t count)
{
    const cz_draw draw = { c->seed, CZ_DRAW_CHANGE, (uint32_t)c->change };
    return cz_draw_below(&draw, c->number, (uint32_t)c->copy << 16 | (uint32_t)(k & 0xffff), count);
}

bool cz_change_is_word(uint32_t character)
{
    unsigned flags = cz_unicode_flags_of(character);
    return (flags & CZ_UNICODE_WORD) && !(flags & CZ_UNICODE_CHINESE);
}

uint32_t cz_change_before(cloze_text text, size_t at)
{
    do
        at--;
    while (((unsigned char)text.data[at] & 0xc0) == 0x80);
    return cz_utf8_read(text.data, &at);
}

/* ---- the changer ---- */

/* Lines of names become groups of them. */
static cloze_status own_names(cz_name_set *set, const cloze_allocator *allocator,
                              const char *const *lines, size_t groups, cloze_error *error)
{
    enum { NAMES_MOST = 64, GROUPS_MOST = 2 };
    cloze_text lists[GROUPS_MOST][NAMES_MOST];
    cloze_name_group group[GROUPS_MOST];
    for (size_t g = 0; g < groups; g++) {
        size_t count = 0;
        for (const char *at = lines[g]; *at && count < NAMES_MOST;) {
            size_t size = strcspn(at, ",");
            lists[g][count++] = (cloze_text){ at, size };
            at += size + (at[size] == ',');
        }
        group[g] = (cloze_name_group){ lists[g], count };
    }
    return cz_name_set_make(set, allocator, group, groups, "", error);
}

static cloze_status take_names(cz_name_set *set, const cloze_allocator *allocator,
                               const cloze_name_group *groups, size_t count, const char *what,
                               const char *const *own, size_t own_count, cloze_error *error)
{
    return count ? cz_name_set_make(set, allocator, groups, count, what, error)
                 : own_names(set, allocator, own, own_count, error);
}

cloze_status cloze_changer_new(cloze_changer **out, const cloze_change_options *options,
                               cloze_error *error)
{
    static const cloze_change_options usual = { 0 };
    const cloze_change_options *o = options ? options : &usual;
    cloze_hooks hooks = o->hooks ? *o->hooks : (cloze_hooks){ 0 };
    cloze_changer *c = cz_allocate_zero(&hooks.allocator, 1, sizeof *c);
    if (!c)
        return cz_fail_memory(error, "a changer", sizeof *c);
    c->hooks = hooks;
    c->typos = o->typos ? o->typos : 1;
    c->seed = o->seed;
    cloze_status status = take_names(&c->names, &c->hooks.allocator, o->names, o->name_groups,
                                     "names", cz_own_names, CZ_OWN_NAME_GROUPS, error);
    if (!status)
        status = take_names(&c->places, &c->hooks.allocator, o->places, o->place_groups, "places",
                            cz_own_places, CZ_OWN_PLACE_GROUPS, error);
    if (status)
        cloze_changer_free(c);
    else
        *out = c;
    return status;
}

void cloze_changer_free(cloze_changer *c)
{
    if (!c)
        return;
    cloze_allocator allocator = c->hooks.allocator;
    cz_name_set_clear(&c->names, &c->hooks.allocator);
    cz_name_set_clear(&c->places, &c->hooks.allocator);
    cz_release(&allocator, c->edits);
    cz_release(&allocator, c->puts);
    cz_release(&allocator, c->words);
    cz_release(&allocator, c->pairs);
    cz_release(&allocator, c->made);
    cz_release(&allocator, c->told);
    cz_release(&allocator, c);
}

/* ---- a text ---- */

static int by_begin(const void *left, const void *right)
{
    const cz_change_edit *a = left, *b = right;
    return (a->begin > b->begin) - (a->begin < b->begin);
}

static void add(cloze_changer *c, size_t *size, const char *data, size_t more)
{
    if (more)
        memcpy(c->made + *size, data, more);
    *size += more;
}

static bool build(cloze_changer *c, cloze_changed *out)
{
    const cloze_allocator *allocator = &c->hooks.allocator;
    size_t size = 0, at = 0;
    if (!cz_grow(allocator, (void **)&c->made, &c->made_capacity, c->text.size + c->put_size + 1,
                 1) ||
        !cz_grow(allocator, (void **)&c->told, &c->told_capacity, c->edit_count + 1,
                 sizeof *c->told))
        return false;
    if (c->edit_count)
        qsort(c->edits, c->edit_count, sizeof *c->edits, by_begin);
    for (size_t i = 0; i < c->edit_count; i++) {
        const cz_change_edit *edit = &c->edits[i];
        cloze_text put = { c->puts + edit->put, edit->size };
        add(c, &size, c->text.data + at, edit->begin - at);
        add(c, &size, put.data, put.size);
        c->told[i] = (cloze_text_change){ { edit->begin, edit->end, 0 }, put };
        at = edit->end;
    }
    add(c, &size, c->text.data + at, c->text.size - at);
    *out = (cloze_changed){ { c->made, size }, c->told, c->edit_count };
    return true;
}

cloze_status cloze_changer_apply(cloze_changer *c, cloze_change change, cloze_text text,
                                 size_t number, size_t copy, cloze_changed *out, cloze_error *error)
{
    static cz_change_way *const ways[CLOZE_CHANGES] = {
        [CLOZE_CHANGE_TYPO] = cz_change_typo,
        [CLOZE_CHANGE_NEGATE] = cz_change_negate,
        [CLOZE_CHANGE_AFFIRM] = cz_change_affirm,
        [CLOZE_CHANGE_CONTRACT] = cz_change_contract,
        [CLOZE_CHANGE_EXPAND] = cz_change_expand,
        [CLOZE_CHANGE_PUNCTUATION] = cz_change_punctuation,
        [CLOZE_CHANGE_NUMBERS] = cz_change_numbers,
        [CLOZE_CHANGE_NAMES] = cz_change_names,
        [CLOZE_CHANGE_PLACES] = cz_change_places,
    };
    if ((unsigned)change >= CLOZE_CHANGES || change == CLOZE_CHANGE_GIVEN)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "there is no such change");
    size_t valid = text.size ? cz_utf8_check(text.data, text.size) : 0;
    if (valid < text.size)
        return cz_fail(error, CLOZE_ERROR_TEXT, "byte %zu of the text is not UTF-8", valid + 1);
    c->text = text;
    c->change = change;
    c->number = number;
    c->copy = copy;
    c->edit_count = c->put_size = 0;
    if ((ways[change] && text.size && !ways[change](c)) || !build(c, out))
        return cz_fail_memory(error, "a changed text", text.size);
    return CLOZE_OK;
}
