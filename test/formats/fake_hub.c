#include "fake_hub.h"

#include "base/digest.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { REQUESTS_MOST = 1000, REQUEST_SIZE = 4096 };

typedef struct server {
    struct fake_hub *hub;
    int listener, port;
    bool is_store;
    pthread_t thread;
} server;

struct fake_hub {
    const fake_file *files;
    size_t count;
    server hub, store;
    char url[64], commit[41];
    fake_faults faults;
    atomic_bool stop;
    pthread_mutex_t mutex;
    char *requests[REQUESTS_MOST];
    size_t request_count;
};

static void send_all(int socket, const char *data, size_t size)
{
    while (size) {
        ssize_t sent = send(socket, data, size, MSG_NOSIGNAL);
        if (sent <= 0)
            return;
        data += sent;
        size -= (size_t)sent;
    }
}

static void answer(int socket, int code, const char *headers, const char *body, size_t size,
                   bool head)
{
    char text[2048];
    int length = snprintf(text, sizeof text,
                          "HTTP/1.1 %d Some Reason\r\nConnection: close\r\nContent-Length: "
                          "%zu\r\n%s\r\n",
                          code, size, headers);
    send_all(socket, text, (size_t)length);
    if (!head)
        send_all(socket, body, size);
}

void fake_hub_etag(const fake_file *file, char out[65])
{
    cz_digest digest;
    char prefix[40];
    cz_digest_begin(&digest, file->large ? CZ_SHA256 : CZ_SHA1);
    if (!file->large)
        cz_digest_add(&digest, prefix,
                      (size_t)snprintf(prefix, sizeof prefix, "blob %zu", file->size) + 1);
    cz_digest_add(&digest, file->data, file->size);
    cz_digest_end(&digest, out);
}

static const fake_file *find(const fake_hub *hub, const char *name)
{
    for (size_t i = 0; i < hub->count; i++) {
        size_t length = strlen(hub->files[i].name);
        if (!strncmp(hub->files[i].name, name, length) && strchr(" ?", name[length]))
            return &hub->files[i];
    }
    return NULL;
}

static void send_header_lines(int socket, size_t lines)
{
    char line[1000];
    memset(line, 'a', sizeof line);
    memcpy(line, "X-A: ", 5);
    memcpy(line + sizeof line - 2, "\r\n", 2);
    send_all(socket, "HTTP/1.1 200 Some Reason\r\n", 26);
    for (size_t i = 0; i < lines; i++)
        send_all(socket, line, sizeof line);
    send_all(socket, "\r\n", 2);
}

static void answer_listing(fake_hub *hub, int socket)
{
    char *body = NULL;
    size_t size;
    char headers[300] = "";
    if (hub->faults.header_lines) {
        send_header_lines(socket, hub->faults.header_lines);
        return;
    }
    if (hub->faults.redirect) {
        snprintf(headers, sizeof headers, "Location: %s\r\n", hub->faults.redirect);
        answer(socket, 307, headers, "", 0, false);
        return;
    }
    FILE *out = open_memstream(&body, &size);
    fprintf(out, "{\"id\":\"o/n\",\"sha\":\"%s\",\"siblings\":[{\"rfilename\":\".gitattributes\"}",
            hub->commit);
    for (size_t i = 0; i < hub->count; i++)
        fprintf(out, ",{\"rfilename\":\"%s\"}", hub->files[i].name);
    if (hub->faults.extra_file)
        fprintf(out, ",{\"rfilename\":\"%s\"}", hub->faults.extra_file);
    fputs("]}", out);
    fclose(out);
    answer(socket, 200, "Content-Type: application/json\r\n", body, size, false);
    free(body);
}

