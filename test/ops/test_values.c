/*
 * test_values.c - what operations make of a few numbers, by hand: see known.h.
 */
#include "known.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum { ROWS = 7 };

/* With queries of zero every key that is seen weighs the same: the mean of what is seen. */
static void a_row_sees_the_keys_within_its_reach_and_no_other(void **state)
{
    static const size_t begin[] = { 0, 2 }, length[] = { 2, 5 };
    const cz_batch batch = { .packing = { 2, begin, length, 5 } };
    double qkv[ROWS * 3] = { 0 };
    fixture f;
    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        qkv[3 * i + 1] = cos((double)i);
        qkv[3 * i + 2] = (double)(i * i + 1);
    }
    fixture_open(&f);
    for (int reach = 0; reach < 3; reach++) {
        const cz_attention_shape shape = {
            .heads = 1, .head_size = 1, .scale = 1, .reach = (cz_reach)reach, .window = 2
        };
        cz_tensor *x = give(&f, qkv, ROWS, 3);
        cz_tensor *y = cz_self_attention(&f.run, &batch, x, &shape, 0);
        for (size_t s = 0; s < 2; s++)
            for (size_t i = 0; i < length[s]; i++) {
                double sum = 0, count = 0;
                for (size_t j = 0; j < length[s]; j++) {
                    bool near = i < j ? j - i < 3 : i - j < 3;
                    if (reach == CZ_REACH_FULL || (reach == CZ_REACH_CAUSAL && j <= i) ||
                        (reach == CZ_REACH_WINDOW && near)) {
                        size_t row = begin[s] + j;
                        sum += (double)(row * row + 1);
                        count++;
                    }
                }
                expect(y, begin[s] + i, 0, sum / count);
            }
    }
    fixture_close(&f);
}

static void scores_far_beyond_the_range_of_exp_stay_probabilities(void **state)
{
    static const size_t begin[] = { 0 }, length[] = { 2 };
    const cz_batch batch = { .packing = { 1, begin, length, 2 } };
    const cz_attention_shape shape = { .heads = 1, .head_size = 1, .scale = 1 };
    double qkv[] = { 1000, 1000, 3, -1000, -1000, 5 };
    fixture f;
    (void)state;
    fixture_open(&f);
    cz_tensor *y = cz_self_attention(&f.run, &batch, give(&f, qkv, 2, 3), &shape, 0);
    expect(y, 0, 0, 3);
    expect(y, 1, 0, 5);
    fixture_close(&f);
}

static void a_query_without_keys_gives_zero(void **state)
{
    static const size_t begin[] = { 0, 1 }, one[] = { 1, 1 }, from[] = { 0, 0 }, keys[] = { 0, 1 };
    const cz_packing queries = { 2, begin, one, 1 }, seen = { 2, from, keys, 1 };
    const cz_attention_shape shape = { .heads = 1, .head_size = 1, .scale = 1 };
    double q[] = { 1, 2 }, kv[] = { 3, 7 };
    fixture f;
    (void)state;
    fixture_open(&f);
    cz_tensor *y = cz_cross_attention(&f.run, give(&f, q, 2, 1), &queries, give(&f, kv, 1, 2),
                                      &seen, NULL, &shape, 0);
    expect(y, 0, 0, 0);
    expect(y, 1, 0, 7);
    fixture_close(&f);
}

static void every_pooling_is_what_its_name_says(void **state)
{
    static const size_t begin[] = { 0, 4 }, length[] = { 4, 0 }, skip[] = { 1, 1 };
    static const double all[] = { 8, 9, 5, 10, 4.5, 2 }, /* of 8, 1, 9, 2 */
        rest[] = { 1, 9, 4, 0, 0, 2 };
    const cz_packing packing = { 2, begin, length, 4 };
    double x[] = { 8, 1, 9, 2 };
    fixture f;
    (void)state;
    fixture_open(&f);
    for (int kind = 0; kind <= CZ_POOL_LAST; kind++)
        for (int skipped = 0; skipped < 2; skipped++) {
            double expected = skipped ? rest[kind] : all[kind];
            if (kind == CZ_POOL_MEAN_SQRT)
                expected = skipped ? 12 / sqrt(3) : 10;
            if (kind == CZ_POOL_WEIGHTED)
                expected = skipped ? (1 + 18 + 6) / 6.0 : (8 + 2 + 27 + 8) / 10.0;
            cz_tensor *y = cz_pool_rows(&f.run, give(&f, x, 4, 1), &packing, skipped ? skip : NULL,
                                        (cz_pooling_kind)kind);
            expect(y, 0, 0, expected);
            expect(y, 1, 0, 0);
        }
    fixture_close(&f);
}

