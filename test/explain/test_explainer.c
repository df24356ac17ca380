/*
 * test_explainer.c - inputs as units, what is explained when nobody says what, values of masks in every
 * way of being absent, and what is refused.
 */
#include "folder.h"

#include "base/json.h"

#include <cloze/answer.h>
#include <cloze/classify.h>
#include <cloze/explain.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const cloze_explain_options usual = { .target = CLOZE_TARGET_BEST,
                                             .against = CLOZE_TARGET_BEST };

static cloze_text text_of(const char *text)
{
    return (cloze_text){ text, strlen(text) };
}

static void open_golden(opened *o, const char *name)
{
    char path[2200];
    open_model(o, golden_path(path, sizeof path, name), &(open_options){ .threads = 2 });
}

static cloze_explainer *explain(const opened *o, const char *text, const char *pair,
                                const cloze_explain_options *options)
{
    cloze_explainer *explainer = NULL;
    cloze_error error = { 0 };
    if (cloze_explainer_new(&explainer, o->model, text_of(text), text_of(pair), options, &error))
        fail_msg("%s", error.message);
    return explainer;
}

static bool same(cloze_text text, const char *expected)
{
    return text.size == strlen(expected) && !memcmp(text.data, expected, text.size);
}

static void test_units(void **state)
{
    (void)state;
    opened o;
    open_golden(&o, "classify/sentiment");
    const char *text = "The cat sits outside. And plays!\nIt \xe2\x80\x9cslept.\xe2\x80\x9d Yes";
    static const char *const sentences[] = { "The cat sits outside.", "And plays!" };
    cloze_explain_options options = usual;
    options.unit = CLOZE_UNIT_SENTENCES;
    cloze_explainer *explainer = explain(&o, text, "", &options);
    assert_int_equal(cloze_explainer_facts(explainer).units, 4);
    for (size_t i = 0; i < 2; i++)
        assert_true(same(cloze_explainer_unit(explainer, i).text, sentences[i]));
    assert_int_equal(cloze_explainer_unit(explainer, 4).span.side, -1);
    cloze_explainer_free(explainer);

    options.unit = CLOZE_UNIT_TOKENS;
    explainer = explain(&o, text, "", &options);
    cloze_explained facts = cloze_explainer_facts(explainer);
    assert_int_equal(facts.units + 2, facts.tokens);
    cloze_explainer_free(explainer);

    const cloze_explain_span spans[] = { { 4, 12, 0 }, { 0, 3, 0 } };
    options.unit = CLOZE_UNIT_SPANS;
    options.spans = spans;
    options.span_count = 2;
    explainer = explain(&o, text, "", &options);
    assert_int_equal(cloze_explainer_facts(explainer).units, 2);
    assert_true(same(cloze_explainer_unit(explainer, 0).text, "The"));
    assert_true(same(cloze_explainer_unit(explainer, 1).text, "cat sits"));
    cloze_explainer_free(explainer);
    close_model(&o);
}

/* F is what the task says, for all values. */
static void test_value(void **state)
{
    (void)state;
    opened o;
    cloze_error error = { 0 };
    open_golden(&o, "classify/topics");
    size_t labels = cloze_model_labels(o.model), best = 0;
    float *logits = calloc(labels, sizeof *logits);
    cloze_text text = text_of("A man is playing the guitar");
    cloze_classify_options plain = { .function = CLOZE_SCORE_NONE };
    assert_int_equal(cloze_classify(o.session, &text, NULL, 1, &plain, logits, NULL, NULL, &error),
                     CLOZE_OK);
    for (size_t i = 0; i < labels; i++)
        best = logits[i] > logits[best] ? i : best;
    cloze_explainer *explainer = explain(&o, text.data, "", &usual);
    cloze_explained facts = cloze_explainer_facts(explainer);
    assert_int_equal(facts.target, best);
    assert_true(facts.value == (double)logits[best]);
    cloze_explainer_free(explainer);

    cloze_explain_options options = usual;
    options.value = CLOZE_VALUE_MARGIN;
    options.target = 0;
    options.against = 1;
    explainer = explain(&o, text.data, "", &options);
    facts = cloze_explainer_facts(explainer);
    assert_true(facts.value == (double)logits[0] - (double)logits[1]);
    cloze_explainer_free(explainer);
    free(logits);
    close_model(&o);
}

