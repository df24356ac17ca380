/*
 * test_agreement.c - every backend in float against the reference in double: outputs and gradients
 * of every case. Tensors are filled with a pattern before, so that an element never written, or
 * one written beyond the end, is found.
 */
#include "cases.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Largest difference over the largest value. */
static double distance(const cz_tensor *found, const cz_tensor *truth)
{
    double worst = 0, largest = 1e-3;
    assert_int_equal(found->rows, truth->rows);
    assert_int_equal(found->columns, truth->columns);
    for (size_t i = 0; i < truth->rows; i++)
        for (size_t c = 0; c < truth->columns; c++) {
            double a = cz_tensor_at(found, i, c), b = cz_tensor_at(truth, i, c);
            largest = fmax(largest, fabs(b));
            worst = isfinite(a) ? fmax(worst, fabs(a - b)) : INFINITY;
        }
    return worst / largest;
}

static void hold(const op_case *c, const char *what, double error, double *worst)
{
    if (!(error < 3e-6))
        fail_msg("%s: %s differs by %.3g", c->name, what, error);
    *worst = fmax(*worst, error);
}

static void compare(const op_case *c, const cz_backend *backend, const void *kernels, double *worst)
{
    op_stand found, truth;
    stand_open(&found, c, backend, kernels);
    stand_open(&truth, c, &cz_backend_reference_f64, NULL);
    stand_run(&found, false);
    stand_run(&truth, false);
    hold(c, "the output", distance(found.out, truth.out), worst);
    stand_run(&found, true);
    stand_run(&truth, true);
    hold(c, "the recorded output", distance(found.out, truth.out), worst);
    for (int i = 0; i < c->values; i++) {
        const cz_tensor *a = &found.gradient[i], *b = &truth.gradient[i];
        if (!c->value[i].parameter) {
            a = found.input[i]->gradient;
            b = truth.input[i]->gradient;
        }
        assert_int_equal(!a, !b);
        if (a)
            hold(c, "a gradient", distance(a, b), worst);
    }
    stand_close(&found);
    stand_close(&truth);
}

static void compare_all(const char *name, const cz_backend *backend, const void *kernels)
{
    double worst = 0;
    for (size_t i = 0; i < op_case_count(); i++) {
        op_case c = op_case_at(i);
        compare(&c, backend, kernels, &worst);
    }
    print_message("%s: largest difference %.2g\n", name, worst);
}

static void the_reference_in_float_agrees_with_double(void **state)
{
    (void)state;
    compare_all("reference", &cz_backend_reference_f32, NULL);
}

static void every_instruction_set_of_the_processor_agrees_with_double(void **state)
{
    static const char *const sets[] = { "scalar", "avx2", "avx512", "neon" };
    (void)state;
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        const void *kernels = cz_cpu_kernels(sets[i]);
        if (kernels)
            compare_all(sets[i], &cz_backend_cpu, kernels);
    }
    compare_all("default", &cz_backend_cpu, cz_cpu_kernels(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_reference_in_float_agrees_with_double),
        cmocka_unit_test(every_instruction_set_of_the_processor_agrees_with_double),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
