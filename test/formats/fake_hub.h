/*
 * A server on 127.0.0.1 that answers as the hub does, with a second one, on another port, for large
 * files; both can be told to misbehave. One request a connection, one connection at a time.
 */
#ifndef CZ_TEST_FORMATS_FAKE_HUB_H
#define CZ_TEST_FORMATS_FAKE_HUB_H

#include <stdbool.h>
#include <stddef.h>

typedef struct fake_file {
    const char *name, *data;
    size_t size;
    bool large; /* lies on the second server, known by its sha256 */
} fake_file;

/* Misbehaviour; zero is a good hub. Set only while no request is under way. */
typedef struct fake_faults {
    int code, code_times;     /* answer this code so often; -1: always */
    const char *code_headers; /* with these headers, each ending in "\r\n" */
    size_t cut_after;         /* the second server breaks off after so many bytes of a body... */
    int cut_times;            /* ...so often */
    bool ignore_range, wrong_bytes, other_commit, no_etag;
    const char *etag;       /* in the place of every ETag */
    const char *redirect;   /* where the listing redirects to */
    const char *extra_file; /* a further name in the listing */
    size_t header_lines;    /* of 1000 bytes in the answer with it */
    const char *token;      /* 401 without it */
    size_t more_bytes;      /* of large files than their size says */
    int delay_ms;           /* before a large file is sent */
} fake_faults;

typedef struct fake_hub fake_hub;

fake_hub *fake_hub_start(const fake_file *files, size_t count);
void fake_hub_stop(fake_hub *hub);
const char *fake_hub_url(const fake_hub *hub); /* "http://127.0.0.1:PORT" */
int fake_hub_port(const fake_hub *hub);
fake_faults *fake_hub_faults(fake_hub *hub);
void fake_hub_set_commit(fake_hub *hub, const char *commit); /* of main */
const char *fake_hub_commit(const fake_hub *hub);
void fake_hub_etag(const fake_file *file, char out[65]);

/* Requests so far that contain `words` (request line and headers; "hub: " or "store: " in front);
 * fake_hub_forget begins anew. */
size_t fake_hub_count(fake_hub *hub, const char *words);
void fake_hub_forget(fake_hub *hub);

#endif
