/*
 * test_answer.c - answers against transformers' question-answering pipeline: one or several, short
 * and long contexts, impossible ones, whole words and parts; alone and in company; what is refused.
 */
#include "folder.h"
#include "scarce.h"

#include <cloze/answer.h>

#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *const folders[] = { "pieces", "bytes", "long" };
enum { FOLDERS = sizeof folders / sizeof *folders, TOP = 4 };

static void path_of(char *path, size_t size, const char *name)
{
    char below[128];
    snprintf(below, sizeof below, "answer/%s", name);
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

static cloze_text text_of(const json_t *wanted, const char *key)
{
    const json_t *value = json_object_get(wanted, key);
    assert_true(json_is_string(value));
    return (cloze_text){ json_string_value(value), json_string_length(value) };
}

static size_t number_of(const json_t *wanted, const char *key)
{
    return (size_t)json_integer_value(json_object_get(wanted, key));
}

static cloze_answer_options options_of(const json_t *wanted)
{
    const json_t *whole = json_object_get(wanted, "align_to_words");
    return (cloze_answer_options){
        .top = number_of(wanted, "top_k"),
        .max_answer = number_of(wanted, "max_answer_len"),
        .max_tokens = number_of(wanted, "max_seq_len"),
        .stride = number_of(wanted, "doc_stride"),
        .impossible = json_is_true(json_object_get(wanted, "handle_impossible_answer")),
        .whole_tokens = json_is_false(whole),
    };
}

/* Spans whose scores differ by less may change places. */
static bool is_close(const json_t *answers, size_t i)
{
    double own = json_number_value(json_array_get(json_array_get(answers, i), 0));
    for (size_t k = i ? i - 1 : 0; k < json_array_size(answers) && k <= i + 1; k++)
        if (k != i &&
            fabs(own - json_number_value(json_array_get(json_array_get(answers, k), 0))) < 1e-6)
            return true;
    return false;
}

static double worst_of(const json_t *wanted, const cloze_answer_span *found, size_t count,
                       size_t *skipped)
{
    const json_t *answers = json_object_get(wanted, "answers");
    cloze_text context = text_of(wanted, "context");
    double worst = 0;
    if (json_array_size(answers) != count)
        fail_msg("\"%s\": %zu answers instead of %zu", context.data, count,
                 json_array_size(answers));
    for (size_t i = 0; i < count; i++) {
        const json_t *answer = json_array_get(answers, i);
        cloze_token_offset place = { found[i].begin, found[i].end };
        double score = json_number_value(json_array_get(answer, 0));
        worst = fmax(worst, fabs(score - (double)found[i].score));
        if (is_close(answers, i)) {
            ++*skipped;
            continue;
        }
        cloze_offsets_to_code_points(context, &place, 1);
        assert_int_equal(json_integer_value(json_array_get(answer, 1)), place.begin);
        assert_int_equal(json_integer_value(json_array_get(answer, 2)), place.end);
    }
    return worst;
}

static void hold(const open_options *open, double bound)
{
    size_t inputs = 0, skipped = 0;
    for (size_t f = 0; f < FOLDERS; f++) {
        char path[2048];
        cloze_error error = { 0 };
        opened o;
        path_of(path, sizeof path, folders[f]);
        json_t *cases = open_cases(path);
        open_model(&o, path, open);
        assert_true(cloze_model_answers(o.model));
        for (size_t i = 0; i < json_array_size(cases); i++) {
            const json_t *wanted = json_array_get(cases, i);
            cloze_text question = text_of(wanted, "question"), context = text_of(wanted, "context");
            cloze_answer_options options = options_of(wanted);
            cloze_answer_span answers[TOP];
            size_t found = 0;
            if (cloze_answer(o.session, &question, &context, 1, &options, answers, &found, NULL,
                             &error))
                fail_msg("%s, case %zu: %s", folders[f], i, error.message);
            double worst = worst_of(wanted, answers, found, &skipped);
            if (!(worst <= bound))
                fail_msg("%s, case %zu: %.3g, at most %.3g", folders[f], i, worst, bound);
            inputs++;
        }
        close_model(&o);
        json_decref(cases);
    }
    assert_true(inputs >= 200);
    assert_true(skipped < 10);
}

static void answers_equal_the_pipeline(void **state)
{
    (void)state;
    hold(&(open_options){ .threads = 2 }, 1e-5);
}

static void answers_equal_it_in_double(void **state)
{
    (void)state;
    hold(&(open_options){ .threads = 1, .precision = CLOZE_PRECISION_F64 }, 2e-7);
}

static void answers_are_the_same_alone_and_in_company(void **state)
{
    static const unsigned threads[] = { 1, 2, 5 };
    (void)state;
    for (size_t t = 0; t < 3 * FOLDERS; t++) {
        enum { MOST = 128 };
        char path[2048];
        cloze_text questions[MOST], contexts[MOST];
        cloze_answer_span all[MOST * 2], one[2];
        size_t found[MOST], alone, count = 0;
        cloze_answer_options options = { .top = 2, .max_tokens = 48, .impossible = true };
        opened o;
        path_of(path, sizeof path, folders[t % FOLDERS]);
        json_t *cases = open_cases(path);
        open_model(&o, path, &(open_options){ .threads = threads[t / FOLDERS] });
        for (; count < json_array_size(cases) && count < MOST; count++) {
            questions[count] = text_of(json_array_get(cases, count), "question");
            contexts[count] = text_of(json_array_get(cases, count), "context");
        }
        assert_int_equal(
            cloze_answer(o.session, questions, contexts, count, &options, all, found, NULL, NULL),
            0);
        for (size_t i = 0; i < count; i++) {
            assert_int_equal(cloze_answer(o.session, &questions[i], &contexts[i], 1, &options, one,
                                          &alone, NULL, NULL),
                             0);
            assert_int_equal(alone, found[i]);
            for (size_t k = 0; k < alone; k++) {
                const cloze_answer_span *a = &one[k], *b = &all[2 * i + k];
                assert_memory_equal(&a->score, &b->score, sizeof a->score);
                assert_true(a->begin == b->begin && a->end == b->end);
            }
        }
        close_model(&o);
        json_decref(cases);
    }
}

/* As Python lower-cases: the last sigma of a word is another letter. */
static void equal_answers_are_one_whatever_their_case(void **state)
{
    enum { MOST = 64 };
    char path[2048];
    cloze_text question = { "who", 3 };
    cloze_text context = { "\u039f\u0394\u039f\u03a3 \u03bf\u03b4\u03bf\u03c2", 17 };
    cloze_answer_span answers[MOST];
    cloze_answer_options options = { .top = MOST };
    size_t found, words = 0;
    opened o;
    (void)state;
    path_of(path, sizeof path, "bytes");
    open_model(&o, path, &(open_options){ .threads = 1 });
    assert_int_equal(
        cloze_answer(o.session, &question, &context, 1, &options, answers, &found, NULL, NULL), 0);
    for (size_t i = 0; i < found; i++)
        words += answers[i].end - answers[i].begin == 8;
    assert_int_equal(words, 1);
    close_model(&o);
}

static void an_empty_context_has_no_answer_or_the_impossible_one(void **state)
{
    char path[2048];
    cloze_text question = { "who", 3 }, contexts[] = { { NULL, 0 }, { "  ", 2 } };
    cloze_answer_options options = { .impossible = true };
    opened o;
    (void)state;
    path_of(path, sizeof path, "pieces");
    open_model(&o, path, &(open_options){ .threads = 1 });
    for (size_t i = 0; i < 2; i++) {
        cloze_answer_span answer;
        size_t found = 9;
        assert_int_equal(
            cloze_answer(o.session, &question, &contexts[i], 1, NULL, &answer, &found, NULL, NULL),
            0);
        assert_int_equal(found, 0);
        assert_int_equal(cloze_answer(o.session, &question, &contexts[i], 1, &options, &answer,
                                      &found, NULL, NULL),
                         0);
        assert_int_equal(found, 1);
        assert_true(answer.begin == 0 && answer.end == 0 && answer.score > 0.99f);
    }
    close_model(&o);
}

static void what_cannot_be_answered_is_refused(void **state)
{
    char path[2048];
    cloze_text questions[] = { { "who", 3 }, { "b\377d", 3 } };
    cloze_text contexts[] = { { "the cat", 7 }, { "the cat", 7 } };
    cloze_answer_span answers[2];
    size_t found[2];
    cloze_error error = { 0 };
    opened o;
    (void)state;
    golden_path(path, sizeof path, "tag/pieces");
    open_model(&o, path, &(open_options){ .threads = 1 });
    assert_false(cloze_model_answers(o.model));
    assert_int_equal(
        cloze_answer(o.session, questions, contexts, 1, NULL, answers, found, NULL, &error),
        CLOZE_ERROR_NOT_FOUND);
    assert_non_null(strstr(error.message, "no question answering head"));
    close_model(&o);
    path_of(path, sizeof path, "pieces");
    open_model(&o, path, &(open_options){ .threads = 1 });
    assert_int_equal(
        cloze_answer(o.session, questions, contexts, 2, NULL, answers, found, NULL, &error),
        CLOZE_ERROR_TEXT);
    assert_non_null(strstr(error.message, "text 2"));
    cloze_answer_options options = { .max_tokens = 6 };
    questions[1] = (cloze_text){ "what is the cat", 15 };
    assert_int_equal(
        cloze_answer(o.session, questions, contexts, 2, &options, answers, found, NULL, &error),
        CLOZE_ERROR_TEXT);
    assert_non_null(strstr(error.message, "text 2: the question has 7 tokens"));
    options = (cloze_answer_options){ .max_tokens = 8, .stride = 7 };
    contexts[0] = (cloze_text){ "the cat sits outside the garden", 31 };
    assert_int_equal(
        cloze_answer(o.session, questions, contexts, 1, &options, answers, found, NULL, &error),
        CLOZE_ERROR_ARGUMENT);
    options = (cloze_answer_options){ .top = SIZE_MAX };
    assert_int_equal(
        cloze_answer(o.session, questions, contexts, 1, &options, answers, found, NULL, &error),
        CLOZE_ERROR_ARGUMENT);
    close_model(&o);
}

static cloze_status answer_one(cloze_session *session, const cloze_hooks *hooks)
{
    cloze_text question = { "who sits", 8 };
    cloze_text context = { "the cat sits outside the garden and a man is playing", 52 };
    cloze_answer_options options = { .top = 3, .max_tokens = 12 };
    cloze_answer_span answers[3];
    size_t found;
    (void)hooks;
    return cloze_answer(session, &question, &context, 1, &options, answers, &found, NULL, NULL);
}

static void every_failing_allocation_is_an_error_and_leaks_nothing(void **state)
{
    char path[2048];
    (void)state;
    path_of(path, sizeof path, "pieces");
    scarce_try_all(path, answer_one);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_equal_the_pipeline),
        cmocka_unit_test(answers_equal_it_in_double),
        cmocka_unit_test(answers_are_the_same_alone_and_in_company),
        cmocka_unit_test(equal_answers_are_one_whatever_their_case),
        cmocka_unit_test(an_empty_context_has_no_answer_or_the_impossible_one),
        cmocka_unit_test(what_cannot_be_answered_is_refused),
        cmocka_unit_test(every_failing_allocation_is_an_error_and_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
