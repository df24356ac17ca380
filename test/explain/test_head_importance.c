/* test_head_importance.c - how much heads and layers matter, against transformers' head_mask in float64. */
#include "told.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { HEADS_MOST = 64, LAYERS_MOST = 8 };

static void weigh(const told_case *told, cloze_importance way, double *heads, double *layers)
{
    cloze_error error = { 0 };
    assert_true(told->facts.layers <= LAYERS_MOST);
    assert_true(told->facts.layers * told->facts.heads <= HEADS_MOST);
    if (cloze_head_importance(told->explainer, way, heads, layers, &error))
        fail_msg("%s: %s", told->model, error.message);
}

static void compare_all(const open_options *options, double bound)
{
    json_t *root = told_load("heads.json");
    const json_t *json;
    size_t i;
    assert_true(json_array_size(json_object_get(root, "cases")) > 0);
    json_array_foreach(json_object_get(root, "cases"), i, json)
    {
        told_case told;
        double heads[HEADS_MOST], layers[LAYERS_MOST];
        told_open(&told, json, options);
        size_t count = told.facts.layers * told.facts.heads;
        weigh(&told, CLOZE_IMPORTANCE_GRADIENT, heads, layers);
        told_compare(&told, "gradient", heads, count, bound);
        told_compare(&told, "gradient of layers", layers, told.facts.layers, bound);
        weigh(&told, CLOZE_IMPORTANCE_MASKING, heads, layers);
        told_compare(&told, "masking", heads, count, bound);
        told_compare(&told, "masking of layers", layers, told.facts.layers, bound);
        told_close(&told);
    }
    json_decref(root);
}

static void test_head_mask(void **state)
{
    (void)state;
    compare_all(&(open_options){ .threads = 2 }, 2e-5);
    compare_all(&(open_options){ .precision = CLOZE_PRECISION_F64 }, 1e-10);
}

static void test_same_bits(void **state)
{
    (void)state;
    json_t *root = told_load("heads.json");
    double first[HEADS_MOST], again[HEADS_MOST];
    for (unsigned threads = 1; threads <= 3; threads++)
        for (int way = 0; way < CLOZE_IMPORTANCES; way++) {
            told_case told;
            told_open(&told, json_array_get(json_object_get(root, "cases"), 1),
                      &(open_options){ .threads = threads, .batch_tokens = 40 * threads });
            weigh(&told, (cloze_importance)way, again, NULL);
            size_t half = HEADS_MOST / 2, count = told.facts.layers * told.facts.heads;
            assert_true(count <= half);
            if (threads == 1)
                memcpy(first + (size_t)way * half, again, count * sizeof *first);
            assert_memory_equal(first + (size_t)way * half, again, count * sizeof *first);
            told_close(&told);
        }
    json_decref(root);
}

static void test_refusals(void **state)
{
    (void)state;
    opened o;
    char path[2200];
    double heads[HEADS_MOST];
    cloze_error error = { 0 };
    cloze_explainer *explainer = NULL;
    cloze_text text = { "the cat", 7 }, none = { "", 0 };
    cloze_explain_options options = { .target = CLOZE_TARGET_BEST, .against = CLOZE_TARGET_BEST };
    open_model(&o, golden_path(path, sizeof path, "explain/fnet"), &(open_options){ .threads = 1 });
    assert_int_equal(cloze_explainer_new(&explainer, o.model, text, none, &options, &error),
                     CLOZE_OK);
    assert_int_equal(
        cloze_head_importance(explainer, CLOZE_IMPORTANCE_GRADIENT, heads, NULL, &error),
        CLOZE_ERROR_UNSUPPORTED);
    assert_non_null(strstr(error.message, "no attention"));
    cloze_explainer_free(explainer);
    close_model(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_head_mask),
        cmocka_unit_test(test_same_bits),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
