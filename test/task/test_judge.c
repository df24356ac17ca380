/*
 * test_judge.c - labels nobody trained, choices and the order of texts against transformers; alone
 * and in company; and what is refused.
 */
#include "folder.h"
#include "scarce.h"

#include <cloze/choose.h>
#include <cloze/zero_shot.h>

#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ASKED_MOST = 8, CASES_MOST = 128 };

static cloze_text text_of(const json_t *value)
{
    assert_true(json_is_string(value));
    return (cloze_text){ json_string_value(value), json_string_length(value) };
}

static json_t *open_golden(opened *o, const char *name, const open_options *options)
{
    char folder[2048], path[2200];
    golden_path(folder, sizeof folder, name);
    snprintf(path, sizeof path, "%s/golden.json", folder);
    json_t *root = json_load_file(path, JSON_ALLOW_NUL, NULL);
    assert_non_null(root);
    open_model(o, folder, options);
    return root;
}

static size_t texts_of(const json_t *list, cloze_text *out)
{
    size_t count = json_array_size(list);
    assert_in_range(count, 1, ASKED_MOST);
    for (size_t i = 0; i < count; i++)
        out[i] = text_of(json_array_get(list, i));
    return count;
}

static void hold_scores(const char *name, size_t number, const json_t *wanted, const float *found,
                        double bound)
{
    for (size_t i = 0; i < json_array_size(wanted); i++) {
        double difference = fabs(json_number_value(json_array_get(wanted, i)) - (double)found[i]);
        if (!(difference <= bound))
            fail_msg("%s, case %zu: %.3g, at most %.3g", name, number, difference, bound);
    }
}

/* ---- zero-shot ---- */

static size_t hold_zero_shot(const char *name, const open_options *open, double bound)
{
    opened o;
    json_t *cases = open_golden(&o, name, open);
    size_t count = json_array_size(cases);
    for (size_t i = 0; i < count; i++) {
        const json_t *wanted = json_array_get(cases, i);
        cloze_text text = text_of(json_object_get(wanted, "input")), labels[ASKED_MOST];
        size_t asked = texts_of(json_object_get(wanted, "labels"), labels);
        cloze_zero_shot_options options = {
            .hypothesis = json_string_value(json_object_get(wanted, "hypothesis_template")),
            .several = json_is_true(json_object_get(wanted, "multi_label")),
        };
        float scores[ASKED_MOST];
        cloze_error error = { 0 };
        if (cloze_zero_shot(o.session, &text, 1, labels, asked, &options, scores, NULL, &error))
            fail_msg("%s: %s", name, error.message);
        hold_scores(name, i, json_object_get(wanted, "scores"), scores, bound);
    }
    close_model(&o);
    json_decref(cases);
    return count;
}

static void labels_nobody_trained_equal_the_pipeline(void **state)
{
    size_t inputs = 0;
    (void)state;
    inputs += hold_zero_shot("zero_shot/pieces", &(open_options){ .threads = 2 }, 1e-5);
    inputs += hold_zero_shot("zero_shot/bytes", &(open_options){ .threads = 1 }, 1e-5);
    assert_true(inputs >= 200);
    /* The pipeline narrows logits to float before it makes probabilities of them. */
    hold_zero_shot("zero_shot/pieces",
                   &(open_options){ .threads = 1, .precision = CLOZE_PRECISION_F64 }, 3e-7);
}

static void many_texts_and_labels_give_each_what_it_has_alone(void **state)
{
    enum { LABELS = 37 };
    cloze_text texts[CASES_MOST], labels[LABELS];
    char names[LABELS][8];
    size_t count = 0;
    opened o;
    (void)state;
    json_t *cases = open_golden(&o, "zero_shot/bytes", &(open_options){ .threads = 3 });
    for (; count < json_array_size(cases) && count < CASES_MOST; count++)
        texts[count] = text_of(json_object_get(json_array_get(cases, count), "input"));
    for (size_t i = 0; i < LABELS; i++) {
        snprintf(names[i], sizeof names[i], "l%zu", i);
        labels[i] = (cloze_text){ names[i], strlen(names[i]) };
    }
    float *all = calloc(count * LABELS, sizeof *all), one[LABELS];
    assert_int_equal(
        cloze_zero_shot(o.session, texts, count, labels, LABELS, NULL, all, NULL, NULL), 0);
    for (size_t i = 0; i < count; i += 9) {
        assert_int_equal(
            cloze_zero_shot(o.session, &texts[i], 1, labels, LABELS, NULL, one, NULL, NULL), 0);
        assert_memory_equal(one, all + i * LABELS, sizeof one);
    }
    free(all);
    close_model(&o);
    json_decref(cases);
}

