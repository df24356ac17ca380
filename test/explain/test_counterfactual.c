/*
 * test_counterfactual.c - what is left of an input when as much as possible is taken away, against all
 * subsets of it; edits that change what the model says, asked again of the model itself.
 */
#include "folder.h"

#include <cloze/counterfactual.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { UNITS_MOST = 12 };

static const char *const texts[] = { "The new movie is so great I love it",
                                     "A man is playing guitar and the cat sits",
                                     "The cat plays in the garden" };

static cloze_text text_of(const char *text)
{
    return (cloze_text){ text, strlen(text) };
}

static void open_golden(opened *o, const char *name)
{
    char path[2200];
    open_model(o, golden_path(path, sizeof path, name), &(open_options){ .threads = 2 });
}

/* F is the margin to the other label: above 0 the decision holds. */
static cloze_explainer *explain(const opened *o, const char *text, int64_t target)
{
    cloze_explain_options options = { .value = CLOZE_VALUE_MARGIN,
                                      .target = target,
                                      .against = CLOZE_TARGET_BEST };
    cloze_explainer *explainer = NULL;
    cloze_error error = { 0 };
    if (cloze_explainer_new(&explainer, o->model, text_of(text), (cloze_text){ 0 }, &options,
                            &error))
        fail_msg("%s", error.message);
    return explainer;
}

/* The smallest set to which units can be taken away one by one while the decision holds. */
static size_t smallest(const double *values, size_t units)
{
    bool *reached = calloc((size_t)1 << units, sizeof *reached);
    size_t least = units, last = ((size_t)1 << units) - 1;
    reached[last] = true;
    for (size_t set = last; set > 0; set--)
        for (size_t u = 0; u < units && reached[set]; u++) {
            size_t smaller = set & ~((size_t)1 << u), size = (size_t)__builtin_popcountll(smaller);
            if (smaller == set || !size || !(values[smaller] > 0))
                continue;
            reached[smaller] = true;
            least = size < least ? size : least;
        }
    free(reached);
    return least;
}

static void check_reduction(cloze_explainer *explainer, size_t *reduced)
{
    size_t units = cloze_explainer_facts(explainer).units, sets = (size_t)1 << units, kept = 0;
    assert_in_range(units, 1, UNITS_MOST);
    uint8_t *masks = calloc(sets, units), present[UNITS_MOST];
    double *values = calloc(sets, sizeof *values);
    cloze_error error = { 0 };
    for (size_t i = 0; i < sets * units; i++)
        masks[i] = i / units >> i % units & 1;
    assert_int_equal(
        cloze_explainer_values(explainer, masks, sets, CLOZE_ABSENT_REMOVED, values, &error),
        CLOZE_OK);
    for (size_t beam = 0; beam <= sets; beam += sets) {
        cloze_reduction_options options = { .beam = beam };
        cloze_reduction reduction;
        size_t set = 0, size = 0;
        if (cloze_reduce(explainer, &options, present, &reduction, &error))
            fail_msg("%s", error.message);
        for (size_t u = 0; u < units; u++) {
            set |= (size_t)present[u] << u;
            size += present[u];
        }
        assert_int_equal(size, reduction.units);
        assert_true(reduction.value == values[set] && values[set] > 0);
        assert_true(reduction.before == values[sets - 1]);
        assert_true(fabs(reduction.probability - 1 / (1 + exp(-values[set]))) < 1e-12);
        for (size_t u = 0; u < units && size > 1; u++)
            assert_true(!present[u] || !(values[set & ~((size_t)1 << u)] > 0));
        kept = size;
    }
    assert_int_equal(kept, smallest(values, units));
    *reduced += kept < units;
    free(masks);
    free(values);
}

static void test_reduction(void **state)
{
    (void)state;
    size_t reduced = 0;
    opened o;
    open_golden(&o, "classify/rembert");
    for (size_t t = 0; t < sizeof texts / sizeof *texts; t++) {
        cloze_explainer *explainer = explain(&o, texts[t], CLOZE_TARGET_BEST);
        check_reduction(explainer, &reduced);
        cloze_explainer_free(explainer);
    }
    close_model(&o);
    assert_true(reduced > 0);
}

static void test_refusals(void **state)
{
    (void)state;
    opened o;
    uint8_t present[UNITS_MOST];
    cloze_reduction reduction;
    cloze_error error = { 0 };
    open_golden(&o, "classify/rembert");
    cloze_explainer *explainer = explain(&o, texts[0], CLOZE_TARGET_BEST);
    int64_t other = 1 - cloze_explainer_facts(explainer).target;
    cloze_explainer_free(explainer);
    explainer = explain(&o, texts[0], other);
    assert_int_equal(cloze_reduce(explainer, NULL, present, &reduction, &error),
                     CLOZE_ERROR_ARGUMENT);
    assert_non_null(strstr(error.message, "not what the model says"));
    cloze_explainer_free(explainer);
    close_model(&o);

    open_golden(&o, "classify/similarity");
    cloze_explain_options usual = { .target = CLOZE_TARGET_BEST, .against = CLOZE_TARGET_BEST };
    assert_int_equal(cloze_explainer_new(&explainer, o.model, text_of(texts[0]), text_of(texts[1]),
                                         &usual, &error),
                     CLOZE_OK);
    assert_int_equal(cloze_reduce(explainer, NULL, present, &reduction, &error),
                     CLOZE_ERROR_UNSUPPORTED);
    cloze_explainer_free(explainer);
    close_model(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reduction),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
