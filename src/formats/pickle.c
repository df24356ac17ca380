/*
 * pickle.c - see pickle.h. A machine over numbers of values: each opcode takes at least a byte and
 * copies no more than it takes from the stack, so work and memory are linear in the bytes. There is
 * no recursion, and no opcode leads to anything but a tagged value.
 */
#include "formats/pickle.h"

#include "base/error.h"
#include "base/memory.h"

#include <string.h>

enum { MOST = 1000000, TEXT_MOST = 65536 };

typedef enum global_kind { STORAGE, ORDERED, TENSOR, PARAMETER, SIZE } global_kind;

static const struct {
    const char *module, *name;
    global_kind kind;
    cz_type type;
    size_t bytes;
    const char *stored; /* the name of the type in safetensors */
} globals[] = {
    { "collections", "OrderedDict", ORDERED, CZ_OTHER, 0, NULL },
    { "torch._utils", "_rebuild_tensor_v2", TENSOR, CZ_OTHER, 0, NULL },
    { "torch._utils", "_rebuild_parameter", PARAMETER, CZ_OTHER, 0, NULL },
    { "torch", "Size", SIZE, CZ_OTHER, 0, NULL },
    { "torch", "FloatStorage", STORAGE, CZ_F32, 4, "F32" },
    { "torch", "DoubleStorage", STORAGE, CZ_F64, 8, "F64" },
    { "torch", "HalfStorage", STORAGE, CZ_F16, 2, "F16" },
    { "torch", "BFloat16Storage", STORAGE, CZ_BF16, 2, "BF16" },
    { "torch", "LongStorage", STORAGE, CZ_I64, 8, "I64" },
    { "torch", "IntStorage", STORAGE, CZ_OTHER, 4, "I32" },
    { "torch", "ShortStorage", STORAGE, CZ_OTHER, 2, "I16" },
    { "torch", "CharStorage", STORAGE, CZ_OTHER, 1, "I8" },
    { "torch", "ByteStorage", STORAGE, CZ_U8, 1, "U8" },
    { "torch", "BoolStorage", STORAGE, CZ_OTHER, 1, "BOOL" },
};

typedef struct machine {
    cz_pickle *out;
    const cloze_allocator *allocator;
    cloze_error *error;
    const char *data;
    size_t size, at;
    uint32_t *stack, *memo;
    size_t height, stack_capacity, memo_count, memo_capacity;
} machine;

static cloze_status broken(const machine *m, const char *what)
{
    return cz_fail_at(m->error, CLOZE_ERROR_FORMAT, m->at, "pickle: %s", what);
}

/* Room for `more` beyond `count` items of an array. */
static cloze_status room(const machine *m, void *array, size_t *capacity, size_t count, size_t more,
                         size_t size)
{
    void *items;
    if (more > MOST || count > MOST - more)
        return cz_fail_at(m->error, CLOZE_ERROR_LIMIT, m->at, "pickle: more than %d values", MOST);
    memcpy(&items, array, sizeof items);
    bool grown = cz_grow(m->allocator, &items, capacity, count + more, size);
    memcpy(array, &items, sizeof items);
    return grown ? CLOZE_OK : cz_fail_memory(m->error, "a pickle", (count + more) * size);
}

static cloze_status push_number(machine *m, uint32_t value)
{
    cloze_status status = room(m, &m->stack, &m->stack_capacity, m->height, 1, sizeof *m->stack);
    if (!status)
        m->stack[m->height++] = value;
    return status;
}

static cloze_status push(machine *m, cz_pickle_value value)
{
    cz_pickle *out = m->out;
    cloze_status status =
        room(m, &out->values, &out->value_capacity, out->value_count, 1, sizeof *out->values);
    if (status)
        return status;
    out->values[out->value_count++] = value;
    return push_number(m, (uint32_t)(out->value_count - 1));
}

static cz_pickle_value *top(const machine *m, size_t below)
{
    return below < m->height ? &m->out->values[m->stack[m->height - 1 - below]] : NULL;
}

static bool is_kind(const cz_pickle_value *value, cz_pickle_kind kind)
{
    return value && value->kind == kind;
}

static bool take(machine *m, size_t bytes, uint64_t *out)
{
    if (bytes > m->size - m->at)
        return false;
    *out = 0;
    for (size_t i = bytes; i-- > 0;)
        *out = *out << 8 | (unsigned char)m->data[m->at + i];
    m->at += bytes;
    return true;
}

