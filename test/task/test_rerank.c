/*
 * test_rerank.c - the order and scores of passages against sentence-transformers' CrossEncoder.rank,
 * with the folder's activation and without, and what is refused.
 */
#include "folder.h"
#include "scarce.h"

#include <cloze/rerank.h>

#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { PASSAGES_MOST = 16 };

static cloze_text text_of(const json_t *value)
{
    assert_true(json_is_string(value));
    return (cloze_text){ json_string_value(value), json_string_length(value) };
}

static void open_classifier(opened *o, const char *name, unsigned threads)
{
    char below[128], path[2048];
    snprintf(below, sizeof below, "classify/%s", name);
    open_model(o, golden_path(path, sizeof path, below), &(open_options){ .threads = threads });
}

/* Passages whose scores are nearer than that to a neighbour's may change places. */
static void compare_ranking(const json_t *wanted, const cloze_ranking *ranking, size_t count)
{
    const json_t *order = json_object_get(wanted, "order"),
                 *scores = json_object_get(wanted, "scores");
    bool seen[PASSAGES_MOST] = { false };
    assert_int_equal(json_array_size(order), count);
    for (size_t i = 0; i < count; i++) {
        double score = json_number_value(json_array_get(scores, i));
        double before = i ? json_number_value(json_array_get(scores, i - 1)) : INFINITY;
        double after = i + 1 < count ? json_number_value(json_array_get(scores, i + 1)) : -INFINITY;
        double bound = 1e-5 * fmax(1, fabs(score));
        assert_true(fabs(score - (double)ranking[i].score) <= bound);
        if (before - score > 1e-4 && score - after > 1e-4)
            assert_int_equal(ranking[i].passage, json_integer_value(json_array_get(order, i)));
        assert_in_range(ranking[i].passage, 0, count - 1);
        assert_false(seen[ranking[i].passage]);
        seen[ranking[i].passage] = true;
    }
}

static void order_and_scores_equal_the_cross_encoder(void **state)
{
    char path[2048];
    size_t compared = 0, i;
    json_t *wanted;
    (void)state;
    json_t *root =
        json_load_file(golden_path(path, sizeof path, "rerank/golden.json"), JSON_ALLOW_NUL, NULL);
    assert_non_null(root);
    json_array_foreach(root, i, wanted)
    {
        const json_t *list = json_object_get(wanted, "passages");
        size_t count = json_array_size(list);
        cloze_text passages[PASSAGES_MOST];
        cloze_ranking ranking[PASSAGES_MOST];
        cloze_error error = { 0 };
        cloze_embed_report report = { 0 };
        bool plain = json_is_true(json_object_get(wanted, "plain"));
        cloze_rerank_options options = { plain ? CLOZE_SCORE_NONE : CLOZE_SCORE_DEFAULT, 0 };
        opened o;
        assert_in_range(count, 1, PASSAGES_MOST);
        for (size_t k = 0; k < count; k++)
            passages[k] = text_of(json_array_get(list, k));
        open_classifier(&o, json_string_value(json_object_get(wanted, "folder")), 2);
        if (cloze_rerank(o.session, text_of(json_object_get(wanted, "query")), passages, count,
                         &options, ranking, &report, &error))
            fail_msg("%s", error.message);
        compare_ranking(wanted, ranking, count);
        assert_int_equal(report.texts, count);
        close_model(&o);
        compared += count;
    }
    assert_true(compared >= 200);
    json_decref(root);
}

static void equals_keep_the_order_of_the_call(void **state)
{
    cloze_text query = { "the cat", 7 },
               passages[] = { { "pizza", 5 }, { " pizza ", 7 }, { "pizza", 5 } };
    cloze_ranking ranking[3];
    opened o;
    (void)state;
    open_classifier(&o, "one", 1);
    assert_int_equal(cloze_rerank(o.session, query, passages, 3, NULL, ranking, NULL, NULL), 0);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(ranking[i].passage, i);
    assert_true(ranking[0].score == ranking[1].score && ranking[1].score == ranking[2].score);
    assert_int_equal(cloze_rerank(o.session, query, passages, 0, NULL, ranking, NULL, NULL), 0);
    close_model(&o);
}

static void what_is_not_a_cross_encoder_or_not_text_is_refused(void **state)
{
    cloze_text query = { "the cat", 7 }, passages[] = { { "pizza", 5 }, { "b\377d", 3 } };
    cloze_ranking ranking[2];
    cloze_error error = { 0 };
    opened o;
    char path[2048];
    (void)state;
    open_classifier(&o, "inference", 1);
    assert_int_equal(cloze_rerank(o.session, query, passages, 1, NULL, ranking, NULL, &error),
                     CLOZE_ERROR_UNSUPPORTED);
    assert_non_null(strstr(error.message, "3 labels"));
    close_model(&o);
    open_model(&o, golden_path(path, sizeof path, "sentence/mean"),
               &(open_options){ .threads = 1 });
    assert_int_equal(cloze_rerank(o.session, query, passages, 1, NULL, ranking, NULL, &error),
                     CLOZE_ERROR_NOT_FOUND);
    close_model(&o);
    open_classifier(&o, "one", 1);
    assert_int_equal(cloze_rerank(o.session, query, passages, 2, NULL, ranking, NULL, &error),
                     CLOZE_ERROR_TEXT);
    assert_non_null(strstr(error.message, "passage 2"));
    assert_int_equal(cloze_rerank(o.session, passages[1], passages, 1, NULL, ranking, NULL, &error),
                     CLOZE_ERROR_TEXT);
    assert_non_null(strstr(error.message, "the query"));
    close_model(&o);
}

