/*
 * hub_blob.c - see hub_blob.h. What an interrupted download left is taken up where it ended; if the
 * whole then has another checksum, it is thrown away and fetched once more from the beginning.
 */
#include "formats/hub_blob.h"

#include "base/digest.h"
#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { LOCK_WAIT_MS = 50, PART = 1 << 16 };
static const uint64_t unknown_size_most = (uint64_t)1 << 30;

/* The file being filled. */
typedef struct download {
    const cz_blob_request *request;
    int file;
    uint64_t done;
    cz_digest digest;
    const char *path;
} download;

bool cz_blob_name_is_plain(const char *etag)
{
    static const char letters[] =
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-";
    size_t length = strlen(etag);
    return length >= 8 && length <= 128 && strspn(etag, letters) == length;
}

static cloze_status blob_path(char *out, size_t out_size, const cz_repository *repository,
                              const char *etag, const char *suffix, cloze_error *error)
{
    int length = snprintf(out, out_size, "%s/blobs/%s%s", repository->path, etag, suffix);
    return length > 0 && (size_t)length < out_size
               ? CLOZE_OK
               : cz_fail(error, CLOZE_ERROR_LIMIT, "the path of the hub cache is too long");
}

bool cz_blob_exists(const cz_repository *repository, const char *etag)
{
    char path[CZ_PATH_SIZE];
    return !blob_path(path, sizeof path, repository, etag, "", NULL) && cz_path_is_file(path);
}

static cloze_status fail_io(cloze_error *error, const char *verb, const char *path)
{
    return cz_fail(error, CLOZE_ERROR_IO, "cannot %s %.300s: %s", verb, path, strerror(errno));
}

/* ---- the lock ---- */

static cloze_status lock(const cz_blob_request *request, int *out, cloze_error *error)
{
    char path[CZ_PATH_SIZE];
    const cz_repository *repository = request->repository;
    bool told = false;
    int length = snprintf(path, sizeof path, "%s/.locks/%s", repository->cache, repository->folder);
    cloze_status status;
    if (length < 0 || (size_t)length + 160 > sizeof path)
        return cz_fail(error, CLOZE_ERROR_LIMIT, "the path of the hub cache is too long");
    if ((status = cz_folder_make(path, error)))
        return status;
    snprintf(path + length, sizeof path - (size_t)length, "/%s.lock", request->etag);
    int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (file < 0)
        return fail_io(error, "open", path);
    while (flock(file, LOCK_EX | LOCK_NB)) {
        bool busy = errno == EWOULDBLOCK || errno == EINTR;
        if (!busy || !request->go_on(request->context)) {
            status = busy ? cz_fail(error, CLOZE_ERROR_CANCELLED,
                                    "cancelled while waiting for "
                                    "another download of %.200s",
                                    request->what)
                          : fail_io(error, "lock", path);
            close(file);
            return status;
        }
        if (!told)
            cz_log(request->hooks, CLOZE_LOG_NOTE, "waiting for another download of %s",
                   request->what);
        told = true;
        nanosleep(&(struct timespec){ 0, LOCK_WAIT_MS * 1000000l }, NULL);
    }
    *out = file;
    return CLOZE_OK;
}

/* ---- the bytes ---- */

static void begin_digest(download *mine)
{
    const cz_blob_request *request = mine->request;
    char prefix[40];
    if (strlen(request->etag) == 64) {
        cz_digest_begin(&mine->digest, CZ_SHA256);
        return;
    }
    /* Git's name of a file: the sha1 of "blob SIZE", a zero byte, and the bytes. */
    int length = snprintf(prefix, sizeof prefix, "blob %llu", (unsigned long long)request->size);
    cz_digest_begin(&mine->digest, CZ_SHA1);
    cz_digest_add(&mine->digest, prefix, (size_t)length + 1);
}

static cloze_status throw_away(download *mine, cloze_error *error)
{
    if (ftruncate(mine->file, 0) || lseek(mine->file, 0, SEEK_SET) < 0)
        return fail_io(error, "empty", mine->path);
    mine->done = 0;
    begin_digest(mine);
    return CLOZE_OK;
}

/* Reads what an earlier download left, for its checksum. */
static cloze_status take_up(download *mine, cloze_error *error)
{
    char part[PART];
    begin_digest(mine);
    for (;;) {
        ssize_t got = read(mine->file, part, sizeof part);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fail_io(error, "read", mine->path);
        if (!got)
            break;
        cz_digest_add(&mine->digest, part, (size_t)got);
        mine->done += (uint64_t)got;
    }
    return mine->done > mine->request->size ? throw_away(mine, error) : CLOZE_OK;
}

