/* test_ticks.c - the numbers that axes have, and where they put values. */
#include "plot/ticks.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void check_labels(const cz_ticks *ticks, const char *expected)
{
    char all[1024] = "";
    for (size_t i = 0; i < ticks->count; i++) {
        cloze_text text = cz_tick_text(&ticks->at[i]);
        size_t used = strlen(all);
        if (text.size)
            snprintf(all + used, sizeof all - used, "%s%.*s", used ? " " : "", (int)text.size,
                     text.data);
    }
    assert_string_equal(all, expected);
}

static void check_even(double low, double high, bool whole, size_t most, const char *expected)
{
    cz_scale scale = { .low = low, .high = high, .whole = whole };
    cz_ticks ticks;
    cz_ticks_choose(&ticks, &scale, most);
    check_labels(&ticks, expected);
}

static void check_log(double low, double high, size_t most, const char *expected)
{
    cz_scale scale = { .low = low, .high = high, .logarithmic = true };
    cz_ticks ticks;
    cz_ticks_choose(&ticks, &scale, most);
    check_labels(&ticks, expected);
}

static void even_axes_have_round_numbers(void **state)
{
    (void)state;
    check_even(0, 1, false, 6, "0.0 0.2 0.4 0.6 0.8 1.0");
    check_even(0, 3000, true, 6, "0 500 1,000 1,500 2,000 2,500 3,000");
    check_even(-60, 3060, true, 4, "0 1,000 2,000 3,000");
    check_even(0.386, 0.413, false, 6, "0.390 0.395 0.400 0.405 0.410");
    check_even(0, 2.1e-5, false, 4, "0 1e-5 2e-5");
    check_even(0, 1.7e-5, false, 4, "0 0.5e-5 1.0e-5 1.5e-5");
    check_even(0.96, 3.04, true, 12, "1 2 3");
    check_even(0.96, 3.04, false, 4, "1 2 3");
    check_even(-2.2, 2.2, false, 5, "-2 -1 0 1 2");
    check_even(1e6, 4.2e6, true, 4, "1e6 2e6 3e6 4e6");
    check_even(1234560, 1234569, true, 4, "1,234,560 1,234,565");
    check_even(-1e300, 1e300, false, 4, "-1.0e300 -0.5e300 0 0.5e300 1.0e300");
}

static void logarithmic_axes_have_decades_or_parts_of_them(void **state)
{
    (void)state;
    check_log(0.9, 1100, 6, "1 10 100 1,000");
    check_log(4e-6, 6e-4, 8, "5e-6 1e-5 2e-5 5e-5 1e-4 2e-4 5e-4");
    check_log(0.02, 1.7, 7, "0.02 0.05 0.1 0.2 0.5 1");
    check_log(9e-13, 1.1e-1, 5, "1e-12 1e-9 1e-6 1e-3");
    check_log(21, 24, 4, "21 22 23 24");
    check_log(1e-300, 1e300, 6, "1e-200 1e0 1e200");
}

static uint64_t next(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return *state >> 11;
}

/* Ascending, within the axis, different, and what they say is where they are. */
static void check_ticks(const cz_ticks *ticks, const cz_scale *scale, size_t most)
{
    double span = scale->high - scale->low;
    size_t named = 0;
    for (size_t i = 0; i < ticks->count; i++) {
        cloze_text text = cz_tick_text(&ticks->at[i]);
        double value = ticks->at[i].value, said;
        char plain[CZ_DECIMAL_SIZE + 1];
        size_t used = 0;
        assert_true(!i || value > ticks->at[i - 1].value);
        assert_true(scale->logarithmic
                        ? value >= scale->low * (1 - 1e-6) && value <= scale->high * (1 + 1e-6)
                        : value >= scale->low - 1e-6 * span && value <= scale->high + 1e-6 * span);
        for (size_t k = 0; k < text.size; k++)
            if (text.data[k] != ',')
                plain[used++] = text.data[k];
        plain[used] = 0;
        said = strtod(plain, NULL);
        if (!used)
            continue;
        named++;
        if (fabs(said - value) > 1e-12 * fabs(value) + 1e-9 * span * !scale->logarithmic)
            fail_msg("%.17g is called %s", value, plain);
    }
    assert_in_range(named, 1, most < 6 ? 7 : most + 1);
}

