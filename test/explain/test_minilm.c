/*
 * test_minilm.c - a classifier that was trained from the real all-MiniLM-L6-v2: gradients against captum and
 * Shapley's values against shap, both in float64. What it learned is a golden adapter, its base the checkpoint.
 */
#include "../temporary.h"
#include "told.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* Of the adapter, then of the checkpoint. */
static const char *const linked[] = { "adapter_model.safetensors", "config.json", "tokenizer.json",
                                      "tokenizer_config.json" };
enum { LINKED = 4, OF_ADAPTER = 2, PATH_SIZE = 4600 };

static char folder[TEMPORARY_SIZE];
static bool there;

/* The golden adapter names a model of the hub; the checkpoint may lie elsewhere. */
static void name_base(const char *base)
{
    char from[2200], to[PATH_SIZE];
    json_t *config = NULL;
    cloze_error error = { 0 };
    golden_path(from, sizeof from, "explain/minilm/adapter_config.json");
    if (cz_json_load(&config, from, 1 << 16, NULL, &error))
        fail_msg("%s", error.message);
    assert_int_equal(json_object_set_new(config, "base_model_name_or_path", json_string(base)), 0);
    snprintf(to, sizeof to, "%s/adapter_config.json", folder);
    assert_int_equal(json_dump_file(config, to, 0), 0);
    json_decref(config);
}

static int make_folder(void **state)
{
    char base[4096], adapter[2200], from[PATH_SIZE], to[PATH_SIZE];
    (void)state;
    there = real_model(base, sizeof base);
    if (!there) {
        printf("skipped: the real all-MiniLM-L6-v2 is not in the hub cache (make demo gets it)\n");
        return 0;
    }
    temporary_name(folder);
    assert_non_null(mkdtemp(folder));
    golden_path(adapter, sizeof adapter, "explain/minilm");
    for (int i = 0; i < LINKED; i++) {
        snprintf(from, sizeof from, "%s/%s", i < OF_ADAPTER ? adapter : base, linked[i]);
        snprintf(to, sizeof to, "%s/%s", folder, linked[i]);
        assert_int_equal(symlink(from, to), 0);
    }
    name_base(base);
    return 0;
}

static int remove_folder(void **state)
{
    char path[PATH_SIZE];
    (void)state;
    if (!there)
        return 0;
    for (int i = 0; i < LINKED; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, linked[i]);
        unlink(path);
    }
    snprintf(path, sizeof path, "%s/adapter_config.json", folder);
    unlink(path);
    return rmdir(folder);
}

typedef void case_check(const json_t *root, const json_t *json);

static void check_all(case_check *check)
{
    if (!there)
        skip(); /* the checkpoint has 91 MB and is nobody's to commit: make demo gets it, CI has it */
    json_t *root = told_load("minilm.json");
    const json_t *json;
    size_t i;
    assert_int_equal(json_array_size(json_object_get(root, "cases")), 3);
    json_array_foreach(json_object_get(root, "cases"), i, json) check(root, json);
    json_decref(root);
}

static void check_gradients(const json_t *root, const json_t *json)
{
    told_case told;
    told_open_at(&told, json, folder, &(open_options){ .threads = 2 });
    told_compare_gradients(&told, root, 2e-5);
    told_close(&told);
}

static void test_captum(void **state)
{
    (void)state;
    check_all(check_gradients);
}

/* Of words: exact values and those of the tree of neighbours, all of it. */
static void check_values(const json_t *root, const json_t *json)
{
    told_case told;
    const json_t *run, *wanted;
    size_t i, u;
    (void)root;
    told_open_words(&told, json, folder, &(open_options){ .threads = 2 });
    json_array_foreach(json_object_get(json, "shares"), i, run)
    {
        double units[TOLD_TOKENS_MOST];
        cloze_error error = { 0 };
        const char *name = json_string_value(json_object_get(run, "method"));
        cloze_attribution_options options = { .method = cloze_explain_method_named(name),
                                              .absence = CLOZE_ABSENT_MASK,
                                              .samples = (size_t)told_number(run, "samples") };
        assert_int_equal(json_array_size(json_object_get(run, "units")), told.facts.units);
        if (cloze_attribute(told.explainer, &options, units, NULL, NULL, NULL, &error))
            fail_msg("%s", error.message);
        json_array_foreach(json_object_get(run, "units"), u,
                           wanted) if (!(fabs(units[u] - json_number_value(wanted)) <=
                                         1e-5 * told_number(json, "range")))
            fail_msg("%s, unit %zu: %.9g", name, u, units[u]);
    }
    assert_int_equal(i, 2);
    told_close(&told);
}

static void test_shap(void **state)
{
    (void)state;
    check_all(check_values);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_captum),
                                        cmocka_unit_test(test_shap) };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
