/*
 * formats/hub_attempt.h - one HTTP request by libcurl, without redirects or repetition.
 */
#ifndef CZ_FORMATS_HUB_ATTEMPT_H
#define CZ_FORMATS_HUB_ATTEMPT_H

#include "formats/curl_library.h"
#include "formats/hub_http.h"

struct cz_http {
    cz_http_options options;
    cz_curl_library library;
    CURL *curl;
    char origin[300]; /* scheme://host:port of the endpoint */
    bool plain;       /* the endpoint is plain http */
};

/* One attempt under way. */
typedef struct cz_attempt {
    const cz_http *http;
    CURL *curl;
    const cz_http_sink *sink;
    cz_http_answer *answer;
    uint64_t asked_from;
    size_t header_bytes;
    bool begun, cancelled;
    cloze_status status; /* of the sink */
    cloze_error *error;
} cz_attempt;

/* "scheme://host:port" of a URL, as libcurl itself would read it. */
bool cz_origin_of(const cz_curl_library *library, const char *url, char *out, size_t out_size);
/* True if the URL is of the endpoint's own scheme, host and port. */
bool cz_is_own(const cz_http *http, const char *url);
/* Fills mine->answer; the body goes to mine->sink if the answer's code is 200 or 206. */
CURLcode cz_attempt_once(cz_attempt *mine, const char *url, bool head);
/* Tells the sink where the body begins, if that has not been done. */
cloze_status cz_attempt_begin_body(cz_attempt *mine);

#endif
