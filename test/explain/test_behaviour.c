/*
 * test_behaviour.c - checks of classifiers against transformers and CheckList's expectations
 * (tools/golden/make_behaviour.py): every changed text is one of those that the rules allow, and what fails is what
 * transformers' probabilities say.
 */
#include "folder.h"
#include "scarce.h"

#include "base/json.h"

#include <cloze/behaviour.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { TEXTS_MOST = 32, LABELS_MOST = 8 };

typedef struct checked {
    const json_t *json;
    opened model;
    cloze_text texts[TEXTS_MOST], pairs[TEXTS_MOST], names[8];
    cloze_name_group group;
    int64_t gold[TEXTS_MOST];
    size_t labels;
    bool each;
    cloze_behaviour_texts all;
    cloze_behaviour_options options;
} checked;

static cloze_text text_of(const json_t *json)
{
    return (cloze_text){ json_string_value(json), json_string_length(json) };
}

static json_t *golden_file(void)
{
    char path[2048];
    cloze_error error = { 0 };
    json_t *root = NULL;
    if (cz_json_load(&root, golden_path(path, sizeof path, "explain/behaviour.json"), 1 << 22, NULL,
                     &error))
        fail_msg("%s", error.message);
    assert_int_equal(json_array_size(json_object_get(root, "cases")), 3);
    return root;
}

static void open_case(checked *c, const json_t *json, const open_options *options)
{
    char path[2048];
    const json_t *texts = json_object_get(json, "texts"), *names = json_object_get(json, "names");
    const char *folder = json_string_value(json_object_get(json, "folder"));
    *c = (checked){ .json = json };
    open_model(&c->model, golden_path(path, sizeof path, folder), options);
    c->labels = cloze_model_labels(c->model.model);
    c->each = strstr(folder, "_each") != NULL;
    c->all = (cloze_behaviour_texts){ .texts = c->texts, .gold = c->gold };
    c->all.count = json_array_size(texts);
    assert_in_range(c->all.count, 20, TEXTS_MOST);
    for (size_t i = 0; i < c->all.count; i++) {
        const json_t *sides = json_array_get(texts, i);
        c->texts[i] = text_of(json_array_get(sides, 0));
        if (json_array_size(sides) > 1)
            c->pairs[i] = text_of(json_array_get(sides, 1));
        if (json_array_size(sides) > 1)
            c->all.pairs = c->pairs;
        c->gold[i] = json_integer_value(json_array_get(json_object_get(json, "gold"), i));
    }
    for (size_t i = 0; i < json_array_size(names); i++)
        c->names[i] = text_of(json_array_get(names, i));
    c->group = (cloze_name_group){ c->names, json_array_size(names) };
    c->options.changes = (cloze_change_options){ .names = &c->group, .name_groups = 1, .seed = 5 };
}

static cloze_behaviour *run(const checked *c, const cloze_check *checks, size_t count)
{
    cloze_behaviour *behaviour = NULL;
    cloze_error error = { 0 };
    if (cloze_behaviour_check(&behaviour, c->model.session, &c->all, checks, count, &c->options,
                              &error))
        fail_msg("%s", error.message);
    return behaviour;
}

/* ---- what transformers' probabilities say ---- */

static bool numbers_of(const json_t *list, double *out)
{
    for (size_t i = 0; i < json_array_size(list); i++)
        out[i] = json_number_value(json_array_get(list, i));
    return json_is_array(list);
}

static size_t best(const double *scores, size_t count)
{
    size_t found = 0;
    for (size_t i = 1; i < count; i++)
        found = scores[i] > scores[found] ? i : found;
    return found;
}

static bool same(cloze_text a, cloze_text b)
{
    return a.size == b.size && (!a.size || !memcmp(a.data, b.data, a.size));
}

