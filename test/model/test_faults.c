/*
 * test_faults.c - the golden files are worth something only if a fault shows: each deliberate one
 * must move outputs beyond the bounds that test_golden.c holds, in double and in float.
 */
#include "golden.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void double_the_scale(golden *g)
{
    for (size_t i = 0; i < g->network->config.layers; i++)
        g->network->layers[i].attention.scale *= 2;
}

static void forget_the_bias_of_values(golden *g)
{
    static const float zeros[64];
    static cz_tensor none = { .rows = 1, .type = CZ_F32 };
    none.data = (void *)(uintptr_t)zeros;
    none.columns = none.stride = g->network->config.hidden;
    g->network->layers[0].qkv.weight.bias[2] = &none;
}

static void use_the_wrong_epsilon(golden *g)
{
    for (size_t i = 0; i < g->network->config.layers; i++)
        g->network->layers[i].feed_norm.epsilon = 1e-3;
}

static void use_the_other_gelu(golden *g)
{
    for (size_t i = 0; i < g->network->config.layers; i++)
        g->network->layers[i].activation = CZ_GELU_TANH;
}

static void begin_positions_at_one(golden *g)
{
    for (size_t i = 0; i < g->batch.tokens; i++)
        g->positions[i]++;
}

static void forget_the_segments(golden *g)
{
    memset(g->types, 0, g->batch.tokens * sizeof *g->types);
}

static void see_only_what_came_before(golden *g)
{
    for (size_t i = 0; i < g->network->config.layers; i++)
        g->network->layers[i].attention.reach = CZ_REACH_CAUSAL;
}

static void swap_query_and_key_of_one_layer(golden *g)
{
    cz_weight *weight = &g->network->layers[1].qkv.weight;
    const cz_tensor *part = weight->part[0], *bias = weight->bias[0];
    weight->part[0] = weight->part[1], weight->bias[0] = weight->bias[1];
    weight->part[1] = part, weight->bias[1] = bias;
}

static void pool_the_last_token(golden *g)
{
    for (size_t s = 0; s < g->batch.packing.count; s++)
        if (g->length[s] > 1) {
            uint32_t first = g->ids[g->begin[s]];
            g->ids[g->begin[s]] = g->ids[g->begin[s] + 1];
            g->ids[g->begin[s] + 1] = first;
        }
}

static void shows(void (*fault)(golden *))
{
    const struct {
        golden_options options;
        double bound;
    } holds[] = {
        { { .backend = &cz_backend_reference_f64 }, 1e-12 },
        { { .backend = &cz_backend_reference_f32 }, 1e-5 },
        { { .backend = &cz_backend_cpu }, 1e-5 },
    };
    for (size_t i = 0; i < sizeof holds / sizeof *holds; i++) {
        golden g;
        golden_open(&g, "base", &holds[i].options);
        g.run.record = false;
        golden_run(&g);
        assert_true(g.worst_output <= holds[i].bound);
        fault(&g);
        golden_run(&g);
        if (g.worst_output <= holds[i].bound)
            fail_msg("the fault moves outputs by %.3g alone", g.worst_output);
        golden_close(&g);
    }
}

#define FAULT_TEST(fault)                                                                          \
    static void fault##_is_caught(void **state)                                                    \
    {                                                                                              \
        (void)state;                                                                               \
        shows(fault);                                                                              \
    }
FAULT_TEST(double_the_scale)
FAULT_TEST(forget_the_bias_of_values)
FAULT_TEST(use_the_wrong_epsilon)
FAULT_TEST(use_the_other_gelu)
FAULT_TEST(begin_positions_at_one)
FAULT_TEST(forget_the_segments)
FAULT_TEST(see_only_what_came_before)
FAULT_TEST(swap_query_and_key_of_one_layer)
FAULT_TEST(pool_the_last_token)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(double_the_scale_is_caught),
        cmocka_unit_test(forget_the_bias_of_values_is_caught),
        cmocka_unit_test(use_the_wrong_epsilon_is_caught),
        cmocka_unit_test(use_the_other_gelu_is_caught),
        cmocka_unit_test(begin_positions_at_one_is_caught),
        cmocka_unit_test(forget_the_segments_is_caught),
        cmocka_unit_test(see_only_what_came_before_is_caught),
        cmocka_unit_test(swap_query_and_key_of_one_layer_is_caught),
        cmocka_unit_test(pool_the_last_token_is_caught),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
