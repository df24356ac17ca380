/*
 * test_counterfactual.c - what is left of an input when as much as possible is taken away, against all
 * subsets of it; edits that change what the model says, asked again of the model itself.
 */
#include "folder.h"

#include <cloze/answer.h>
#include <cloze/classify.h>
#include <cloze/counterfactual.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { UNITS_MOST = 12 };

static const char *const texts[] = { "The new movie is so great I love it",
                                     "A man is playing guitar and the cat sits",
                                     "The cat plays in the garden" };

static cloze_text text_of(const char *text)
{
    return (cloze_text){ text, strlen(text) };
}

static void open_golden(opened *o, const char *name)
{
    char path[2200];
    open_model(o, golden_path(path, sizeof path, name), &(open_options){ .threads = 2 });
}

/* F is the margin to the other label: above 0 the decision holds. */
static cloze_explainer *explain(const opened *o, const char *text, const char *pair, int64_t target)
{
    cloze_explain_options options = { .value = CLOZE_VALUE_MARGIN,
                                      .target = target,
                                      .against = CLOZE_TARGET_BEST };
    cloze_explainer *explainer = NULL;
    cloze_error error = { 0 };
    if (cloze_explainer_new(&explainer, o->model, text_of(text), text_of(pair), &options, &error))
        fail_msg("%s", error.message);
    return explainer;
}

/* The smallest set to which units can be taken away one by one while the decision holds. */
static size_t smallest(const double *values, size_t units)
{
    bool *reached = calloc((size_t)1 << units, sizeof *reached);
    size_t least = units, last = ((size_t)1 << units) - 1;
    reached[last] = true;
    for (size_t set = last; set > 0; set--)
        for (size_t u = 0; u < units && reached[set]; u++) {
            size_t smaller = set & ~((size_t)1 << u), size = (size_t)__builtin_popcountll(smaller);
            if (smaller == set || !size || !(values[smaller] > 0))
                continue;
            reached[smaller] = true;
            least = size < least ? size : least;
        }
    free(reached);
    return least;
}

static void check_reduction(cloze_explainer *explainer, size_t *reduced)
{
    size_t units = cloze_explainer_facts(explainer).units, sets = (size_t)1 << units, kept = 0;
    assert_in_range(units, 1, UNITS_MOST);
    uint8_t *masks = calloc(sets, units), present[UNITS_MOST];
    double *values = calloc(sets, sizeof *values);
    cloze_error error = { 0 };
    for (size_t i = 0; i < sets * units; i++)
        masks[i] = i / units >> i % units & 1;
    assert_int_equal(
        cloze_explainer_values(explainer, masks, sets, CLOZE_ABSENT_REMOVED, values, &error),
        CLOZE_OK);
    for (size_t beam = 0; beam <= sets; beam += sets) {
        cloze_reduction_options options = { .beam = beam };
        cloze_reduction reduction;
        size_t set = 0, size = 0;
        if (cloze_reduce(explainer, &options, present, &reduction, &error))
            fail_msg("%s", error.message);
        for (size_t u = 0; u < units; u++) {
            set |= (size_t)present[u] << u;
            size += present[u];
        }
        assert_int_equal(size, reduction.units);
        assert_true(reduction.value == values[set] && values[set] > 0);
        assert_true(reduction.before == values[sets - 1]);
        assert_true(fabs(reduction.probability - 1 / (1 + exp(-values[set]))) < 1e-12);
        for (size_t u = 0; u < units && size > 1; u++)
            assert_true(!present[u] || !(values[set & ~((size_t)1 << u)] > 0));
        kept = size;
    }
    assert_int_equal(kept, smallest(values, units));
    *reduced += kept < units;
    free(masks);
    free(values);
}

static void test_reduction(void **state)
{
    (void)state;
    size_t reduced = 0;
    opened o;
    open_golden(&o, "classify/rembert");
    for (size_t t = 0; t < sizeof texts / sizeof *texts; t++) {
        cloze_explainer *explainer = explain(&o, texts[t], "", CLOZE_TARGET_BEST);
        check_reduction(explainer, &reduced);
        cloze_explainer_free(explainer);
    }
    close_model(&o);
    assert_true(reduced > 0);
}

/* ---- edits ---- */

static cloze_counterfactuals *find(cloze_explainer *explainer,
                                   const cloze_counterfactual_options *options)
{
    cloze_counterfactuals *found = NULL;
    cloze_error error = { 0 };
    if (cloze_counterfactuals_find(&found, explainer, options, &error))
        fail_msg("%s", error.message);
    return found;
}