static void what_cannot_be_judged_is_refused(void **state)
{
    char path[2048];
    cloze_text texts[] = { { "the cat", 7 }, { "the dog", 7 }, { "b\377d", 3 } };
    cloze_text labels[] = { { "a", 1 }, { "b", 1 } };
    cloze_zero_shot_options options = { .hypothesis = "nothing" };
    float scores[6];
    cloze_error error = { 0 };
    opened o;
    (void)state;
    golden_path(path, sizeof path, "classify/sentiment");
    open_model(&o, path, &(open_options){ .threads = 1 });
    assert_int_equal(cloze_zero_shot(o.session, texts, 1, labels, 2, NULL, scores, NULL, &error),
                     CLOZE_ERROR_NOT_FOUND);
    assert_non_null(strstr(error.message, "no label that begins with \"entail\""));
    options = (cloze_zero_shot_options){ .entailment = "POSITIVE" };
    assert_int_equal(
        cloze_zero_shot(o.session, texts, 1, labels, 2, &options, scores, NULL, &error), 0);
    options.entailment = "unknown";
    assert_int_equal(
        cloze_zero_shot(o.session, texts, 1, labels, 2, &options, scores, NULL, &error),
        CLOZE_ERROR_NOT_FOUND);
    assert_int_equal(
        cloze_choose(o.session, texts, 1, labels, (size_t[]){ 0, 2 }, NULL, scores, NULL, &error),
        CLOZE_ERROR_NOT_FOUND);
    assert_int_equal(cloze_follows(o.session, texts, texts, 1, NULL, scores, NULL, &error),
                     CLOZE_ERROR_NOT_FOUND);
    close_model(&o);
    golden_path(path, sizeof path, "zero_shot/pieces");
    open_model(&o, path, &(open_options){ .threads = 1 });
    options = (cloze_zero_shot_options){ .hypothesis = "nothing" };
    assert_int_equal(
        cloze_zero_shot(o.session, texts, 1, labels, 2, &options, scores, NULL, &error),
        CLOZE_ERROR_ARGUMENT);
    assert_int_equal(cloze_zero_shot(o.session, texts, 1, labels, 0, NULL, scores, NULL, &error),
                     CLOZE_ERROR_ARGUMENT);
    assert_int_equal(cloze_zero_shot(o.session, texts, 3, labels, 2, NULL, scores, NULL, &error),
                     CLOZE_ERROR_TEXT);
    assert_non_null(strstr(error.message, "text 3: "));
    close_model(&o);
    golden_path(path, sizeof path, "sentence/mean");
    open_model(&o, path, &(open_options){ .threads = 1 });
    assert_int_equal(cloze_zero_shot(o.session, texts, 1, labels, 2, NULL, scores, NULL, &error),
                     CLOZE_ERROR_NOT_FOUND);
    close_model(&o);
}

/* ---- choices and order ---- */

static void choices_equal_transformers(void **state)
{
    static const char *const names[] = { "choose/bert", "choose/roberta", "choose/albert" };
    size_t inputs = 0;
    (void)state;
    for (size_t f = 0; f < 3; f++) {
        cloze_text texts[CASES_MOST], choices[CASES_MOST * ASKED_MOST];
        size_t offsets[CASES_MOST + 1] = { 0 }, count = 0;
        float all[CASES_MOST * ASKED_MOST], one[ASKED_MOST];
        opened o;
        json_t *cases = open_golden(&o, names[f], &(open_options){ .threads = 2 });
        assert_true(cloze_model_chooses(o.model));
        for (; count < json_array_size(cases) && count < CASES_MOST; count++) {
            const json_t *wanted = json_array_get(cases, count);
            texts[count] = text_of(json_object_get(wanted, "input"));
            offsets[count + 1] = offsets[count] + texts_of(json_object_get(wanted, "choices"),
                                                           choices + offsets[count]);
        }
        assert_int_equal(
            cloze_choose(o.session, texts, count, choices, offsets, NULL, all, NULL, NULL), 0);
        for (size_t i = 0; i < count; i++) {
            size_t own[] = { 0, offsets[i + 1] - offsets[i] };
            hold_scores(names[f], i, json_object_get(json_array_get(cases, i), "scores"),
                        all + offsets[i], 1e-5);
            assert_int_equal(cloze_choose(o.session, &texts[i], 1, choices + offsets[i], own, NULL,
                                          one, NULL, NULL),
                             0);
            assert_memory_equal(one, all + offsets[i], own[1] * sizeof *one);
        }
        inputs += count;
        close_model(&o);
        json_decref(cases);
    }
    assert_true(inputs >= 200);
}

