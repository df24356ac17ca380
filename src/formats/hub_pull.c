/*
 * hub_pull.c - cloze_hub_pull: asks the hub which files a revision has, takes those that cloze can
 * use, and lays them out as huggingface_hub does. refs/REVISION is written last, so a download
 * that was cut off is never found.
 */
#include "formats/hub.h"

#include "base/error.h"
#include "base/json.h"
#include "base/memory.h"
#include "formats/hub_blob.h"
#include "formats/hub_choice.h"
#include "formats/hub_http.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { URL_SIZE = 4096, LISTING_MOST = 32 << 20, TOKEN_MOST = 1000, MODULES_MOST = 1 << 20 };
static const uint64_t file_most = (uint64_t)1 << 38, small_most = (uint64_t)256 << 20;

typedef struct job {
    const cloze_hub_options *options;
    cz_repository repository;
    char endpoint[1024], token[TOKEN_MOST + 1];
    char commit[41];
    char snapshot[CZ_PATH_SIZE];
    cz_http *http;
    cz_choice choice;
    cloze_pull_progress progress;
    bool cancelled;
} job;

/* ---- settings ---- */

static bool is_offline(void)
{
    static const char *const yes[] = { "1", "on", "yes", "true", "ON", "YES", "TRUE", "True" };
    const char *value = cz_environment("HF_HUB_OFFLINE");
    for (size_t i = 0; value && i < sizeof yes / sizeof *yes; i++)
        if (!strcmp(value, yes[i]))
            return true;
    return false;
}

static cloze_status find_endpoint(job *pull, cloze_error *error)
{
    const char *endpoint = pull->options->endpoint;
    if (!endpoint)
        endpoint = cz_environment("HF_ENDPOINT");
    if (!endpoint)
        endpoint = "https://huggingface.co";
    size_t length = strlen(endpoint);
    while (length && endpoint[length - 1] == '/')
        length--;
    if (length >= sizeof pull->endpoint || strcspn(endpoint, " \r\n\t") < length)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "HF_ENDPOINT is not a URL");
    memcpy(pull->endpoint, endpoint, length);
    pull->endpoint[length] = 0;
    return CLOZE_OK;
}

static cloze_status set_token(job *pull, const char *token, size_t size, cloze_error *error)
{
    while (size && strchr(" \t\r\n", token[size - 1]))
        size--;
    while (size && strchr(" \t\r\n", *token))
        token++, size--;
    if (size > TOKEN_MOST)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "the token of the hub is too long");
    for (size_t i = 0; i < size; i++)
        if (token[i] <= ' ' || token[i] > '~')
            return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                           "the token of the hub has a character that no token has");
    memcpy(pull->token, token, size);
    pull->token[size] = 0;
    return CLOZE_OK;
}

static cloze_status find_token(job *pull, cloze_error *error)
{
    char home[CZ_PATH_SIZE], path[CZ_PATH_SIZE];
    const char *token = pull->options->token, *file = cz_environment("HF_TOKEN_PATH");
    cz_mapping mapping;
    cloze_status status;
    if (!token)
        token = cz_environment("HF_TOKEN");
    if (!token)
        token = cz_environment("HUGGING_FACE_HUB_TOKEN");
    if (token)
        return set_token(pull, token, strlen(token), error);
    if (!file) {
        if (cz_hub_home(home, sizeof home, NULL) ||
            cz_path_join(path, sizeof path, home, "token", NULL))
            return CLOZE_OK;
        file = path;
    }
    status = cz_file_open(&mapping, file, TOKEN_MOST, true, pull->repository.allocator, NULL);
    if (status)
        return status == CLOZE_ERROR_MEMORY ? cz_fail_memory(error, "the token", TOKEN_MOST)
                                            : CLOZE_OK;
    status = set_token(pull, mapping.data, mapping.size, error);
    cz_file_close(&mapping);
    return status;
}

/* ---- progress ---- */

static bool go_on(void *context)
{
    job *mine = context;
    const cloze_hub_options *options = mine->options;
    if (!mine->cancelled && options->report && mine->progress.file &&
        !options->report(options->context, &mine->progress))
        mine->cancelled = true;
    return !mine->cancelled;
}

static void moved(void *context, uint64_t done, uint64_t total)
{
    job *mine = context;
    mine->progress.done = done;
    mine->progress.total = total == UINT64_MAX ? 0 : total;
}

/* ---- URLs ---- */

