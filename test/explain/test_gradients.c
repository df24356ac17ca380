/*
 * test_gradients.c - attributions by gradients: against captum in float64, what they promise (parts add up,
 * what changes nothing gets nothing), the same bits whatever the threads and batches, and what is refused.
 */
#include "told.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void compare_case(const json_t *root, const json_t *json, const open_options *options,
                         double bound)
{
    told_case told;
    told_open(&told, json, options);
    told_compare_gradients(&told, root, bound);
    told_close(&told);
}

static void compare_all(const open_options *options, double bound, double similar)
{
    json_t *root = told_load("gradients.json");
    const json_t *json;
    size_t i;
    assert_true(json_array_size(json_object_get(root, "cases")) > 0);
    json_array_foreach(json_object_get(root, "cases"), i, json)
    {
        bool similarity = !strcmp(json_string_value(json_object_get(json, "task")), "similarity");
        compare_case(root, json, options, similarity ? similar : bound);
    }
    json_decref(root);
}

static void test_captum(void **state)
{
    (void)state;
    compare_all(&(open_options){ .threads = 2 }, 2e-5, 2e-5);
}

/* The other text's vector is kept in float32, whatever the engine; near a cosine of one, slopes are small
 * differences of such numbers. */
static void test_captum_exactly(void **state)
{
    (void)state;
    compare_all(&(open_options){ .precision = CLOZE_PRECISION_F64 }, 1e-10, 1e-6);
}

/* ---- what they promise ---- */

static void open_case(told_case *told, json_t **root, size_t number, const open_options *options)
{
    *root = told_load("gradients.json");
    told_open(told, json_array_get(json_object_get(*root, "cases"), number), options);
}

static void close_case(told_case *told, json_t *root)
{
    told_close(told);
    json_decref(root);
}

/* The parts add up as closely as is asked for, or as many steps were taken as are allowed. */
static void test_completeness(void **state)
{
    (void)state;
    json_t *root = told_load("gradients.json");
    size_t count = json_array_size(json_object_get(root, "cases"));
    for (size_t i = 0; i < count; i++) {
        told_case told;
        double tokens[TOLD_TOKENS_MOST];
        told_open(&told, json_array_get(json_object_get(root, "cases"), i),
                  &(open_options){ .threads = 1 });
        cloze_attribution_options line = { .method = CLOZE_METHOD_INTEGRATED_GRADIENTS,
                                           .steps = 2,
                                           .bound = 0.01 };
        cloze_attribution_report report = told_attribute(&told, &line, tokens);
        bool met = fabs(report.gap) <= 0.01 * fabs(report.value - report.nothing) + 1e-6;
        assert_true(met || report.steps == 32);
        /* Every turn takes twice as many, after the two ends. */
        assert_int_equal(report.runs, 2 + 2 * report.steps - line.steps);
        for (size_t k = 0; k < told.facts.tokens; k++)
            assert_true(cloze_explainer_token(told.explainer, k).unit >= 0 || tokens[k] == 0);
        told_close(&told);
    }
    json_decref(root);
}

/* What is absent already gets nothing: it is on the line's beginning. */
static void test_dummy(void **state)
{
    (void)state;
    opened o;
    char path[2200];
    double units[TOLD_TOKENS_MOST];
    cloze_error error = { 0 };
    cloze_explainer *explainer = NULL;
    cloze_text text = { "the cat [MASK] outside", 22 }, none = { "", 0 };
    open_model(&o, golden_path(path, sizeof path, "classify/sentiment"),
               &(open_options){ .threads = 1 });
    cloze_explain_options options = { .target = CLOZE_TARGET_BEST, .against = CLOZE_TARGET_BEST };
    assert_int_equal(cloze_explainer_new(&explainer, o.model, text, none, &options, &error),
                     CLOZE_OK);
    cloze_attribution_options line = { .method = CLOZE_METHOD_INTEGRATED_GRADIENTS };
    assert_int_equal(cloze_explainer_facts(explainer).units, 4);
    assert_int_equal(cloze_attribute(explainer, &line, units, NULL, NULL, NULL, &error), CLOZE_OK);
    assert_true(units[2] == 0 && units[0] != 0 && units[3] != 0);
    cloze_explainer_free(explainer);
    close_model(&o);
}

static void same_bits(size_t number, const cloze_attribution_options *options)
{
    double first[TOLD_TOKENS_MOST], again[TOLD_TOKENS_MOST];
    for (unsigned threads = 1; threads <= 3; threads++)
        for (size_t batch = 0; batch < 2; batch++) {
            told_case told;
            json_t *root;
            bool begins = threads == 1 && !batch;
            open_case(&told, &root, number,
                      &(open_options){ .threads = threads, .batch_tokens = batch ? 64 : 0 });
            told_attribute(&told, options, begins ? first : again);
            assert_true(begins || !memcmp(first, again, told.facts.tokens * sizeof *first));
            close_case(&told, root);
        }
}

