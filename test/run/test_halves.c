/*
 * test_halves.c - stages whose numbers are rounded to bfloat16 for the way back: the result is what it was,
 * gradients are near, the same bits kept or recomputed, and in half the memory, which is known beforehand.
 */
#include "network.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const cz_backend *const backends[] = { &cz_backend_reference_f64, &cz_backend_reference_f32,
                                              &cz_backend_cpu };

typedef enum run_mode { KEEP, HALVES, RECOMPUTED_HALVES } run_mode;

static void open_mode(tiny *t, const cz_backend *backend, size_t layers, run_mode mode)
{
    tiny_open(t, backend, layers);
    t->run.record = t->run.parameter_gradients = t->run.dropout = true;
    t->run.halves = mode != KEEP;
    t->run.recompute = mode == RECOMPUTED_HALVES;
}

static void kept_or_recomputed_they_are_the_same(void **state)
{
    (void)state;
    for (size_t b = 0; b < 3; b++)
        for (int nested = 0; nested < 2; nested++) {
            tiny kept, recomputed;
            open_mode(&kept, backends[b], 4, HALVES);
            open_mode(&recomputed, backends[b], 4, RECOMPUTED_HALVES);
            kept.nested = recomputed.nested = nested;
            tiny_run(&kept);
            tiny_run(&recomputed);
            assert_int_equal(kept.run.error.status, CLOZE_OK);
            tiny_expect_same(&kept, &recomputed, true);
            tiny_close(&kept);
            tiny_close(&recomputed);
        }
}

static double largest_of(const cz_tensor *t)
{
    double largest = 0;
    for (size_t i = 0; i < t->rows * t->columns; i++)
        largest = fmax(largest, fabs(cz_tensor_at(t, i / t->columns, i % t->columns)));
    return largest;
}

/* A number is rounded by 2^-9 of itself at most, and each gradient is made of some hundred of them. */
static void gradients_are_near(void **state)
{
    (void)state;
    for (size_t b = 0; b < 3; b++) {
        double worst = 0;
        tiny exact, rounded;
        open_mode(&exact, backends[b], 4, KEEP);
        open_mode(&rounded, backends[b], 4, HALVES);
        exact.frozen = rounded.frozen = 1;
        tiny_run(&exact);
        tiny_run(&rounded);
        tiny_expect_same(&exact, &rounded, false); /* forward nothing is rounded */
        for (size_t i = 0; i < exact.parameters; i++) {
            const cz_tensor *a = &exact.gradient[i], *c = &rounded.gradient[i];
            double largest = largest_of(a);
            for (size_t e = 0; e < a->rows * a->columns && largest > 1e-6; e++) {
                double difference = fabs(cz_tensor_at(a, e / a->columns, e % a->columns) -
                                         cz_tensor_at(c, e / a->columns, e % a->columns));
                worst = fmax(worst, difference / largest);
            }
        }
        assert_true(worst > 1e-4 && worst < 0.02);
        tiny_close(&exact);
        tiny_close(&rounded);
    }
}

static void memory_is_known_and_less(void **state)
{
    size_t need[3];
    (void)state;
    for (int mode = KEEP; mode <= RECOMPUTED_HALVES; mode++) {
        tiny t;
        open_mode(&t, &cz_backend_cpu, 6, (run_mode)mode);
        tiny_count(&t);
        size_t numbers = t.run.numbers.peak, bench = t.run.bench.peak;
        assert_int_equal(t.run.error.status, CLOZE_OK);
        t.run.numbers.size = numbers;
        t.run.bench.size = bench;
        tiny_run(&t);
        assert_int_equal(t.run.error.status, CLOZE_OK);
        assert_int_equal(t.run.numbers.peak, numbers);
        assert_int_equal(t.run.bench.peak, bench);
        need[mode] = numbers + bench;
        tiny_close(&t);
    }
    assert_true(10 * need[HALVES] < 6 * need[KEEP]); /* halves of six layers, and one at work */
    assert_true(need[RECOMPUTED_HALVES] < need[HALVES]);
}

static void a_bench_too_small_is_an_error(void **state)
{
    tiny t;
    (void)state;
    open_mode(&t, &cz_backend_cpu, 3, HALVES);
    tiny_count(&t);
    size_t bench = t.run.bench.peak;
    for (size_t size = 64; size < bench; size += 64) {
        t.run.bench.size = size;
        tiny_run(&t);
        assert_int_equal(t.run.error.status, CLOZE_ERROR_MEMORY);
    }
    t.run.bench.size = bench;
    tiny_run(&t);
    assert_int_equal(t.run.error.status, CLOZE_OK);
    tiny_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kept_or_recomputed_they_are_the_same),
        cmocka_unit_test(gradients_are_near),
        cmocka_unit_test(memory_is_known_and_less),
        cmocka_unit_test(a_bench_too_small_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
