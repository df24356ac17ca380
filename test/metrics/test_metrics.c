/*
 * test_metrics.c - scores beside scikit-learn, seqeval, scipy and SQuAD's scripts
 * (tools/golden/make_metrics.py); and what is refused.
 */
#include <cloze/metrics.h>

#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BOUND 1e-12

static json_t *open_cases(const char *name)
{
    const char *data = getenv("CLOZE_TEST_DATA");
    char path[2200];
    json_t *root;
    assert_non_null(data);
    snprintf(path, sizeof path, "%s/golden/metrics/%s.json", data, name);
    root = json_load_file(path, JSON_ALLOW_NUL, NULL);
    assert_non_null(root);
    assert_true(json_array_size(root) > 9);
    return root;
}

static cloze_text text_of(const json_t *value)
{
    assert_true(json_is_string(value));
    return (cloze_text){ json_string_value(value), json_string_length(value) };
}

static cloze_text *texts_of(const json_t *array, size_t *count)
{
    cloze_text *texts = calloc(json_array_size(array) + 1, sizeof *texts);
    *count = json_array_size(array);
    for (size_t i = 0; i < *count; i++)
        texts[i] = text_of(json_array_get(array, i));
    return texts;
}

static void near(const json_t *object, const char *key, double value)
{
    double wanted = json_number_value(json_object_get(object, key));
    assert_true(json_is_number(json_object_get(object, key)));
    if (!(fabs(wanted - value) <= BOUND))
        fail_msg("%s: %.17g, not %.17g", key, value, wanted);
}

static void near_score(const json_t *wanted, const cloze_score *score)
{
    near(wanted, "precision", score->precision);
    near(wanted, "recall", score->recall);
    near(wanted, "f1", score->f1);
}

static void hold(const json_t *wanted, const cloze_tally *tally)
{
    cloze_averages all = cloze_tally_averages(tally);
    const json_t *labels = json_object_get(wanted, "labels");
    near(wanted, "accuracy", all.accuracy);
    near_score(json_object_get(wanted, "micro"), &all.micro);
    near_score(json_object_get(wanted, "macro"), &all.macro);
    near_score(json_object_get(wanted, "weighted"), &all.weighted);
    assert_int_equal(cloze_tally_size(tally), json_array_size(labels));
    for (size_t i = 0; i < json_array_size(labels); i++) {
        const json_t *label = json_array_get(labels, i);
        cloze_text name = cloze_tally_name(tally, i),
                   named = text_of(json_object_get(label, "name"));
        cloze_score score = cloze_tally_score(tally, i);
        assert_int_equal(name.size, named.size);
        assert_memory_equal(name.data, named.data, name.size);
        near_score(label, &score);
        assert_int_equal(score.support, json_integer_value(json_object_get(label, "support")));
    }
}

static cloze_tally *new_tally(cloze_tag_scheme scheme)
{
    cloze_tally *tally = NULL;
    assert_int_equal(cloze_tally_new(&tally, &(cloze_tally_options){ .scheme = scheme }, NULL), 0);
    return tally;
}

static void labels_are_scored_as_by_scikit_learn(void **state)
{
    json_t *cases = open_cases("labels");
    (void)state;
    for (size_t c = 0; c < json_array_size(cases); c++) {
        const json_t *wanted = json_array_get(cases, c);
        const json_t *matrix = json_object_get(wanted, "matrix");
        cloze_tally *tally = new_tally(CLOZE_TAGS_LENIENT);
        size_t count, size, *found;
        cloze_text *gold = texts_of(json_object_get(wanted, "gold"), &count);
        cloze_text *predicted = texts_of(json_object_get(wanted, "predicted"), &count);
        for (size_t i = 0; i < count; i++)
            assert_int_equal(cloze_tally_label(tally, predicted[i], gold[i], NULL), 0);
        hold(wanted, tally);
        near(wanted, "matthews", cloze_tally_averages(tally).matthews);
        size = cloze_tally_size(tally);
        found = calloc(size * size, sizeof *found);
        assert_int_equal(cloze_tally_matrix(tally, found, NULL), 0);
        for (size_t i = 0; i < size * size; i++)
            assert_int_equal(found[i], json_integer_value(json_array_get(
                                           json_array_get(matrix, i / size), i % size)));
        free(found);
        free(gold);
        free(predicted);
        cloze_tally_free(tally);
    }
    json_decref(cases);
}

