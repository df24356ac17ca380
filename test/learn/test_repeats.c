/*
 * test_repeats.c - the texts that occur more than once, beside all texts counted one by one.
 */
#include "learn/repeats.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MOST = 600 };

static uint32_t draw(uint64_t *state, uint32_t limit)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*state >> 33) % limit;
}

/* How often codes[at, at + length) occurs, or 0 if what follows is always the same, or it crosses
 * the end of a word, or an earlier place has the same text. */
static size_t occurrences(const uint32_t *codes, size_t count, size_t at, size_t length)
{
    size_t found = 0;
    bool differs = false;
    for (size_t i = at; i < at + length; i++)
        if (!codes[i])
            return 0;
    for (size_t i = 0; i + length < count; i++) {
        if (memcmp(codes + i, codes + at, length * sizeof *codes) != 0)
            continue;
        if (i < at)
            return 0;
        found++;
        differs = differs || codes[i + length] != codes[at + length];
    }
    return differs ? found : 0;
}

static bool is_found(const cz_repeats *repeats, const uint32_t *codes, size_t at, size_t length,
                     size_t times)
{
    for (size_t i = 0; i < repeats->count; i++) {
        const cz_repeat *item = &repeats->items[i];
        if (item->length == length && item->weight == times * length &&
            !memcmp(codes + repeats->suffixes[item->rank], codes + at, length * sizeof *codes))
            return true;
    }
    return false;
}

static void hold(const uint32_t *codes, size_t count, uint32_t longest)
{
    cz_repeats repeats;
    size_t wanted = 0;
    assert_true(cz_repeats_find(&repeats, NULL, codes, count, longest));
    for (size_t at = 0; at < count; at++)
        for (size_t length = 2; length <= longest && at + length < count; length++) {
            size_t times = occurrences(codes, count, at, length);
            if (!times)
                continue;
            wanted++;
            assert_true(is_found(&repeats, codes, at, length, times));
        }
    assert_int_equal(repeats.count, wanted);
    for (size_t i = 1; i < repeats.count; i++)
        assert_true(repeats.items[i].weight <= repeats.items[i - 1].weight);
    cz_repeats_clear(&repeats);
}

static void all_repeats_are_found(void **state)
{
    static const uint32_t letters[] = { 1, 2, 3, 30, 0x10FFFF };
    uint64_t seed = 7;
    (void)state;
    for (uint32_t round = 0; round < 60; round++) {
        uint32_t codes[MOST];
        size_t count = 2 + draw(&seed, MOST - 2);
        uint32_t kinds = 1 + round % 5, ends = 3 + draw(&seed, 40);
        for (size_t i = 0; i + 1 < count; i++)
            codes[i] = draw(&seed, ends) ? letters[draw(&seed, kinds)] : 0;
        codes[count - 1] = 0;
        hold(codes, count, 1 + draw(&seed, 20));
    }
}

/* The same letter again and again, beyond the longest text. */
static void a_long_run_is_sorted_in_time(void **state)
{
    enum { LONG = 1 << 20 };
    uint32_t *codes = malloc(LONG * sizeof *codes);
    cz_repeats repeats;
    (void)state;
    assert_non_null(codes);
    for (size_t i = 0; i < LONG; i++)
        codes[i] = i + 1 < LONG ? 'x' : 0;
    assert_true(cz_repeats_find(&repeats, NULL, codes, LONG, 255));
    assert_int_equal(repeats.count, 254);
    cz_repeats_clear(&repeats);
    free(codes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_repeats_are_found),
        cmocka_unit_test(a_long_run_is_sorted_in_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
