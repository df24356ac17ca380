/*
 * test_search.c - pairs and search against brute force over more rows than a block holds, and
 * quantization against values worked out by hand.
 */
#include "folder.h"
#include "scarce.h"

#include "backend/backend.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ROWS = 300, QUERIES = 140, WIDE = 24, TOP = 17 };

static float corpus[ROWS * WIDE], queries[QUERIES * WIDE];

static void fill(float *to, size_t count, uint32_t state)
{
    for (size_t i = 0; i < count; i++) {
        state = state * 1664525u + 1013904223u;
        to[i] = (float)(state >> 8) * 0x1p-23f - 1;
    }
}

static int prepare(void **state)
{
    (void)state;
    fill(corpus, ROWS * WIDE, 1);
    fill(queries, QUERIES * WIDE, 2);
    memset(corpus + 7 * WIDE, 0, WIDE * sizeof *corpus);                   /* like nothing */
    memcpy(corpus + 200 * WIDE, corpus + 3 * WIDE, WIDE * sizeof *corpus); /* one pair alike */
    return 0;
}

static double cosine(const float *a, const float *b)
{
    double dot = 0, first = 0, second = 0;
    for (size_t i = 0; i < WIDE; i++) {
        dot += (double)a[i] * (double)b[i];
        first += (double)a[i] * (double)a[i];
        second += (double)b[i] * (double)b[i];
    }
    return first > 0 && second > 0 ? dot / sqrt(first * second) : 0;
}

/* The score of number `rank` among all, by counting. */
static double score_at(const double *scores, size_t count, size_t rank)
{
    for (size_t i = 0; i < count; i++) {
        size_t better = 0, equal = 0;
        for (size_t j = 0; j < count; j++) {
            better += scores[j] > scores[i];
            equal += scores[j] == scores[i];
        }
        if (better <= rank && rank < better + equal)
            return scores[i];
    }
    return (double)NAN;
}

static const char *folder(void)
{
    static char path[512];
    return golden_path(path, sizeof path, "sentence/mean");
}

static void the_best_pairs_are_those_of_brute_force(void **state)
{
    cloze_pair pairs[TOP];
    size_t found = 0, ahead = 0;
    cloze_error error = { 0 };
    opened o;
    (void)state;
    open_model(&o, folder(), &(open_options){ .threads = 2 });
    assert_int_equal(cloze_similar_pairs(o.session, corpus, ROWS, WIDE, TOP, pairs, &found, &error),
                     0);
    assert_int_equal(found, TOP);
    assert_int_equal(pairs[0].first, 3);
    assert_int_equal(pairs[0].second, 200);
    for (size_t p = 0; p < found; p++) {
        assert_true(pairs[p].first < pairs[p].second && pairs[p].second < ROWS);
        assert_true(!p || pairs[p].score <= pairs[p - 1].score);
        double exact = cosine(corpus + pairs[p].first * WIDE, corpus + pairs[p].second * WIDE);
        assert_true(fabs((double)pairs[p].score - exact) < 1e-6);
    }
    for (size_t i = 0; i < ROWS; i++)
        for (size_t j = i + 1; j < ROWS; j++)
            ahead +=
                cosine(corpus + i * WIDE, corpus + j * WIDE) > (double)pairs[TOP - 1].score + 1e-6;
    assert_true(ahead < TOP);
    close_model(&o);
}

static void a_search_finds_what_brute_force_finds(void **state)
{
    static cloze_pair pairs[QUERIES * TOP];
    static double scores[ROWS];
    size_t found = 0;
    cloze_error error = { 0 };
    opened o;
    (void)state;
    open_model(&o, folder(), &(open_options){ .threads = 2 });
    assert_int_equal(
        cloze_search(o.session, queries, QUERIES, corpus, ROWS, WIDE, TOP, pairs, &found, &error),
        0);
    assert_int_equal(found, QUERIES * TOP);
    for (size_t q = 0; q < QUERIES; q += 23) {
        for (size_t i = 0; i < ROWS; i++)
            scores[i] = cosine(queries + q * WIDE, corpus + i * WIDE);
        for (size_t k = 0; k < TOP; k++) {
            const cloze_pair *pair = &pairs[q * TOP + k];
            assert_int_equal(pair->first, q);
            assert_true(fabs((double)pair->score - scores[pair->second]) < 1e-6);
            assert_true(fabs((double)pair->score - score_at(scores, ROWS, k)) < 1e-6);
        }
    }
    /* A small corpus: its rows are all there is. */
    assert_int_equal(
        cloze_search(o.session, queries, 2, corpus, 5, WIDE, TOP, pairs, &found, &error), 0);
    assert_int_equal(found, 2 * 5);
    assert_int_equal(pairs[5].first, 1);
    close_model(&o);
}

