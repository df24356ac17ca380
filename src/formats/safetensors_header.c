/*
 * safetensors_header.c - see safetensors_header.h. One pass over the JSON, then the tensors are put
 * in the order of their bytes, which must be without holes, overlaps or remainder, and at last in
 * the order of their names, which must differ.
 */
#include "formats/safetensors_header.h"

#include "base/error.h"
#include "base/memory.h"
#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

enum { LENGTH_BYTES = 8, HEADER_MOST = 100000000, TENSORS_MOST = 1000000 };

/* Where we are, and the block that decoded strings go to: never longer than the JSON itself. */
typedef struct scanner {
    const char *text;
    size_t size, at;
    char *texts;
    size_t used;
    const char **keys; /* of __metadata__; of its values nothing is kept */
    size_t key_count, key_capacity;
    const cloze_allocator *allocator;
    cloze_error *error;
} scanner;

typedef struct stored_type {
    const char *name;
    unsigned bits;
    cz_type type;
} stored_type;

static const stored_type stored_types[] = {
    { "F32", 32, CZ_F32 },      { "F16", 16, CZ_F16 },      { "BF16", 16, CZ_BF16 },
    { "F64", 64, CZ_F64 },      { "I64", 64, CZ_I64 },      { "U8", 8, CZ_U8 },
    { "BOOL", 8, CZ_OTHER },    { "I8", 8, CZ_OTHER },      { "I16", 16, CZ_OTHER },
    { "U16", 16, CZ_OTHER },    { "I32", 32, CZ_OTHER },    { "U32", 32, CZ_OTHER },
    { "U64", 64, CZ_OTHER },    { "C64", 64, CZ_OTHER },    { "F8_E4M3", 8, CZ_OTHER },
    { "F8_E5M2", 8, CZ_OTHER }, { "F8_E8M0", 8, CZ_OTHER }, { "F6_E2M3", 6, CZ_OTHER },
    { "F6_E3M2", 6, CZ_OTHER }, { "F4", 4, CZ_OTHER },
};

static cloze_status complain(const scanner *in, const char *what)
{
    return cz_fail_at(in->error, CLOZE_ERROR_FORMAT, LENGTH_BYTES + in->at,
                      "damaged safetensors header at byte %zu: %s", LENGTH_BYTES + in->at, what);
}

static void skip_space(scanner *in)
{
    while (in->at < in->size && (in->text[in->at] == ' ' || in->text[in->at] == '\n' ||
                                 in->text[in->at] == '\t' || in->text[in->at] == '\r'))
        in->at++;
}

/* Takes `c`, after space, if it is next. */
static bool take(scanner *in, char c)
{
    skip_space(in);
    if (in->at >= in->size || in->text[in->at] != c)
        return false;
    in->at++;
    return true;
}

static cloze_status expect(scanner *in, char c)
{
    static const char message[] = "expected '?'";
    char shown[sizeof message];
    if (take(in, c))
        return CLOZE_OK;
    memcpy(shown, message, sizeof message);
    shown[sizeof message - 3] = c;
    return complain(in, shown);
}

/* After a member: true to go on with the next one, false at the end; sets *status if neither. */
static bool more(scanner *in, char close, cloze_status *status)
{
    if (take(in, ','))
        return true;
    *status = expect(in, close);
    return false;
}

static bool read_four_digits(scanner *in, uint32_t *out)
{
    uint32_t value = 0;
    if (in->size - in->at < 4)
        return false;
    for (int i = 0; i < 4; i++) {
        char c = in->text[in->at++];
        uint32_t digit;
        if (c >= '0' && c <= '9')
            digit = (uint32_t)(c - '0');
        else if (c >= 'a' && c <= 'f')
            digit = (uint32_t)(c - 'a') + 10;
        else if (c >= 'A' && c <= 'F')
            digit = (uint32_t)(c - 'A') + 10;
        else
            return false;
        value = value << 4 | digit;
    }
    *out = value;
    return true;
}

static bool read_code_point(scanner *in, uint32_t *point)
{
    uint32_t low;
    if (!read_four_digits(in, point) || !*point || (*point >= 0xdc00 && *point < 0xe000))
        return false;
    if (*point < 0xd800 || *point >= 0xe000)
        return true;
    if (in->size - in->at < 6 || in->text[in->at] != '\\' || in->text[in->at + 1] != 'u')
        return false;
    in->at += 2;
    if (!read_four_digits(in, &low) || low < 0xdc00 || low >= 0xe000)
        return false;
    *point = 0x10000 + ((*point - 0xd800) << 10) + (low - 0xdc00);
    return true;
}

