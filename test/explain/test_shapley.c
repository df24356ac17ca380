/*
 * test_shapley.c - what Shapley's values promise: they add up, equal parts get equal values, a part that
 * does nothing gets 0; and the 95 % intervals of sampled methods hold the exact value about as often.
 */
#include "folder.h"

#include "explain/least_squares.h"

#include <cloze/explain.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { UNITS_MOST = 64 };

static cloze_explainer *explain(const opened *o, const char *text, cloze_explain_unit unit)
{
    cloze_explain_options options = { .unit = unit,
                                      .target = CLOZE_TARGET_BEST,
                                      .against = CLOZE_TARGET_BEST };
    cloze_explainer *explainer = NULL;
    cloze_error error = { 0 };
    if (cloze_explainer_new(&explainer, o->model, (cloze_text){ text, strlen(text) },
                            (cloze_text){ 0 }, &options, &error))
        fail_msg("%s", error.message);
    assert_in_range(cloze_explainer_facts(explainer).units, 1, UNITS_MOST);
    return explainer;
}

static cloze_attribution_report ask(cloze_explainer *explainer, cloze_explain_method method,
                                    size_t samples, uint64_t seed, double *units, double *spread)
{
    cloze_attribution_options options = {
        .method = method, .absence = CLOZE_ABSENT_MASK, .samples = samples, .seed = seed
    };
    cloze_attribution_report report = { 0 };
    cloze_error error = { 0 };
    if (cloze_attribute(explainer, &options, units, NULL, spread, &report, &error))
        fail_msg("%s: %s", cloze_explain_method_name(method), error.message);
    return report;
}

static void open_golden(opened *o, const char *name)
{
    char path[2200];
    open_model(o, golden_path(path, sizeof path, name), &(open_options){ .threads = 2 });
}

/* A word that is itself a mask changes nothing when it is masked. */
static void test_efficiency_and_dummy(void **state)
{
    (void)state;
    static const struct {
        cloze_explain_method method;
        size_t samples;
        bool exact;
    } ways[] = {
        { CLOZE_METHOD_SHAPLEY, 0, true },        { CLOZE_METHOD_SHAPLEY, 7, false },
        { CLOZE_METHOD_PARTITION_SHAP, 0, true }, { CLOZE_METHOD_PARTITION_SHAP, 9, false },
        { CLOZE_METHOD_KERNEL_SHAP, 0, true },    { CLOZE_METHOD_KERNEL_SHAP, 80, false }
    };
    opened o;
    open_golden(&o, "classify/topics");
    cloze_explainer *explainer = explain(&o, "the new [MASK] movie is so great", CLOZE_UNIT_TOKENS);
    cloze_explained facts = cloze_explainer_facts(explainer);
    assert_int_equal(facts.units, 7);
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        double units[UNITS_MOST], spread[UNITS_MOST], sum = 0;
        cloze_attribution_report report =
            ask(explainer, ways[i].method, ways[i].samples, 4, units, spread);
        for (size_t u = 0; u < facts.units; u++)
            sum += units[u];
        assert_true(fabs(facts.value - report.nothing - sum) < 1e-12);
        assert_true(fabs(report.gap) < 1e-12 && report.sum == sum);
        assert_true(report.exact == ways[i].exact);
        if (report.exact || ways[i].method == CLOZE_METHOD_SHAPLEY)
            assert_true(fabs(units[2]) < 1e-14 && fabs(units[1]) > 1e-4);
        assert_true(report.exact ? spread[1] == 0 : !(spread[1] <= 0));
    }
    cloze_explainer_free(explainer);
    close_model(&o);
}

/* One unit gets everything from every method that promises to add up. */
static void test_one_unit(void **state)
{
    (void)state;
    static const cloze_explain_method methods[] = { CLOZE_METHOD_SHAPLEY, CLOZE_METHOD_KERNEL_SHAP,
                                                    CLOZE_METHOD_PARTITION_SHAP };
    opened o;
    open_golden(&o, "classify/topics");
    cloze_explainer *explainer = explain(&o, "movie", CLOZE_UNIT_WORDS);
    double value = cloze_explainer_facts(explainer).value, unit, spread;
    for (size_t i = 0; i < 3; i++) {
        cloze_attribution_report report = ask(explainer, methods[i], 0, 0, &unit, &spread);
        assert_true(report.exact && spread == 0 && unit == value - report.nothing && unit != 0);
    }
    cloze_attribution_report report = ask(explainer, CLOZE_METHOD_LIME, 0, 0, &unit, &spread);
    assert_true(!report.exact && unit != 0 && report.runs == 1);
    cloze_explainer_free(explainer);
    close_model(&o);
}