/* Everything present is the input; a batch of one input at a time gives the same bits as many. */
static void test_masks(void **state)
{
    (void)state;
    opened o;
    cloze_error error = { 0 };
    open_golden(&o, "classify/sentiment");
    cloze_explainer *explainer = explain(&o, "The cat sits outside and plays", "", &usual);
    size_t units = cloze_explainer_facts(explainer).units;
    assert_int_equal(units, 6);
    enum { MASKS = 64 };
    uint8_t present[MASKS * 6];
    double together[MASKS], alone;
    for (size_t i = 0; i < sizeof present; i++)
        present[i] = (uint8_t)(i / 6 >> i % 6 & 1);
    for (int absence = CLOZE_ABSENT_DEFAULT; absence < CLOZE_ABSENCES; absence++) {
        assert_int_equal(cloze_explainer_values(explainer, present, MASKS, (cloze_absence)absence,
                                                together, &error),
                         CLOZE_OK);
        assert_true(together[MASKS - 1] == cloze_explainer_facts(explainer).value);
        for (size_t i = 0; i < MASKS; i++) {
            assert_int_equal(cloze_explainer_values(explainer, present + i * units, 1,
                                                    (cloze_absence)absence, &alone, &error),
                             CLOZE_OK);
            assert_true(alone == together[i]);
        }
        assert_true(together[0] != together[1]);
    }
    cloze_explainer_free(explainer);
    close_model(&o);
}

/* F of a tag or an answer without the tokens that it reads: these are masked, since another row would be about
 * another word. */
static void check_asked(const char *model, const char *text, const char *pair, int task)
{
    opened o;
    cloze_error error = { 0 };
    open_golden(&o, model);
    cloze_explain_options options = usual;
    options.task = (cloze_explain_task)task;
    options.unit = CLOZE_UNIT_TOKENS;
    cloze_explainer *explainer = explain(&o, text, pair, &options);
    cloze_explain_span place = cloze_explainer_facts(explainer).place;
    enum { UNITS_MOST = 32 };
    size_t units = cloze_explainer_facts(explainer).units, asked = 0;
    uint8_t present[UNITS_MOST];
    double removed, masked;
    assert_in_range(units, 2, UNITS_MOST);
    for (size_t u = 0; u < units; u++) {
        cloze_explain_span span = cloze_explainer_unit(explainer, u).span;
        present[u] =
            span.side != place.side ||
            (span.begin != place.begin && (task == CLOZE_EXPLAIN_TAGS || span.end != place.end));
        asked += !present[u];
    }
    assert_in_range(asked, 1, 2);
    assert_int_equal(
        cloze_explainer_values(explainer, present, 1, CLOZE_ABSENT_REMOVED, &removed, &error),
        CLOZE_OK);
    assert_int_equal(
        cloze_explainer_values(explainer, present, 1, CLOZE_ABSENT_DEFAULT, &masked, &error),
        CLOZE_OK);
    assert_true(removed == masked && removed != cloze_explainer_facts(explainer).value);
    cloze_explainer_free(explainer);
    close_model(&o);
}

static void test_asked_tokens_stay(void **state)
{
    (void)state;
    check_asked("tag/pieces", "Evan lives in Jakarta", "", CLOZE_EXPLAIN_TAGS);
    check_asked("tag/bytes", "Evan lives in Jakarta", "", CLOZE_EXPLAIN_TAGS);
    check_asked("answer/pieces", "who", "a dog and a cat", CLOZE_EXPLAIN_ANSWER);
    check_asked("answer/bytes", "who", "a dog and a cat", CLOZE_EXPLAIN_ANSWER);
}

/* ---- a tokenizer that adds no special tokens ---- */

static const char *const linked[] = { "config.json", "model.safetensors", "tokenizer_config.json" };
enum { LINKED = 3 };

static void make_plain(const char *name, char folder[TEMPORARY_SIZE])
{
    char path[2300], below[200];
    cloze_error error = { 0 };
    json_t *tokenizer = NULL, *plain;
    link_golden(name, linked, LINKED, folder);
    snprintf(below, sizeof below, "%s/tokenizer.json", name);
    golden_path(path, sizeof path, below);
    assert_int_equal(cz_json_load(&tokenizer, path, 1 << 20, NULL, &error), CLOZE_OK);
    plain = json_copy(tokenizer);
    json_object_set_new(plain, "post_processor", json_null());
    snprintf(path, sizeof path, "%s/tokenizer.json", folder);
    assert_int_equal(json_dump_file(plain, path, 0), 0);
    json_decref(plain);
    json_decref(tokenizer);
}

static void remove_plain(const char *folder)
{
    remove_linked(folder, linked, LINKED, "tokenizer.json");
}