static bool read_escape(scanner *in)
{
    static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    const char *letter;
    uint32_t point;
    char c;
    if (in->at >= in->size)
        return false;
    c = in->text[in->at++];
    if (c == 'u') {
        if (!read_code_point(in, &point))
            return false;
        in->used += cz_utf8_write(in->texts + in->used, point);
        return true;
    }
    letter = c ? strchr(letters, c) : NULL;
    if (!letter)
        return false;
    in->texts[in->used++] = meanings[letter - letters];
    return true;
}

static cloze_status read_string(scanner *in, const char **out, size_t *length)
{
    size_t begin = in->used, step;
    cloze_status status = expect(in, '"');
    if (status)
        return status;
    for (;;) {
        if (in->at >= in->size)
            return complain(in, "a string does not end");
        const char *at = in->text + in->at;
        if (*at == '"')
            break;
        if (*at == '\\') {
            in->at++;
            if (!read_escape(in))
                return complain(in, "bad escape in a string");
            continue;
        }
        if ((unsigned char)*at < 0x20)
            return complain(in, "control byte in a string");
        if (!(step = cz_utf8_length(at, in->size - in->at)))
            return complain(in, "a string is not UTF-8");
        memcpy(in->texts + in->used, at, step);
        in->used += step;
        in->at += step;
    }
    in->at++;
    *out = in->texts + begin;
    *length = in->used - begin;
    in->texts[in->used++] = 0;
    return CLOZE_OK;
}

static cloze_status read_number(scanner *in, size_t *out)
{
    size_t value = 0, begin;
    skip_space(in);
    begin = in->at;
    for (; in->at < in->size && in->text[in->at] >= '0' && in->text[in->at] <= '9'; in->at++) {
        if (!cz_multiply(value, 10, &value) ||
            !cz_add(value, (size_t)(in->text[in->at] - '0'), &value))
            return complain(in, "a number is too large");
    }
    if (in->at == begin || (in->text[begin] == '0' && in->at > begin + 1))
        return complain(in, "expected a whole number, not negative");
    *out = value;
    return CLOZE_OK;
}

/* "[a, b, ...]" with at most `most` numbers. */
static cloze_status read_numbers(scanner *in, size_t *out, size_t most, size_t *count,
                                 const char *too_many)
{
    cloze_status status = expect(in, '[');
    *count = 0;
    if (status || take(in, ']'))
        return status;
    do {
        if (*count == most)
            return complain(in, too_many);
        if ((status = read_number(in, &out[(*count)++])))
            return status;
    } while (more(in, ']', &status));
    return status;
}

static cloze_status read_type(scanner *in, const stored_type **out)
{
    size_t kept = in->used, length;
    const char *name;
    cloze_status status = read_string(in, &name, &length);
    if (status)
        return status;
    in->used = kept;
    for (size_t i = 0; i < sizeof stored_types / sizeof *stored_types; i++) {
        if (!strcmp(name, stored_types[i].name) && length == strlen(name)) {
            *out = &stored_types[i];
            return CLOZE_OK;
        }
    }
    return complain(in, "unknown dtype");
}

/* What the three members of a tensor say. */
typedef struct facts_of_tensor {
    const stored_type *type;
    size_t rank, offsets, offset[2];
    unsigned seen;
} facts_of_tensor;

static cloze_status read_member(scanner *in, cz_stored_tensor *tensor, facts_of_tensor *facts)
{
    static const char *const keys[] = { "dtype", "shape", "data_offsets" };
    size_t kept = in->used, length, which = 0;
    const char *key;
    cloze_status status = read_string(in, &key, &length);
    if (status)
        return status;
    in->used = kept;
    while (which < 3 && strcmp(key, keys[which]))
        which++;
    if (which == 3)
        return complain(in, "a tensor has a member that is not dtype, shape or data_offsets");
    if (facts->seen & 1u << which)
        return complain(in, "a tensor has a member twice");
    facts->seen |= 1u << which;
    if ((status = expect(in, ':')))
        return status;
    if (which == 0)
        return read_type(in, &facts->type);
    if (which == 1)
        return read_numbers(in, tensor->shape, CZ_RANK, &facts->rank,
                            "a tensor has more than 8 dimensions");
    return read_numbers(in, facts->offset, 2, &facts->offsets,
                        "data_offsets has more than 2 numbers");
}

