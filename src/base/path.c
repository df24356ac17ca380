/* path.c - the paths of file.h: which names a file may tell us, and where links may lead. */
#include "base/file.h"

#include "base/error.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

cloze_status cz_path_join(char *out, size_t out_size, const char *folder, const char *name,
                          cloze_error *error)
{
    int length = snprintf(out, out_size, "%s/%s", folder, name);
    if (length < 0 || (size_t)length >= out_size)
        return cz_fail(error, CLOZE_ERROR_LIMIT, "path is too long: %.200s/...", folder);
    return CLOZE_OK;
}

static bool is_plain_part(const char *part, size_t size)
{
    if (!size || (size == 1 && part[0] == '.') || (size == 2 && !memcmp(part, "..", 2)))
        return false;
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)part[i] < 0x20 || part[i] == '\\' || part[i] == 0x7f)
            return false;
    return true;
}

cloze_status cz_path_below(char *out, size_t out_size, const char *folder, const char *name,
                           cloze_error *error)
{
    const char *part = name;
    for (;;) {
        size_t size = strcspn(part, "/");
        if (!is_plain_part(part, size)) {
            char shown[128];
            return cz_fail(error, CLOZE_ERROR_FORMAT,
                           "%.200s names the file \"%s\": only plain names below the folder are "
                           "allowed",
                           folder, cz_printable(shown, sizeof shown, name, strlen(name)));
        }
        if (!part[size])
            return cz_path_join(out, out_size, folder, name, error);
        part += size + 1;
    }
}

/* The folder X of a snapshot X/snapshots/COMMIT/..., as a length; 0 if it is none. */
static size_t repository_length(const char *folder)
{
    static const char name[] = "/snapshots/";
    const char *found = NULL;
    for (const char *at = folder; (at = strstr(at, name)); at++)
        found = at;
    return found ? (size_t)(found - folder) : 0;
}

cloze_status cz_path_stays(const char *folder, const char *path, cloze_error *error)
{
    static const char blobs[] = "/blobs/";
    char *top = realpath(folder, NULL), *end = realpath(path, NULL);
    size_t length = top ? strlen(top) : 0, repository = top ? repository_length(top) : 0;
    bool stays = top && end &&
                 ((!strncmp(end, top, length) && (end[length] == '/' || length == 1)) ||
                  (repository && !strncmp(end, top, repository) &&
                   !strncmp(end + repository, blobs, sizeof blobs - 1)));
    bool found = top && end;
    int reason = errno;
    free(top);
    free(end);
    if (!found)
        return cz_fail(error, reason == ENOMEM ? CLOZE_ERROR_MEMORY : CLOZE_ERROR_NOT_FOUND,
                       "cannot open %.300s: %s", path, strerror(reason));
    if (!stays)
        return cz_fail(error, CLOZE_ERROR_FORMAT, "%.300s is a link that leads out of its folder",
                       path);
    return CLOZE_OK;
}

bool cz_path_is_folder(const char *path)
{
    struct stat state;
    return !stat(path, &state) && S_ISDIR(state.st_mode);
}

bool cz_path_is_file(const char *path)
{
    struct stat state;
    return !stat(path, &state) && S_ISREG(state.st_mode);
}

cloze_status cz_folder_make(const char *path, cloze_error *error)
{
    char part[CZ_PATH_SIZE];
    size_t length = strlen(path);
    if (length >= sizeof part)
        return cz_fail(error, CLOZE_ERROR_LIMIT, "path is too long: %.200s...", path);
    memcpy(part, path, length + 1);
    for (size_t i = 1; i <= length; i++) {
        if (part[i] != '/' && part[i])
            continue;
        char kept = part[i];
        part[i] = 0;
        if (mkdir(part, 0777) && errno != EEXIST && !cz_path_is_folder(part))
            return cz_fail(error, CLOZE_ERROR_IO, "cannot make the folder %.300s: %s", part,
                           strerror(errno));
        part[i] = kept;
    }
    return cz_path_is_folder(path) ? CLOZE_OK
                                   : cz_fail(error, CLOZE_ERROR_IO, "%.300s is not a folder", path);
}
