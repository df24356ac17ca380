/*
 * test_perturbations.c - what shap and lime say themselves, in float64, about golden models whose words are
 * masked or removed (tools/golden/make_perturbations.py); the same bits on any threads and in any batch.
 */
#include "folder.h"

#include <cloze/explain.h>

#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { UNITS_MOST = 64 };

/* What a method says of a case. */
typedef struct said {
    double units[UNITS_MOST], spread[UNITS_MOST];
    cloze_attribution_report report;
} said;

static double number_of(const json_t *object, const char *name)
{
    return json_number_value(json_object_get(object, name));
}

static const char *string_of(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    assert_true(json_is_string(value));
    return json_string_value(value);
}

static json_t *load(void)
{
    char path[2200];
    json_t *root =
        json_load_file(golden_path(path, sizeof path, "explain/perturbations.json"), 0, NULL);
    assert_non_null(root);
    return root;
}

static cloze_explain_value value_of(const json_t *given)
{
    const char *value = string_of(given, "value");
    if (!strcmp(value, "margin"))
        return CLOZE_VALUE_MARGIN;
    return strcmp(value, "probability") ? CLOZE_VALUE_LOGIT : CLOZE_VALUE_PROBABILITY;
}

static cloze_explainer *open_case(opened *o, const json_t *given, const open_options *options)
{
    char path[2200];
    const char *text = string_of(given, "text"), *pair = string_of(given, "pair");
    cloze_explain_options how = { .value = value_of(given),
                                  .target = (int64_t)number_of(given, "target"),
                                  .against = (int64_t)number_of(given, "against"),
                                  .batch_tokens = options->batch_tokens };
    cloze_explainer *explainer = NULL;
    cloze_error error = { 0 };
    open_model(o, golden_path(path, sizeof path, string_of(given, "model")), options);
    if (cloze_explainer_new(&explainer, o->model, (cloze_text){ text, strlen(text) },
                            (cloze_text){ pair, strlen(pair) }, &how, &error))
        fail_msg("%s: %s", text, error.message);
    return explainer;
}

static void ask(cloze_explainer *explainer, const json_t *given, const json_t *run, said *s)
{
    cloze_error error = { 0 };
    cloze_attribution_options how = { .method =
                                          cloze_explain_method_named(string_of(run, "method")),
                                      .absence = strcmp(string_of(given, "absence"), "removed")
                                                     ? CLOZE_ABSENT_MASK
                                                     : CLOZE_ABSENT_REMOVED,
                                      .samples = (size_t)number_of(run, "samples"),
                                      .seed = (uint64_t)number_of(run, "seed") };
    assert_in_range(cloze_explainer_facts(explainer).units, 1, UNITS_MOST);
    if (cloze_attribute(explainer, &how, s->units, NULL, s->spread, &s->report, &error))
        fail_msg("%s: %s", string_of(run, "method"), error.message);
    assert_int_equal(s->report.absence, how.absence);
    assert_true(!how.samples || s->report.samples == how.samples);
    assert_true(s->report.samples || s->report.exact);
}

static void near(const json_t *run, const char *what, double found, double wanted, double bound)
{
    if (!(fabs(found - wanted) <= bound))
        fail_msg("%s, %s: %.9g instead of %.9g, further than %.3g", string_of(run, "method"), what,
                 found, wanted, bound);
}

static void hold(const json_t *given, const json_t *run, const said *s, double bound)
{
    const json_t *units = json_object_get(run, "units"), *spread = json_object_get(run, "spread");
    size_t count = json_array_size(units);
    for (size_t u = 0; u < count; u++)
        near(run, "a unit", s->units[u], json_number_value(json_array_get(units, u)), bound);
    for (size_t u = 0; u < json_array_size(spread); u++)
        near(run, "a spread", s->spread[u], json_number_value(json_array_get(spread, u)), bound);
    near(run, "nothing", s->report.nothing, number_of(given, "nothing"), bound);
    if (json_object_get(run, "fit")) {
        near(run, "fit", s->report.fit, number_of(run, "fit"), 1e-4);
        near(run, "intercept", s->report.intercept, number_of(run, "intercept"), bound);
    } else {
        near(run, "gap", s->report.gap, 0, bound);
    }
    if (json_object_get(run, "runs"))
        assert_int_equal(s->report.runs, (size_t)number_of(run, "runs"));
}

/* 1e-5 of the range of F over all sets asked about. */
static void test_peers(void **state)
{
    (void)state;
    json_t *root = load();
    const json_t *cases = json_object_get(root, "cases");
    size_t runs = 0;
    for (size_t i = 0; i < json_array_size(cases); i++) {
        const json_t *given = json_array_get(cases, i), *asked = json_object_get(given, "runs");
        double bound = 1e-5 * number_of(given, "range");
        opened o;
        cloze_explainer *explainer = open_case(&o, given, &(open_options){ .threads = 2 });
        for (size_t k = 0; k < json_array_size(asked); k++, runs++) {
            const json_t *run = json_array_get(asked, k);
            said s;
            ask(explainer, given, run, &s);
            hold(given, run, &s, bound);
        }
        cloze_explainer_free(explainer);
        close_model(&o);
    }
    assert_true(runs > 40);
    json_decref(root);
}

static void test_same_bits(void **state)
{
    (void)state;
    static const open_options ways[] = { { .threads = 1 },
                                         { .threads = 2, .batch_tokens = 64 },
                                         { .threads = 3, .batch_tokens = 300 } };
    json_t *root = load();
    const json_t *cases = json_object_get(root, "cases");
    for (size_t i = 0; i < json_array_size(cases); i += 2) {
        const json_t *given = json_array_get(cases, i), *asked = json_object_get(given, "runs");
        said first[16];
        assert_in_range(json_array_size(asked), 1, 16);
        for (size_t way = 0; way < 3; way++) {
            opened o;
            cloze_explainer *explainer = open_case(&o, given, &ways[way]);
            size_t bytes = cloze_explainer_facts(explainer).units * sizeof(double);
            for (size_t k = 0; k < json_array_size(asked); k++) {
                said s;
                ask(explainer, given, json_array_get(asked, k), &s);
                if (!way)
                    first[k] = s;
                assert_memory_equal(s.units, first[k].units, bytes);
                assert_memory_equal(s.spread, first[k].spread, bytes);
                assert_memory_equal(&s.report.sum, &first[k].report.sum, sizeof(double));
            }
            cloze_explainer_free(explainer);
            close_model(&o);
        }
    }
    json_decref(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_peers),
        cmocka_unit_test(test_same_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
