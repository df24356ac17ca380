/*
 * safetensors.c - see safetensors.h. Everything a file can get wrong is refused here, before a
 * byte of it is used: the format's own rules (its tensor.rs) and limits of ours.
 */
#include "formats/safetensors.h"

#include "base/error.h"
#include "base/json.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

enum {
    HEADER_LIMIT = 100000000,
    TENSOR_LIMIT = 1000000,
    NAME_LIMIT = 1024,
    SHARD_LIMIT = 4096,
    INDEX_LIMIT = 64 << 20
};

typedef struct weights_file {
    cz_mapping mapping;
    json_t *header;
    char *name; /* as the index says it; NULL for a single file */
} weights_file;

struct cz_weights {
    const cloze_allocator *allocator;
    cloze_allocator allocator_copy;
    weights_file *files;
    size_t file_count;
    cz_stored_tensor *tensors; /* by name */
    size_t count, capacity;
};

/* ---- one header ---- */

static const struct {
    const char *name;
    cz_type type;
    size_t bits;
} stored_types[] = {
    { "F32", CZ_F32, 32 },      { "F16", CZ_F16, 16 },   { "BF16", CZ_BF16, 16 },
    { "F64", CZ_F64, 64 },      { "I64", CZ_I64, 64 },   { "U8", CZ_U8, 8 },
    { "BOOL", CZ_OTHER, 8 },    { "I8", CZ_OTHER, 8 },   { "I16", CZ_OTHER, 16 },
    { "U16", CZ_OTHER, 16 },    { "I32", CZ_OTHER, 32 }, { "U32", CZ_OTHER, 32 },
    { "U64", CZ_OTHER, 64 },    { "F4", CZ_OTHER, 4 },   { "F6_E2M3", CZ_OTHER, 6 },
    { "F6_E3M2", CZ_OTHER, 6 }, { "F8_E5M2", CZ_OTHER, 8 }, { "F8_E4M3", CZ_OTHER, 8 },
    { "F8_E8M0", CZ_OTHER, 8 }, { "C64", CZ_OTHER, 64 },
};

static cloze_status refuse(cloze_error *error, const char *tensor, const char *why)
{
    char shown[160];
    return cz_fail(error, CLOZE_ERROR_FORMAT, "tensor \"%s\": %s",
                   cz_printable(shown, sizeof shown, tensor, strlen(tensor)), why);
}

static cloze_status read_type(const json_t *entry, cz_stored_tensor *out, size_t *bits,
                              cloze_error *error)
{
    const char *name = json_string_value(json_object_get(entry, "dtype"));
    if (!name)
        return refuse(error, out->name, "\"dtype\" must be a string");
    for (size_t i = 0; i < sizeof stored_types / sizeof *stored_types; i++)
        if (!strcmp(name, stored_types[i].name)) {
            out->type = stored_types[i].type;
            *bits = stored_types[i].bits;
            return CLOZE_OK;
        }
    return refuse(error, out->name, "its dtype is not one that safetensors defines");
}

static cloze_status read_shape(const json_t *entry, cz_stored_tensor *out, size_t *elements,
                               cloze_error *error)
{
    const json_t *shape = json_object_get(entry, "shape");
    size_t rank = json_array_size(shape), product = 1;
    if (!json_is_array(shape))
        return refuse(error, out->name, "\"shape\" must be an array");
    if (rank > CZ_RANK)
        return refuse(error, out->name, "more than 8 dimensions");
    for (size_t i = 0; i < rank; i++) {
        const json_t *value = json_array_get(shape, i);
        if (!json_is_integer(value) || json_integer_value(value) < 0)
            return refuse(error, out->name, "a dimension must be a whole number from 0");
        out->shape[i] = (size_t)json_integer_value(value);
        if (!cz_multiply(product, out->shape[i], &product))
            return refuse(error, out->name, "the product of its dimensions overflows");
    }
    out->rank = (int)rank;
    *elements = product;
    return CLOZE_OK;
}