/* The scores of the text that the changer makes, which must be one of those that are allowed. */
static const json_t *find_scores(const checked *c, cloze_changer *changer, cloze_change change,
                                 size_t text)
{
    const json_t *rows =
        json_object_get(json_object_get(c->json, "changes"), cloze_change_name(change));
    const json_t *allowed = json_array_get(rows, text);
    cloze_text sides[2] = { c->texts[text], c->pairs[text] };
    bool both = change == CLOZE_CHANGE_NAMES || change == CLOZE_CHANGE_NUMBERS;
    char *kept[2] = { NULL, NULL };
    size_t changes = 0;
    const json_t *found = NULL;
    for (int side = 0; side < (c->all.pairs && both ? 2 : 1); side++) {
        cloze_changed changed;
        cloze_error error = { 0 };
        if (cloze_changer_apply(changer, change, sides[side], text, 0, &changed, &error))
            fail_msg("%s", error.message);
        kept[side] = malloc(changed.text.size + 1);
        memcpy(kept[side], changed.text.data, changed.text.size);
        sides[side] = (cloze_text){ kept[side], changed.text.size };
        changes += changed.count;
    }
    assert_int_equal(changes > 0, json_array_size(allowed) > 0);
    for (size_t k = 0; k < json_array_size(allowed) && !found; k++) {
        const json_t *one = json_array_get(allowed, k);
        size_t count = json_array_size(one) - 1;
        if (same(text_of(json_array_get(one, 0)), sides[0]) &&
            (count < 2 || same(text_of(json_array_get(one, 1)), sides[1])))
            found = json_array_get(one, count);
    }
    if (changes && !found)
        fail_msg("%s of text %zu: \"%.*s\" is not allowed", cloze_change_name(change), text,
                 (int)sides[0].size, sides[0].data);
    free(kept[0]);
    free(kept[1]);
    return found;
}

typedef struct expectation {
    size_t applies, failures, too_long;
    bool fails[TEXTS_MOST];
} expectation;

static void expect_one(const checked *c, const cloze_check *check, const double *before,
                       const double *after, expectation *out, size_t text)
{
    size_t label = best(before, c->labels);
    bool flips = false, fails = false, applies = true;
    if (check->expectation != CLOZE_EXPECT_SAME && check->label >= 0)
        label = (size_t)check->label;
    double rise = after[label] - before[label];
    for (size_t i = 0; i < c->labels && c->each; i++)
        flips = flips || ((before[i] > 0.5) != (after[i] > 0.5) &&
                          fabs(before[i] - after[i]) > check->tolerance);
    if (check->expectation == CLOZE_EXPECT_SAME) {
        fails = c->each ? flips
                        : best(after, c->labels) != label &&
                              (check->tolerance <= 0 || fabs(rise) > check->tolerance);
    } else if (check->expectation == CLOZE_EXPECT_FALL) {
        applies = before[label] < 1 - check->tolerance;
        fails = rise > check->tolerance;
    } else {
        applies = before[label] > check->tolerance;
        fails = -rise > check->tolerance;
    }
    out->applies += applies;
    out->failures += applies && fails;
    out->fails[text] = applies && fails;
}

static expectation expect(const checked *c, const cloze_check *check)
{
    expectation out = { 0 };
    cloze_changer *changer = NULL;
    cloze_error error = { 0 };
    if (cloze_changer_new(&changer, &c->options.changes, &error))
        fail_msg("%s", error.message);
    for (size_t i = 0; i < c->all.count; i++) {
        double before[LABELS_MOST] = { 0 }, after[LABELS_MOST] = { 0 };
        const json_t *scores = find_scores(c, changer, check->change, i);
        bool known = numbers_of(json_array_get(json_object_get(c->json, "before"), i), before);
        if (scores && numbers_of(scores, after) && known)
            expect_one(c, check, before, after, &out, i);
        else
            out.too_long += scores != NULL;
    }
    cloze_changer_free(changer);
    return out;
}

/* ---- the comparison ---- */

static void hold_failures(const checked *c, const cloze_behaviour *behaviour, size_t number,
                          const cloze_check *check, const expectation *expected)
{
    cloze_behaviour_result result = cloze_behaviour_of(behaviour, number);
    double last = INFINITY;
    for (size_t k = 0; k < result.failures; k++) {
        cloze_behaviour_failure f = cloze_behaviour_failed(behaviour, number, k);
        double scores[LABELS_MOST] = { 0 }, moved = f.after - f.before;
        assert_true(f.text < c->all.count && expected->fails[f.text]);
        numbers_of(json_array_get(json_object_get(c->json, "before"), f.text), scores);
        assert_true(fabs(f.before - scores[f.label]) < 1e-5);
        moved = check->expectation == CLOZE_EXPECT_SAME   ? fabs(moved)
                : check->expectation == CLOZE_EXPECT_FALL ? moved
                                                          : -moved;
        assert_true(moved <= last && (moved > check->tolerance || check->tolerance <= 0));
        last = moved;
        assert_true(f.count > 0);
        if (!c->each)
            assert_int_equal(f.said, best(scores, c->labels));
        for (size_t i = 0; i < f.count; i++) {
            cloze_explain_span span = f.changes[i].span;
            const cloze_text *old = span.side ? &c->pairs[f.text] : &c->texts[f.text];
            assert_true(span.end <= old->size);
        }
    }
    assert_null(cloze_behaviour_failed(behaviour, number, result.failures).changed.data);
}

