/* Checked arithmetic at its edges, the host's allocator, blocks and arenas. */
#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const size_t edges[] = { 0,
                                1,
                                2,
                                63,
                                64,
                                (size_t)1 << 31,
                                ((size_t)1 << 32) - 1,
                                (size_t)1 << 32,
                                SIZE_MAX / 2,
                                SIZE_MAX / 2 + 1,
                                SIZE_MAX - 3,
                                SIZE_MAX };
enum { EDGES = sizeof edges / sizeof *edges };

static void sums_and_products_never_wrap(void **state)
{
    (void)state;
    for (size_t i = 0; i < EDGES; i++) {
        for (size_t j = 0; j < EDGES; j++) {
            size_t a = edges[i], b = edges[j], out = 12345;
            bool fits = a <= SIZE_MAX - b;
            assert_int_equal(cz_add(a, b, &out), fits);
            assert_int_equal(out, fits ? a + b : 12345);
            out = 12345;
            fits = !b || a <= SIZE_MAX / b;
            assert_int_equal(cz_multiply(a, b, &out), fits);
            assert_int_equal(out, fits ? a * b : 12345);
        }
    }
}

static void rounding_up_never_wraps(void **state)
{
    (void)state;
    for (size_t i = 0; i < EDGES; i++) {
        size_t out = 12345, a = edges[i];
        bool fits = a <= SIZE_MAX - 63;
        assert_int_equal(cz_align_up(a, 64, &out), fits);
        if (!fits) {
            assert_int_equal(out, 12345);
            continue;
        }
        assert_int_equal(out % 64, 0);
        assert_true(out >= a && out - a < 64);
    }
}

static void impossible_allocations_are_refused_and_empty_ones_are_blocks(void **state)
{
    cz_block block;
    void *empty = cz_allocate(NULL, 0, 8), *items = NULL;
    size_t capacity = 0;
    (void)state;
    assert_non_null(empty);
    assert_null(cz_allocate(NULL, SIZE_MAX, 2));
    assert_null(cz_allocate_zero(NULL, SIZE_MAX / 2, 3));
    assert_null(cz_resize(NULL, empty, SIZE_MAX, 8));
    assert_false(cz_block_allocate(NULL, SIZE_MAX - 3, &block));
    assert_false(cz_grow(NULL, &items, &capacity, SIZE_MAX, 8));
    assert_null(items);
    assert_int_equal(capacity, 0);
    free(empty);
}

typedef struct ledger {
    size_t live, calls, fail_at;
} ledger;

static void *ledger_allocate(void *context, size_t size)
{
    ledger *book = context;
    if (book->fail_at && ++book->calls >= book->fail_at)
        return NULL;
    book->live++;
    return malloc(size);
}

static void *ledger_resize(void *context, void *block, size_t size)
{
    (void)context;
    return realloc(block, size);
}

static void ledger_release(void *context, void *block)
{
    ((ledger *)context)->live--;
    free(block);
}

static void the_hosts_allocator_gets_everything_back(void **state)
{
    ledger book = { 0, 0, 0 };
    cloze_allocator allocator = { ledger_allocate, ledger_resize, ledger_release, &book };
    void *items = NULL;
    size_t capacity = 0;
    cz_block block;
    (void)state;
    char *text = cz_copy_text(&allocator, "hello", 5);
    assert_string_equal(text, "hello");
    unsigned char *zeros = cz_allocate_zero(&allocator, 10, 10);
    for (int i = 0; i < 100; i++)
        assert_int_equal(zeros[i], 0);
    for (size_t i = 1; i < 1000; i++)
        assert_true(cz_grow(&allocator, &items, &capacity, i, 4) && capacity >= i);
    assert_true(cz_block_allocate(&allocator, 1000, &block));
    assert_int_equal(book.live, 4);
    cz_release(&allocator, text);
    cz_release(&allocator, zeros);
    cz_release(&allocator, items);
    cz_block_release(&allocator, &block);
    cz_release(&allocator, NULL);
    assert_int_equal(book.live, 0);
    book.fail_at = 1;
    assert_null(cz_allocate(&allocator, 1, 1));
    assert_null(cz_allocate_zero(&allocator, 1, 1));
    assert_null(cz_copy_text(&allocator, "x", 1));
}

static void blocks_are_aligned_and_writable_to_the_last_byte(void **state)
{
    static const size_t sizes[] = { 0, 1, 1000, 4 << 20, (4 << 20) + 1, 9 << 20 };
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        cz_block block;
        assert_true(cz_block_allocate(NULL, sizes[i], &block));
        assert_int_equal((uintptr_t)block.data % (sizes[i] >= 4 << 20 ? 2 << 20 : 64), 0);
        assert_int_equal(block.size, sizes[i]);
        memset(block.data, 1, block.size);
        cz_block_release(NULL, &block);
        assert_null(block.base);
    }
}

static void an_arena_gives_aligned_memory_until_it_is_full(void **state)
{
    _Alignas(64) static char room[256];
    cz_arena arena = { room, sizeof room, 0, 0 };
    (void)state;
    char *a = cz_arena_take(&arena, 1, 1), *b = cz_arena_take(&arena, 16, 4);
    assert_ptr_equal(a, room);
    assert_ptr_equal(b, room + 64);
    assert_int_equal(arena.used, 128);
    assert_null(cz_arena_take(&arena, 129, 1));
    assert_null(cz_arena_take(&arena, SIZE_MAX, 2));
    assert_null(cz_arena_take(&arena, SIZE_MAX - 3, 1));
    assert_int_equal(arena.used, 128);
    assert_non_null(cz_arena_take(&arena, 128, 1));
    arena.used = 0;
    assert_ptr_equal(cz_arena_take(&arena, 1, 1), room);
    assert_int_equal(arena.peak, 256);
}

static void an_arena_without_memory_counts(void **state)
{
    cz_arena arena = { NULL, 0, 0, 0 };
    (void)state;
    assert_non_null(cz_arena_take(&arena, (size_t)1 << 40, 4));
    assert_non_null(cz_arena_take(&arena, 1, 1));
    assert_true(arena.peak == ((size_t)4 << 40) + 64);
    assert_null(cz_arena_take(&arena, SIZE_MAX - 100, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_and_products_never_wrap),
        cmocka_unit_test(rounding_up_never_wraps),
        cmocka_unit_test(impossible_allocations_are_refused_and_empty_ones_are_blocks),
        cmocka_unit_test(the_hosts_allocator_gets_everything_back),
        cmocka_unit_test(blocks_are_aligned_and_writable_to_the_last_byte),
        cmocka_unit_test(an_arena_gives_aligned_memory_until_it_is_full),
        cmocka_unit_test(an_arena_without_memory_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
