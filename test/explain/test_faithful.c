/*
 * test_faithful.c - measures of faithfulness against an independent computation (tools/golden/
 * make_faithfulness.py), and the best and the worst order.
 */
#include "folder.h"

#include "base/json.h"

#include <cloze/faithful.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const double close_enough = 1e-9;
/* What the model makes is handed on as float32, whatever it is computed in: F is rounded to this. */
static const double rounding = 0x1p-24;

static const cloze_explain_options usual = { .target = CLOZE_TARGET_BEST,
                                             .against = CLOZE_TARGET_BEST };

static cloze_text text_of(const char *text)
{
    return (cloze_text){ text, strlen(text) };
}

static void open_golden(opened *o, const char *name, const open_options *options)
{
    char path[2200], below[256];
    snprintf(below, sizeof below, "classify/%s", name);
    open_model(o, golden_path(path, sizeof path, below), options);
}

static cloze_explainer *explain(const opened *o, const char *text, const char *pair,
                                const cloze_explain_options *options)
{
    cloze_explainer *explainer = NULL;
    cloze_error error = { 0 };
    if (cloze_explainer_new(&explainer, o->model, text_of(text), text_of(pair), options, &error))
        fail_msg("%s", error.message);
    return explainer;
}

static void must(cloze_status status, const cloze_error *error)
{
    if (status)
        fail_msg("%s", error->message);
}

/* ---- golden ---- */

static void must_equal(double ours, double theirs, double allowed, const char *what)
{
    if (!(fabs(ours - theirs) <= allowed))
        fail_msg("%s: %.17g instead of %.17g (allowed: %g)", what, ours, theirs, allowed);
}

static void must_equal_all(const double *ours, const json_t *theirs, double allowed,
                           const char *what)
{
    for (size_t i = 0; i < json_array_size(theirs); i++)
        must_equal(ours[i], json_number_value(json_array_get(theirs, i)), allowed, what);
}

static const char *string_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static double number_of(const json_t *object, const char *key)
{
    return json_number_value(json_object_get(object, key));
}

static cloze_explain_value value_of(const char *name)
{
    if (!strcmp(name, "margin"))
        return CLOZE_VALUE_MARGIN;
    return strcmp(name, "probability") ? CLOZE_VALUE_LOGIT : CLOZE_VALUE_PROBABILITY;
}

/* `scale`: the largest logit. Probabilities move with logits, their logarithms by no more. */
static void check_result(const cloze_faith_result *r, const json_t *golden, double scale,
                         size_t units)
{
    const json_t *measures = json_object_get(golden, "measures");
    double allowed = 4 * scale * rounding;
    for (int k = 0; k < CLOZE_FAITH_INFIDELITY; k++) {
        const char *name = cloze_faith_measure_name((cloze_faith_measure)k);
        bool normal =
            k == CLOZE_FAITH_NORMAL_COMPREHENSIVENESS || k == CLOZE_FAITH_NORMAL_SUFFICIENCY;
        double by = normal ? 3 / (r->highest - r->lowest) : 1;
        must_equal(r->measures[k], number_of(measures, name), allowed * by, name);
    }
    assert_true(isnan(r->measures[CLOZE_FAITH_RANDOMIZED]));
    assert_int_equal(r->points, units);
    must_equal_all(r->deletion, json_object_get(golden, "deletion_curve"), allowed, "deletion");
    must_equal_all(r->insertion, json_object_get(golden, "insertion_curve"), allowed, "insertion");
    must_equal_all(r->comprehensiveness, json_object_get(golden, "comprehensiveness_at"), allowed,
                   "comprehensiveness");
    must_equal_all(r->sufficiency, json_object_get(golden, "sufficiency_at"), allowed,
                   "sufficiency");
    must_equal_all(r->log_odds, json_object_get(golden, "log_odds_at"), allowed, "log-odds");
    assert_int_equal(r->flip, json_integer_value(json_object_get(golden, "flip_units")));
}