static const struct {
    const char *name;
    cloze_expectation expectation;
} expectations[] = { { "same", CLOZE_EXPECT_SAME },
                     { "fall", CLOZE_EXPECT_FALL },
                     { "rise", CLOZE_EXPECT_RISE } };

static void hold_case(const checked *c, size_t *failures)
{
    cloze_check checks[64];
    size_t count = 0;
    for (int change = CLOZE_CHANGE_TYPO; change <= CLOZE_CHANGE_NAMES; change++)
        for (size_t e = 0; e < 3; e++)
            for (int label = -1; label < 1; label++)
                checks[count++] = (cloze_check){ (cloze_change)change, expectations[e].expectation,
                                                 label, label ? 0 : 0.004 };
    assert_true(count <= 64);
    cloze_behaviour *behaviour = run(c, checks, count);
    for (size_t i = 0; i < count; i++) {
        expectation expected = expect(c, &checks[i]);
        cloze_behaviour_result result = cloze_behaviour_of(behaviour, i);
        if (result.applies != expected.applies || result.failures != expected.failures ||
            result.too_long != expected.too_long)
            fail_msg(
                "%s, expectation %d: %zu of %zu fail and %zu are too long, not %zu of %zu, %zu",
                cloze_change_name(checks[i].change), (int)checks[i].expectation, result.failures,
                result.applies, result.too_long, expected.failures, expected.applies,
                expected.too_long);
        assert_true(result.interval[0] <= result.rate && result.rate <= result.interval[1]);
        hold_failures(c, behaviour, i, &checks[i], &expected);
        *failures += result.failures;
    }
    assert_int_equal(cloze_behaviour_of(behaviour, count).applies, 0);
    cloze_behaviour_free(behaviour);
}

static void failures_are_those_of_transformers(void **state)
{
    json_t *root = golden_file();
    size_t failures = 0;
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        checked c;
        open_case(&c, json_array_get(json_object_get(root, "cases"), i),
                  &(open_options){ .threads = 2 });
        hold_case(&c, &failures);
        close_model(&c.model);
    }
    assert_true(failures > 100);
    json_decref(root);
}

/* What CheckList's expectations count, computed in Python. */
static void rates_are_those_of_python(void **state)
{
    json_t *root = golden_file();
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        checked c;
        const json_t *one = json_array_get(json_object_get(root, "cases"), i);
        const json_t *rates = json_object_get(one, "rates");
        open_case(&c, one, &(open_options){ .threads = 1 });
        assert_true(json_array_size(rates) > 20);
        for (size_t r = 0; r < json_array_size(rates); r++) {
            const json_t *rate = json_array_get(rates, r);
            cloze_check check = {
                .change = cloze_change_named(json_string_value(json_array_get(rate, 0))),
                .expectation = CLOZE_EXPECT_GOLD,
                .label = CLOZE_TARGET_BEST,
                .tolerance = json_number_value(json_array_get(rate, 2)),
            };
            for (size_t e = 0; e < 3; e++)
                if (!strcmp(expectations[e].name, json_string_value(json_array_get(rate, 1))))
                    check.expectation = expectations[e].expectation;
            cloze_behaviour *behaviour = run(&c, &check, 1);
            cloze_behaviour_result result = cloze_behaviour_of(behaviour, 0);
            assert_int_equal(result.applies, json_integer_value(json_array_get(rate, 3)));
            assert_int_equal(result.failures, json_integer_value(json_array_get(rate, 4)));
            cloze_behaviour_free(behaviour);
        }
        close_model(&c.model);
    }
    json_decref(root);
}

/* ---- the rest ---- */

static void same_results_on_any_threads(void **state)
{
    json_t *root = golden_file();
    const cloze_check check = { .change = CLOZE_CHANGE_TYPO,
                                .expectation = CLOZE_EXPECT_RISE,
                                .label = CLOZE_TARGET_BEST };
    cloze_behaviour *all[3];
    checked c[3];
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        open_case(&c[i], json_array_get(json_object_get(root, "cases"), 0),
                  &(open_options){ .threads = i + 1, .batch_tokens = 64 << i });
        c[i].options.copies = 20; /* more than a chunk */
        all[i] = run(&c[i], &check, 1);
        cloze_behaviour_result first = cloze_behaviour_of(all[0], 0);
        cloze_behaviour_result result = cloze_behaviour_of(all[i], 0);
        assert_int_equal(first.failures, result.failures);
        assert_true(first.failures > 5);
        for (size_t k = 0; k < first.failures; k++) {
            cloze_behaviour_failure a = cloze_behaviour_failed(all[0], 0, k);
            cloze_behaviour_failure b = cloze_behaviour_failed(all[i], 0, k);
            assert_true(a.text == b.text && a.after == b.after && same(a.changed, b.changed));
        }
    }
    for (unsigned i = 0; i < 3; i++) {
        cloze_behaviour_free(all[i]);
        close_model(&c[i].model);
    }
    json_decref(root);
}