static void sets_of_labels_are_scored_as_by_scikit_learn(void **state)
{
    json_t *cases = open_cases("sets");
    (void)state;
    for (size_t c = 0; c < json_array_size(cases); c++) {
        const json_t *wanted = json_array_get(cases, c);
        const json_t *gold = json_object_get(wanted, "gold");
        const json_t *predicted = json_object_get(wanted, "predicted");
        cloze_tally *tally = new_tally(CLOZE_TAGS_LENIENT);
        size_t none = 0;
        for (size_t i = 0; i < json_array_size(gold); i++) {
            size_t golds, predictions;
            cloze_text *g = texts_of(json_array_get(gold, i), &golds);
            cloze_text *p = texts_of(json_array_get(predicted, i), &predictions);
            if (golds) /* twice is once */
                g[golds++] = g[0];
            assert_int_equal(cloze_tally_labels(tally, p, predictions, g, golds, NULL), 0);
            free(g);
            free(p);
        }
        hold(wanted, tally);
        assert_int_equal(cloze_tally_matrix(tally, &none, NULL), CLOZE_ERROR_ARGUMENT);
        cloze_tally_free(tally);
    }
    json_decref(cases);
}

static cloze_tag_scheme scheme_of(const json_t *value)
{
    static const char *const names[] = {
        "lenient", "IOB1", "IOB2", "IOE1", "IOE2", "IOBES", "BILOU"
    };
    for (int i = 0; i < 7; i++)
        if (!strcmp(json_string_value(value), names[i]))
            return (cloze_tag_scheme)i;
    fail_msg("unknown scheme");
    return CLOZE_TAGS_LENIENT;
}

static void entities_are_scored_as_by_seqeval(void **state)
{
    json_t *cases = open_cases("tags");
    (void)state;
    for (size_t c = 0; c < json_array_size(cases); c++) {
        const json_t *wanted = json_array_get(cases, c);
        const json_t *gold = json_object_get(wanted, "gold");
        const json_t *predicted = json_object_get(wanted, "predicted");
        cloze_tally *tally = new_tally(scheme_of(json_object_get(wanted, "scheme")));
        for (size_t i = 0; i < json_array_size(gold); i++) {
            size_t count;
            cloze_text *g = texts_of(json_array_get(gold, i), &count);
            cloze_text *p = texts_of(json_array_get(predicted, i), &count);
            assert_int_equal(cloze_tally_tags(tally, p, g, count, NULL), 0);
            free(g);
            free(p);
        }
        hold(wanted, tally);
        cloze_tally_free(tally);
    }
    json_decref(cases);
}

static double *numbers_of(const json_t *array)
{
    double *numbers = calloc(json_array_size(array), sizeof *numbers);
    for (size_t i = 0; i < json_array_size(array); i++)
        numbers[i] = json_number_value(json_array_get(array, i));
    return numbers;
}

static void numbers_correlate_as_in_scipy(void **state)
{
    json_t *cases = open_cases("numbers");
    (void)state;
    for (size_t c = 0; c < json_array_size(cases); c++) {
        const json_t *wanted = json_array_get(cases, c);
        double *gold = numbers_of(json_object_get(wanted, "gold"));
        double *predicted = numbers_of(json_object_get(wanted, "predicted"));
        cloze_agreement found;
        assert_int_equal(cloze_agree(predicted, gold,
                                     json_array_size(json_object_get(wanted, "gold")), NULL, &found,
                                     NULL),
                         0);
        near(wanted, "pearson", found.pearson);
        near(wanted, "spearman", found.spearman);
        free(gold);
        free(predicted);
    }
    json_decref(cases);
}

static void numbers_without_a_correlation_have_none(void **state)
{
    const double gold[] = { 0.1, 0.1, 0.1 }, predicted[] = { 1, 2, 3 }, bad[] = { 1, INFINITY, 3 };
    cloze_agreement found;
    cloze_error error;
    (void)state;
    assert_int_equal(cloze_agree(predicted, gold, 3, NULL, &found, NULL), 0);
    assert_true(isnan(found.pearson) && isnan(found.spearman));
    assert_true(fabs(found.absolute_error - 1.9) < 1e-12);
    assert_true(fabs(found.squared_error - (0.81 + 3.61 + 8.41) / 3) < 1e-12);
    assert_int_equal(cloze_agree(predicted, gold, 0, NULL, &found, NULL), 0);
    assert_true(isnan(found.pearson));
    assert_int_equal(cloze_agree(bad, gold, 3, NULL, &found, &error), CLOZE_ERROR_ARGUMENT);
    assert_non_null(strstr(error.message, "number 2"));
}