static cloze_status read_offsets(const json_t *entry, const cz_stored_tensor *tensor,
                                 size_t data_size, size_t *begin, size_t *end, cloze_error *error)
{
    const json_t *offsets = json_object_get(entry, "data_offsets");
    const json_t *first = json_array_get(offsets, 0), *last = json_array_get(offsets, 1);
    if (!json_is_array(offsets) || json_array_size(offsets) != 2 || !json_is_integer(first) ||
        !json_is_integer(last) || json_integer_value(first) < 0)
        return refuse(error, tensor->name, "\"data_offsets\" must be two whole numbers from 0");
    if (json_integer_value(last) < json_integer_value(first))
        return refuse(error, tensor->name, "its data ends before it begins");
    if ((uint64_t)json_integer_value(last) > data_size)
        return refuse(error, tensor->name, "its data reaches past the end of the file");
    *begin = (size_t)json_integer_value(first);
    *end = (size_t)json_integer_value(last);
    return CLOZE_OK;
}

static cloze_status read_tensor(const char *name, const json_t *entry, const char *data,
                                size_t data_size, cz_stored_tensor *out, cloze_error *error)
{
    size_t bits = 0, elements = 0, begin = 0, end = 0, total;
    cloze_status status;
    *out = (cz_stored_tensor){ .name = name };
    if (!*name || strlen(name) > NAME_LIMIT)
        return refuse(error, name, "its name is empty or longer than 1024 bytes");
    if (!json_is_object(entry) || json_object_size(entry) != 3)
        return refuse(error, name, "its entry must have dtype, shape and data_offsets, no more");
    if ((status = read_type(entry, out, &bits, error)) ||
        (status = read_shape(entry, out, &elements, error)) ||
        (status = read_offsets(entry, out, data_size, &begin, &end, error)))
        return status;
    if (!cz_multiply(elements, bits, &total) || total % 8 || total / 8 != end - begin)
        return refuse(error, name, "shape and dtype do not give the size that its offsets say");
    out->data = data + begin;
    out->size = end - begin;
    return CLOZE_OK;
}

static cloze_status check_metadata(const json_t *metadata, cloze_error *error)
{
    const char *key;
    json_t *value;
    if (!json_is_object(metadata))
        return cz_fail(error, CLOZE_ERROR_FORMAT, "\"__metadata__\" must be an object");
    json_object_foreach((json_t *)(uintptr_t)metadata, key, value)
        if (!json_is_string(value))
            return cz_fail(error, CLOZE_ERROR_FORMAT,
                           "\"__metadata__\" may hold strings alone, \"%.100s\" is not one", key);
    return CLOZE_OK;
}

static int by_place(const void *a, const void *b)
{
    const cz_stored_tensor *left = a, *right = b;
    uintptr_t x = (uintptr_t)left->data, y = (uintptr_t)right->data;
    if (x != y)
        return x < y ? -1 : 1;
    return left->size < right->size ? -1 : left->size > right->size;
}

static int by_name(const void *a, const void *b)
{
    const cz_stored_tensor *left = a, *right = b;
    return strcmp(left->name, right->name);
}

/* No hole, no overlap, nothing after the last: what is not described is not there. */
static cloze_status check_places(cz_stored_tensor *tensors, size_t count, const char *data,
                                 size_t data_size, cloze_error *error)
{
    const char *at = data;
    qsort(tensors, count, sizeof *tensors, by_place);
    for (size_t i = 0; i < count; i++) {
        if ((const char *)tensors[i].data != at)
            return refuse(error, tensors[i].name,
                          "its data does not begin where the one before it ends");
        at += tensors[i].size;
    }
    if ((size_t)(at - data) != data_size)
        return cz_fail(error, CLOZE_ERROR_FORMAT, "%zu bytes after the last tensor belong to none",
                       data_size - (size_t)(at - data));
    return CLOZE_OK;
}

static cloze_status find_header(const char *bytes, size_t size, size_t *header, cloze_error *error)
{
    uint64_t length = 0;
    if (size < 8)
        return cz_fail(error, CLOZE_ERROR_FORMAT, "%zu bytes are too few for a safetensors file",
                       size);
    for (int i = 7; i >= 0; i--)
        length = length << 8 | (unsigned char)bytes[i];
    if (length > HEADER_LIMIT)
        return cz_fail(error, CLOZE_ERROR_FORMAT, "a header of %llu bytes is over the limit of %d",
                       (unsigned long long)length, HEADER_LIMIT);
    if (length > size - 8)
        return cz_fail(error, CLOZE_ERROR_FORMAT,
                       "the header says %llu bytes, the file has %zu: it is truncated",
                       (unsigned long long)length, size - 8);
    if (!length || bytes[8] != '{')
        return cz_fail_at(error, CLOZE_ERROR_FORMAT, 8, "the header does not begin with '{'");
    *header = (size_t)length;
    return CLOZE_OK;
}

