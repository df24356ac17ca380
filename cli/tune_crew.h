/*
 * tune_crew.h - trials at work, some at a time: each has a seat, in this process or in another rank's,
 * and a process of its own that the rank made for it.
 */
#ifndef CLI_TUNE_CREW_H
#define CLI_TUNE_CREW_H

#include "tune.h"

#include <sys/types.h>

typedef struct tune_seat {
    const tune_trial *trial; /* NULL: free */
    size_t step, steps;      /* how far it is; 0 steps: it has not begun */
    bool told;               /* another rank knows that it is to begin */
    bool ended;              /* what became of it lies in text */
    int code, signal;        /* that its process ended with, or was killed by */
    char *text;              /* [TRIAL_LINE_MOST] one line of JSON */
    size_t size;
    /* in this process */
    pid_t process;
    int pipe;
    tune_live *live;
} tune_seat;

struct tune_crew {
    tune_job *job;
    size_t rung;
    tune_seat *seats; /* [count] job->jobs of each rank that this one knows of, its own first */
    size_t count;
    tune_live *live;      /* [job->jobs], shared with the trials */
    struct pollfd *polls; /* [job->jobs] */
};

enum { TRIAL_LINE_MOST = 1 << 16 };

/* ---- tune_crew.c: those of this process ---- */

/* `ranks`: whose seats there are. Exit code; close it whatever comes back. */
int crew_open(tune_crew *crew, tune_job *job, size_t ranks);
void crew_close(tune_crew *crew);
/* A trial begins at the crew's rung; what goes wrong is what became of it. */
void crew_begin(tune_crew *crew, tune_seat *seat, const tune_trial *trial);
/* Waits a moment for words. */
void crew_look(tune_crew *crew);
/* Asks all to keep their states and end. */
void crew_stop(const tune_crew *crew);
size_t crew_busy(const tune_crew *crew);
void seat_free(tune_seat *seat);

/* ---- tune_ranks.c: those of all ranks, as rank 0 has them ---- */

/* All ranks search the same. Exit code. */
int tune_agree(tune_job *job, const char *plan);
/* A moment of work of all ranks: what was given to a seat begins there, what ended is known here.
 * `stop`: all are asked to end, which they are told once. Exit code. */
int crew_work(tune_crew *crew, bool stop);
/* The other ranks are told that all is done. */
void crew_dismiss(tune_crew *crew);
/* What another rank does meanwhile. Exit code. */
int tune_serve(tune_job *job);

#endif