static cloze_status check_extent(scanner *in, cz_stored_tensor *tensor,
                                 const facts_of_tensor *facts)
{
    size_t count = 1, bits, begin = facts->offset[0], end = facts->offset[1];
    if (facts->seen != 7 || facts->offsets != 2)
        return complain(in, "a tensor needs dtype, shape and two data_offsets");
    for (size_t i = 0; i < facts->rank; i++)
        if (!cz_multiply(count, tensor->shape[i], &count))
            return complain(in, "the product of a shape overflows");
    if (!cz_multiply(count, facts->type->bits, &bits))
        return complain(in, "the product of a shape overflows");
    if (begin > end || bits % 8 || end - begin != bits / 8)
        return complain(in, "data_offsets do not fit dtype and shape");
    tensor->type = facts->type->type;
    tensor->type_name = facts->type->name;
    tensor->rank = (int)facts->rank;
    tensor->size = end - begin;
    return CLOZE_OK;
}

static cloze_status read_tensor(scanner *in, cz_stored_tensor *tensor, size_t *begin)
{
    facts_of_tensor facts = { NULL, 0, 0, { 0, 0 }, 0 };
    cloze_status status = expect(in, '{');
    if (!status && !take(in, '}')) {
        do {
            status = read_member(in, tensor, &facts);
        } while (!status && more(in, '}', &status));
    }
    if (status)
        return status;
    *begin = facts.offset[0];
    return check_extent(in, tensor, &facts);
}

static cloze_status read_metadata(scanner *in)
{
    cloze_status status = expect(in, '{');
    const char *value;
    size_t length;
    if (status || take(in, '}'))
        return status;
    do {
        void *keys = in->keys;
        if (!cz_grow(in->allocator, &keys, &in->key_capacity, in->key_count + 1, sizeof *in->keys))
            return cz_fail_memory(in->error, "metadata", in->key_count * sizeof *in->keys);
        in->keys = keys;
        if ((status = read_string(in, &in->keys[in->key_count++], &length)) ||
            (status = expect(in, ':')))
            return status;
        skip_space(in);
        if (in->at < in->size && in->text[in->at] != '"')
            return complain(in, "a value of __metadata__ is not a string");
        size_t kept = in->used;
        if ((status = read_string(in, &value, &length)))
            return status;
        in->used = kept;
    } while (more(in, '}', &status));
    return status;
}

static cloze_status add_tensor(scanner *in, cz_header *header, const char *name, size_t length)
{
    void *tensors = header->tensors;
    cz_stored_tensor tensor = { .name = name };
    size_t begin = 0;
    cloze_status status;
    if (length > CZ_TENSOR_NAME_MOST)
        return complain(in, "the name of a tensor is longer than 1024 bytes");
    if (header->count == TENSORS_MOST)
        return complain(in, "more than 1,000,000 tensors");
    if ((status = read_tensor(in, &tensor, &begin)))
        return status;
    if (!cz_grow(in->allocator, &tensors, &header->capacity, header->count + 1, sizeof tensor))
        return cz_fail_memory(in->error, "tensor names", header->count * sizeof tensor);
    header->tensors = tensors;
    /* Until all offsets are checked, `file` holds where the bytes begin. */
    tensor.file = begin;
    header->tensors[header->count++] = tensor;
    return CLOZE_OK;
}

static cloze_status read_members(scanner *in, cz_header *header)
{
    cloze_status status = expect(in, '{');
    bool has_metadata = false;
    if (!status && !take(in, '}')) {
        do {
            const char *name;
            size_t length;
            if ((status = read_string(in, &name, &length)) || (status = expect(in, ':')))
                return status;
            if (strcmp(name, "__metadata__"))
                status = add_tensor(in, header, name, length);
            else if (has_metadata)
                status = complain(in, "__metadata__ appears twice");
            else
                status = read_metadata(in), has_metadata = true;
        } while (!status && more(in, '}', &status));
    }
    if (status)
        return status;
    skip_space(in);
    return in->at == in->size ? CLOZE_OK : complain(in, "bytes after the closing brace");
}

static int by_offset(const void *left, const void *right)
{
    const cz_stored_tensor *a = left, *b = right;
    if (a->file != b->file)
        return a->file < b->file ? -1 : 1;
    return a->size < b->size ? -1 : a->size > b->size;
}

static int by_name(const void *left, const void *right)
{
    return strcmp(((const cz_stored_tensor *)left)->name, ((const cz_stored_tensor *)right)->name);
}