static cloze_status push_integer(machine *m, size_t bytes, bool is_signed)
{
    uint64_t bits;
    if (bytes > 8 || !take(m, bytes, &bits))
        return broken(m, "an integer of more than 8 bytes, or cut short");
    if (is_signed && bytes && bytes < 8 && bits >> (8 * bytes - 1))
        bits |= UINT64_MAX << 8 * bytes;
    return push(m, (cz_pickle_value){ .kind = CZ_PICKLE_INTEGER, .integer = (int64_t)bits });
}

static cloze_status push_text(machine *m, size_t bytes)
{
    uint64_t size;
    if (!take(m, bytes, &size) || size > m->size - m->at || size > TEXT_MOST)
        return broken(m, "a text that is cut short or longer than 64 KiB");
    const char *text = m->data + m->at;
    m->at += (size_t)size;
    return push(m, (cz_pickle_value){ .kind = CZ_PICKLE_TEXT, .text = text, .size = (size_t)size });
}

/* How many values lie above the highest mark. */
static bool count_to_mark(const machine *m, size_t *count)
{
    for (*count = 0; *count < m->height; ++*count)
        if (is_kind(top(m, *count), CZ_PICKLE_MARK))
            return true;
    return false;
}

static cloze_status make_tuple(machine *m, size_t count, bool marked)
{
    cz_pickle *out = m->out;
    if (m->height < count)
        return broken(m, "the stack is empty");
    cloze_status status =
        room(m, &out->items, &out->item_capacity, out->item_count, count, sizeof *out->items);
    if (status)
        return status;
    for (size_t i = 0; i < count; i++) {
        if (is_kind(top(m, i), CZ_PICKLE_MARK))
            return broken(m, "a mark in a tuple");
        out->items[out->item_count + count - 1 - i] = m->stack[m->height - 1 - i];
    }
    cz_pickle_value tuple = { .kind = CZ_PICKLE_TUPLE, .first = out->item_count, .size = count };
    out->item_count += count;
    m->height -= count + marked;
    return push(m, tuple);
}

/* The top `count` values, key and value in turn, go into the dictionary below them. */
static cloze_status set_items(machine *m, size_t count, bool marked)
{
    cz_pickle *out = m->out;
    cz_pickle_value *into = top(m, count + marked);
    if (count % 2 || !is_kind(into, CZ_PICKLE_DICTIONARY))
        return broken(m, "SETITEM on what is no dictionary");
    for (size_t i = count; i > 0; i -= 2) {
        const cz_pickle_value *key = top(m, i - 1);
        cloze_status status =
            room(m, &out->pairs, &out->pair_capacity, out->pair_count, 1, sizeof *out->pairs);
        if (status)
            return status;
        if (!is_kind(key, CZ_PICKLE_TEXT) || is_kind(top(m, i - 2), CZ_PICKLE_MARK))
            return broken(m, "a dictionary with a key that is no text");
        out->pairs[out->pair_count++] =
            (cz_pickle_pair){ m->stack[m->height - i], m->stack[m->height - i + 1], 0 };
        if (into->last)
            out->pairs[into->last - 1].next = out->pair_count;
        else
            into->first = out->pair_count;
        into->last = out->pair_count;
    }
    m->height -= count + marked;
    return CLOZE_OK;
}

static cloze_status push_global(machine *m, const char *module, size_t module_size,
                                const char *name, size_t name_size)
{
    char shown[2][80];
    for (size_t i = 0; i < sizeof globals / sizeof *globals; i++)
        if (strlen(globals[i].module) == module_size && strlen(globals[i].name) == name_size &&
            !memcmp(globals[i].module, module, module_size) &&
            !memcmp(globals[i].name, name, name_size))
            return push(m, (cz_pickle_value){ .kind = CZ_PICKLE_GLOBAL, .integer = (int64_t)i });
    return cz_fail_at(m->error, CLOZE_ERROR_FORMAT, m->at,
                      "pickle: the global \"%s.%s\" is not one that weights need; nothing of it "
                      "was run. Do not trust this file",
                      cz_printable(shown[0], sizeof shown[0], module, module_size),
                      cz_printable(shown[1], sizeof shown[1], name, name_size));
}