static void test_same_bits(void **state)
{
    (void)state;
    enum { SENTIMENT = 0, INFERENCE = 4, ANSWER = 12 };
    const size_t numbers[] = { SENTIMENT, INFERENCE, ANSWER };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        same_bits(numbers[i], &(cloze_attribution_options){ .method = CLOZE_METHOD_SALIENCY });
        same_bits(numbers[i], &(cloze_attribution_options){ .method = CLOZE_METHOD_SMOOTHGRAD });
        same_bits(numbers[i], &(cloze_attribution_options){
                                  .method = CLOZE_METHOD_INTEGRATED_GRADIENTS, .steps = 7 });
        same_bits(numbers[i],
                  &(cloze_attribution_options){ .method = CLOZE_METHOD_INTEGRATED_GRADIENTS,
                                                .steps = 7,
                                                .has_layer = true,
                                                .layer = 1 });
    }
}

/* Little noise is input times gradient; of many samples the intervals are narrower. */
static void test_smoothgrad(void **state)
{
    (void)state;
    told_case told;
    json_t *root;
    double plain[TOLD_TOKENS_MOST], smooth[TOLD_TOKENS_MOST], few[TOLD_TOKENS_MOST],
        many[TOLD_TOKENS_MOST];
    cloze_error error = { 0 };
    open_case(&told, &root, 0, &(open_options){ .threads = 2 });
    told_attribute(&told, &(cloze_attribution_options){ .method = CLOZE_METHOD_INPUT_X_GRADIENT },
                   plain);
    cloze_attribution_options options = { .method = CLOZE_METHOD_SMOOTHGRAD, .noise = 1e-9 };
    told_attribute(&told, &options, smooth);
    for (size_t i = 0; i < told.facts.tokens; i++)
        assert_true(fabs(plain[i] - smooth[i]) <= 1e-5);
    options.noise = 0.1;
    assert_int_equal(cloze_attribute(told.explainer, &options, plain, NULL, few, NULL, &error),
                     CLOZE_OK);
    options.samples = 200;
    assert_int_equal(cloze_attribute(told.explainer, &options, smooth, NULL, many, NULL, &error),
                     CLOZE_OK);
    for (size_t u = 0; u < told.facts.units; u++) {
        assert_true(many[u] > 0 && many[u] < few[u]);
        assert_true(fabs(plain[u] - smooth[u]) <= 2 * few[u]);
    }
    close_case(&told, root);
}

static void refuse(const told_case *told, const cloze_attribution_options *options,
                   cloze_status expected, const char *says)
{
    double units[TOLD_TOKENS_MOST];
    cloze_error error = { 0 };
    assert_int_equal(cloze_attribute(told->explainer, options, units, NULL, NULL, NULL, &error),
                     expected);
    if (!strstr(error.message, says))
        fail_msg("\"%s\" does not say \"%s\"", error.message, says);
}

static void test_refusals(void **state)
{
    (void)state;
    told_case told;
    json_t *root;
    open_case(&told, &root, 0, &(open_options){ .threads = 1 });
    cloze_attribution_options line = { .method = CLOZE_METHOD_INTEGRATED_GRADIENTS,
                                       .absence = CLOZE_ABSENT_REMOVED };
    refuse(&told, &line, CLOZE_ERROR_ARGUMENT, "shorter one");
    line.absence = CLOZE_ABSENT_DEFAULT;
    line.steps = 1 << 20;
    refuse(&told, &line, CLOZE_ERROR_ARGUMENT, "steps");
    line.steps = 0;
    line.bound = -1;
    refuse(&told, &line, CLOZE_ERROR_ARGUMENT, "share");
    line.bound = 0;
    line.has_layer = true;
    for (line.layer = -2; line.layer <= 3; line.layer += 5)
        refuse(&told, &line, CLOZE_ERROR_NOT_FOUND, "no layer");
    cloze_attribution_options smooth = { .method = CLOZE_METHOD_SMOOTHGRAD, .noise = 2 };
    refuse(&told, &smooth, CLOZE_ERROR_ARGUMENT, "noise");
    close_case(&told, root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_captum),       cmocka_unit_test(test_captum_exactly),
        cmocka_unit_test(test_completeness), cmocka_unit_test(test_dummy),
        cmocka_unit_test(test_same_bits),    cmocka_unit_test(test_smoothgrad),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
