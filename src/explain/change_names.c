/* change_names.c - names of lists, each changed to another of its group. */
#include "explain/changes.h"

#include "base/error.h"
#include "base/memory.h"

#include <string.h>

/* ---- lists ---- */

static cloze_status check_name(cloze_text name, size_t group, const char *what, cloze_error *error)
{
    if (!name.size)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "group %zu of the %s has an empty one",
                       group + 1, what);
    if (cz_utf8_check(name.data, name.size) < name.size)
        return cz_fail(error, CLOZE_ERROR_TEXT, "group %zu of the %s has one that is not UTF-8",
                       group + 1, what);
    return CLOZE_OK;
}

static cloze_status copy_names(cz_name_set *set, cz_trie_text *sorted,
                               const cloze_name_group *groups, size_t count, const char *what,
                               cloze_error *error)
{
    size_t at = 0, id = 0;
    for (size_t g = 0; g < count; g++)
        for (size_t i = 0; i < groups[g].count; i++, id++) {
            cloze_text name = groups[g].names[i];
            cloze_status status = check_name(name, g, what, error);
            if (status)
                return status;
            memcpy(set->bytes + at, name.data, name.size);
            set->names[id] = (cloze_text){ set->bytes + at, name.size };
            set->group[id] = g;
            sorted[id] = (cz_trie_text){ set->bytes + at, name.size, (uint32_t)id };
            at += name.size;
        }
    return CLOZE_OK;
}

/* What is there twice stays where it came first. Names get new numbers, which those of the trie become. */
static size_t keep_first(cz_name_set *set, cz_trie_text *sorted, size_t *number)
{
    size_t kept = 0, distinct = 0;
    for (size_t i = 0; i < set->count; i++)
        number[i] = SIZE_MAX;
    for (size_t i = 0; i < set->count; i++)
        if (!i || sorted[i].size != sorted[i - 1].size ||
            memcmp(sorted[i].text, sorted[i - 1].text, sorted[i].size) != 0) {
            number[sorted[i].id] = 0;
            sorted[distinct++] = sorted[i];
        }
    for (size_t i = 0; i < set->count; i++) {
        if (number[i] == SIZE_MAX)
            continue;
        set->names[kept] = set->names[i];
        set->group[kept] = set->group[i];
        number[i] = kept++;
    }
    for (size_t i = 0; i < distinct; i++)
        sorted[i].id = (uint32_t)number[sorted[i].id];
    set->count = kept;
    return distinct;
}

static cloze_status find_groups(cz_name_set *set, const char *what, cloze_error *error)
{
    size_t at = 0;
    for (size_t g = 0; g < set->groups; g++) {
        set->first[g] = at;
        while (at < set->count && set->group[at] == g)
            at++;
        if (at - set->first[g] < 2)
            return cz_fail(
                error, CLOZE_ERROR_ARGUMENT,
                "group %zu of the %s has %zu that are in no other: two are needed, one to "
                "stand for the other",
                g + 1, what, at - set->first[g]);
    }
    set->first[set->groups] = at;
    return CLOZE_OK;
}

static cloze_status fill(cz_name_set *set, const cloze_allocator *allocator,
                         const cloze_name_group *groups, cz_trie_text *sorted, size_t *number,
                         const char *what, cloze_error *error)
{
    cloze_status status = copy_names(set, sorted, groups, set->groups, what, error);
    if (status)
        return status;
    cz_trie_sort(sorted, set->count);
    size_t distinct = keep_first(set, sorted, number);
    status = find_groups(set, what, error);
    if (!status && !cz_trie_build(&set->trie, allocator, sorted, distinct))
        status = cz_fail_memory(error, "names", distinct);
    return status;
}

cloze_status cz_name_set_make(cz_name_set *set, const cloze_allocator *allocator,
                              const cloze_name_group *groups, size_t count, const char *what,
                              cloze_error *error)
{
    size_t size = 0, names = 0;
    for (size_t g = 0; g < count; g++)
        for (size_t i = 0; i < groups[g].count; i++, names++)
            size += groups[g].names[i].size;
    if (names >= CZ_TRIE_NONE)
        return cz_fail(error, CLOZE_ERROR_LIMIT, "%zu %s are too many", names, what);
    *set = (cz_name_set){ .count = names, .groups = count };
    set->bytes = cz_allocate(allocator, size + 1, 1);
    set->names = cz_allocate(allocator, names + 1, sizeof *set->names);
    set->group = cz_allocate(allocator, names + 1, sizeof *set->group);
    set->first = cz_allocate(allocator, count + 1, sizeof *set->first);
    cz_trie_text *sorted = cz_allocate(allocator, names + 1, sizeof *sorted);
    size_t *number = cz_allocate(allocator, names + 1, sizeof *number);
    cloze_status status = CLOZE_OK;
    if (set->bytes && set->names && set->group && set->first && sorted && number)
        status = fill(set, allocator, groups, sorted, number, what, error);
    else
        status = cz_fail_memory(error, what, size);
    cz_release(allocator, sorted);
    cz_release(allocator, number);
    return status;
}

void cz_name_set_clear(cz_name_set *set, const cloze_allocator *allocator)
{
    cz_release(allocator, set->bytes);
    cz_release(allocator, set->names);
    cz_release(allocator, set->group);
    cz_release(allocator, set->first);
    cz_trie_clear(&set->trie);
}

/* ---- texts ---- */

static bool is_border(cloze_text text, size_t at)
{
    return at == text.size || !cz_change_is_word(cz_utf8_read(text.data, &at));
}

/* The longest name that begins here and is no part of a word; the set's count: none. */
static size_t name_at(const cz_name_set *set, cloze_text text, size_t begin)
{
    size_t found = set->count, at = begin;
    const cz_trie_node *node = cz_trie_first(&set->trie, (uint8_t)text.data[at++]);
    while (node) {
        if (node->id != CZ_TRIE_NONE && is_border(text, at))
            found = node->id;
        if (at == text.size)
            break;
        node = cz_trie_next(&set->trie, node, (uint8_t)text.data[at++]);
    }
    return found;
}

/* Turning a group by a drawn number of places never gives a name itself, nor two names the same. */
static size_t other_name(const cloze_changer *c, const cz_name_set *set, size_t name)
{
    size_t group = set->group[name], first = set->first[group];
    size_t count = set->first[group + 1] - first;
    size_t by = 1 + cz_change_draw(c, group, count - 1);
    return first + (name - first + by) % count;
}

static bool change_all(cloze_changer *c, const cz_name_set *set)
{
    cloze_text text = c->text, nothing = { NULL, 0 };
    bool border = true;
    for (size_t at = 0; at < text.size;) {
        size_t name = border ? name_at(set, text, at) : set->count;
        if (name < set->count) {
            cloze_text other = set->names[other_name(c, set, name)];
            if (!cz_change_put(c, at, at + set->names[name].size, other, nothing))
                return false;
            at += set->names[name].size;
            border = true;
            continue;
        }
        border = !cz_change_is_word(cz_utf8_read(text.data, &at));
    }
    return true;
}

bool cz_change_names(cloze_changer *c)
{
    return change_all(c, &c->names);
}

bool cz_change_places(cloze_changer *c)
{
    return change_all(c, &c->places);
}
