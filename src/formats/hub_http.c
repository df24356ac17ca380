/*
 * hub_http.c - see hub_http.h. libcurl carries one request at a time; what to do with its answer
 * (follow, repeat, give up) is decided here.
 */
#include "formats/hub_http.h"

#include "base/error.h"
#include "base/memory.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

enum {
    REDIRECTS_MOST = 10,
    HEADER_BYTES_MOST = 1 << 18,
    CONNECT_SECONDS = 30,
    STALL_SECONDS = 60,
    STALL_BYTES = 100,
    WAIT_SLICE_MS = 50,
    PROGRESS_BYTES = 1 << 20 /* an attempt that brought this much does not count */
};

struct cz_http {
    cz_http_options options;
    CURL *curl;
    char origin[300]; /* scheme://host:port of the endpoint */
    bool plain;       /* the endpoint is plain http */
};

/* One attempt under way. */
typedef struct attempt {
    const cz_http *http;
    CURL *curl;
    const cz_http_sink *sink;
    cz_http_answer *answer;
    uint64_t asked_from;
    size_t header_bytes;
    bool begun, cancelled;
    cloze_status status; /* of the sink */
    cloze_error *error;
} attempt;

/* "scheme://host:port" of a URL, as libcurl itself would read it. */
static bool origin_of(const char *url, char *out, size_t out_size)
{
    char *scheme = NULL, *host = NULL, *port = NULL;
    CURLU *parts = curl_url();
    bool ok = parts && !curl_url_set(parts, CURLUPART_URL, url, 0) &&
              !curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) &&
              !curl_url_get(parts, CURLUPART_HOST, &host, 0) &&
              !curl_url_get(parts, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT);
    if (ok) {
        int length = snprintf(out, out_size, "%s://%s:%s", scheme, host, port);
        ok = length > 0 && (size_t)length < out_size;
    }
    curl_free(scheme);
    curl_free(host);
    curl_free(port);
    curl_url_cleanup(parts);
    return ok;
}

static bool is_own(const cz_http *http, const char *url)
{
    char origin[300];
    return origin_of(url, origin, sizeof origin) && !strcasecmp(origin, http->origin);
}

static bool is_allowed(const cz_http *http, const char *url)
{
    return !strncasecmp(url, "https://", 8) || (http->plain && !strncasecmp(url, "http://", 7));
}

cloze_status cz_http_new(cz_http **out, const cz_http_options *options, cloze_error *error)
{
    cz_http *http;
    if (strncasecmp(options->endpoint, "https://", 8) &&
        strncasecmp(options->endpoint, "http://", 7))
        return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                       "HF_ENDPOINT \"%.200s\" must begin with "
                       "https:// or http://",
                       options->endpoint);
    /* Counted by libcurl, and paired with the cleanup in cz_http_free. */
    if (curl_global_init(CURL_GLOBAL_DEFAULT))
        return cz_fail(error, CLOZE_ERROR_MEMORY, "libcurl cannot be started");
    http = cz_allocate_zero(NULL, 1, sizeof *http);
    if (http)
        http->curl = curl_easy_init();
    if (!http || !http->curl) {
        free(http);
        curl_global_cleanup();
        return cz_fail_memory(error, "a connection", sizeof *http);
    }
    http->options = *options;
    http->plain = !strncasecmp(options->endpoint, "http://", 7);
    if (!origin_of(options->endpoint, http->origin, sizeof http->origin)) {
        cz_http_free(http);
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "HF_ENDPOINT \"%.200s\" is not a URL",
                       options->endpoint);
    }
    *out = http;
    return CLOZE_OK;
}

