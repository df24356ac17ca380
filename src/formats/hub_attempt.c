/*
 * hub_attempt.c - see hub_attempt.h. Headers are read as they come, the body goes to the sink, and
 * the token only to the endpoint's own host.
 */
#include "formats/hub_attempt.h"

#include "base/error.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { HEADER_BYTES_MOST = 1 << 18, CONNECT_SECONDS = 30, STALL_SECONDS = 60, STALL_BYTES = 100 };

bool cz_origin_of(const cz_curl_library *library, const char *url, char *out, size_t out_size)
{
    char *scheme = NULL, *host = NULL, *port = NULL;
    CURLU *parts = library->url();
    bool ok = parts && !library->url_set(parts, CURLUPART_URL, url, 0) &&
              !library->url_get(parts, CURLUPART_SCHEME, &scheme, 0) &&
              !library->url_get(parts, CURLUPART_HOST, &host, 0) &&
              !library->url_get(parts, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT);
    if (ok) {
        int length = snprintf(out, out_size, "%s://%s:%s", scheme, host, port);
        ok = length > 0 && (size_t)length < out_size;
    }
    library->free(scheme);
    library->free(host);
    library->free(port);
    library->url_cleanup(parts);
    return ok;
}

bool cz_is_own(const cz_http *http, const char *url)
{
    char origin[300];
    return cz_origin_of(&http->library, url, origin, sizeof origin) &&
           !strcasecmp(origin, http->origin);
}

/* ---- headers ---- */

static void copy_value(char *out, size_t out_size, const char *value, size_t size)
{
    if (size >= out_size)
        size = out_size - 1;
    memcpy(out, value, size);
    out[size] = 0;
}

/* "W/"abc"" and "abc" with quotes, as bare abc. */
static void copy_etag(char *out, size_t out_size, const char *value, size_t size)
{
    if (size > 2 && !memcmp(value, "W/", 2))
        value += 2, size -= 2;
    if (size >= 2 && value[0] == '"' && value[size - 1] == '"')
        value++, size -= 2;
    copy_value(out, out_size, value, size);
}

static bool read_size(const char *text, uint64_t *out)
{
    char *end;
    if (*text < '0' || *text > '9')
        return false;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (errno)
        return false;
    *out = value;
    return true;
}

static void read_header(cz_http_answer *answer, const char *name, const char *value, size_t size)
{
    char text[64];
    uint64_t number;
    copy_value(text, sizeof text, value, size);
    if (!strcmp(name, "x-repo-commit"))
        copy_value(answer->commit, sizeof answer->commit, value, size);
    else if (!strcmp(name, "etag"))
        copy_etag(answer->etag, sizeof answer->etag, value, size);
    else if (!strcmp(name, "x-linked-etag"))
        copy_etag(answer->linked_etag, sizeof answer->linked_etag, value, size);
    else if (!strcmp(name, "x-linked-size"))
        (void)read_size(text, &answer->linked_size);
    else if (!strcmp(name, "content-length"))
        (void)read_size(text, &answer->size);
    else if (!strcmp(name, "x-error-message"))
        cz_printable(answer->message, sizeof answer->message, value, size);
    else if (!strcmp(name, "x-error-code"))
        cz_printable(answer->reason, sizeof answer->reason, value, size);
    else if (!strcmp(name, "location"))
        copy_value(answer->location, sizeof answer->location, value, size);
    else if (!strcmp(name, "retry-after") && read_size(text, &number))
        answer->retry_after = number > 86400 ? 86400 : (long)number;
    else if (!strcmp(name, "content-range") && !strncmp(text, "bytes ", 6))
        (void)read_size(text + 6, &answer->range_begin);
}

static size_t take_header(char *line, size_t one, size_t size, void *context)
{
    cz_attempt *mine = context;
    char name[64], *colon = memchr(line, ':', size);
    size_t length = colon ? (size_t)(colon - line) : 0, end = size * one;
    mine->header_bytes += end;
    if (mine->header_bytes > HEADER_BYTES_MOST) {
        mine->status = cz_fail(mine->error, CLOZE_ERROR_NETWORK,
                               "an answer of the hub has more than %d bytes of headers",
                               (int)HEADER_BYTES_MOST);
        return 0;
    }
    if (!length || length >= sizeof name)
        return end;
    for (size_t i = 0; i < length; i++)
        name[i] = (char)(line[i] >= 'A' && line[i] <= 'Z' ? line[i] + ('a' - 'A') : line[i]);
    name[length] = 0;
    size_t begin = length + 1, stop = end;
    while (begin < stop && (line[begin] == ' ' || line[begin] == '\t'))
        begin++;
    while (stop > begin && strchr(" \t\r\n", line[stop - 1]))
        stop--;
    read_header(mine->answer, name, line + begin, stop - begin);
    return end;
}

/* ---- bodies ---- */

