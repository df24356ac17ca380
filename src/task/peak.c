/*
 * peak.c - what the engine's threads can do at most, measured. Every worker computes in registers
 * until the time is over; the flop of all are added up.
 */
#include "task/engine.h"

#include <cloze/compare.h>

#include <time.h>

enum { ROUNDS = 256, WORKERS_MOST = 1024 };

typedef struct measurement {
    const void *kernels;
    double end; /* seconds */
    size_t flop[WORKERS_MOST];
} measurement;

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static void work(void *context, size_t task, size_t worker)
{
    measurement *m = context;
    size_t flop = 0;
    (void)worker;
    do
        flop += cz_cpu_peak(m->kernels, ROUNDS);
    while (now() < m->end);
    m->flop[task] = flop;
}

double cloze_engine_peak(const cloze_engine *engine, double seconds)
{
    size_t workers = cz_pool_workers(engine->pool);
    measurement m = { .kernels = engine->place.kernels };
    double begun = now(), flop = 0;
    if (!m.kernels || workers > WORKERS_MOST)
        return 0;
    m.end = begun + seconds;
    cz_pool_run(engine->pool, workers, work, &m);
    for (size_t i = 0; i < workers; i++)
        flop += (double)m.flop[i];
    return flop / (now() - begun) * 1e-9;
}
