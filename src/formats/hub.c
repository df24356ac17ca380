/*
 * hub.c - finding a repository in the cache that Python's huggingface_hub keeps. Opens no socket.
 */
#include "formats/hub.h"

#include "base/error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_MOST = 96 };

const char *cz_environment(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

bool cz_is_commit(const char *text)
{
    return strlen(text) == 40 && strspn(text, "0123456789abcdef") == 40;
}

const cloze_allocator *cz_hub_allocator(const cloze_hub_options *options)
{
    return options && options->hooks ? &options->hooks->allocator : NULL;
}

/* A path from the environment, where "~" may stand for the home folder. */
static cloze_status expand(char *out, size_t out_size, const char *path, const char *below,
                           cloze_error *error)
{
    const char *home = "";
    int length;
    if (path[0] == '~' && (path[1] == '/' || !path[1])) {
        if (!(home = cz_environment("HOME")))
            return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                           "HOME is not set: set HF_HOME to the folder for downloaded models");
        path++;
    }
    length = snprintf(out, out_size, "%s%s%s", home, path, below);
    if (length < 0 || (size_t)length >= out_size)
        return cz_fail(error, CLOZE_ERROR_LIMIT, "the path of the hub cache is too long");
    return CLOZE_OK;
}

cloze_status cz_hub_home(char *out, size_t out_size, cloze_error *error)
{
    const char *home = cz_environment("HF_HOME"), *caches = cz_environment("XDG_CACHE_HOME");
    if (home)
        return expand(out, out_size, home, "", error);
    return expand(out, out_size, caches ? caches : "~/.cache", "/huggingface", error);
}

static cloze_status cache_folder(char *out, size_t out_size, const cloze_hub_options *options,
                                 cloze_error *error)
{
    const char *cache = options ? options->cache : NULL;
    char home[CZ_PATH_SIZE];
    cloze_status status;
    if (!cache)
        cache = cz_environment("HF_HUB_CACHE");
    if (!cache)
        cache = cz_environment("HUGGINGFACE_HUB_CACHE");
    if (cache)
        return expand(out, out_size, cache, "", error);
    status = cz_hub_home(home, sizeof home, error);
    return status ? status : cz_path_join(out, out_size, home, "hub", error);
}

/* One half of ORG/NAME, by the hub's own rules. */
static bool is_name_part(const char *part, size_t size)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    if (!size || strspn(part, letters) < size || strchr(".-", part[0]) ||
        strchr(".-", part[size - 1]))
        return false;
    for (size_t i = 1; i < size; i++)
        if ((part[i] == '.' || part[i] == '-') && part[i] == part[i - 1])
            return false;
    return true;
}

static bool is_repository_name(const char *name, size_t size)
{
    const char *slash = memchr(name, '/', size);
    size_t first = slash ? (size_t)(slash - name) : size;
    return size <= NAME_MOST && is_name_part(name, first) &&
           (!slash || is_name_part(slash + 1, size - first - 1));
}

static void fill_folder(cz_repository *repository)
{
    const char *slash = strchr(repository->name, '/');
    int first = slash ? (int)(slash - repository->name) : 0;
    if (slash)
        snprintf(repository->folder, sizeof repository->folder, "models--%.*s--%s", first,
                 repository->name, slash + 1);
    else
        snprintf(repository->folder, sizeof repository->folder, "models--%s", repository->name);
}

cloze_status cz_repository_of(cz_repository *out, const char *name,
                              const cloze_hub_options *options, cloze_error *error)
{
    const char *revision = options ? options->revision : NULL, *at = strchr(name, '@');
    size_t size = at ? (size_t)(at - name) : strlen(name);
    char shown[160], path[CZ_PATH_SIZE];
    cloze_status status;
    if (!is_repository_name(name, size))
        return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                       "\"%s\" is neither a folder nor a name of the hub like ORG/NAME",
                       cz_printable(shown, sizeof shown, name, strlen(name)));
    if (!revision)
        revision = at ? at + 1 : "main";
    if (strlen(revision) >= sizeof out->revision ||
        cz_path_below(path, sizeof path, "refs", revision, NULL))
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "\"%s\" is not a branch, tag or commit",
                       cz_printable(shown, sizeof shown, revision, strlen(revision)));
    memcpy(out->name, name, size);
    out->name[size] = 0;
    memcpy(out->revision, revision, strlen(revision) + 1);
    fill_folder(out);
    out->allocator = cz_hub_allocator(options);
    status = cache_folder(out->cache, sizeof out->cache, options, error);
    return status ? status
                  : cz_path_join(out->path, sizeof out->path, out->cache, out->folder, error);
}

/* The commit that refs/REVISION holds; CLOZE_ERROR_NOT_FOUND if it holds none. */
static cloze_status read_reference(const cz_repository *repository, char *commit)
{
    char folder[CZ_PATH_SIZE], path[CZ_PATH_SIZE];
    cz_mapping file;
    size_t size;
    cloze_status status;
    if (cz_path_join(folder, sizeof folder, repository->path, "refs", NULL) ||
        cz_path_below(path, sizeof path, folder, repository->revision, NULL))
        return CLOZE_ERROR_NOT_FOUND;
    status = cz_file_open(&file, path, 256, true, repository->allocator, NULL);
    if (status)
        return status == CLOZE_ERROR_MEMORY ? status : CLOZE_ERROR_NOT_FOUND;
    for (size = file.size; size && strchr(" \r\n", file.data[size - 1]); size--)
        continue;
    bool fits = size == 40;
    if (fits) {
        memcpy(commit, file.data, size);
        commit[size] = 0;
    }
    cz_file_close(&file);
    return fits && cz_is_commit(commit) ? CLOZE_OK : CLOZE_ERROR_NOT_FOUND;
}

cloze_status cz_repository_find(const cz_repository *repository, char *path, size_t path_size,
                                cloze_error *error)
{
    char folder[CZ_PATH_SIZE], found[CZ_PATH_SIZE], commit[41];
    cloze_status status = cz_path_join(folder, sizeof folder, repository->path, "snapshots", error);
    if (status)
        return status;
    status = read_reference(repository, commit);
    if (status == CLOZE_ERROR_MEMORY)
        return cz_fail_memory(error, "the name of a snapshot", sizeof commit);
    if (status) {
        if (!cz_is_commit(repository->revision))
            return CLOZE_ERROR_NOT_FOUND;
        memcpy(commit, repository->revision, sizeof commit);
    }
    if ((status = cz_path_join(found, sizeof found, folder, commit, error)))
        return status;
    if (!cz_path_is_folder(found))
        return CLOZE_ERROR_NOT_FOUND;
    if (strlen(found) >= path_size)
        return cz_fail(error, CLOZE_ERROR_LIMIT, "the path of the model is too long");
    memcpy(path, found, strlen(found) + 1);
    return CLOZE_OK;
}

cloze_status cloze_hub_find(const char *name, const cloze_hub_options *options, char *path,
                            size_t path_size, cloze_error *error)
{
    cz_repository repository;
    cloze_status status = cz_repository_of(&repository, name, options, error);
    if (status)
        return status;
    status = cz_repository_find(&repository, path, path_size, error);
    if (status != CLOZE_ERROR_NOT_FOUND)
        return status;
    return cz_fail(error, status,
                   "%s@%s is not in the hub cache (%.150s); get it with: cloze pull %s%s%s",
                   repository.name, repository.revision, repository.cache, repository.name,
                   strcmp(repository.revision, "main") ? "@" : "",
                   strcmp(repository.revision, "main") ? repository.revision : "");
}
