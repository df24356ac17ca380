/*
 * test_trainer.c - a small task is learned; the same run gives the same bits whatever the threads and
 * however often it was stopped; what is saved opens and says the same; what cannot be is refused.
 */
#include "tiny.h"

#include <cloze/classify.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void go(const tiny_run *run)
{
    cloze_error error;
    if (tiny_go(run, &error))
        fail_msg("%s", error.message);
}

static double measured(cloze_trainer *trainer, const char *name)
{
    cloze_measures measures;
    cloze_error error;
    if (cloze_trainer_measure(trainer, CLOZE_SPLIT_DEV, &measures, &error))
        fail_msg("%s", error.message);
    for (size_t i = 0; i < measures.count; i++)
        if (!strcmp(measures.name[i], name))
            return measures.value[i];
    fail_msg("%s was not measured", name);
    return 0;
}

static void a_word_that_decides_is_found(void **state)
{
    tiny_run run = tiny_usual();
    cloze_error error;
    (void)state;
    run.options.epochs = 30;
    run.options.rate = 1e-2;
    run.options.no_dropout = true;
    cloze_trainer *trainer = tiny_trainer(&run);
    double before = measured(trainer, "loss");
    if (cloze_trainer_run(trainer, &error))
        fail_msg("%s", error.message);
    assert_true(measured(trainer, "loss") < before / 2);
    assert_true(measured(trainer, "accuracy") > 0.9);
    tiny_free(trainer);
}

static void threads_and_memory_do_not_matter(void **state)
{
    (void)state;
    tiny_check_threads(tiny_usual, "model.safetensors");
}

typedef struct held_memory {
    size_t held, saved;
} held_memory;

static bool look_at_memory(void *context, const cloze_train_event *event)
{
    *(held_memory *)context = (held_memory){ event->memory, event->saved };
    return true;
}

static held_memory memory_of(bool recompute, bool bf16)
{
    tiny_run run = tiny_usual();
    held_memory memory = { 0, 0 };
    cloze_error error;
    run.options.recompute = recompute;
    run.options.bf16 = bf16;
    run.options.shards = 1;
    run.options.watch = (cloze_train_watch){ look_at_memory, &memory };
    cloze_trainer *trainer = tiny_trainer(&run);
    assert_int_equal(cloze_trainer_run(trainer, &error), CLOZE_OK);
    tiny_free(trainer);
    return memory;
}

/* What is told to be saved is what a run without it holds more. */
static void saved_memory_is_told(void **state)
{
    held_memory plain = memory_of(false, false);
    (void)state;
    assert_int_equal(plain.saved, 0);
    for (int way = 1; way < 4; way++) {
        held_memory less = memory_of(way & 1, way & 2);
        if (less.held < plain.held)
            assert_int_equal(less.held + less.saved, plain.held);
        else
            assert_int_equal(less.saved, 0);
    }
    assert_true(memory_of(true, false).saved > 0);
}

static void another_seed_is_another_run(void **state)
{
    tiny_run run = tiny_usual();
    char first[80];
    (void)state;
    run.options.folder = tiny_folder();
    go(&run);
    snprintf(first, sizeof first, "%s", tiny_hash(run.options.folder, "model.safetensors"));
    run.options.folder = tiny_folder();
    run.options.seed++;
    go(&run);
    assert_string_not_equal(tiny_hash(run.options.folder, "model.safetensors"), first);
}

static void a_stopped_run_goes_on_to_the_same_bits(void **state)
{
    (void)state;
    tiny_check_stops(tiny_usual, "model.safetensors", 1, 18);
}

static void a_finished_run_is_not_run_again(void **state)
{
    tiny_run run = tiny_usual();
    char first[80];
    (void)state;
    run.options.folder = tiny_folder();
    go(&run);
    snprintf(first, sizeof first, "%s", tiny_hash(run.options.folder, "training.state"));
    run.options.resume = true;
    go(&run);
    assert_string_equal(tiny_hash(run.options.folder, "training.state"), first);
}