/* All attributions of a case in one call; above 10 units a beam of all that there is. */
static void check_case(const json_t *golden)
{
    enum { MOST = 8, UNITS = 16, EVERYTHING = 1000 };
    opened o;
    cloze_error error = { 0 };
    cloze_explain_options options = usual;
    cloze_faith_options how = { .beam = EVERYTHING };
    cloze_faith_result results[MOST];
    double numbers[MOST * UNITS];
    open_golden(&o, string_of(golden, "model"),
                &(open_options){ .threads = 2, .precision = CLOZE_PRECISION_F64 });
    options.unit = CLOZE_UNIT_TOKENS;
    options.value = value_of(string_of(golden, "value"));
    cloze_explainer *x =
        explain(&o, string_of(golden, "text"), string_of(golden, "pair"), &options);
    cloze_explained facts = cloze_explainer_facts(x);
    assert_int_equal(facts.target, json_integer_value(json_object_get(golden, "target")));
    double scale = number_of(golden, "scale");
    must_equal(facts.value, number_of(golden, "whole"), 4 * scale * rounding, "F");
    const json_t *all = json_object_get(golden, "attributions");
    size_t count = json_array_size(all);
    assert_true(count && count <= MOST && facts.units <= UNITS);
    for (size_t i = 0; i < count; i++) {
        const json_t *units = json_object_get(json_array_get(all, i), "units");
        assert_int_equal(json_array_size(units), facts.units);
        for (size_t u = 0; u < facts.units; u++)
            numbers[i * facts.units + u] = json_number_value(json_array_get(units, u));
    }
    must(cloze_faith_of(x, numbers, count, &how, results, &error), &error);
    for (size_t i = 0; i < count; i++) {
        check_result(&results[i], json_array_get(all, i), scale, facts.units);
        must_equal(results[i].lowest, number_of(golden, "lowest"), 4 * scale * rounding, "lowest");
        must_equal(results[i].highest, number_of(golden, "highest"), 4 * scale * rounding,
                   "highest");
        assert_int_equal(results[i].exact, facts.units <= CLOZE_FAITH_EXACT_UNITS);
    }
    cloze_explainer_free(x);
    close_model(&o);
}

static void test_golden(void **state)
{
    (void)state;
    char path[2200];
    cloze_error error = { 0 };
    json_t *root = NULL;
    must(cz_json_load(&root, golden_path(path, sizeof path, "explain/faithfulness.json"), 1 << 20,
                      NULL, &error),
         &error);
    const json_t *cases = json_object_get(root, "cases");
    assert_int_equal(json_array_size(cases), 6);
    for (size_t i = 0; i < json_array_size(cases); i++)
        check_case(json_array_get(cases, i));
    json_decref(root);
}

/* ---- bounds ---- */

static const char *const longer =
    "the cat sits outside and a man is playing the new guitar while a woman watches the movie";

/* A beam finds inner bounds that more width does not narrow, in [0, 1] for every order measured. */
static void test_beams(void **state)
{
    (void)state;
    enum { ORDERS = 6, UNITS = 32 };
    opened o;
    cloze_error error = { 0 };
    cloze_faith_result results[ORDERS];
    double numbers[ORDERS * UNITS], lowest = INFINITY, highest = -INFINITY;
    open_golden(&o, "topics", &(open_options){ .threads = 2 });
    cloze_explainer *x = explain(&o, longer, "", &usual);
    size_t units = cloze_explainer_facts(x).units;
    assert_true(units > CLOZE_FAITH_EXACT_UNITS && units <= UNITS);
    for (size_t i = 0; i < ORDERS * units; i++)
        numbers[i] = sin((double)(i * i));
    for (size_t beam = 1; beam <= 9; beam += 4) {
        const cloze_faith_options how = { .beam = beam };
        must(cloze_faith_of(x, numbers, ORDERS, &how, results, &error), &error);
        assert_false(results[0].exact);
        for (size_t i = 0; i < ORDERS; i++) {
            double share = results[i].measures[CLOZE_FAITH_NORMAL_COMPREHENSIVENESS];
            double alone = results[i].measures[CLOZE_FAITH_NORMAL_SUFFICIENCY];
            assert_true(share >= 0 && share <= 1);
            assert_true(alone > -close_enough && alone < 1 + close_enough);
        }
        lowest = fmin(lowest, results[0].lowest);
        highest = fmax(highest, results[0].highest);
    }
    const cloze_faith_options none = { .no_bounds = true };
    must(cloze_faith_of(x, numbers, ORDERS, &none, results, &error), &error);
    for (size_t i = 0; i < ORDERS; i++) {
        assert_true(results[i].measures[CLOZE_FAITH_AOPC] >= lowest);
        assert_true(results[i].measures[CLOZE_FAITH_AOPC] <= highest);
        assert_true(isnan(results[i].lowest));
        assert_true(isnan(results[i].measures[CLOZE_FAITH_NORMAL_SUFFICIENCY]));
    }
    cloze_explainer_free(x);
    close_model(&o);
}

