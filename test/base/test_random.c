/* Philox against the known answers that Random123 ships, and the properties dropout relies on. */
#include "base/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static void check(const uint32_t counter[4], const uint32_t key[2], const uint32_t expected[4])
{
    cz_philox got = cz_philox_at(counter, key);
    for (int i = 0; i < 4; i++)
        assert_int_equal(got.word[i], expected[i]);
}

static void philox_gives_the_known_answers_of_random123(void **state)
{
    (void)state;
    check((uint32_t[]){ 0, 0, 0, 0 }, (uint32_t[]){ 0, 0 },
          (uint32_t[]){ 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8 });
    check((uint32_t[]){ ~0u, ~0u, ~0u, ~0u }, (uint32_t[]){ ~0u, ~0u },
          (uint32_t[]){ 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd });
    check((uint32_t[]){ 0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344 },
          (uint32_t[]){ 0xa4093822, 0x299f31d0 },
          (uint32_t[]){ 0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1 });
}

static void every_part_of_a_dropout_key_matters(void **state)
{
    cz_dropout_key key = { 1, 2, 3 }, other;
    uint32_t bits = cz_dropout_bits(&key, 4, 5);
    (void)state;
    assert_int_equal(bits, cz_dropout_bits(&key, 4, 5));
    assert_int_not_equal(bits, cz_dropout_bits(&key, 5, 5));
    for (uint64_t element = 0; element < 64; element++)
        assert_true(element == 5 || bits != cz_dropout_bits(&key, 4, element));
    other = key, other.seed++;
    assert_int_not_equal(bits, cz_dropout_bits(&other, 4, 5));
    other = key, other.step++;
    assert_int_not_equal(bits, cz_dropout_bits(&other, 4, 5));
    other = key, other.site++;
    assert_int_not_equal(bits, cz_dropout_bits(&other, 4, 5));
}

static void dropout_bits_are_even(void **state)
{
    cz_dropout_key key = { 42, 7, 1 };
    uint64_t below = 0, count = 100000;
    (void)state;
    for (uint64_t i = 0; i < count; i++)
        below += cz_dropout_bits(&key, i / 1000, i % 1000) < UINT32_MAX / 10;
    /* One tenth, within five standard deviations (95). */
    assert_in_range(below, 10000 - 475, 10000 + 475);
}

static void system_seeds_differ(void **state)
{
    (void)state;
    assert_true(cz_system_seed() != cz_system_seed());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(philox_gives_the_known_answers_of_random123),
        cmocka_unit_test(every_part_of_a_dropout_key_matters),
        cmocka_unit_test(dropout_bits_are_even),
        cmocka_unit_test(system_seeds_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