/* ---- equal parts ---- */

/* A copy of a golden folder whose model does not know where a token stands; remove_unplaced. */
static const char *const linked[] = { "config.json", "tokenizer.json", "tokenizer_config.json" };
enum { LINKED = 3, TENSORS_MOST = 64 };

static void write_unplaced(const char *from, const char *to)
{
    cz_weights *weights = NULL;
    cz_tensor_to_store tensors[TENSORS_MOST];
    float zeros[4096] = { 0 };
    size_t changed = 0;
    assert_int_equal(cz_weights_open_file(&weights, from, NULL, NULL), CLOZE_OK);
    size_t count = cz_weights_count(weights);
    assert_in_range(count, 1, TENSORS_MOST);
    for (size_t i = 0; i < count; i++) {
        const cz_stored_tensor *stored = cz_weights_tensor(weights, i);
        tensors[i] = (cz_tensor_to_store){
            .name = stored->name, .type = stored->type, .rank = stored->rank, .data = stored->data
        };
        memcpy(tensors[i].shape, stored->shape, sizeof stored->shape);
        if (strstr(stored->name, "position_embeddings")) {
            assert_true(stored->size <= sizeof zeros);
            tensors[i].data = zeros;
            changed++;
        }
    }
    assert_int_equal(changed, 1);
    assert_int_equal(cz_safetensors_write(to, tensors, count, NULL), CLOZE_OK);
    cz_weights_close(weights);
}

static void make_unplaced(const char *name, char folder[TEMPORARY_SIZE])
{
    char from[2300], to[2300], below[200];
    link_golden(name, linked, LINKED, folder);
    snprintf(below, sizeof below, "%s/model.safetensors", name);
    snprintf(to, sizeof to, "%s/model.safetensors", folder);
    write_unplaced(golden_path(from, sizeof from, below), to);
}

static void remove_unplaced(const char *folder)
{
    remove_linked(folder, linked, LINKED, "model.safetensors");
}

/* Where places do not count, the same word twice is the same part twice. */
static void test_symmetry(void **state)
{
    (void)state;
    static const cloze_explain_method methods[] = {
        CLOZE_METHOD_SHAPLEY,  CLOZE_METHOD_KERNEL_SHAP,      CLOZE_METHOD_INTEGRATED_GRADIENTS,
        CLOZE_METHOD_SALIENCY, CLOZE_METHOD_INPUT_X_GRADIENT, CLOZE_METHOD_OCCLUSION
    };
    char folder[TEMPORARY_SIZE];
    opened o;
    make_unplaced("classify/topics", folder);
    open_model(&o, folder, &(open_options){ .threads = 2 });
    cloze_explainer *explainer =
        explain(&o, "great movie is so great in great garden", CLOZE_UNIT_WORDS);
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        double units[UNITS_MOST];
        cloze_attribution_report report = ask(explainer, methods[i], 0, 0, units, NULL);
        assert_true(report.exact || methods[i] == CLOZE_METHOD_INTEGRATED_GRADIENTS);
        assert_true(fabs(units[0] - units[4]) < 1e-6 && fabs(units[0] - units[6]) < 1e-6);
        assert_true(fabs(units[0] - units[1]) > 1e-4);
    }
    cloze_explainer_free(explainer);
    close_model(&o);
    remove_unplaced(folder);
}

/* ---- intervals ---- */

static const char *const texts[] = {
    "The new movie is so great I love it",      "A man is playing guitar and the cat sits outside",
    "Do you like pizza or pasta in the garden", "A woman watches TV and it is so sunny outside",
    "One two three cats in the garden",         "It is so sunny outside and the dog plays"
};

