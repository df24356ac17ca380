/*
 * pickle_globals.c - the allow-list: the few names that weights need, and the tagged value that
 * each becomes. What Python would call is only looked at; arguments of another form are refused.
 */
#include "formats/pickle_machine.h"

#include "base/error.h"

#include <string.h>

typedef enum global_kind {
    STORAGE,
    ORDERED,
    TENSOR,
    REBUILT_PARAMETER,
    PARAMETER,
    SIZE,
    ENCODE,
    MODULE
} global_kind;

static const struct {
    const char *module, *name;
    global_kind kind;
    cz_type type;
    size_t bytes;
    const char *stored; /* the name of the type in safetensors */
} globals[] = {
    { "collections", "OrderedDict", ORDERED, CZ_OTHER, 0, NULL },
    { "torch._utils", "_rebuild_tensor_v2", TENSOR, CZ_OTHER, 0, NULL },
    { "torch._utils", "_rebuild_parameter", REBUILT_PARAMETER, CZ_OTHER, 0, NULL },
    { "torch.nn.parameter", "Parameter", PARAMETER, CZ_OTHER, 0, NULL },
    { "torch", "Size", SIZE, CZ_OTHER, 0, NULL },
    { "_codecs", "encode", ENCODE, CZ_OTHER, 0, NULL },
    { "__torch__", "Module", MODULE, CZ_OTHER, 0, NULL },
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

/* ---- names ---- */

static bool is_text(const char *expected, const char *text, size_t size)
{
    return strlen(expected) == size && !memcmp(expected, text, size);
}

static cloze_status push_global(cz_unpickler *u, const char *module, size_t module_size,
                                const char *name, size_t name_size)
{
    char shown[2][80];
    for (size_t i = 0; i < sizeof globals / sizeof *globals; i++)
        if (is_text(globals[i].module, module, module_size) &&
            is_text(globals[i].name, name, name_size))
            return cz_unpickler_push(
                u, (cz_pickle_value){ .kind = CZ_PICKLE_GLOBAL, .integer = (int64_t)i });
    return cz_fail_at(u->error, CLOZE_ERROR_FORMAT, u->at,
                      "pickle: the global \"%s.%s\" is not one that weights need; nothing of it "
                      "was run. Do not trust this file",
                      cz_printable(shown[0], sizeof shown[0], module, module_size),
                      cz_printable(shown[1], sizeof shown[1], name, name_size));
}

cloze_status cz_unpickler_global(cz_unpickler *u)
{
    const char *module = u->data + u->at;
    const char *middle = memchr(module, '\n', u->size - u->at);
    const char *end =
        middle ? memchr(middle + 1, '\n', (size_t)(u->data + u->size - middle - 1)) : NULL;
    if (!end)
        return cz_unpickler_fail(u, "a global that is cut short");
    u->at = (size_t)(end + 1 - u->data);
    return push_global(u, module, (size_t)(middle - module), middle + 1,
                       (size_t)(end - middle - 1));
}

cloze_status cz_unpickler_stack_global(cz_unpickler *u)
{
    const cz_pickle_value *name = cz_unpickler_top(u, 0), *module = cz_unpickler_top(u, 1);
    if (!cz_pickle_is(name, CZ_PICKLE_TEXT) || !cz_pickle_is(module, CZ_PICKLE_TEXT))
        return cz_unpickler_fail(u, "STACK_GLOBAL without two texts");
    u->height -= 2;
    return push_global(u, module->text, module->size, name->text, name->size);
}

size_t cz_pickle_storage_type(const cz_pickle_value *global, cz_type *type, const char **type_name)
{
    if (global->kind != CZ_PICKLE_GLOBAL || globals[global->integer].kind != STORAGE)
        return 0;
    *type = globals[global->integer].type;
    *type_name = globals[global->integer].stored;
    return globals[global->integer].bytes;
}

/* ---- what becomes of them ---- */

static bool has(const cz_unpickler *u, const cz_pickle_value *tuple, size_t i, cz_pickle_kind kind)
{
    return i < tuple->size && cz_pickle_item(u->out, tuple, i)->kind == kind;
}

/* Storage, offset, size, stride, requires_grad, hooks, and in newer files metadata. */
static bool is_tensor(const cz_unpickler *u, const cz_pickle_value *arguments)
{
    return (arguments->size == 6 || arguments->size == 7) &&
           has(u, arguments, 0, CZ_PICKLE_STORAGE) && has(u, arguments, 1, CZ_PICKLE_INTEGER) &&
           has(u, arguments, 2, CZ_PICKLE_TUPLE) && has(u, arguments, 3, CZ_PICKLE_TUPLE) &&
           has(u, arguments, 4, CZ_PICKLE_BOOL) && has(u, arguments, 5, CZ_PICKLE_DICTIONARY) &&
           (arguments->size == 6 || has(u, arguments, 6, CZ_PICKLE_DICTIONARY) ||
            has(u, arguments, 6, CZ_PICKLE_NONE));
}

/* Bytes, as protocol 2 has to write them. */
static bool is_encoding(const cz_unpickler *u, const cz_pickle_value *arguments)
{
    const cz_pickle_value *how;
    if (arguments->size != 2 || !has(u, arguments, 0, CZ_PICKLE_TEXT) ||
        !has(u, arguments, 1, CZ_PICKLE_TEXT))
        return false;
    how = cz_pickle_item(u->out, arguments, 1);
    return is_text("latin1", how->text, how->size);
}

/* The value that a global makes of its arguments; false if it does not take them. */
static bool make(const cz_unpickler *u, global_kind kind, const cz_pickle_value *arguments,
                 cz_pickle_value *out)
{
    *out = *arguments;
    switch (kind) {
    case ORDERED:
        *out = (cz_pickle_value){ .kind = CZ_PICKLE_DICTIONARY };
        return !arguments->size;
    case TENSOR:
        out->kind = CZ_PICKLE_TENSOR;
        return is_tensor(u, arguments);
    case REBUILT_PARAMETER: /* data, requires_grad, hooks */
    case PARAMETER:         /* data, and perhaps requires_grad */
        if (!has(u, arguments, 0, CZ_PICKLE_TENSOR) ||
            (arguments->size > 1 && !has(u, arguments, 1, CZ_PICKLE_BOOL)) ||
            (kind == PARAMETER
                 ? arguments->size > 2
                 : arguments->size != 3 || !has(u, arguments, 2, CZ_PICKLE_DICTIONARY)))
            return false;
        *out = *cz_pickle_item(u->out, arguments, 0);
        return true;
    case SIZE:
        if (arguments->size != 1 || !has(u, arguments, 0, CZ_PICKLE_TUPLE))
            return false;
        *out = *cz_pickle_item(u->out, arguments, 0);
        return true;
    case ENCODE:
        *out = (cz_pickle_value){ .kind = CZ_PICKLE_BYTES };
        return is_encoding(u, arguments);
    case STORAGE:
    case MODULE:
        break;
    }
    return false;
}

cloze_status cz_unpickler_reduce(cz_unpickler *u)
{
    const cz_pickle_value *arguments = cz_unpickler_top(u, 0), *global = cz_unpickler_top(u, 1);
    cz_pickle_value value;
    if (!cz_pickle_is(arguments, CZ_PICKLE_TUPLE) || !cz_pickle_is(global, CZ_PICKLE_GLOBAL))
        return cz_unpickler_fail(u, "REDUCE of what is no allowed global and a tuple");
    if (!make(u, globals[global->integer].kind, arguments, &value))
        return cz_unpickler_fail(u, "REDUCE with arguments that this global does not take");
    u->height -= 2;
    return cz_unpickler_push(u, value);
}

cloze_status cz_unpickler_new(cz_unpickler *u)
{
    const cz_pickle_value *arguments = cz_unpickler_top(u, 0), *global = cz_unpickler_top(u, 1);
    cz_pickle_value value = { .kind = CZ_PICKLE_MODULE };
    if (!cz_pickle_is(arguments, CZ_PICKLE_TUPLE) || !cz_pickle_is(global, CZ_PICKLE_GLOBAL) ||
        arguments->size ||
        (globals[global->integer].kind != MODULE &&
         !make(u, globals[global->integer].kind, arguments, &value)))
        return cz_unpickler_fail(u, "NEWOBJ of what is no allowed global without arguments");
    u->height -= 2;
    return cz_unpickler_push(u, value);
}

/* A module's attributes become its own. The state of a dictionary (torch keeps "_metadata" there)
 * is read and dropped. */
cloze_status cz_unpickler_build(cz_unpickler *u)
{
    const cz_pickle_value *state = cz_unpickler_top(u, 0);
    cz_pickle_value *of = cz_unpickler_top(u, 1);
    bool is_new_module = cz_pickle_is(of, CZ_PICKLE_MODULE) && !of->size;
    if (!cz_pickle_is(state, CZ_PICKLE_DICTIONARY) ||
        (!cz_pickle_is(of, CZ_PICKLE_DICTIONARY) && !is_new_module))
        return cz_unpickler_fail(u, "BUILD on what is no dictionary");
    if (is_new_module) {
        *of = *state;
        of->kind = CZ_PICKLE_MODULE;
    }
    u->height--;
    return CLOZE_OK;
}

cloze_status cz_unpickler_storage(cz_unpickler *u)
{
    const cz_pickle_value *id = cz_unpickler_top(u, 0), *word;
    cz_type type;
    const char *type_name;
    if (!cz_pickle_is(id, CZ_PICKLE_TUPLE) || id->size != 5)
        return cz_unpickler_fail(u, "a storage that is no tuple of five");
    word = cz_pickle_item(u->out, id, 0);
    if (word->kind != CZ_PICKLE_TEXT || !is_text("storage", word->text, word->size) ||
        !cz_pickle_storage_type(cz_pickle_item(u->out, id, 1), &type, &type_name) ||
        !has(u, id, 2, CZ_PICKLE_TEXT) || !has(u, id, 3, CZ_PICKLE_TEXT) ||
        !has(u, id, 4, CZ_PICKLE_INTEGER))
        return cz_unpickler_fail(u, "a storage of an unknown form");
    cz_pickle_value storage = *id;
    storage.kind = CZ_PICKLE_STORAGE;
    u->height--;
    return cz_unpickler_push(u, storage);
}
