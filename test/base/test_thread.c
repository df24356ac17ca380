/* The pool: every task exactly once, with any number of workers, from several callers. */
#include "base/thread.h"

#include <float.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

#include <cmocka.h>

enum { MOST = 1000 };
static const unsigned counts[] = { 1, 2, 3, 8 };

typedef struct job {
    unsigned char done[MOST]; /* plain: a task run twice is a data race that TSan reports */
    size_t workers;
    atomic_size_t strangers;
} job;

static void mark(void *context, size_t task, size_t worker)
{
    job *mine = context;
    mine->done[task]++;
    if (worker >= mine->workers)
        atomic_fetch_add(&mine->strangers, 1);
}

static void check_job(cz_pool *pool, size_t tasks)
{
    job mine = { { 0 }, cz_pool_workers(pool), 0 };
    cz_pool_run(pool, tasks, mark, &mine);
    assert_int_equal(mine.strangers, 0);
    for (size_t i = 0; i < MOST; i++)
        assert_int_equal(mine.done[i], i < tasks);
}

static void every_task_runs_exactly_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        cz_pool *pool = NULL;
        assert_int_equal(cz_pool_new(&pool, counts[i], NULL, NULL), CLOZE_OK);
        assert_int_equal(cz_pool_workers(pool), counts[i]);
        for (size_t round = 0; round < 300; round++)
            check_job(pool, round % 8 ? round % 17 : MOST);
        cz_pool_free(pool);
    }
}

static void no_pool_runs_the_tasks_in_order(void **state)
{
    (void)state;
    assert_int_equal(cz_pool_workers(NULL), 1);
    check_job(NULL, MOST);
    cz_pool_free(NULL);
}

static void sleep_a_while(long nanoseconds)
{
    nanosleep(&(struct timespec){ 0, nanoseconds }, NULL);
}

/* Long enough between jobs for the workers to spin, to yield, to fall asleep. */
static void sleeping_workers_wake_up(void **state)
{
    cz_pool *pool = NULL;
    (void)state;
    assert_int_equal(cz_pool_new(&pool, 3, NULL, NULL), CLOZE_OK);
    for (long round = 0; round < 60; round++) {
        check_job(pool, 50);
        sleep_a_while(round * 20000);
    }
    cz_pool_free(pool);
}

static void slow_task(void *context, size_t task, size_t worker)
{
    (void)worker;
    if (task == 0)
        sleep_a_while(30000000);
    mark(context, task, 0);
}

/* The last task ends long after the caller has none left to take. */
static void the_caller_waits_for_the_last_task(void **state)
{
    cz_pool *pool = NULL;
    (void)state;
    assert_int_equal(cz_pool_new(&pool, 2, NULL, NULL), CLOZE_OK);
    for (int round = 0; round < 3; round++) {
        job mine = { { 0 }, 2, 0 };
        cz_pool_run(pool, 40, slow_task, &mine);
        for (size_t i = 0; i < 40; i++)
            assert_int_equal(mine.done[i], 1);
    }
    cz_pool_free(pool);
}

static void *call_often(void *context)
{
    for (int round = 0; round < 200; round++) {
        job mine = { { 0 }, cz_pool_workers(context), 0 };
        cz_pool_run(context, 100, mark, &mine);
        for (size_t i = 0; i < 100; i++)
            if (mine.done[i] != 1)
                return context; /* anything but NULL */
    }
    return NULL;
}

static void several_callers_share_one_pool(void **state)
{
    cz_pool *pool = NULL;
    pthread_t callers[4];
    (void)state;
    assert_int_equal(cz_pool_new(&pool, 3, NULL, NULL), CLOZE_OK);
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&callers[i], NULL, call_often, pool), 0);
    for (int i = 0; i < 4; i++) {
        void *complaint;
        pthread_join(callers[i], &complaint);
        assert_null(complaint);
    }
    cz_pool_free(pool);
}

static void run_inner(void *context, size_t task, size_t worker)
{
    job inner = { { 0 }, cz_pool_workers(context), 0 };
    (void)worker;
    cz_pool_run(context, task + 1, mark, &inner);
    for (size_t i = 0; i <= task; i++)
        if (inner.done[i] != 1)
            abort();
}

/* Not asked for, but a job inside a job must not lock up. */
static void a_busy_pool_lets_its_caller_run_alone(void **state)
{
    cz_pool *pool = NULL;
    (void)state;
    assert_int_equal(cz_pool_new(&pool, 3, NULL, NULL), CLOZE_OK);
    cz_pool_run(pool, 50, run_inner, pool);
    cz_pool_free(pool);
}

#if defined(__x86_64__)
static void halve_smallest(void *context, size_t task, size_t worker)
{
    volatile float smallest = FLT_MIN;
    (void)worker;
    ((float *)context)[task] = smallest / 2;
}

static void tasks_keep_denormals_whatever_the_caller_has_set(void **state)
{
    cz_pool *pool = NULL;
    float halves[64];
    unsigned old = _mm_getcsr(), mine = 0x1f80 | 0x8040 | 0x6000;
    (void)state;
    assert_int_equal(cz_pool_new(&pool, 3, NULL, NULL), CLOZE_OK);
    for (int with_pool = 0; with_pool < 2; with_pool++) {
        _mm_setcsr(mine);
        cz_pool_run(with_pool ? pool : NULL, 64, halve_smallest, halves);
        unsigned after = _mm_getcsr();
        _mm_setcsr(old);
        assert_int_equal(after & ~0x3fu, mine & ~0x3fu);
        for (int i = 0; i < 64; i++)
            assert_true(halves[i] == 0x1p-127f);
    }
    cz_pool_free(pool);
}
#endif

static void memory_is_zeroed_and_nothing_else(void **state)
{
    static unsigned char memory[(1 << 20) + 100];
    const size_t sizes[] = { 0, 1, 1 << 18, (1 << 18) + 1, (1 << 20) + 3 };
    cz_pool *pool = NULL;
    cloze_error error;
    (void)state;
    assert_int_equal(cz_pool_new(&pool, 3, NULL, &error), CLOZE_OK);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        memset(memory, 7, sizeof memory);
        cz_pool_zero(i % 2 ? NULL : pool, memory + 50, sizes[i]);
        for (size_t k = 0; k < sizeof memory; k++)
            assert_true(memory[k] == (k < 50 || k >= 50 + sizes[i] ? 7 : 0));
    }
    cz_pool_free(pool);
}

static void there_is_at_least_one_core(void **state)
{
    (void)state;
    assert_true(cz_thread_cores() >= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_task_runs_exactly_once),
        cmocka_unit_test(no_pool_runs_the_tasks_in_order),
        cmocka_unit_test(sleeping_workers_wake_up),
        cmocka_unit_test(the_caller_waits_for_the_last_task),
        cmocka_unit_test(several_callers_share_one_pool),
        cmocka_unit_test(a_busy_pool_lets_its_caller_run_alone),
#if defined(__x86_64__)
        cmocka_unit_test(tasks_keep_denormals_whatever_the_caller_has_set),
#endif
        cmocka_unit_test(memory_is_zeroed_and_nothing_else),
        cmocka_unit_test(there_is_at_least_one_core),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