static void answer_file(fake_hub *hub, int socket, const fake_file *file, bool head, bool cached)
{
    char etag[65], headers[600];
    const char *commit =
        hub->faults.other_commit ? "ffffffffffffffffffffffffffffffffffffffff" : hub->commit;
    fake_hub_etag(file, etag);
    const char *shown = hub->faults.etag ? hub->faults.etag : etag;
    if (hub->faults.no_etag)
        shown = "";
    if (file->large)
        snprintf(headers, sizeof headers,
                 "X-Repo-Commit: %s\r\nETag: \"xet-1\"\r\nX-Linked-Etag: \"%s\"\r\n"
                 "X-Linked-Size: %zu\r\nLocation: http://127.0.0.1:%d/%s?signature=1\r\n",
                 commit, shown, file->size, hub->store.port, file->name);
    else if (!cached && !strcmp(file->name, "tokenizer.json"))
        snprintf(headers, sizeof headers, "Location: /api/resolve-cache/%s\r\n", file->name);
    else
        snprintf(headers, sizeof headers, "x-repo-commit: %s\r\netag: W/\"%s\"\r\n", commit, shown);
    bool redirect = strstr(headers, "Location: ") != NULL;
    const char *body = hub->faults.wrong_bytes && !redirect ? "?" : file->data;
    if (redirect)
        answer(socket, 302, headers, "moved", 5, head);
    else if (hub->faults.wrong_bytes && !head) {
        char *wrong = calloc(file->size + 1, 1);
        memset(wrong, '?', file->size);
        answer(socket, 200, headers, wrong, file->size, head);
        free(wrong);
    } else
        answer(socket, 200, headers, body, file->size, head);
}

static void serve_hub(fake_hub *hub, int socket, const char *request)
{
    bool head = !strncmp(request, "HEAD ", 5);
    const char *place = strchr(request, ' ') + 1;
    fake_faults *faults = &hub->faults;
    char prefix[100];
    const fake_file *file = NULL;
    if (faults->token) {
        snprintf(prefix, sizeof prefix, "Authorization: Bearer %s\r\n", faults->token);
        if (!strstr(request, prefix)) {
            answer(socket, 401, "X-Error-Message: Repository not found\r\n", "no", 2, head);
            return;
        }
    }
    if (faults->code_times) {
        faults->code_times -= faults->code_times > 0;
        answer(socket, faults->code, faults->code_headers ? faults->code_headers : "", "no", 2,
               head);
        return;
    }
    snprintf(prefix, sizeof prefix, "/o/n/resolve/%s/", hub->commit);
    if (!strncmp(place, "/api/models/o/n/revision/main ", 30) || !strncmp(place, "/again ", 7)) {
        answer_listing(hub, socket);
        return;
    }
    bool cached = !strncmp(place, "/api/resolve-cache/", 19);
    if (cached)
        file = find(hub, place + 19);
    else if (!strncmp(place, prefix, strlen(prefix)))
        file = find(hub, place + strlen(prefix));
    if (file)
        answer_file(hub, socket, file, head, cached);
    else
        answer(socket, 404, "X-Error-Code: EntryNotFound\r\nX-Error-Message: no such entry\r\n",
               "no", 2, head);
}

static void serve_store(fake_hub *hub, int socket, const char *request)
{
    fake_faults *faults = &hub->faults;
    const fake_file *file = find(hub, strchr(request, ' ') + 2);
    const char *range = strstr(request, "Range: bytes=");
    char headers[200] = "";
    if (!file) {
        answer(socket, 404, "", "", 0, false);
        return;
    }
    size_t begin = range && !faults->ignore_range ? strtoul(range + 13, NULL, 10) : 0;
    if (begin && begin >= file->size) {
        answer(socket, 416, "", "", 0, false);
        return;
    }
    size_t size = file->size - begin + faults->more_bytes;
    char *body = calloc(size, 1);
    memcpy(body, file->data + begin, file->size - begin);
    if (faults->wrong_bytes)
        body[size / 2] = (char)~body[size / 2];
    if (begin)
        snprintf(headers, sizeof headers, "Content-Range: bytes %zu-%zu/%zu\r\n", begin,
                 file->size - 1, file->size);
    nanosleep(&(struct timespec){ 0, faults->delay_ms * 1000000l }, NULL);
    if (faults->cut_times > 0 && faults->cut_after < size) {
        char start[300];
        faults->cut_times--;
        int length = snprintf(start, sizeof start,
                              "HTTP/1.1 %d OK\r\nConnection: close\r\nContent-Length: %zu\r\n%s"
                              "\r\n",
                              begin ? 206 : 200, size, headers);
        send_all(socket, start, (size_t)length);
        send_all(socket, body, faults->cut_after);
    } else {
        answer(socket, begin ? 206 : 200, headers, body, size, false);
    }
    free(body);
}

