/*
 * folder.c - the folders of file.h: one that is written whole or not at all, and the names in one.
 */
#include "base/file.h"

#include "base/error.h"
#include "base/random.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ATTEMPTS = 100, OPEN_AT_ONCE = 8 };

static cloze_status fail_errno(cloze_error *error, const char *verb, const char *path)
{
    return cz_fail(error, errno == ENOENT ? CLOZE_ERROR_NOT_FOUND : CLOZE_ERROR_IO,
                   "cannot %s %.300s: %s", verb, path, strerror(errno));
}

/* ---- the names in a folder ---- */

static int list(struct dirent ***names, const char *path)
{
    return scandir(path, names, NULL, alphasort);
}

static bool is_dots(const char *name)
{
    return !strcmp(name, ".") || !strcmp(name, "..");
}

cloze_status cz_folder_each(const char *path, size_t limit,
                            cloze_status (*each)(void *context, const char *name,
                                                 cloze_error *error),
                            void *context, cloze_error *error)
{
    struct dirent **names = NULL;
    int count = list(&names, path);
    cloze_status status = CLOZE_OK;
    if (count < 0)
        return fail_errno(error, "list", path);
    if ((size_t)count > limit + 2)
        status = cz_fail(error, CLOZE_ERROR_LIMIT, "%.300s holds more than %zu files", path, limit);
    for (int i = 0; i < count; i++) {
        if (!status && !is_dots(names[i]->d_name))
            status = each(context, names[i]->d_name, error);
        free(names[i]);
    }
    free(names);
    return status;
}

/* The folder that holds a path, into `out` [CZ_PATH_SIZE]. */
static const char *parent_of(const char *path, char *out)
{
    const char *slash = strrchr(path, '/');
    size_t length = slash ? (size_t)(slash - path) : 0;
    if (!slash)
        return ".";
    memcpy(out, path, length);
    out[length] = 0;
    return length ? out : "/";
}

/* ---- what was killed while it was written ---- */

/* "NAME.01234567", as create_beside of file.c makes it. */
static bool is_left_of(const char *name, const char *of)
{
    size_t size = strlen(of);
    return !strncmp(name, of, size) && name[size] == '.' && strlen(name + size + 1) == 8 &&
           strspn(name + size + 1, "0123456789abcdef") == 8;
}

void cz_output_sweep(const char *path)
{
    char folder[CZ_PATH_SIZE], left[CZ_PATH_SIZE];
    const char *slash = strrchr(path, '/');
    struct dirent **names = NULL;
    if (strlen(path) >= sizeof folder)
        return;
    const char *parent = parent_of(path, folder);
    int count = list(&names, parent);
    for (int i = 0; i < count; i++) {
        if (is_left_of(names[i]->d_name, slash ? slash + 1 : path) &&
            !cz_path_join(left, sizeof left, parent, names[i]->d_name, NULL))
            unlink(left);
        free(names[i]);
    }
    free(names);
}

/* ---- a folder being written ---- */

static bool is_empty(const char *path)
{
    struct dirent **names = NULL;
    int count = list(&names, path);
    for (int i = 0; i < count; i++)
        free(names[i]);
    free(names);
    return count == 2;
}

cloze_status cz_folder_begin(cz_folder_output *output, const char *path, cloze_error *error)
{
    size_t length = strlen(path);
    struct stat there;
    while (length > 1 && path[length - 1] == '/')
        length--;
    if (!length || length + sizeof ".01234567" > sizeof output->temporary)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "\"%.200s\" cannot be the path of a folder",
                       path);
    memcpy(output->path, path, length);
    output->path[length] = 0;
    if (!lstat(output->path, &there) && (!S_ISDIR(there.st_mode) || !is_empty(output->path)))
        return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                       "%.300s is there already and is not an empty folder: choose another name",
                       output->path);
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        snprintf(output->temporary, sizeof output->temporary, "%.*s.%08x", (int)length,
                 output->path, (unsigned)(cz_system_seed() & 0xffffffffu));
        if (!mkdir(output->temporary, 0777))
            return CLOZE_OK;
        if (errno != EEXIST)
            break;
    }
    return fail_errno(error, "make the folder", output->path);
}

static int remove_one(const char *path, const struct stat *state, int kind, struct FTW *place)
{
    (void)state;
    (void)kind;
    (void)place;
    return remove(path);
}

static void sync_folder(const char *path)
{
    int file = open(path, O_RDONLY | O_CLOEXEC | O_DIRECTORY);
    if (file < 0)
        return;
    (void)fsync(file);
    close(file);
}

cloze_status cz_folder_finish(cz_folder_output *output, cloze_status so_far, cloze_error *error)
{
    char parent[CZ_PATH_SIZE];
    cloze_status status = so_far;
    if (!status) {
        sync_folder(output->temporary);
        if (rename(output->temporary, output->path))
            status = fail_errno(error, "rename to", output->path);
        else
            sync_folder(parent_of(output->path, parent));
    }
    if (status)
        (void)nftw(output->temporary, remove_one, OPEN_AT_ONCE, FTW_DEPTH | FTW_PHYS);
    return status;
}
