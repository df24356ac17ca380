/*
 * test_truth.c - attributions against a truth that is known: a model learns that one of two words decides
 * about a text, and every method is asked which word it was.
 */
#include "tiny.h"

#include <cloze/classify.h>
#include <cloze/faithful.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { EXAMPLES = 240, TEXTS = 80, LONGEST = 8, WORDS_FIRST = 20, WORDS = 34 };

/* A text of words, of which one decides. */
typedef struct puzzle {
    char text[256];
    size_t words, decides, label;
} puzzle;

static size_t next(size_t *state, size_t below)
{
    *state = (*state * 1103515245u + 12345u) & 0x7fffffffu;
    return (*state >> 8) % below;
}

static puzzle puzzle_of(const cloze_model *model, size_t number, size_t *state)
{
    puzzle made = { .label = number % 2, .words = 3 + next(state, LONGEST - 2) };
    size_t used = 0;
    made.decides = next(state, made.words);
    for (size_t w = 0; w < made.words; w++) {
        size_t word = w == made.decides ? made.label : 2 + next(state, WORDS);
        cloze_text text =
            cloze_tokenizer_token(cloze_model_tokenizer(model), (uint32_t)(WORDS_FIRST + word));
        used += (size_t)snprintf(made.text + used, sizeof made.text - used, "%.*s ", (int)text.size,
                                 text.data);
    }
    return made;
}

static cloze_trainer *learn(void)
{
    tiny_run run = tiny_usual();
    cloze_error error;
    run.options.epochs = 12;
    run.options.no_dropout = true;
    cloze_trainer *trainer = tiny_trainer(&run);
    tiny_add(trainer, CLOZE_SPLIT_TRAIN, EXAMPLES, 5);
    if (cloze_trainer_run(trainer, &error))
        fail_msg("%s", error.message);
    return trainer;
}

static cloze_explainer *explain(const cloze_model *model, const puzzle *asked)
{
    const cloze_explain_options options = { .unit = CLOZE_UNIT_WORDS,
                                            .value = CLOZE_VALUE_MARGIN,
                                            .target = CLOZE_TARGET_BEST,
                                            .against = CLOZE_TARGET_BEST };
    cloze_explainer *explainer = NULL;
    cloze_error error;
    if (cloze_explainer_new(&explainer, model, (cloze_text){ asked->text, strlen(asked->text) },
                            (cloze_text){ NULL, 0 }, &options, &error))
        fail_msg("%s", error.message);
    assert_int_equal(cloze_explainer_facts(explainer).units, asked->words);
    return explainer;
}

static size_t highest(const double *numbers, size_t count)
{
    size_t best = 0;
    for (size_t i = 1; i < count; i++)
        best = numbers[i] > numbers[best] ? i : best;
    return best;
}

typedef struct tally {
    size_t asked, right; /* texts that the model reads rightly */
    size_t hits[CLOZE_METHODS];
    bool known[CLOZE_METHODS];
    double chance, variance; /* hits of guesses */
} tally;

static void ask(const cloze_model *model, const puzzle *asked, tally *t)
{
    cloze_explainer *explainer = explain(model, asked);
    t->asked++;
    if (cloze_explainer_facts(explainer).target == (int64_t)asked->label) {
        double guess = 1 / (double)asked->words;
        t->right++;
        t->chance += guess;
        t->variance += guess * (1 - guess);
        for (int m = 0; m < CLOZE_METHODS; m++) {
            const cloze_attribution_options options = { .method = (cloze_explain_method)m,
                                                        .layer = m == CLOZE_METHOD_ATTENTION,
                                                        .has_layer = m == CLOZE_METHOD_ATTENTION,
                                                        .samples = 200,
                                                        .seed = t->asked };
            double numbers[LONGEST];
            t->known[m] = !cloze_attribute(explainer, &options, numbers, NULL, NULL, NULL, NULL);
            t->hits[m] += t->known[m] && highest(numbers, asked->words) == asked->decides;
        }
    }
    cloze_explainer_free(explainer);
}

/* What asks about units, or goes from the absent word to the word, must find it; of all others the
 * rate is told. Guessing is what random numbers do. */
static void test_truth(void **state)
{
    static const cloze_explain_method must_find[] = { CLOZE_METHOD_OCCLUSION, CLOZE_METHOD_SHAPLEY,
                                                      CLOZE_METHOD_INTEGRATED_GRADIENTS };
    (void)state;
    cloze_trainer *trainer = learn();
    const cloze_model *model = cloze_trainer_model(trainer);
    size_t draw = 99;
    tally t = { 0 };
    for (size_t i = 0; i < TEXTS; i++) {
        puzzle asked = puzzle_of(model, i, &draw);
        ask(model, &asked, &t);
    }
    print_message("%zu of %d texts are read rightly; guessing finds %.0f %%\n", t.right, TEXTS,
                  100 * t.chance / (double)t.right);
    for (int m = 0; m < CLOZE_METHODS; m++)
        if (t.known[m])
            print_message("%-22s %3.0f %%\n", cloze_explain_method_name((cloze_explain_method)m),
                          100 * (double)t.hits[m] / (double)t.right);
    assert_true(t.right >= TEXTS * 9 / 10);
    for (size_t i = 0; i < sizeof must_find / sizeof *must_find; i++) {
        assert_true(t.known[must_find[i]]);
        assert_true((double)t.hits[must_find[i]] > t.chance + 5 * sqrt(t.variance));
    }
    double strayed = fabs((double)t.hits[CLOZE_METHOD_RANDOM] - t.chance);
    assert_true(strayed < 4 * sqrt(t.variance));
    tiny_free(trainer);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_truth) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
