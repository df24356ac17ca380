/*
 * base/thread.h - a pool of worker threads that runs numbered tasks.
 *
 * The caller takes part as worker 0. Between jobs workers spin for some 20 us, yield, then sleep
 * on a futex (or condition variable elsewhere), so that operations following each other cost 0.1 us
 * and an idle program costs nothing. Work must be cut by shape, never by the number of workers:
 * which worker runs a task must not change any bit. Workers set round-to-nearest and keep
 * denormals, as does the caller's thread while it works.
 *
 * When the pool is busy with another thread's job the caller runs all its tasks alone.
 */
#ifndef CZ_BASE_THREAD_H
#define CZ_BASE_THREAD_H

#include <cloze/status.h>

typedef struct cz_pool cz_pool;

/* `worker` is below cz_pool_workers: for scratch memory only. */
typedef void cz_task(void *context, size_t task, size_t worker);

cloze_status cz_pool_new(cz_pool **out, unsigned workers, const cloze_allocator *allocator,
                         cloze_error *error);
void cz_pool_free(cz_pool *pool);
/* 1 for a NULL pool. */
unsigned cz_pool_workers(const cz_pool *pool);
/* Returns when all tasks are done. A NULL pool runs them in order. Tasks may not call it again. */
void cz_pool_run(cz_pool *pool, size_t tasks, cz_task *task, void *context);

/* Zeroes memory, by many where it is large. */
void cz_pool_zero(cz_pool *pool, void *memory, size_t size);

/* Cores this process may use, at least 1. */
unsigned cz_thread_cores(void);

#endif