void cz_http_free(cz_http *http)
{
    if (!http)
        return;
    curl_easy_cleanup(http->curl);
    curl_global_cleanup();
    free(http);
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
    attempt *mine = context;
    char name[64], *colon = memchr(line, ':', size);
    size_t length = colon ? (size_t)(colon - line) : 0, end = size * one;
    mine->header_bytes += end;
    if (mine->header_bytes > HEADER_BYTES_MOST)
        return 0;
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

static cloze_status begin_body(attempt *mine)
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
    attempt *mine = context;
    curl_easy_getinfo(mine->curl, CURLINFO_RESPONSE_CODE, &mine->answer->code);
    if (mine->answer->code != 200 && mine->answer->code != 206)
        return size * one;
    if (!mine->sink)
        return 0;
    if (!mine->begun)
        mine->status = begin_body(mine);
    if (!mine->status)
        mine->status = mine->sink->put(mine->sink->context, data, size * one, mine->error);
    return mine->status ? 0 : size * one;
}

static int watch(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    attempt *mine = context;
    const cz_http_options *options = &mine->http->options;
    (void)a, (void)b, (void)c, (void)d;
    if (options->go_on && !options->go_on(options->context))
        mine->cancelled = true;
    return mine->cancelled;
}

/* ---- one attempt ---- */

static void set_certificates(CURL *curl)
{
    static const char *const names[] = { "SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *file = cz_environment(names[i]);
        if (file) {
            curl_easy_setopt(curl, CURLOPT_CAINFO, file);
            return;
        }
    }
}

static void set_protocols(CURL *curl, bool plain)
{
#if LIBCURL_VERSION_NUM >= 0x075500
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, plain ? "http,https" : "https");
#else
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS,
                     plain ? CURLPROTO_HTTP | CURLPROTO_HTTPS : CURLPROTO_HTTPS);
#endif
}

static void set_options(attempt *mine, const char *url, bool head, struct curl_slist *headers)
{
    CURL *curl = mine->curl;
    curl_easy_reset(curl);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_UNRESTRICTED_AUTH, 0L);
    curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_SECONDS);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, (long)STALL_SECONDS);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, (long)STALL_BYTES);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "cloze/" CLOZE_VERSION);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, mine);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, mine);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, watch);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, mine);
    set_protocols(curl, mine->http->plain);
    set_certificates(curl);
    if (head)
        curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
}

/* The headers of a request; the token goes to the endpoint's own host and port alone. */
static bool make_headers(const cz_http *http, const char *url, uint64_t from,
                         struct curl_slist **out)
{
    char line[1100];
    struct curl_slist *list = curl_slist_append(NULL, "Accept-Encoding: identity"), *longer;
    bool ok = list != NULL;
    if (ok && http->options.token && is_own(http, url)) {
        snprintf(line, sizeof line, "Authorization: Bearer %s", http->options.token);
        longer = curl_slist_append(list, line);
        ok = longer != NULL;
    }
    if (ok && from) {
        snprintf(line, sizeof line, "Range: bytes=%llu-", (unsigned long long)from);
        longer = curl_slist_append(list, line);
        ok = longer != NULL;
    }
    if (!ok) {
        curl_slist_free_all(list);
        return false;
    }
    *out = list;
    return true;
}

static CURLcode try_once(attempt *mine, const char *url, bool head)
{
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
    CURLcode result = curl_easy_perform(mine->curl);
    curl_easy_getinfo(mine->curl, CURLINFO_RESPONSE_CODE, &answer->code);
    curl_slist_free_all(headers);
    return result;
}

/* ---- redirects ---- */

static bool is_redirect(long code)
{
    return code == 301 || code == 302 || code == 303 || code == 307 || code == 308;
}

/* Makes `location` absolute. */
static cloze_status next_place(const cz_http *http, CURL *curl, cz_http_answer *answer,
                               cloze_error *error)
{
    char *absolute = NULL, shown[200];
    if (!answer->location[0] || curl_easy_getinfo(curl, CURLINFO_REDIRECT_URL, &absolute) ||
        !absolute || strlen(absolute) >= sizeof answer->location)
        return cz_fail(error, CLOZE_ERROR_NETWORK, "a redirect without a usable place");
    snprintf(answer->location, sizeof answer->location, "%s", absolute);
    if (!is_allowed(http, absolute))
        return cz_fail(error, CLOZE_ERROR_NETWORK,
                       "refused a redirect to \"%s\": only https is "
                       "allowed",
                       cz_printable(shown, sizeof shown, absolute, strlen(absolute)));
    return CLOZE_OK;
}

