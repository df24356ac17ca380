/*
 * test_student.c - a smaller model out of layers of another, and what it learns from its teacher: vectors
 * of sentences, and logits beside labels.
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

enum { TEXTS = 40, LABELS = 2 };

static const char *const subjects[] = { "the cat", "a dog", "the man", "a woman", "i" };
static const char *const verbs[] = { "sits outside", "plays guitar", "love pasta",  "watches tv",
                                     "is playing",   "love pizza",   "sits inside", "plays" };

static cloze_text text_of(size_t i, char *room, size_t size)
{
    int length = snprintf(room, size, "%s %s", subjects[i % 5], verbs[i / 5 % 8]);
    return (cloze_text){ room, (size_t)length };
}

static cloze_model *open_model(const char *folder)
{
    cloze_model *model = NULL;
    cloze_error error;
    if (cloze_model_open(&model, folder, NULL, &error))
        fail_msg("%s", error.message);
    return model;
}

static double value_of(const cloze_measures *measures, const char *name)
{
    for (size_t i = 0; i < measures->count; i++)
        if (!strcmp(measures->name[i], name))
            return measures->value[i];
    fail_msg("%s was not measured", name);
    return 0;
}

static void a_student_has_the_layers_that_were_chosen(void **state)
{
    const char *folder = tiny_folder();
    const size_t layers[] = { 1 }, wrong[] = { 1, 1 }, beyond[] = { 9 };
    cloze_error error;
    (void)state;
    assert_int_equal(cloze_student(tiny_model("../sentence/mean"), folder, wrong, 2, &error),
                     CLOZE_ERROR_ARGUMENT);
    assert_int_equal(cloze_student(tiny_model("../sentence/mean"), folder, beyond, 1, &error),
                     CLOZE_ERROR_ARGUMENT);
    assert_int_equal(cloze_student(tiny_model("../sentence/mean"), folder, NULL, 0, &error),
                     CLOZE_ERROR_ARGUMENT);
    if (cloze_student(tiny_model("../sentence/mean"), folder, layers, 1, &error))
        fail_msg("%s", error.message);
    cloze_model *model = open_model(folder);
    assert_int_equal(cloze_model_describe(model).layers, 1);
    cloze_model_free(model);
}

static cloze_status choose(const char *teacher, size_t first, size_t second, cloze_error *error)
{
    const size_t layers[] = { first, second };
    return cloze_student(tiny_model(teacher), tiny_folder(), layers, 2, error);
}

/* Windows and kinds go with their layers; a pattern must fit. */
static void layers_go_on_seeing_what_they_saw(void **state)
{
    static const char *const good[][2] = { { "../models/longformer", "02" },
                                           { "../models/modernbert", "02" },
                                           { "../models/modernbert_renamed", "12" } };
    cloze_error error;
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (choose(good[i][0], (size_t)(good[i][1][0] - '0'), (size_t)(good[i][1][1] - '0'),
                   &error))
            fail_msg("%s: %s", good[i][0], error.message);
    assert_int_equal(choose("../models/modernbert", 1, 2, &error), CLOZE_ERROR_UNSUPPORTED);
    assert_int_equal(choose("../models/albert", 0, 1, &error), CLOZE_ERROR_UNSUPPORTED);
}

static void add_vectors(cloze_trainer *trainer, const char *teacher)
{
    cloze_model *model = open_model(teacher);
    cloze_session *session = NULL;
    cloze_error error;
    size_t dimension = cloze_embed_dimension(model, NULL);
    float *vector = calloc(dimension, sizeof *vector);
    assert_int_equal(cloze_session_new(&session, model, NULL, &error), CLOZE_OK);
    for (size_t i = 0; i < TEXTS; i++) {
        char room[100];
        cloze_example example = { .text = text_of(i, room, sizeof room), .values = vector };
        if (cloze_embed(session, &example.text, 1, NULL, vector, NULL, NULL, &error) ||
            cloze_trainer_add(trainer, i % 4 ? CLOZE_SPLIT_TRAIN : CLOZE_SPLIT_DEV, &example, 1,
                              NULL, &error))
            fail_msg("%s", error.message);
    }
    free(vector);
    cloze_session_free(session);
    cloze_model_free(model);
}