static cloze_status read_global(machine *m)
{
    const char *module = m->data + m->at;
    const char *middle = memchr(module, '\n', m->size - m->at);
    const char *end =
        middle ? memchr(middle + 1, '\n', (size_t)(m->data + m->size - middle - 1)) : NULL;
    if (!end)
        return broken(m, "a global that is cut short");
    m->at = (size_t)(end + 1 - m->data);
    return push_global(m, module, (size_t)(middle - module), middle + 1,
                       (size_t)(end - middle - 1));
}

static cloze_status stack_global(machine *m)
{
    const cz_pickle_value *name = top(m, 0), *module = top(m, 1);
    if (!is_kind(name, CZ_PICKLE_TEXT) || !is_kind(module, CZ_PICKLE_TEXT))
        return broken(m, "STACK_GLOBAL without two texts");
    m->height -= 2;
    return push_global(m, module->text, module->size, name->text, name->size);
}

static cloze_status reduce(machine *m)
{
    const cz_pickle_value *arguments = top(m, 0), *global = top(m, 1);
    if (!is_kind(arguments, CZ_PICKLE_TUPLE) || !is_kind(global, CZ_PICKLE_GLOBAL))
        return broken(m, "REDUCE of what is no allowed global and a tuple");
    cz_pickle_value value = *arguments;
    global_kind kind = globals[global->integer].kind;
    if (kind == ORDERED && !value.size)
        value = (cz_pickle_value){ .kind = CZ_PICKLE_DICTIONARY };
    else if (kind == TENSOR && value.size >= 6 &&
             cz_pickle_item(m->out, &value, 0)->kind == CZ_PICKLE_STORAGE)
        value.kind = CZ_PICKLE_TENSOR;
    else if (kind == PARAMETER && value.size == 3 &&
             cz_pickle_item(m->out, &value, 0)->kind == CZ_PICKLE_TENSOR)
        value = *cz_pickle_item(m->out, &value, 0);
    else if (kind == SIZE && value.size == 1 &&
             cz_pickle_item(m->out, &value, 0)->kind == CZ_PICKLE_TUPLE)
        value = *cz_pickle_item(m->out, &value, 0);
    else
        return broken(m, "REDUCE with arguments that this global does not take");
    m->height -= 2;
    return push(m, value);
}

static cloze_status persistent(machine *m)
{
    cz_pickle_value *id = top(m, 0);
    cz_type type;
    const char *type_name;
    if (!is_kind(id, CZ_PICKLE_TUPLE) || id->size != 5)
        return broken(m, "a storage that is no tuple of five");
    const cz_pickle_value *word = cz_pickle_item(m->out, id, 0);
    if (word->kind != CZ_PICKLE_TEXT || word->size != 7 || memcmp(word->text, "storage", 7) != 0 ||
        !cz_pickle_storage_type(cz_pickle_item(m->out, id, 1), &type, &type_name) ||
        cz_pickle_item(m->out, id, 2)->kind != CZ_PICKLE_TEXT ||
        cz_pickle_item(m->out, id, 4)->kind != CZ_PICKLE_INTEGER)
        return broken(m, "a storage of an unknown form");
    cz_pickle_value storage = *id;
    storage.kind = CZ_PICKLE_STORAGE;
    m->height--;
    return push(m, storage);
}

/* The state of a dictionary (torch keeps "_metadata" there) is read and dropped. */
static cloze_status build(machine *m)
{
    if (!is_kind(top(m, 0), CZ_PICKLE_DICTIONARY) || !is_kind(top(m, 1), CZ_PICKLE_DICTIONARY))
        return broken(m, "BUILD on what is no dictionary");
    m->height--;
    return CLOZE_OK;
}

static cloze_status memo_put(machine *m, uint64_t index)
{
    if (!m->height || is_kind(top(m, 0), CZ_PICKLE_MARK) || index > m->memo_count)
        return broken(m, "a place in the memo that leaves a gap, or nothing to put there");
    if (index == m->memo_count) {
        cloze_status status =
            room(m, &m->memo, &m->memo_capacity, m->memo_count, 1, sizeof *m->memo);
        if (status)
            return status;
        m->memo_count++;
    }
    m->memo[index] = m->stack[m->height - 1];
    return CLOZE_OK;
}

