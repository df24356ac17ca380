/*
 * pickle_values.c - the stack, the memo and the plain values of a pickle (pickle_machine.h). Each
 * step copies no more than it takes from the stack, so work and memory are linear in the bytes.
 */
#include "formats/pickle_machine.h"

#include "base/error.h"
#include "base/memory.h"

#include <string.h>

enum { MOST = 1000000 };

cloze_status cz_unpickler_fail(const cz_unpickler *u, const char *what)
{
    return cz_fail_at(u->error, CLOZE_ERROR_FORMAT, u->at, "pickle: %s", what);
}

/* Room for `more` beyond `count` items of an array. */
static cloze_status room(const cz_unpickler *u, void *array, size_t *capacity, size_t count,
                         size_t more, size_t size)
{
    void *items;
    if (more > MOST || count > MOST - more)
        return cz_fail_at(u->error, CLOZE_ERROR_LIMIT, u->at, "pickle: more than %d values", MOST);
    memcpy(&items, array, sizeof items);
    bool grown = cz_grow(u->allocator, &items, capacity, count + more, size);
    memcpy(array, &items, sizeof items);
    return grown ? CLOZE_OK : cz_fail_memory(u->error, "a pickle", (count + more) * size);
}

/* ---- the stack ---- */

cloze_status cz_unpickler_push_number(cz_unpickler *u, uint32_t value)
{
    cloze_status status = room(u, &u->stack, &u->stack_capacity, u->height, 1, sizeof *u->stack);
    if (!status)
        u->stack[u->height++] = value;
    return status;
}

cloze_status cz_unpickler_push(cz_unpickler *u, cz_pickle_value value)
{
    cz_pickle *out = u->out;
    cloze_status status =
        room(u, &out->values, &out->value_capacity, out->value_count, 1, sizeof *out->values);
    if (status)
        return status;
    out->values[out->value_count++] = value;
    return cz_unpickler_push_number(u, (uint32_t)(out->value_count - 1));
}

cz_pickle_value *cz_unpickler_top(const cz_unpickler *u, size_t below)
{
    return below < u->height ? &u->out->values[u->stack[u->height - 1 - below]] : NULL;
}

bool cz_pickle_is(const cz_pickle_value *value, cz_pickle_kind kind)
{
    return value && value->kind == kind;
}

cloze_status cz_unpickler_from_mark(cz_unpickler *u,
                                    cloze_status (*make)(cz_unpickler *, size_t, bool))
{
    for (size_t count = 0; count < u->height; count++)
        if (cz_pickle_is(cz_unpickler_top(u, count), CZ_PICKLE_MARK))
            return make(u, count, true);
    return cz_unpickler_fail(u, "no mark on the stack");
}

/* ---- tuples, lists and dictionaries ---- */

cloze_status cz_unpickler_tuple(cz_unpickler *u, size_t count, bool marked)
{
    cz_pickle *out = u->out;
    if (u->height < count)
        return cz_unpickler_fail(u, "the stack is empty");
    cloze_status status =
        room(u, &out->items, &out->item_capacity, out->item_count, count, sizeof *out->items);
    if (status)
        return status;
    for (size_t i = 0; i < count; i++) {
        if (cz_pickle_is(cz_unpickler_top(u, i), CZ_PICKLE_MARK))
            return cz_unpickler_fail(u, "a mark in a tuple");
        out->items[out->item_count + count - 1 - i] = u->stack[u->height - 1 - i];
    }
    cz_pickle_value tuple = { .kind = CZ_PICKLE_TUPLE, .first = out->item_count, .size = count };
    out->item_count += count;
    u->height -= count + marked;
    return cz_unpickler_push(u, tuple);
}

static cloze_status link_pair(cz_unpickler *u, cz_pickle_value *into, uint32_t key, uint32_t value)
{
    cz_pickle *out = u->out;
    cloze_status status =
        room(u, &out->pairs, &out->pair_capacity, out->pair_count, 1, sizeof *out->pairs);
    if (status)
        return status;
    out->pairs[out->pair_count++] = (cz_pickle_pair){ key, value, 0 };
    if (into->last)
        out->pairs[into->last - 1].next = out->pair_count;
    else
        into->first = out->pair_count;
    into->last = out->pair_count;
    into->size++;
    return CLOZE_OK;
}

/* The top `count` values, key and value in turn, go into the dictionary below them. */
cloze_status cz_unpickler_set_items(cz_unpickler *u, size_t count, bool marked)
{
    cz_pickle_value *into = cz_unpickler_top(u, count + marked);
    if (count % 2 || !cz_pickle_is(into, CZ_PICKLE_DICTIONARY))
        return cz_unpickler_fail(u, "SETITEM on what is no dictionary");
    for (size_t i = count; i > 0; i -= 2) {
        if (!cz_pickle_is(cz_unpickler_top(u, i - 1), CZ_PICKLE_TEXT) ||
            cz_pickle_is(cz_unpickler_top(u, i - 2), CZ_PICKLE_MARK))
            return cz_unpickler_fail(u, "a dictionary with a key that is no text");
        cloze_status status =
            link_pair(u, into, u->stack[u->height - i], u->stack[u->height - i + 1]);
        if (status)
            return status;
    }
    u->height -= count + marked;
    return CLOZE_OK;
}

cloze_status cz_unpickler_append(cz_unpickler *u, size_t count, bool marked)
{
    cz_pickle_value *into = cz_unpickler_top(u, count + marked);
    if (!cz_pickle_is(into, CZ_PICKLE_LIST))
        return cz_unpickler_fail(u, "APPEND to what is no list");
    for (size_t i = count; i > 0; i--) {
        uint32_t value = u->stack[u->height - i];
        if (cz_pickle_is(&u->out->values[value], CZ_PICKLE_MARK))
            return cz_unpickler_fail(u, "a mark in a list");
        cloze_status status = link_pair(u, into, value, value);
        if (status)
            return status;
    }
    u->height -= count + marked;
    return CLOZE_OK;
}

/* ---- the memo ---- */

cloze_status cz_unpickler_memo_put(cz_unpickler *u, uint64_t index)
{
    if (!u->height || cz_pickle_is(cz_unpickler_top(u, 0), CZ_PICKLE_MARK) || index > u->memo_count)
        return cz_unpickler_fail(u,
                                 "a place in the memo that leaves a gap, or nothing to put there");
    if (index == u->memo_count) {
        cloze_status status =
            room(u, &u->memo, &u->memo_capacity, u->memo_count, 1, sizeof *u->memo);
        if (status)
            return status;
        u->memo_count++;
    }
    u->memo[index] = u->stack[u->height - 1];
    return CLOZE_OK;
}

cloze_status cz_unpickler_memo_get(cz_unpickler *u, uint64_t index)
{
    return index < u->memo_count ? cz_unpickler_push_number(u, u->memo[index])
                                 : cz_unpickler_fail(u, "an empty place in the memo");
}