static void a_student_learns_its_teachers_vectors(void **state)
{
    const char *teacher = tiny_model("../sentence/mean"), *folder = tiny_folder();
    const size_t layers[] = { 0 };
    const cloze_train_options options = {
        .learning = CLOZE_LEARN_VECTORS, .epochs = 30, .batch = 6, .rate = 3e-3, .no_dropout = true
    };
    cloze_trainer *trainer = NULL;
    cloze_measures before, after;
    cloze_error error;
    (void)state;
    if (cloze_student(teacher, folder, layers, 1, &error) ||
        cloze_trainer_new(&trainer, folder, &options, &error))
        fail_msg("%s", error.message);
    add_vectors(trainer, teacher);
    assert_int_equal(cloze_trainer_measure(trainer, CLOZE_SPLIT_DEV, &before, &error), CLOZE_OK);
    if (cloze_trainer_run(trainer, &error))
        fail_msg("%s", error.message);
    assert_int_equal(cloze_trainer_measure(trainer, CLOZE_SPLIT_DEV, &after, &error), CLOZE_OK);
    assert_true(value_of(&after, "cosine") > value_of(&before, "cosine"));
    assert_true(value_of(&after, "loss") < value_of(&before, "loss") / 2);
    cloze_trainer_free(trainer);
}

/* All that is learned comes from the teacher when it has all the say: its logits are met although the
 * labels contradict them. */
static void logits_of_a_teacher_are_met(void **state)
{
    static const char *const labels[] = { "no", "yes" };
    const cloze_train_options options = { .learning = CLOZE_LEARN_LABELS,
                                          .labels = labels,
                                          .label_count = LABELS,
                                          .teaching = 1,
                                          .temperature = 1,
                                          .epochs = 40,
                                          .batch = 8,
                                          .rate = 1e-2,
                                          .keep_last = true,
                                          .no_dropout = true };
    cloze_trainer *trainer = NULL;
    cloze_error error;
    cloze_measures measures;
    (void)state;
    if (cloze_trainer_new(&trainer, tiny_model("sentiment"), &options, &error))
        fail_msg("%s", error.message);
    for (size_t i = 0; i < TEXTS; i++) {
        char room[100];
        size_t said = i % 5 < 2;
        const float logits[LABELS] = { said ? -2.0f : 2.0f, said ? 2.0f : -2.0f };
        cloze_example example = { .text = text_of(i, room, sizeof room),
                                  .values = logits,
                                  .label = 1 - said };
        if (cloze_trainer_add(trainer, CLOZE_SPLIT_TRAIN, &example, 1, NULL, &error))
            fail_msg("%s", error.message);
        example.label = said;
        if (cloze_trainer_add(trainer, CLOZE_SPLIT_DEV, &example, 1, NULL, &error))
            fail_msg("%s", error.message);
    }
    if (cloze_trainer_run(trainer, &error))
        fail_msg("%s", error.message);
    assert_int_equal(cloze_trainer_measure(trainer, CLOZE_SPLIT_DEV, &measures, &error), CLOZE_OK);
    assert_true(value_of(&measures, "accuracy") > 0.9);
    cloze_trainer_free(trainer);
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
        cmocka_unit_test_teardown(a_student_has_the_layers_that_were_chosen, clean),
        cmocka_unit_test_teardown(layers_go_on_seeing_what_they_saw, clean),
        cmocka_unit_test_teardown(a_student_learns_its_teachers_vectors, clean),
        cmocka_unit_test_teardown(logits_of_a_teacher_are_met, clean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