/* Appends `text` with all but plain letters as %XX; "/" stays if `slashes`. False if it is full. */
static bool append_quoted(char *url, size_t length, const char *text, bool slashes)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
    static const char digits[] = "0123456789ABCDEF";
    for (; *text; text++) {
        unsigned char byte = (unsigned char)*text;
        if (length + 4 > URL_SIZE)
            return false;
        if (strchr(plain, *text) || (slashes && *text == '/')) {
            url[length++] = *text;
        } else {
            url[length++] = '%';
            url[length++] = digits[byte >> 4];
            url[length++] = digits[byte & 15];
        }
    }
    url[length] = 0;
    return true;
}

static cloze_status fail_url(cloze_error *error)
{
    return cz_fail(error, CLOZE_ERROR_LIMIT, "the URL of a file of the hub is too long");
}

static cloze_status listing_url(const job *pull, char url[URL_SIZE], cloze_error *error)
{
    int length = snprintf(url, URL_SIZE, "%s/api/models/%s/revision/", pull->endpoint,
                          pull->repository.name);
    return length > 0 && append_quoted(url, (size_t)length, pull->repository.revision, false)
               ? CLOZE_OK
               : fail_url(error);
}

static cloze_status file_url(const job *pull, const char *name, char url[URL_SIZE],
                             cloze_error *error)
{
    int length = snprintf(url, URL_SIZE, "%s/%s/resolve/%s/", pull->endpoint, pull->repository.name,
                          pull->commit);
    return length > 0 && append_quoted(url, (size_t)length, name, true) ? CLOZE_OK
                                                                        : fail_url(error);
}

/* ---- the listing ---- */

typedef struct text {
    char *data;
    size_t size, capacity;
    const cloze_allocator *allocator;
} text;

static uint64_t text_have(void *context)
{
    (void)context;
    return 0;
}

static cloze_status text_begin(void *context, uint64_t offset, cloze_error *error)
{
    (void)offset, (void)error;
    ((text *)context)->size = 0;
    return CLOZE_OK;
}

static cloze_status text_put(void *context, const char *data, size_t size, cloze_error *error)
{
    text *mine = context;
    void *grown = mine->data;
    if (size > LISTING_MOST - mine->size)
        return cz_fail(error, CLOZE_ERROR_LIMIT, "the hub's list of files is too long");
    if (!cz_grow(mine->allocator, &grown, &mine->capacity, mine->size + size, 1))
        return cz_fail_memory(error, "the hub's list of files", mine->size + size);
    mine->data = grown;
    memcpy(mine->data + mine->size, data, size);
    mine->size += size;
    return CLOZE_OK;
}

static cloze_status read_listing(job *pull, json_t *listing, cloze_error *error)
{
    const char *commit = NULL;
    cloze_status status = cz_json_string(listing, "sha", &commit, error);
    if (status)
        return status;
    if (!commit || !cz_is_commit(commit))
        return cz_fail(error, CLOZE_ERROR_NETWORK, "the hub does not tell the commit of %s",
                       pull->repository.name);
    memcpy(pull->commit, commit, sizeof pull->commit);
    return cz_choice_list(&pull->choice, json_object_get(listing, "siblings"), error);
}

static cloze_status get_listing(job *pull, cloze_error *error)
{
    text body = { .allocator = pull->repository.allocator };
    cz_http_sink sink = { text_have, text_begin, text_put, &body };
    cz_http_answer answer;
    char url[URL_SIZE], what[400];
    json_t *listing = NULL;
    cloze_status status = listing_url(pull, url, error);
    if (status)
        return status;
    snprintf(what, sizeof what, "%s@%s", pull->repository.name, pull->repository.revision);
    pull->progress = (cloze_pull_progress){ pull->repository.name, 1, 1, 0, 0 };
    status = cz_http_get(pull->http, url, what, &sink, &answer, error);
    if (!status)
        status = cz_json_parse(&listing, body.data ? body.data : "", body.size,
                               "the hub's list of files", error);
    if (!status)
        status = read_listing(pull, listing, error);
    json_decref(listing);
    cz_release(body.allocator, body.data);
    return status;
}

/* ---- one file ---- */

/* "../../blobs/ETAG" from where the name lies in the snapshot. */
static cloze_status place(const job *pull, const char *name, const char *etag, cloze_error *error)
{
    char path[CZ_PATH_SIZE], folder[CZ_PATH_SIZE], target[1024] = "../../", temporary[CZ_PATH_SIZE];
    size_t length = strlen(target);
    cloze_status status = cz_path_below(path, sizeof path, pull->snapshot, name, error);
    if (status)
        return status;
    for (const char *at = name; (at = strchr(at, '/')) && length + 140 < sizeof target; at++) {
        memcpy(target + length, "../", 4);
        length += 3;
    }
    snprintf(target + length, sizeof target - length, "blobs/%s", etag);
    memcpy(folder, path, sizeof folder);
    *strrchr(folder, '/') = 0;
    if ((status = cz_folder_make(folder, error)))
        return status;
    length = (size_t)snprintf(temporary, sizeof temporary, "%s/.%s.%ld.%p", folder, etag,
                              (long)getpid(), (const void *)pull);
    if (length >= sizeof temporary)
        return cz_fail(error, CLOZE_ERROR_LIMIT, "the path of the hub cache is too long");
    unlink(temporary);
    if (symlink(target, temporary) || rename(temporary, path)) {
        status = cz_fail(error, CLOZE_ERROR_IO, "cannot make the link %.300s: %s", path,
                         strerror(errno));
        unlink(temporary);
    }
    return status;
}

