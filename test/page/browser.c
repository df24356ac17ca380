/* browser.c - see browser.h. Messages are JSON, each ended by a zero byte. */
#include "browser.h"

#include "../temporary.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE = 60000 /* ms */, CHUNK = 1 << 16, IN = 3, OUT = 4 };

struct browser {
    pid_t process;
    int to, from;
    json_int_t last; /* number of the last call */
    char *bytes;     /* what came, from its beginning; `size` of them */
    size_t size, capacity;
    char *session;
    char profile[TEMPORARY_SIZE];
};

static bool is_program(char out[4096], const char *name)
{
    const char *path = getenv("PATH");
    while (path && *path) {
        size_t size = strcspn(path, ":");
        snprintf(out, 4096, "%.*s/%s", (int)size, path, name);
        if (!access(out, X_OK))
            return true;
        path += size + (path[size] == ':');
    }
    return false;
}

static bool find_program(char out[4096])
{
    static const char *const names[] = { "chromium", "chromium-browser", "google-chrome" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (is_program(out, names[i]))
            return true;
    return false;
}

/* In the child: its ends of the pipes become descriptors 3 and 4, and it says nothing. */
static void become(const char *program, const char *profile, int width, int height, int in, int out)
{
    char folder[TEMPORARY_SIZE + 20], size[40];
    int kept_in = fcntl(in, F_DUPFD, 10), kept_out = fcntl(out, F_DUPFD, 10);
    int nothing = open("/dev/null", O_RDWR);
    const char *arguments[] = { program,
                                "--headless",
                                "--remote-debugging-pipe",
                                folder,
                                size,
                                "--disable-gpu",
                                "--disable-dev-shm-usage",
                                "--disable-background-networking",
                                "--no-first-run",
                                "--no-proxy-server",
                                "--host-resolver-rules=MAP * ~NOTFOUND",
                                "--hide-scrollbars",
                                geteuid() ? NULL : "--no-sandbox",
                                NULL };
    snprintf(folder, sizeof folder, "--user-data-dir=%s", profile);
    snprintf(size, sizeof size, "--window-size=%d,%d", width, height);
    setpgid(0, 0);
    if (dup2(kept_in, IN) < 0 || dup2(kept_out, OUT) < 0 || dup2(nothing, 0) < 0 ||
        dup2(nothing, 1) < 0 || dup2(nothing, 2) < 0)
        _exit(127);
    execv(program, (char *const *)arguments);
    _exit(127);
}

static bool start(browser *in, const char *program, int width, int height)
{
    int to[2], from[2];
    if (pipe2(to, O_CLOEXEC))
        return false;
    if (pipe2(from, O_CLOEXEC)) {
        close(to[0]);
        close(to[1]);
        return false;
    }
    in->process = fork();
    if (!in->process)
        become(program, in->profile, width, height, to[0], from[1]);
    close(to[0]);
    close(from[1]);
    in->to = to[1];
    in->from = from[0];
    return in->process > 0;
}

static bool send_text(browser *in, const char *text)
{
    size_t left = strlen(text) + 1;
    while (left) {
        ssize_t some = write(in->to, text, left);
        if (some < 0 && errno == EINTR)
            continue;
        if (some <= 0)
            return false;
        text += some;
        left -= (size_t)some;
    }
    return true;
}

/* Reads more of what comes; false when nothing does for too long. */
static bool receive(browser *in)
{
    struct pollfd ready = { .fd = in->from, .events = POLLIN };
    ssize_t some;
    if (in->capacity - in->size < CHUNK) {
        char *bytes = realloc(in->bytes, 2 * in->capacity + CHUNK);
        if (!bytes)
            return false;
        in->bytes = bytes;
        in->capacity = 2 * in->capacity + CHUNK;
    }
    if (poll(&ready, 1, PATIENCE) <= 0)
        return false;
    some = read(in->from, in->bytes + in->size, in->capacity - in->size);
    if (some <= 0)
        return false;
    in->size += (size_t)some;
    return true;
}

static json_t *next_message(browser *in)
{
    char *end;
    json_t *message;
    while (!in->size || !(end = memchr(in->bytes, 0, in->size)))
        if (!receive(in))
            return NULL;
    message = json_loads(in->bytes, JSON_ALLOW_NUL, NULL);
    in->size -= (size_t)(end + 1 - in->bytes);
    memmove(in->bytes, end + 1, in->size);
    return message;
}

/* The result of a call, whose parameters it takes; events that come meanwhile are dropped. */
static json_t *call(browser *in, const char *method, json_t *parameters)
{
    json_t *message =
        json_pack("{s:I, s:s, s:o*}", "id", ++in->last, "method", method, "params", parameters);
    char *text;
    bool sent;
    if (in->session)
        json_object_set_new(message, "sessionId", json_string(in->session));
    text = json_dumps(message, JSON_COMPACT);
    json_decref(message);
    sent = text && send_text(in, text);
    free(text);
    while (sent && (message = next_message(in))) {
        bool answer = json_integer_value(json_object_get(message, "id")) == in->last;
        json_t *result = answer ? json_incref(json_object_get(message, "result")) : NULL;
        json_decref(message);
        if (answer)
            return result;
    }
    return NULL;
}

static bool calls(browser *in, const char *method, json_t *parameters)
{
    json_t *result = call(in, method, parameters);
    json_decref(result);
    return result;
}

/* Everything after this speaks with the page instead of the browser. */
static bool attach(browser *in, const char *url)
{
    json_t *target = call(in, "Target.createTarget", json_pack("{s:s}", "url", "about:blank"));
    json_t *session = call(
        in, "Target.attachToTarget",
        json_pack("{s:O*, s:b}", "targetId", json_object_get(target, "targetId"), "flatten", 1));
    const char *name = json_string_value(json_object_get(session, "sessionId"));
    in->session = name ? strdup(name) : NULL;
    json_decref(target);
    json_decref(session);
    return in->session && calls(in, "Page.enable", NULL) &&
           calls(in, "Page.navigate", json_pack("{s:s}", "url", url));
}

browser *browser_open(const char *path, int width, int height, const char **why)
{
    char program[4096], url[4200];
    browser *in = calloc(1, sizeof *in);
    *why = "no Chromium is installed";
    if (!in || !find_program(program)) {
        free(in);
        return NULL;
    }
    temporary_name(in->profile);
    snprintf(url, sizeof url, "file://%s", path);
    signal(SIGPIPE, SIG_IGN);
    *why = "Chromium does not answer";
    if (mkdtemp(in->profile) && start(in, program, width, height) && attach(in, url) &&
        browser_awaits(in, "location.protocol === 'file:' && document.readyState === 'complete'"))
        return in;
    browser_close(in);
    return NULL;
}

static int remove_one(const char *path, const struct stat *state, int kind, struct FTW *place)
{
    (void)state;
    (void)kind;
    (void)place;
    return remove(path);
}

void browser_close(browser *in)
{
    if (!in)
        return;
    if (in->process > 0) {
        kill(-in->process, SIGKILL);
        waitpid(in->process, NULL, 0);
        close(in->to);
        close(in->from);
    }
    nftw(in->profile, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(in->bytes);
    free(in->session);
    free(in);
}

json_t *browser_evaluate(browser *in, const char *expression)
{
    json_t *result = call(in, "Runtime.evaluate",
                          json_pack("{s:s, s:b, s:b}", "expression", expression, "awaitPromise", 1,
                                    "returnByValue", 1));
    json_t *value = json_object_get(result, "exceptionDetails")
                        ? NULL
                        : json_object_get(json_object_get(result, "result"), "value");
    json_incref(value);
    json_decref(result);
    return value;
}

bool browser_awaits(browser *in, const char *expression)
{
    const struct timespec pause = { 0, 20000000 };
    for (int i = 0; i < PATIENCE / 20; i++) {
        json_t *value = browser_evaluate(in, expression);
        bool reached = json_is_true(value);
        json_decref(value);
        if (reached)
            return true;
        /* Nobody rings when a page has inflated and drawn; it is asked again, and PATIENCE ends that. */
        nanosleep(&pause, NULL);
    }
    return false;
}

bool browser_press(browser *in, const char *key, bool shifted)
{
    bool letter = strlen(key) == 1;
    int shift = shifted ? 8 : 0;
    return calls(in, "Input.dispatchKeyEvent",
                 json_pack("{s:s, s:s, s:s*, s:i}", "type", "keyDown", "key", key, "text",
                           letter ? key : NULL, "modifiers", shift)) &&
           calls(in, "Input.dispatchKeyEvent",
                 json_pack("{s:s, s:s, s:i}", "type", "keyUp", "key", key, "modifiers", shift));
}

static bool mouse(browser *in, const char *type, double x, double y, bool button)
{
    return calls(in, "Input.dispatchMouseEvent",
                 json_pack("{s:s, s:f, s:f, s:s, s:i}", "type", type, "x", x, "y", y, "button",
                           button ? "left" : "none", "clickCount", (int)button));
}

bool browser_click(browser *in, double x, double y)
{
    return mouse(in, "mousePressed", x, y, true) && mouse(in, "mouseReleased", x, y, true);
}

bool browser_moves(browser *in, double x, double y)
{
    return mouse(in, "mouseMoved", x, y, false);
}

bool browser_prefers(browser *in, const char *scheme)
{
    return calls(
        in, "Emulation.setEmulatedMedia",
        json_pack("{s:[{s:s, s:s}]}", "features", "name", "prefers-color-scheme", "value", scheme));
}

json_t *browser_picture(browser *in)
{
    json_t *result = call(in, "Page.captureScreenshot", json_object());
    json_t *data = json_incref(json_object_get(result, "data"));
    json_decref(result);
    return data;
}