/* The folder "one" with a config.json that names an activation. */
static cloze_status score_with(const char *key, json_t *value, float *score)
{
    static const char *const files[] = { "model.safetensors", "tokenizer.json",
                                         "tokenizer_config.json" };
    char folder[] = "/tmp/cloze-rerank-XXXXXX", from[2048], to[256], name[128];
    cloze_text query = { "the cat", 7 }, passage = { "pizza", 5 };
    cloze_ranking ranking = { 0, 0 };
    opened o;
    assert_non_null(mkdtemp(folder));
    for (size_t i = 0; i < 3; i++) {
        snprintf(name, sizeof name, "classify/one/%s", files[i]);
        snprintf(to, sizeof to, "%s/%s", folder, files[i]);
        assert_int_equal(symlink(golden_path(from, sizeof from, name), to), 0);
    }
    json_t *config =
        json_load_file(golden_path(from, sizeof from, "classify/one/config.json"), 0, NULL);
    json_object_set_new(config, key, value);
    snprintf(to, sizeof to, "%s/config.json", folder);
    assert_int_equal(json_dump_file(config, to, 0), 0);
    json_decref(config);
    open_model(&o, folder, &(open_options){ .threads = 1 });
    cloze_status status = cloze_rerank(o.session, query, &passage, 1, NULL, &ranking, NULL, NULL);
    *score = ranking.score;
    close_model(&o);
    unlink(to);
    for (size_t i = 0; i < 3; i++) {
        snprintf(to, sizeof to, "%s/%s", folder, files[i]);
        unlink(to);
    }
    rmdir(folder);
    return status;
}

static void the_activation_that_the_folder_names_is_used(void **state)
{
    static const char old[] = "sbert_ce_default_activation_function";
    float sigmoid, logit, same;
    (void)state;
    assert_int_equal(score_with(old, json_string("torch.nn.modules.activation.Sigmoid"), &sigmoid),
                     0);
    assert_int_equal(score_with(old, json_string("torch.nn.modules.linear.Identity"), &logit), 0);
    assert_true(fabs((double)sigmoid - 1 / (1 + exp(-(double)logit))) < 1e-6);
    assert_int_equal(
        score_with("sentence_transformers",
                   json_pack("{ss}", "activation_fn", "torch.nn.modules.linear.Identity"), &same),
        0);
    assert_true(same == logit && logit != sigmoid);
    assert_int_equal(score_with(old, json_string("torch.nn.modules.activation.Tanh"), &same),
                     CLOZE_ERROR_UNSUPPORTED);
}

static void the_company_of_a_passage_and_the_threads_do_not_matter(void **state)
{
    enum { COUNT = 30 };
    static const char words[] = "the cat sits outside a dog plays in the garden pizza pasta";
    cloze_text query = { "the cat", 7 }, passages[COUNT];
    cloze_ranking one, all[COUNT];
    float scores[COUNT];
    opened o;
    (void)state;
    for (size_t i = 0; i < COUNT; i++)
        passages[i] = (cloze_text){ words + i, (i * 13) % (sizeof words - 1 - i) };
    open_classifier(&o, "one", 1);
    for (size_t i = 0; i < COUNT; i++) {
        assert_int_equal(cloze_rerank(o.session, query, &passages[i], 1, NULL, &one, NULL, NULL),
                         0);
        scores[i] = one.score;
    }
    close_model(&o);
    for (unsigned threads = 1; threads <= 8; threads += threads == 3 ? 5 : 1) {
        open_classifier(&o, "one", threads);
        assert_int_equal(cloze_rerank(o.session, query, passages, COUNT, NULL, all, NULL, NULL), 0);
        for (size_t i = 0; i < COUNT; i++)
            assert_memory_equal(&all[i].score, &scores[all[i].passage], sizeof(float));
        close_model(&o);
    }
}

static cloze_status rerank_two(cloze_session *session, const cloze_hooks *hooks)
{
    cloze_text query = { "the cat", 7 }, passages[] = { { "pizza", 5 }, { "the dog sits", 12 } };
    cloze_ranking ranking[2];
    (void)hooks;
    return cloze_rerank(session, query, passages, 2, NULL, ranking, NULL, NULL);
}

static void every_failing_allocation_is_an_error_and_leaks_nothing(void **state)
{
    char path[2048];
    (void)state;
    scarce_try_all(golden_path(path, sizeof path, "classify/one"), rerank_two);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_and_scores_equal_the_cross_encoder),
        cmocka_unit_test(the_activation_that_the_folder_names_is_used),
        cmocka_unit_test(equals_keep_the_order_of_the_call),
        cmocka_unit_test(what_is_not_a_cross_encoder_or_not_text_is_refused),
        cmocka_unit_test(the_company_of_a_passage_and_the_threads_do_not_matter),
        cmocka_unit_test(every_failing_allocation_is_an_error_and_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