static int by_key(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static cloze_status fail_about(cloze_error *error, const char *name, const char *what)
{
    char shown[200];
    return cz_fail(error, CLOZE_ERROR_FORMAT, "damaged safetensors header: \"%s\" %s",
                   cz_printable(shown, sizeof shown, name, strlen(name)), what);
}

/* The bytes of the tensors must fill `room` exactly, in some order. */
static cloze_status place_tensors(cz_header *header, const char *bytes, size_t room,
                                  cloze_error *error)
{
    size_t end = 0;
    if (header->count > 1)
        qsort(header->tensors, header->count, sizeof *header->tensors, by_offset);
    for (size_t i = 0; i < header->count; i++) {
        cz_stored_tensor *tensor = &header->tensors[i];
        if (tensor->file != end)
            return fail_about(error, tensor->name,
                              tensor->file < end ? "overlaps another tensor"
                                                 : "leaves a hole before its bytes");
        if (tensor->size > room - end)
            return fail_about(error, tensor->name, "lies beyond the end of the file (cut off?)");
        tensor->data = bytes + end;
        end += tensor->size;
        tensor->file = 0;
    }
    if (end != room)
        return cz_fail(error, CLOZE_ERROR_FORMAT,
                       "damaged safetensors file: %zu bytes after the last tensor", room - end);
    return CLOZE_OK;
}

static cloze_status sort_names(cz_header *header, cloze_error *error)
{
    if (header->count > 1)
        qsort(header->tensors, header->count, sizeof *header->tensors, by_name);
    for (size_t i = 1; i < header->count; i++)
        if (!by_name(&header->tensors[i - 1], &header->tensors[i]))
            return fail_about(error, header->tensors[i].name, "appears twice");
    return CLOZE_OK;
}

static cloze_status check_keys(scanner *in)
{
    if (in->key_count > 1)
        qsort(in->keys, in->key_count, sizeof *in->keys, by_key);
    for (size_t i = 1; i < in->key_count; i++)
        if (!by_key(&in->keys[i - 1], &in->keys[i]))
            return fail_about(in->error, in->keys[i], "appears twice in __metadata__");
    return CLOZE_OK;
}

static cloze_status check_length(const char *data, size_t size, size_t *out, cloze_error *error)
{
    uint64_t length = 0;
    if (size < LENGTH_BYTES)
        return cz_fail(error, CLOZE_ERROR_FORMAT,
                       "not a safetensors file: %zu bytes are too few for a header", size);
    for (int i = LENGTH_BYTES; i-- > 0;)
        length = length << 8 | (unsigned char)data[i];
    if (length > size - LENGTH_BYTES)
        return cz_fail(error, CLOZE_ERROR_FORMAT,
                       "not a safetensors file, or cut off: its header claims %llu bytes, the file "
                       "has %zu",
                       (unsigned long long)length, size);
    if (length > HEADER_MOST)
        return cz_fail(error, CLOZE_ERROR_LIMIT, "the header has %llu bytes, more than %d",
                       (unsigned long long)length, HEADER_MOST);
    if (!length || data[LENGTH_BYTES] != '{')
        return cz_fail_at(error, CLOZE_ERROR_FORMAT, LENGTH_BYTES,
                          "not a safetensors file: the header does not begin with '{'");
    *out = (size_t)length;
    return CLOZE_OK;
}

cloze_status cz_header_read(cz_header *out, const char *data, size_t size,
                            const cloze_allocator *allocator, cloze_error *error)
{
    cz_header header = { 0 };
    size_t length = 0;
    cloze_status status = check_length(data, size, &length, error);
    if (status)
        return status;
    if (!(header.texts = cz_allocate(allocator, length, 1)))
        return cz_fail_memory(error, "tensor names", length);
    scanner in = { .text = data + LENGTH_BYTES,
                   .size = length,
                   .texts = header.texts,
                   .allocator = allocator,
                   .error = error };
    status = read_members(&in, &header);
    if (!status)
        status = place_tensors(&header, data + LENGTH_BYTES + length, size - LENGTH_BYTES - length,
                               error);
    if (!status)
        status = sort_names(&header, error);
    if (!status)
        status = check_keys(&in);
    cz_release(allocator, in.keys);
    if (status)
        cz_header_clear(&header, allocator);
    else
        *out = header;
    return status;
}

void cz_header_clear(cz_header *header, const cloze_allocator *allocator)
{
    cz_release(allocator, header->tensors);
    cz_release(allocator, header->texts);
    cz_release(allocator, header->copies);
    *header = (cz_header){ 0 };
}
