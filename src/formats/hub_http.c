/*
 * hub_http.c - see hub_http.h. What to do with an answer is decided here: follow it, ask again, or
 * give up and say why. hub_attempt.c carries one request.
 */
#include "base/error.h"
#include "base/memory.h"
#include "formats/hub_attempt.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

enum {
    REDIRECTS_MOST = 10,
    WAIT_SLICE_MS = 50,
    PROGRESS_BYTES = 1 << 20 /* an attempt that brought this much does not count */
};

static bool is_allowed(const cz_http *http, const char *url)
{
    return !strncasecmp(url, "https://", 8) || (http->plain && !strncasecmp(url, "http://", 7));
}

static const cloze_allocator *allocator_of(const cz_http_options *options)
{
    return options->hooks ? &options->hooks->allocator : NULL;
}

/* What a message may tell of a URL: a name, password or signature in it stays out. */
static const char *shown_of(const cz_http *http, const char *url, char *out, size_t out_size)
{
    char origin[300] = "an address without a host";
    (void)cz_origin_of(&http->library, url, origin, sizeof origin);
    return cz_printable(out, out_size, origin, strlen(origin));
}

cloze_status cz_http_new(cz_http **out, const cz_http_options *options, cloze_error *error)
{
    cz_curl_library library;
    cloze_status status;
    cz_http *http;
    if (strncasecmp(options->endpoint, "https://", 8) &&
        strncasecmp(options->endpoint, "http://", 7))
        return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                       "the hub's endpoint (HF_ENDPOINT) must begin with https:// or http://");
    if ((status = cz_curl_load(&library, error)))
        return status;
    /* Counted by libcurl, and paired with the cleanup in cz_http_free. */
    if (library.global_init(CURL_GLOBAL_DEFAULT))
        return cz_fail(error, CLOZE_ERROR_MEMORY, "libcurl cannot be started");
    http = cz_allocate_zero(allocator_of(options), 1, sizeof *http);
    if (http)
        http->curl = library.easy_init();
    if (!http || !http->curl) {
        cz_release(allocator_of(options), http);
        library.global_cleanup();
        return cz_fail_memory(error, "a connection", sizeof *http);
    }
    http->library = library;
    http->options = *options;
    http->plain = !strncasecmp(options->endpoint, "http://", 7);
    if (!cz_origin_of(&library, options->endpoint, http->origin, sizeof http->origin)) {
        cz_http_free(http);
        return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                       "the hub's endpoint (HF_ENDPOINT) is not a URL");
    }
    *out = http;
    return CLOZE_OK;
}

void cz_http_free(cz_http *http)
{
    if (!http)
        return;
    http->library.easy_cleanup(http->curl);
    http->library.global_cleanup();
    cz_release(allocator_of(&http->options), http);
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
    if (!answer->location[0] ||
        http->library.easy_getinfo(curl, CURLINFO_REDIRECT_URL, &absolute) || !absolute ||
        strlen(absolute) >= sizeof answer->location)
        return cz_fail(error, CLOZE_ERROR_NETWORK, "a redirect without a usable place");
    snprintf(answer->location, sizeof answer->location, "%s", absolute);
    if (!is_allowed(http, absolute))
        return cz_fail(error, CLOZE_ERROR_NETWORK,
                       "refused a redirect to %s: only https is allowed",
                       shown_of(http, absolute, shown, sizeof shown));
    return CLOZE_OK;
}

/* One request with its redirects. *code is libcurl's, when *transport says that it matters. */
static cloze_status follow(cz_attempt *mine, const char *url, bool head, CURLcode *result)
{
    char place[sizeof mine->answer->location];
    snprintf(place, sizeof place, "%s", url);
    for (int turn = 0; turn <= REDIRECTS_MOST; turn++) {
        cloze_status status;
        *result = cz_attempt_once(mine, place, head);
        if (*result || !is_redirect(mine->answer->code))
            return CLOZE_OK;
        if ((status = next_place(mine->http, mine->curl, mine->answer, mine->error)))
            return status;
        if (head && !cz_is_own(mine->http, mine->answer->location))
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

static cloze_status fail_transport(const cz_attempt *mine, CURLcode result, const char *what)
{
    if (mine->cancelled)
        return cz_fail(mine->error, CLOZE_ERROR_CANCELLED, "cancelled while getting %.200s", what);
    if (result == CURLE_OUT_OF_MEMORY)
        return cz_fail(mine->error, CLOZE_ERROR_MEMORY, "out of memory getting %.200s", what);
    if (result == CURLE_COULDNT_RESOLVE_HOST || result == CURLE_COULDNT_CONNECT ||
        result == CURLE_COULDNT_RESOLVE_PROXY)
        return cz_fail(mine->error, CLOZE_ERROR_NETWORK,
                       "%.200s cannot be reached (%s); is there a network? HF_ENDPOINT names "
                       "another hub",
                       mine->http->origin, mine->http->library.easy_strerror(result));
    if (result == CURLE_PEER_FAILED_VERIFICATION || result == CURLE_SSL_CACERT_BADFILE)
        return cz_fail(mine->error, CLOZE_ERROR_NETWORK,
                       "the certificate of %.200s is not trusted; SSL_CERT_FILE names a file with "
                       "further authorities",
                       mine->http->origin);
    return cz_fail(mine->error, CLOZE_ERROR_NETWORK,
                   "getting %.200s failed: %s; try again, what "
                   "is there is kept",
                   what, mine->http->library.easy_strerror(result));
}

static cloze_status fail_access(const cz_attempt *mine, const char *what)
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

static cloze_status fail_answer(const cz_attempt *mine, const char *what)
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
static cloze_status judge(cz_attempt *mine, CURLcode result, bool head, const char *what,
                          bool *again)
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
static cloze_status begin_again(cz_attempt *mine)
{
    return mine->sink->begin(mine->sink->context, 0, mine->error);
}

static cloze_status perform(cz_http *http, const char *url, bool head, const char *what,
                            const cz_http_sink *sink, cz_http_answer *answer, cloze_error *error)
{
    cz_attempt mine = {
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
            return cz_attempt_begin_body(&mine);
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
    char shown[200];
    if (!is_allowed(http, url))
        return cz_fail(error, CLOZE_ERROR_NETWORK, "refused %s: only https is allowed",
                       shown_of(http, url, shown, sizeof shown));
    return perform(http, url, false, what, sink, answer, error);
}

cloze_status cz_http_head(cz_http *http, const char *url, const char *what, cz_http_answer *answer,
                          cloze_error *error)
{
    return perform(http, url, true, what, NULL, answer, error);
}
