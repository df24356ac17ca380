/*
 * test_bits.c - the law of bits: every instruction set gives what the scalar build of the same
 * source gives, on any number of threads; and a row or sequence gives the same alone as in company.
 */
#include "bits.h"
#include "room.h"

#include "backend/cpu/kernels.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

extern const cz_kernels cz_kernels_scalar16;

static const char *const sets[] = { "scalar", "scalar16", "avx2", "avx512", "neon" };
enum { SETS = 5 };

/* The tables of the library, and the 16 lanes in plain C that only these tests have. */
static const void *kernels_of(const char *name)
{
    return strcmp(name, "scalar16") ? cz_cpu_kernels(name) : &cz_kernels_scalar16;
}

static void compare(size_t number, uint64_t expected, const void *kernels, cz_pool *pool)
{
    char name[80];
    bits_result found = bits_run(number, kernels, pool, name);
    if (found.fault)
        fail_msg("%s: %s", name, found.fault);
    if (found.hash != expected)
        fail_msg("%s: other bits on %s with %u threads", name, cz_cpu_kernels_name(kernels),
                 cz_pool_workers(pool));
}

static uint64_t scalar_bits(size_t number)
{
    char name[80];
    bits_result found = bits_run(number, kernels_of("scalar"), NULL, name);
    if (found.fault)
        fail_msg("%s: %s", name, found.fault);
    return found.hash;
}

static void every_instruction_set_gives_the_bits_of_the_scalar_build(void **state)
{
    (void)state;
    for (size_t s = 1; s < SETS; s++)
        if (!kernels_of(sets[s]))
            print_message("skipped: %s is not on this machine\n", sets[s]);
    for (size_t i = 0; i < bits_count(); i++) {
        uint64_t expected = scalar_bits(i);
        for (size_t s = 1; s < SETS; s++)
            if (kernels_of(sets[s]))
                compare(i, expected, kernels_of(sets[s]), NULL);
    }
}

static void threads_do_not_change_the_bits(void **state)
{
    static const unsigned threads[] = { 1, 2, 3, 8 };
    const void *best = cz_cpu_kernels(NULL);
    (void)state;
    for (size_t t = 0; t < sizeof threads / sizeof *threads; t++) {
        cz_pool *pool = NULL;
        assert_int_equal(cz_pool_new(&pool, threads[t], NULL, NULL), CLOZE_OK);
        for (size_t i = 0; i < bits_count(); i++) {
            char name[80];
            compare(i, bits_run(i, best, NULL, name).hash, best, pool);
        }
        cz_pool_free(pool);
    }
}

/* ---- alone and in company ---- */

enum { WIDE = 3 * 24, COLUMNS = 53 };

static void rows_of(const cz_tensor *t, size_t first, size_t count, cz_tensor *view)
{
    *view = *t;
    view->data = cz_f32_row(t, first);
    view->rows = count;
}

static void assert_same_rows(const cz_tensor *a, size_t first, const cz_tensor *b)
{
    for (size_t i = 0; i < b->rows; i++)
        assert_memory_equal(cz_f32_row(a, first + i), cz_f32_row(b, i), b->columns * sizeof(float));
}

static void a_row_of_a_product_does_not_know_its_neighbours(void **state)
{
    static const cz_extent extent = { 256, 64, 384, 1, 1, false, 0, false, 0, false };
    (void)state;
    for (size_t s = 0; s < SETS; s++) {
        room r;
        cz_tensor some;
        if (!kernels_of(sets[s]))
            continue;
        room_open(&r, kernels_of(sets[s]), NULL, &extent);
        cz_weight w = { .in = 384, .out = COLUMNS, .parts = 1 };
        w.part[0] = room_weight(&r, COLUMNS, 384, CZ_F32, true);
        cz_tensor *x = room_input(&r, 150, 384, 384, 0);
        cz_linear_call all = { .x = x, .weight = &w, .activation = CZ_GELU };
        all.out = room_output(&r, 150, COLUMNS, COLUMNS, false);
        assert_int_equal(cz_backend_cpu.linear(&r.place, &all), CLOZE_OK);
        for (size_t first = 0, rows = 1; first + rows <= 150; first += rows, rows++) {
            cz_linear_call call = all;
            rows_of(x, first, rows, &some);
            call.x = &some;
            call.out = room_output(&r, rows, COLUMNS, COLUMNS, false);
            r.outputs--;
            assert_int_equal(cz_backend_cpu.linear(&r.place, &call), CLOZE_OK);
            assert_same_rows(all.out, first, call.out);
        }
        room_close(&r);
    }
}

/* The first of each sequence and, in the longer ones, two more. */
static cz_globals globals_of(const cz_packing *packing, size_t *row, size_t *begin, size_t *length)
{
    size_t count = 0;
    for (size_t s = 0; s < packing->count; s++) {
        begin[s] = count;
        for (size_t place = 0; place < packing->length[s] && place < 27; place += 13)
            row[count++] = packing->begin[s] + place;
        length[s] = count - begin[s];
    }
    return (cz_globals){ { packing->count, begin, length, 3 }, row, count };
}

