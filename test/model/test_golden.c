/* test_golden.c - the whole model against transformers in float64: outputs and gradients. */
#include "golden.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *const models[] = {
    "base",      "odd",  "heads12", "types1", "types4", "epsilon", "labels3",   "regression",
    "gelu_new",  "relu", "silu",    "swish",  "tanh",   "sigmoid", "gelu_fast", "gelu_pytorch_tanh",
    "quick_gelu", "f16", "bf16",    "old_names", "sharded",
};

enum { MODELS = sizeof models / sizeof *models };

static void hold(const golden_options *options, double output, double gradient)
{
    for (size_t i = 0; i < MODELS; i++) {
        golden g;
        golden_open(&g, models[i], options);
        golden_run(&g);
        if (!(g.worst_output <= output) || !(g.worst_gradient <= gradient))
            fail_msg("%s: output %.3g (at most %.3g), gradient %.3g (at most %.3g), worst at %s",
                     models[i], g.worst_output, output, g.worst_gradient, gradient, g.worst_name);
        golden_close(&g);
    }
}

static void the_reference_in_double_equals_transformers(void **state)
{
    (void)state;
    hold(&(golden_options){ .backend = &cz_backend_reference_f64 }, 1e-12, 1e-11);
}

static void recomputing_stages_gives_the_same_gradients(void **state)
{
    (void)state;
    hold(&(golden_options){ .backend = &cz_backend_reference_f64, .recompute = true }, 1e-12, 1e-11);
}

static void the_reference_in_float_is_within_the_bounds(void **state)
{
    (void)state;
    hold(&(golden_options){ .backend = &cz_backend_reference_f32 }, 1e-5, 2e-5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_reference_in_double_equals_transformers),
        cmocka_unit_test(recomputing_stages_gives_the_same_gradients),
        cmocka_unit_test(the_reference_in_float_is_within_the_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
