/*
 * test_step.c - what learning does to a whole parameter: AdamW beside PyTorch's numbers
 * (torch_adamw.h, made by tools/golden/make_losses.py), sums and additions beside plain loops.
 */
#include "backend/backend.h"
#include "torch_adamw.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ELEMENTS = 8, STEPS = 3 };

static const cz_backend *const devices[] = { &cz_backend_reference_f64, &cz_backend_reference_f32,
                                             &cz_backend_cpu };
enum { DEVICES = 3 };

/* A matrix without gaps over `room`, of the device's type. */
static cz_tensor matrix(const cz_backend *device, void *room, size_t rows, size_t columns,
                        const double *numbers)
{
    cz_tensor t = { room, rows, columns, columns, device->type, false, NULL };
    for (size_t i = 0; i < rows * columns; i++) {
        double number = numbers ? numbers[i] : 0;
        if (device->type == CZ_F64)
            ((double *)room)[i] = number;
        else
            ((float *)room)[i] = (float)number;
    }
    return t;
}

static void expect_all(const cz_tensor *t, const double *values)
{
    double bound = t->type == CZ_F64 ? 1e-15 : 2e-7;
    for (size_t i = 0; i < t->rows * t->columns; i++) {
        double found = cz_tensor_at(t, i / t->columns, i % t->columns);
        if (!(fabs(found - values[i]) <= bound * fmax(1, fabs(values[i]))))
            fail_msg("element %zu: %.17g, not %.17g", i, found, values[i]);
    }
}

static void steps_of_adamw_are_those_of_pytorch(void **state)
{
    (void)state;
    for (size_t d = 0; d < DEVICES; d++) {
        double room[4][ELEMENTS], halved[ELEMENTS];
        const cz_place place = { .type = devices[d]->type };
        cz_tensor value = matrix(devices[d], room[0], 2, 4, adamw_value);
        cz_tensor first = matrix(devices[d], room[1], 2, 4, NULL);
        cz_tensor second = matrix(devices[d], room[2], 2, 4, NULL);
        for (size_t step = 0; step < STEPS; step++) {
            /* The second step is given half the gradient, and twice the scale. */
            for (size_t i = 0; i < ELEMENTS; i++)
                halved[i] = adamw_gradients[step * ELEMENTS + i] / (step == 1 ? 2 : 1);
            cz_tensor gradient = matrix(devices[d], room[3], 2, 4, halved);
            const cz_adamw_call call = { .gradient = &gradient,
                                         .value = &value,
                                         .first = &first,
                                         .second = &second,
                                         .rate = adamw_rate,
                                         .beta1 = adamw_beta1,
                                         .beta2 = adamw_beta2,
                                         .epsilon = adamw_epsilon,
                                         .decay = adamw_decay,
                                         .scale = step == 1 ? 2 : 1,
                                         .correct1 = 1 - pow(adamw_beta1, (double)step + 1),
                                         .correct2 = 1 - pow(adamw_beta2, (double)step + 1) };
            assert_int_equal(devices[d]->adamw(&place, &call), CLOZE_OK);
            const double *after = adamw_after + step * 3 * ELEMENTS;
            expect_all(&value, after);
            expect_all(&first, after + ELEMENTS);
            expect_all(&second, after + 2 * ELEMENTS);
        }
    }
}

/* Small whole numbers: every order of summing gives the same. */
static void every_element_is_in_a_sum_of_squares_once(void **state)
{
    static const size_t sizes[] = { 0, 1, 15, 16, 17, 1000, 16384, 16385, 50000, 4194305 };
    (void)state;
    for (size_t d = 0; d < DEVICES; d++)
        for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
            size_t size = sizes[s];
            double *room = calloc(size + 1, sizeof *room), sum = -1, truth = 0;
            const cz_place place = { .type = devices[d]->type };
            cz_tensor x = matrix(devices[d], room, 1, size, NULL);
            for (size_t i = 0; i < size; i++) {
                double number = (double)(i * 7 % 31) - 15;
                truth += number * number;
                if (devices[d]->type == CZ_F64)
                    room[i] = number;
                else
                    ((float *)room)[i] = (float)number;
            }
            const cz_squares_call call = { &x, &sum };
            assert_int_equal(devices[d]->squares(&place, &call), CLOZE_OK);
            assert_true(sum == truth);
            free(room);
        }
}

/* In float the square of 2^70 is no number. */
static void squares_beyond_the_range_of_float_are_summed(void **state)
{
    (void)state;
    for (size_t d = 0; d < DEVICES; d++) {
        const double numbers[] = { 0x1p70, 3, -0x1p70 }, nan[] = { 1, (double)NAN, 1 };
        double room[3], sum = 0;
        const cz_place place = { .type = devices[d]->type };
        cz_tensor x = matrix(devices[d], room, 3, 1, numbers);
        const cz_squares_call call = { &x, &sum };
        assert_int_equal(devices[d]->squares(&place, &call), CLOZE_OK);
        assert_true(sum == 0x1p141);
        matrix(devices[d], room, 3, 1, nan);
        assert_int_equal(devices[d]->squares(&place, &call), CLOZE_OK);
        assert_true(isnan(sum));
    }
}