/* The tagged word is the last and goes: there is no row behind it, so it is a mask. */
static void test_nothing_behind(void **state)
{
    (void)state;
    char folder[TEMPORARY_SIZE];
    cloze_error error = { 0 };
    cloze_explain_options options = usual;
    const uint8_t present[2] = { 0, 0 };
    double removed;
    opened o;
    make_plain("tag/pieces", folder);
    open_model(&o, folder, &(open_options){ .threads = 1 });
    options.task = CLOZE_EXPLAIN_TAGS;
    options.has_place = true;
    options.place = (cloze_explain_span){ 4, 5, 0 };
    cloze_explainer *explainer = explain(&o, "the cat", "", &options);
    cloze_explained facts = cloze_explainer_facts(explainer);
    assert_true(facts.tokens == 2 && facts.units == 2);
    assert_int_equal(
        cloze_explainer_values(explainer, present, 1, CLOZE_ABSENT_REMOVED, &removed, &error),
        CLOZE_OK);
    cloze_explainer_free(explainer);
    options.place = (cloze_explain_span){ 0, 1, 0 };
    options.target = facts.target;
    explainer = explain(&o, "[MASK]", "", &options);
    assert_true(removed == cloze_explainer_facts(explainer).value);
    cloze_explainer_free(explainer);
    close_model(&o);
    remove_plain(folder);
}

static void test_nothing_left(void **state)
{
    (void)state;
    char folder[TEMPORARY_SIZE];
    cloze_error error = { 0 };
    const uint8_t present[2] = { 0, 0 };
    double value;
    opened o;
    make_plain("classify/sentiment", folder);
    open_model(&o, folder, &(open_options){ .threads = 1 });
    cloze_explainer *explainer = explain(&o, "the cat", "", &usual);
    assert_int_equal(cloze_explainer_facts(explainer).units, 2);
    assert_int_equal(
        cloze_explainer_values(explainer, present, 1, CLOZE_ABSENT_REMOVED, &value, &error),
        CLOZE_ERROR_ARGUMENT);
    assert_non_null(strstr(error.message, "nothing is left"));
    cloze_explainer_free(explainer);
    close_model(&o);
    remove_plain(folder);
}

static void refuse(const opened *o, const char *text, const char *pair,
                   const cloze_explain_options *options, cloze_status expected, const char *says)
{
    cloze_explainer *explainer = NULL;
    cloze_error error = { 0 };
    assert_int_equal(
        cloze_explainer_new(&explainer, o->model, text_of(text), text_of(pair), options, &error),
        expected);
    assert_null(explainer);
    if (!strstr(error.message, says))
        fail_msg("\"%s\" does not say \"%s\"", error.message, says);
}

static void test_refusals(void **state)
{
    (void)state;
    opened o;
    open_golden(&o, "classify/sentiment");
    cloze_explain_options options = usual;
    options.target = 7;
    refuse(&o, "a cat", "", &options, CLOZE_ERROR_NOT_FOUND, "no target 7");
    options = usual;
    options.max_tokens = 3;
    refuse(&o, "a cat sits", "", &options, CLOZE_ERROR_TEXT, "limit of 3");
    refuse(&o, "", "", &usual, CLOZE_ERROR_TEXT, "nothing to explain");
    refuse(&o, "a \xff", "", &usual, CLOZE_ERROR_TEXT, "UTF-8");
    options = usual;
    options.task = CLOZE_EXPLAIN_ANSWER;
    refuse(&o, "who?", "a cat", &options, CLOZE_ERROR_NOT_FOUND, "question answering");
    refuse(&o, "who?", "", &options, CLOZE_ERROR_ARGUMENT, "context is missing");
    options.task = CLOZE_EXPLAIN_WORDS;
    refuse(&o, "who [MASK]", "", &options, CLOZE_ERROR_NOT_FOUND, "masked language");
    options = usual;
    options.unit = CLOZE_UNIT_SPANS;
    const cloze_explain_span spans[] = { { 0, 3, 0 }, { 2, 5, 0 }, { 3, 99, 0 } };
    options.spans = spans;
    options.span_count = 2;
    refuse(&o, "the cat", "", &options, CLOZE_ERROR_ARGUMENT, "overlap");
    options.spans = spans + 2;
    options.span_count = 1;
    refuse(&o, "the cat", "", &options, CLOZE_ERROR_ARGUMENT, "no part of its text");
    close_model(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_units),        cmocka_unit_test(test_value),
        cmocka_unit_test(test_masks),        cmocka_unit_test(test_asked_tokens_stay),
        cmocka_unit_test(test_refusals),     cmocka_unit_test(test_nothing_behind),
        cmocka_unit_test(test_nothing_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
