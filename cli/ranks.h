/*
 * ranks.h - the processes that mpirun started, as one command: rank 0 speaks and writes, another one
 * speaks only if it is the first to fail.
 */
#ifndef CLI_RANKS_H
#define CLI_RANKS_H

#include "settings.h"

#include <cloze/ranks.h>

typedef struct cli_ranks {
    cloze_mpi *mpi;  /* NULL: there is no other */
    cloze_ranks way; /* count 0: there is no other */
    bool lost;       /* an exchange failed */
    bool said;       /* how it ends */
} cli_ranks;

/* Joins the others where mpirun says that there are some, or --ranks does; others than rank 0 are not
 * heard then. Exit code. */
int ranks_join(cli_ranks *ranks, cli_settings *settings);
bool ranks_lead(const cli_ranks *ranks);
/* What rank 0 has reaches all others. Exit code. */
int ranks_share(cli_ranks *ranks, void *bytes, size_t size);
/* The exit code of the first rank that failed; 0 if none did. */
int ranks_agree(cli_ranks *ranks, int code);
/* At once, since mpirun may leave no more time than this takes; nothing where there is no other. */
void ranks_say_ended(cli_ranks *ranks);
/* Parts; `code` as all agreed. Returns it. */
int ranks_leave(cli_ranks *ranks, int code);

#endif
