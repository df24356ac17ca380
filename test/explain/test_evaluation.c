/*
 * test_evaluation.c - methods side by side: what is summed up is what was measured, the same on any number of
 * threads; random weights, sensitivity, agreement.
 */
#include "folder.h"

#include "explain/faithful.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const double close_enough = 1e-9;

static cloze_text text_of(const char *text)
{
    return (cloze_text){ text, strlen(text) };
}

static void open_golden(opened *o, const char *name, unsigned threads)
{
    char path[2200], below[256];
    snprintf(below, sizeof below, "classify/%s", name);
    open_model(o, golden_path(path, sizeof path, below), &(open_options){ .threads = threads });
}

static cloze_explainer *explain(const opened *o, const char *text)
{
    cloze_explainer *explainer = NULL;
    cloze_error error = { 0 };
    if (cloze_explainer_new(&explainer, o->model, text_of(text), text_of(""), NULL, &error))
        fail_msg("%s", error.message);
    return explainer;
}

static void must(cloze_status status, const cloze_error *error)
{
    if (status)
        fail_msg("%s", error->message);
}

/* ---- evaluations ---- */

enum { METHODS = 2, TEXTS = 3, SEEDS = 4 };

static const char *const texts[TEXTS] = { "the cat sits outside", "a man is playing guitar",
                                          "a woman watches the new movie" };

static cloze_evaluation *evaluate(const opened *o, size_t count, cloze_randomization randomization)
{
    static const cloze_attribution_options methods[METHODS] = {
        { .method = CLOZE_METHOD_OCCLUSION }, { .method = CLOZE_METHOD_INPUT_X_GRADIENT }
    };
    const cloze_faith_options how = { .seeds = SEEDS,
                                      .resamples = 200,
                                      .randomization = randomization };
    cloze_evaluation *v = NULL;
    cloze_error error = { 0 };
    must(cloze_evaluation_new(&v, o->model, methods, METHODS, &how, &error), &error);
    for (size_t i = 0; i < count; i++) {
        cloze_explainer *x = explain(o, texts[i]);
        must(cloze_evaluation_add(v, x, &error), &error);
        cloze_explainer_free(x);
    }
    return v;
}

static cloze_faith_summary summary_of(const cloze_evaluation *v, size_t contender,
                                      cloze_faith_measure measure)
{
    cloze_faith_summary summary;
    cloze_error error = { 0 };
    must(cloze_evaluation_summary(v, contender, measure, &summary, &error), &error);
    return summary;
}

/* What is summed up is what cloze_faith_of says of every text. */
static void test_evaluation(void **state)
{
    (void)state;
    opened o;
    cloze_error error = { 0 };
    open_golden(&o, "rembert", 2);
    cloze_evaluation *v = evaluate(&o, TEXTS, CLOZE_RANDOMIZE_NOTHING);
    assert_int_equal(cloze_evaluation_texts(v), TEXTS);
    double mean = 0;
    for (size_t i = 0; i < TEXTS; i++) {
        double numbers[16];
        cloze_faith_result alone;
        const cloze_attribution_options occlusion = { .method = CLOZE_METHOD_OCCLUSION };
        cloze_explainer *x = explain(&o, texts[i]);
        must(cloze_attribute(x, &occlusion, numbers, NULL, NULL, NULL, &error), &error);
        must(cloze_faith_of(x, numbers, 1, NULL, &alone, &error), &error);
        const cloze_faith_result *kept = cloze_evaluation_result(v, 0, i);
        for (int k = 0; k < CLOZE_FAITH_SENSITIVITY; k++)
            assert_true(kept->measures[k] == alone.measures[k]);
        mean += alone.measures[CLOZE_FAITH_AOPC] / TEXTS;
        cloze_explainer_free(x);
    }
    cloze_faith_summary summary = summary_of(v, 0, CLOZE_FAITH_AOPC);
    assert_int_equal(summary.texts, TEXTS);
    assert_true(fabs(summary.mean - mean) < close_enough);
    assert_true(summary.low <= summary.mean && summary.mean <= summary.high);
    assert_true(summary.gain_low <= summary.gain && summary.gain <= summary.gain_high);
    cloze_faith_summary random = summary_of(v, METHODS, CLOZE_FAITH_AOPC);
    assert_true(fabs(summary.mean - random.mean - summary.gain) < close_enough);
    assert_true(cloze_evaluation_agreement(v, 0, 0).spearman > 1 - close_enough);
    assert_true(cloze_evaluation_agreement(v, 0, 0).kendall > 1 - close_enough);
    assert_true(cloze_evaluation_agreement(v, 0, 1).spearman ==
                cloze_evaluation_agreement(v, 1, 0).spearman);
    assert_null(cloze_evaluation_result(v, METHODS + 1, 0));
    assert_null(cloze_evaluation_result(v, 0, TEXTS));
    cloze_evaluation_free(v);

    /* One text: only what is drawn has an interval. */
    v = evaluate(&o, 1, CLOZE_RANDOMIZE_NOTHING);
    summary = summary_of(v, 0, CLOZE_FAITH_DELETION);
    random = summary_of(v, METHODS, CLOZE_FAITH_DELETION);
    assert_true(isnan(summary.low) && isfinite(summary.gain_low) && isfinite(random.low));
    assert_true(fabs(random.mean - summary.mean - summary.gain) < close_enough);
    cloze_evaluation_free(v);
    close_model(&o);
}

