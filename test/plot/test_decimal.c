/* test_decimal.c - numbers in pictures, as people write them. */
#include "plot/decimal.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void check_text(double value, int figures, const char *expected)
{
    char room[CZ_DECIMAL_SIZE];
    cloze_text text = cz_decimal_text(cz_decimal_of(value, figures), room);
    if (text.size != strlen(expected) || memcmp(text.data, expected, text.size) != 0)
        fail_msg("%.17g is written as %.*s, not %s", value, (int)text.size, text.data, expected);
}

static void numbers_are_short(void **state)
{
    (void)state;
    check_text(0, 15, "0");
    check_text(-0.0, 15, "0");
    check_text(1, 15, "1");
    check_text(999, 15, "999");
    check_text(1000, 15, "1,000");
    check_text(12000, 15, "12,000");
    check_text(-1234567, 15, "-1,234,567");
    check_text(0.5, 2, "0.5");
    check_text(-0.25, 6, "-0.25");
    check_text(1.0 / 3, 2, "0.33");
    check_text(0.001, 6, "0.001");
    check_text(2e-5, 6, "2e-5");
    check_text(1.5e-5, 6, "1.5e-5");
    check_text(0.1 + 0.2, 6, "0.3");
    check_text(99.99, 2, "100");
    check_text(2.5e9, 3, "2.5e9");
    check_text(1e300, 15, "1e300");
    check_text(-3e-310, 3, "-3e-310");
}

static void values_come_back(void **state)
{
    uint32_t counter = 1;
    (void)state;
    for (int i = 0; i < 100000; i++) {
        double value, back;
        counter = counter * 1664525u + 1013904223u;
        value = ((double)counter - 0x1p31) * pow(10, (int)(counter >> 7) % 560 - 290);
        if (!isfinite(value))
            continue;
        back = cz_decimal_value(cz_decimal_of(value, 15));
        if (!(fabs(back - value) <= 1e-13 * fabs(value)))
            fail_msg("%.17g comes back as %.17g", value, back);
    }
}

static void zeros_at_the_end_stay_where_they_are_asked_for(void **state)
{
    char room[CZ_DECIMAL_SIZE];
    cloze_text text = cz_decimal_plain((cz_decimal){ 40, -2 }, room);
    (void)state;
    assert_int_equal(text.size, 4);
    assert_memory_equal(text.data, "0.40", 4);
    text = cz_decimal_powers((cz_decimal){ 20, -6 }, -5, room);
    assert_int_equal(text.size, 6);
    assert_memory_equal(text.data, "2.0e-5", 6);
    text = cz_decimal_powers((cz_decimal){ 0, -6 }, -5, room);
    assert_int_equal(text.size, 1);
    assert_memory_equal(text.data, "0", 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_short),
        cmocka_unit_test(values_come_back),
        cmocka_unit_test(zeros_at_the_end_stay_where_they_are_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
