/*
 * pickle.c - see pickle.h: the walk through the opcodes. Each takes at least a byte; there is no
 * recursion, and none leads to anything but a tagged value.
 */
#include "formats/pickle_machine.h"

#include "base/error.h"
#include "base/memory.h"

enum { TEXT_MOST = 65536 };

static bool take(cz_unpickler *u, size_t bytes, uint64_t *out)
{
    if (bytes > u->size - u->at)
        return false;
    *out = 0;
    for (size_t i = bytes; i-- > 0;)
        *out = *out << 8 | (unsigned char)u->data[u->at + i];
    u->at += bytes;
    return true;
}

static cloze_status push_integer(cz_unpickler *u, size_t bytes, bool is_signed)
{
    uint64_t bits;
    if (bytes > 8 || !take(u, bytes, &bits))
        return cz_unpickler_fail(u, "an integer of more than 8 bytes, or cut short");
    if (is_signed && bytes && bytes < 8 && bits >> (8 * bytes - 1))
        bits |= UINT64_MAX << 8 * bytes;
    return cz_unpickler_push(
        u, (cz_pickle_value){ .kind = CZ_PICKLE_INTEGER, .integer = (int64_t)bits });
}

static cloze_status push_text(cz_unpickler *u, size_t bytes)
{
    uint64_t size;
    if (!take(u, bytes, &size) || size > u->size - u->at || size > TEXT_MOST)
        return cz_unpickler_fail(u, "a text that is cut short or longer than 64 KiB");
    const char *text = u->data + u->at;
    u->at += (size_t)size;
    return cz_unpickler_push(
        u, (cz_pickle_value){ .kind = CZ_PICKLE_TEXT, .text = text, .size = (size_t)size });
}

static cloze_status memo_operation(cz_unpickler *u, size_t bytes, bool put)
{
    uint64_t index;
    if (!take(u, bytes, &index))
        return cz_unpickler_fail(u, "cut short");
    if (put)
        return cz_unpickler_memo_put(u, index);
    return cz_unpickler_memo_get(u, index);
}

static cloze_status step(cz_unpickler *u, unsigned char code)
{
    uint64_t number;
    switch (code) {
    case '(':
        return cz_unpickler_push(u, (cz_pickle_value){ .kind = CZ_PICKLE_MARK });
    case ')':
        return cz_unpickler_tuple(u, 0, false);
    case 0x85:
    case 0x86:
    case 0x87:
        return cz_unpickler_tuple(u, (size_t)code - 0x84, false);
    case 't':
        return cz_unpickler_from_mark(u, cz_unpickler_tuple);
    case '}':
        return cz_unpickler_push(u, (cz_pickle_value){ .kind = CZ_PICKLE_DICTIONARY });
    case 's':
        return cz_unpickler_set_items(u, 2, false);
    case 'u':
        return cz_unpickler_from_mark(u, cz_unpickler_set_items);
    case ']':
        return cz_unpickler_push(u, (cz_pickle_value){ .kind = CZ_PICKLE_LIST });
    case 'a':
        return cz_unpickler_append(u, 1, false);
    case 'e':
        return cz_unpickler_from_mark(u, cz_unpickler_append);
    case 0x8f:
        return cz_unpickler_push(u, (cz_pickle_value){ .kind = CZ_PICKLE_SET });
    case 'N':
        return cz_unpickler_push(u, (cz_pickle_value){ .kind = CZ_PICKLE_NONE });
    case 0x88:
    case 0x89:
        return cz_unpickler_push(
            u, (cz_pickle_value){ .kind = CZ_PICKLE_BOOL, .integer = code == 0x88 });
    case 'J':
        return push_integer(u, 4, true);
    case 'K':
        return push_integer(u, 1, false);
    case 'M':
        return push_integer(u, 2, false);
    case 0x8a:
        return take(u, 1, &number) ? push_integer(u, (size_t)number, true)
                                   : cz_unpickler_fail(u, "cut short");
    case 'G':
        return take(u, 8, &number)
                   ? cz_unpickler_push(u, (cz_pickle_value){ .kind = CZ_PICKLE_NUMBER })
                   : cz_unpickler_fail(u, "cut short");
    case 'X':
        return push_text(u, 4);
    case 'U':
    case 0x8c:
        return push_text(u, 1);
    case 'q':
        return memo_operation(u, 1, true);
    case 'r':
        return memo_operation(u, 4, true);
    case 0x94:
        return cz_unpickler_memo_put(u, u->memo_count);
    case 'h':
        return memo_operation(u, 1, false);
    case 'j':
        return memo_operation(u, 4, false);
    case 'c':
        return cz_unpickler_global(u);
    case 0x93:
        return cz_unpickler_stack_global(u);
    case 'R':
        return cz_unpickler_reduce(u);
    case 0x81:
        return cz_unpickler_new(u);
    case 'b':
        return cz_unpickler_build(u);
    case 'Q':
        return cz_unpickler_storage(u);
    case 0x95:
        return take(u, 8, &number) && number <= u->size - u->at
                   ? CLOZE_OK
                   : cz_unpickler_fail(u, "a frame that is cut short");
    default:
        return cz_fail_at(u->error, CLOZE_ERROR_FORMAT, u->at - 1,
                          "pickle: the opcode 0x%02x is not one that weights need", code);
    }
}

static cloze_status work(cz_unpickler *u)
{
    uint64_t code;
    if (u->size < 2 || u->data[0] != '\x80' || u->data[1] < 2 || u->data[1] > 5)
        return cz_unpickler_fail(u, "not a pickle of protocol 2 to 5");
    u->at = 2;
    while (take(u, 1, &code)) {
        if (code == '.') {
            if (u->height != 1 || u->at != u->size)
                return cz_unpickler_fail(u, "more than one value, or bytes after the end");
            u->out->root = u->stack[0];
            return CLOZE_OK;
        }
        cloze_status status = step(u, (unsigned char)code);
        if (status)
            return status;
    }
    return cz_unpickler_fail(u, "it ends without STOP");
}

cloze_status cz_pickle_read(cz_pickle *out, const char *data, size_t size,
                            const cloze_allocator *allocator, cloze_error *error)
{
    cz_pickle pickle = { 0 };
    cz_unpickler u = {
        .out = &pickle, .allocator = allocator, .error = error, .data = data, .size = size
    };
    cloze_status status = work(&u);
    cz_release(allocator, u.stack);
    cz_release(allocator, u.memo);
    if (status)
        cz_pickle_clear(&pickle, allocator);
    else
        *out = pickle;
    return status;
}

void cz_pickle_clear(cz_pickle *pickle, const cloze_allocator *allocator)
{
    cz_release(allocator, pickle->values);
    cz_release(allocator, pickle->items);
    cz_release(allocator, pickle->pairs);
    *pickle = (cz_pickle){ 0 };
}

const cz_pickle_value *cz_pickle_item(const cz_pickle *pickle, const cz_pickle_value *of, size_t i)
{
    return &pickle->values[pickle->items[of->first + i]];
}
