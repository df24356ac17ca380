/*
 * test_gradient.c - the gradient of every operation against finite differences, in double: four
 * points a number, so that only rounding, some 1e-10, is the error of the difference itself.
 */
#include "cases.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static double sum_at(op_stand *stand, int value, size_t element, double number)
{
    stand_set(stand, value, element, number);
    stand_run(stand, false);
    return stand_sum(stand);
}

static double difference(op_stand *stand, int value, size_t element)
{
    const double step = 1e-5;
    double middle = stand_get(stand, value, element), sum[4];
    for (int i = 0; i < 4; i++)
        sum[i] = sum_at(stand, value, element, middle + step * (i < 2 ? i - 2 : i - 1));
    stand_set(stand, value, element, middle);
    return (sum[0] - 8 * sum[1] + 8 * sum[2] - sum[3]) / (12 * step);
}

static double worst_of(const op_case *c, int value)
{
    size_t count = c->value[value].rows * c->value[value].columns;
    double largest = 0, worst = 0, *kept = calloc(count + 1, sizeof *kept);
    op_stand stand;
    stand_open(&stand, c, &cz_backend_reference_f64, NULL);
    stand_run(&stand, true);
    for (size_t e = 0; e < count; e++) {
        kept[e] = stand_gradient(&stand, value, e);
        largest = fmax(largest, fabs(kept[e]));
    }
    for (size_t e = 0; e < count; e++)
        worst = fmax(worst, fabs(difference(&stand, value, e) - kept[e]));
    stand_close(&stand);
    free(kept);
    return largest > 1e-6 ? worst / largest : worst;
}

static void the_gradient_of_every_operation_is_its_slope(void **state)
{
    double worst = 0;
    (void)state;
    for (size_t i = 0; i < op_case_count(); i++) {
        op_case c = op_case_at(i);
        for (int value = 0; value < c.values; value++) {
            if (c.value[value].constant)
                continue;
            double error = worst_of(&c, value);
            if (!(error < 1e-7))
                fail_msg("%s: value %d differs by %.3g", c.name, value, error);
            worst = fmax(worst, error);
        }
    }
    print_message("%zu cases, largest difference %.2g\n", op_case_count(), worst);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_gradient_of_every_operation_is_its_slope),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