/* More copies find more, and the worst of them. */
static void the_worst_copy_counts(void **state)
{
    json_t *root = golden_file();
    const cloze_check check = { .change = CLOZE_CHANGE_TYPO,
                                .expectation = CLOZE_EXPECT_RISE,
                                .label = CLOZE_TARGET_BEST };
    size_t last = 0, applies = 0;
    checked c;
    (void)state;
    open_case(&c, json_array_get(json_object_get(root, "cases"), 0),
              &(open_options){ .threads = 1 });
    for (size_t copies = 1; copies <= 9; copies += 4) {
        c.options.copies = copies;
        cloze_behaviour *behaviour = run(&c, &check, 1);
        cloze_behaviour_result result = cloze_behaviour_of(behaviour, 0);
        assert_true(result.failures >= last);
        assert_true(!applies || applies == result.applies);
        applies = result.applies;
        last = result.failures;
        cloze_behaviour_free(behaviour);
    }
    assert_true(last > 10);
    close_model(&c.model);
    json_decref(root);
}

static void texts_may_be_changed_by_others(void **state)
{
    json_t *root = golden_file();
    cloze_text given[TEXTS_MOST] = { { NULL, 0 } };
    const cloze_check checks[] = {
        { CLOZE_CHANGE_GIVEN, CLOZE_EXPECT_SAME, CLOZE_TARGET_BEST, 0 },
        { CLOZE_CHANGE_GIVEN, CLOZE_EXPECT_RISE, 0, 0 },
        { CLOZE_CHANGE_GIVEN, CLOZE_EXPECT_FALL, 0, 0 },
    };
    checked c;
    (void)state;
    open_case(&c, json_array_get(json_object_get(root, "cases"), 1),
              &(open_options){ .threads = 1 });
    c.options.change_pair = true;
    c.all.given = given;
    given[0] = (cloze_text){ "the cat", 7 };
    given[1] = c.pairs[1]; /* no change */
    given[2] = (cloze_text){ "", 0 };
    cloze_behaviour *behaviour = run(&c, checks, 3);
    cloze_behaviour_result rise = cloze_behaviour_of(behaviour, 1);
    cloze_behaviour_result fall = cloze_behaviour_of(behaviour, 2);
    assert_int_equal(cloze_behaviour_of(behaviour, 0).applies, 2);
    assert_int_equal(rise.applies, 2);
    assert_int_equal(rise.failures + fall.failures, 2);
    for (size_t k = 0; k < rise.failures; k++) {
        cloze_behaviour_failure f = cloze_behaviour_failed(behaviour, 1, k);
        assert_true(same(f.changed, c.texts[f.text]) && same(f.changed_pair, given[f.text]));
        assert_int_equal(f.count, 1);
        assert_int_equal(f.changes[0].span.side, 1);
        assert_int_equal(f.changes[0].span.end, c.pairs[f.text].size);
    }
    cloze_behaviour_free(behaviour);
    close_model(&c.model);
    json_decref(root);
}

static void refuse(const checked *c, const cloze_check *check, cloze_status status,
                   const char *says)
{
    cloze_behaviour *behaviour = NULL;
    cloze_error error = { 0 };
    assert_int_equal(
        cloze_behaviour_check(&behaviour, c->model.session, &c->all, check, 1, &c->options, &error),
        status);
    if (!strstr(error.message, says))
        fail_msg("\"%s\" does not say \"%s\"", error.message, says);
    assert_null(behaviour);
}

