/*
 * test_fill.c - candidates for masks against transformers' fill-mask pipeline, and likelihoods of
 * texts against PyTorch masking token after token; alone and in company; what is refused.
 */
#include "folder.h"
#include "scarce.h"

#include <cloze/fill.h>

#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *const folders[] = { "pieces", "bytes", "small" };
enum { FOLDERS = sizeof folders / sizeof *folders, TARGETS_MOST = 8, CASES_MOST = 128 };

static void path_of(char *path, size_t size, const char *name)
{
    char below[128];
    snprintf(below, sizeof below, "fill/%s", name);
    golden_path(path, size, below);
}

static json_t *open_cases(const char *folder, const char *name)
{
    char path[2200];
    snprintf(path, sizeof path, "%s/%s.json", folder, name);
    json_t *root = json_load_file(path, JSON_ALLOW_NUL, NULL);
    assert_non_null(root);
    return root;
}

static cloze_text text_of(const json_t *value)
{
    assert_true(json_is_string(value));
    return (cloze_text){ json_string_value(value), json_string_length(value) };
}

static cloze_fill_options options_of(const json_t *wanted, const cloze_model *model,
                                     uint32_t *targets)
{
    const json_t *words = json_object_get(wanted, "targets");
    cloze_fill_options options = {
        .top = (size_t)json_integer_value(json_object_get(wanted, "top_k")),
        .targets = words ? targets : NULL,
        .target_count = json_array_size(words),
    };
    assert_in_range(options.target_count, 0, TARGETS_MOST);
    for (size_t i = 0; i < options.target_count; i++)
        assert_true(cloze_tokenizer_id(cloze_model_tokenizer(model),
                                       text_of(json_array_get(words, i)), &targets[i]));
    return options;
}

static void same_text(const json_t *wanted, char *found, size_t size, const cloze_model *model)
{
    cloze_text text = text_of(wanted);
    if (text.size != size || memcmp(text.data, found, size))
        fail_msg("\"%s\" instead of \"%s\"", found, text.data);
    cloze_tokenizer_release_text(cloze_model_tokenizer(model), found);
}

/* [score, token, token_str, sequence]; of equal candidates any may come first. */
static double compare(const json_t *list, const cloze_fillings *found, const cloze_model *model,
                      size_t mask, size_t rank)
{
    const json_t *wanted = json_array_get(list, rank);
    cloze_filling filling = cloze_fillings_get(found, 0, mask, rank);
    double score = json_number_value(json_array_get(wanted, 0));
    double next = json_number_value(json_array_get(json_array_get(list, rank + 1), 0));
    double last = json_number_value(json_array_get(json_array_get(list, rank - 1), 0));
    char *text;
    size_t size;
    if ((rank && last - score < 1e-6) || (rank + 1 < json_array_size(list) && score - next < 1e-6))
        return fabs(score - (double)filling.score);
    assert_int_equal(json_integer_value(json_array_get(wanted, 1)), filling.token);
    assert_int_equal(cloze_filling_text(model, filling.token, &text, &size, NULL), 0);
    same_text(json_array_get(wanted, 2), text, size, model);
    assert_int_equal(cloze_fillings_sequence(found, model, 0, mask, rank, &text, &size, NULL), 0);
    same_text(json_array_get(wanted, 3), text, size, model);
    return fabs(score - (double)filling.score);
}

static double worst_of(const json_t *wanted, const cloze_fillings *found, const cloze_model *model)
{
    const json_t *masks = json_object_get(wanted, "fillings");
    double worst = 0;
    assert_int_equal(json_array_size(masks), cloze_fillings_masks(found, 0));
    for (size_t mask = 0; mask < json_array_size(masks); mask++) {
        const json_t *list = json_array_get(masks, mask);
        assert_int_equal(json_array_size(list), cloze_fillings_count(found));
        for (size_t i = 0; i < json_array_size(list); i++)
            worst = fmax(worst, compare(list, found, model, mask, i));
    }
    return worst;
}

