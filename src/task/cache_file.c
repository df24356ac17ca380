/*
 * cache_file.c - the file of a cache: safetensors, read strictly and checked before a row of it is
 * used. The checksum guards against bits that a disk lost, not against a forger.
 */
#include "task/cache.h"

#include "base/checksum.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"

#include <math.h>
#include <string.h>

enum { KEY, PROBE, TEXTS, LOST, VECTORS, CHECKSUM, PARTS };

static const char *const names[PARTS] = { "key", "probe", "texts", "lost", "vectors", "checksum" };

/* Of everything before it in the file. */
static cz_checksum checksum(const cz_tensor_to_store parts[PARTS], const size_t sizes[PARTS])
{
    cz_checksum all = cz_checksum_begin();
    for (int i = 0; i < CHECKSUM; i++)
        cz_checksum_add(&all, parts[i].data, sizes[i]);
    return all;
}

static void lay_out(const cloze_vector_cache *cache, cz_tensor_to_store parts[PARTS],
                    size_t sizes[PARTS])
{
    const struct {
        cz_type type;
        size_t rows, columns; /* rows 0: no such dimension */
        const void *data;
    } shapes[PARTS] = {
        [KEY] = { CZ_U8, 0, CZ_FINGERPRINT, cache->key },
        [PROBE] = { CZ_F32, 0, cache->dimension, cache->probe },
        [TEXTS] = { CZ_U8, 1, CZ_TEXT_DIGEST, cache->texts },
        [LOST] = { CZ_I64, 1, 0, cache->lost },
        [VECTORS] = { CZ_F32, 1, cache->dimension, cache->vectors },
        [CHECKSUM] = { CZ_U8, 0, sizeof(cz_checksum), NULL },
    };
    for (int i = 0; i < PARTS; i++) {
        cz_tensor_to_store *part = &parts[i];
        *part = (cz_tensor_to_store){ .name = names[i],
                                      .type = shapes[i].type,
                                      .data = shapes[i].data };
        sizes[i] = cz_type_size(part->type);
        if (shapes[i].rows)
            sizes[i] *= part->shape[part->rank++] = cache->count;
        if (shapes[i].columns)
            sizes[i] *= part->shape[part->rank++] = shapes[i].columns;
    }
}

cloze_status cz_cache_write(const cloze_vector_cache *cache, cloze_error *error)
{
    cz_tensor_to_store parts[PARTS];
    size_t sizes[PARTS];
    cz_checksum all;
    lay_out(cache, parts, sizes);
    all = checksum(parts, sizes);
    parts[CHECKSUM].data = &all;
    return cz_safetensors_write(cache->path, parts, PARTS, error);
}

/* ---- reading ---- */

static cloze_status refuse(const cloze_vector_cache *cache, cloze_error *error)
{
    return cz_fail(error, CLOZE_ERROR_FORMAT,
                   "%.300s is no cache of vectors; it is left as it is: name another file, or "
                   "remove it",
                   cache->path);
}

/* The tensors of a cache, of any model. */
static bool has_parts(const cz_weights *file, const cz_stored_tensor *part[PARTS])
{
    static const cz_type types[PARTS] = { CZ_U8, CZ_F32, CZ_U8, CZ_I64, CZ_F32, CZ_U8 };
    static const int ranks[PARTS] = { 1, 1, 2, 1, 2, 1 };
    for (int i = 0; i < PARTS; i++) {
        part[i] = cz_weights_find(file, names[i]);
        if (!part[i] || part[i]->type != types[i] || part[i]->rank != ranks[i])
            return false;
    }
    return cz_weights_count(file) == PARTS && part[KEY]->shape[0] == CZ_FINGERPRINT &&
           part[CHECKSUM]->shape[0] == sizeof(cz_checksum) &&
           part[TEXTS]->shape[1] == CZ_TEXT_DIGEST &&
           part[LOST]->shape[0] == part[TEXTS]->shape[0] &&
           part[VECTORS]->shape[0] == part[TEXTS]->shape[0] &&
           part[VECTORS]->shape[1] == part[PROBE]->shape[0];
}

