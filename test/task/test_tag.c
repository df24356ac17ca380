/*
 * test_tag.c - entities against transformers' token-classification pipeline: every strategy, words
 * by marks and by spaces, windows; alone and in company; and what is refused.
 */
#include "folder.h"
#include "scarce.h"

#include <cloze/tag.h>

#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *const folders[] = { "pieces", "bytes" };
enum { FOLDERS = sizeof folders / sizeof *folders };

static void path_of(char *path, size_t size, const char *name)
{
    char below[128];
    snprintf(below, sizeof below, "tag/%s", name);
    golden_path(path, size, below);
}

static json_t *open_cases(const char *folder)
{
    char path[2200];
    snprintf(path, sizeof path, "%s/golden.json", folder);
    json_t *root = json_load_file(path, JSON_ALLOW_NUL, NULL);
    assert_non_null(root);
    return root;
}

static cloze_text text_of(const json_t *value)
{
    assert_true(json_is_string(value));
    return (cloze_text){ json_string_value(value), json_string_length(value) };
}

static cloze_tag_options options_of(const json_t *wanted)
{
    static const char *const names[] = { "none", "simple", "first", "average", "max" };
    const char *strategy = json_string_value(json_object_get(wanted, "strategy"));
    size_t stride = (size_t)json_integer_value(json_object_get(wanted, "stride"));
    cloze_tag_options options = { .stride = stride,
                                  .long_text = stride ? CLOZE_LONG_CHUNK : CLOZE_LONG_TRUNCATE };
    while (strcmp(names[options.strategy], strategy))
        options.strategy++;
    return options;
}

/* [label, (index,) score, word, start, end] */
static double compare(const json_t *wanted, const cloze_entity *found, cloze_text text, bool tokens)
{
    size_t at = 0;
    cloze_token_offset place = { found->begin, found->end };
    assert_string_equal(json_string_value(json_array_get(wanted, at++)), found->label);
    if (tokens)
        assert_int_equal(json_integer_value(json_array_get(wanted, at++)), found->token);
    double score = json_number_value(json_array_get(wanted, at++));
    cloze_text word = text_of(json_array_get(wanted, at++));
    assert_int_equal(word.size, found->word.size);
    assert_memory_equal(word.data, found->word.data, word.size);
    cloze_offsets_to_code_points(text, &place, 1);
    assert_int_equal(json_integer_value(json_array_get(wanted, at)), place.begin);
    assert_int_equal(json_integer_value(json_array_get(wanted, at + 1)), place.end);
    return fabs(score - (double)found->score);
}

static double worst_of(const json_t *wanted, const cloze_entities *found, size_t number)
{
    cloze_text text = text_of(json_object_get(wanted, "input"));
    const json_t *entities = json_object_get(wanted, "entities");
    bool tokens = !strcmp(json_string_value(json_object_get(wanted, "strategy")), "none");
    double worst = 0;
    if (json_array_size(entities) != cloze_entities_count(found, number))
        fail_msg("\"%s\": %zu entities instead of %zu", text.data,
                 cloze_entities_count(found, number), json_array_size(entities));
    for (size_t i = 0; i < json_array_size(entities); i++) {
        cloze_entity entity = cloze_entities_get(found, number, i);
        double difference = compare(json_array_get(entities, i), &entity, text, tokens);
        worst = isnan(difference) ? INFINITY : fmax(worst, difference);
    }
    return worst;
}

static void hold(const open_options *open, double bound)
{
    size_t inputs = 0;
    for (size_t f = 0; f < FOLDERS; f++) {
        char path[2048];
        cloze_error error = { 0 };
        cloze_entities *entities = NULL;
        opened o;
        path_of(path, sizeof path, folders[f]);
        json_t *cases = open_cases(path);
        open_model(&o, path, open);
        assert_int_equal(cloze_entities_new(&entities, NULL, &error), 0);
        for (size_t i = 0; i < json_array_size(cases); i++) {
            const json_t *wanted = json_array_get(cases, i);
            cloze_text text = text_of(json_object_get(wanted, "input"));
            cloze_tag_options options = options_of(wanted);
            if (cloze_tag(o.session, &text, 1, &options, entities, NULL, NULL, &error))
                fail_msg("%s: %s", folders[f], error.message);
            double worst = worst_of(wanted, entities, 0);
            if (!(worst <= bound))
                fail_msg("%s, case %zu: %.3g, at most %.3g", folders[f], i, worst, bound);
            inputs++;
        }
        cloze_entities_free(entities);
        close_model(&o);
        json_decref(cases);
    }
    assert_true(inputs >= 200);
}