static void what_is_added_is_multiplied_before(void **state)
{
    const double from[] = { 1, -2, 3, 0.5, 8, 16 }, to[] = { 10, 20, 30, 40, 50, 60 };
    const double expected[] = { 9.5, 21, 28.5, 39.75, 46, 52 };
    (void)state;
    for (size_t d = 0; d < DEVICES; d++) {
        double room[2][6];
        const cz_place place = { .type = devices[d]->type };
        cz_tensor a = matrix(devices[d], room[0], 2, 3, from);
        cz_tensor b = matrix(devices[d], room[1], 2, 3, to);
        const cz_add_call call = { &a, &b, -0.5 };
        assert_int_equal(devices[d]->add(&place, &call), CLOZE_OK);
        expect_all(&b, expected);
    }
}

/* Every kind of float: ties, the largest, infinite, subnormal, none at all; kept, read again, in place. */
static void numbers_are_rounded_to_the_nearest_half(void **state)
{
    enum { COUNT = 40000 };
    static float numbers[COUNT], widened[COUNT];
    static uint16_t halves[COUNT];
    const cz_place place = { .type = CZ_F32 };
    (void)state;
    for (uint32_t i = 0; i < COUNT; i++) {
        uint32_t bits = i * 107374u + (i % 5 == 0 ? 0x8000u : i);
        memcpy(&numbers[i], &bits, sizeof bits);
    }
    for (size_t d = 1; d < DEVICES; d++) {
        cz_tensor from = { numbers, 1, COUNT, COUNT, CZ_F32, false, NULL }, to = from, half = from;
        half.data = halves;
        half.type = CZ_BF16;
        to.data = widened;
        const cz_round_call narrow = { &from, &half }, widen = { &half, &to };
        const cz_round_call within = { &to, &to };
        assert_int_equal(devices[d]->round(&place, &narrow), CLOZE_OK);
        for (size_t i = 0; i < COUNT; i++)
            assert_int_equal(halves[i], cz_f32_to_bf16(numbers[i]));
        assert_int_equal(devices[d]->round(&place, &widen), CLOZE_OK);
        for (size_t i = 0; i < COUNT; i++) {
            float truth = cz_bf16_to_f32(halves[i]);
            assert_memory_equal(&widened[i], &truth, sizeof truth);
        }
        memcpy(widened, numbers, sizeof widened);
        assert_int_equal(devices[d]->round(&place, &within), CLOZE_OK);
        for (size_t i = 0; i < COUNT; i++) {
            float truth = cz_bf16_to_f32(halves[i]);
            assert_memory_equal(&widened[i], &truth, sizeof truth);
        }
    }
}

static void tensors_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    for (size_t d = 0; d < DEVICES; d++) {
        double room[64] = { 0 }, sum;
        const cz_place place = { .type = devices[d]->type };
        cz_tensor whole = matrix(devices[d], room, 2, 4, NULL), turned = whole, gaps = whole;
        turned.rows = turned.stride = 4;
        turned.columns = 2;
        gaps.stride = 5;
        const cz_tensor *const wrong[] = { &turned, &gaps };
        const cz_squares_call squares = { &gaps, &sum };
        assert_int_equal(devices[d]->squares(&place, &squares), CLOZE_ERROR_ARGUMENT);
        for (size_t i = 0; i < 2; i++) {
            const cz_add_call add = { wrong[i], &whole, 1 };
            assert_int_equal(devices[d]->add(&place, &add), CLOZE_ERROR_ARGUMENT);
            cz_adamw_call call = { wrong[i], &whole, &whole, &whole, .correct1 = 1, .correct2 = 1 };
            assert_int_equal(devices[d]->adamw(&place, &call), CLOZE_ERROR_ARGUMENT);
            call.gradient = &whole;
            call.second = (cz_tensor *)(uintptr_t)wrong[i];
            assert_int_equal(devices[d]->adamw(&place, &call), CLOZE_ERROR_ARGUMENT);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_of_adamw_are_those_of_pytorch),
        cmocka_unit_test(every_element_is_in_a_sum_of_squares_once),
        cmocka_unit_test(squares_beyond_the_range_of_float_are_summed),
        cmocka_unit_test(what_is_added_is_multiplied_before),
        cmocka_unit_test(numbers_are_rounded_to_the_nearest_half),
        cmocka_unit_test(tensors_that_do_not_fit_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