static void vectors_that_are_not_finite_are_refused(void **state)
{
    static float broken[QUERIES * WIDE];
    static cloze_pair pairs[QUERIES * TOP];
    size_t found = 99;
    cloze_error error = { 0 };
    opened o;
    (void)state;
    memcpy(broken, queries, sizeof broken);
    broken[5 * WIDE + 1] = NAN;
    open_model(&o, folder(), &(open_options){ .threads = 1 });
    assert_int_equal(
        cloze_search(o.session, broken, QUERIES, corpus, ROWS, WIDE, TOP, pairs, &found, &error),
        CLOZE_ERROR_ARGUMENT);
    assert_int_equal(
        cloze_search(o.session, corpus, QUERIES, broken, QUERIES, WIDE, TOP, pairs, &found, &error),
        CLOZE_ERROR_ARGUMENT);
    assert_int_equal(
        cloze_similar_pairs(o.session, broken, QUERIES, WIDE, TOP, pairs, &found, &error),
        CLOZE_ERROR_ARGUMENT);
    assert_int_equal(found, 99);
    close_model(&o);
}

/* (x - minimum) / ((maximum - minimum) / 255) - 128, cut off; as numpy's astype cuts. */
static void quantized_numbers_are_those_worked_out_by_hand(void **state)
{
    static const float vectors[] = { -1, 0.5f, 0, 1.99f, 0.99f, 0.5f, 0.26f, -7 };
    static const float ranges[] = { -1, 0, 0, -2, 1, 1, 1, 2 };
    static const int8_t expected[] = { -128, 0, -128, 126, 125, 0, -61, -128 };
    static const float signs[] = { 1, -1, 0, 2, -3, 4, 5, -6, 7, -8 };
    int8_t small[8];
    uint8_t bits[2];
    (void)state;
    cloze_quantize_int8(vectors, 2, 4, ranges, small);
    assert_memory_equal(small, expected, sizeof small);
    cloze_quantize_binary(signs, 1, 10, bits);
    assert_int_equal(bits[0], 0x96); /* 1001 0110 */
    assert_int_equal(bits[1], 0x80);
}

static void what_is_found_does_not_depend_on_threads_or_instruction_set(void **state)
{
    static const char *const sets[] = { NULL, "scalar", "avx2", "avx512", "neon" };
    static cloze_pair expected[QUERIES * TOP], pairs[QUERIES * TOP];
    size_t found = 0;
    opened o;
    (void)state;
    open_model(&o, folder(), &(open_options){ .threads = 1 });
    assert_int_equal(
        cloze_search(o.session, queries, QUERIES, corpus, ROWS, WIDE, TOP, expected, &found, NULL),
        0);
    close_model(&o);
    for (size_t i = 0; i < 5; i++) {
        if (sets[i] && !cz_cpu_kernels(sets[i]))
            continue;
        for (unsigned threads = 2; threads <= 8; threads *= 2) {
            open_model(&o, folder(), &(open_options){ .threads = threads, .isa = sets[i] });
            assert_int_equal(cloze_search(o.session, queries, QUERIES, corpus, ROWS, WIDE, TOP,
                                          pairs, &found, NULL),
                             0);
            for (size_t k = 0; k < QUERIES * TOP; k++)
                assert_true(pairs[k].first == expected[k].first &&
                            pairs[k].second == expected[k].second &&
                            pairs[k].score == expected[k].score);
            close_model(&o);
        }
    }
}

static cloze_status search_both_ways(cloze_session *session, const cloze_hooks *hooks)
{
    cloze_pair pairs[2 * TOP];
    size_t found;
    (void)hooks;
    cloze_status status =
        cloze_search(session, queries, 2, corpus, 50, WIDE, TOP, pairs, &found, NULL);
    return status ? status
                  : cloze_similar_pairs(session, corpus, 50, WIDE, TOP, pairs, &found, NULL);
}

static void every_failing_allocation_is_an_error_and_leaks_nothing(void **state)
{
    (void)state;
    scarce_try_all(folder(), search_both_ways);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_best_pairs_are_those_of_brute_force),
        cmocka_unit_test(a_search_finds_what_brute_force_finds),
        cmocka_unit_test(vectors_that_are_not_finite_are_refused),
        cmocka_unit_test(quantized_numbers_are_those_worked_out_by_hand),
        cmocka_unit_test(what_is_found_does_not_depend_on_threads_or_instruction_set),
        cmocka_unit_test(every_failing_allocation_is_an_error_and_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, prepare, NULL);
}
