/*
 * base/thread_wait.h - sleeping until a number changes: what the pool needs of the system, beside
 * POSIX threads. thread_linux.c does it with futexes, thread_posix.c with a condition variable.
 */
#ifndef CZ_BASE_THREAD_WAIT_H
#define CZ_BASE_THREAD_WAIT_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

typedef struct cz_bell {
    _Atomic unsigned turn, asleep;
    pthread_mutex_t mutex; /* thread_posix.c alone uses these two */
    pthread_cond_t condition;
} cz_bell;

bool cz_bell_init(cz_bell *bell);
void cz_bell_clear(cz_bell *bell);
/* Sleeps while `turn` is `seen`; may return early. */
void cz_bell_sleep(cz_bell *bell, unsigned seen);
/* Raises `turn` and wakes all who sleep; what was written before is seen by who sees the turn. */
void cz_bell_ring(cz_bell *bell);

/* Cores that the system lets this process use, 0 if it does not tell. */
unsigned cz_system_cores(void);

#endif
