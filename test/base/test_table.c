/* The table against a plain array, with colliding places, odd keys and little memory. */
#include "base/table.h"

#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { KEYS = 20000 };

static void what_is_put_is_found_and_nothing_else(void **state)
{
    static char keys[KEYS][16];
    cz_table table;
    uint32_t value;
    (void)state;
    assert_true(cz_table_init(&table, NULL, 0));
    for (uint32_t i = 0; i < KEYS; i++) {
        bool existed = true;
        snprintf(keys[i], sizeof keys[i], "key%u", i);
        assert_true(cz_table_put(&table, NULL, keys[i], strlen(keys[i]), i, &existed, NULL));
        assert_false(existed);
    }
    assert_int_equal(table.count, KEYS);
    for (uint32_t i = 0; i < KEYS; i++) {
        assert_true(cz_table_get(&table, keys[i], strlen(keys[i]), &value));
        assert_int_equal(value, i);
        assert_false(cz_table_get(&table, keys[i], strlen(keys[i]) + 1, &value));
    }
    assert_false(cz_table_get(&table, "key", 3, &value));
    cz_table_clear(&table, NULL);
}

static void the_first_value_of_a_key_stays(void **state)
{
    cz_table table;
    bool existed;
    uint32_t old = 0, value = 0;
    (void)state;
    assert_true(cz_table_init(&table, NULL, 1));
    assert_true(cz_table_put(&table, NULL, "a", 1, 7, &existed, &old));
    assert_true(cz_table_put(&table, NULL, "a", 1, 8, &existed, &old));
    assert_true(existed);
    assert_int_equal(old, 7);
    assert_true(cz_table_get(&table, "a", 1, &value));
    assert_int_equal(value, 7);
    cz_table_clear(&table, NULL);
}

static void empty_keys_and_keys_with_zero_bytes_are_keys(void **state)
{
    cz_table table;
    uint32_t value;
    (void)state;
    assert_true(cz_table_init(&table, NULL, 4));
    assert_false(cz_table_get(&table, "", 0, &value));
    assert_true(cz_table_put(&table, NULL, NULL, 0, 1, NULL, NULL));
    assert_true(cz_table_get(&table, NULL, 0, &value));
    assert_true(cz_table_put(&table, NULL, "\0", 1, 2, NULL, NULL));
    assert_true(cz_table_put(&table, NULL, "\0\0", 2, 3, NULL, NULL));
    assert_true(cz_table_put(&table, NULL, "12345678", 8, 4, NULL, NULL));
    assert_true(cz_table_put(&table, NULL, "12345678\0", 9, 5, NULL, NULL));
    for (uint32_t i = 0; i < 3; i++) {
        assert_true(cz_table_get(&table, "\0\0", i, &value));
        assert_int_equal(value, i + 1);
    }
    assert_true(cz_table_get(&table, "12345678\0", 9, &value));
    assert_int_equal(value, 5);
    cz_table_clear(&table, NULL);
}

/* In a table that stays small, thousands of keys meet in every place. */
static void colliding_places_are_told_apart(void **state)
{
    char keys[10][8];
    uint32_t value;
    (void)state;
    for (int round = 0; round < 2000; round++) {
        cz_table table;
        assert_true(cz_table_init(&table, NULL, 8));
        for (uint32_t i = 0; i < 10; i++) {
            snprintf(keys[i], sizeof keys[i], "%u", i);
            assert_true(cz_table_put(&table, NULL, keys[i], 1, i, NULL, NULL));
        }
        for (uint32_t i = 0; i < 10; i++) {
            assert_true(cz_table_get(&table, keys[i], 1, &value));
            assert_int_equal(value, i);
        }
        cz_table_clear(&table, NULL);
    }
}

static void each_table_has_its_own_hash(void **state)
{
    cz_table first, second;
    (void)state;
    assert_true(cz_table_init(&first, NULL, 1));
    assert_true(cz_table_init(&second, NULL, 1));
    assert_true(first.seed != second.seed);
    cz_table_clear(&first, NULL);
    cz_table_clear(&second, NULL);
}

static void *allocate_twice(void *context, size_t size)
{
    return (*(int *)context)-- > 0 ? malloc(size) : NULL;
}

static void *resize_never(void *context, void *block, size_t size)
{
    (void)context, (void)block, (void)size;
    return NULL;
}

static void release_block(void *context, void *block)
{
    (void)context;
    free(block);
}

static void out_of_memory_leaves_the_table_as_it_was(void **state)
{
    int left = 1;
    cloze_allocator allocator = { allocate_twice, resize_never, release_block, &left };
    static char keys[100][8];
    cz_table table;
    uint32_t value, put = 0;
    (void)state;
    assert_true(cz_table_init(&table, &allocator, 4));
    for (; put < 100; put++) {
        snprintf(keys[put], sizeof keys[put], "%u", put);
        if (!cz_table_put(&table, &allocator, keys[put], strlen(keys[put]), put, NULL, NULL))
            break;
    }
    assert_in_range(put, 4, 99);
    for (uint32_t i = 0; i < put; i++)
        assert_true(cz_table_get(&table, keys[i], strlen(keys[i]), &value) && value == i);
    cz_table_clear(&table, &allocator);
    assert_false(cz_table_init(&table, &allocator, 4));
    assert_false(cz_table_init(&table, NULL, SIZE_MAX));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_put_is_found_and_nothing_else),
        cmocka_unit_test(the_first_value_of_a_key_stays),
        cmocka_unit_test(empty_keys_and_keys_with_zero_bytes_are_keys),
        cmocka_unit_test(colliding_places_are_told_apart),
        cmocka_unit_test(each_table_has_its_own_hash),
        cmocka_unit_test(out_of_memory_leaves_the_table_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