static void note(server *mine, const char *request)
{
    fake_hub *hub = mine->hub;
    size_t size = strlen(request) + 10;
    char *copy = malloc(size);
    snprintf(copy, size, "%s: %s", mine->is_store ? "store" : "hub", request);
    pthread_mutex_lock(&hub->mutex);
    if (hub->request_count < REQUESTS_MOST)
        hub->requests[hub->request_count++] = copy;
    else
        free(copy);
    pthread_mutex_unlock(&hub->mutex);
}

static void serve(server *mine, int socket)
{
    char request[REQUEST_SIZE + 1];
    size_t size = 0;
    for (;;) {
        ssize_t got = recv(socket, request + size, REQUEST_SIZE - size, 0);
        if (got <= 0)
            return;
        size += (size_t)got;
        request[size] = 0;
        if (strstr(request, "\r\n\r\n"))
            break;
    }
    note(mine, request);
    if (mine->is_store)
        serve_store(mine->hub, socket, request);
    else
        serve_hub(mine->hub, socket, request);
}

static void *run(void *context)
{
    server *mine = context;
    while (!atomic_load(&mine->hub->stop)) {
        struct pollfd ready = { mine->listener, POLLIN, 0 };
        if (poll(&ready, 1, 20) <= 0)
            continue;
        int socket = accept(mine->listener, NULL, NULL);
        if (socket < 0)
            continue;
        serve(mine, socket);
        shutdown(socket, SHUT_RDWR);
        close(socket);
    }
    return NULL;
}

static void start(fake_hub *hub, server *mine, bool is_store)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t size = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    mine->hub = hub;
    mine->is_store = is_store;
    mine->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(mine->listener, (struct sockaddr *)&address, sizeof address) ||
        listen(mine->listener, 50) ||
        getsockname(mine->listener, (struct sockaddr *)&address, &size))
        abort();
    mine->port = ntohs(address.sin_port);
}

fake_hub *fake_hub_start(const fake_file *files, size_t count)
{
    fake_hub *hub = calloc(1, sizeof *hub);
    hub->files = files;
    hub->count = count;
    pthread_mutex_init(&hub->mutex, NULL);
    fake_hub_set_commit(hub, "0123456789abcdef0123456789abcdef01234567");
    start(hub, &hub->hub, false);
    start(hub, &hub->store, true);
    snprintf(hub->url, sizeof hub->url, "http://127.0.0.1:%d", hub->hub.port);
    if (pthread_create(&hub->hub.thread, NULL, run, &hub->hub) ||
        pthread_create(&hub->store.thread, NULL, run, &hub->store))
        abort();
    return hub;
}

void fake_hub_stop(fake_hub *hub)
{
    atomic_store(&hub->stop, true);
    pthread_join(hub->hub.thread, NULL);
    pthread_join(hub->store.thread, NULL);
    close(hub->hub.listener);
    close(hub->store.listener);
    fake_hub_forget(hub);
    pthread_mutex_destroy(&hub->mutex);
    free(hub);
}

const char *fake_hub_url(const fake_hub *hub)
{
    return hub->url;
}

int fake_hub_port(const fake_hub *hub)
{
    return hub->hub.port;
}

fake_faults *fake_hub_faults(fake_hub *hub)
{
    return &hub->faults;
}

void fake_hub_set_commit(fake_hub *hub, const char *commit)
{
    snprintf(hub->commit, sizeof hub->commit, "%s", commit);
}

const char *fake_hub_commit(const fake_hub *hub)
{
    return hub->commit;
}

size_t fake_hub_count(fake_hub *hub, const char *words)
{
    size_t count = 0;
    pthread_mutex_lock(&hub->mutex);
    for (size_t i = 0; i < hub->request_count; i++)
        count += strstr(hub->requests[i], words) != NULL;
    pthread_mutex_unlock(&hub->mutex);
    return count;
}

void fake_hub_forget(fake_hub *hub)
{
    pthread_mutex_lock(&hub->mutex);
    for (size_t i = 0; i < hub->request_count; i++)
        free(hub->requests[i]);
    hub->request_count = 0;
    pthread_mutex_unlock(&hub->mutex);
}