static void entities_equal_the_pipeline(void **state)
{
    (void)state;
    hold(&(open_options){ .threads = 2 }, 1e-5);
}

static void entities_equal_it_in_double(void **state)
{
    (void)state;
    hold(&(open_options){ .threads = 1, .precision = CLOZE_PRECISION_F64 }, 2e-7);
}

/* All texts of a strategy in one call, in small batches, on any threads. */
static void entities_are_the_same_alone_and_in_company(void **state)
{
    static const unsigned threads[] = { 1, 2, 5 };
    (void)state;
    for (size_t t = 0; t < 3 * FOLDERS; t++) {
        char path[2048];
        cloze_entities *one = NULL, *all = NULL;
        cloze_text texts[512];
        size_t count = 0;
        opened o;
        path_of(path, sizeof path, folders[t % FOLDERS]);
        json_t *cases = open_cases(path);
        open_model(&o, path, &(open_options){ .threads = threads[t / FOLDERS] });
        for (size_t i = 0; i < json_array_size(cases) && count < 512; i++)
            texts[count++] = text_of(json_object_get(json_array_get(cases, i), "input"));
        cloze_tag_options options = { .strategy = CLOZE_TAG_AVERAGE,
                                      .long_text = CLOZE_LONG_CHUNK };
        assert_int_equal(cloze_entities_new(&one, NULL, NULL), 0);
        assert_int_equal(cloze_entities_new(&all, NULL, NULL), 0);
        assert_int_equal(cloze_tag(o.session, texts, count, &options, all, NULL, NULL, NULL), 0);
        for (size_t i = 0; i < count; i++) {
            assert_int_equal(cloze_tag(o.session, &texts[i], 1, &options, one, NULL, NULL, NULL),
                             0);
            assert_int_equal(cloze_entities_count(one, 0), cloze_entities_count(all, i));
            for (size_t k = 0; k < cloze_entities_count(one, 0); k++) {
                cloze_entity a = cloze_entities_get(one, 0, k), b = cloze_entities_get(all, i, k);
                assert_true(a.label == b.label && a.begin == b.begin && a.end == b.end);
                assert_memory_equal(&a.score, &b.score, sizeof a.score);
            }
        }
        assert_int_equal(cloze_entities_count(all, count), 0);
        cloze_entities_free(one);
        cloze_entities_free(all);
        close_model(&o);
        json_decref(cases);
    }
}

