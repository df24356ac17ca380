/*
 * test_classify.c - scores of labels against transformers' text-classification pipeline: one label,
 * several, regression, pairs, four families; alone and in company; and what is refused.
 */
#include "folder.h"
#include "scarce.h"

#include <cloze/classify.h>
#include <cloze/tag.h>

#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const char *const folders[] = {
    "sentiment", "topics",  "inference",     "paraphrase",           "similarity",    "one",
    "reviews",   "rembert", "megatron_bert", "roberta_prelayernorm", "xlm_roberta_xl"
};
enum { FOLDERS = sizeof folders / sizeof *folders, LABELS_MOST = 8 };

typedef struct cases {
    json_t *root;
    size_t count;
    cloze_text *texts, *pairs; /* pairs NULL: single texts */
} cases;

static cloze_text text_of(const json_t *value)
{
    assert_true(json_is_string(value));
    return (cloze_text){ json_string_value(value), json_string_length(value) };
}

static cases open_cases(const char *folder)
{
    char path[2200];
    cases c = { 0 };
    snprintf(path, sizeof path, "%s/golden.json", folder);
    c.root = json_load_file(path, JSON_ALLOW_NUL, NULL);
    assert_non_null(c.root);
    c.count = json_array_size(c.root);
    c.texts = calloc(c.count, sizeof *c.texts);
    c.pairs = calloc(c.count, sizeof *c.pairs);
    for (size_t i = 0; i < c.count; i++) {
        const json_t *input = json_object_get(json_array_get(c.root, i), "input");
        bool pair = json_is_array(input);
        c.texts[i] = text_of(pair ? json_array_get(input, 0) : input);
        if (pair)
            c.pairs[i] = text_of(json_array_get(input, 1));
    }
    if (!c.pairs[0].data) {
        free(c.pairs);
        c.pairs = NULL;
    }
    return c;
}

static void close_cases(cases *c)
{
    json_decref(c->root);
    free(c->texts);
    free(c->pairs);
}

/* The largest difference of a score; every label that the pipeline names is there. */
static double worst_of(const cases *c, const cloze_model *model, const float *scores)
{
    size_t labels = cloze_model_labels(model);
    double worst = 0;
    for (size_t i = 0; i < c->count; i++) {
        const json_t *wanted = json_object_get(json_array_get(c->root, i), "scores");
        assert_int_equal(json_object_size(wanted), labels);
        for (size_t k = 0; k < labels; k++) {
            const json_t *score = json_object_get(wanted, cloze_model_label(model, k));
            double difference = fabs(json_number_value(score) - (double)scores[i * labels + k]);
            assert_non_null(score);
            worst = isnan(difference) ? INFINITY : fmax(worst, difference);
        }
    }
    return worst;
}

static void path_of(char *path, size_t size, const char *name)
{
    char below[128];
    snprintf(below, sizeof below, "classify/%s", name);
    golden_path(path, size, below);
}

static void hold(const open_options *options, double bound)
{
    size_t inputs = 0;
    for (size_t f = 0; f < FOLDERS; f++) {
        char path[2048];
        cloze_error error = { 0 };
        cloze_embed_report report = { 0 };
        opened o;
        path_of(path, sizeof path, folders[f]);
        cases c = open_cases(path);
        open_model(&o, path, options);
        size_t labels = cloze_model_labels(o.model);
        assert_in_range(labels, 1, LABELS_MOST);
        float *scores = calloc(c.count * labels, sizeof *scores);
        if (cloze_classify(o.session, c.texts, c.pairs, c.count, NULL, scores, NULL, &report,
                           &error))
            fail_msg("%s: %s", folders[f], error.message);
        double worst = worst_of(&c, o.model, scores);
        if (!(worst <= bound))
            fail_msg("%s: %.3g, at most %.3g", folders[f], worst, bound);
        assert_int_equal(report.texts, c.count);
        assert_true(report.truncated_texts > 0 && report.truncated_tokens > 0);
        inputs += c.count;
        free(scores);
        close_model(&o);
        close_cases(&c);
    }
    assert_true(inputs >= 200);
}

static void scores_equal_the_pipeline(void **state)
{
    (void)state;
    hold(&(open_options){ .threads = 2 }, 1e-5);
}

static void scores_equal_it_when_packed_at_use(void **state)
{
    (void)state;
    hold(&(open_options){ .threads = 1, .packing = CLOZE_PACK_AT_USE }, 1e-5);
}