/* The label of a text and its probability, asked of the model by itself. */
static int64_t label_of(const opened *o, cloze_text text, cloze_text pair, int64_t target,
                        double *probability)
{
    float scores[8];
    cloze_error error = { 0 };
    size_t labels = cloze_model_labels(o->model), best = 0;
    if (cloze_classify(o->session, &text, pair.size ? &pair : NULL, 1, NULL, scores, NULL, NULL,
                       &error))
        fail_msg("%s", error.message);
    for (size_t i = 0; i < labels; i++)
        best = scores[i] > scores[best] ? i : best;
    *probability = (double)scores[target];
    return (int64_t)best;
}

/* What one edit makes of a text, spaces aside. */
static void apply(const cloze_edit *edit, const char *text, char *out, size_t size)
{
    snprintf(out, size, "%.*s %.*s %s", (int)edit->span.begin, text, (int)edit->text.size,
             edit->text.data, text + edit->span.end);
}

static bool same_but_spaces(cloze_text a, const char *b)
{
    size_t i = 0;
    for (; *b; b++) {
        if (*b == ' ')
            continue;
        while (i < a.size && a.data[i] == ' ')
            i++;
        if (i == a.size || a.data[i++] != *b)
            return false;
    }
    return i == a.size;
}

/* Every result is asked again; all have the same number of edits. */
static void check_found(const opened *o, cloze_explainer *explainer,
                        const cloze_counterfactuals *found, const char *const input[2])
{
    cloze_explained facts = cloze_explainer_facts(explainer);
    cloze_counterfactual_facts told = cloze_counterfactuals_facts(found);
    assert_true(told.value == facts.value && told.probability == facts.probability);
    for (size_t i = 0; i < told.found; i++) {
        cloze_counterfactual one = cloze_counterfactuals_get(found, i);
        double probability;
        char applied[512];
        assert_int_equal(one.count, cloze_counterfactuals_get(found, 0).count);
        assert_true(label_of(o, one.text, one.pair, facts.target, &probability) != facts.target);
        assert_true(fabs(probability - one.probability) < 1e-6);
        assert_int_equal(label_of(o, one.text, one.pair, one.says, &probability), one.says);
        assert_true(fabs(probability - one.says_probability) < 1e-6);
        for (size_t k = 1; k < one.count; k++)
            assert_true(one.edits[k].unit > one.edits[k - 1].unit);
        if (one.count == 1) {
            int side = one.edits[0].span.side;
            apply(&one.edits[0], input[side], applied, sizeof applied);
            assert_true(same_but_spaces(side ? one.pair : one.text, applied));
            assert_true(same_but_spaces(side ? one.text : one.pair, input[!side]));
        }
    }
    assert_int_equal(cloze_counterfactuals_get(found, told.found).count, 0);
}

/* The model says different labels of these. */
static const char *const pairs[][2] = {
    { "A man is playing guitar", "don't , do it !" },
    { "The new movie is so great", "pizza" },
    { "cat", "The cat plays in the garden" },
    { "CAT Dog LOVELY", "one, two, three: cats & dogs." },
    { "A woman watches TV", "Do you like pizza?" },
    { "one two three", "cat" },
    { "do it", "The cat sits outside" },
};
enum { PAIRS = sizeof pairs / sizeof *pairs };

/* Single deletions that change the label, by hand. */
static size_t changing_deletions(const opened *o, const cloze_explainer *explainer,
                                 const char *const input[2])
{
    int64_t target = cloze_explainer_facts(explainer).target;
    size_t changing = 0;
    for (size_t u = 0; u < cloze_explainer_facts(explainer).units; u++) {
        cloze_explain_span span = cloze_explainer_unit(explainer, u).span;
        cloze_edit deletion = { .span = span, .text = { "", 0 } };
        cloze_text texts_now[2] = { text_of(input[0]), text_of(input[1]) };
        char text[512];
        double probability;
        apply(&deletion, input[span.side], text, sizeof text);
        texts_now[span.side] = text_of(text);
        changing += label_of(o, texts_now[0], texts_now[1], target, &probability) != target;
    }
    return changing;
}

