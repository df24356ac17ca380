/*
 * hub.c - finding a repository in the cache that Python's huggingface_hub uses.
 */
#include <cloze/hub.h>

#include "base/error.h"
#include "base/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_SIZE = 4096 };

static cloze_status cache_folder(const cloze_hub_options *options, char *out, cloze_error *error)
{
    const char *cache = options && options->cache ? options->cache : getenv("HF_HUB_CACHE");
    const char *home = getenv("HF_HOME"), *user = getenv("HOME");
    int length = cache && *cache   ? snprintf(out, PATH_SIZE, "%s", cache)
                 : home && *home   ? snprintf(out, PATH_SIZE, "%s/hub", home)
                 : snprintf(out, PATH_SIZE, "%s/.cache/huggingface/hub", user ? user : "");
    return length > 0 && length < PATH_SIZE
               ? CLOZE_OK
               : cz_fail(error, CLOZE_ERROR_LIMIT, "the path of the hub cache is too long");
}

cloze_status cloze_hub_find(const char *name, const cloze_hub_options *options, char *path,
                            size_t path_size, cloze_error *error)
{
    char cache[PATH_SIZE], repository[PATH_SIZE], reference[PATH_SIZE + 300], folder[512];
    const char *revision = options && options->revision ? options->revision : "main";
    cz_mapping file = { 0 };
    size_t used = 0;
    cloze_status status = cache_folder(options, cache, error);
    if (status)
        return status;
    for (const char *c = name; *c && used + 3 < sizeof folder; c++)
        used += (size_t)snprintf(folder + used, sizeof folder - used, *c == '/' ? "--" : "%c", *c);
    folder[used] = 0;
    snprintf(repository, sizeof repository, "%.3000s/models--%.500s", cache, folder);
    snprintf(reference, sizeof reference, "%s/refs/%.200s", repository, revision);
    if (!cz_file_open(&file, reference, 256, true, NULL, NULL)) {
        snprintf(path, path_size, "%s/snapshots/%.*s", repository, (int)strcspn(file.data, "\r\n"), file.data);
        cz_file_close(&file);
    } else {
        snprintf(path, path_size, "%s/snapshots/%.200s", repository, revision);
    }
    if (cz_path_is_folder(path))
        return CLOZE_OK;
    return cz_fail(error, CLOZE_ERROR_NOT_FOUND,
                   "%.200s is neither a folder nor in the hub cache; get it with: cloze pull %.200s",
                   name, name);
}