static uint64_t have(void *context)
{
    return ((download *)context)->done;
}

static cloze_status begin(void *context, uint64_t offset, cloze_error *error)
{
    download *mine = context;
    return offset == mine->done ? CLOZE_OK : throw_away(mine, error);
}

static cloze_status put(void *context, const char *data, size_t size, cloze_error *error)
{
    download *mine = context;
    const cz_blob_request *request = mine->request;
    uint64_t most = request->size == UINT64_MAX ? unknown_size_most : request->size;
    if (size > most - mine->done)
        return cz_fail(error, CLOZE_ERROR_NETWORK,
                       "%.200s is longer than the %llu bytes that the "
                       "hub states",
                       request->what, (unsigned long long)most);
    for (size_t done = 0; done < size;) {
        ssize_t wrote = write(mine->file, data + done, size - done);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote < 0)
            return fail_io(error, "write", mine->path);
        done += (size_t)wrote;
    }
    cz_digest_add(&mine->digest, data, size);
    mine->done += size;
    request->moved(request->context, mine->done, request->size);
    return CLOZE_OK;
}

/* ---- the check ---- */

static bool states_checksum(const cz_blob_request *request)
{
    size_t length = strlen(request->etag);
    return strspn(request->etag, "0123456789abcdef") == length &&
           (length == 64 || (length == 40 && request->size != UINT64_MAX));
}

static bool is_right(download *mine)
{
    char got[CZ_DIGEST_HEX];
    cz_digest copy = mine->digest;
    if (mine->request->size != UINT64_MAX && mine->done != mine->request->size)
        return false;
    cz_digest_end(&copy, got);
    return !states_checksum(mine->request) || !strcmp(got, mine->request->etag);
}

static cloze_status get_rest(cz_http *http, download *mine, cloze_error *error)
{
    cz_http_sink sink = { have, begin, put, mine };
    cz_http_answer answer;
    if (mine->done == mine->request->size)
        return CLOZE_OK;
    return cz_http_get(http, mine->request->url, mine->request->what, &sink, &answer, error);
}

static cloze_status fill(cz_http *http, download *mine, cloze_error *error)
{
    cloze_status status = take_up(mine, error);
    bool resumed = mine->done > 0;
    if (!status)
        status = get_rest(http, mine, error);
    if (!status && resumed && !is_right(mine)) {
        status = throw_away(mine, error);
        if (!status)
            status = get_rest(http, mine, error);
    }
    if (status)
        return status;
    if (!is_right(mine)) {
        unlink(mine->path);
        return cz_fail(error, CLOZE_ERROR_NETWORK,
                       "%.200s does not have the checksum that the hub states and was thrown away: "
                       "try again",
                       mine->request->what);
    }
    if (!states_checksum(mine->request))
        cz_log(mine->request->hooks, CLOZE_LOG_WARNING, "%s: the hub states no checksum",
               mine->request->what);
    return fsync(mine->file) && errno != EINVAL ? fail_io(error, "write", mine->path) : CLOZE_OK;
}

static cloze_status fetch_locked(cz_http *http, const cz_blob_request *request, cloze_error *error)
{
    char path[CZ_PATH_SIZE], incomplete[CZ_PATH_SIZE];
    download mine = { .request = request, .path = incomplete };
    cloze_status status =
        blob_path(path, sizeof path, request->repository, request->etag, "", error);
    if (!status)
        status = blob_path(incomplete, sizeof incomplete, request->repository, request->etag,
                           ".incomplete", error);
    if (status || cz_path_is_file(path))
        return status;
    mine.file = open(incomplete, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (mine.file < 0)
        return fail_io(error, "open", incomplete);
    status = fill(http, &mine, error);
    if (close(mine.file) && !status)
        status = fail_io(error, "write", incomplete);
    if (!status && rename(incomplete, path))
        status = fail_io(error, "rename to", path);
    return status;
}

cloze_status cz_blob_fetch(cz_http *http, const cz_blob_request *request, cloze_error *error)
{
    char folder[CZ_PATH_SIZE];
    int held = -1;
    cloze_status status =
        cz_path_join(folder, sizeof folder, request->repository->path, "blobs", error);
    if (status || (status = cz_folder_make(folder, error)) ||
        (status = lock(request, &held, error)))
        return status;
    status = fetch_locked(http, request, error);
    close(held);
    return status;
}
