/*
 * thread.c - see thread.h. One 64-bit word holds the number of the job and how many of its tasks
 * nobody has taken; whoever lowers it owns a task. So a job ends when its tasks are done: a worker
 * that sleeps or was pushed off its core holds nobody up, and one that comes late finds nothing.
 */
#include "base/thread.h"

#include "base/error.h"
#include "base/memory.h"
#include "base/thread_wait.h"

#include <sched.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

enum { SPIN_NANOSECONDS = 20000, PAUSES = 16, YIELDS = 50 };

typedef struct worker {
    struct cz_pool *pool;
    pthread_t thread;
    size_t number;
} worker;

struct cz_pool {
    cloze_allocator allocator;
    unsigned workers; /* with the caller */
    worker *threads;  /* [workers - 1] */
    cz_bell start, end;
    atomic_bool stop;
    atomic_flag busy;
    /* The job. The plain fields are written while no task is left and read by owners of a task. */
    cz_task *task;
    void *context;
    size_t first, tasks;
    /* Apart from each other and from the fields above, which would go to and fro with them. */
    char apart[64];
    _Atomic uint64_t ticket; /* job << 32 | tasks not taken */
    char apart_too[64];
    _Atomic size_t unfinished;
};

static void pause_a_moment(void)
{
#if defined(__x86_64__)
    _mm_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/* The rounding and denormal mode that the law of bits asks for; returns the old one. */
static unsigned long enter_float_mode(void)
{
#if defined(__x86_64__)
    unsigned old = _mm_getcsr();
    _mm_setcsr(0x1f80);
    return old;
#elif defined(__aarch64__)
    unsigned long old;
    __asm__ volatile("mrs %0, fpcr" : "=r"(old));
    __asm__ volatile("msr fpcr, %0" : : "r"(0ul));
    return old;
#else
    return 0;
#endif
}

static void leave_float_mode(unsigned long old)
{
#if defined(__x86_64__)
    _mm_setcsr((unsigned)old);
#elif defined(__aarch64__)
    __asm__ volatile("msr fpcr, %0" : : "r"(old));
#else
    (void)old;
#endif
}

static int64_t nanoseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* True when a task was taken: its number in `task`. */
static bool take(cz_pool *pool, size_t *task)
{
    uint64_t ticket = atomic_load_explicit(&pool->ticket, memory_order_acquire);
    while ((uint32_t)ticket) {
        if (!atomic_compare_exchange_weak_explicit(&pool->ticket, &ticket, ticket - 1,
                                                   memory_order_acquire, memory_order_acquire))
            continue;
        *task = pool->first + pool->tasks - (uint32_t)ticket;
        return true;
    }
    return false;
}

static bool work_left(const cz_pool *pool)
{
    return (uint32_t)atomic_load_explicit(&pool->ticket, memory_order_relaxed) != 0;
}

/* Does tasks until none is left, and tells at once how many. */
static void work_off(cz_pool *pool, size_t number)
{
    size_t task, done = 0;
    while (take(pool, &task)) {
        pool->task(pool->context, task, number);
        done++;
    }
    if (done && atomic_fetch_sub_explicit(&pool->unfinished, done, memory_order_acq_rel) == done)
        cz_bell_ring(&pool->end);
}

static bool has_work(const cz_pool *pool)
{
    return work_left(pool) || atomic_load_explicit(&pool->stop, memory_order_relaxed);
}

static bool has_ended(const cz_pool *pool)
{
    return !atomic_load_explicit(&pool->unfinished, memory_order_acquire);
}

/* Spins, yields, sleeps until `reached`, which `bell` announces. */
static void wait_until(cz_pool *pool, cz_bell *bell, bool (*reached)(const cz_pool *pool))
{
    int64_t until = 0;
    for (int i = 0; i < PAUSES || nanoseconds() < until; i++) {
        if (reached(pool))
            return;
        pause_a_moment();
        if (i == PAUSES - 1)
            until = nanoseconds() + SPIN_NANOSECONDS;
    }
    for (int i = 0; i < YIELDS; i++) {
        if (reached(pool))
            return;
        sched_yield();
    }
    for (;;) {
        unsigned seen = atomic_load(&bell->turn);
        if (reached(pool))
            return;
        cz_bell_sleep(bell, seen);
    }
}

static void *work(void *self)
{
    worker *me = self;
    cz_pool *pool = me->pool;
    enter_float_mode();
    for (;;) {
        wait_until(pool, &pool->start, has_work);
        if (atomic_load(&pool->stop))
            return NULL;
        work_off(pool, me->number);
    }
}

static void release(cz_pool *pool, size_t started)
{
    cloze_allocator allocator = pool->allocator;
    atomic_store(&pool->stop, true);
    cz_bell_ring(&pool->start);
    for (size_t i = 0; i < started; i++)
        pthread_join(pool->threads[i].thread, NULL);
    cz_bell_clear(&pool->start);
    cz_bell_clear(&pool->end);
    cz_release(&allocator, pool->threads);
    cz_release(&allocator, pool);
}

/* The host's signals are handled by the host's threads; only what a thread does to itself stays. */
static void block_signals(sigset_t *before)
{
    static const int own[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT };
    sigset_t all;
    sigfillset(&all);
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        sigdelset(&all, own[i]);
    pthread_sigmask(SIG_SETMASK, &all, before);
}

static cloze_status start_workers(cz_pool *pool, cloze_error *error)
{
    sigset_t before;
    for (size_t i = 0; i + 1 < pool->workers; i++) {
        worker *one = &pool->threads[i];
        *one = (worker){ .pool = pool, .number = i + 1 };
        block_signals(&before);
        int reason = pthread_create(&one->thread, NULL, work, one);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        if (reason) {
            cloze_status status =
                cz_fail(error, CLOZE_ERROR_MEMORY, "cannot start thread %zu of %u: %s", i + 2,
                        pool->workers, strerror(reason));
            release(pool, i);
            return status;
        }
    }
    return CLOZE_OK;
}

cloze_status cz_pool_new(cz_pool **out, unsigned workers, const cloze_allocator *allocator,
                         cloze_error *error)
{
    cz_pool *pool = cz_allocate_zero(allocator, 1, sizeof *pool);
    worker *threads = cz_allocate_zero(allocator, workers, sizeof *threads);
    bool start = pool && cz_bell_init(&pool->start), end = start && cz_bell_init(&pool->end);
    cloze_status status;
    if (!threads || !end) {
        if (start)
            cz_bell_clear(&pool->start);
        cz_release(allocator, threads);
        cz_release(allocator, pool);
        return cz_fail_memory(error, "a thread pool", sizeof *pool + workers * sizeof *threads);
    }
    if (allocator)
        pool->allocator = *allocator;
    pool->workers = workers ? workers : 1;
    pool->threads = threads;
    atomic_flag_clear(&pool->busy);
    if ((status = start_workers(pool, error)))
        return status;
    *out = pool;
    return CLOZE_OK;
}

void cz_pool_free(cz_pool *pool)
{
    if (pool)
        release(pool, pool->workers - 1);
}

unsigned cz_pool_workers(const cz_pool *pool)
{
    return pool ? pool->workers : 1;
}

static void run_alone(size_t tasks, cz_task *task, void *context)
{
    for (size_t i = 0; i < tasks; i++)
        task(context, i, 0);
}

static void run_together(cz_pool *pool, size_t first, uint32_t tasks)
{
    uint64_t job = (atomic_load_explicit(&pool->ticket, memory_order_relaxed) >> 32) + 1;
    pool->first = first;
    pool->tasks = tasks;
    atomic_store_explicit(&pool->unfinished, tasks, memory_order_relaxed);
    atomic_store_explicit(&pool->ticket, job << 32 | tasks, memory_order_release);
    cz_bell_ring(&pool->start);
    work_off(pool, 0);
    wait_until(pool, &pool->end, has_ended);
}

void cz_pool_run(cz_pool *pool, size_t tasks, cz_task *task, void *context)
{
    unsigned long mode = enter_float_mode();
    if (!pool || pool->workers == 1 || tasks < 2 ||
        atomic_flag_test_and_set_explicit(&pool->busy, memory_order_acquire)) {
        run_alone(tasks, task, context);
    } else {
        pool->task = task;
        pool->context = context;
        for (size_t first = 0; first < tasks;) {
            size_t left = tasks - first, part = left < UINT32_MAX ? left : UINT32_MAX;
            run_together(pool, first, (uint32_t)part);
            first += part;
        }
        atomic_flag_clear_explicit(&pool->busy, memory_order_release);
    }
    leave_float_mode(mode);
}

/* Bytes that a task zeroes. */
enum { ZERO_PIECE = 1 << 18 };

typedef struct zero_job {
    char *memory;
    size_t size;
} zero_job;

static void zero_task(void *context, size_t task, size_t who)
{
    const zero_job *job = context;
    size_t first = task * ZERO_PIECE, left = job->size - first;
    (void)who;
    memset(job->memory + first, 0, left < ZERO_PIECE ? left : ZERO_PIECE);
}

void cz_pool_zero(cz_pool *pool, void *memory, size_t size)
{
    zero_job job = { memory, size };
    if (size)
        cz_pool_run(pool, (size - 1) / ZERO_PIECE + 1, zero_task, &job);
}

unsigned cz_thread_cores(void)
{
    long cores = (long)cz_system_cores();
    if (cores < 1)
        cores = sysconf(_SC_NPROCESSORS_ONLN);
    return cores < 1 ? 1 : (unsigned)cores;
}
