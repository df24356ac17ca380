/*
 * test_curves.c - activations and their slopes over all floats (every 401st bit pattern)
 * against double on every instruction set, within the errors that curves.h and numerics.md state.
 */
#include "backend/backend.h"
#include "backend/cpu/kernels.h"
#include "backend/cpu/numbers.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { BLOCK = 1000 };

/* Error allowed: of the value's size, or of max(1, |x|) where the curve itself is cut short. */
static const struct {
    cz_activation kind;
    const char *name;
    double value, slope;
} bounds[] = {
    { CZ_GELU, "gelu", 1e-7, 1.5e-7 },
    { CZ_GELU_TANH, "gelu tanh", 1.5e-7, 2e-7 },
    { CZ_GELU_QUICK, "gelu quick", 1.5e-7, 2e-7 },
    { CZ_RELU, "relu", 0, 0 },
    { CZ_SILU, "silu", 1.5e-7, 2e-7 },
    { CZ_TANH, "tanh", 1e-7, 2e-7 },
    { CZ_SIGMOID, "sigmoid", 1e-7, 6e-8 },
};

static double sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

static const double half_root = 0.70710678118654752440;

static double inside(double x)
{
    return 2 * 0.79788456080286535588 * (x + 0.044715 * x * x * x);
}

static double gated(double x, double g, double slope)
{
    double s = sigmoid(g);
    return s * (1 - s) > 0 ? s + x * slope * s * (1 - s) : s;
}

static double exact(cz_activation kind, double x)
{
    switch (kind) {
    case CZ_GELU:
        return 0.5 * x * erfc(-x * half_root);
    case CZ_GELU_TANH:
        return x * sigmoid(inside(x));
    case CZ_GELU_QUICK:
        return x * sigmoid(1.702 * x);
    case CZ_RELU:
        return x > 0 ? x : 0;
    case CZ_SILU:
        return x * sigmoid(x);
    case CZ_TANH:
        return tanh(x);
    case CZ_SIGMOID:
        return sigmoid(x);
    case CZ_IDENTITY:
    case CZ_ACTIVATIONS:
        break;
    }
    return x;
}

static double exact_slope(cz_activation kind, double x)
{
    double s;
    switch (kind) {
    case CZ_GELU:
        s = exp(-0.5 * x * x);
        return 0.5 * erfc(-x * half_root) + (s > 0 ? x * 0.39894228040143267794 * s : 0);
    case CZ_GELU_TANH:
        return gated(x, inside(x), 2 * 0.79788456080286535588 * (1 + 3 * 0.044715 * x * x));
    case CZ_GELU_QUICK:
        return gated(x, 1.702 * x, 1.702);
    case CZ_RELU:
        return x > 0;
    case CZ_SILU:
        return gated(x, x, 1);
    case CZ_TANH:
        s = cosh(x);
        return 1 / (s * s);
    case CZ_SIGMOID:
        return sigmoid(x) * sigmoid(-x);
    case CZ_IDENTITY:
    case CZ_ACTIVATIONS:
        break;
    }
    return 1;
}

/* The next `count` floats of the walk over all bit patterns, from *bits on; 0 at the end. */
static size_t next_floats(uint32_t *bits, float *x)
{
    size_t count = 0;
    while (count < BLOCK && *bits < UINT32_MAX - 401) {
        float value;
        memcpy(&value, bits, sizeof value);
        *bits += 401;
        if (isfinite(value))
            x[count++] = value;
    }
    return count;
}

static void check(const cz_kernels *kernels, size_t number)
{
    static float x[BLOCK], ones[BLOCK], y[BLOCK], d[BLOCK];
    cz_activation kind = bounds[number].kind;
    double worst = 0, worst_slope = 0;
    uint32_t bits = 0;
    for (size_t i = 0; i < BLOCK; i++)
        ones[i] = 1;
    for (size_t count; (count = next_floats(&bits, x)) > 0;) {
        kernels->activate(kind, x, count, y);
        kernels->slope(kind, x, ones, count, d);
        for (size_t i = 0; i < count; i++) {
            double size = fmax(1, fabs((double)x[i]));
            worst = fmax(worst, fabs((double)y[i] - exact(kind, (double)x[i])) / size);
            worst_slope = fmax(worst_slope, fabs((double)d[i] - exact_slope(kind, (double)x[i])));
            if (!isfinite(y[i]) || !isfinite(d[i]))
                fail_msg("%s of %g on %s is not finite", bounds[number].name, (double)x[i],
                         kernels->name);
        }
    }
    print_message("%s %s: %.2g, slope %.2g\n", kernels->name, bounds[number].name, worst,
                  worst_slope);
    if (worst > bounds[number].value || worst_slope > bounds[number].slope)
        fail_msg("%s on %s is off", bounds[number].name, kernels->name);
}