static void hold(const open_options *open, double bound)
{
    size_t inputs = 0;
    for (size_t f = 0; f < FOLDERS; f++) {
        char path[2048];
        cloze_error error = { 0 };
        cloze_fillings *fillings = NULL;
        uint32_t targets[TARGETS_MOST];
        opened o;
        path_of(path, sizeof path, folders[f]);
        json_t *cases = open_cases(path, "golden");
        open_model(&o, path, open);
        assert_true(cloze_model_fills(o.model));
        assert_int_equal(cloze_fillings_new(&fillings, NULL, &error), 0);
        for (size_t i = 0; i < json_array_size(cases); i++) {
            const json_t *wanted = json_array_get(cases, i);
            cloze_text text = text_of(json_object_get(wanted, "input"));
            cloze_fill_options options = options_of(wanted, o.model, targets);
            if (cloze_fill(o.session, &text, 1, &options, fillings, NULL, &error))
                fail_msg("%s: %s", folders[f], error.message);
            double worst = worst_of(wanted, fillings, o.model);
            if (!(worst <= bound))
                fail_msg("%s, case %zu: %.3g, at most %.3g", folders[f], i, worst, bound);
            inputs++;
        }
        cloze_fillings_free(fillings);
        close_model(&o);
        json_decref(cases);
    }
    assert_true(inputs >= 200);
}

static void candidates_equal_the_pipeline(void **state)
{
    (void)state;
    hold(&(open_options){ .threads = 2 }, 1e-5);
}

static void candidates_equal_it_in_double(void **state)
{
    (void)state;
    /* States of masks are handed to the head in float, whatever the model computes in. */
    hold(&(open_options){ .threads = 1, .precision = CLOZE_PRECISION_F64 }, 5e-7);
}

static void candidates_are_the_same_alone_and_in_company(void **state)
{
    static const unsigned threads[] = { 1, 2, 5 };
    (void)state;
    for (size_t t = 0; t < 3 * FOLDERS; t++) {
        char path[2048];
        cloze_fillings *one = NULL, *all = NULL;
        cloze_text texts[CASES_MOST];
        size_t count = 0;
        opened o;
        path_of(path, sizeof path, folders[t % FOLDERS]);
        json_t *cases = open_cases(path, "golden");
        open_model(&o, path, &(open_options){ .threads = threads[t / FOLDERS] });
        for (; count < json_array_size(cases) && count < CASES_MOST; count++)
            texts[count] = text_of(json_object_get(json_array_get(cases, count), "input"));
        assert_int_equal(cloze_fillings_new(&one, NULL, NULL), 0);
        assert_int_equal(cloze_fillings_new(&all, NULL, NULL), 0);
        assert_int_equal(cloze_fill(o.session, texts, count, NULL, all, NULL, NULL), 0);
        for (size_t i = 0; i < count; i++) {
            assert_int_equal(cloze_fill(o.session, &texts[i], 1, NULL, one, NULL, NULL), 0);
            assert_int_equal(cloze_fillings_masks(one, 0), cloze_fillings_masks(all, i));
            for (size_t m = 0; m < cloze_fillings_masks(one, 0); m++)
                for (size_t k = 0; k < cloze_fillings_count(one); k++) {
                    cloze_filling a = cloze_fillings_get(one, 0, m, k);
                    cloze_filling b = cloze_fillings_get(all, i, m, k);
                    assert_memory_equal(&a, &b, sizeof a);
                }
        }
        cloze_fillings_free(one);
        cloze_fillings_free(all);
        close_model(&o);
        json_decref(cases);
    }
}

static void hold_likelihoods(const open_options *open, double bound)
{
    size_t inputs = 0;
    for (size_t f = 0; f < FOLDERS; f++) {
        char path[2048];
        cloze_text texts[CASES_MOST];
        cloze_likelihood found[CASES_MOST], alone;
        size_t count = 0;
        opened o;
        path_of(path, sizeof path, folders[f]);
        json_t *cases = open_cases(path, "likelihood");
        open_model(&o, path, open);
        for (; count < json_array_size(cases) && count < CASES_MOST; count++)
            texts[count] = text_of(json_object_get(json_array_get(cases, count), "input"));
        for (int whole = 0; whole < 2; whole++) {
            cloze_likelihood_options options = { .whole_words = whole };
            assert_int_equal(
                cloze_likelihoods(o.session, texts, count, &options, found, NULL, NULL), 0);
            for (size_t i = 0; i < count; i++) {
                const json_t *wanted =
                    json_object_get(json_array_get(cases, i), whole ? "whole_words" : "plain");
                double sum = json_number_value(json_array_get(wanted, 0));
                double difference = fabs(sum - found[i].sum);
                if (!(difference <= bound * fmax(1, fabs(sum))))
                    fail_msg("%s, case %zu: %g instead of %g", folders[f], i, found[i].sum, sum);
                assert_int_equal(json_integer_value(json_array_get(wanted, 1)), found[i].tokens);
                assert_int_equal(
                    cloze_likelihoods(o.session, &texts[i], 1, &options, &alone, NULL, NULL), 0);
                assert_memory_equal(&alone.sum, &found[i].sum, sizeof alone.sum);
            }
        }
        inputs += count;
        close_model(&o);
        json_decref(cases);
    }
    assert_true(inputs >= 200);
}

