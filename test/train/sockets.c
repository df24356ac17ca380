/* sockets.c - see sockets.h. */
#include "sockets.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

typedef struct ends {
    int of[SOCKET_RANKS]; /* this rank's end of the socket to each other */
} ends;

static cloze_status gone(cloze_error *error, int rank)
{
    if (error) {
        error->status = CLOZE_ERROR_IO;
        snprintf(error->message, sizeof error->message, "rank %d is gone", rank);
    }
    return CLOZE_ERROR_IO;
}

/* Moves what can be moved now; false at an end. */
static bool move(int socket, bool sends, char *bytes, size_t size, size_t *done)
{
    ssize_t count = sends ? send(socket, bytes + *done, size - *done, MSG_DONTWAIT | MSG_NOSIGNAL)
                          : recv(socket, bytes + *done, size - *done, MSG_DONTWAIT);
    if (count < 0)
        return errno == EAGAIN || errno == EINTR;
    *done += (size_t)count;
    return count > 0;
}

static cloze_status exchange(void *context, int to, const void *out, size_t out_size, int from,
                             void *in, size_t in_size, cloze_error *error)
{
    const ends *own = context;
    size_t sent = 0, got = 0;
    out_size = to < 0 ? 0 : out_size;
    in_size = from < 0 ? 0 : in_size;
    while (sent < out_size || got < in_size) {
        struct pollfd wait[2] = { { sent < out_size ? own->of[to] : -1, POLLOUT, 0 },
                                  { got < in_size ? own->of[from] : -1, POLLIN, 0 } };
        if (poll(wait, 2, -1) < 0 && errno != EINTR)
            return gone(error, from);
        if (wait[0].revents && !move(own->of[to], true, (char *)(uintptr_t)out, out_size, &sent))
            return gone(error, to);
        if (wait[1].revents && !move(own->of[from], false, in, in_size, &got))
            return gone(error, from);
    }
    return CLOZE_OK;
}

static void run_rank(ends *all, int rank, int count, socket_body *body, void *context)
{
    const cloze_ranks ranks = { rank, count, exchange, &all[rank] };
    for (int i = 0; i < count; i++)
        for (int k = 0; k < count; k++)
            if (i != rank && i != k)
                close(all[i].of[k]);
    _exit(body(&ranks, context));
}

void sockets_run(int count, socket_body *body, void *context, int *status)
{
    ends all[SOCKET_RANKS];
    pid_t children[SOCKET_RANKS];
    assert_true(count <= SOCKET_RANKS);
    for (int i = 0; i < count; i++)
        for (int k = i + 1; k < count; k++) {
            int pair[2];
            assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
            all[i].of[k] = pair[0];
            all[k].of[i] = pair[1];
        }
    fflush(NULL);
    for (int i = 0; i < count; i++) {
        children[i] = fork();
        if (!children[i])
            run_rank(all, i, count, body, context);
        assert_true(children[i] > 0);
    }
    for (int i = 0; i < count; i++)
        for (int k = 0; k < count; k++)
            if (i != k)
                close(all[i].of[k]);
    for (int i = 0; i < count; i++)
        assert_int_equal(waitpid(children[i], &status[i], 0), children[i]);
}
