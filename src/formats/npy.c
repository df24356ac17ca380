/* npy.c - see npy.h. The header is a Python literal; only the form that NumPy writes is accepted. */
#include "formats/npy.h"

#include "base/error.h"
#include "base/memory.h"

#include <stdio.h>
#include <string.h>

enum { START = 10, HEADER_UNIT = 64 };
static const char magic[8] = "\x93NUMPY\x01";

static const struct {
    const char *name;
    size_t size;
} types[] = {
    [CZ_NPY_F32] = { "<f4", 4 },
    [CZ_NPY_F64] = { "<f8", 8 },
    [CZ_NPY_U8] = { "|u1", 1 },
    [CZ_NPY_I8] = { "|i1", 1 },
};
enum { TYPES = sizeof types / sizeof *types };

typedef struct scanner {
    const char *text;
    size_t size, at;
} scanner;

size_t cz_npy_type_size(cz_npy_type type)
{
    return types[type].size;
}

static void skip_space(scanner *in)
{
    while (in->at < in->size && in->text[in->at] == ' ')
        in->at++;
}

static bool take(scanner *in, const char *word)
{
    size_t length = strlen(word);
    skip_space(in);
    if (in->size - in->at < length || memcmp(in->text + in->at, word, length) != 0)
        return false;
    in->at += length;
    return true;
}

static bool take_number(scanner *in, size_t *out)
{
    size_t value = 0, begin;
    skip_space(in);
    begin = in->at;
    for (; in->at < in->size && in->text[in->at] >= '0' && in->text[in->at] <= '9'; in->at++)
        if (!cz_multiply(value, 10, &value) ||
            !cz_add(value, (size_t)(in->text[in->at] - '0'), &value))
            return false;
    *out = value;
    return in->at > begin;
}

static bool take_type(scanner *in, cz_npy_type *out)
{
    if (!take(in, "'"))
        return false;
    for (size_t i = 0; i < TYPES; i++) {
        if (take(in, types[i].name)) {
            *out = (cz_npy_type)i;
            return take(in, "'");
        }
    }
    return false;
}

/* "()", "(3,)", "(3, 4)" */
static bool take_shape(scanner *in, cz_npy *array)
{
    array->rank = 0;
    if (!take(in, "("))
        return false;
    while (!take(in, ")")) {
        if (array->rank == CZ_NPY_RANK || !take_number(in, &array->shape[array->rank++]))
            return false;
        if (!take(in, ",")) {
            /* One dimension needs its comma: "(3)" is a number. */
            return array->rank > 1 && take(in, ")");
        }
    }
    return true;
}

typedef struct seen {
    bool descr, order, shape;
} seen;

/* One member, none of them twice. */
static bool take_member(scanner *in, cz_npy *array, seen *seen_so_far)
{
    if (!seen_so_far->descr && take(in, "'descr':"))
        return seen_so_far->descr = take_type(in, &array->type);
    if (!seen_so_far->order && take(in, "'fortran_order':"))
        return seen_so_far->order = take(in, "False");
    if (!seen_so_far->shape && take(in, "'shape':"))
        return seen_so_far->shape = take_shape(in, array);
    return false;
}

static bool take_header(scanner *in, cz_npy *array)
{
    seen seen_so_far = { false, false, false };
    if (!take(in, "{"))
        return false;
    while (!take(in, "}")) {
        if (!take_member(in, array, &seen_so_far))
            return false;
        if (take(in, ","))
            continue;
        if (!take(in, "}"))
            return false;
        break;
    }
    skip_space(in);
    return seen_so_far.descr && seen_so_far.order && seen_so_far.shape && in->at + 1 == in->size &&
           in->text[in->at] == '\n';
}

static bool size_of(const cz_npy *array, size_t *out)
{
    size_t size = types[array->type].size;
    for (size_t i = 0; i < array->rank; i++)
        if (!cz_multiply(size, array->shape[i], &size))
            return false;
    *out = size;
    return true;
}

cloze_status cz_npy_read(cz_npy *out, const void *file, size_t size, cloze_error *error)
{
    const char *bytes = file;
    cz_npy array = { .rank = 0 };
    if (size < START || memcmp(bytes, magic, sizeof magic) != 0)
        return cz_fail(error, CLOZE_ERROR_FORMAT, "not a npy file of version 1.0");
    size_t length = (unsigned char)bytes[8] | (size_t)(unsigned char)bytes[9] << 8;
    if (length > size - START)
        return cz_fail(error, CLOZE_ERROR_FORMAT, "the npy file is cut off in its header");
    scanner in = { bytes + START, length, 0 };
    if (!take_header(&in, &array))
        return cz_fail_at(error, CLOZE_ERROR_FORMAT, START + in.at,
                          "the npy header cannot be read at byte %zu: only float32, float64, uint8 "
                          "and int8 in C order are",
                          START + in.at);
    if (!size_of(&array, &array.size) || array.size != size - START - length)
        return cz_fail(error, CLOZE_ERROR_FORMAT,
                       "the npy file has %zu bytes of data, which does not fit its shape",
                       size - START - length);
    array.data = bytes + START + length;
    *out = array;
    return CLOZE_OK;
}

/* Returns the length of the whole header, a multiple of 64 as NumPy makes it. */
static size_t print_header(char *out, size_t out_size, const cz_npy *array)
{
    size_t used = START, length;
    used += (size_t)snprintf(out + used, out_size - used,
                             "{'descr': '%s', 'fortran_order': False, 'shape': (",
                             types[array->type].name);
    for (size_t i = 0; i < array->rank; i++)
        used += (size_t)snprintf(out + used, out_size - used, i ? ", %zu" : "%zu", array->shape[i]);
    used += (size_t)snprintf(out + used, out_size - used, array->rank == 1 ? ",), }" : "), }");
    while ((used + 1) % HEADER_UNIT)
        out[used++] = ' ';
    out[used++] = '\n';
    length = used - START;
    memcpy(out, magic, sizeof magic);
    out[8] = (char)(length & 255);
    out[9] = (char)(length >> 8);
    return used;
}

cloze_status cz_npy_write(const char *path, const cz_npy *array, cloze_error *error)
{
    char header[512];
    size_t size;
    cz_output output;
    cloze_status status;
    if (array->rank > CZ_NPY_RANK || !size_of(array, &size) || size != array->size)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "the shape of an array does not fit its size");
    size = print_header(header, sizeof header, array);
    if ((status = cz_output_begin(&output, path, error)))
        return status;
    status = cz_output_put(&output, header, size, error);
    if (!status)
        status = cz_output_put(&output, array->data, array->size, error);
    return cz_output_finish(&output, status, error);
}
