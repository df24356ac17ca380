/* test_split.c - examples put into parts and folds: sizes, labels, what stays together, seeds. */
#include "../../cli/split.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MOST = 1000 };

static cli_example items[MOST];
static uint32_t labels[MOST], part[MOST], other[MOST];
static char contexts[MOST];

/* Examples whose labels are 0, 0, 0, 1 and so on, as a file may be sorted. */
static cli_examples make(size_t count, size_t labels_count)
{
    memset(items, 0, sizeof items);
    for (size_t i = 0; i < count; i++) {
        labels[i] = (uint32_t)(i * labels_count / count);
        items[i].labels = &labels[i];
        items[i].label_count = 1;
    }
    return (cli_examples){ .item = items, .count = count };
}

static size_t count_of(const uint32_t *parts, size_t count, uint32_t value, uint32_t label)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++)
        found += parts[i] == value && (label == UINT32_MAX || labels[i] == label);
    return found;
}

static void parts_have_their_sizes_and_each_label(void **state)
{
    cli_examples examples = make(1000, 4);
    (void)state;
    assert_int_equal(split_parts(&examples, EXAMPLES_LABELS, 0.1, 0.2, 7, part), 0);
    assert_int_equal(count_of(part, 1000, 1, UINT32_MAX), 100);
    assert_int_equal(count_of(part, 1000, 2, UINT32_MAX), 200);
    assert_int_equal(count_of(part, 1000, 0, UINT32_MAX), 700);
    for (uint32_t label = 0; label < 4; label++) {
        assert_int_equal(count_of(part, 1000, 1, label), 25);
        assert_int_equal(count_of(part, 1000, 2, label), 50);
    }
    assert_int_equal(split_parts(&examples, EXAMPLES_TEXTS, 0.15, 0, 7, part), 0);
    assert_int_equal(count_of(part, 1000, 1, UINT32_MAX), 150);
    assert_int_equal(count_of(part, 1000, 2, UINT32_MAX), 0);
}

static void a_seed_says_which(void **state)
{
    cli_examples examples = make(500, 5);
    (void)state;
    assert_int_equal(split_parts(&examples, EXAMPLES_LABELS, 0.2, 0, 1, part), 0);
    assert_int_equal(split_parts(&examples, EXAMPLES_LABELS, 0.2, 0, 1, other), 0);
    assert_memory_equal(part, other, 500 * sizeof *part);
    assert_int_equal(split_parts(&examples, EXAMPLES_LABELS, 0.2, 0, 2, other), 0);
    assert_memory_not_equal(part, other, 500 * sizeof *part);
}

static void what_is_alone_is_learned_from(void **state)
{
    cli_examples examples = make(10, 2);
    (void)state;
    labels[9] = 2;
    for (uint64_t seed = 0; seed < 50; seed++) {
        assert_int_equal(split_parts(&examples, EXAMPLES_LABELS, 0.4, 0.4, seed, part), 0);
        assert_int_equal(part[9], 0);
    }
}

static void folds_are_even_and_have_each_label(void **state)
{
    cli_examples examples = make(103, 2);
    (void)state;
    assert_int_equal(split_folds(&examples, EXAMPLES_LABELS, 5, 3, part), 0);
    for (uint32_t fold = 0; fold < 5; fold++) {
        size_t size = count_of(part, 103, fold, UINT32_MAX), first = count_of(part, 103, fold, 0);
        assert_true(size == 20 || size == 21);
        assert_true(first >= 10 && first <= 11);
    }
    examples.count = 4;
    assert_int_equal(split_folds(&examples, EXAMPLES_LABELS, 5, 3, part), CLOZE_ERROR_ARGUMENT);
}

static void questions_about_one_context_stay_together(void **state)
{
    cli_examples examples = make(900, 1);
    (void)state;
    for (size_t i = 0; i < 900; i++)
        items[i].pair.data = &contexts[i / 9];
    assert_int_equal(split_parts(&examples, EXAMPLES_ANSWERS, 0.1, 0.1, 0, part), 0);
    assert_int_equal(split_folds(&examples, EXAMPLES_ANSWERS, 3, 0, other), 0);
    for (size_t i = 0; i < 900; i++) {
        assert_int_equal(part[i], part[i / 9 * 9]);
        assert_int_equal(other[i], other[i / 9 * 9]);
    }
    assert_int_equal(count_of(part, 900, 1, UINT32_MAX), 90);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_have_their_sizes_and_each_label),
        cmocka_unit_test(a_seed_says_which),
        cmocka_unit_test(what_is_alone_is_learned_from),
        cmocka_unit_test(folds_are_even_and_have_each_label),
        cmocka_unit_test(questions_about_one_context_stay_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