/* Deleting words: all single ones are tried, and if none is enough, two or three. */
static void test_deletions(void **state)
{
    (void)state;
    size_t found_single = 0, found_joined = 0;
    opened o;
    open_golden(&o, "classify/megatron_bert");
    for (size_t t = 0; t < PAIRS; t++) {
        cloze_explainer *explainer = explain(&o, pairs[t][0], pairs[t][1], CLOZE_TARGET_BEST);
        cloze_counterfactuals *found =
            find(explainer, &(cloze_counterfactual_options){ .wanted = 99 });
        cloze_counterfactual_facts told = cloze_counterfactuals_facts(found);
        size_t edits = told.found ? cloze_counterfactuals_get(found, 0).count : 0;
        size_t changing = changing_deletions(&o, explainer, pairs[t]);
        check_found(&o, explainer, found, pairs[t]);
        assert_int_equal(told.proposed, cloze_explainer_facts(explainer).units);
        assert_int_equal(told.tried_single, told.proposed);
        assert_int_equal(edits == 1 ? told.found : 0, changing);
        found_single += edits == 1;
        found_joined += edits > 1;
        cloze_counterfactuals_free(found);
        cloze_explainer_free(explainer);
    }
    close_model(&o);
    print_message("%zu inputs change by one deletion, %zu by more\n", found_single, found_joined);
    assert_true(found_single > 0 && found_joined > 0);
}

static void same_results(const cloze_counterfactuals *a, const cloze_counterfactuals *b)
{
    cloze_counterfactual_facts of_a = cloze_counterfactuals_facts(a);
    cloze_counterfactual_facts of_b = cloze_counterfactuals_facts(b);
    assert_int_equal(of_a.found, of_b.found);
    assert_int_equal(of_a.tried, of_b.tried);
    for (size_t i = 0; i < of_a.found; i++) {
        cloze_counterfactual x = cloze_counterfactuals_get(a, i);
        cloze_counterfactual y = cloze_counterfactuals_get(b, i);
        assert_int_equal(x.text.size, y.text.size);
        assert_memory_equal(x.text.data, y.text.data, x.text.size);
        assert_true(x.value == y.value);
    }
}

/* Words of another model, whose tokenizer is another one, too. */
static void test_proposals(void **state)
{
    (void)state;
    size_t kinds[3] = { 0 }, found_all = 0;
    char path[2200];
    opened o, proposer;
    open_golden(&o, "classify/megatron_bert");
    open_golden(&proposer, "fill/pieces");
    cloze_counterfactual_options options = { .proposer = proposer.model,
                                             .proposals = 10,
                                             .wanted = 40 };
    for (size_t t = 0; t < PAIRS; t++) {
        cloze_explainer *explainer = explain(&o, pairs[t][0], pairs[t][1], CLOZE_TARGET_BEST);
        cloze_counterfactuals *found = find(explainer, &options);
        cloze_counterfactual_facts told = cloze_counterfactuals_facts(found);
        size_t units = cloze_explainer_facts(explainer).units;
        assert_true(told.proposed > 5 * units && told.proposed <= 21 * units);
        check_found(&o, explainer, found, pairs[t]);
        double before = 1;
        for (size_t i = 0; i < told.found; i++) {
            cloze_counterfactual one = cloze_counterfactuals_get(found, i);
            kinds[one.edits[0].kind]++;
            if (one.edits[0].kind == CLOZE_EDIT_DELETE || one.count > 1)
                continue;
            assert_true(one.edits[0].likelihood > 0 && one.edits[0].likelihood <= before);
            before = one.edits[0].likelihood;
        }
        found_all += told.found;
        cloze_counterfactuals_free(found);
        cloze_explainer_free(explainer);
    }
    assert_true(found_all > 0 && kinds[CLOZE_EDIT_REPLACE] > 0 && kinds[CLOZE_EDIT_INSERT] > 0);

    opened single;
    open_model(&single, golden_path(path, sizeof path, "classify/megatron_bert"),
               &(open_options){ .threads = 1 });
    cloze_explainer *one = explain(&single, pairs[0][0], pairs[0][1], CLOZE_TARGET_BEST);
    cloze_explainer *two = explain(&o, pairs[0][0], pairs[0][1], CLOZE_TARGET_BEST);
    cloze_counterfactuals *first = find(one, &options), *second = find(two, &options);
    same_results(first, second);
    cloze_counterfactuals_free(first);
    cloze_counterfactuals_free(second);
    cloze_explainer_free(one);
    cloze_explainer_free(two);

    one = explain(&o, pairs[0][0], pairs[0][1], CLOZE_TARGET_BEST);
    options.tries = 3;
    first = find(one, &options);
    assert_true(cloze_counterfactuals_facts(first).tried <= 3);
    cloze_counterfactuals_free(first);
    cloze_explainer_free(one);
    close_model(&single);
    close_model(&proposer);
    close_model(&o);
}