static void labels_to_leave_out_and_the_limit_can_be_chosen(void **state)
{
    static const char *const people[] = { "PER" };
    char path[2048];
    cloze_text text = { "The cat sits outside", 20 };
    cloze_entities *entities = NULL;
    cloze_error error = { 0 };
    size_t truncated = 0;
    opened o;
    (void)state;
    path_of(path, sizeof path, "pieces");
    open_model(&o, path, &(open_options){ .threads = 1 });
    assert_int_equal(cloze_entities_new(&entities, NULL, NULL), 0);
    assert_int_equal(cloze_model_tags(o.model), 7);
    assert_string_equal(cloze_model_tag(o.model, 5), "B-x-y");
    assert_null(cloze_model_tag(o.model, 7));

    cloze_tag_options options = { .ignored = people };
    assert_int_equal(cloze_tag(o.session, &text, 1, &options, entities, NULL, NULL, NULL), 0);
    assert_int_equal(cloze_entities_count(entities, 0), 4);
    options =
        (cloze_tag_options){ .strategy = CLOZE_TAG_SIMPLE, .ignored = people, .ignored_count = 1 };
    assert_int_equal(cloze_tag(o.session, &text, 1, &options, entities, NULL, NULL, NULL), 0);
    for (size_t i = 0; i < cloze_entities_count(entities, 0); i++)
        assert_string_not_equal(cloze_entities_get(entities, 0, i).label, "PER");

    options = (cloze_tag_options){ .max_tokens = 4 };
    assert_int_equal(cloze_tag(o.session, &text, 1, &options, entities, &truncated, NULL, NULL), 0);
    assert_int_equal(truncated, 2);
    options.long_text = CLOZE_LONG_ERROR;
    assert_int_equal(cloze_tag(o.session, &text, 1, &options, entities, NULL, NULL, &error),
                     CLOZE_ERROR_TEXT);
    assert_non_null(strstr(error.message, "text 1 has 2 tokens more"));
    assert_int_equal(cloze_entities_count(entities, 0), 0);
    options.max_tokens = 1;
    assert_int_equal(cloze_tag(o.session, &text, 1, &options, entities, NULL, NULL, &error),
                     CLOZE_ERROR_ARGUMENT);
    options = (cloze_tag_options){ .long_text = CLOZE_LONG_CHUNK, .max_tokens = 2 };
    assert_int_equal(cloze_tag(o.session, &text, 1, &options, entities, NULL, NULL, &error),
                     CLOZE_ERROR_ARGUMENT);
    assert_non_null(strstr(error.message, "no room"));
    options = (cloze_tag_options){ .strategy = (cloze_tag_strategy)9 };
    assert_int_equal(cloze_tag(o.session, &text, 1, &options, entities, NULL, NULL, &error),
                     CLOZE_ERROR_ARGUMENT);
    options = (cloze_tag_options){ .long_text = CLOZE_LONG_CHUNK, .max_tokens = 4, .stride = 4 };
    assert_int_equal(cloze_tag(o.session, &text, 1, &options, entities, NULL, NULL, &error),
                     CLOZE_ERROR_ARGUMENT);
    cloze_entities_free(entities);
    close_model(&o);
}

static void what_cannot_be_tagged_is_refused(void **state)
{
    char path[2048];
    cloze_text texts[] = { { "the cat", 7 }, { "b\377d", 3 } };
    cloze_entities *entities = NULL;
    cloze_error error = { 0 };
    opened o;
    (void)state;
    assert_int_equal(cloze_entities_new(&entities, NULL, NULL), 0);
    golden_path(path, sizeof path, "classify/sentiment");
    open_model(&o, path, &(open_options){ .threads = 1 });
    assert_int_equal(cloze_model_tags(o.model), 0);
    assert_int_equal(cloze_tag(o.session, texts, 1, NULL, entities, NULL, NULL, &error),
                     CLOZE_ERROR_NOT_FOUND);
    assert_non_null(strstr(error.message, "no token classification head"));
    close_model(&o);
    path_of(path, sizeof path, "bytes");
    open_model(&o, path, &(open_options){ .threads = 1 });
    assert_int_equal(cloze_model_labels(o.model), 0);
    assert_int_equal(cloze_tag(o.session, texts, 2, NULL, entities, NULL, NULL, &error),
                     CLOZE_ERROR_TEXT);
    assert_non_null(strstr(error.message, "text 2"));
    assert_int_equal(cloze_tag(o.session, texts, 1, NULL, entities, NULL, NULL, &error), 0);
    cloze_entities_free(entities);
    close_model(&o);
}

static cloze_status tag_one(cloze_session *session, const cloze_hooks *hooks)
{
    cloze_text text = { "the cat sits outside the garden and a man is playing", 52 };
    cloze_tag_options options = { .strategy = CLOZE_TAG_FIRST,
                                  .max_tokens = 8,
                                  .long_text = CLOZE_LONG_CHUNK };
    cloze_entities *entities = NULL;
    cloze_status status = cloze_entities_new(&entities, hooks, NULL);
    if (!status)
        status = cloze_tag(session, &text, 1, &options, entities, NULL, NULL, NULL);
    cloze_entities_free(entities);
    return status;
}

static void every_failing_allocation_is_an_error_and_leaks_nothing(void **state)
{
    char path[2048];
    (void)state;
    path_of(path, sizeof path, "pieces");
    scarce_try_all(path, tag_one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entities_equal_the_pipeline),
        cmocka_unit_test(entities_equal_it_in_double),
        cmocka_unit_test(entities_are_the_same_alone_and_in_company),
        cmocka_unit_test(labels_to_leave_out_and_the_limit_can_be_chosen),
        cmocka_unit_test(what_cannot_be_tagged_is_refused),
        cmocka_unit_test(every_failing_allocation_is_an_error_and_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
