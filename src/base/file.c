/* file.c - see file.h. */
#include "base/file.h"

#include "base/error.h"
#include "base/memory.h"
#include "base/random.h"

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
    cloze_status status =
        reason == ENOENT || reason == ENOTDIR ? CLOZE_ERROR_NOT_FOUND : CLOZE_ERROR_IO;
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
    cz_mapping mapping = { "", size, false, out->allocator, -1 };
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
        mapping.file = file;
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
    cz_mapping mapping = { "", 0, false, allocator, -1 };
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
    if (!mapping.mapped)
        close(file);
    if (!status)
        *out = mapping;
    return status;
}

cloze_status cz_file_check(const cz_mapping *mapping, const char *path, cloze_error *error)
{
    struct stat state;
    if (!mapping->mapped)
        return CLOZE_OK;
    if (fstat(mapping->file, &state))
        return fail_errno(error, "look at", path);
    if (state.st_size < 0 || (uint64_t)state.st_size != mapping->size)
        return cz_fail(error, CLOZE_ERROR_IO,
                       "%.300s had %zu bytes and now has %lld: it was written to while in use",
                       path, mapping->size, (long long)state.st_size);
    return CLOZE_OK;
}

void cz_file_close(cz_mapping *mapping)
{
    if (mapping->mapped) {
        munmap((void *)(uintptr_t)mapping->data, mapping->size);
        close(mapping->file);
    } else if (mapping->size)
        cz_release(mapping->allocator, (void *)(uintptr_t)mapping->data);
    *mapping = (cz_mapping){ "", 0, false, NULL, -1 };
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

/* A new file beside the final one, with the permissions that any new file gets. */
static int create_beside(cz_output *output)
{
    enum { ATTEMPTS = 100, LONGEST = sizeof output->temporary - sizeof ".01234567" };
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        snprintf(output->temporary, sizeof output->temporary, "%.*s.%08x", (int)LONGEST,
                 output->path, (unsigned)(cz_system_seed() & 0xffffffffu));
        int file = open(output->temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (file >= 0 || errno != EEXIST)
            return file;
    }
    return -1;
}

static cloze_status keep_path(cz_output *output, const char *path, cloze_error *error)
{
    size_t length = strlen(path);
    if (length + sizeof ".01234567" > sizeof output->temporary)
        return cz_fail(error, CLOZE_ERROR_LIMIT, "path is too long: %.200s...", path);
    memcpy(output->path, path, length + 1);
    return CLOZE_OK;
}

/* The file at `path`, or at the end of a link there; what is no file is not ours to replace. */
static cloze_status find_old(cz_output *output, const char *path, bool *exists, struct stat *old,
                             cloze_error *error)
{
    *exists = !stat(path, old);
    if (!*exists && !lstat(path, old))
        return cz_fail(error, CLOZE_ERROR_NOT_FOUND, "%.300s is a link that leads nowhere", path);
    if (!*exists)
        return keep_path(output, path, error);
    if (!S_ISREG(old->st_mode))
        return cz_fail(error, CLOZE_ERROR_IO, "%.300s is not a regular file", path);
    if (access(path, W_OK))
        return fail_errno(error, "write", path);
    char *real = realpath(path, NULL);
    if (!real)
        return fail_errno(error, "find", path);
    cloze_status status = keep_path(output, real, error);
    free(real);
    return status;
}

cloze_status cz_output_begin(cz_output *output, const char *path, cloze_error *error)
{
    struct stat old;
    bool exists;
    cloze_status status = find_old(output, path, &exists, &old, error);
    if (status)
        return status;
    if ((output->file = create_beside(output)) < 0)
        return fail_errno(error, "create", path);
    if (exists && fchmod(output->file, old.st_mode & 0777)) {
        status = fail_errno(error, "set the permissions of", path);
        return cz_output_finish(output, status, error);
    }
    return CLOZE_OK;
}

cloze_status cz_output_put(cz_output *output, const void *data, size_t size, cloze_error *error)
{
    size_t done = 0;
    while (done < size) {
        ssize_t put = write(output->file, (const char *)data + done, size - done);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return fail_errno(error, "write", output->path);
        done += (size_t)put;
    }
    return CLOZE_OK;
}

/* Some file systems cannot sync; that is not our caller's trouble. */
static bool sync_failed(int file)
{
    return fsync(file) && errno != EINVAL && errno != EROFS && errno != ENOTSUP;
}

/* The rename itself must reach the disk too; where a folder cannot be synced, so be it. */
static void sync_folder_of(const char *path)
{
    char folder[CZ_PATH_SIZE];
    const char *slash = strrchr(path, '/');
    size_t length = slash ? (size_t)(slash - path) : 0;
    int file;
    memcpy(folder, path, length);
    folder[length] = 0;
    file = open(slash ? (length ? folder : "/") : ".", O_RDONLY | O_CLOEXEC | O_DIRECTORY);
    if (file < 0)
        return;
    (void)fsync(file);
    close(file);
}

cloze_status cz_output_finish(cz_output *output, cloze_status so_far, cloze_error *error)
{
    cloze_status status = so_far;
    if (!status && sync_failed(output->file))
        status = fail_errno(error, "write", output->path);
    if (close(output->file) && !status)
        status = fail_errno(error, "write", output->path);
    if (!status && rename(output->temporary, output->path))
        status = fail_errno(error, "rename to", output->path);
    if (status)
        unlink(output->temporary);
    else
        sync_folder_of(output->path);
    output->file = -1;
    return status;
}

cloze_status cz_file_write(const char *path, const void *data, size_t size, cloze_error *error)
{
    cz_output output;
    cloze_status status = cz_output_begin(&output, path, error);
    if (status)
        return status;
    status = cz_output_put(&output, data, size, error);
    return cz_output_finish(&output, status, error);
}
