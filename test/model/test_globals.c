/*
 * test_globals.c - which tokens see everything in models whose layers look near, and what a window
 * costs.
 */
#include "golden.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MOST = 64 };

/* "0 1|12" for sequences of one-digit ids, as the places of each that see everything. */
static void holds(const cz_network *network, cz_head_kind kind, const char *texts,
                  const char *expected)
{
    uint32_t ids[MOST];
    size_t begin[MOST], length[MOST], row[MOST], first[MOST], count[MOST], tokens = 0, used = 0;
    char found[256] = "";
    cz_batch batch = { .ids = ids, .packing = { 1, begin, length, 0 } };
    begin[0] = length[0] = 0;
    for (; *texts; texts++) {
        size_t s = batch.packing.count - 1;
        if (*texts == '|') {
            batch.packing.count++;
            begin[s + 1] = tokens;
            length[s + 1] = 0;
            continue;
        }
        ids[tokens++] = (uint32_t)(*texts - '0');
        length[s]++;
    }
    batch.tokens = tokens;
    cz_globals globals = cz_head_globals(network, kind, &batch, row, first, count);
    assert_int_equal(globals.packing.count, batch.packing.count);
    for (size_t s = 0, g = 0; s < globals.packing.count; s++) {
        used += (size_t)sprintf(found + used, "%s", s ? "|" : "");
        assert_int_equal(globals.packing.begin[s], g);
        for (size_t i = 0; i < globals.packing.length[s]; i++, g++)
            used += (size_t)sprintf(found + used, "%s%zu", i ? " " : "", globals.row[g] - begin[s]);
    }
    assert_string_equal(found, expected);
}

static void with_model(const char *name, void (*check)(const cz_network *))
{
    golden g;
    golden_open(&g, name, &(golden_options){ .backend = &cz_backend_reference_f64 });
    check(g.network);
    golden_close(&g);
}

static void check_labels(const cz_network *network)
{
    assert_true(cz_head_has_globals(network, CZ_HEAD_LABELS));
    assert_false(cz_head_has_globals(network, CZ_HEAD_SPANS)); /* the model has no such head */
    holds(network, CZ_HEAD_LABELS, "0542|0|02", "0|0|0");
    holds(network, CZ_HEAD_LABELS, "", "");
}

static void the_first_token_is_global_when_labels_are_read(void **state)
{
    (void)state;
    with_model("longformer", check_labels);
}

static void check_spans(const cz_network *network)
{
    assert_true(cz_head_has_globals(network, CZ_HEAD_SPANS));
    holds(network, CZ_HEAD_SPANS, "056227782|022|02", "0 1 2|0|0");
    holds(network, CZ_HEAD_SPANS, "0567|2|22", "||"); /* not two texts; nothing asked */
}

static void the_question_is_global_when_answers_are_read(void **state)
{
    (void)state;
    with_model("head_longformer_spans", check_spans);
}

static void check_choice(const cz_network *network)
{
    assert_true(cz_head_has_globals(network, CZ_HEAD_CHOICE));
    holds(network, CZ_HEAD_CHOICE, "0562277862|0225", "5 6 7 8 9|3");
    holds(network, CZ_HEAD_CHOICE, "05|052|0522", "||");
}

static void the_choice_is_global_when_choices_are_compared(void **state)
{
    (void)state;
    with_model("head_longformer_choice", check_choice);
}

static void check_tags(const cz_network *network)
{
    assert_false(cz_head_has_globals(network, CZ_HEAD_TAGS));
    holds(network, CZ_HEAD_TAGS, "05622778|22", "|");
}

static void nothing_is_global_when_tags_are_read(void **state)
{
    (void)state;
    with_model("head_longformer_tags", check_tags);
}

/* Of a token far from both ends of its text. */
static double cost_of_a_token(const cz_network *network, size_t length)
{
    size_t longer = length + 1;
    return cz_network_work(network, &longer, 1) - cz_network_work(network, &length, 1);
}

static void check_window(const cz_network *network)
{
    assert_true(cost_of_a_token(network, 40) == cost_of_a_token(network, 100000));
    assert_true(cost_of_a_token(network, 1) < cost_of_a_token(network, 40));
}

static void check_full(const cz_network *network)
{
    assert_true(cost_of_a_token(network, 40) < cost_of_a_token(network, 100000));
}

static void a_token_behind_a_window_costs_the_same_in_every_text(void **state)
{
    (void)state;
    with_model("longformer", check_window);
    with_model("roberta", check_full);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_token_is_global_when_labels_are_read),
        cmocka_unit_test(the_question_is_global_when_answers_are_read),
        cmocka_unit_test(the_choice_is_global_when_choices_are_compared),
        cmocka_unit_test(nothing_is_global_when_tags_are_read),
        cmocka_unit_test(a_token_behind_a_window_costs_the_same_in_every_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
