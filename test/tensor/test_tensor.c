/* test_tensor.c - the types of numbers, exactly; views. */
#include "tensor/tensor.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static double half_by_its_definition(uint32_t bits)
{
    int exponent = (int)(bits >> 10 & 31);
    double fraction = bits & 1023, sign = bits & 0x8000 ? -1 : 1;
    if (exponent == 31)
        return bits & 1023 ? (double)NAN : sign * INFINITY;
    if (!exponent)
        return sign * ldexp(fraction, -24);
    return sign * ldexp(1024 + fraction, exponent - 25);
}

static void every_half_widens_to_its_value(void **state)
{
    (void)state;
    for (uint32_t bits = 0; bits < 65536; bits++) {
        double expected = half_by_its_definition(bits), found = cz_f16_to_f32((uint16_t)bits);
        if (isnan(expected))
            assert_true(isnan(found));
        else
            assert_true(found == expected && !signbit(found) == !signbit(expected));
    }
}

static void every_bfloat_survives_the_way_to_float_and_back(void **state)
{
    (void)state;
    for (uint32_t bits = 0; bits < 65536; bits++) {
        float wide = cz_bf16_to_f32((uint16_t)bits);
        uint16_t back = cz_f32_to_bf16(wide);
        if (isnan(wide))
            assert_true(isnan(cz_bf16_to_f32(back)));
        else
            assert_int_equal(back, bits);
    }
}

static void floats_round_to_the_nearest_bfloat_and_ties_to_even(void **state)
{
    static const struct {
        uint32_t from;
        uint16_t to;
    } cases[] = {
        { 0x3f800000, 0x3f80 },                         /* 1 */
        { 0x3f807fff, 0x3f80 },                         /* just below the middle */
        { 0x3f808000, 0x3f80 },                         /* the middle, down to even */
        { 0x3f808001, 0x3f81 },                         /* just above */
        { 0x3f818000, 0x3f82 },                         /* the middle, up to even */
        { 0xbf818000, 0xbf82 }, { 0x7f7fffff, 0x7f80 }, /* beyond the largest: infinity */
        { 0x00000001, 0x0000 }, { 0x80000000, 0x8000 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        float value;
        memcpy(&value, &cases[i].from, 4);
        assert_int_equal(cz_f32_to_bf16(value), cases[i].to);
    }
}

static void every_f16_comes_back_and_ties_go_to_even(void **state)
{
    static const struct {
        float from;
        uint16_t to;
    } cases[] = {
        { 1.0f + 0x1p-11f, 0x3c00 },
        { 1.0f + 3 * 0x1p-11f, 0x3c02 },
        { 1.0f + 0x1.8p-11f, 0x3c01 },
        { 0x1p-25f, 0x0000 },
        { 0x1.8p-25f, 0x0001 },
        { 3 * 0x1p-25f, 0x0002 },
        { 0x1p-14f - 0x1p-26f, 0x0400 },
        { 65519.996f, 0x7bff },
        { 65520, 0x7c00 },
        { 1e30f, 0x7c00 },
        { -65520, 0xfc00 },
        { -0.0f, 0x8000 },
        { 0x1p-14f + 0x1p-25f, 0x0400 },
        { 0x1p-149f, 0x0000 },
    };
    (void)state;
    for (unsigned bits = 0; bits < 65536; bits++) {
        uint16_t back = cz_f32_to_f16(cz_f16_to_f32((uint16_t)bits));
        if ((bits & 0x7fff) > 0x7c00)
            assert_true((back & 0x7fff) > 0x7c00);
        else
            assert_int_equal(back, bits);
    }
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(cz_f32_to_f16(cases[i].from), cases[i].to);
}

static void elements_are_read_at_any_alignment(void **state)
{
    static const cz_type types[] = { CZ_F32, CZ_F64, CZ_F16, CZ_BF16, CZ_I64, CZ_U8 };
    static const float f32 = 1.5f;
    static const double f64 = 1.5;
    static const uint16_t f16 = 0x3e00, bf16 = 0x3fc0;
    static const int64_t i64 = -3;
    static const unsigned char u8 = 200;
    const void *values[] = { &f32, &f64, &f16, &bf16, &i64, &u8 };
    static const double expected[] = { 1.5, 1.5, 1.5, 1.5, -3, 200 };
    (void)state;
    for (size_t i = 0; i < 6; i++) {
        char room[128] = { 0 };
        size_t size = cz_type_size(types[i]);
        cz_tensor t = { room + 1, 2, 3, 4, types[i], false, NULL };
        memcpy(room + 1 + (1 * 4 + 2) * size, values[i], size);
        assert_true(cz_tensor_at(&t, 1, 2) == expected[i]);
        assert_true(cz_tensor_at(&t, 0, 2) == 0);
    }
}

static void a_view_of_columns_reads_the_same_numbers(void **state)
{
    float numbers[] = { 0, 1, 2, 3, 4, 5 };
    cz_tensor t = { numbers, 2, 3, 3, CZ_F32, true, NULL };
    cz_tensor view = cz_tensor_columns(&t, 1, 2);
    (void)state;
    assert_int_equal(view.rows, 2);
    assert_int_equal(view.columns, 2);
    assert_int_equal(view.stride, 3);
    assert_true(cz_f32_row(&view, 1)[1] == 5);
    assert_true(cz_tensor_at(&view, 0, 0) == 1);
    assert_null(view.gradient);
}

static void types_have_names_and_sizes(void **state)
{
    (void)state;
    assert_string_equal(cz_type_name(CZ_F32), "F32");
    assert_string_equal(cz_type_name(CZ_BF16), "BF16");
    assert_string_equal(cz_type_name(CZ_OTHER), "other");
    assert_int_equal(cz_type_size(CZ_F64), 8);
    assert_int_equal(cz_type_size(CZ_OTHER), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_half_widens_to_its_value),
        cmocka_unit_test(every_bfloat_survives_the_way_to_float_and_back),
        cmocka_unit_test(floats_round_to_the_nearest_bfloat_and_ties_to_even),
        cmocka_unit_test(every_f16_comes_back_and_ties_go_to_even),
        cmocka_unit_test(elements_are_read_at_any_alignment),
        cmocka_unit_test(a_view_of_columns_reads_the_same_numbers),
        cmocka_unit_test(types_have_names_and_sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