static void the_order_of_texts_equals_transformers(void **state)
{
    static const char *const names[] = { "order/next", "order/swapped" };
    size_t inputs = 0;
    (void)state;
    for (size_t f = 0; f < 2; f++) {
        cloze_text first[CASES_MOST], second[CASES_MOST];
        float all[CASES_MOST], one;
        size_t count = 0;
        opened o;
        json_t *cases = open_golden(&o, names[f], &(open_options){ .threads = 2 });
        assert_true(cloze_model_orders(o.model));
        for (; count < json_array_size(cases) && count < CASES_MOST; count++) {
            const json_t *input = json_object_get(json_array_get(cases, count), "input");
            first[count] = text_of(json_array_get(input, 0));
            second[count] = text_of(json_array_get(input, 1));
        }
        assert_int_equal(cloze_follows(o.session, first, second, count, NULL, all, NULL, NULL), 0);
        for (size_t i = 0; i < count; i++) {
            double score = json_number_value(json_object_get(json_array_get(cases, i), "score"));
            if (!(fabs(score - (double)all[i]) <= 1e-5))
                fail_msg("%s, case %zu: %g instead of %g", names[f], i, (double)all[i], score);
            assert_int_equal(
                cloze_follows(o.session, &first[i], &second[i], 1, NULL, &one, NULL, NULL), 0);
            assert_memory_equal(&one, &all[i], sizeof one);
        }
        inputs += count;
        close_model(&o);
        json_decref(cases);
    }
    assert_true(inputs >= 200);
}

/* ---- what was cut ---- */

/* However many labels and choices it is read with. */
static void a_text_that_is_cut_counts_once(void **state)
{
    char path[2048], words[200 * 4];
    for (size_t i = 0; i < sizeof words; i++)
        words[i] = "the "[i % 4];
    cloze_text texts[] = { { "the cat", 7 }, { words, sizeof words } };
    cloze_text given[] = { { "a", 1 }, { "b", 1 }, { "a", 1 }, { "b", 1 } };
    float scores[4];
    cloze_embed_report report;
    opened o;
    (void)state;
    golden_path(path, sizeof path, "zero_shot/pieces");
    open_model(&o, path, &(open_options){ .threads = 1 });
    assert_int_equal(cloze_zero_shot(o.session, texts, 2, given, 2, NULL, scores, &report, NULL),
                     0);
    assert_int_equal(report.texts, 2);
    assert_int_equal(report.truncated_texts, 1);
    close_model(&o);
    golden_path(path, sizeof path, "choose/bert");
    open_model(&o, path, &(open_options){ .threads = 1 });
    assert_int_equal(cloze_choose(o.session, texts, 2, given, (size_t[]){ 0, 2, 4 }, NULL, scores,
                                  &report, NULL),
                     0);
    assert_int_equal(report.texts, 2);
    assert_int_equal(report.truncated_texts, 1);
    close_model(&o);
}

/* ---- memory that runs out ---- */

static cloze_status judge_one(cloze_session *session, const cloze_hooks *hooks)
{
    cloze_text text = { "the cat sits", 12 }, labels[] = { { "a", 1 }, { "b", 1 } };
    float scores[2];
    (void)hooks;
    return cloze_zero_shot(session, &text, 1, labels, 2, NULL, scores, NULL, NULL);
}

static cloze_status choose_one(cloze_session *session, const cloze_hooks *hooks)
{
    cloze_text text = { "the cat sits", 12 }, choices[] = { { "a", 1 }, { "b", 1 } };
    size_t offsets[] = { 0, 2 };
    float scores[2];
    (void)hooks;
    return cloze_choose(session, &text, 1, choices, offsets, NULL, scores, NULL, NULL);
}

static cloze_status order_one(cloze_session *session, const cloze_hooks *hooks)
{
    cloze_text first = { "the cat sits", 12 }, second = { "a", 1 };
    float score;
    (void)hooks;
    return cloze_follows(session, &first, &second, 1, NULL, &score, NULL, NULL);
}

static void every_failing_allocation_is_an_error_and_leaks_nothing(void **state)
{
    char path[2048];
    (void)state;
    scarce_try_all(golden_path(path, sizeof path, "zero_shot/pieces"), judge_one);
    scarce_try_all(golden_path(path, sizeof path, "choose/bert"), choose_one);
    scarce_try_all(golden_path(path, sizeof path, "order/swapped"), order_one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(labels_nobody_trained_equal_the_pipeline),
        cmocka_unit_test(many_texts_and_labels_give_each_what_it_has_alone),
        cmocka_unit_test(what_cannot_be_judged_is_refused),
        cmocka_unit_test(choices_equal_transformers),
        cmocka_unit_test(the_order_of_texts_equals_transformers),
        cmocka_unit_test(a_text_that_is_cut_counts_once),
        cmocka_unit_test(every_failing_allocation_is_an_error_and_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
