/*
 * safetensors.c - see safetensors.h. A collection is the tensors of one file, or of the shards that
 * an index lists; every check is made when it is opened, before a byte of a tensor is read.
 */
#include "formats/safetensors.h"

#include "base/error.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/table.h"
#include "formats/safetensors_header.h"
#include "formats/torch.h"

#include <stdlib.h>
#include <string.h>

enum { INDEX_MOST = 16 << 20, SHARDS_MOST = 1000, PATH_SIZE = CZ_PATH_SIZE };

typedef struct shard {
    char *path;
    cz_mapping mapping;
    cz_header header;
} shard;

struct cz_weights {
    cloze_allocator allocator;
    shard *shards;
    size_t shard_count, shard_capacity;
    cz_stored_tensor *tensors; /* by name; the only shard's own, or picked by the index */
    size_t count;
    bool picked;
};

static cloze_status weights_new(cz_weights **out, const cz_weights_options *options,
                                cloze_error *error)
{
    const cloze_allocator *allocator = options ? options->allocator : NULL;
    cz_weights *weights = cz_allocate_zero(allocator, 1, sizeof *weights);
    if (!weights)
        return cz_fail_memory(error, "a list of weights", sizeof *weights);
    if (allocator)
        weights->allocator = *allocator;
    *out = weights;
    return CLOZE_OK;
}

static cloze_status shard_add(cz_weights *weights, const char *path, shard **out,
                              cloze_error *error)
{
    void *shards = weights->shards;
    shard one = { .mapping = { .data = "" } };
    if (!cz_grow(&weights->allocator, &shards, &weights->shard_capacity, weights->shard_count + 1,
                 sizeof one))
        return cz_fail_memory(error, "a list of files", weights->shard_count * sizeof one);
    weights->shards = shards;
    if (!(one.path = cz_copy_text(&weights->allocator, path, strlen(path))))
        return cz_fail_memory(error, "a path", strlen(path));
    *out = &weights->shards[weights->shard_count++];
    **out = one;
    return CLOZE_OK;
}

static bool is_torch(const char *path)
{
    const char *dot = strrchr(path, '.');
    return dot && (!strcmp(dot, ".bin") || !strcmp(dot, ".ot"));
}

static cloze_status shard_open(cz_weights *weights, const char *path, bool read_instead,
                               cloze_error *error)
{
    shard *one = NULL;
    cloze_status status = shard_add(weights, path, &one, error);
    if (status)
        return status;
    status = cz_file_open(&one->mapping, path, SIZE_MAX, read_instead, &weights->allocator, error);
    if (status)
        return status;
    status = (is_torch(path) ? cz_torch_read : cz_header_read)(
        &one->header, one->mapping.data, one->mapping.size, &weights->allocator, error);
    if (status) {
        cz_error_prefix(error, "%.200s", path);
        return status;
    }
    for (size_t i = 0; i < one->header.count; i++)
        one->header.tensors[i].file = weights->shard_count - 1;
    return cz_file_check(&one->mapping, path, error);
}

/* A collection of one file shows that file's tensors as they are. */
static void show_only_shard(cz_weights *weights)
{
    weights->tensors = weights->shards[0].header.tensors;
    weights->count = weights->shards[0].header.count;
}

cloze_status cz_weights_open_file(cz_weights **out, const char *path,
                                  const cz_weights_options *options, cloze_error *error)
{
    cz_weights *weights = NULL;
    cloze_status status = weights_new(&weights, options, error);
    if (status)
        return status;
    status = shard_open(weights, path, options && options->read_instead, error);
    if (status) {
        cz_weights_close(weights);
        return status;
    }
    show_only_shard(weights);
    *out = weights;
    return CLOZE_OK;
}

cloze_status cz_weights_open_memory(cz_weights **out, const void *data, size_t size,
                                    const cz_weights_options *options, cloze_error *error)
{
    cz_weights *weights = NULL;
    shard *one = NULL;
    cloze_status status = weights_new(&weights, options, error);
    if (status)
        return status;
    status = shard_add(weights, "(memory)", &one, error);
    if (!status)
        status = cz_header_read(&one->header, data, size, &weights->allocator, error);
    if (status) {
        cz_weights_close(weights);
        return status;
    }
    show_only_shard(weights);
    *out = weights;
    return CLOZE_OK;
}

