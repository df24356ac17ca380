/*
 * test_recipes.c - every schedule goes as transformers' does, and three steps on all examples at once have
 * PyTorch's losses and lengths of gradients, with each setting that a recipe may have.
 */
#include "train/schedule.h"

#include <cloze/train.h>

#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { STEPS = 3, EXAMPLES = 5, WARMUP = 4 };

static const char *data_path(const char *name)
{
    static char path[1200];
    const char *data = getenv("CLOZE_TEST_DATA");
    snprintf(path, sizeof path, "%s/golden/%s", data ? data : "test", name);
    return path;
}

static json_t *golden;

static int read_golden(void **state)
{
    (void)state;
    golden = json_load_file(data_path("recipes.json"), 0, NULL);
    return golden ? 0 : -1;
}

static int forget_golden(void **state)
{
    (void)state;
    json_decref(golden);
    return 0;
}

/* ---- schedules ---- */

static cloze_schedule kind_named(const char *name)
{
    static const char *const names[] = { "linear",     "cosine",   "restarts",
                                         "polynomial", "constant", "stable" };
    int kind = CLOZE_SCHEDULE_LINEAR;
    while (strcmp(names[kind], name) != 0)
        assert_true(++kind <= CLOZE_SCHEDULE_STABLE);
    return (cloze_schedule)kind;
}

static double number_in(const json_t *object, const char *key, double usual)
{
    const json_t *value = json_object_get(object, key);
    return value ? json_number_value(value) : usual;
}

static void rates_are_those_of_transformers(void **state)
{
    const json_t *wanted;
    size_t i, step;
    (void)state;
    assert_true(json_array_size(json_object_get(golden, "schedules")) >= 8);
    json_array_foreach(json_object_get(golden, "schedules"), i, wanted)
    {
        const json_t *rates = json_object_get(wanted, "rates"), *rate;
        cloze_schedule kind = kind_named(json_string_value(json_object_get(wanted, "kind")));
        const cz_schedule schedule = {
            .kind = kind,
            .steps = json_array_size(rates),
            .warmup = WARMUP,
            .cycles = number_in(wanted, "cycles", kind == CLOZE_SCHEDULE_COSINE ? 0.5 : 1),
            .power = number_in(wanted, "power", 1),
            .decay_ratio = number_in(wanted, "decay", 0.1),
        };
        json_array_foreach(rates, step, rate)
        {
            double found = cz_schedule_at(&schedule, step);
            if (!(fabs(found - json_number_value(rate)) < 1e-12))
                fail_msg("schedule %zu, step %zu: %.17g instead of %.17g", i, step, found,
                         json_number_value(rate));
        }
    }
}

/* ---- recipes ---- */

typedef struct seen_steps {
    double loss[STEPS], norm[STEPS];
    size_t count;
} seen_steps;

static bool look(void *context, const cloze_train_event *event)
{
    seen_steps *seen = context;
    if (event->moment == CLOZE_TRAIN_STEP && seen->count < STEPS) {
        seen->loss[seen->count] = event->loss;
        seen->norm[seen->count++] = event->norm;
    }
    return true;
}

static cloze_text text_at(const char *list, size_t i)
{
    const json_t *text = json_array_get(json_object_get(golden, list), i);
    return (cloze_text){ json_string_value(text), json_string_length(text) };
}

static void add_examples(cloze_trainer *trainer, bool paired)
{
    cloze_error error;
    assert_int_equal(json_array_size(json_object_get(golden, "texts")), EXAMPLES);
    for (size_t i = 0; i < EXAMPLES; i++) {
        const float score =
            (float)json_number_value(json_array_get(json_object_get(golden, "scores"), i));
        cloze_example example = {
            .text = text_at("texts", i),
            .label =
                (size_t)json_integer_value(json_array_get(json_object_get(golden, "labels"), i)),
            .values = &score,
        };
        if (paired)
            example.pair = text_at("pairs", i);
        if (cloze_trainer_add(trainer, CLOZE_SPLIT_TRAIN, &example, 1, NULL, &error))
            fail_msg("%s", error.message);
    }
}

static void hold(const char *name, const char *list, const double *found, double bound,
                 double least)
{
    const json_t *wanted =
        json_object_get(json_object_get(json_object_get(golden, "recipes"), name), list);
    assert_int_equal(json_array_size(wanted), STEPS);
    for (size_t i = 0; i < STEPS; i++) {
        double right = json_number_value(json_array_get(wanted, i));
        if (!(fabs(found[i] - right) <= bound * fmax(right, least)))
            fail_msg("%s, %s of step %zu: %.9g instead of %.9g", name, list, i + 1, found[i],
                     right);
    }
}

static void follow(const char *name, const char *model, cloze_train_options options)
{
    static const char *const labels[] = { "NEGATIVE", "POSITIVE" };
    bool paired = options.learning != CLOZE_LEARN_LABELS;
    seen_steps seen = { .count = 0 };
    cloze_trainer *trainer = NULL;
    cloze_error error;
    options.labels = paired ? NULL : labels;
    options.label_count = paired ? 0 : 2;
    options.epochs = STEPS;
    options.rate = 1e-3;
    options.schedule = CLOZE_SCHEDULE_CONSTANT;
    options.no_dropout = true;
    options.watch = (cloze_train_watch){ look, &seen };
    if (cloze_trainer_new(&trainer, data_path(model), &options, &error))
        fail_msg("%s", error.message);
    add_examples(trainer, paired);
    if (cloze_trainer_run(trainer, &error))
        fail_msg("%s", error.message);
    cloze_trainer_free(trainer);
    assert_int_equal(seen.count, STEPS);
    hold(name, "losses", seen.loss, 2e-5, 0.01);
    hold(name, "norms", seen.norm, 1e-4, 0.1);
}

static void losses_and_gradients_are_those_of_pytorch(void **state)
{
    static const float weights[] = { 1, 3 };
    static const struct {
        const char *name;
        cloze_train_options options;
    } all[] = {
        { "plain", { .clip = 0 } },
        { "weights", { .label_weights = weights } },
        { "smoothing", { .label_weights = weights, .smoothing = 0.2 } },
        { "balanced", { .balance = CLOZE_BALANCE_WEIGHTS } },
        { "focal", { .focal = 2 } },
        { "layer_decay", { .layer_decay = 0.5 } },
        { "uncorrected", { .no_bias_correction = true, .clip = -1 } },
        { "clipped", { .clip = 0.1 } },
        { "ranking", { .learning = CLOZE_LEARN_RANKING } },
        { "similarity", { .learning = CLOZE_LEARN_SIMILARITY } },
    };
    (void)state;
    assert_int_equal(json_object_size(json_object_get(golden, "recipes")),
                     sizeof all / sizeof *all);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        follow(all[i].name, all[i].options.learning ? "sentence/mean" : "classify/sentiment",
               all[i].options);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rates_are_those_of_transformers),
        cmocka_unit_test(losses_and_gradients_are_those_of_pytorch),
    };
    return cmocka_run_group_tests(tests, read_golden, forget_golden);
}