static void answers_are_scored_as_by_the_scripts_of_squad(void **state)
{
    json_t *cases = open_cases("answers");
    (void)state;
    for (size_t c = 0; c < json_array_size(cases); c++) {
        const json_t *wanted = json_array_get(cases, c);
        size_t count;
        cloze_text *gold = texts_of(json_object_get(wanted, "gold"), &count);
        cloze_text predicted = text_of(json_object_get(wanted, "predicted"));
        cloze_answer_score score;
        assert_int_equal(
            cloze_score_answer(predicted, gold, count, CLOZE_SQUAD_2, NULL, &score, NULL), 0);
        near(json_object_get(wanted, "second"), "exact", score.exact);
        near(json_object_get(wanted, "second"), "f1", score.f1);
        assert_int_equal(
            cloze_score_answer(predicted, gold, count, CLOZE_SQUAD_1, NULL, &score, NULL),
            count ? CLOZE_OK : CLOZE_ERROR_ARGUMENT);
        if (count) {
            near(json_object_get(wanted, "first"), "exact", score.exact);
            near(json_object_get(wanted, "first"), "f1", score.f1);
        }
        free(gold);
    }
    json_decref(cases);
}

static void what_makes_no_sense_is_refused_by_name(void **state)
{
    const cloze_text good[] = { { "B-A", 3 }, { "I-A", 3 } };
    const cloze_text bad[] = { { "B-A", 3 }, { "L-A", 3 } }, empty[] = { { "O", 1 }, { "", 0 } };
    const cloze_text broken = { "\xff", 1 };
    cloze_tally *tally = new_tally(CLOZE_TAGS_IOB2), *none = NULL;
    cloze_answer_score score;
    cloze_error error;
    (void)state;
    assert_int_equal(cloze_tally_tags(tally, good, bad, 2, &error), CLOZE_ERROR_TEXT);
    assert_string_equal(error.message, "gold: word 2: \"L-A\" is no tag of the scheme");
    assert_int_equal(cloze_tally_tags(tally, empty, good, 2, &error), CLOZE_ERROR_TEXT);
    assert_string_equal(error.message, "predicted: word 2 has an empty tag");
    assert_int_equal(cloze_tally_tags(tally, good, good, 2, &error), 0);
    assert_int_equal(cloze_tally_label(tally, good[0], good[0], &error), CLOZE_ERROR_ARGUMENT);
    cloze_tally_free(tally);
    assert_int_equal(
        cloze_tally_new(&none, &(cloze_tally_options){ .scheme = (cloze_tag_scheme)9 }, &error),
        CLOZE_ERROR_ARGUMENT);
    assert_null(none);
    assert_int_equal(cloze_score_answer(broken, good, 1, CLOZE_SQUAD_2, NULL, &score, &error),
                     CLOZE_ERROR_TEXT);
    assert_int_equal(cloze_score_answer(good[0], &broken, 1, CLOZE_SQUAD_2, NULL, &score, &error),
                     CLOZE_ERROR_TEXT);
}

static void an_empty_tally_has_scores_of_zero(void **state)
{
    cloze_tally *tally = new_tally(CLOZE_TAGS_LENIENT);
    cloze_averages all = cloze_tally_averages(tally);
    (void)state;
    assert_int_equal(cloze_tally_size(tally), 0);
    assert_null(cloze_tally_name(tally, 0).data);
    assert_int_equal(cloze_tally_score(tally, 0).support, 0);
    assert_true(all.accuracy == 0 && all.micro.f1 == 0 && all.macro.f1 == 0 && all.matthews == 0);
    cloze_tally_free(tally);
    cloze_tally_free(NULL);
}

static void labels_without_end_are_refused(void **state)
{
    cloze_tally *tally = new_tally(CLOZE_TAGS_LENIENT);
    cloze_status status = CLOZE_OK;
    size_t count = 0;
    (void)state;
    while (!status && count < 100000) {
        char name[16];
        cloze_text text = { name, (size_t)snprintf(name, sizeof name, "%zu", 99999 - count++) };
        status = cloze_tally_label(tally, text, text, NULL);
    }
    assert_int_equal(status, CLOZE_ERROR_LIMIT);
    assert_int_equal(cloze_tally_size(tally), 65536);
    cloze_tally_free(tally);
}

