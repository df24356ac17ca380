/*
 * formats/hub_http.h - requests to the hub: redirects by hand, so that the token stays with the
 * host it was meant for, bounded repetition, bounded sizes, and cancelling. The one room of cloze
 * that opens sockets.
 */
#ifndef CZ_FORMATS_HUB_HTTP_H
#define CZ_FORMATS_HUB_HTTP_H

#include "formats/hub.h"

typedef struct cz_http cz_http;

typedef struct cz_http_options {
    const char *endpoint; /* plain http is allowed if this is plain http */
    const char *token;    /* or NULL; sent to the endpoint's own host and port alone */
    cz_patience patience;
    bool (*go_on)(void *context); /* asked often; false cancels */
    void *context;
    const cloze_hooks *hooks;
} cz_http_options;

/* Where the body of an answer goes. Every attempt begins anew at what `have` says. */
typedef struct cz_http_sink {
    uint64_t (*have)(void *context);
    /* The body begins at this byte: `have`, or 0 if the other side sends all of it. */
    cloze_status (*begin)(void *context, uint64_t offset, cloze_error *error);
    cloze_status (*put)(void *context, const char *data, size_t size, cloze_error *error);
    void *context;
} cz_http_sink;

/* What the headers said; empty or 0 where they said nothing. */
typedef struct cz_http_answer {
    long code;
    char commit[64], etag[160], linked_etag[160], message[200], reason[64];
    uint64_t size, linked_size; /* UINT64_MAX: not stated */
    uint64_t range_begin;
    long retry_after; /* seconds; negative: not stated */
    char url[4096];   /* what was asked last */
    char location[4096];
} cz_http_answer;

cloze_status cz_http_new(cz_http **out, const cz_http_options *options, cloze_error *error);
void cz_http_free(cz_http *http);

/* GET. Follows redirects. Answers other than 200 and 206 are errors; `what` is for messages. */
cloze_status cz_http_get(cz_http *http, const char *url, const char *what, const cz_http_sink *sink,
                         cz_http_answer *answer, cloze_error *error);
/* HEAD. Follows redirects within the endpoint's host; one to elsewhere is an answer, and its place
 * is in `location`. */
cloze_status cz_http_head(cz_http *http, const char *url, const char *what, cz_http_answer *answer,
                          cloze_error *error);

#endif
