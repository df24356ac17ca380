/* file.c - see file.h. */
#include "base/file.h"

#include "base/error.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static cloze_status fail_errno(cloze_error *error, const char *verb, const char *path)
{
    int reason = errno;
    cloze_status status = reason == ENOENT || reason == ENOTDIR ? CLOZE_ERROR_NOT_FOUND
                                                                : CLOZE_ERROR_IO;
    return cz_fail(error, status, "cannot %s %.300s: %s", verb, path, strerror(reason));
}

static cloze_status read_all(int file, char *data, size_t size, const char *path,
                             cloze_error *error)
{
    size_t done = 0;
    while (done < size) {
        ssize_t got = read(file, data + done, size - done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fail_errno(error, "read", path);
        if (!got)
            return cz_fail(error, CLOZE_ERROR_IO, "%.300s became shorter while it was read", path);
        done += (size_t)got;
    }
    return CLOZE_OK;
}

static cloze_status open_data(cz_mapping *out, int file, size_t size, const char *path,
                              bool read_instead, cloze_error *error)
{
    cz_mapping mapping = { "", size, false, out->allocator };
    if (!size) {
        *out = mapping;
        return CLOZE_OK;
    }
    if (!read_instead) {
        void *data = mmap(NULL, size, PROT_READ, MAP_PRIVATE, file, 0);
        if (data == MAP_FAILED)
            return fail_errno(error, "map", path);
        mapping.data = data;
        mapping.mapped = true;
        *out = mapping;
        return CLOZE_OK;
    }
    char *data = cz_allocate(out->allocator, size, 1);
    if (!data)
        return cz_fail_memory(error, path, size);
    cloze_status status = read_all(file, data, size, path, error);
    if (status) {
        cz_release(out->allocator, data);
        return status;
    }
    mapping.data = data;
    *out = mapping;
    return CLOZE_OK;
}

cloze_status cz_file_open(cz_mapping *out, const char *path, size_t limit, bool read_instead,
                          const cloze_allocator *allocator, cloze_error *error)
{
    struct stat state;
    cz_mapping mapping = { "", 0, false, allocator };
    cloze_status status;
    /* NONBLOCK: a fifo with this name must not hang us; only regular files go on. */
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0)
        return fail_errno(error, "open", path);
    if (fstat(file, &state))
        status = fail_errno(error, "open", path);
    else if (!S_ISREG(state.st_mode))
        status = cz_fail(error, CLOZE_ERROR_IO, "%.300s is not a regular file", path);
    else if (state.st_size < 0 || (uint64_t)state.st_size > limit)
        status = cz_fail(error, CLOZE_ERROR_LIMIT, "%.300s has %lld bytes, more than the limit %zu",
                         path, (long long)state.st_size, limit);
    else
        status = open_data(&mapping, file, (size_t)state.st_size, path, read_instead, error);
    close(file);
    if (!status)
        *out = mapping;
    return status;
}

void cz_file_close(cz_mapping *mapping)
{
    if (mapping->mapped)
        munmap((void *)(uintptr_t)mapping->data, mapping->size);
    else if (mapping->size)
        cz_release(mapping->allocator, (void *)(uintptr_t)mapping->data);
    *mapping = (cz_mapping){ "", 0, false, NULL };
}

void cz_file_forget(const cz_mapping *mapping, size_t offset, size_t size)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), begin, end;
    if (!mapping->mapped || offset > mapping->size || size > mapping->size - offset)
        return;
    begin = ((uintptr_t)mapping->data + offset + page - 1) / page * page;
    end = ((uintptr_t)mapping->data + offset + size) / page * page;
    if (end > begin)
        (void)madvise((void *)begin, end - begin, MADV_DONTNEED);
}

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
    char part[4096];
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
            return fail_errno(error, "make the folder", part);
        part[i] = kept;
    }
    return cz_path_is_folder(path)
               ? CLOZE_OK
               : cz_fail(error, CLOZE_ERROR_IO, "%.300s is not a folder", path);
}

static cloze_status write_all(int file, const char *data, size_t size, const char *path,
                              cloze_error *error)
{
    size_t done = 0;
    while (done < size) {
        ssize_t put = write(file, data + done, size - done);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return fail_errno(error, "write", path);
        done += (size_t)put;
    }
    return fsync(file) && errno != EINVAL && errno != EROFS ? fail_errno(error, "write", path)
                                                            : CLOZE_OK;
}

cloze_status cz_file_write(const char *path, const void *data, size_t size, cloze_error *error)
{
    char temporary[4096];
    mode_t mask;
    cloze_status status;
    int length = snprintf(temporary, sizeof temporary, "%s.XXXXXX", path), file;
    if (length < 0 || (size_t)length >= sizeof temporary)
        return cz_fail(error, CLOZE_ERROR_LIMIT, "path is too long: %.200s...", path);
    if ((file = mkstemp(temporary)) < 0)
        return fail_errno(error, "create", path);
    /* mkstemp makes 0600; what is written should be as readable as any new file. */
    mask = umask(0);
    umask(mask);
    (void)fchmod(file, 0666 & ~mask);
    status = write_all(file, data, size, path, error);
    if (close(file) && !status)
        status = fail_errno(error, "write", path);
    if (!status && rename(temporary, path))
        status = fail_errno(error, "rename to", path);
    if (status)
        unlink(temporary);
    return status;
}
