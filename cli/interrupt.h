/*
 * interrupt.h - Ctrl-C as a question that long work asks, so that no half-written file stays.
 */
#ifndef CLI_INTERRUPT_H
#define CLI_INTERRUPT_H

#include <stdbool.h>

/* A first SIGINT, SIGTERM or SIGHUP is noted; a second one ends the program at once. Writing into
 * a pipe that nobody reads becomes an ordinary error. */
void interrupt_watch(void);
bool interrupted(void);

/* From now on several SIGTERM are as one, and a SIGCONT of the parent is another: mpirun sends it a
 * second before it kills those that one has left. */
void interrupt_by_mpirun(void);

#endif