/* Fewer points than units: ends stay, the rest is every so many. */
static void test_points(void **state)
{
    (void)state;
    enum { POINTS = 4, UNITS = 32 };
    opened o;
    cloze_error error = { 0 };
    cloze_faith_result coarse, fine;
    double numbers[UNITS];
    open_golden(&o, "topics", &(open_options){ .threads = 2 });
    cloze_explainer *x = explain(&o, longer, "", &usual);
    size_t units = cloze_explainer_facts(x).units;
    for (size_t u = 0; u < units; u++)
        numbers[u] = sin((double)u);
    const cloze_faith_options few = { .points = POINTS, .masks = 1, .no_bounds = true };
    const cloze_faith_options all = { .masks = 1, .no_bounds = true };
    must(cloze_faith_of(x, numbers, 1, &few, &coarse, &error), &error);
    must(cloze_faith_of(x, numbers, 1, &all, &fine, &error), &error);
    assert_int_equal(coarse.points, POINTS);
    assert_int_equal(fine.points, units);
    assert_true(coarse.runs < fine.runs && fine.runs <= 2 * units + 1);
    for (size_t k = 0; k <= POINTS; k++) {
        size_t same = (k * units + POINTS / 2) / POINTS;
        assert_true(coarse.deletion[k] == fine.deletion[same]);
        assert_true(coarse.insertion[k] == fine.insertion[same]);
        assert_true(coarse.shares[k] == fine.shares[same]);
    }
    assert_true(fine.deletion[0] == cloze_explainer_facts(x).value);
    assert_true(fine.insertion[units] == fine.deletion[0]);
    assert_true(fine.insertion[0] == fine.deletion[units]);
    cloze_explainer_free(x);
    close_model(&o);
}

/* ---- infidelity ---- */

/* The scale of the numbers does not matter, and numbers that say nothing are wrong by how far F falls. */
static void test_infidelity(void **state)
{
    (void)state;
    enum { UNITS = 4, ORDERS = 3, MASKS = 4000 };
    opened o;
    cloze_error error = { 0 };
    cloze_faith_result results[ORDERS];
    double numbers[ORDERS * UNITS] = { 0 };
    double values[1 << UNITS], whole, squares = 0;
    uint8_t present[UNITS << UNITS];
    const cloze_faith_options how = { .masks = MASKS, .no_bounds = true };
    open_golden(&o, "sentiment", &(open_options){ .threads = 2 });
    cloze_explainer *x = explain(&o, "the cat sits outside", "", &usual);
    assert_int_equal(cloze_explainer_facts(x).units, UNITS);
    whole = cloze_explainer_facts(x).value;
    for (size_t i = 0; i < sizeof present; i++)
        present[i] = (uint8_t)(i / UNITS >> i % UNITS & 1);
    must(cloze_explainer_values(x, present, 1 << UNITS, CLOZE_ABSENT_DEFAULT, values, &error),
         &error);
    for (size_t i = 0; i < 1 << UNITS; i++)
        squares += (whole - values[i]) * (whole - values[i]) / (1 << UNITS);
    for (size_t u = 0; u < UNITS; u++) {
        numbers[UNITS + u] = 1 + (double)u;
        numbers[2 * UNITS + u] = -7 * numbers[UNITS + u];
    }
    must(cloze_faith_of(x, numbers, ORDERS, &how, results, &error), &error);
    double nothing = results[0].measures[CLOZE_FAITH_INFIDELITY];
    double some = results[1].measures[CLOZE_FAITH_INFIDELITY];
    assert_true(fabs(nothing - squares) < 0.1 * squares);
    assert_true(fabs(some - results[2].measures[CLOZE_FAITH_INFIDELITY]) < 1e-9 * squares);
    assert_true(some <= nothing);
    cloze_explainer_free(x);
    close_model(&o);
}

/* ---- refusals ---- */

static void test_refusals(void **state)
{
    (void)state;
    opened o;
    cloze_error error = { 0 };
    cloze_faith_result result;
    double numbers[] = { 1, NAN, 2, 3 };
    const double shares[] = { 0.5, 0 };
    open_golden(&o, "sentiment", &(open_options){ .threads = 1 });
    cloze_explainer *x = explain(&o, "the cat sits outside", "", &usual);
    assert_int_equal(cloze_faith_of(x, numbers, 1, NULL, &result, &error), CLOZE_ERROR_ARGUMENT);
    assert_non_null(strstr(error.message, "number 2 of attribution 1"));
    numbers[1] = 0;
    cloze_faith_options how = { .thresholds = shares, .threshold_count = 2 };
    assert_int_equal(cloze_faith_of(x, numbers, 1, &how, &result, &error), CLOZE_ERROR_ARGUMENT);
    assert_non_null(strstr(error.message, "share of the units"));
    how = (cloze_faith_options){ .points = CLOZE_FAITH_POINTS + 1 };
    assert_int_equal(cloze_faith_of(x, numbers, 1, &how, &result, &error), CLOZE_ERROR_ARGUMENT);
    cloze_explainer_free(x);
    close_model(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),   cmocka_unit_test(test_beams),
        cmocka_unit_test(test_points),   cmocka_unit_test(test_infidelity),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
