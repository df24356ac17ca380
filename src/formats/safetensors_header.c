/*
 * safetensors_header.c - see safetensors_header.h. One pass over the JSON, then the tensors are put
 * in the order of their bytes, which must be without holes, overlaps or remainder, and at last in
 * the order of their names, which must differ.
 */
#include "formats/safetensors_header.h"
#include "formats/safetensors_scan.h"

#include "base/error.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

enum { LENGTH_BYTES = CZ_SCAN_BEFORE, HEADER_MOST = 100000000, TENSORS_MOST = 1000000 };

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

static cloze_status read_type(cz_scanner *in, const stored_type **out)
{
    size_t kept = in->used, length;
    const char *name;
    cloze_status status = cz_scan_string(in, &name, &length);
    if (status)
        return status;
    in->used = kept;
    for (size_t i = 0; i < sizeof stored_types / sizeof *stored_types; i++) {
        if (!strcmp(name, stored_types[i].name) && length == strlen(name)) {
            *out = &stored_types[i];
            return CLOZE_OK;
        }
    }
    return cz_scan_complain(in, "unknown dtype");
}

/* What the three members of a tensor say. */
typedef struct facts_of_tensor {
    const stored_type *type;
    size_t rank, offsets, offset[2];
    unsigned seen;
} facts_of_tensor;

static cloze_status read_member(cz_scanner *in, cz_stored_tensor *tensor, facts_of_tensor *facts)
{
    static const char *const keys[] = { "dtype", "shape", "data_offsets" };
    size_t kept = in->used, length, which = 0;
    const char *key;
    cloze_status status = cz_scan_string(in, &key, &length);
    if (status)
        return status;
    in->used = kept;
    while (which < 3 && strcmp(key, keys[which]))
        which++;
    if (which == 3)
        return cz_scan_complain(in,
                                "a tensor has a member that is not dtype, shape or data_offsets");
    if (facts->seen & 1u << which)
        return cz_scan_complain(in, "a tensor has a member twice");
    facts->seen |= 1u << which;
    if ((status = cz_scan_expect(in, ':')))
        return status;
    if (which == 0)
        return read_type(in, &facts->type);
    if (which == 1)
        return cz_scan_numbers(in, tensor->shape, CZ_RANK, &facts->rank,
                               "a tensor has more than 8 dimensions");
    return cz_scan_numbers(in, facts->offset, 2, &facts->offsets,
                           "data_offsets has more than 2 numbers");
}

static cloze_status check_extent(cz_scanner *in, cz_stored_tensor *tensor,
                                 const facts_of_tensor *facts)
{
    size_t count = 1, bits, begin = facts->offset[0], end = facts->offset[1];
    if (facts->seen != 7 || facts->offsets != 2)
        return cz_scan_complain(in, "a tensor needs dtype, shape and two data_offsets");
    for (size_t i = 0; i < facts->rank; i++)
        if (!cz_multiply(count, tensor->shape[i], &count))
            return cz_scan_complain(in, "the product of a shape overflows");
    if (!cz_multiply(count, facts->type->bits, &bits))
        return cz_scan_complain(in, "the product of a shape overflows");
    if (begin > end || bits % 8 || end - begin != bits / 8)
        return cz_scan_complain(in, "data_offsets do not fit dtype and shape");
    tensor->type = facts->type->type;
    tensor->type_name = facts->type->name;
    tensor->rank = (int)facts->rank;
    tensor->size = end - begin;
    return CLOZE_OK;
}

static cloze_status read_tensor(cz_scanner *in, cz_stored_tensor *tensor, size_t *begin)
{
    facts_of_tensor facts = { NULL, 0, 0, { 0, 0 }, 0 };
    cloze_status status = cz_scan_expect(in, '{');
    if (!status && !cz_scan_take(in, '}')) {
        do {
            status = read_member(in, tensor, &facts);
        } while (!status && cz_scan_more(in, '}', &status));
    }
    if (status)
        return status;
    *begin = facts.offset[0];
    return check_extent(in, tensor, &facts);
}

static cloze_status read_metadata(cz_scanner *in)
{
    cloze_status status = cz_scan_expect(in, '{');
    const char *value;
    size_t length;
    if (status || cz_scan_take(in, '}'))
        return status;
    do {
        void *keys = in->keys;
        if (!cz_grow(in->allocator, &keys, &in->key_capacity, in->key_count + 1, sizeof *in->keys))
            return cz_fail_memory(in->error, "metadata", in->key_count * sizeof *in->keys);
        in->keys = keys;
        if ((status = cz_scan_string(in, &in->keys[in->key_count++], &length)) ||
            (status = cz_scan_expect(in, ':')))
            return status;
        cz_scan_space(in);
        if (in->at < in->size && in->text[in->at] != '"')
            return cz_scan_complain(in, "a value of __metadata__ is not a string");
        size_t kept = in->used;
        if ((status = cz_scan_string(in, &value, &length)))
            return status;
        in->used = kept;
    } while (cz_scan_more(in, '}', &status));
    return status;
}

static cloze_status add_tensor(cz_scanner *in, cz_header *header, const char *name, size_t length)
{
    void *tensors = header->tensors;
    cz_stored_tensor tensor = { .name = name };
    size_t begin = 0;
    cloze_status status;
    if (length > CZ_TENSOR_NAME_MOST)
        return cz_scan_complain(in, "the name of a tensor is longer than 1024 bytes");
    if (header->count == TENSORS_MOST)
        return cz_scan_complain(in, "more than 1,000,000 tensors");
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

static cloze_status read_members(cz_scanner *in, cz_header *header)
{
    cloze_status status = cz_scan_expect(in, '{');
    bool has_metadata = false;
    if (!status && !cz_scan_take(in, '}')) {
        do {
            const char *name;
            size_t length;
            if ((status = cz_scan_string(in, &name, &length)) || (status = cz_scan_expect(in, ':')))
                return status;
            if (strcmp(name, "__metadata__"))
                status = add_tensor(in, header, name, length);
            else if (has_metadata)
                status = cz_scan_complain(in, "__metadata__ appears twice");
            else
                status = read_metadata(in), has_metadata = true;
        } while (!status && cz_scan_more(in, '}', &status));
    }
    if (status)
        return status;
    cz_scan_space(in);
    return in->at == in->size ? CLOZE_OK : cz_scan_complain(in, "bytes after the closing brace");
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

static cloze_status check_keys(cz_scanner *in)
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
    cz_scanner in = { .text = data + LENGTH_BYTES,
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