static void any_axis_has_some(void **state)
{
    uint64_t seed = 5;
    (void)state;
    for (int i = 0; i < 200000; i++) {
        cz_range range = { 0 };
        cz_scale scale;
        cz_ticks ticks;
        size_t most = 2 + next(&seed) % 12;
        bool logarithmic = next(&seed) % 2;
        double middle = ((double)next(&seed) * 0x1p-53 - (logarithmic ? 0 : 0.5)) *
                        pow(10, (double)(next(&seed) % 590) - 295);
        for (int k = 0; k < 3; k++)
            cz_range_add(
                &range,
                middle * (1 + pow(10, -(double)(next(&seed) % 18)) * (double)(next(&seed) % 1000)),
                logarithmic);
        scale = cz_scale_of(&range, logarithmic, 0.05);
        assert_true(scale.low < scale.high);
        cz_ticks_choose(&ticks, &scale, most);
        check_ticks(&ticks, &scale, most);
    }
}

static void few_values_name_themselves(void **state)
{
    const double rates[] = { 3e-5, 1e-5, NAN, 5e-5, 3e-5, -1, 2e-5 };
    const double many[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9 }, one[] = { 4, 4 };
    const cloze_text names[] = { { "AdamW", 5 }, { "SGD", 3 } };
    cz_ticks ticks;
    (void)state;
    assert_true(cz_ticks_of_values(&ticks, rates, 7, true, 8));
    check_labels(&ticks, "1e-5 2e-5 3e-5 5e-5");
    assert_true(cz_ticks_of_values(&ticks, rates, 7, false, 8));
    check_labels(&ticks, "-1 1e-5 2e-5 3e-5 5e-5");
    assert_false(cz_ticks_of_values(&ticks, many, 9, false, 8));
    assert_false(cz_ticks_of_values(&ticks, one, 2, false, 8));
    cz_ticks_of_names(&ticks, names, 2);
    check_labels(&ticks, "AdamW SGD");
}

static void values_lie_between_the_ends(void **state)
{
    cz_range range = { 0 };
    cz_scale scale;
    (void)state;
    cz_range_add(&range, NAN, false);
    cz_range_add(&range, INFINITY, false);
    cz_range_add(&range, 2e300, false);
    assert_false(range.any);
    cz_range_add(&range, 100, false);
    cz_range_add(&range, 200, false);
    scale = cz_scale_of(&range, false, 0.1);
    assert_true(scale.whole);
    scale.from = 300;
    scale.to = 60;
    assert_float_equal(cz_scale_place(&scale, 90), 300, 1e-9);
    assert_float_equal(cz_scale_place(&scale, 210), 60, 1e-9);
    assert_float_equal(cz_scale_place(&scale, 150), 180, 1e-9);
    assert_true(cz_scale_place(&scale, 1e300) >= -10000);
    range = (cz_range){ 0 };
    cz_range_add(&range, 0, true);
    cz_range_add(&range, -5, true);
    assert_false(range.any);
    cz_range_add(&range, 0.001, true);
    cz_range_add(&range, 10, true);
    scale = cz_scale_of(&range, true, 0);
    assert_false(scale.whole);
    scale.to = 4;
    assert_float_equal(cz_scale_place(&scale, 0.001), 0, 1e-9);
    assert_float_equal(cz_scale_place(&scale, 0.1), 2, 1e-9);
    range = (cz_range){ 0 };
    cz_range_add(&range, 0.05, false);
    cz_range_add(&range, 0.7, false);
    assert_float_equal(cz_scale_of(&range, false, 0.05).low, 0, 0); /* it is near */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(even_axes_have_round_numbers),
        cmocka_unit_test(logarithmic_axes_have_decades_or_parts_of_them),
        cmocka_unit_test(any_axis_has_some),
        cmocka_unit_test(few_values_name_themselves),
        cmocka_unit_test(values_lie_between_the_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
