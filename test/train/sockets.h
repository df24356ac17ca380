/*
 * sockets.h - ranks as forked processes with a socket between each two: Open MPI is not needed, and a
 * process that dies is noticed at once.
 */
#ifndef CZ_TEST_SOCKETS_H
#define CZ_TEST_SOCKETS_H

#include <cloze/ranks.h>

enum { SOCKET_RANKS = 4 };

/* What a rank does; its exit status. */
typedef int socket_body(const cloze_ranks *ranks, void *context);

/* Runs `count` ranks to their ends; status[count] as waitpid has them. */
void sockets_run(int count, socket_body *body, void *context, int *status);

#endif