/* Where the answer lies is found again in the edited text, and another answer is another one. */
static void test_answers(void **state)
{
    (void)state;
    const char *question = "who sits outside?";
    const char *context = "The cat sits outside and the man is playing guitar. A woman watches TV.";
    cloze_explain_options options = { .task = CLOZE_EXPLAIN_ANSWER,
                                      .target = CLOZE_TARGET_BEST,
                                      .against = CLOZE_TARGET_BEST };
    cloze_explainer *explainer = NULL;
    cloze_error error = { 0 };
    opened o, proposer;
    open_golden(&o, "answer/pieces");
    open_golden(&proposer, "fill/pieces");
    if (cloze_explainer_new(&explainer, o.model, text_of(question), text_of(context), &options,
                            &error))
        fail_msg("%s", error.message);
    cloze_explain_span place = cloze_explainer_facts(explainer).place;
    cloze_counterfactuals *found =
        find(explainer, &(cloze_counterfactual_options){ .proposer = proposer.model, .wanted = 9 });
    cloze_counterfactual_facts told = cloze_counterfactuals_facts(found);
    assert_true(told.found > 0);
    for (size_t i = 0; i < told.found; i++) {
        cloze_counterfactual one = cloze_counterfactuals_get(found, i);
        const cloze_answer_options how = { .whole_tokens = true };
        cloze_answer_span answer;
        size_t count, size = place.end - place.begin;
        for (size_t k = 0; k < one.count; k++)
            assert_true(one.edits[k].span.side == 0 || one.edits[k].span.end <= place.begin ||
                        one.edits[k].span.begin >= place.end);
        assert_int_equal(
            cloze_answer(o.session, &one.text, &one.pair, 1, &how, &answer, &count, NULL, &error),
            CLOZE_OK);
        assert_int_equal(count, 1);
        assert_int_equal(one.says, -1);
        assert_true(isnan(one.says_probability));
        assert_true(answer.end - answer.begin != size ||
                    memcmp(one.pair.data + answer.begin, context + place.begin, size) != 0);
    }
    cloze_counterfactuals_free(found);
    cloze_explainer_free(explainer);
    close_model(&proposer);
    close_model(&o);
}

static void test_refusals(void **state)
{
    (void)state;
    opened o;
    uint8_t present[UNITS_MOST];
    cloze_reduction reduction;
    cloze_error error = { 0 };
    open_golden(&o, "classify/rembert");
    cloze_explainer *explainer = explain(&o, texts[0], "", CLOZE_TARGET_BEST);
    int64_t other = 1 - cloze_explainer_facts(explainer).target;
    cloze_explainer_free(explainer);
    explainer = explain(&o, texts[0], "", other);
    assert_int_equal(cloze_reduce(explainer, NULL, present, &reduction, &error),
                     CLOZE_ERROR_ARGUMENT);
    assert_non_null(strstr(error.message, "not what the model says"));
    cloze_counterfactuals *found = NULL;
    assert_int_equal(cloze_counterfactuals_find(&found, explainer, NULL, &error),
                     CLOZE_ERROR_ARGUMENT);
    cloze_explainer_free(explainer);
    explainer = explain(&o, texts[0], "", CLOZE_TARGET_BEST);
    cloze_counterfactual_options options = { .edits = 9 };
    assert_int_equal(cloze_counterfactuals_find(&found, explainer, &options, &error),
                     CLOZE_ERROR_ARGUMENT);
    options = (cloze_counterfactual_options){ .proposer = o.model };
    assert_int_equal(cloze_counterfactuals_find(&found, explainer, &options, &error),
                     CLOZE_ERROR_NOT_FOUND);
    assert_non_null(strstr(error.message, "proposes no words"));
    assert_null(found);
    cloze_explainer_free(explainer);
    close_model(&o);

    open_golden(&o, "classify/similarity");
    cloze_explain_options usual = { .target = CLOZE_TARGET_BEST, .against = CLOZE_TARGET_BEST };
    assert_int_equal(cloze_explainer_new(&explainer, o.model, text_of(texts[0]), text_of(texts[1]),
                                         &usual, &error),
                     CLOZE_OK);
    assert_int_equal(cloze_reduce(explainer, NULL, present, &reduction, &error),
                     CLOZE_ERROR_UNSUPPORTED);
    cloze_explainer_free(explainer);
    close_model(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reduction), cmocka_unit_test(test_deletions),
        cmocka_unit_test(test_proposals), cmocka_unit_test(test_answers),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