cloze_status cz_attempt_begin_body(cz_attempt *mine)
{
    uint64_t offset = 0;
    mine->begun = true;
    if (mine->answer->code == 206) {
        offset = mine->answer->range_begin;
        if (offset != mine->asked_from)
            return cz_fail(mine->error, CLOZE_ERROR_NETWORK,
                           "asked for the bytes from %llu on, the answer begins at %llu",
                           (unsigned long long)mine->asked_from, (unsigned long long)offset);
    }
    return mine->sink->begin(mine->sink->context, offset, mine->error);
}

static size_t take_body(char *data, size_t one, size_t size, void *context)
{
    cz_attempt *mine = context;
    mine->http->library.easy_getinfo(mine->curl, CURLINFO_RESPONSE_CODE, &mine->answer->code);
    if (mine->answer->code != 200 && mine->answer->code != 206)
        return size * one;
    if (!mine->sink)
        return 0;
    if (!mine->begun)
        mine->status = cz_attempt_begin_body(mine);
    if (!mine->status)
        mine->status = mine->sink->put(mine->sink->context, data, size * one, mine->error);
    return mine->status ? 0 : size * one;
}

static int watch(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    cz_attempt *mine = context;
    const cz_http_options *options = &mine->http->options;
    (void)a, (void)b, (void)c, (void)d;
    if (options->go_on && !options->go_on(options->context))
        mine->cancelled = true;
    return mine->cancelled;
}

/* ---- one attempt ---- */

static void set_certificates(const cz_curl_library *library, CURL *curl)
{
    static const char *const names[] = { "SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *file = cz_environment(names[i]);
        if (file) {
            library->easy_setopt(curl, CURLOPT_CAINFO, file);
            return;
        }
    }
}

static void set_protocols(const cz_curl_library *library, CURL *curl, bool plain)
{
#if LIBCURL_VERSION_NUM >= 0x075500
    library->easy_setopt(curl, CURLOPT_PROTOCOLS_STR, plain ? "http,https" : "https");
#else
    library->easy_setopt(curl, CURLOPT_PROTOCOLS,
                         plain ? CURLPROTO_HTTP | CURLPROTO_HTTPS : CURLPROTO_HTTPS);
#endif
}

static void set_options(cz_attempt *mine, const char *url, bool head, struct curl_slist *headers)
{
    const cz_curl_library *library = &mine->http->library;
    CURL *curl = mine->curl;
    library->easy_reset(curl);
    library->easy_setopt(curl, CURLOPT_URL, url);
    library->easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    library->easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    library->easy_setopt(curl, CURLOPT_UNRESTRICTED_AUTH, 0L);
    library->easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    library->easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_SECONDS);
    library->easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, (long)STALL_SECONDS);
    library->easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, (long)STALL_BYTES);
    library->easy_setopt(curl, CURLOPT_USERAGENT, "cloze/" CLOZE_VERSION);
    library->easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    library->easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
    library->easy_setopt(curl, CURLOPT_HEADERDATA, mine);
    library->easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    library->easy_setopt(curl, CURLOPT_WRITEDATA, mine);
    library->easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    library->easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, watch);
    library->easy_setopt(curl, CURLOPT_XFERINFODATA, mine);
    set_protocols(library, curl, mine->http->plain);
    set_certificates(library, curl);
    if (head)
        library->easy_setopt(curl, CURLOPT_NOBODY, 1L);
}

/* The headers of a request; the token goes to the endpoint's own host and port alone. */
static bool make_headers(const cz_http *http, const char *url, uint64_t from,
                         struct curl_slist **out)
{
    char line[1100];
    const cz_curl_library *library = &http->library;
    struct curl_slist *list = library->slist_append(NULL, "Accept-Encoding: identity"), *longer;
    bool ok = list != NULL;
    if (ok && http->options.token && cz_is_own(http, url)) {
        snprintf(line, sizeof line, "Authorization: Bearer %s", http->options.token);
        longer = library->slist_append(list, line);
        ok = longer != NULL;
    }
    if (ok && from) {
        snprintf(line, sizeof line, "Range: bytes=%llu-", (unsigned long long)from);
        longer = library->slist_append(list, line);
        ok = longer != NULL;
    }
    if (!ok) {
        library->slist_free_all(list);
        return false;
    }
    *out = list;
    return true;
}

CURLcode cz_attempt_once(cz_attempt *mine, const char *url, bool head)
{
    const cz_curl_library *library = &mine->http->library;
    struct curl_slist *headers;
    cz_http_answer *answer = mine->answer;
    memset(answer, 0, sizeof *answer);
    answer->size = answer->linked_size = UINT64_MAX;
    answer->retry_after = -1;
    snprintf(answer->url, sizeof answer->url, "%s", url);
    mine->asked_from = mine->sink ? mine->sink->have(mine->sink->context) : 0;
    mine->begun = false;
    mine->header_bytes = 0;
    if (!make_headers(mine->http, url, mine->asked_from, &headers))
        return CURLE_OUT_OF_MEMORY;
    set_options(mine, url, head, headers);
    CURLcode result = library->easy_perform(mine->curl);
    library->easy_getinfo(mine->curl, CURLINFO_RESPONSE_CODE, &answer->code);
    library->slist_free_all(headers);
    return result;
}