cloze_status cz_safetensors_parse(const char *bytes, size_t size, const cloze_allocator *allocator,
                                  json_t **header, cz_stored_tensor **tensors, size_t *count,
                                  cloze_error *error)
{
    size_t length = 0, found = 0, data_size;
    const char *key, *data;
    json_t *root = NULL, *entry;
    cz_stored_tensor *list = NULL;
    cloze_status status = find_header(bytes, size, &length, error);
    if (status || (status = cz_json_parse(&root, bytes + 8, length, "header", error)))
        return status;
    data = bytes + 8 + length;
    data_size = size - 8 - length;
    if (json_object_size(root) > TENSOR_LIMIT)
        status = cz_fail(error, CLOZE_ERROR_LIMIT, "more than %d tensors", TENSOR_LIMIT);
    else if (!(list = cz_allocate_zero(allocator, json_object_size(root) + 1, sizeof *list)))
        status = cz_fail_memory(error, "the list of tensors", json_object_size(root));
    json_object_foreach(root, key, entry) {
        if (status)
            break;
        if (!strcmp(key, "__metadata__"))
            status = check_metadata(entry, error);
        else
            status = read_tensor(key, entry, data, data_size, &list[found++], error);
    }
    if (!status)
        status = check_places(list, found, data, data_size, error);
    if (status) {
        cz_release(allocator, list);
        json_decref(root);
        return status;
    }
    qsort(list, found, sizeof *list, by_name);
    *header = root;
    *tensors = list;
    *count = found;
    return CLOZE_OK;
}

/* ---- collections ---- */

static cloze_status add_file(cz_weights *weights, const char *path, bool read_instead,
                             cloze_error *error)
{
    weights_file *file = &weights->files[weights->file_count];
    cz_stored_tensor *tensors = NULL;
    size_t count = 0;
    cloze_status status =
        cz_file_open(&file->mapping, path, SIZE_MAX / 2, read_instead, weights->allocator, error);
    if (status)
        return status;
    weights->file_count++;
    status = cz_safetensors_parse(file->mapping.data, file->mapping.size, weights->allocator,
                                  &file->header, &tensors, &count, error);
    if (status) {
        cz_error_prefix(error, "%.300s", path);
        return status;
    }
    if (!cz_grow(weights->allocator, (void **)&weights->tensors, &weights->capacity,
                 weights->count + count, sizeof *tensors)) {
        cz_release(weights->allocator, tensors);
        return cz_fail_memory(error, "the list of tensors", count * sizeof *tensors);
    }
    for (size_t i = 0; i < count; i++) {
        tensors[i].file = weights->file_count - 1;
        weights->tensors[weights->count++] = tensors[i];
    }
    cz_release(weights->allocator, tensors);
    return CLOZE_OK;
}

static cloze_status new_weights(cz_weights **out, const cz_weights_options *options, size_t files,
                                cloze_error *error)
{
    const cloze_allocator *allocator = options ? options->allocator : NULL;
    cz_weights *weights = cz_allocate_zero(allocator, 1, sizeof *weights);
    if (!weights)
        return cz_fail_memory(error, "weights", sizeof *weights);
    if (allocator)
        weights->allocator_copy = *allocator;
    weights->allocator = &weights->allocator_copy;
    weights->files = cz_allocate_zero(allocator, files, sizeof *weights->files);
    if (!weights->files) {
        cz_release(allocator, weights);
        return cz_fail_memory(error, "weights", files * sizeof(weights_file));
    }
    *out = weights;
    return CLOZE_OK;
}

void cz_weights_close(cz_weights *weights)
{
    if (!weights)
        return;
    cloze_allocator allocator = weights->allocator_copy;
    for (size_t i = 0; i < weights->file_count; i++) {
        cz_file_close(&weights->files[i].mapping);
        json_decref(weights->files[i].header);
        cz_release(&allocator, weights->files[i].name);
    }
    cz_release(&allocator, weights->files);
    cz_release(&allocator, weights->tensors);
    cz_release(&allocator, weights);
}