/* One request with its redirects. *code is libcurl's, when *transport says that it matters. */
static cloze_status follow(attempt *mine, const char *url, bool head, CURLcode *result)
{
    char place[sizeof mine->answer->location];
    snprintf(place, sizeof place, "%s", url);
    for (int turn = 0; turn <= REDIRECTS_MOST; turn++) {
        cloze_status status;
        *result = try_once(mine, place, head);
        if (*result || !is_redirect(mine->answer->code))
            return CLOZE_OK;
        if ((status = next_place(mine->http, mine->curl, mine->answer, mine->error)))
            return status;
        if (head && !is_own(mine->http, mine->answer->location))
            return CLOZE_OK;
        memcpy(place, mine->answer->location, sizeof place);
    }
    return cz_fail(mine->error, CLOZE_ERROR_NETWORK, "more than %d redirects", REDIRECTS_MOST);
}

/* ---- repetition ---- */

static bool passes_by_itself(CURLcode result, long code)
{
    switch (result) {
    case CURLE_OK:
        return code == 429 || code == 408 || (code >= 500 && code != 501 && code != 505);
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
        return true;
    default:
        return false;
    }
}

/* False when cancelled. */
static bool wait_a_while(const cz_http *http, uint64_t milliseconds)
{
    const cz_http_options *options = &http->options;
    for (uint64_t waited = 0; waited < milliseconds; waited += WAIT_SLICE_MS) {
        uint64_t left = milliseconds - waited;
        if (options->go_on && !options->go_on(options->context))
            return false;
        nanosleep(
            &(struct timespec){ 0, 1000000l * (long)(left < WAIT_SLICE_MS ? left : WAIT_SLICE_MS) },
            NULL);
    }
    return true;
}

/* How long to wait before the next attempt; false: no more attempts. */
static bool next_wait(const cz_patience *patience, unsigned tried, const cz_http_answer *answer,
                      uint64_t *milliseconds)
{
    uint64_t wait = patience->first_wait_ms;
    if (tried >= patience->attempts)
        return false;
    for (unsigned i = 1; i < tried && wait < patience->longest_wait_ms; i++)
        wait *= 2;
    if (wait > patience->longest_wait_ms)
        wait = patience->longest_wait_ms;
    if (answer->retry_after >= 0 && (uint64_t)answer->retry_after * 1000 > wait)
        wait = (uint64_t)answer->retry_after * 1000;
    *milliseconds = wait;
    return wait <= patience->longest_wait_ms;
}

/* ---- what went wrong ---- */

static cloze_status fail_transport(const attempt *mine, CURLcode result, const char *what)
{
    if (mine->cancelled)
        return cz_fail(mine->error, CLOZE_ERROR_CANCELLED, "cancelled while getting %.200s", what);
    if (result == CURLE_OUT_OF_MEMORY)
        return cz_fail(mine->error, CLOZE_ERROR_MEMORY, "out of memory getting %.200s", what);
    if (result == CURLE_COULDNT_RESOLVE_HOST || result == CURLE_COULDNT_CONNECT ||
        result == CURLE_COULDNT_RESOLVE_PROXY)
        return cz_fail(mine->error, CLOZE_ERROR_NETWORK,
                       "%.120s cannot be reached (%s); is there a network? HF_ENDPOINT names "
                       "another hub",
                       mine->http->origin, curl_easy_strerror(result));
    return cz_fail(mine->error, CLOZE_ERROR_NETWORK,
                   "getting %.200s failed: %s; try again, what "
                   "is there is kept",
                   what, curl_easy_strerror(result));
}