/* ---- memory that runs out ---- */

typedef struct counter {
    long calls, fail_at, held; /* this call and all later ones fail */
} counter;

static bool fails(counter *count)
{
    return ++count->calls >= count->fail_at && count->fail_at;
}

static void *take(void *context, size_t size)
{
    counter *count = context;
    void *block = fails(count) ? NULL : malloc(size);
    count->held += block != NULL;
    return block;
}

static void *change(void *context, void *block, size_t size)
{
    counter *count = context;
    void *grown = fails(count) ? NULL : realloc(block, size);
    count->held += grown && !block;
    return grown;
}

static void give(void *context, void *block)
{
    ((counter *)context)->held -= block != NULL;
    free(block);
}

static cloze_status score_all(const cloze_hooks *hooks)
{
    static const cloze_text names[] = { { "B-A", 3 }, { "O", 1 }, { "B-C", 3 } };
    const cloze_tally_options options = { .hooks = hooks };
    const double numbers[] = { 1, 3, 2 };
    cloze_agreement agreement;
    cloze_answer_score answer;
    size_t matrix[4];
    cloze_status status = CLOZE_OK;
    for (int kind = 0; kind < 3 && !status; kind++) {
        cloze_tally *tally = NULL;
        status = cloze_tally_new(&tally, &options, NULL);
        if (!status && kind == 0)
            status = cloze_tally_label(tally, names[0], names[1], NULL);
        if (!status && kind == 0)
            status = cloze_tally_matrix(tally, matrix, NULL);
        if (!status && kind == 1)
            status = cloze_tally_labels(tally, names, 3, names, 2, NULL);
        if (!status && kind == 2)
            status = cloze_tally_tags(tally, names, names, 3, NULL);
        cloze_tally_free(tally);
    }
    if (!status)
        status = cloze_agree(numbers, numbers, 3, hooks, &agreement, NULL);
    if (!status)
        status = cloze_score_answer(names[0], names, 3, CLOZE_SQUAD_2, hooks, &answer, NULL);
    return status;
}

static void every_failing_allocation_is_an_error_and_leaks_nothing(void **state)
{
    cloze_status status = CLOZE_ERROR_MEMORY;
    long n = 0;
    (void)state;
    while (status) {
        counter count = { .fail_at = ++n };
        cloze_hooks hooks = { .allocator = { take, change, give, &count } };
        status = score_all(&hooks);
        assert_true(!status || status == CLOZE_ERROR_MEMORY);
        assert_int_equal(count.held, 0);
        assert_true(n < 1000);
    }
    assert_true(n > 20);
}

/* scipy 1.17.1: binomtest(hits, count).proportion_ci(0.95, "wilson") */
static void shares_have_the_interval_of_scipy(void **state)
{
    static const struct {
        size_t hits, count;
        double low, high;
    } known[] = {
        { 0, 10, 0, 0.27753279986288926 },
        { 10, 10, 0.7224672001371109, 1 },
        { 3, 10, 0.10779126740630102, 0.6032218525388546 },
        { 1, 1, 0.20654931437723745, 1 },
        { 0, 1, 0, 0.7934506856227626 },
        { 47, 113, 0.3292804489669386, 0.5081060387423807 },
        { 5, 100000, 2.1357194468385736e-05, 0.0001170520768033956 },
        { 0, 0, 0, 1 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        double interval[2];
        cloze_share_interval(known[i].hits, known[i].count, interval);
        assert_true(fabs(interval[0] - known[i].low) < 1e-14);
        assert_true(fabs(interval[1] - known[i].high) < 1e-14);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(labels_are_scored_as_by_scikit_learn),
        cmocka_unit_test(sets_of_labels_are_scored_as_by_scikit_learn),
        cmocka_unit_test(entities_are_scored_as_by_seqeval),
        cmocka_unit_test(numbers_correlate_as_in_scipy),
        cmocka_unit_test(numbers_without_a_correlation_have_none),
        cmocka_unit_test(answers_are_scored_as_by_the_scripts_of_squad),
        cmocka_unit_test(shares_have_the_interval_of_scipy),
        cmocka_unit_test(what_makes_no_sense_is_refused_by_name),
        cmocka_unit_test(an_empty_tally_has_scores_of_zero),
        cmocka_unit_test(labels_without_end_are_refused),
        cmocka_unit_test(every_failing_allocation_is_an_error_and_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