cloze_status cz_weights_open_file(cz_weights **out, const char *path,
                                  const cz_weights_options *options, cloze_error *error)
{
    cz_weights *weights = NULL;
    cloze_status status = new_weights(&weights, options, 1, error);
    if (status)
        return status;
    status = add_file(weights, path, options && options->read_instead, error);
    if (status) {
        cz_weights_close(weights);
        return status;
    }
    *out = weights;
    return CLOZE_OK;
}

/* Every key of the index's map is a tensor of the file it names, and every tensor has a key. */
static cloze_status check_index(const cz_weights *weights, const json_t *map, cloze_error *error)
{
    const char *key;
    json_t *value;
    for (size_t i = 1; i < weights->count; i++)
        if (!strcmp(weights->tensors[i - 1].name, weights->tensors[i].name))
            return refuse(error, weights->tensors[i].name, "it stands in two shards");
    json_object_foreach((json_t *)(uintptr_t)map, key, value) {
        const cz_stored_tensor *tensor = cz_weights_find(weights, key);
        if (!tensor || strcmp(weights->files[tensor->file].name, json_string_value(value)))
            return refuse(error, key, "the index names a shard that does not hold it");
    }
    if (json_object_size(map) != weights->count)
        return cz_fail(error, CLOZE_ERROR_FORMAT,
                       "the shards hold %zu tensors, the index names %zu", weights->count,
                       json_object_size(map));
    return CLOZE_OK;
}

static bool has_shard(const cz_weights *weights, const char *name)
{
    for (size_t i = 0; i < weights->file_count; i++)
        if (!strcmp(weights->files[i].name, name))
            return true;
    return false;
}

static cloze_status add_shard(cz_weights *weights, const char *folder, const json_t *value,
                              bool read_instead, cloze_error *error)
{
    char path[4096];
    const char *name = json_string_value(value);
    size_t number = weights->file_count;
    cloze_status status;
    if (!name)
        return cz_fail(error, CLOZE_ERROR_FORMAT, "\"weight_map\" may hold file names alone");
    if (has_shard(weights, name))
        return CLOZE_OK;
    if (number == SHARD_LIMIT)
        return cz_fail(error, CLOZE_ERROR_LIMIT, "more than %d shards", SHARD_LIMIT);
    if ((status = cz_path_below(path, sizeof path, folder, name, error)) ||
        (status = add_file(weights, path, read_instead, error)))
        return status;
    weights->files[number].name = cz_copy_text(weights->allocator, name, strlen(name));
    return weights->files[number].name ? CLOZE_OK
                                       : cz_fail_memory(error, "a shard's name", strlen(name));
}

static cloze_status open_shards(cz_weights *weights, const char *folder, const json_t *root,
                                bool read_instead, cloze_error *error)
{
    json_t *map = json_object_get(root, "weight_map"), *value;
    const char *key;
    cloze_status status;
    if (!json_is_object(map))
        return cz_fail(error, CLOZE_ERROR_FORMAT, "the index has no \"weight_map\"");
    json_object_foreach(map, key, value)
        if ((status = add_shard(weights, folder, value, read_instead, error)))
            return status;
    qsort(weights->tensors, weights->count, sizeof *weights->tensors, by_name);
    return check_index(weights, map, error);
}

cloze_status cz_weights_open_folder(cz_weights **out, const char *folder,
                                    const cz_weights_options *options, cloze_error *error)
{
    char path[4096];
    cz_weights *weights = NULL;
    json_t *root;
    cloze_status status = cz_path_join(path, sizeof path, folder, "model.safetensors", error);
    if (status)
        return status;
    if (cz_path_is_file(path))
        return cz_weights_open_file(out, path, options, error);
    if ((status = cz_path_join(path, sizeof path, folder, "model.safetensors.index.json", error)))
        return status;
    if (!cz_path_is_file(path))
        return cz_fail(error, CLOZE_ERROR_NOT_FOUND,
                       "%.300s has neither model.safetensors nor model.safetensors.index.json",
                       folder);
    if ((status = cz_json_load(&root, path, INDEX_LIMIT, error)))
        return status;
    status = new_weights(&weights, options, SHARD_LIMIT, error);
    if (!status) {
        status = open_shards(weights, folder, root, options && options->read_instead, error);
        if (status) {
            cz_error_prefix(error, "%.300s", path);
            cz_weights_close(weights);
        }
    }
    json_decref(root);
    if (!status)
        *out = weights;
    return status;
}

