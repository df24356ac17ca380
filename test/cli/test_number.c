/* test_number.c - numbers as text: every float32 reads back as itself, with few digits. */
#include "../../cli/output.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { NUMBERS = 300000, BATCH = 1000 };

/* What output_float writes, as lines of a file that is read again. */
static void write_numbers(const char *path, const float *numbers, size_t count)
{
    cli_output *output = NULL;
    assert_int_equal(output_open(&output, path), 0);
    for (size_t i = 0; i < count; i++) {
        output_float(output, numbers[i]);
        output_text(output, "\n");
    }
    assert_int_equal(output_close(output, 0), 0);
}

static void make_path(char *path)
{
    strcpy(path, "/tmp/cloze-number.XXXXXX");
    int file = mkstemp(path);
    assert_true(file >= 0);
    close(file);
}

static void check_all_read_back(const float *numbers, size_t count, size_t most_digits)
{
    char path[64], line[64];
    make_path(path);
    write_numbers(path, numbers, count);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    for (size_t i = 0; i < count; i++) {
        assert_non_null(fgets(line, sizeof line, file));
        float again = strtof(line, NULL);
        if (memcmp(&again, &numbers[i], sizeof again) != 0 || strlen(line) > most_digits)
            fail_msg("%.9g is written as %s", (double)numbers[i], line);
    }
    fclose(file);
    unlink(path);
}

static void random_components_read_back_as_themselves(void **state)
{
    static float numbers[NUMBERS];
    uint32_t counter = 1;
    (void)state;
    for (size_t i = 0; i < NUMBERS; i++) {
        counter = counter * 1664525u + 1013904223u;
        numbers[i] = ((float)(counter >> 8) * 0x1p-23f - 1.0f) * (i % 3 ? 1.0f : 0.01f);
    }
    check_all_read_back(numbers, NUMBERS, 17);
}

static void any_bit_pattern_of_a_finite_float_reads_back_as_itself(void **state)
{
    static float numbers[NUMBERS];
    uint32_t counter = 7, bits;
    (void)state;
    for (size_t i = 0; i < NUMBERS;) {
        counter = counter * 1664525u + 1013904223u;
        bits = counter ^ counter >> 15;
        if ((bits & 0x7f800000u) != 0x7f800000u)
            memcpy(&numbers[i++], &bits, sizeof bits);
    }
    check_all_read_back(numbers, NUMBERS, 18);
}

static void neighbours_of_powers_of_two_and_ten_read_back_as_themselves(void **state)
{
    float numbers[BATCH];
    size_t count = 0;
    (void)state;
    for (int power = -14; power <= 4; power++)
        for (int step = -2; step <= 2; step++) {
            float number = power < 0 ? 1.0f / (float)(1 << -power) : (float)(1 << power);
            uint32_t bits;
            memcpy(&bits, &number, sizeof bits);
            bits += (uint32_t)step;
            memcpy(&numbers[count++], &bits, sizeof bits);
        }
    for (float ten = 1e-5f; ten < 1e5f; ten *= 10)
        numbers[count++] = ten;
    check_all_read_back(numbers, count, 18);
}

static void short_numbers_are_written_short(void **state)
{
    const float numbers[] = { 0.5f, -0.25f, 1.0f, 0.1f, 0.0f, -0.0f, 3.14f };
    static const char expected[] = "0.5\n-0.25\n1.0\n0.1\n0.0\n-0.0\n3.14\n";
    char path[64], text[128];
    (void)state;
    make_path(path);
    write_numbers(path, numbers, sizeof numbers / sizeof *numbers);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    text[fread(text, 1, sizeof text - 1, file)] = 0;
    fclose(file);
    unlink(path);
    assert_string_equal(text, expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_components_read_back_as_themselves),
        cmocka_unit_test(any_bit_pattern_of_a_finite_float_reads_back_as_itself),
        cmocka_unit_test(neighbours_of_powers_of_two_and_ten_read_back_as_themselves),
        cmocka_unit_test(short_numbers_are_written_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