static void what_makes_no_sense_is_refused(void **state)
{
    json_t *root = golden_file();
    checked c;
    char path[2048];
    const cloze_check typo = { .change = CLOZE_CHANGE_TYPO, .label = CLOZE_TARGET_BEST };
    cloze_text given[TEXTS_MOST] = { { NULL, 0 } };
    (void)state;
    open_case(&c, json_array_get(json_object_get(root, "cases"), 0),
              &(open_options){ .threads = 1 });
    refuse(&c, &(cloze_check){ .change = CLOZE_CHANGE_NOTHING }, CLOZE_ERROR_ARGUMENT, "check 1");
    refuse(&c, &(cloze_check){ .change = CLOZE_CHANGES }, CLOZE_ERROR_ARGUMENT, "check 1");
    refuse(&c, &(cloze_check){ .change = CLOZE_CHANGE_TYPO, .tolerance = -1 }, CLOZE_ERROR_ARGUMENT,
           "tolerance");
    refuse(&c, &(cloze_check){ .change = CLOZE_CHANGE_TYPO, .label = 9 }, CLOZE_ERROR_NOT_FOUND,
           "label 9");
    c.options.copies = 1001;
    refuse(&c, &typo, CLOZE_ERROR_ARGUMENT, "1001 copies");
    c.options.copies = 0;
    c.options.change_pair = true;
    refuse(&c, &typo, CLOZE_ERROR_ARGUMENT, "no second texts");
    c.options.change_pair = false;
    c.gold[3] = 7;
    refuse(&c, &typo, CLOZE_ERROR_NOT_FOUND, "text 4: the model has no label 7");
    c.gold[3] = 0;
    given[2] = (cloze_text){ "a\xff", 2 };
    c.all.given = given;
    refuse(&c, &typo, CLOZE_ERROR_TEXT, "text 3: byte 2 of the changed text");
    c.all.given = NULL;
    c.texts[1] = (cloze_text){ "\xff", 1 };
    refuse(&c, &typo, CLOZE_ERROR_TEXT, "text 2");
    close_model(&c.model);
    open_model(&c.model, golden_path(path, sizeof path, "classify/similarity"),
               &(open_options){ .threads = 1 });
    refuse(&c, &typo, CLOZE_ERROR_UNSUPPORTED, "numbers, not labels");
    close_model(&c.model);
    open_model(&c.model, golden_path(path, sizeof path, "tag/pieces"),
               &(open_options){ .threads = 1 });
    refuse(&c, &typo, CLOZE_ERROR_NOT_FOUND, "no classification head");
    close_model(&c.model);
    json_decref(root);
}

static void no_texts_are_no_failures(void **state)
{
    json_t *root = golden_file();
    const cloze_check checks[] = { { CLOZE_CHANGE_TYPO, CLOZE_EXPECT_SAME, 0, 0 },
                                   { CLOZE_CHANGE_NOTHING, CLOZE_EXPECT_GOLD, 0, 0 } };
    checked c;
    (void)state;
    open_case(&c, json_array_get(json_object_get(root, "cases"), 2),
              &(open_options){ .threads = 1 });
    c.all.count = 0;
    cloze_behaviour *behaviour = run(&c, checks, 2);
    for (size_t i = 0; i < 2; i++) {
        cloze_behaviour_result result = cloze_behaviour_of(behaviour, i);
        assert_int_equal(result.applies + result.failures + result.too_long, 0);
        assert_true(isnan(result.rate));
    }
    cloze_behaviour_free(behaviour);
    close_model(&c.model);
    json_decref(root);
}

static cloze_status check_some(cloze_session *session, const cloze_hooks *hooks)
{
    static const cloze_text texts[] = { { "Mary loves the cat", 18 },
                                        { "it is not 7, it's 8 in Paris", 28 } };
    static const int64_t gold[] = { 0, 1 };
    const cloze_behaviour_texts all = { .texts = texts, .gold = gold, .count = 2 };
    cloze_behaviour_options options = { .changes = { .hooks = hooks }, .copies = 2 };
    cloze_check checks[CLOZE_CHANGE_GIVEN];
    cloze_behaviour *behaviour = NULL;
    for (int i = 0; i < CLOZE_CHANGE_GIVEN; i++)
        checks[i] = (cloze_check){ (cloze_change)i, i ? CLOZE_EXPECT_RISE : CLOZE_EXPECT_GOLD,
                                   CLOZE_TARGET_BEST, 0 };
    cloze_status status = cloze_behaviour_check(&behaviour, session, &all, checks,
                                                CLOZE_CHANGE_GIVEN, &options, NULL);
    cloze_behaviour_free(behaviour);
    return status;
}

static void every_failing_allocation_is_an_error_and_leaks_nothing(void **state)
{
    char path[2048];
    (void)state;
    scarce_try_all(golden_path(path, sizeof path, "explain/behaviour"), check_some);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(failures_are_those_of_transformers),
        cmocka_unit_test(rates_are_those_of_python),
        cmocka_unit_test(same_results_on_any_threads),
        cmocka_unit_test(the_worst_copy_counts),
        cmocka_unit_test(texts_may_be_changed_by_others),
        cmocka_unit_test(what_makes_no_sense_is_refused),
        cmocka_unit_test(no_texts_are_no_failures),
        cmocka_unit_test(every_failing_allocation_is_an_error_and_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