size_t cz_weights_count(const cz_weights *weights)
{
    return weights->count;
}

const cz_stored_tensor *cz_weights_tensor(const cz_weights *weights, size_t index)
{
    return &weights->tensors[index];
}

const cz_stored_tensor *cz_weights_find(const cz_weights *weights, const char *name)
{
    cz_stored_tensor key = { .name = name };
    return bsearch(&key, weights->tensors, weights->count, sizeof key, by_name);
}

void cz_weights_forget(const cz_weights *weights, const cz_stored_tensor *tensor)
{
    const cz_mapping *mapping = &weights->files[tensor->file].mapping;
    cz_file_forget(mapping, (size_t)((const char *)tensor->data - mapping->data), tensor->size);
}

const char *cz_weights_metadata(const cz_weights *weights, const char *key)
{
    for (size_t i = 0; i < weights->file_count; i++) {
        const json_t *all = json_object_get(weights->files[i].header, "__metadata__");
        const char *value = json_string_value(json_object_get(all, key));
        if (value)
            return value;
    }
    return NULL;
}

/* ---- writing ---- */

static json_t *entry_of(const cz_tensor_to_store *tensor, size_t begin, size_t size)
{
    json_t *shape = json_array();
    for (int i = 0; i < tensor->rank; i++)
        json_array_append_new(shape, json_integer((json_int_t)tensor->shape[i]));
    return json_pack("{s:s, s:o, s:[I, I]}", "dtype", cz_type_name(tensor->type), "shape", shape,
                     "data_offsets", (json_int_t)begin, (json_int_t)(begin + size));
}

static cloze_status stored_size(const cz_tensor_to_store *tensor, size_t *out, cloze_error *error)
{
    size_t size = cz_type_size(tensor->type);
    if (!size || tensor->rank < 0 || tensor->rank > CZ_RANK)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "tensor \"%.200s\" cannot be stored",
                       tensor->name);
    for (int i = 0; i < tensor->rank; i++)
        if (!cz_multiply(size, tensor->shape[i], &size))
            return cz_fail(error, CLOZE_ERROR_ARGUMENT, "tensor \"%.200s\" is too large",
                           tensor->name);
    *out = size;
    return CLOZE_OK;
}

cloze_status cz_safetensors_write(const char *path, const cz_tensor_to_store *tensors,
                                  size_t count, cloze_error *error)
{
    json_t *root = json_object();
    size_t total = 0, size = 0, length, padded;
    char *header = NULL, *bytes = NULL;
    cloze_status status = CLOZE_OK;
    for (size_t i = 0; i < count && !status; i++) {
        if ((status = stored_size(&tensors[i], &size, error)))
            break;
        json_object_set_new(root, tensors[i].name, entry_of(&tensors[i], total, size));
        if (!cz_add(total, size, &total))
            status = cz_fail(error, CLOZE_ERROR_ARGUMENT, "the tensors are too large together");
    }
    if (!status && !(header = json_dumps(root, JSON_COMPACT)))
        status = cz_fail_memory(error, "a safetensors header", count * 64);
    json_decref(root);
    if (status)
        return status;
    length = strlen(header);
    padded = (length + 7) & ~(size_t)7;
    bytes = cz_allocate(NULL, 8 + padded + total, 1);
    if (bytes) {
        size_t at = 8 + padded;
        for (int i = 0; i < 8; i++)
            bytes[i] = (char)((uint64_t)padded >> (8 * i));
        memcpy(bytes + 8, header, length);
        memset(bytes + 8 + length, ' ', padded - length);
        for (size_t i = 0; i < count; i++) {
            (void)stored_size(&tensors[i], &size, NULL);
            memcpy(bytes + at, tensors[i].data, size);
            at += size;
        }
        status = cz_file_write(path, bytes, at, error);
    } else {
        status = cz_fail_memory(error, path, 8 + padded + total);
    }
    cz_release(NULL, bytes);
    free(header);
    return status;
}