static void likelihoods_equal_masking_token_after_token(void **state)
{
    (void)state;
    hold_likelihoods(&(open_options){ .threads = 2 }, 1e-5);
    hold_likelihoods(&(open_options){ .threads = 1, .precision = CLOZE_PRECISION_F64 }, 2e-7);
}

static void what_cannot_be_filled_is_refused(void **state)
{
    static const uint32_t target = 100000;
    char path[2048], words[1024] = "[MASK]";
    cloze_text texts[] = { { "the [MASK]", 10 }, { "the cat", 7 } };
    cloze_fillings *fillings = NULL;
    cloze_likelihood likelihood;
    cloze_error error = { 0 };
    opened o;
    (void)state;
    assert_int_equal(cloze_fillings_new(&fillings, NULL, NULL), 0);
    golden_path(path, sizeof path, "tag/pieces");
    open_model(&o, path, &(open_options){ .threads = 1 });
    assert_false(cloze_model_fills(o.model));
    assert_int_equal(cloze_fill(o.session, texts, 1, NULL, fillings, NULL, &error),
                     CLOZE_ERROR_NOT_FOUND);
    assert_int_equal(cloze_likelihoods(o.session, texts, 1, NULL, &likelihood, NULL, &error),
                     CLOZE_ERROR_NOT_FOUND);
    assert_non_null(strstr(error.message, "no masked language modelling head"));
    close_model(&o);
    path_of(path, sizeof path, "pieces");
    open_model(&o, path, &(open_options){ .threads = 1 });
    assert_int_equal(cloze_fill(o.session, texts, 2, NULL, fillings, NULL, &error),
                     CLOZE_ERROR_TEXT);
    assert_non_null(strstr(error.message, "text 2 has no mask; the mask of this model is [MASK]"));
    assert_int_equal(cloze_fillings_masks(fillings, 0), 0);
    for (int i = 0; i < 80; i++)
        strcat(words, " the");
    texts[1] = (cloze_text){ words, strlen(words) };
    assert_int_equal(cloze_fill(o.session, texts, 2, NULL, fillings, NULL, &error),
                     CLOZE_ERROR_TEXT);
    assert_non_null(strstr(error.message, "text 2 has 83 tokens"));
    assert_int_equal(cloze_likelihoods(o.session, texts, 2, NULL, &likelihood, NULL, &error),
                     CLOZE_ERROR_TEXT);
    texts[1] = (cloze_text){ "b\377d", 3 };
    assert_int_equal(cloze_fill(o.session, texts, 2, NULL, fillings, NULL, &error),
                     CLOZE_ERROR_TEXT);
    cloze_fill_options options = { .targets = &target, .target_count = 1 };
    assert_int_equal(cloze_fill(o.session, texts, 1, &options, fillings, NULL, &error),
                     CLOZE_ERROR_ARGUMENT);
    options.target_count = 0;
    assert_int_equal(cloze_fill(o.session, texts, 1, &options, fillings, NULL, &error),
                     CLOZE_ERROR_ARGUMENT);
    options = (cloze_fill_options){ .top = SIZE_MAX };
    assert_int_equal(cloze_fill(o.session, texts, 1, &options, fillings, NULL, &error), 0);
    assert_int_equal(cloze_fillings_count(fillings), cloze_model_describe(o.model).vocabulary);
    cloze_fillings_free(fillings);
    close_model(&o);
}

static cloze_status fill_one(cloze_session *session, const cloze_hooks *hooks)
{
    cloze_text text = { "the [MASK] sits [MASK] the garden", 33 };
    cloze_fillings *fillings = NULL;
    cloze_likelihood likelihood;
    cloze_status status = cloze_fillings_new(&fillings, hooks, NULL);
    if (!status)
        status = cloze_fill(session, &text, 1, NULL, fillings, NULL, NULL);
    if (!status)
        status = cloze_likelihoods(session, &text, 1, NULL, &likelihood, NULL, NULL);
    cloze_fillings_free(fillings);
    return status;
}

static void every_failing_allocation_is_an_error_and_leaks_nothing(void **state)
{
    char path[2048];
    (void)state;
    path_of(path, sizeof path, "pieces");
    scarce_try_all(path, fill_one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(candidates_equal_the_pipeline),
        cmocka_unit_test(candidates_equal_it_in_double),
        cmocka_unit_test(candidates_are_the_same_alone_and_in_company),
        cmocka_unit_test(likelihoods_equal_masking_token_after_token),
        cmocka_unit_test(what_cannot_be_filled_is_refused),
        cmocka_unit_test(every_failing_allocation_is_an_error_and_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