/* Digits from a computation with 30 decimals. */
static void activations_have_their_known_values(void **state)
{
    static const struct {
        cz_activation kind;
        double at, value;
    } known[] = {
        { CZ_GELU, 1, 0.84134474606854294859 },
        { CZ_GELU, -3, -0.0040496940948902836 },
        { CZ_GELU_TANH, 1, 0.84119199060827670 },
        { CZ_GELU_QUICK, 1, 0.84579576593282130 },
        { CZ_SILU, 1, 0.73105857863000487925 },
        { CZ_TANH, 0.5, 0.46211715726000975850 },
        { CZ_SIGMOID, -2, 0.11920292202211755594 },
        { CZ_RELU, -2, 0 },
        { CZ_RELU, 2, 2 },
    };
    fixture f;
    (void)state;
    fixture_open(&f);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        double x = known[i].at;
        cz_tensor *y = cz_activate(&f.run, give(&f, &x, 1, 1), known[i].kind);
        double found = cz_tensor_at(y, 0, 0);
        if (!(fabs(found - known[i].value) <= (known_in_double() ? 1e-13 : 2e-7)))
            fail_msg("activation %d of %g: %.17g", (int)known[i].kind, x, found);
    }
    double nan = (double)NAN;
    cz_tensor *y = cz_activate(&f.run, give(&f, &nan, 1, 1), CZ_RELU);
    assert_true(isnan(cz_tensor_at(y, 0, 0)));
    fixture_close(&f);
}

static void a_norm_has_its_mean_and_variance(void **state)
{
    double gain[] = { 2, 2 }, shift[] = { 10, 20 }, x[] = { 1, 3 };
    fixture f;
    (void)state;
    fixture_open(&f);
    const cz_parameter g = { .value = { in_type(&f, gain, 2), 1, 2, 2, known_type(), false, NULL },
                             .name = "g" },
                       s = { .value = { in_type(&f, shift, 2), 1, 2, 2, known_type(), false, NULL },
                             .index = 1,
                             .name = "s" };
    const cz_norm_weights layer = { &g, &s, 3, false }, root = { &g, NULL, 4, true };
    cz_tensor *y = cz_norm(&f.run, give(&f, x, 1, 2), &layer);
    expect(y, 0, 0, 10 - 2 * 0.5); /* deviation -1, variance 1, epsilon 3 */
    expect(y, 0, 1, 20 + 2 * 0.5);
    y = cz_norm(&f.run, give(&f, x, 1, 2), &root);
    expect(y, 0, 0, 2 * 1 / 3.0); /* mean square 5, epsilon 4 */
    expect(y, 0, 1, 2 * 3 / 3.0);
    fixture_close(&f);
}

static void normalizing_leaves_a_row_of_zeros(void **state)
{
    double x[] = { 3, 4, 0, 0, 1, (double)NAN };
    fixture f;
    (void)state;
    fixture_open(&f);
    cz_tensor *y = cz_normalize_rows(&f.run, give(&f, x, 3, 2));
    expect(y, 0, 0, 0.6);
    expect(y, 0, 1, 0.8);
    expect(y, 1, 0, 0);
    assert_true(isnan(cz_tensor_at(y, 2, 0)) && isnan(cz_tensor_at(y, 2, 1)));
    fixture_close(&f);
}

/* On the way back an activation needs room for the gradient before it, and only for that time. */
static void the_way_back_through_an_activation_gives_its_room_back(void **state)
{
    double numbers[] = { 1, 2, 3 }, x[] = { 4, 5, 6 };
    const cz_parameter w = { .value = { numbers, 3, 1, 1, CZ_F64, false, NULL }, .name = "w" };
    cz_linear_weights linear = { .part = { &w }, .weight = { .in = 1, .out = 3, .parts = 1 } };
    fixture f;
    (void)state;
    linear.weight.part[0] = &w.value;
    fixture_open(&f);
    f.run.record = true;
    cz_tensor *input = cz_run_input(&f.run, x, 3, 1, true);
    cz_tensor *y = cz_linear(&f.run, input, &linear, CZ_TANH);
    assert_non_null(cz_run_gradient(&f.run, y));
    for (size_t i = 0; i < 9; i++)
        ((double *)y->gradient->data)[i] = 1;
    size_t before = f.run.numbers.used;
    cz_run_walk_back(&f.run);
    assert_int_equal(f.run.numbers.used, before + 64); /* the gradient of the input alone */
    assert_non_null(input->gradient);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_sees_the_keys_within_its_reach_and_no_other),
        cmocka_unit_test(scores_far_beyond_the_range_of_exp_stay_probabilities),
        cmocka_unit_test(a_query_without_keys_gives_zero),
        cmocka_unit_test(every_pooling_is_what_its_name_says),
        cmocka_unit_test(activations_have_their_known_values),
        cmocka_unit_test(a_norm_has_its_mean_and_variance),
        cmocka_unit_test(normalizing_leaves_a_row_of_zeros),
    };
    const struct CMUnitTest memory[] = {
        cmocka_unit_test(the_way_back_through_an_activation_gives_its_room_back),
    };
    return cmocka_run_group_tests_name("reference", tests, on_reference, NULL) +
           cmocka_run_group_tests_name("cpu", tests, on_cpu, NULL) +
           cmocka_run_group_tests_name("memory", memory, on_reference, NULL);
}