static void scores_equal_it_in_double(void **state)
{
    (void)state;
    hold(&(open_options){ .threads = 1, .precision = CLOZE_PRECISION_F64 }, 2e-7);
}

static void a_text_has_the_same_scores_alone_and_in_company(void **state)
{
    static const unsigned threads[] = { 1, 2, 3, 8 };
    (void)state;
    for (size_t f = 0; f < FOLDERS; f++) {
        char path[2048];
        float *all = NULL;
        size_t size = 0;
        path_of(path, sizeof path, folders[f]);
        cases c = open_cases(path);
        for (size_t t = 0; t < sizeof threads / sizeof *threads; t++) {
            opened o;
            open_model(&o, path, &(open_options){ .threads = threads[t] });
            size_t labels = cloze_model_labels(o.model);
            float *scores = calloc(c.count * labels, sizeof *scores), one[LABELS_MOST];
            assert_int_equal(cloze_classify(o.session, c.texts, c.pairs, c.count, NULL, scores,
                                            NULL, NULL, NULL),
                             0);
            for (size_t i = 0; i < c.count; i++) {
                assert_int_equal(cloze_classify(o.session, &c.texts[i],
                                                c.pairs ? &c.pairs[i] : NULL, 1, NULL, one, NULL,
                                                NULL, NULL),
                                 0);
                assert_memory_equal(one, scores + i * labels, labels * sizeof *one);
            }
            if (all) {
                assert_memory_equal(all, scores, size);
                free(scores);
            } else {
                all = scores;
                size = c.count * labels * sizeof *scores;
            }
            close_model(&o);
        }
        free(all);
        close_cases(&c);
    }
}

static void the_score_function_and_the_limit_can_be_chosen(void **state)
{
    char path[2048];
    cloze_text text = { "the cat sits outside the garden", 31 };
    float logits[2], scores[2];
    size_t truncated = 0;
    cloze_error error = { 0 };
    opened o;
    (void)state;
    path_of(path, sizeof path, "sentiment");
    open_model(&o, path, &(open_options){ .threads = 1 });
    cloze_classify_options options = { .function = CLOZE_SCORE_NONE };
    assert_int_equal(cloze_classify(o.session, &text, NULL, 1, &options, logits, NULL, NULL, NULL),
                     0);
    options.function = CLOZE_SCORE_SIGMOID;
    assert_int_equal(cloze_classify(o.session, &text, NULL, 1, &options, scores, NULL, NULL, NULL),
                     0);
    for (int i = 0; i < 2; i++)
        assert_true(fabs((double)scores[i] - 1 / (1 + exp(-(double)logits[i]))) < 1e-6);
    options = (cloze_classify_options){ .max_tokens = 5 };
    assert_int_equal(
        cloze_classify(o.session, &text, NULL, 1, &options, scores, &truncated, NULL, NULL), 0);
    assert_int_equal(truncated, 3);
    options.max_tokens = 1;
    assert_int_equal(
        cloze_classify(o.session, &text, NULL, 1, &options, scores, NULL, NULL, &error),
        CLOZE_ERROR_ARGUMENT);
    options = (cloze_classify_options){ .function = (cloze_score_function)9 };
    assert_int_equal(
        cloze_classify(o.session, &text, NULL, 1, &options, scores, NULL, NULL, &error),
        CLOZE_ERROR_ARGUMENT);
    assert_string_equal(cloze_model_label(o.model, 1), "POSITIVE");
    assert_null(cloze_model_label(o.model, 2));
    close_model(&o);
}

static void a_model_without_the_head_is_refused(void **state)
{
    char path[2048];
    cloze_text text = { "the cat", 7 };
    float score = 0;
    cloze_error error = { 0 };
    opened o;
    (void)state;
    golden_path(path, sizeof path, "sentence/mean");
    open_model(&o, path, &(open_options){ .threads = 1 });
    assert_int_equal(cloze_model_labels(o.model), 0);
    assert_int_equal(cloze_classify(o.session, &text, NULL, 1, NULL, &score, NULL, NULL, &error),
                     CLOZE_ERROR_NOT_FOUND);
    assert_non_null(strstr(error.message, "no classification head"));
    close_model(&o);
}