/* Texts do not depend on one another, on threads, nor on the batch. */
static void test_same_bits(void **state)
{
    (void)state;
    cloze_faith_summary first[CLOZE_FAITH_MEASURES];
    for (unsigned threads = 1; threads <= 3; threads++) {
        opened o;
        open_golden(&o, "topics", threads);
        cloze_evaluation *v = evaluate(&o, TEXTS, CLOZE_RANDOMIZE_ALL);
        for (int k = 0; k < CLOZE_FAITH_MEASURES; k++) {
            cloze_faith_summary summary = summary_of(v, 1, (cloze_faith_measure)k);
            if (threads == 1)
                first[k] = summary;
            bool known = k != CLOZE_FAITH_SENSITIVITY;
            assert_int_equal(summary.texts, known ? TEXTS : 0);
            assert_true(!known || summary.mean == first[k].mean);
        }
        cloze_evaluation_free(v);
        close_model(&o);
    }
}

/* What does not look at the model stays; what does changes when more of it is random. Also where layers
 * share their weights. */
static void test_randomized(void **state)
{
    static const char *const names[] = { "topics", "paraphrase", "sentiment", "inference" };
    (void)state;
    for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
        opened o;
        open_golden(&o, names[n], 2);
        cloze_evaluation *v = evaluate(&o, 1, CLOZE_RANDOMIZE_CASCADE);
        size_t stages = cloze_evaluation_stages(v);
        assert_int_equal(stages, cloze_model_describe(o.model).layers + 2);
        bool changed = false;
        for (size_t s = 0; s < stages; s++) {
            assert_true(cloze_evaluation_randomized(v, METHODS, s) > 1 - close_enough);
            for (size_t m = 0; m < METHODS; m++)
                changed |= cloze_evaluation_randomized(v, m, s) < 0.9;
        }
        assert_true(changed);
        cloze_faith_summary last = summary_of(v, 0, CLOZE_FAITH_RANDOMIZED);
        assert_true(last.mean == cloze_evaluation_randomized(v, 0, stages - 1));
        cloze_evaluation_free(v);

        v = evaluate(&o, 1, CLOZE_RANDOMIZE_ALL);
        assert_int_equal(cloze_evaluation_stages(v), 1);
        assert_true(cloze_evaluation_randomized(v, 0, 0) == last.mean);
        cloze_evaluation_free(v);
        close_model(&o);
    }
}

/* ---- agreement ---- */

/* scipy 1.17.1 of the same numbers, with ties: kendalltau, spearmanr. */
static void test_agreement(void **state)
{
    (void)state;
    const double x[] = { 0.3, -1, 2, 2, 0, 5 }, y[] = { 1, 0, 3, 1, -2, 0 }, flat[6] = { 0 };
    double spearman, kendall;
    cloze_error error = { 0 };
    must(cz_rank_correlations(x, y, 6, NULL, &spearman, &kendall, &error), &error);
    assert_true(fabs(kendall - 0.2964997266644405) < 1e-12);
    assert_true(fabs(spearman - 0.40302996796790913) < 1e-12);
    must(cz_rank_correlations(x, flat, 6, NULL, &spearman, &kendall, &error), &error);
    assert_true(isnan(kendall) && isnan(spearman));
}

/* Only where it was asked for; random numbers do not move. */
static void test_sensitivity(void **state)
{
    (void)state;
    static const cloze_attribution_options method = { .method = CLOZE_METHOD_SALIENCY };
    opened o;
    cloze_error error = { 0 };
    open_golden(&o, "topics", 2);
    cloze_explainer *x = explain(&o, texts[0]);
    for (int asked = 0; asked < 2; asked++) {
        const cloze_faith_options how = { .seeds = 2, .sensitivity = asked };
        cloze_evaluation *v = NULL;
        must(cloze_evaluation_new(&v, o.model, &method, 1, &how, &error), &error);
        must(cloze_evaluation_add(v, x, &error), &error);
        cloze_faith_summary moved = summary_of(v, 0, CLOZE_FAITH_SENSITIVITY);
        assert_int_equal(moved.texts, asked);
        assert_true(isnan(moved.gain));
        if (asked) {
            assert_true(moved.mean > 0);
            assert_true(summary_of(v, 1, CLOZE_FAITH_SENSITIVITY).mean < close_enough);
        }
        cloze_evaluation_free(v);
    }
    cloze_explainer_free(x);
    close_model(&o);
}

