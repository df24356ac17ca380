/*
 * test_batches.c - batches counted in tokens: none is larger than was said, every item is seen once an
 * epoch, what is announced comes true, and a run that was stopped goes on in the same ones.
 */
#include "tiny.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { STEPS_MOST = 400 };

typedef struct record {
    size_t steps, announced, measured;
    size_t items[STEPS_MOST], tokens[STEPS_MOST];
    double epoch[STEPS_MOST], epochs;
    double measured_at[8];
} record;

static bool note(void *context, const cloze_train_event *event)
{
    record *out = context;
    if (event->moment == CLOZE_TRAIN_BEGUN) {
        out->announced = event->steps;
        out->epochs = event->epochs;
    } else if (event->moment == CLOZE_TRAIN_STEP) {
        assert_true(out->steps < STEPS_MOST);
        out->items[out->steps] = event->items;
        out->tokens[out->steps] = event->tokens;
        out->epoch[out->steps++] = event->epoch;
    } else if (event->moment == CLOZE_TRAIN_MEASURED) {
        out->measured_at[out->measured++] = event->epoch;
    }
    return true;
}

static void look(tiny_run run, record *out)
{
    cloze_error error;
    memset(out, 0, sizeof *out);
    run.options.watch = (cloze_train_watch){ note, out };
    cloze_trainer *trainer = tiny_trainer(&run);
    if (cloze_trainer_run(trainer, &error))
        fail_msg("%s", error.message);
    tiny_free(trainer);
    assert_int_equal(out->steps, out->announced);
}

static tiny_run run_of(size_t items, size_t tokens)
{
    tiny_run run = tiny_usual();
    run.options.batch = items;
    run.options.batch_tokens = tokens;
    return run;
}

/* Items seen up to the end of each epoch. */
static void check_epochs(const record *seen, size_t epochs)
{
    size_t items = 0, epoch = 1;
    for (size_t i = 0; i < seen->steps; i++) {
        items += seen->items[i];
        assert_true(seen->epoch[i] <= (double)epoch + 1e-12);
        if (items == epoch * TINY_TRAIN) {
            assert_true(fabs(seen->epoch[i] - (double)epoch) < 1e-12);
            epoch++;
        }
    }
    assert_int_equal(epoch, epochs + 1);
    assert_int_equal(seen->measured, epochs);
    for (size_t i = 0; i < epochs; i++)
        assert_true(fabs(seen->measured_at[i] - (double)(i + 1)) < 1e-12);
}

static void no_batch_has_more_tokens(void **state)
{
    static const size_t bounds[] = { 15, 40, 70 };
    record seen;
    (void)state;
    for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++) {
        look(run_of(0, bounds[i]), &seen);
        check_epochs(&seen, 3);
        for (size_t s = 0; s < seen.steps; s++)
            assert_true(seen.tokens[s] <= bounds[i]);
        assert_true(seen.steps > 3 * 5); /* nor are they much smaller */
        assert_true(seen.steps < 3 * (TINY_TRAIN * 10 / bounds[i] * 2 + 2));
    }
}

static void an_item_that_is_too_long_is_a_batch(void **state)
{
    record seen;
    (void)state;
    look(run_of(0, 1), &seen);
    assert_int_equal(seen.steps, 3 * TINY_TRAIN);
}

static void whichever_is_reached_first(void **state)
{
    record seen;
    size_t by_items = 0;
    (void)state;
    look(run_of(5, 40), &seen);
    check_epochs(&seen, 3);
    for (size_t s = 0; s < seen.steps; s++) {
        assert_true(seen.items[s] <= 5 && seen.tokens[s] <= 40);
        by_items += seen.items[s] == 5;
    }
    assert_true(by_items > 0 && by_items < seen.steps);
}

static void parts_of_epochs_and_steps_are_counted(void **state)
{
    tiny_run run = run_of(0, 40);
    record whole, part, few;
    (void)state;
    look(run, &whole);
    run.options.epochs = 1.5;
    look(run, &part);
    assert_true(part.steps < whole.steps && part.epoch[part.steps - 1] >= 1.5 - 1e-9);
    assert_true(part.epoch[part.steps - 2] < 1.5);
    run.options.epochs = 3;
    run.options.steps = 7;
    look(run, &few);
    assert_int_equal(few.steps, 7);
    for (size_t s = 0; s < 7; s++)
        assert_int_equal(few.tokens[s], whole.tokens[s]);
}

static void batches_of_items_are_what_they_were(void **state)
{
    record seen;
    (void)state;
    look(run_of(20, 0), &seen); /* 20, 20 and 8 */
    assert_int_equal(seen.steps, 9);
    assert_int_equal(seen.items[0], 20);
    assert_int_equal(seen.items[2], 8);
    check_epochs(&seen, 3);
}

static void a_stopped_run_goes_on_to_the_same_bits(void **state)
{
    char whole[80];
    cloze_error error;
    tiny_run run = run_of(0, 40);
    (void)state;
    run.options.folder = tiny_folder();
    assert_int_equal(tiny_go(&run, &error), CLOZE_OK);
    snprintf(whole, sizeof whole, "%s", tiny_hash(run.options.folder, "model.safetensors"));
    for (size_t stop = 1; stop <= 30; stop += 7) {
        tiny_run part = run_of(0, 40);
        part.options.folder = tiny_folder();
        part.stop = stop;
        assert_int_equal(tiny_go(&part, &error), CLOZE_ERROR_CANCELLED);
        part.stop = 0;
        part.options.resume = true;
        part.threads = 1;
        part.options.recompute = true;
        assert_int_equal(tiny_go(&part, &error), CLOZE_OK);
        assert_string_equal(tiny_hash(part.options.folder, "model.safetensors"), whole);
    }
    run.options.resume = true;
    run.options.batch_tokens = 41;
    assert_int_equal(tiny_go(&run, &error), CLOZE_ERROR_ARGUMENT);
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
        cmocka_unit_test(no_batch_has_more_tokens),
        cmocka_unit_test(an_item_that_is_too_long_is_a_batch),
        cmocka_unit_test(whichever_is_reached_first),
        cmocka_unit_test(parts_of_epochs_and_steps_are_counted),
        cmocka_unit_test(batches_of_items_are_what_they_were),
        cmocka_unit_test_teardown(a_stopped_run_goes_on_to_the_same_bits, clean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