/* A folder with a model that no run made there is nothing to resume. */
static void a_model_is_not_written_over(void **state)
{
    tiny_run run = tiny_usual();
    cloze_trainer *trainer = NULL;
    cloze_error error;
    char path[300], first[80];
    (void)state;
    run.options.folder = tiny_folder();
    go(&run);
    snprintf(path, sizeof path, "%s/training.state", run.options.folder);
    assert_int_equal(remove(path), 0);
    snprintf(first, sizeof first, "%s", tiny_hash(run.options.folder, "model.safetensors"));
    run.options.resume = true;
    assert_int_equal(cloze_trainer_new(&trainer, tiny_model("sentiment"), &run.options, &error),
                     CLOZE_ERROR_ARGUMENT);
    assert_non_null(strstr(error.message, "no run that could be resumed"));
    assert_string_equal(tiny_hash(run.options.folder, "model.safetensors"), first);
}

static void other_settings_do_not_resume(void **state)
{
    tiny_run run = tiny_usual();
    cloze_error error;
    (void)state;
    run.options.folder = tiny_folder();
    run.stop = 3;
    assert_int_equal(tiny_go(&run, &error), CLOZE_ERROR_CANCELLED);
    run.stop = 0;
    run.options.resume = true;
    run.options.rate *= 2;
    assert_int_equal(tiny_go(&run, &error), CLOZE_ERROR_ARGUMENT);
    assert_non_null(strstr(error.message, "other settings"));
}

/* What is frozen is in no state: it has to be what it was. */
static void frozen_weights_of_another_model_do_not_resume(void **state)
{
    tiny_run run = tiny_usual();
    cloze_trainer *trainer = NULL;
    cloze_error error;
    char second[300];
    (void)state;
    const char *learned = run.options.folder = tiny_folder();
    go(&run);
    snprintf(second, sizeof second, "%s/second", learned);
    run.options.folder = second;
    run.options.freeze_layers = 1;
    run.stop = 3;
    assert_int_equal(tiny_go(&run, &error), CLOZE_ERROR_CANCELLED);
    run.stop = 0;
    run.options.resume = true;
    if (cloze_trainer_new(&trainer, learned, &run.options, &error))
        fail_msg("%s", error.message);
    tiny_add(trainer, CLOZE_SPLIT_TRAIN, TINY_TRAIN, 1);
    tiny_add(trainer, CLOZE_SPLIT_DEV, TINY_DEV, 2);
    assert_int_equal(cloze_trainer_run(trainer, &error), CLOZE_ERROR_ARGUMENT);
    assert_non_null(strstr(error.message, "another model"));
    cloze_trainer_free(trainer);
    go(&run);
}

/* Turns one bit of the file over, `from_end` bytes before its end. */
static void turn_bit(const char *path, long from_end)
{
    FILE *file = fopen(path, "r+b");
    int byte;
    assert_non_null(file);
    assert_int_equal(fseek(file, -from_end, SEEK_END), 0);
    assert_int_not_equal(byte = fgetc(file), EOF);
    assert_int_equal(fseek(file, -from_end, SEEK_END), 0);
    assert_int_equal(fputc(byte ^ 4, file), byte ^ 4);
    assert_int_equal(fclose(file), 0);
}

static void a_state_that_lost_a_bit_does_not_resume(void **state)
{
    static const long places[] = { 1, 40, 200, 2000, 5000 };
    char path[300], left[320];
    tiny_run run = tiny_usual();
    cloze_error error;
    (void)state;
    run.options.folder = tiny_folder();
    run.stop = 3;
    assert_int_equal(tiny_go(&run, &error), CLOZE_ERROR_CANCELLED);
    snprintf(path, sizeof path, "%s/training.state", run.options.folder);
    snprintf(left, sizeof left, "%s.0123abcd", path);
    fclose(fopen(left, "w"));
    run.options.resume = true;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        turn_bit(path, places[i]);
        assert_int_equal(tiny_go(&run, &error), CLOZE_ERROR_FORMAT);
        assert_non_null(strstr(error.message, "checksum"));
        turn_bit(path, places[i]);
    }
    assert_int_not_equal(access(left, F_OK), 0); /* what a killed run left is gone */
    assert_int_equal(tiny_go(&run, &error), CLOZE_OK);
}

