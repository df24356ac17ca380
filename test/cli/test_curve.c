/* test_curve.c - values as a line of text: heights, squeezing, gaps, and what does not fit. */
#include "../../cli/curve.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void check(const double *values, size_t count, size_t columns, curve_style style,
                  const char *expected)
{
    char text[CURVE_BYTES(CURVE_COLUMNS_MOST)];
    size_t bytes = curve_text(text, sizeof text, values, count, columns, style);
    assert_string_equal(text, expected);
    assert_int_equal(bytes, strlen(expected));
}

static void bars_are_as_high_as_values(void **state)
{
    const double rising[] = { 0, 1, 2, 3, 4, 5, 6, 7 }, falling[] = { 3, 2.1, 0 };
    const double equal[] = { 0.7, 0.7, 0.7 }, small[] = { 1e-20, 3e-20, 2.1e-20 };
    (void)state;
    check(rising, 8, 20, CURVE_BLOCKS, "▁▂▃▄▅▆▇█");
    check(falling, 3, 20, CURVE_BLOCKS, "█▆▁");
    check(falling, 1, 20, CURVE_BLOCKS, "▄");
    check(equal, 3, 20, CURVE_BLOCKS, "▄▄▄");
    check(small, 3, 20, CURVE_BLOCKS, "▁█▅");
    check(rising, 0, 20, CURVE_BLOCKS, "");
    check(rising, 8, 0, CURVE_BLOCKS, "");
}

static void more_values_than_columns_become_means(void **state)
{
    const double values[] = { 0, 2, 3, 3, 10, 12, 1, 1 }, uneven[] = { 1, 1, 5, 5, 5 };
    (void)state;
    check(values, 8, 4, CURVE_BLOCKS, "▁▂█▁"); /* 1, 3, 11, 1 */
    check(values, 8, 1, CURVE_BLOCKS, "▄");
    check(uneven, 5, 2, CURVE_BLOCKS, "▁█");
}

static void lines_of_dots_are_joined(void **state)
{
    const double rising[] = { 0, 1, 2, 3 }, jump[] = { 0, 3, 0 }, flat[] = { 2, 2, 2, 2 };
    (void)state;
    check(rising, 4, 10, CURVE_BRAILLE, "⡠⠊"); /* each a dot higher */
    check(jump, 3, 10, CURVE_BRAILLE, "⡸⡆");
    check(flat, 4, 10, CURVE_BRAILLE, "⠤⠤");
    check(rising, 4, 1, CURVE_BRAILLE, "⡸");
}

static void what_is_not_finite_is_a_gap(void **state)
{
    const double holes[] = { 0, NAN, 1, INFINITY, -INFINITY, 0.5 }, none[] = { NAN, NAN };
    const double huge[] = { 1e308, -1e308, 1.7e308 };
    (void)state;
    check(holes, 6, 10, CURVE_BLOCKS, "▁ █  ▅");
    check(holes, 6, 3, CURVE_BLOCKS, "▁█▅");
    check(holes, 6, 10, CURVE_BRAILLE, "⡀⠁⠐");
    check(none, 2, 10, CURVE_BLOCKS, "  ");
    check(none, 2, 10, CURVE_BRAILLE, " ");
    check(huge, 3, 10, CURVE_BLOCKS, "█▁█");
}

static void what_does_not_fit_is_cut_behind_a_character(void **state)
{
    const double rising[] = { 0, 1, 2, 3, 4, 5, 6, 7 };
    char text[32];
    (void)state;
    for (size_t size = 0; size <= 25; size++) {
        memset(text, 'x', sizeof text);
        assert_int_equal(curve_text(text, size, rising, 8, 8, CURVE_BLOCKS),
                         size ? (size - 1) / 3 * 3 : 0);
        assert_true(!size || text[(size - 1) / 3 * 3] == 0);
        assert_int_equal(text[size], 'x');
    }
}

/* Any doubles in any number make whole columns of what a terminal shows. */
static void any_values_are_a_line(void **state)
{
    enum { MOST = 3000 };
    uint64_t seed = 3;
    double *values = calloc(MOST, sizeof *values);
    char *text = malloc(CURVE_BYTES(CURVE_COLUMNS_MOST));
    (void)state;
    for (int i = 0; i < 2000; i++) {
        size_t count, columns, bytes, shown = 0;
        curve_style style = i % 2 ? CURVE_BLOCKS : CURVE_BRAILLE;
        for (int k = 0; k < 40; k++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            memcpy(&values[seed % MOST], &seed, sizeof seed);
        }
        count = (size_t)(seed >> 20) % MOST;
        columns = (size_t)(seed >> 40) % (CURVE_COLUMNS_MOST + 50);
        bytes = curve_text(text, CURVE_BYTES(CURVE_COLUMNS_MOST), values, count, columns, style);
        assert_int_equal(bytes, strlen(text));
        for (size_t at = 0; at < bytes; shown++)
            at += text[at] == ' ' ? 1 : 3;
        columns = columns < CURVE_COLUMNS_MOST ? columns : CURVE_COLUMNS_MOST;
        count = style == CURVE_BRAILLE ? (count + 1) / 2 : count;
        assert_int_equal(shown, count < columns ? count : columns);
    }
    free(values);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bars_are_as_high_as_values),
        cmocka_unit_test(more_values_than_columns_become_means),
        cmocka_unit_test(lines_of_dots_are_joined),
        cmocka_unit_test(what_is_not_finite_is_a_gap),
        cmocka_unit_test(what_does_not_fit_is_cut_behind_a_character),
        cmocka_unit_test(any_values_are_a_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
