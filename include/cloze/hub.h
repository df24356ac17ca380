/*
 * cloze/hub.h - the Hugging Face cache: finding what is there, and downloading on request.
 *
 * The layout is the one that Python's huggingface_hub uses (blobs, refs, snapshots), so both share
 * their files. Environment: HF_HOME, HF_HUB_CACHE, HF_ENDPOINT, HF_TOKEN, HF_HUB_OFFLINE.
 * Only cloze_hub_pull opens a socket.
 */
#ifndef CLOZE_HUB_H
#define CLOZE_HUB_H

#include <cloze/status.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct cloze_pull_progress {
    const char *file;            /* name in the repository */
    size_t file_number, files;   /* 1-based */
    uint64_t done, total;        /* bytes of this file; total 0 if unknown */
} cloze_pull_progress;

typedef struct cloze_hub_options {
    const char *revision;  /* branch, tag or commit; NULL: "main" */
    const char *cache;     /* NULL: as the environment says */
    const char *endpoint;  /* NULL: HF_ENDPOINT, else the public hub */
    const char *token;     /* NULL: HF_TOKEN, else the token file */
    bool (*report)(void *context, const cloze_pull_progress *progress); /* false cancels */
    void *context;
    const cloze_hooks *hooks;
} cloze_hub_options;

/* Writes the snapshot folder of a cached "ORG/NAME" into `path`; CLOZE_ERROR_NOT_FOUND if absent. */
CLOZE_API cloze_status cloze_hub_find(const char *name, const cloze_hub_options *options,
                                      char *path, size_t path_size, cloze_error *error);

/*
 * Downloads what cloze can use of a repository (configs, tokenizer files, safetensors weights) and
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