static cloze_status memo_operation(machine *m, size_t bytes, bool put)
{
    uint64_t index;
    if (!take(m, bytes, &index))
        return broken(m, "cut short");
    if (put)
        return memo_put(m, index);
    return index < m->memo_count ? push_number(m, m->memo[index])
                                 : broken(m, "an empty place in the memo");
}

static cloze_status from_mark(machine *m, cloze_status (*make)(machine *, size_t, bool))
{
    size_t count;
    return count_to_mark(m, &count) ? make(m, count, true) : broken(m, "no mark on the stack");
}

static cloze_status step(machine *m, unsigned char code)
{
    uint64_t number;
    switch (code) {
    case '(':
        return push(m, (cz_pickle_value){ .kind = CZ_PICKLE_MARK });
    case ')':
        return make_tuple(m, 0, false);
    case 0x85:
    case 0x86:
    case 0x87:
        return make_tuple(m, (size_t)code - 0x84, false);
    case 't':
        return from_mark(m, make_tuple);
    case '}':
        return push(m, (cz_pickle_value){ .kind = CZ_PICKLE_DICTIONARY });
    case 's':
        return set_items(m, 2, false);
    case 'u':
        return from_mark(m, set_items);
    case 'N':
        return push(m, (cz_pickle_value){ .kind = CZ_PICKLE_NONE });
    case 0x88:
    case 0x89:
        return push(m, (cz_pickle_value){ .kind = CZ_PICKLE_BOOL, .integer = code == 0x88 });
    case 'J':
        return push_integer(m, 4, true);
    case 'K':
        return push_integer(m, 1, false);
    case 'M':
        return push_integer(m, 2, false);
    case 0x8a:
        return take(m, 1, &number) ? push_integer(m, (size_t)number, true) : broken(m, "cut short");
    case 'G':
        return take(m, 8, &number) ? push(m, (cz_pickle_value){ .kind = CZ_PICKLE_NUMBER })
                                   : broken(m, "cut short");
    case 'X':
        return push_text(m, 4);
    case 0x8c:
        return push_text(m, 1);
    case 'q':
        return memo_operation(m, 1, true);
    case 'r':
        return memo_operation(m, 4, true);
    case 0x94:
        return memo_put(m, m->memo_count);
    case 'h':
        return memo_operation(m, 1, false);
    case 'j':
        return memo_operation(m, 4, false);
    case 'c':
        return read_global(m);
    case 0x93:
        return stack_global(m);
    case 'R':
        return reduce(m);
    case 'b':
        return build(m);
    case 'Q':
        return persistent(m);
    case 0x95:
        return take(m, 8, &number) ? CLOZE_OK : broken(m, "cut short");
    default:
        return cz_fail_at(m->error, CLOZE_ERROR_FORMAT, m->at - 1,
                          "pickle: the opcode 0x%02x is not one that weights need", code);
    }
}

static cloze_status work(machine *m)
{
    uint64_t code;
    if (m->size < 2 || m->data[0] != '\x80' || m->data[1] < 2 || m->data[1] > 5)
        return broken(m, "not a pickle of protocol 2 to 5");
    m->at = 2;
    while (take(m, 1, &code)) {
        if (code == '.') {
            if (m->height != 1 || m->at != m->size)
                return broken(m, "more than one value, or bytes after the end");
            m->out->root = m->stack[0];
            return CLOZE_OK;
        }
        cloze_status status = step(m, (unsigned char)code);
        if (status)
            return status;
    }
    return broken(m, "it ends without STOP");
}

cloze_status cz_pickle_read(cz_pickle *out, const char *data, size_t size,
                            const cloze_allocator *allocator, cloze_error *error)
{
    cz_pickle pickle = { 0 };
    machine m = {
        .out = &pickle, .allocator = allocator, .error = error, .data = data, .size = size
    };
    cloze_status status = work(&m);
    cz_release(allocator, m.stack);
    cz_release(allocator, m.memo);
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

size_t cz_pickle_storage_type(const cz_pickle_value *global, cz_type *type, const char **type_name)
{
    if (global->kind != CZ_PICKLE_GLOBAL || globals[global->integer].kind != STORAGE)
        return 0;
    *type = globals[global->integer].type;
    *type_name = globals[global->integer].stored;
    return globals[global->integer].bytes;
}
