/*
 * test_bf16.c - a run in bfloat16: near one in float32, the same bits whatever the threads and the memory,
 * resumed to the same bits, and what is measured and saved is float32.
 */
#include "tiny.h"

#include <cloze/classify.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { STEPS = 18 };

static const char file[] = "model.safetensors";

static tiny_run half_run(void)
{
    tiny_run run = tiny_usual();
    run.options.bf16 = true;
    return run;
}

static void go(const tiny_run *run)
{
    cloze_error error;
    if (tiny_go(run, &error))
        fail_msg("%s", error.message);
}

static void threads_and_memory_do_not_matter(void **state)
{
    (void)state;
    tiny_check_threads(half_run, file);
}

static void a_stopped_run_goes_on_to_the_same_bits(void **state)
{
    (void)state;
    tiny_check_stops(half_run, file, 2, STEPS);
}

static void other_settings_do_not_resume(void **state)
{
    tiny_run run = half_run();
    cloze_error error;
    (void)state;
    run.options.folder = tiny_folder();
    go(&run);
    run.options.resume = true;
    run.options.bf16 = false;
    assert_int_equal(tiny_go(&run, &error), CLOZE_ERROR_ARGUMENT);
}

/* ---- beside float32 ---- */

typedef struct record {
    double loss[STEPS], norm[STEPS];
    size_t steps;
} record;

static bool note(void *context, const cloze_train_event *event)
{
    record *out = context;
    if (event->moment == CLOZE_TRAIN_STEP && out->steps < STEPS) {
        out->loss[out->steps] = event->loss;
        out->norm[out->steps++] = event->norm;
    }
    return true;
}

static record look(tiny_run run)
{
    record out = { .steps = 0 };
    cloze_error error;
    run.options.watch = (cloze_train_watch){ note, &out };
    cloze_trainer *trainer = tiny_trainer(&run);
    if (cloze_trainer_run(trainer, &error))
        fail_msg("%s", error.message);
    tiny_free(trainer);
    assert_int_equal(out.steps, STEPS);
    return out;
}

/* bfloat16 keeps 8 bits: a weight or an activation is off by 0.2 % at most, the loss of the first step and its
 * gradient by less than a few times that; later steps may drift, as the weights do. */
static void losses_are_near_those_of_float32(void **state)
{
    (void)state;
    for (int dropout = 0; dropout < 2; dropout++) {
        tiny_run exact = tiny_usual(), half = half_run();
        exact.options.no_dropout = half.options.no_dropout = !dropout;
        record a = look(exact), b = look(half);
        double worst = 0;
        assert_true(fabs(a.loss[0] - b.loss[0]) < 0.005 * a.loss[0]);
        assert_true(fabs(a.norm[0] - b.norm[0]) < 0.01 * a.norm[0]);
        for (size_t i = 0; i < STEPS; i++) {
            worst = fmax(worst, fabs(a.loss[i] - b.loss[i]) / a.loss[i]);
            assert_true(worst < 0.02);
        }
        assert_true(worst > 1e-6); /* it was rounded */
    }
}

/* The trainer's model, and the same from its folder: measured as it was saved. */
static void what_is_saved_says_what_was_measured(void **state)
{
    tiny_run run = half_run();
    float scores[2][2];
    const cloze_text text = { "the film was good", 17 };
    cloze_error error;
    cloze_model *model = NULL;
    (void)state;
    run.options.folder = tiny_folder();
    cloze_trainer *trainer = tiny_trainer(&run);
    assert_int_equal(cloze_trainer_run(trainer, &error), CLOZE_OK);
    assert_int_equal(cloze_trainer_save(trainer, NULL, &error), CLOZE_OK);
    assert_int_equal(cloze_model_open(&model, run.options.folder, NULL, &error), CLOZE_OK);
    const cloze_model *both[] = { cloze_trainer_model(trainer), model };
    for (size_t i = 0; i < 2; i++) {
        cloze_session *session = NULL;
        assert_int_equal(cloze_session_new(&session, both[i], NULL, &error), CLOZE_OK);
        assert_int_equal(
            cloze_classify(session, &text, NULL, 1, NULL, scores[i], NULL, NULL, &error), CLOZE_OK);
        cloze_session_free(session);
    }
    assert_memory_equal(scores[0], scores[1], sizeof scores[0]);
    cloze_model_free(model);
    tiny_free(trainer);
}

static void adapters_learn_in_it_too(void **state)
{
    tiny_run exact = tiny_usual(), half = half_run();
    (void)state;
    exact.options.lora.rank = half.options.lora.rank = 4;
    record a = look(exact), b = look(half);
    for (size_t i = 0; i < STEPS; i++)
        assert_true(fabs(a.loss[i] - b.loss[i]) < 0.02 * a.loss[i]);
}

static int clean(void **state)
{
    (void)state;
    tiny_forget();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(threads_and_memory_do_not_matter, clean),
        cmocka_unit_test_teardown(a_stopped_run_goes_on_to_the_same_bits, clean),
        cmocka_unit_test_teardown(other_settings_do_not_resume, clean),
        cmocka_unit_test(losses_are_near_those_of_float32),
        cmocka_unit_test_teardown(what_is_saved_says_what_was_measured, clean),
        cmocka_unit_test(adapters_learn_in_it_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