static cloze_status fetch_blob(job *pull, const char *name, const char *url,
                               const cz_http_answer *answer, cloze_error *error)
{
    const char *etag = answer->linked_etag[0] ? answer->linked_etag : answer->etag;
    uint64_t size = answer->linked_size != UINT64_MAX ? answer->linked_size : answer->size;
    cz_blob_request request = { .repository = &pull->repository,
                                .url = url,
                                .what = name,
                                .etag = etag,
                                .size = size,
                                .moved = moved,
                                .go_on = go_on,
                                .context = pull,
                                .hooks = pull->options->hooks };
    cloze_status status;
    if (!cz_blob_name_is_plain(etag))
        return cz_fail(error, CLOZE_ERROR_NETWORK, "the hub does not tell the ETag of %.200s",
                       name);
    if (answer->commit[0] && strcmp(answer->commit, pull->commit))
        return cz_fail(error, CLOZE_ERROR_NETWORK,
                       "%.200s comes from another commit than was asked "
                       "for",
                       name);
    if (size != UINT64_MAX && size > (cz_choice_is_weights(name) ? file_most : small_most))
        return cz_fail(error, CLOZE_ERROR_LIMIT, "%.200s has %llu bytes, which is too many", name,
                       (unsigned long long)size);
    moved(pull, 0, size);
    if (!go_on(pull))
        return cz_fail(error, CLOZE_ERROR_CANCELLED, "cancelled before %.200s", name);
    if (!cz_blob_exists(&pull->repository, etag) &&
        (status = cz_blob_fetch(pull->http, &request, error)))
        return status;
    moved(pull, size, size);
    return go_on(pull) ? place(pull, name, etag, error)
                       : cz_fail(error, CLOZE_ERROR_CANCELLED, "cancelled after %.200s", name);
}

static cloze_status fetch_file(job *pull, const char *name, cloze_error *error)
{
    char path[CZ_PATH_SIZE], url[URL_SIZE];
    cz_http_answer answer;
    cloze_status status = cz_path_below(path, sizeof path, pull->snapshot, name, error);
    if (status || cz_path_is_file(path))
        return status;
    if ((status = file_url(pull, name, url, error)) ||
        (status = cz_http_head(pull->http, url, name, &answer, error)))
        return status;
    return fetch_blob(pull, name, url, &answer, error);
}

/* ---- all files ---- */

static cloze_status fetch_chosen(job *pull, cloze_error *error)
{
    cz_choice *choice = &pull->choice;
    pull->progress.files = cz_choice_count(choice);
    pull->progress.file_number = 0;
    for (size_t i = 0; i < choice->count; i++) {
        cloze_status status;
        if (!choice->files[i].wanted)
            continue;
        pull->progress.file = choice->files[i].name;
        pull->progress.file_number++;
        moved(pull, 0, 0);
        if ((status = fetch_file(pull, choice->files[i].name, error)))
            return status;
    }
    return CLOZE_OK;
}

/* modules.json comes first: it names the folders that belong to the model. */
static cloze_status choose(job *pull, cloze_error *error)
{
    char path[CZ_PATH_SIZE];
    json_t *modules = NULL;
    cloze_status status;
    if (!cz_choice_has(&pull->choice, "modules.json"))
        return cz_choice_make(&pull->choice, NULL, error);
    pull->progress.file = "modules.json";
    pull->progress.file_number = pull->progress.files = 1;
    if ((status = fetch_file(pull, "modules.json", error)) ||
        (status = cz_path_join(path, sizeof path, pull->snapshot, "modules.json", error)) ||
        (status = cz_json_load(&modules, path, MODULES_MOST, pull->repository.allocator, error)))
        return status;
    status = cz_choice_make(&pull->choice, modules, error);
    json_decref(modules);
    return status;
}

