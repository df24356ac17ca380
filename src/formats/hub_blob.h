/*
 * formats/hub_blob.h - one file's bytes in the cache: blobs/ETAG, downloaded into
 * blobs/ETAG.incomplete under a lock that huggingface_hub knows too, checked, and put in place.
 */
#ifndef CZ_FORMATS_HUB_BLOB_H
#define CZ_FORMATS_HUB_BLOB_H

#include "formats/hub_http.h"

typedef struct cz_blob_request {
    const cz_repository *repository;
    const char *url, *what;
    const char *etag; /* 64 hex digits: sha256 of the bytes; 40: git's sha1; else nothing known */
    uint64_t size;    /* UINT64_MAX: unknown */
    void (*moved)(void *context, uint64_t done, uint64_t total); /* after each part */
    bool (*go_on)(void *context);
    void *context;
    const cloze_hooks *hooks;
} cz_blob_request;

/* Names of blobs become file names; true if this one may. */
bool cz_blob_name_is_plain(const char *etag);
bool cz_blob_exists(const cz_repository *repository, const char *etag);
cloze_status cz_blob_fetch(cz_http *http, const cz_blob_request *request, cloze_error *error);

#endif