static void test_intervals(void **state)
{
    (void)state;
    static const struct {
        cloze_explain_method method;
        size_t samples;
    } ways[] = { { CLOZE_METHOD_SHAPLEY, 12 },
                 { CLOZE_METHOD_SHAPLEY, 40 },
                 { CLOZE_METHOD_KERNEL_SHAP, 120 } };
    static const char *const models[] = { "classify/topics", "classify/rembert" };
    enum { SEEDS = 5 };
    for (size_t way = 0; way < sizeof ways / sizeof *ways; way++) {
        size_t held = 0, all = 0;
        for (size_t m = 0; m < 2; m++) {
            opened o;
            open_golden(&o, models[m]);
            for (size_t t = 0; t < sizeof texts / sizeof *texts; t++) {
                cloze_explainer *explainer = explain(&o, texts[t], CLOZE_UNIT_WORDS);
                size_t count = cloze_explainer_facts(explainer).units;
                double exact[UNITS_MOST], units[UNITS_MOST], spread[UNITS_MOST];
                assert_true(ask(explainer, CLOZE_METHOD_SHAPLEY, 0, 0, exact, NULL).exact);
                for (uint64_t seed = 1; seed <= SEEDS; seed++) {
                    ask(explainer, ways[way].method, ways[way].samples, seed, units, spread);
                    for (size_t u = 0; u < count; u++, all++)
                        held += fabs(units[u] - exact[u]) <= spread[u];
                }
                cloze_explainer_free(explainer);
            }
            close_model(&o);
        }
        print_message("%s, %zu: %zu of %zu intervals hold the value\n",
                      cloze_explain_method_name(ways[way].method), ways[way].samples, held, all);
        assert_true(all >= 200);
        assert_true((double)held >= 0.90 * (double)all && (double)held <= 0.99 * (double)all);
    }
}

/* What LIME says on average over seeds is what its intervals are about. */
static void test_intervals_of_lime(void **state)
{
    (void)state;
    enum { SAMPLES = 300, MEAN_OF = 200, SEEDS = 8 };
    size_t held = 0, all = 0;
    opened o;
    open_golden(&o, "classify/rembert");
    for (size_t t = 0; t < 3; t++) {
        cloze_explainer *explainer = explain(&o, texts[t], CLOZE_UNIT_WORDS);
        size_t count = cloze_explainer_facts(explainer).units;
        double mean[UNITS_MOST] = { 0 }, units[UNITS_MOST], spread[UNITS_MOST];
        for (uint64_t seed = 0; seed < MEAN_OF; seed++) {
            ask(explainer, CLOZE_METHOD_LIME, SAMPLES, 1000 + seed, units, NULL);
            for (size_t u = 0; u < count; u++)
                mean[u] += units[u] / MEAN_OF;
        }
        for (uint64_t seed = 1; seed <= SEEDS; seed++) {
            ask(explainer, CLOZE_METHOD_LIME, SAMPLES, seed, units, spread);
            for (size_t u = 0; u < count; u++, all++)
                held += fabs(units[u] - mean[u]) <= spread[u];
        }
        cloze_explainer_free(explainer);
    }
    close_model(&o);
    print_message("lime, %d: %zu of %zu intervals hold the mean\n", SAMPLES, held, all);
    assert_true(all >= 200);
    assert_true((double)held >= 0.90 * (double)all && (double)held <= 0.99 * (double)all);
}

/* ---- small mathematics ---- */

/* Tables of Student's t, 97.5 %. */
static void test_student(void **state)
{
    (void)state;
    static const struct {
        size_t freedom;
        double reach;
    } known[] = { { 1, 12.706204736 }, { 2, 4.302652730 },      { 3, 3.182446305 },
                  { 10, 2.228138852 }, { 49, 2.009575237 },     { 100, 1.983971519 },
                  { 1999, 1.961152 },  { 1000000, 1.959963985 } };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        assert_true(fabs(cz_student(known[i].freedom) - known[i].reach) < 1e-6);
    assert_true(isnan(cz_student(0)));
}

static void test_factor(void **state)
{
    (void)state;
    /* L L^T of L = [2], [1 3], [-1 2 4]; x = 1, -2, 3 */
    double a[9] = { 4, 0, 0, 2, 10, 0, -2, 5, 21 }, x[3] = { -6, -3, 51 };
    static const double factor[9] = { 2, 0, 0, 1, 3, 0, -1, 2, 4 };
    assert_true(cz_factor(a, 3));
    for (size_t i = 0; i < 9; i++)
        assert_true(fabs(a[i] - factor[i]) < 1e-12);
    cz_factor_solve(a, 3, x);
    assert_true(fabs(x[0] - 1) < 1e-12 && fabs(x[1] + 2) < 1e-12 && fabs(x[2] - 3) < 1e-12);
    double singular[4] = { 1, 0, 2, 4 }, indefinite[4] = { 1, 0, 2, 3 };
    assert_false(cz_factor(singular, 2));
    assert_false(cz_factor(indefinite, 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_efficiency_and_dummy),
        cmocka_unit_test(test_one_unit),
        cmocka_unit_test(test_symmetry),
        cmocka_unit_test(test_intervals),
        cmocka_unit_test(test_intervals_of_lime),
        cmocka_unit_test(test_student),
        cmocka_unit_test(test_factor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