/* Neither more names than labels nor fewer: they are of another model. No names at all are well. */
static void labels_that_lie_are_refused(void **state)
{
    static const char *const folders_of_heads[] = { "classify/sentiment", "tag/pieces" };
    static const char *const names[] = { "model.safetensors", "tokenizer.json" };
    static const char *const maps[] = { "{\"0\": \"a\"}",
                                        "{\"0\": \"a\", \"1\": \"b\", \"2\": \"c\"}", "{}" };
    cloze_text text = { "the cat", 7 };
    (void)state;
    for (size_t i = 0; i < 6; i++) {
        char scratch[] = "/tmp/cloze-test-XXXXXX", from[2048], path[2300];
        float scores[2];
        cloze_entities *entities = NULL;
        cloze_error error = { 0 };
        cloze_status status;
        json_t *config;
        opened o;
        golden_path(from, sizeof from, folders_of_heads[i / 3]);
        assert_non_null(mkdtemp(scratch));
        for (size_t k = 0; k < 2; k++) {
            char target[2300];
            snprintf(target, sizeof target, "%s/%s", from, names[k]);
            snprintf(path, sizeof path, "%s/%s", scratch, names[k]);
            assert_int_equal(symlink(target, path), 0);
        }
        snprintf(path, sizeof path, "%s/config.json", from);
        assert_non_null(config = json_load_file(path, 0, NULL));
        json_object_set_new(config, "id2label", json_loads(maps[i % 3], 0, NULL));
        snprintf(path, sizeof path, "%s/config.json", scratch);
        assert_int_equal(json_dump_file(config, path, 0), 0);
        json_decref(config);
        open_model(&o, scratch, &(open_options){ .threads = 1 });
        assert_int_equal(cloze_entities_new(&entities, NULL, NULL), 0);
        status = i < 3 ? cloze_classify(o.session, &text, NULL, 1, NULL, scores, NULL, NULL, &error)
                       : cloze_tag(o.session, &text, 1, NULL, entities, NULL, NULL, &error);
        assert_int_equal(status, i % 3 == 2 ? CLOZE_OK : CLOZE_ERROR_FORMAT);
        if (status)
            assert_non_null(strstr(error.message, "id2label"));
        cloze_entities_free(entities);
        close_model(&o);
        unlink(path);
        for (size_t k = 0; k < 2; k++) {
            snprintf(path, sizeof path, "%s/%s", scratch, names[k]);
            unlink(path);
        }
        rmdir(scratch);
    }
}

static void a_text_that_is_not_utf8_is_named(void **state)
{
    char path[2048];
    cloze_text texts[] = { { "the cat", 7 }, { "b\377d", 3 } };
    float scores[4];
    cloze_error error = { 0 };
    opened o;
    (void)state;
    path_of(path, sizeof path, "sentiment");
    open_model(&o, path, &(open_options){ .threads = 1 });
    assert_int_equal(cloze_classify(o.session, texts, NULL, 2, NULL, scores, NULL, NULL, &error),
                     CLOZE_ERROR_TEXT);
    assert_non_null(strstr(error.message, "text 2"));
    assert_int_equal(cloze_classify(o.session, texts, NULL, 1, NULL, scores, NULL, NULL, &error),
                     0);
    close_model(&o);
}

static cloze_status classify_one(cloze_session *session, const cloze_hooks *hooks)
{
    cloze_text text = { "the cat sits", 12 };
    float scores[LABELS_MOST];
    (void)hooks;
    return cloze_classify(session, &text, NULL, 1, NULL, scores, NULL, NULL, NULL);
}

static void every_failing_allocation_is_an_error_and_leaks_nothing(void **state)
{
    char path[2048];
    (void)state;
    path_of(path, sizeof path, "topics");
    scarce_try_all(path, classify_one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scores_equal_the_pipeline),
        cmocka_unit_test(scores_equal_it_when_packed_at_use),
        cmocka_unit_test(scores_equal_it_in_double),
        cmocka_unit_test(a_text_has_the_same_scores_alone_and_in_company),
        cmocka_unit_test(the_score_function_and_the_limit_can_be_chosen),
        cmocka_unit_test(a_model_without_the_head_is_refused),
        cmocka_unit_test(labels_that_lie_are_refused),
        cmocka_unit_test(a_text_that_is_not_utf8_is_named),
        cmocka_unit_test(every_failing_allocation_is_an_error_and_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