/* refs/REVISION; left alone if it says so already, so that a read-only cache will do. */
static cloze_status write_reference(const job *pull, cloze_error *error)
{
    char folder[CZ_PATH_SIZE], path[CZ_PATH_SIZE], found[CZ_PATH_SIZE];
    cloze_status status;
    if (!strcmp(pull->repository.revision, pull->commit) ||
        (!cz_repository_find(&pull->repository, found, sizeof found, NULL) &&
         !strcmp(found, pull->snapshot)))
        return CLOZE_OK;
    if ((status = cz_path_join(folder, sizeof folder, pull->repository.path, "refs", error)) ||
        (status = cz_path_below(path, sizeof path, folder, pull->repository.revision, error)))
        return status;
    memcpy(folder, path, sizeof folder);
    *strrchr(folder, '/') = 0;
    if ((status = cz_folder_make(folder, error)))
        return status;
    return cz_file_write(path, pull->commit, strlen(pull->commit), error);
}

static cloze_status fetch_all(job *pull, cloze_error *error)
{
    char folder[CZ_PATH_SIZE];
    cloze_status status = get_listing(pull, error);
    if (status ||
        (status = cz_path_join(folder, sizeof folder, pull->repository.path, "snapshots", error)) ||
        (status =
             cz_path_join(pull->snapshot, sizeof pull->snapshot, folder, pull->commit, error)) ||
        (status = choose(pull, error)))
        return status;
    if (!cz_choice_has(&pull->choice, "config.json") &&
        !cz_choice_has(&pull->choice, "modules.json"))
        return cz_fail(error, CLOZE_ERROR_UNSUPPORTED,
                       "%s has no config.json: it is not a model that cloze can use",
                       pull->repository.name);
    if ((status = fetch_chosen(pull, error)))
        return status;
    if (!cz_choice_has_weights(&pull->choice))
        cz_log(pull->options->hooks, CLOZE_LOG_WARNING,
               "%s has no weights that cloze can read; its tokenizer and configuration were taken",
               pull->repository.name);
    return write_reference(pull, error);
}

static cloze_status give_path(const job *pull, char *path, size_t path_size, cloze_error *error)
{
    size_t length = strlen(pull->snapshot);
    if (length >= path_size)
        return cz_fail(error, CLOZE_ERROR_LIMIT, "the path of the model is too long");
    memcpy(path, pull->snapshot, length + 1);
    return CLOZE_OK;
}

static cloze_status pull_offline(const job *pull, char *path, size_t path_size, cloze_error *error)
{
    cloze_status status = cz_repository_find(&pull->repository, path, path_size, error);
    if (status != CLOZE_ERROR_NOT_FOUND)
        return status;
    return cz_fail(error, CLOZE_ERROR_OFFLINE,
                   "%s@%s is not in the hub cache, and HF_HUB_OFFLINE forbids to download it",
                   pull->repository.name, pull->repository.revision);
}

static cloze_status pull_online(job *pull, const cz_patience *patience, char *path,
                                size_t path_size, cloze_error *error)
{
    static const cz_patience usual = { 5, 1000, 60000 };
    cloze_status status = find_endpoint(pull, error);
    if (status || (status = find_token(pull, error)))
        return status;
    cz_http_options http = { .endpoint = pull->endpoint,
                             .token = pull->token[0] ? pull->token : NULL,
                             .patience = patience ? *patience : usual,
                             .go_on = go_on,
                             .context = pull,
                             .hooks = pull->options->hooks };
    if ((status = cz_http_new(&pull->http, &http, error)))
        return status;
    status = fetch_all(pull, error);
    cz_http_free(pull->http);
    return status ? status : give_path(pull, path, path_size, error);
}

cloze_status cz_hub_pull_patiently(const char *name, const cloze_hub_options *options,
                                   const cz_patience *patience, char *path, size_t path_size,
                                   cloze_error *error)
{
    static const cloze_hub_options defaults;
    const cloze_allocator *allocator = cz_hub_allocator(options);
    job *mine = cz_allocate_zero(allocator, 1, sizeof *mine);
    cloze_status status;
    if (!mine)
        return cz_fail_memory(error, "a download", sizeof *mine);
    mine->options = options ? options : &defaults;
    mine->choice.allocator = allocator;
    status = cz_repository_of(&mine->repository, name, mine->options, error);
    if (!status)
        status = is_offline() ? pull_offline(mine, path, path_size, error)
                              : pull_online(mine, patience, path, path_size, error);
    cz_choice_clear(&mine->choice);
    cz_release(allocator, mine);
    return status;
}

cloze_status cloze_hub_pull(const char *name, const cloze_hub_options *options, char *path,
                            size_t path_size, cloze_error *error)
{
    return cz_hub_pull_patiently(name, options, NULL, path, path_size, error);
}