static void attend(const room *r, cz_tensor *qkv, const cz_packing *packing, cz_reach reach,
                   bool global, cz_tensor *out)
{
    size_t row[32], begin[8], length[8];
    cz_globals globals = globals_of(packing, row, begin, length);
    cz_tensor q = cz_tensor_columns(qkv, 0, WIDE), k = cz_tensor_columns(qkv, WIDE, WIDE);
    cz_tensor v = cz_tensor_columns(qkv, 2 * (size_t)WIDE, WIDE);
    cz_attention_call call = { .q = &q,
                               .k = &k,
                               .v = &v,
                               .queries = packing,
                               .keys = packing,
                               .heads = 3,
                               .scale = 0.3,
                               .reach = reach,
                               .window = 9,
                               .globals = global ? &globals : NULL,
                               .out = out };
    assert_int_equal(cz_backend_cpu.attention(&r->place, &call), CLOZE_OK);
}

static void a_sequence_gives_the_same_alone_as_in_a_batch_in_any_order(void **state)
{
    static const cz_extent extent = { 600, 300, WIDE, 3, 24, false, 0, true, 3, false };
    static const size_t length[] = { 40, 1, 300, 17, 48, 26 };
    enum { SEQUENCES = 6 };
    (void)state;
    for (size_t s = 0; s < SETS * 4; s++) {
        bool global = s / SETS == 3;
        cz_reach reach = global ? CZ_REACH_WINDOW : (cz_reach)(s / SETS);
        room r;
        if (!kernels_of(sets[s % SETS]))
            continue;
        room_open(&r, kernels_of(sets[s % SETS]), NULL, &extent);
        cz_packing *batch = room_packing(&r, length, SEQUENCES), turned = *batch;
        size_t begin[SEQUENCES], lengths[SEQUENCES];
        cz_tensor *qkv = room_input(&r, 432, 3 * (size_t)WIDE, 3 * (size_t)WIDE, 0);
        cz_tensor *together = room_output(&r, 432, WIDE, WIDE, false);
        cz_tensor *backwards = room_output(&r, 432, WIDE, WIDE, false);
        attend(&r, qkv, batch, reach, global, together);
        for (size_t i = 0; i < SEQUENCES; i++) {
            begin[i] = batch->begin[SEQUENCES - 1 - i];
            lengths[i] = batch->length[SEQUENCES - 1 - i];
        }
        turned.begin = begin;
        turned.length = lengths;
        attend(&r, qkv, &turned, reach, global, backwards);
        assert_same_rows(together, 0, backwards);
        for (size_t i = 0; i < SEQUENCES; i++) {
            cz_tensor one;
            cz_packing *alone = room_packing(&r, &length[i], 1);
            rows_of(qkv, batch->begin[i], length[i], &one);
            cz_tensor *out = room_output(&r, length[i], WIDE, WIDE, false);
            attend(&r, &one, alone, reach, global, out);
            assert_same_rows(together, batch->begin[i], out);
        }
        room_close(&r);
    }
}

/* ---- what is refused ---- */

static void a_weight_that_is_not_finite_is_refused(void **state)
{
    static const cz_extent extent = { 8, 8, 64, 1, 1, false, 0, false, 0, false };
    static const uint32_t bad[] = { 0x7f800000u, 0xff800000u, 0x7fc00000u, 0x7f800001u };
    static const size_t place[] = { 0, 63, 64 * 50 + 40, 64 * 53 - 1 };
    (void)state;
    for (size_t s = 0; s < SETS; s++)
        for (size_t i = 0; i < 16 && kernels_of(sets[s]); i++) {
            room r;
            cz_pack *pack = NULL;
            room_open(&r, kernels_of(sets[s]), NULL, &extent);
            cz_weight w = { .in = 64, .out = 53, .parts = 1 };
            cz_tensor *weight = room_weight(&r, 53, 64, CZ_F32, false);
            w.part[0] = weight;
            cz_linear_call call = { .x = room_input(&r, 2, 64, 64, 0),
                                    .weight = &w,
                                    .out = room_output(&r, 2, 53, 53, false) };
            assert_int_equal(cz_backend_cpu.linear(&r.place, &call), CLOZE_OK);
            memcpy(cz_f32(weight) + place[i % 4], &bad[i / 4], sizeof(float));
            assert_int_equal(cz_backend_cpu.linear(&r.place, &call), CLOZE_ERROR_FORMAT);
            void *memory = room_take(&r, cz_backend_cpu.pack_size(r.place.kernels, &w, true));
            assert_int_equal(cz_backend_cpu.pack(&r.place, &w, i % 2, memory, &pack, NULL),
                             CLOZE_ERROR_FORMAT);
            assert_null(pack);
            room_close(&r);
        }
}

static void the_instruction_set_can_be_named_and_masked(void **state)
{
    (void)state;
    assert_string_equal(cz_cpu_kernels_name(kernels_of("scalar")), "scalar");
    assert_null(kernels_of("sse9"));
    assert_int_equal(setenv("CLOZE_ISA", "scalar", 1), 0);
    assert_string_equal(cz_cpu_kernels_name(cz_cpu_kernels(NULL)), "scalar");
    assert_string_equal(cz_cpu_kernels_name(kernels_of("")), "scalar");
    assert_int_equal(unsetenv("CLOZE_ISA"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_instruction_set_gives_the_bits_of_the_scalar_build),
        cmocka_unit_test(threads_do_not_change_the_bits),
        cmocka_unit_test(a_row_of_a_product_does_not_know_its_neighbours),
        cmocka_unit_test(a_sequence_gives_the_same_alone_as_in_a_batch_in_any_order),
        cmocka_unit_test(a_weight_that_is_not_finite_is_refused),
        cmocka_unit_test(the_instruction_set_can_be_named_and_masked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
