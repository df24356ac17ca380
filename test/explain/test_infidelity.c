/* test_infidelity.c - infidelity and sensitivity against captum in float64. */
#include "told.h"

#include "explain/explainer.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { UNITS_MOST = 64, MASKS_MOST = 32 };

static void must(cloze_status status, const cloze_error *error)
{
    if (status)
        fail_msg("%s", error->message);
}

static size_t lay_masks(const told_case *told, uint8_t *present, double *attribution)
{
    const json_t *masks = json_object_get(told->json, "masks");
    const json_t *numbers = json_object_get(told->json, "attribution");
    size_t units = told->facts.units, count = json_array_size(masks);
    assert_true(units == json_array_size(numbers) && units <= UNITS_MOST && count <= MASKS_MOST);
    for (size_t u = 0; u < units; u++)
        attribution[u] = json_number_value(json_array_get(numbers, u));
    for (size_t i = 0; i < count * units; i++)
        present[i] =
            json_integer_value(json_array_get(json_array_get(masks, i / units), i % units)) != 0;
    return count;
}

/* Values come out of the model as float32, whatever it computes in. */
static void check_infidelity(const told_case *told)
{
    uint8_t present[MASKS_MOST * UNITS_MOST];
    double attribution[UNITS_MOST], values[MASKS_MOST], errors[MASKS_MOST], found[2], mean = 0;
    cloze_error error = { 0 };
    size_t count = lay_masks(told, present, attribution), units = told->facts.units;
    must(
        cloze_explainer_values(told->explainer, present, count, told_absence(told), values, &error),
        &error);
    found[0] =
        cz_infidelity(attribution, present, values, count, units, told->facts.value, false, errors);
    for (size_t i = 0; i < count; i++)
        mean += errors[i] / (double)count;
    assert_true(fabs(mean - found[0]) <= 1e-12 * found[0]);
    found[1] =
        cz_infidelity(attribution, present, values, count, units, told->facts.value, true, NULL);
    told_compare(told, "infidelity", found, 2, 1e-5);
    double nothing[UNITS_MOST] = { 0 };
    assert_true(cz_infidelity(nothing, present, values, count, units, told->facts.value, true,
                              NULL) >= found[1]);
}

/* Occlusion begins from values that are float32, whatever computes. */
static void check_sensitivity(const json_t *root, const told_case *told, double bound)
{
    enum { OCCLUSION = 3 };
    static const char *const names[] = { "saliency", "input-x-gradient", "integrated-gradients",
                                         "occlusion" };
    cz_sensitivity_options how = { .samples = (size_t)told_number(root, "samples"),
                                   .radius = told_number(root, "radius"),
                                   .seed = (uint64_t)told_number(root, "seed") };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        double units[UNITS_MOST], found, wanted = told_number(told->json, names[i]);
        cloze_error error = { 0 };
        cloze_attribution_options method = { .method = cloze_explain_method_named(names[i]),
                                             .absence = told_absence(told),
                                             .bound = 1e9 };
        must(cloze_attribute(told->explainer, &method, units, NULL, NULL, NULL, &error), &error);
        must(cz_sensitivity(told->explainer, &method, units, &how, &found, &error), &error);
        double allowed = i == OCCLUSION && bound < 1e-5 ? 1e-5 : bound;
        if (!(fabs(found - wanted) <= allowed))
            fail_msg("%s, %s: %.12g instead of %.12g", told->model, names[i], found, wanted);
        /* The input is as it was. */
        double again[UNITS_MOST];
        must(cloze_attribute(told->explainer, &method, again, NULL, NULL, NULL, &error), &error);
        assert_memory_equal(units, again, told->facts.units * sizeof *units);
    }
}

static void compare_all(const open_options *options, double bound)
{
    json_t *root = told_load("infidelity.json");
    const json_t *json;
    size_t i;
    assert_true(json_array_size(json_object_get(root, "cases")) > 0);
    json_array_foreach(json_object_get(root, "cases"), i, json)
    {
        told_case told;
        told_open(&told, json, options);
        check_infidelity(&told);
        check_sensitivity(root, &told, bound);
        told_close(&told);
    }
    json_decref(root);
}

static void test_captum(void **state)
{
    (void)state;
    compare_all(&(open_options){ .threads = 2 }, 2e-5);
}

static void test_captum_exactly(void **state)
{
    (void)state;
    compare_all(&(open_options){ .precision = CLOZE_PRECISION_F64 }, 1e-9);
}

static void test_refusals(void **state)
{
    (void)state;
    json_t *root = told_load("infidelity.json");
    told_case told;
    double units[UNITS_MOST] = { 0 }, found;
    cloze_error error = { 0 };
    cloze_attribution_options method = { .method = CLOZE_METHOD_OCCLUSION,
                                         .absence = CLOZE_ABSENT_REMOVED };
    told_open(&told, json_array_get(json_object_get(root, "cases"), 0),
              &(open_options){ .threads = 1 });
    assert_int_equal(cz_sensitivity(told.explainer, &method, units, &(cz_sensitivity_options){ 0 },
                                    &found, &error),
                     CLOZE_ERROR_ARGUMENT);
    assert_non_null(strstr(error.message, "no place"));
    told_close(&told);
    json_decref(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_captum),
        cmocka_unit_test(test_captum_exactly),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