static bool same(const cz_stored_tensor *part, const void *data, size_t size)
{
    return part->size == size && !memcmp(part->data, data, size);
}

/* Copies the rows and looks at each; false where one cannot be right. */
static bool take_rows(cloze_vector_cache *cache, const cz_stored_tensor *part[PARTS])
{
    size_t rows = part[TEXTS]->shape[0];
    memcpy(cache->lost, part[LOST]->data, part[LOST]->size);
    memcpy(cache->vectors, part[VECTORS]->data, part[VECTORS]->size);
    for (size_t i = 0; i < rows; i++) {
        const unsigned char *digest = (const unsigned char *)part[TEXTS]->data + i * CZ_TEXT_DIGEST;
        if (cache->lost[i] < 0 || cz_cache_row(cache, digest, true) != i)
            return false;
    }
    for (size_t i = 0; i < rows * cache->dimension; i++)
        if (!isfinite(cache->vectors[i]))
            return false;
    return true;
}

static cloze_status take(cloze_vector_cache *cache, const cz_weights *file, cloze_error *error)
{
    const cz_stored_tensor *part[PARTS];
    cz_checksum all = cz_checksum_begin();
    cloze_status status;
    if (!has_parts(file, part))
        return refuse(cache, error);
    for (int i = 0; i < CHECKSUM; i++)
        cz_checksum_add(&all, part[i]->data, part[i]->size);
    cache->state = CLOZE_CACHE_DAMAGED;
    if (!same(part[CHECKSUM], &all, sizeof all))
        return CLOZE_OK;
    cache->state = CLOZE_CACHE_FOREIGN;
    if (!same(part[KEY], cache->key, sizeof cache->key) ||
        !same(part[PROBE], cache->probe, cache->dimension * sizeof *cache->probe))
        return CLOZE_OK;
    if ((status = cz_cache_reserve(cache, part[TEXTS]->shape[0], error)))
        return status;
    cache->state = CLOZE_CACHE_KNOWN;
    if (take_rows(cache, part)) {
        cache->stored = cache->count;
        return CLOZE_OK;
    }
    cache->state = CLOZE_CACHE_DAMAGED;
    cache->count = 0;
    memset(cache->slots, 0, cache->slot_count * sizeof *cache->slots);
    return CLOZE_OK;
}

/* A file that could not be written in the end should be known before everything is computed. */
static cloze_status check_folder(const char *path, cloze_error *error)
{
    char folder[CZ_PATH_SIZE];
    const char *slash = strrchr(path, '/');
    size_t size = slash ? (size_t)(slash - path) : 0;
    if (!size)
        return CLOZE_OK;
    if (size >= sizeof folder)
        return cz_fail(error, CLOZE_ERROR_LIMIT, "path is too long: %.200s...", path);
    memcpy(folder, path, size);
    folder[size] = 0;
    return cz_path_is_folder(folder)
               ? CLOZE_OK
               : cz_fail(error, CLOZE_ERROR_NOT_FOUND, "there is no folder %.300s", folder);
}

cloze_status cz_cache_read(cloze_vector_cache *cache, cloze_error *error)
{
    const cloze_allocator *allocator = &cache->session->hooks.allocator;
    cz_weights_options options = { .allocator = allocator };
    cz_weights *file = NULL;
    cz_mapping bytes;
    cloze_status status = cz_file_open(&bytes, cache->path, SIZE_MAX, false, allocator, error);
    cache->state = CLOZE_CACHE_NEW;
    if (status == CLOZE_ERROR_NOT_FOUND)
        return check_folder(cache->path, error);
    if (status)
        return status;
    status = cz_weights_open_memory(&file, bytes.data, bytes.size, &options, error);
    if (status == CLOZE_ERROR_FORMAT || status == CLOZE_ERROR_UNSUPPORTED ||
        status == CLOZE_ERROR_LIMIT)
        status = refuse(cache, error);
    else if (!status)
        status = take(cache, file, error);
    if (!status)
        status = cz_file_check(&bytes, cache->path, error);
    cz_weights_close(file);
    cz_file_close(&bytes);
    return status;
}