static cloze_status fail_access(const attempt *mine, const char *what)
{
    bool sent = mine->http->options.token != NULL;
    const char *reason = mine->answer->reason;
    if (!strcmp(reason, "GatedRepo"))
        return cz_fail(mine->error, CLOZE_ERROR_ACCESS,
                       "%.150s is gated: accept its terms on the hub's page and set HF_TOKEN to a "
                       "token of that account",
                       what);
    return cz_fail(mine->error, CLOZE_ERROR_ACCESS,
                   sent ? "the hub refuses %.150s with this token: check HF_TOKEN, or whether the "
                          "name is right"
                        : "the hub refuses %.150s: it does not exist, or is private and needs "
                          "HF_TOKEN",
                   what);
}

static cloze_status fail_answer(const attempt *mine, const char *what)
{
    const cz_http_answer *answer = mine->answer;
    if (answer->code == 401 || answer->code == 403)
        return fail_access(mine, what);
    if (answer->code == 404 || answer->code == 410)
        return cz_fail(mine->error, CLOZE_ERROR_NOT_FOUND,
                       "the hub has no %.150s%s%s: check the name and the revision", what,
                       answer->message[0] ? "; it says: " : "", answer->message);
    if (answer->code == 429)
        return cz_fail(mine->error, CLOZE_ERROR_NETWORK,
                       "the hub is asked too often; wait a while and try again (HF_TOKEN may "
                       "help)");
    return cz_fail(mine->error, CLOZE_ERROR_NETWORK, "the hub answers %ld for %.150s%s%s",
                   answer->code, what, answer->message[0] ? ": " : "", answer->message);
}

/* CLOZE_OK, an error, or `*again` when another attempt may help. */
static cloze_status judge(attempt *mine, CURLcode result, bool head, const char *what, bool *again)
{
    long code = mine->answer->code;
    *again = false;
    if (mine->status)
        return mine->status;
    *again = !mine->cancelled && passes_by_itself(result, code);
    if (result)
        return fail_transport(mine, result, what);
    if (code == 200 || code == 206 || (head && is_redirect(code)))
        return CLOZE_OK;
    return fail_answer(mine, what);
}

/* An answer of 416 means that nothing is missing, or that what we have is from another file. */
static cloze_status begin_again(attempt *mine)
{
    return mine->sink->begin(mine->sink->context, 0, mine->error);
}

static cloze_status perform(cz_http *http, const char *url, bool head, const char *what,
                            const cz_http_sink *sink, cz_http_answer *answer, cloze_error *error)
{
    attempt mine = {
        .http = http, .curl = http->curl, .sink = sink, .answer = answer, .error = error
    };
    for (unsigned tried = 1;; tried++) {
        CURLcode result = CURLE_OK;
        uint64_t milliseconds;
        bool again;
        cloze_status status = follow(&mine, url, head, &result);
        if (status)
            return status;
        if (answer->code == 416 && sink && mine.asked_from && tried < 3) {
            if ((status = begin_again(&mine)))
                return status;
            continue;
        }
        status = judge(&mine, result, head, what, &again);
        if (!status && sink && !mine.begun)
            return begin_body(&mine);
        if (!status || !again || !next_wait(&http->options.patience, tried, answer, &milliseconds))
            return status;
        if (sink && sink->have(sink->context) > mine.asked_from + PROGRESS_BYTES)
            tried = 0;
        cz_log(http->options.hooks, CLOZE_LOG_NOTE, "%.200s: trying again in %.1f s (%ld)", what,
               (double)milliseconds / 1000, result ? 0l : answer->code);
        if (!wait_a_while(http, milliseconds))
            return cz_fail(error, CLOZE_ERROR_CANCELLED, "cancelled while getting %.200s", what);
    }
}

cloze_status cz_http_get(cz_http *http, const char *url, const char *what, const cz_http_sink *sink,
                         cz_http_answer *answer, cloze_error *error)
{
    if (!is_allowed(http, url))
        return cz_fail(error, CLOZE_ERROR_NETWORK, "refused \"%.200s\": only https is allowed",
                       url);
    return perform(http, url, false, what, sink, answer, error);
}

cloze_status cz_http_head(cz_http *http, const char *url, const char *what, cz_http_answer *answer,
                          cloze_error *error)
{
    return perform(http, url, true, what, NULL, answer, error);
}