static void save_and_compare(const char *from)
{
    tiny_run run = tiny_usual();
    cloze_error error;
    const cloze_text text = { "the film was good", 17 };
    float scores[2][2];
    run.model = from;
    run.options.folder = tiny_folder();
    cloze_trainer *trainer = tiny_trainer(&run);
    assert_int_equal(cloze_trainer_run(trainer, &error), CLOZE_OK);
    assert_int_equal(cloze_trainer_save(trainer, NULL, &error), CLOZE_OK);
    cloze_model *model = NULL;
    if (cloze_model_open(&model, run.options.folder, NULL, &error))
        fail_msg("%s", error.message);
    assert_int_equal(cloze_model_labels(model), 2);
    assert_string_equal(cloze_model_label(model, 0), "no");
    assert_string_equal(cloze_model_label(model, 1), "yes");
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

/* The second has a convolution, whose weight is of three dimensions. */
static void what_was_saved_says_the_same(void **state)
{
    (void)state;
    save_and_compare("sentiment");
    save_and_compare("../sentence/deberta_v2");
}

/* The body says the same in every epoch, so what is kept of it is what it would say again. */
static void a_frozen_body_stays_as_it_was(void **state)
{
    tiny_run run = tiny_usual();
    cloze_error error;
    (void)state;
    run.options.freeze_body = true;
    run.options.epochs = 40;
    run.options.rate = 1e-2;
    cloze_trainer *trainer = tiny_trainer(&run);
    double before = measured(trainer, "loss");
    if (cloze_trainer_run(trainer, &error))
        fail_msg("%s", error.message);
    double after = measured(trainer, "loss");
    assert_true(after < before);
    const char *folder = tiny_folder();
    assert_int_equal(cloze_trainer_save(trainer, folder, &error), CLOZE_OK);
    tiny_free(trainer);
    /* Opened again, with nothing kept, it measures the same. */
    const cloze_engine_options how = { .threads = 1 };
    run.options.freeze_body = false;
    assert_int_equal(cloze_engine_new(&run.options.engine, &how, &error), CLOZE_OK);
    if (cloze_trainer_new(&trainer, folder, &run.options, &error))
        fail_msg("%s", error.message);
    tiny_add(trainer, CLOZE_SPLIT_DEV, TINY_DEV, 2);
    assert_true(fabs(measured(trainer, "loss") - after) < 1e-6);
    cloze_trainer_free(trainer);
    cloze_engine_free(run.options.engine);
}

static void patience_ends_a_run(void **state)
{
    tiny_run run = tiny_usual();
    cloze_error error;
    (void)state;
    run.options.epochs = 50;
    run.options.rate = 1e-9; /* nothing gets better */
    run.options.metric = "accuracy";
    run.options.patience = 2;
    run.stop = 6 * 4;
    assert_int_equal(tiny_go(&run, &error), CLOZE_OK);
}

static bool count_best(void *context, const cloze_train_event *event)
{
    *(size_t *)context += event->moment == CLOZE_TRAIN_BEST;
    return true;
}

/* Of numbers that are all the same there is no correlation: the first is not the best for good. */
static void what_cannot_be_told_is_not_the_best(void **state)
{
    static const char *const labels[] = { "n" };
    size_t best = 0;
    const cloze_train_options options = { .learning = CLOZE_LEARN_NUMBERS,
                                          .labels = labels,
                                          .label_count = 1,
                                          .watch = { count_best, &best } };
    cloze_trainer *trainer = NULL;
    cloze_error error;
    (void)state;
    if (cloze_trainer_new(&trainer, tiny_model("sentiment"), &options, &error))
        fail_msg("%s", error.message);
    for (size_t i = 0; i < 6; i++) {
        const float value = i < 4 ? (float)i : 1;
        const cloze_example example = { .text = { i % 2 ? "no" : "yes", i % 2 ? 2 : 3 },
                                        .values = &value };
        if (cloze_trainer_add(trainer, i < 4 ? CLOZE_SPLIT_TRAIN : CLOZE_SPLIT_DEV, &example, 1,
                              NULL, &error))
            fail_msg("%s", error.message);
    }
    assert_int_equal(cloze_trainer_run(trainer, &error), CLOZE_OK);
    assert_int_equal(best, 3);
    cloze_trainer_free(trainer);
}

static void a_run_that_diverges_says_so(void **state)
{
    tiny_run run = tiny_usual();
    cloze_error error;
    (void)state;
    run.options.rate = 100;
    run.options.clip = -1;
    run.options.epochs = 50;
    run.options.schedule = CLOZE_SCHEDULE_CONSTANT;
    assert_int_equal(tiny_go(&run, &error), CLOZE_ERROR_FORMAT);
    assert_non_null(strstr(error.message, "no longer"));
}

static void impossible_settings_are_refused(void **state)
{
    static const char *const labels[] = { "a", "b" };
    static const float nothing[] = { 0, 0 }, less[] = { 1, -1 };
    const cloze_train_options wrong[] = {
        { .labels = labels, .label_count = 1 },
        { .labels = labels, .label_count = 2, .rate = -1 },
        { .labels = labels, .label_count = 2, .dropout = 1.5 },
        { .labels = labels, .label_count = 2, .smoothing = 0.1, .focal = 2 },
        { .labels = labels, .label_count = 2, .resume = true },
        { .labels = labels, .label_count = 2, .freeze_layers = 99 },
        { .labels = labels, .label_count = 2, .epochs = NAN },
        { .labels = labels, .label_count = 2, .label_weights = nothing },
        { .labels = labels, .label_count = 2, .label_weights = less },
        { .labels = labels, .label_count = 2, .schedule = (cloze_schedule)6 },
        { .labels = labels, .label_count = 2, .balance = (cloze_balance)3 },
        { .learning = (cloze_learning)77 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        cloze_trainer *trainer = NULL;
        cloze_error error;
        assert_int_equal(cloze_trainer_new(&trainer, tiny_model("sentiment"), &wrong[i], &error),
                         CLOZE_ERROR_ARGUMENT);
        assert_null(trainer);
    }
}

/* How many of the spans of "no yes" that bits name are given as right answers, and found. */
static double exact_of(unsigned spans)
{
    static const cloze_token_offset all[] = { { 0, 2 }, { 3, 6 }, { 0, 6 } };
    static const cloze_train_options options = { .learning = CLOZE_LEARN_ANSWERS };
    cloze_token_offset given[3];
    cloze_trainer *trainer = NULL;
    cloze_error error;
    size_t count = 0;
    for (size_t i = 0; i < 3; i++)
        if (spans >> i & 1)
            given[count++] = all[i];
    const cloze_example example = { .text = { "no", 2 },
                                    .pair = { "no yes", 6 },
                                    .answer = given[0],
                                    .others = given + 1,
                                    .other_count = count - 1 };
    if (cloze_trainer_new(&trainer, tiny_model("sentiment"), &options, &error) ||
        cloze_trainer_add(trainer, CLOZE_SPLIT_DEV, &example, 1, NULL, &error))
        fail_msg("%s", error.message);
    double exact = measured(trainer, "exact");
    cloze_trainer_free(trainer);
    return exact;
}

static void any_right_answer_counts(void **state)
{
    (void)state;
    double first = exact_of(1), second = exact_of(2), both = exact_of(4);
    assert_true(first + second + both == 1);
    assert_true(exact_of(7) == 1);
    assert_true(exact_of(3) == first + second);
    assert_true(exact_of(6) == second + both);
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
        cmocka_unit_test_teardown(a_word_that_decides_is_found, clean),
        cmocka_unit_test_teardown(threads_and_memory_do_not_matter, clean),
        cmocka_unit_test_teardown(saved_memory_is_told, clean),
        cmocka_unit_test_teardown(another_seed_is_another_run, clean),
        cmocka_unit_test_teardown(a_stopped_run_goes_on_to_the_same_bits, clean),
        cmocka_unit_test_teardown(a_finished_run_is_not_run_again, clean),
        cmocka_unit_test_teardown(a_model_is_not_written_over, clean),
        cmocka_unit_test_teardown(other_settings_do_not_resume, clean),
        cmocka_unit_test_teardown(frozen_weights_of_another_model_do_not_resume, clean),
        cmocka_unit_test_teardown(a_state_that_lost_a_bit_does_not_resume, clean),
        cmocka_unit_test_teardown(what_was_saved_says_the_same, clean),
        cmocka_unit_test_teardown(a_frozen_body_stays_as_it_was, clean),
        cmocka_unit_test_teardown(patience_ends_a_run, clean),
        cmocka_unit_test_teardown(what_cannot_be_told_is_not_the_best, clean),
        cmocka_unit_test_teardown(a_run_that_diverges_says_so, clean),
        cmocka_unit_test_teardown(impossible_settings_are_refused, clean),
        cmocka_unit_test_teardown(any_right_answer_counts, clean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