static const cz_stored_tensor *find_in(const cz_stored_tensor *tensors, size_t count,
                                       const char *name)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(tensors[middle].name, name);
        if (!order)
            return &tensors[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* The shards of an index, by their names in it. */
typedef struct picking {
    cz_weights *weights;
    const char *folder;
    bool read_instead;
    cz_table names;
} picking;

static cloze_status open_named(picking *p, const char *name, cloze_error *error)
{
    char path[PATH_SIZE];
    cloze_status status = cz_path_below(path, sizeof path, p->folder, name, error);
    if (status)
        return status;
    if (strchr(name, '/'))
        return cz_fail(error, CLOZE_ERROR_FORMAT,
                       "the shard \"%.200s\" must lie beside the index, without a folder", name);
    if (p->weights->shard_count == SHARDS_MOST)
        return cz_fail(error, CLOZE_ERROR_LIMIT, "more than %d shards", SHARDS_MOST);
    status = cz_path_stays(p->folder, path, error);
    return status ? status : shard_open(p->weights, path, p->read_instead, error);
}

/* The number of the shard with this name, opened if it is new. */
static cloze_status shard_number(picking *p, const char *name, uint32_t *out, cloze_error *error)
{
    const cloze_allocator *allocator = &p->weights->allocator;
    size_t size = strlen(name);
    cloze_status status;
    if (cz_table_get(&p->names, name, size, out))
        return CLOZE_OK;
    if ((status = open_named(p, name, error)))
        return status;
    *out = (uint32_t)p->weights->shard_count - 1;
    return cz_table_put(&p->names, allocator, name, size, *out, NULL, NULL)
               ? CLOZE_OK
               : cz_fail_memory(error, "a table of names", size);
}

static cloze_status pick(picking *p, const char *name, const json_t *file, cloze_error *error)
{
    cz_weights *weights = p->weights;
    const cz_stored_tensor *tensor;
    uint32_t number = 0;
    cloze_status status;
    char shown[200];
    cz_printable(shown, sizeof shown, name, strlen(name));
    if (!json_is_string(file))
        return cz_fail(error, CLOZE_ERROR_FORMAT, "the file of \"%s\" is not a string", shown);
    status = shard_number(p, json_string_value(file), &number, error);
    if (status)
        return status;
    const shard *from = &weights->shards[number];
    tensor = find_in(from->header.tensors, from->header.count, name);
    if (!tensor)
        return cz_fail(error, CLOZE_ERROR_FORMAT, "%.200s does not hold \"%s\"",
                       json_string_value(file), shown);
    weights->tensors[weights->count++] = *tensor;
    return CLOZE_OK;
}

static int by_name(const void *left, const void *right)
{
    return strcmp(((const cz_stored_tensor *)left)->name, ((const cz_stored_tensor *)right)->name);
}

static cloze_status pick_all(picking *p, json_t *index, cloze_error *error)
{
    json_t *map = json_object_get(index, "weight_map"), *file;
    cz_weights *weights = p->weights;
    const char *name;
    size_t count = json_object_size(map);
    if (!json_is_object(map) || !count)
        return cz_fail(error, CLOZE_ERROR_FORMAT,
                       "\"weight_map\" must be an object that names the file of each tensor");
    weights->picked = true;
    weights->tensors = cz_allocate(&weights->allocator, count, sizeof *weights->tensors);
    if (!weights->tensors)
        return cz_fail_memory(error, "a list of tensors", count * sizeof *weights->tensors);
    json_object_foreach(map, name, file)
    {
        cloze_status status = pick(p, name, file, error);
        if (status)
            return status;
    }
    qsort(weights->tensors, weights->count, sizeof *weights->tensors, by_name);
    return CLOZE_OK;
}

static cloze_status open_index(cz_weights **out, const char *folder, const char *path,
                               const cz_weights_options *options, cloze_error *error)
{
    const cloze_allocator *allocator = options ? options->allocator : NULL;
    picking p = { .folder = folder, .read_instead = options && options->read_instead };
    json_t *index = NULL;
    cloze_status status = cz_json_load(&index, path, INDEX_MOST, allocator, error);
    if (!status)
        status = weights_new(&p.weights, options, error);
    if (!status && !cz_table_init(&p.names, allocator, 0))
        status = cz_fail_memory(error, "a table of names", 0);
    if (!status && (status = pick_all(&p, index, error)))
        cz_error_prefix(error, "%.150s", path);
    cz_table_clear(&p.names, allocator);
    json_decref(index);
    if (status)
        cz_weights_close(p.weights);
    else
        *out = p.weights;
    return status;
}

/* The path of a folder's weights, or of the index of their shards; "" if there are none. */
static cloze_status find_weights(const char *folder, char *path, size_t size, bool *is_index,
                                 cloze_error *error)
{
    static const char *const names[] = { "model.safetensors", "model.safetensors.index.json",
                                         "pytorch_model.bin", "pytorch_model.bin.index.json",
                                         "rust_model.ot" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        cloze_status status = cz_path_join(path, size, folder, names[i], error);
        *is_index = i % 2;
        if (status || cz_path_is_file(path))
            return status;
    }
    *path = 0;
    return CLOZE_OK;
}

bool cz_weights_are_in(const char *folder)
{
    char path[PATH_SIZE];
    bool is_index;
    return !find_weights(folder, path, sizeof path, &is_index, NULL) && *path;
}

cloze_status cz_weights_open_folder(cz_weights **out, const char *folder,
                                    const cz_weights_options *options, cloze_error *error)
{
    char path[PATH_SIZE];
    bool is_index;
    cloze_status status = find_weights(folder, path, sizeof path, &is_index, error);
    if (status)
        return status;
    if (*path)
        return is_index ? open_index(out, folder, path, options, error)
                        : cz_weights_open_file(out, path, options, error);
    return cz_fail(error, CLOZE_ERROR_NOT_FOUND,
                   "no model.safetensors, pytorch_model.bin or rust_model.ot in %.300s", folder);
}

void cz_weights_close(cz_weights *weights)
{
    if (!weights)
        return;
    cloze_allocator allocator = weights->allocator;
    if (weights->picked)
        cz_release(&allocator, weights->tensors);
    for (size_t i = 0; i < weights->shard_count; i++) {
        cz_header_clear(&weights->shards[i].header, &allocator);
        cz_file_close(&weights->shards[i].mapping);
        cz_release(&allocator, weights->shards[i].path);
    }
    cz_release(&allocator, weights->shards);
    cz_release(&allocator, weights);
}

/* ---- tensors that no file has ---- */

/* Room for one more in a list of the collection's own. */
static bool make_room(cz_weights *weights)
{
    size_t bytes = (weights->count + 1) * sizeof *weights->tensors;
    void *list = weights->picked ? cz_resize(&weights->allocator, weights->tensors, bytes, 1)
                                 : cz_allocate(&weights->allocator, bytes, 1);
    if (!list)
        return false;
    if (!weights->picked)
        memcpy(list, weights->tensors, weights->count * sizeof *weights->tensors);
    weights->tensors = list;
    weights->picked = true;
    return true;
}

static void put_tensor(cz_weights *weights, const cz_stored_tensor *tensor)
{
    cz_stored_tensor *found = (void *)(uintptr_t)cz_weights_find(weights, tensor->name);
    size_t at = 0;
    if (found) {
        *found = *tensor;
        return;
    }
    while (at < weights->count && strcmp(weights->tensors[at].name, tensor->name) < 0)
        at++;
    memmove(weights->tensors + at + 1, weights->tensors + at,
            (weights->count++ - at) * sizeof *weights->tensors);
    weights->tensors[at] = *tensor;
}

/* A block of memory that the collection owns, as if it had read it from a file. */
static cloze_status own(cz_weights *weights, size_t size, char **out, cloze_error *error)
{
    shard *one = NULL;
    cloze_status status = shard_add(weights, "(memory)", &one, error);
    if (status)
        return status;
    if (!(*out = cz_allocate(&weights->allocator, size, 1)))
        return cz_fail_memory(error, "tensors", size);
    one->mapping = (cz_mapping){ *out, size, false, &weights->allocator, -1 };
    return CLOZE_OK;
}

cloze_status cz_weights_put(cz_weights *weights, const cz_stored_tensor *like, void **data,
                            cloze_error *error)
{
    size_t name = strlen(like->name) + 1, begin = 0, size;
    char *block = NULL;
    if (!cz_align_up(name, CZ_ARENA_ALIGNMENT, &begin) || !cz_add(begin, like->size, &size) ||
        !make_room(weights))
        return cz_fail_memory(error, "tensors", like->size);
    cloze_status status = own(weights, size, &block, error);
    if (status)
        return status;
    cz_stored_tensor tensor = *like;
    tensor.name = memcpy(block, like->name, name);
    tensor.data = *data = block + begin;
    tensor.file = weights->shard_count - 1;
    put_tensor(weights, &tensor);
    return CLOZE_OK;
}

cloze_status cz_weights_prefix(cz_weights *weights, const char *prefix, cloze_error *error)
{
    size_t more = strlen(prefix), size = 1;
    char *at = NULL;
    for (size_t i = 0; i < weights->count; i++)
        size += more + strlen(weights->tensors[i].name) + 1;
    if (!make_room(weights))
        return cz_fail_memory(error, "a list of tensors", size);
    cloze_status status = own(weights, size, &at, error);
    for (size_t i = 0; i < weights->count && !status; i++) {
        size_t length = strlen(weights->tensors[i].name) + 1;
        memcpy(at, prefix, more);
        memcpy(at + more, weights->tensors[i].name, length);
        weights->tensors[i].name = at;
        at += more + length;
    }
    return status;
}

cloze_status cz_weights_check(const cz_weights *weights, cloze_error *error)
{
    for (size_t i = 0; i < weights->shard_count; i++) {
        const shard *one = &weights->shards[i];
        cloze_status status = cz_file_check(&one->mapping, one->path, error);
        if (status)
            return status;
    }
    return CLOZE_OK;
}

size_t cz_weights_count(const cz_weights *weights)
{
    return weights->count;
}

const cz_stored_tensor *cz_weights_tensor(const cz_weights *weights, size_t index)
{
    return index < weights->count ? &weights->tensors[index] : NULL;
}

const cz_stored_tensor *cz_weights_find(const cz_weights *weights, const char *name)
{
    return find_in(weights->tensors, weights->count, name);
}

void cz_weights_forget(const cz_weights *weights, const cz_stored_tensor *tensor)
{
    const cz_mapping *mapping = &weights->shards[tensor->file].mapping;
    uintptr_t begin = (uintptr_t)mapping->data, at = (uintptr_t)tensor->data;
    if (mapping->mapped && at >= begin && at - begin < mapping->size) /* else it is a copy */
        cz_file_forget(mapping, at - begin, tensor->size);
}
