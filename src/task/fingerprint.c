/*
 * fingerprint.c - see fingerprint.h. Numbers and texts go in with their sizes, so that no two
 * different lists of them give the same bytes.
 */
#include "task/fingerprint.h"

#include "base/digest.h"
#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SAMPLE = 4096, STRIDE = 256 << 10, FILES_MOST = 1000, FILE_MOST = 256 << 20 };

static void add_number(cz_digest *digest, uint64_t number)
{
    unsigned char bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (unsigned char)(number >> (8 * i) & 255);
    cz_digest_add(digest, bytes, sizeof bytes);
}

static void add_text(cz_digest *digest, const char *text)
{
    add_number(digest, text ? strlen(text) + 1 : 0);
    if (text)
        cz_digest_add(digest, text, strlen(text));
}

static void add_options(cz_digest *digest, const cloze_embed_options *options)
{
    static const cloze_embed_options none;
    const cloze_embed_options *o = options ? options : &none;
    add_number(digest, o->pooling);
    add_number(digest, o->normalize);
    add_text(digest, o->prompt_name);
    add_text(digest, o->prompt);
    add_number(digest, o->long_text);
    add_number(digest, o->max_tokens);
    add_number(digest, o->truncate_dimension);
    add_number(digest, o->layer);
}

static void add_weights(cz_digest *digest, const cz_weights *weights)
{
    size_t count = weights ? cz_weights_count(weights) : 0;
    add_number(digest, count);
    for (size_t i = 0; i < count; i++) {
        const cz_stored_tensor *tensor = cz_weights_tensor(weights, i);
        add_text(digest, tensor->name);
        add_number(digest, tensor->type);
        for (int k = 0; k < tensor->rank; k++)
            add_number(digest, tensor->shape[k]);
        for (size_t at = 0; at < tensor->size; at += STRIDE)
            cz_digest_add(digest, (const char *)tensor->data + at,
                          tensor->size - at < SAMPLE ? tensor->size - at : SAMPLE);
    }
}

static void add_pipeline(cz_digest *digest, const cz_pipeline *pipeline)
{
    add_number(digest, pipeline->pooling);
    add_number(digest, pipeline->exclude_prompt);
    add_number(digest, pipeline->lower_case);
    add_number(digest, pipeline->default_prompt);
    for (size_t i = 0; i < pipeline->prompt_count; i++) {
        add_text(digest, pipeline->prompts[i].name);
        add_text(digest, pipeline->prompts[i].text);
    }
    for (size_t i = 0; i < pipeline->module_count; i++) {
        add_number(digest, pipeline->modules[i].kind);
        add_number(digest, pipeline->modules[i].activation);
        add_weights(digest, pipeline->modules[i].weights);
    }
}

/* ---- the files beside the weights ---- */

static bool matters(const char *name)
{
    static const char *const endings[] = { ".json", ".txt", ".model" };
    size_t size = strlen(name);
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        if (size > strlen(endings[i]) && !strcmp(name + size - strlen(endings[i]), endings[i]))
            return true;
    return false;
}

static int by_name(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

typedef struct names {
    const cloze_allocator *allocator;
    char **item;
    size_t count, capacity;
} names;

static cloze_status list(names *out, const char *folder, cloze_error *error)
{
    DIR *stream = opendir(folder);
    const struct dirent *entry;
    cloze_status status = CLOZE_OK;
    if (!stream)
        return cz_fail(error, CLOZE_ERROR_IO, "cannot list %.300s", folder);
    while (!status && (entry = readdir(stream))) {
        char *copy;
        if (!matters(entry->d_name))
            continue;
        copy = cz_copy_text(out->allocator, entry->d_name, strlen(entry->d_name));
        if (copy && out->count < FILES_MOST &&
            cz_grow(out->allocator, (void **)&out->item, &out->capacity, out->count + 1,
                    sizeof *out->item)) {
            out->item[out->count++] = copy;
            continue;
        }
        cz_release(out->allocator, copy);
        status = out->count == FILES_MOST
                     ? cz_fail(error, CLOZE_ERROR_LIMIT, "%.300s holds more than %d files", folder,
                               (int)FILES_MOST)
                     : cz_fail_memory(error, "a list of files", out->count);
    }
    closedir(stream);
    if (out->count)
        qsort(out->item, out->count, sizeof *out->item, by_name);
    return status;
}

static cloze_status add_file(cz_digest *digest, const char *folder, const char *name,
                             const cloze_allocator *allocator, cloze_error *error)
{
    char path[CZ_PATH_SIZE];
    cz_mapping file;
    cloze_status status = cz_path_join(path, sizeof path, folder, name, error);
    if (status || !cz_path_is_file(path))
        return status;
    if ((status = cz_file_open(&file, path, FILE_MOST, false, allocator, error)))
        return status;
    add_text(digest, name);
    add_number(digest, file.size);
    cz_digest_add(digest, file.data, file.size);
    cz_file_close(&file);
    return CLOZE_OK;
}

static cloze_status add_files(cz_digest *digest, const cloze_model *model, const char *folder,
                              cloze_error *error)
{
    names found = { .allocator = &model->hooks.allocator };
    cloze_status status = list(&found, folder, error);
    for (size_t i = 0; i < found.count; i++) {
        if (!status)
            status = add_file(digest, folder, found.item[i], found.allocator, error);
        cz_release(found.allocator, found.item[i]);
    }
    cz_release(found.allocator, found.item);
    return status;
}

static cloze_status add_model(cz_digest *digest, const cloze_model *model, cloze_error *error)
{
    char folder[CZ_PATH_SIZE];
    cloze_status status = CLOZE_OK;
    add_pipeline(digest, &model->pipeline);
    add_weights(digest, model->network->weights);
    if (!*model->pipeline.transformer)
        snprintf(folder, sizeof folder, "%s", model->path);
    else
        status =
            cz_path_below(folder, sizeof folder, model->path, model->pipeline.transformer, error);
    return status ? status : add_files(digest, model, folder, error);
}

cloze_status cloze_model_digest(const cloze_model *model, char digest[CLOZE_DIGEST_SIZE],
                                cloze_error *error)
{
    cz_digest sum;
    cz_digest_begin(&sum, CZ_SHA256);
    cloze_status status = add_model(&sum, model, error);
    cz_digest_end(&sum, digest);
    return status;
}

static unsigned digit(char c)
{
    return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

cloze_status cz_fingerprint(const cloze_model *model, const cloze_embed_options *options,
                            unsigned char out[CZ_FINGERPRINT], cloze_error *error)
{
    char hex[CZ_DIGEST_HEX];
    cz_digest digest;
    cz_digest_begin(&digest, CZ_SHA256);
    add_text(&digest, cloze_version());
    add_number(&digest, model->engine->backend->type);
    add_number(&digest, model->max_tokens);
    add_options(&digest, options);
    cloze_status status = add_model(&digest, model, error);
    cz_digest_end(&digest, hex);
    for (int i = 0; i < CZ_FINGERPRINT && !status; i++)
        out[i] = (unsigned char)(digit(hex[2 * i]) << 4 | digit(hex[2 * i + 1]));
    return status;
}
