/*
 * formats/hub.h - what finding and downloading share: where a repository lies in the cache, and
 * what the environment says.
 */
#ifndef CZ_FORMATS_HUB_H
#define CZ_FORMATS_HUB_H

#include "base/file.h"

#include <cloze/hub.h>

typedef struct cz_repository {
    char name[128];     /* "ORG/NAME", or "NAME" of the old ones without an organisation */
    char revision[256]; /* branch, tag or commit */
    char folder[136];   /* "models--ORG--NAME" */
    char cache[CZ_PATH_SIZE];
    char path[CZ_PATH_SIZE]; /* cache/folder */
    const cloze_allocator *allocator;
} cz_repository;

/* The allocator that the options bring, or NULL. */
const cloze_allocator *cz_hub_allocator(const cloze_hub_options *options);

/* Checks "ORG/NAME[@REVISION]" and finds its place. The options' revision goes first. */
cloze_status cz_repository_of(cz_repository *out, const char *name,
                              const cloze_hub_options *options, cloze_error *error);
/* The folder of the snapshot in the cache; CLOZE_ERROR_NOT_FOUND without a message. */
cloze_status cz_repository_find(const cz_repository *repository, char *path, size_t path_size,
                                cloze_error *error);
/* True for a commit as git writes it. */
bool cz_is_commit(const char *text);

/* The value of an environment variable, NULL if unset or empty. */
const char *cz_environment(const char *name);
/* HF_HOME or what it defaults to. */
cloze_status cz_hub_home(char *out, size_t out_size, cloze_error *error);

/* How often and after what wait a request is repeated when the other side is busy or breaks off. */
typedef struct cz_patience {
    unsigned attempts, first_wait_ms, longest_wait_ms;
} cz_patience;

/* cloze_hub_pull with another patience; NULL: the usual one. */
cloze_status cz_hub_pull_patiently(const char *name, const cloze_hub_options *options,
                                   const cz_patience *patience, char *path, size_t path_size,
                                   cloze_error *error);

#endif