static void activations_keep_the_stated_error_over_all_floats(void **state)
{
    static const char *const sets[] = { "scalar", "avx2", "avx512", "neon" };
    (void)state;
    for (size_t set = 0; set < sizeof sets / sizeof *sets; set++) {
        const cz_kernels *kernels = cz_cpu_kernels(sets[set]);
        for (size_t i = 0; kernels && i < sizeof bounds / sizeof *bounds; i++)
            check(kernels, i);
    }
}

/* Relative, where the curve keeps it. */
static void tanh_and_sigmoid_keep_relative_accuracy_near_zero(void **state)
{
    const cz_kernels *kernels = cz_cpu_kernels(NULL);
    (void)state;
    for (float x = 1e-30f; x < 80; x *= 1.0007f) {
        float y;
        kernels->activate(CZ_TANH, &x, 1, &y);
        assert_true(fabs((double)y / tanh((double)x) - 1) < 3e-7);
        float below = -x;
        kernels->activate(CZ_SIGMOID, &below, 1, &y);
        assert_true(fabs((double)y / sigmoid((double)below) - 1) < 1e-5);
    }
}

static void not_a_number_stays_one(void **state)
{
    const cz_kernels *kernels = cz_cpu_kernels(NULL);
    float x[20], y[20];
    (void)state;
    for (size_t i = 0; i < 20; i++)
        x[i] = NAN;
    for (int kind = 0; kind < CZ_ACTIVATIONS; kind++) {
        kernels->activate((cz_activation)kind, x, 20, y);
        for (size_t i = 0; i < 20; i++)
            assert_true(isnan(y[i]));
    }
}

/* ---- curves of one double, for losses ---- */

static void hold(const char *name, double x, double found, double truth)
{
    if (!(fabs(found - truth) <= 1e-13 * fabs(truth)))
        fail_msg("%s of %.17g: %.17g, not %.17g", name, x, found, truth);
}

static void logarithm_and_exponential_of_a_double_keep_thirteen_digits(void **state)
{
    (void)state;
    for (int i = -100000; i <= 100000; i++) {
        double x = (double)i * 0.00707, small = x * 1e-3, power = exp(x * 0.9);
        hold("exp", x, cz_exponential(x), exp(x));
        hold("exp", small * 1e-6, cz_exponential(small * 1e-6), exp(small * 1e-6));
        hold("log", power, cz_logarithm(power), log(power));
        hold("log(1 + x)", power, cz_logarithm_of_more(power), log1p(power));
        if (small > -1)
            hold("log(1 + x)", small, cz_logarithm_of_more(small), log1p(small));
    }
    for (int i = 1; i <= 1000; i++)
        for (double y = 0.25; y < 8; y += 0.25)
            hold("a power", i * 1e-3, cz_power(i * 1e-3, y), pow(i * 1e-3, y));
}

static void the_ends_of_a_double_s_curves_are_what_losses_need(void **state)
{
    (void)state;
    assert_true(cz_exponential(-1e9) == 0 && cz_exponential(1e9) == (double)INFINITY);
    assert_true(cz_exponential(0) == 1 && cz_logarithm(1) == 0 && cz_logarithm_of_more(0) == 0);
    assert_true(cz_logarithm(0) == -(double)INFINITY);
    assert_true(cz_power(0, 0) == 1 && cz_power(0, 0.5) == 0 && cz_power(1, 3) == 1);
    hold("log", 0x1p-1050, cz_logarithm(0x1p-1050), log(0x1p-1050));
    assert_true(isnan(cz_exponential((double)NAN)) && isnan(cz_logarithm((double)NAN)));
    assert_true(isnan(cz_power((double)NAN, 2)) && isnan(cz_logarithm_of_more((double)NAN)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(activations_keep_the_stated_error_over_all_floats),
        cmocka_unit_test(tanh_and_sigmoid_keep_relative_accuracy_near_zero),
        cmocka_unit_test(not_a_number_stays_one),
        cmocka_unit_test(logarithm_and_exponential_of_a_double_keep_thirteen_digits),
        cmocka_unit_test(the_ends_of_a_double_s_curves_are_what_losses_need),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
