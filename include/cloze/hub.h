/*
 * cloze/hub.h - the Hugging Face cache: finding what is there, and downloading on request.
 *
 * The layout is the one that Python's huggingface_hub uses (blobs, refs, snapshots), so both share
 * their files. Only cloze_hub_pull opens a socket. What the environment says, first to last:
 * - the cache: HF_HUB_CACHE, HUGGINGFACE_HUB_CACHE, HF_HOME/hub, XDG_CACHE_HOME/huggingface/hub,
 *   ~/.cache/huggingface/hub; a leading "~" is the home folder
 * - the hub: HF_ENDPOINT; HF_HUB_OFFLINE=1 (on, yes, true) forbids to ask it
 * - the token: HF_TOKEN, HUGGING_FACE_HUB_TOKEN, the file HF_TOKEN_PATH, the file "token" in
 *   HF_HOME; it is sent to the hub's own host and port alone
 * - further certificate authorities: SSL_CERT_FILE, CURL_CA_BUNDLE, REQUESTS_CA_BUNDLE; proxies as
 *   libcurl knows them (https_proxy, ...)
 *
 * Both functions may be called from several threads, also for the same model, while no thread
 * changes the environment. Where libcurl is older than 7.84, its own start (curl_global_init) must
 * not run in two threads at once: make the first pull before the others, or call it yourself.
 */
#ifndef CLOZE_HUB_H
#define CLOZE_HUB_H

#include <cloze/status.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct cloze_pull_progress {
    const char *file;          /* name in the repository */
    size_t file_number, files; /* 1-based */
    uint64_t done, total;      /* bytes of this file; total 0 if unknown */
} cloze_pull_progress;

typedef struct cloze_hub_options {
    const char *revision; /* branch, tag or commit; NULL: "main" */
    const char *cache;    /* NULL: as the environment says */
    const char *endpoint; /* NULL: HF_ENDPOINT, else the public hub */
    const char *token;    /* NULL: as the environment says */
    bool (*report)(void *context, const cloze_pull_progress *progress); /* false cancels */
    void *context;
    const cloze_hooks *hooks;
} cloze_hub_options;

/* Writes the snapshot folder of a cached "ORG/NAME" into `path`; CLOZE_ERROR_NOT_FOUND if it is not
 * there. */
CLOZE_API cloze_status cloze_hub_find(const char *name, const cloze_hub_options *options,
                                      char *path, size_t path_size, cloze_error *error);

/*
 * Downloads what cloze can use of a repository (configs, tokenizer files, weights) and
 * writes the snapshot folder into `path`. Resumes, checks the sha256 that the hub states, locks
 * against a second download of the same file. Returns CLOZE_ERROR_UNSUPPORTED in a build without
 * libcurl, and where libcurl, which is loaded at the first call, is not installed.
 */
CLOZE_API cloze_status cloze_hub_pull(const char *name, const cloze_hub_options *options,
                                      char *path, size_t path_size, cloze_error *error);

#ifdef __cplusplus
}
#endif
#endif
