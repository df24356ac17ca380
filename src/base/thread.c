/*
 * thread.c - see thread.h. A job is published by raising `turn`; each worker that sees it takes
 * task numbers from one counter until none are left, then leaves. The caller waits for the leavers.
 */
#include "base/thread.h"

#include "base/error.h"
#include "base/memory.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>
#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

enum { SPINS = 4000, YIELDS = 50 };

typedef struct worker {
    struct cz_pool *pool;
    pthread_t thread;
    size_t number;
} worker;

struct cz_pool {
    const cloze_allocator *allocator;
    cloze_allocator allocator_copy;
    unsigned workers; /* with the caller */
    _Atomic unsigned turn, left, asleep;
    atomic_bool stop;
    atomic_flag busy;
    cz_task *task;
    void *context;
    size_t tasks;
    _Atomic size_t next;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    worker *threads; /* [workers - 1] */
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

static void take_tasks(cz_pool *pool, size_t number)
{
    for (;;) {
        size_t task = atomic_fetch_add_explicit(&pool->next, 1, memory_order_relaxed);
        if (task >= pool->tasks)
            return;
        pool->task(pool->context, task, number);
    }
}

/* Waits until `turn` moves on from `seen`: spins, yields, sleeps. */
static void wait_for_turn(cz_pool *pool, unsigned seen)
{
    for (int i = 0; i < SPINS + YIELDS; i++) {
        if (atomic_load_explicit(&pool->turn, memory_order_acquire) != seen)
            return;
        if (i < SPINS)
            pause_a_moment();
        else
            sched_yield();
    }
    pthread_mutex_lock(&pool->mutex);
    atomic_fetch_add(&pool->asleep, 1);
    while (atomic_load(&pool->turn) == seen)
        pthread_cond_wait(&pool->wake, &pool->mutex);
    atomic_fetch_sub(&pool->asleep, 1);
    pthread_mutex_unlock(&pool->mutex);
}

static void *work(void *self)
{
    worker *me = self;
    cz_pool *pool = me->pool;
    unsigned seen = 0;
    enter_float_mode();
    for (;;) {
        wait_for_turn(pool, seen);
        seen++;
        if (atomic_load(&pool->stop))
            return NULL;
        take_tasks(pool, me->number);
        atomic_fetch_sub_explicit(&pool->left, 1, memory_order_release);
    }
}

static void publish(cz_pool *pool)
{
    atomic_fetch_add(&pool->turn, 1);
    if (atomic_load(&pool->asleep)) {
        pthread_mutex_lock(&pool->mutex);
        pthread_cond_broadcast(&pool->wake);
        pthread_mutex_unlock(&pool->mutex);
    }
}

static void stop_workers(cz_pool *pool, size_t started)
{
    atomic_store(&pool->stop, true);
    publish(pool);
    for (size_t i = 0; i < started; i++)
        pthread_join(pool->threads[i].thread, NULL);
}

static void release(cz_pool *pool)
{
    cloze_allocator allocator = pool->allocator_copy;
    pthread_mutex_destroy(&pool->mutex);
    pthread_cond_destroy(&pool->wake);
    cz_release(&allocator, pool->threads);
    cz_release(&allocator, pool);
}

cloze_status cz_pool_new(cz_pool **out, unsigned workers, const cloze_allocator *allocator,
                         cloze_error *error)
{
    cz_pool *pool = cz_allocate_zero(allocator, 1, sizeof *pool);
    if (!pool)
        return cz_fail_memory(error, "a thread pool", sizeof *pool);
    if (allocator)
        pool->allocator_copy = *allocator;
    pool->workers = workers ? workers : 1;
    atomic_flag_clear(&pool->busy);
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_cond_init(&pool->wake, NULL);
    pool->threads = cz_allocate_zero(allocator, pool->workers, sizeof *pool->threads);
    if (!pool->threads) {
        release(pool);
        return cz_fail_memory(error, "a thread pool", workers * sizeof *pool->threads);
    }
    for (size_t i = 0; i + 1 < pool->workers; i++) {
        worker *one = &pool->threads[i];
        *one = (worker){ .pool = pool, .number = i + 1 };
        int reason = pthread_create(&one->thread, NULL, work, one);
        if (reason) {
            stop_workers(pool, i);
            release(pool);
            return cz_fail(error, CLOZE_ERROR_MEMORY, "cannot start thread %zu of %u: %s", i + 2,
                           workers, strerror(reason));
        }
    }
    *out = pool;
    return CLOZE_OK;
}

void cz_pool_free(cz_pool *pool)
{
    if (!pool)
        return;
    stop_workers(pool, pool->workers - 1);
    release(pool);
}

unsigned cz_pool_workers(const cz_pool *pool)
{
    return pool ? pool->workers : 1;
}

static void run_alone(size_t tasks, cz_task *task, void *context)
{
    unsigned long mode = enter_float_mode();
    for (size_t i = 0; i < tasks; i++)
        task(context, i, 0);
    leave_float_mode(mode);
}

void cz_pool_run(cz_pool *pool, size_t tasks, cz_task *task, void *context)
{
    if (!pool || pool->workers == 1 || tasks < 2 ||
        atomic_flag_test_and_set_explicit(&pool->busy, memory_order_acquire)) {
        run_alone(tasks, task, context);
        return;
    }
    unsigned long mode = enter_float_mode();
    pool->task = task;
    pool->context = context;
    pool->tasks = tasks;
    atomic_store_explicit(&pool->next, 0, memory_order_relaxed);
    atomic_store_explicit(&pool->left, pool->workers - 1, memory_order_relaxed);
    publish(pool);
    take_tasks(pool, 0);
    for (int i = 0; atomic_load_explicit(&pool->left, memory_order_acquire); i++) {
        if (i < SPINS)
            pause_a_moment();
        else
            sched_yield();
    }
    atomic_flag_clear_explicit(&pool->busy, memory_order_release);
    leave_float_mode(mode);
}

unsigned cz_thread_cores(void)
{
    long cores = 0;
#ifdef __linux__
    cpu_set_t set;
    if (!sched_getaffinity(0, sizeof set, &set))
        cores = CPU_COUNT(&set);
#endif
    if (cores < 1)
        cores = sysconf(_SC_NPROCESSORS_ONLN);
    return cores < 1 ? 1 : (unsigned)cores;
}