/* ---- refusals ---- */

/* A method that the model cannot give has no results; the others have. */
static void test_unsupported(void **state)
{
    (void)state;
    static const cloze_attribution_options methods[] = { { .method = CLOZE_METHOD_ATTENTION },
                                                         { .method = CLOZE_METHOD_OCCLUSION } };
    const cloze_faith_options how = { .seeds = SEEDS, .randomization = CLOZE_RANDOMIZE_ALL };
    char path[2200];
    opened o;
    cloze_error error = { 0 };
    cloze_evaluation *v = NULL;
    open_model(&o, golden_path(path, sizeof path, "explain/fnet"), &(open_options){ .threads = 2 });
    cloze_explainer *x = explain(&o, texts[0]);
    must(cloze_evaluation_new(&v, o.model, methods, 2, &how, &error), &error);
    must(cloze_evaluation_add(v, x, &error), &error);
    assert_null(cloze_evaluation_result(v, 0, 0));
    assert_int_equal(summary_of(v, 0, CLOZE_FAITH_AOPC).texts, 0);
    assert_true(isnan(summary_of(v, 0, CLOZE_FAITH_AOPC).mean));
    assert_int_equal(cloze_evaluation_agreement(v, 0, 1).texts, 0);
    assert_true(isnan(cloze_evaluation_randomized(v, 0, 0)));
    assert_non_null(cloze_evaluation_result(v, 1, 0));
    assert_int_equal(summary_of(v, 1, CLOZE_FAITH_AOPC).texts, 1);
    cloze_evaluation_free(v);
    cloze_explainer_free(x);
    close_model(&o);
}

static void test_refusals(void **state)
{
    (void)state;
    opened o, other;
    cloze_error error = { 0 };
    cloze_evaluation *v = NULL;
    open_golden(&o, "sentiment", 1);
    open_golden(&other, "topics", 1);
    cloze_explainer *x = explain(&o, texts[0]);
    must(cloze_evaluation_new(&v, other.model, NULL, 0, NULL, &error), &error);
    assert_int_equal(cloze_evaluation_add(v, x, &error), CLOZE_ERROR_ARGUMENT);
    assert_non_null(strstr(error.message, "another model"));
    assert_int_equal(cloze_evaluation_texts(v), 0);
    cloze_evaluation_free(v);
    const cloze_attribution_options none = { .method = CLOZE_METHODS };
    assert_int_equal(cloze_evaluation_new(&v, other.model, &none, 1, NULL, &error),
                     CLOZE_ERROR_ARGUMENT);
    cloze_explainer_free(x);
    close_model(&other);
    close_model(&o);
}

/* The best order of a long text is not looked for, so one text alone has the figure: that is no interval. */
static void test_one_of_several(void **state)
{
    (void)state;
    static const char long_text[] =
        "a b c d e f g h i j k l m n o p q r s t u v w x y z a b c d e f g h";
    const char *const both[] = { texts[0], long_text };
    const cloze_attribution_options method = { .method = CLOZE_METHOD_OCCLUSION };
    const cloze_faith_options how = { .seeds = SEEDS, .resamples = 200 };
    cloze_evaluation *v = NULL;
    cloze_error error = { 0 };
    opened o;
    open_golden(&o, "sentiment", 2);
    must(cloze_evaluation_new(&v, o.model, &method, 1, &how, &error), &error);
    for (size_t i = 0; i < 2; i++) {
        cloze_explainer *x = explain(&o, both[i]);
        assert_true((cloze_explainer_facts(x).units > CLOZE_FAITH_BEAM_UNITS) == (i == 1));
        must(cloze_evaluation_add(v, x, &error), &error);
        cloze_explainer_free(x);
    }
    for (size_t contender = 0; contender < 2; contender++) {
        cloze_faith_summary s = summary_of(v, contender, CLOZE_FAITH_NORMAL_COMPREHENSIVENESS);
        assert_int_equal(s.texts, 1);
        assert_true(isfinite(s.mean) && isnan(s.low) && isnan(s.high));
        assert_true(isnan(s.gain_low) && isnan(s.gain_high));
        s = summary_of(v, contender, CLOZE_FAITH_COMPREHENSIVENESS);
        assert_true(s.texts == 2 && s.low <= s.mean && s.mean <= s.high);
    }
    cloze_evaluation_free(v);
    close_model(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_evaluation),  cmocka_unit_test(test_same_bits),
        cmocka_unit_test(test_randomized),  cmocka_unit_test(test_agreement),
        cmocka_unit_test(test_sensitivity), cmocka_unit_test(test_unsupported),
        cmocka_unit_test(test_refusals),    cmocka_unit_test(test_one_of_several),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
