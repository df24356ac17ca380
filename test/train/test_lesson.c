/*
 * test_lesson.c - what a student learns from its teacher, beside PyTorch in float64 (make_lessons.py): each
 * loss, and its gradient for every parameter, in double on the reference device and on the processor.
 * And a run with a teacher is a function of its inputs; teachers that do not fit are refused.
 */
#include "tiny.h"

#include "train/lesson.h"
#include "train/trainer.h"

#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { TEXTS = 5, LAYERS = 2, DIMENSION = 12 };

static const char *const names[] = { "no", "yes" };

typedef struct lessons {
    json_t *root;
    cz_weights *gradients;
    cloze_engine *engine;
    cloze_model *teacher;
    double bound;
} lessons;

static const char *golden_path(const char *name)
{
    static char path[4][1200];
    static size_t turn;
    const char *data = getenv("CLOZE_TEST_DATA");
    char *out = path[turn++ % 4];
    snprintf(out, sizeof path[0], "%s/golden/lessons/%s", data ? data : "test", name);
    return out;
}

static void check(cloze_status status, const cloze_error *error)
{
    if (status)
        fail_msg("%s", error->message);
}

static void open_lessons(lessons *l, const cloze_engine_options *how, double bound)
{
    cloze_error error;
    *l = (lessons){ .bound = bound, .root = json_load_file(golden_path("lessons.json"), 0, NULL) };
    assert_non_null(l->root);
    check(cz_weights_open_file(&l->gradients, golden_path("gradients.safetensors"), NULL, &error),
          &error);
    check(cloze_engine_new(&l->engine, how, &error), &error);
    const cloze_model_options options = { .engine = l->engine };
    check(cloze_model_open(&l->teacher, golden_path("teacher"), &options, &error), &error);
}

static void close_lessons(lessons *l)
{
    cloze_model_free(l->teacher);
    cloze_engine_free(l->engine);
    cz_weights_close(l->gradients);
    json_decref(l->root);
}

/* ---- a case as a trainer ---- */

static double number_of(const json_t *object, const char *key)
{
    return json_number_value(json_object_get(object, key));
}

static cloze_learning learning_of(const json_t *one)
{
    static const char *const kinds[] = { "labels", "sets", "numbers", "tags", "answers", "words" };
    const char *name = json_string_value(json_object_get(one, "learning"));
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (!strcmp(kinds[i], name))
            return (cloze_learning)i;
    return CLOZE_LEARN_VECTORS;
}

static cloze_train_options options_of(const lessons *l, const json_t *one, size_t layers[LAYERS])
{
    const char *learning = json_string_value(json_object_get(one, "learning"));
    cloze_train_options options = { .learning = learning_of(one),
                                    .labels = names,
                                    .label_count = 2,
                                    .teaching = number_of(one, "teaching"),
                                    .temperature = number_of(one, "temperature"),
                                    .directions = !strcmp(learning, "directions"),
                                    .shards = 1,
                                    .no_dropout = true,
                                    .engine = l->engine };
    for (size_t i = 0; i < LAYERS; i++)
        layers[i] = (size_t)json_integer_value(json_array_get(json_object_get(one, "layers"), i));
    if (options.learning != CLOZE_LEARN_VECTORS)
        options.teacher = (cloze_teacher){ .model = l->teacher,
                                           .last = number_of(one, "last"),
                                           .states = number_of(one, "states"),
                                           .attention = number_of(one, "attention"),
                                           .layers = layers,
                                           .layer_count = LAYERS };
    /* The case that has nothing else tells that this is what is usual. */
    if (layers[0] == 2 && layers[1] == 3)
        options.teacher.layers = NULL;
    return options;
}

/* The words of a text, whose tags take turns. */
static void split_words(const char *text, cloze_example *out)
{
    static cloze_text words[20];
    static size_t tags[20];
    *out = (cloze_example){ .words = words, .tags = tags };
    while (*text) {
        size_t size = strcspn(text, " ");
        tags[out->word_count] = out->word_count % 2;
        words[out->word_count++] = (cloze_text){ text, size };
        text += size + (text[size] == ' ');
    }
}

static void add_texts(const lessons *l, cloze_trainer *trainer, cloze_learning learning)
{
    const cz_stored_tensor *vectors = cz_weights_find(l->gradients, "teacher/vectors");
    cloze_error error;
    for (size_t i = 0; i < TEXTS; i++) {
        const char *text = json_string_value(json_array_get(json_object_get(l->root, "texts"), i));
        const json_t *numbers = json_array_get(json_object_get(l->root, "numbers"), i);
        const float both[] = { (float)json_integer_value(json_array_get(numbers, 0)),
                               (float)json_integer_value(json_array_get(numbers, 1)) };
        cloze_example example = {
            .text = { text, strlen(text) },
            .label =
                (size_t)json_integer_value(json_array_get(json_object_get(l->root, "labels"), i)),
            .values = learning == CLOZE_LEARN_VECTORS ? (const float *)vectors->data + i * DIMENSION
                                                      : both,
        };
        if (learning == CLOZE_LEARN_TAGS)
            split_words(text, &example);
        check(cloze_trainer_add(trainer, CLOZE_SPLIT_TRAIN, &example, 1, NULL, &error), &error);
    }
}

/* The words that PyTorch was asked for instead of those that were drawn. */
static double mask(const lessons *l, cz_part *part)
{
    const json_t *masked = json_object_get(l->root, "masked");
    const cz_dataset *dataset = part->dataset;
    memcpy(part->ids, dataset->ids, part->batch.tokens * sizeof *part->ids);
    part->row_count = json_array_size(masked);
    for (size_t i = 0; i < part->row_count; i++) {
        const json_t *one = json_array_get(masked, i);
        part->rows[i] = (size_t)json_integer_value(json_array_get(one, 0));
        part->labels[i] = dataset->ids[part->rows[i]];
        part->ids[part->rows[i]] = (uint32_t)json_integer_value(json_array_get(one, 1));
    }
    return (double)part->row_count;
}

static double lay(const lessons *l, cloze_trainer *trainer)
{
    static const size_t items[TEXTS] = { 0, 1, 2, 3, 4 };
    cz_part *part = &trainer->part;
    double total = TEXTS;
    assert_true(
        cz_part_lay(trainer, part, &trainer->split[CLOZE_SPLIT_TRAIN], items, TEXTS, 0, 0, true));
    part->all_tokens = (double)part->batch.tokens;
    part->all_pairs = 0;
    for (size_t s = 0; s < TEXTS; s++)
        part->all_pairs += (double)(part->length[s] * part->length[s]);
    if (trainer->options.learning == CLOZE_LEARN_WORDS)
        total = mask(l, part);
    else if (trainer->options.learning == CLOZE_LEARN_TAGS)
        total = (double)part->batch.tokens - 2 * TEXTS;
    return total;
}

static void compare_gradient(const lessons *l, const cz_learner *learner, size_t i,
                             const char *name)
{
    char key[200];
    const cz_parameter *parameter = learner->parameter[i];
    const cz_tensor *found = learner->level[0].list[parameter->index];
    snprintf(key, sizeof key, "%s/%s", name, parameter->name);
    const cz_stored_tensor *stored = cz_weights_find(l->gradients, key);
    double most = 1e-3, worst = 0;
    for (size_t e = 0; e < found->rows * found->columns; e++) {
        double wanted = stored ? ((const double *)stored->data)[e] : 0;
        double off = fabs(cz_tensor_at(found, e / found->columns, e % found->columns) - wanted);
        most = fmax(most, fabs(wanted));
        worst = fmax(worst, off);
    }
    if (!(worst <= l->bound * most))
        fail_msg("%s on %s: off by %g of %g", key, learner->backend->name, worst, most);
}

/* The map to the teacher's width as PyTorch had it, instead of the one that was drawn. */
static void take_projection(const lessons *l, const cz_learner *learner)
{
    for (size_t i = 0; i < learner->count; i++) {
        const cz_parameter *parameter = learner->parameter[i];
        const cz_tensor *value = &parameter->value;
        if (!parameter->of_lesson)
            continue;
        const cz_stored_tensor *stored = cz_weights_find(l->gradients, parameter->name);
        for (size_t e = 0; e < value->rows * value->columns; e++) {
            double number = ((const double *)stored->data)[e];
            if (value->type == CZ_F64)
                ((double *)value->data)[e] = number;
            else
                ((float *)value->data)[e] = (float)number;
        }
    }
}

static void compare_case(const lessons *l, const json_t *one)
{
    const char *name = json_string_value(json_object_get(one, "name"));
    const char *student = json_string_value(json_object_get(one, "student"));
    size_t layers[LAYERS];
    const cloze_train_options options = options_of(l, one, layers);
    cloze_trainer *trainer = NULL;
    cloze_error error;
    double wanted = number_of(one, "loss");
    cz_outcomes out;
    check(cloze_trainer_new(&trainer, golden_path(student), &options, &error), &error);
    assert_int_equal(trainer->model->network->lesson.weight.out,
                     strcmp(student, "narrow") ? 0 : DIMENSION);
    take_projection(l, &trainer->learner);
    add_texts(l, trainer, options.learning);
    cz_totals totals = { lay(l, trainer), 0 };
    check(cz_part_compute(trainer, &trainer->part, totals, &trainer->learner.level[0], 0, &out,
                          &error),
          &error);
    if (!(fabs(out.loss - wanted) <= l->bound * wanted))
        fail_msg("%s on %s: a loss of %.12g instead of %.12g", name, l->engine->backend->name,
                 out.loss, wanted);
    for (size_t i = 0; i < trainer->learner.count; i++)
        compare_gradient(l, &trainer->learner, i, name);
    cloze_trainer_free(trainer);
}

static void compare_all(const cloze_engine_options *how, double bound)
{
    lessons l;
    size_t i;
    const json_t *one;
    open_lessons(&l, how, bound);
    json_array_foreach(json_object_get(l.root, "cases"), i, one) compare_case(&l, one);
    assert_int_equal(i, 13);
    close_lessons(&l);
}

static void losses_and_gradients_are_those_of_pytorch(void **state)
{
    (void)state;
    compare_all(&(cloze_engine_options){ .precision = CLOZE_PRECISION_F64 }, 1e-11);
    compare_all(&(cloze_engine_options){ .threads = 2 }, 2e-5);
}

/* ---- runs ---- */

static cloze_train_options usual(const lessons *l)
{
    return (cloze_train_options){
        .learning = CLOZE_LEARN_LABELS,
        .labels = names,
        .label_count = 2,
        .epochs = 4,
        .batch = 3,
        .shards = 2,
        .rate = 1e-3,
        .teaching = 0.5,
        .teacher = { .model = l->teacher, .last = 1, .states = 1, .attention = 1 },
        .engine = l->engine
    };
}

/* Stops after so many steps; 0: never. */
static bool stop(void *context, const cloze_train_event *event)
{
    const size_t *after = context;
    return !*after || event->moment != CLOZE_TRAIN_STEP || event->step < *after;
}

/* The status of a run; its result is in the folder of the options. */
static cloze_status go_from(const lessons *l, const char *student, cloze_train_options options,
                            size_t after)
{
    cloze_trainer *trainer = NULL;
    cloze_error error;
    options.watch = (cloze_train_watch){ stop, &after };
    check(cloze_trainer_new(&trainer, golden_path(student), &options, &error), &error);
    add_texts(l, trainer, options.learning);
    cloze_status status = cloze_trainer_run(trainer, &error);
    if (!status)
        check(cloze_trainer_save(trainer, NULL, &error), &error);
    cloze_trainer_free(trainer);
    return status;
}

static cloze_status go(const lessons *l, cloze_train_options options, size_t after)
{
    return go_from(l, "student", options, after);
}

static const char *hash_of_run(const char *student, bool bf16, unsigned threads, size_t stopped)
{
    lessons l;
    open_lessons(&l, &(cloze_engine_options){ .threads = threads }, 0);
    cloze_train_options options = usual(&l);
    options.folder = tiny_folder();
    options.bf16 = bf16;
    if (strcmp(student, "narrow") == 0)
        options.teacher.attention = 0;
    if (stopped)
        assert_int_equal(go_from(&l, student, options, stopped), CLOZE_ERROR_CANCELLED);
    options.resume = stopped;
    assert_int_equal(go_from(&l, student, options, 0), CLOZE_OK);
    const char *hash = tiny_hash(options.folder, "model.safetensors");
    close_lessons(&l);
    return hash;
}

static void a_run_with_a_teacher_is_a_function_of_its_inputs(void **state)
{
    (void)state;
    const char *one = hash_of_run("student", false, 1, 0);
    assert_string_equal(hash_of_run("student", false, 3, 0), one);
    assert_string_equal(hash_of_run("student", false, 2, 3), one);
}

/* The map to its width is in the state of the run, and is no part of the model. */
static void a_teacher_may_be_wider_than_its_student(void **state)
{
    (void)state;
    for (int bf16 = 0; bf16 < 2; bf16++) {
        const char *one = hash_of_run("narrow", bf16, 1, 0);
        assert_string_equal(hash_of_run("narrow", bf16, 3, 0), one);
        assert_string_equal(hash_of_run("narrow", bf16, 2, 3), one);
    }
    lessons l;
    cz_weights *saved = NULL, *begun = NULL;
    cloze_error error;
    char path[1200];
    open_lessons(&l, &(cloze_engine_options){ .threads = 1 }, 0);
    cloze_train_options options = usual(&l);
    options.teacher.attention = 0;
    options.folder = tiny_folder();
    assert_int_equal(go_from(&l, "narrow", options, 0), CLOZE_OK);
    snprintf(path, sizeof path, "%s/model.safetensors", options.folder);
    check(cz_weights_open_file(&saved, path, NULL, &error), &error);
    check(cz_weights_open_file(&begun, golden_path("narrow/model.safetensors"), NULL, &error),
          &error);
    for (size_t i = 0; i < cz_weights_count(saved); i++)
        assert_non_null(cz_weights_find(begun, cz_weights_tensor(saved, i)->name));
    cz_weights_close(saved);
    cz_weights_close(begun);
    close_lessons(&l);
}

static void a_run_does_not_go_on_with_another_teacher(void **state)
{
    lessons l;
    cloze_model *other = NULL;
    cloze_error error;
    (void)state;
    open_lessons(&l, &(cloze_engine_options){ .threads = 1 }, 0);
    const cloze_model_options how = { .engine = l.engine };
    check(cloze_model_open(&other, golden_path("student"), &how, &error), &error);
    cloze_train_options options = usual(&l);
    options.folder = tiny_folder();
    assert_int_equal(go(&l, options, 3), CLOZE_ERROR_CANCELLED);
    options.resume = true;
    options.teacher.model = other;
    assert_int_equal(go(&l, options, 0), CLOZE_ERROR_ARGUMENT);
    cloze_model_free(other);
    close_lessons(&l);
}

static const char *hash_of(const lessons *l, const cloze_train_options *options)
{
    cloze_train_options own = *options;
    own.folder = tiny_folder();
    assert_int_equal(go(l, own, 0), CLOZE_OK);
    return tiny_hash(own.folder, "model.safetensors");
}

/* Hidden states are there though the layers are computed twice; what is frozen has none to compare. */
static void recomputed_and_frozen_layers_have_teachers_too(void **state)
{
    lessons l;
    (void)state;
    open_lessons(&l, &(cloze_engine_options){ .threads = 2 }, 0);
    cloze_train_options options = usual(&l);
    options.teacher.attention = 0;
    const char *kept = hash_of(&l, &options);
    options.recompute = true;
    assert_string_equal(hash_of(&l, &options), kept);
    options.recompute = false;
    options.teacher.attention = 1;
    options.freeze_layers = 1;
    const char *frozen = hash_of(&l, &options);
    options.teacher.states = 0;
    assert_string_not_equal(hash_of(&l, &options), frozen);
    close_lessons(&l);
}

/* ---- what does not fit ---- */

static void refuse(const lessons *l, const cloze_train_options *options, const char *student,
                   cloze_status status, const char *said)
{
    cloze_trainer *trainer = NULL;
    cloze_error error = { 0 };
    assert_int_equal(cloze_trainer_new(&trainer, student, options, &error), status);
    if (!strstr(error.message, said))
        fail_msg("\"%s\" says nothing of \"%s\"", error.message, said);
    (void)l;
}

static void teachers_that_do_not_fit_are_refused(void **state)
{
    static const size_t wrong[] = { 2, 9 }, few[] = { 3 };
    static const char *const others[] = { "yes", "no" };
    const char *student = golden_path("student");
    cloze_engine *engine = NULL;
    cloze_error error;
    lessons l;
    (void)state;
    open_lessons(&l, &(cloze_engine_options){ .threads = 1 }, 0);
    check(cloze_engine_new(&engine, NULL, &error), &error);
    cloze_train_options options = usual(&l);
    options.engine = engine;
    refuse(&l, &options, student, CLOZE_ERROR_ARGUMENT, "another engine");
    options = usual(&l);
    options.teacher.layers = wrong;
    options.teacher.layer_count = 2;
    refuse(&l, &options, student, CLOZE_ERROR_ARGUMENT, "layer 9");
    options.teacher.layers = few;
    options.teacher.layer_count = 1;
    refuse(&l, &options, student, CLOZE_ERROR_ARGUMENT, "the student has 2");
    options = usual(&l);
    options.labels = others;
    refuse(&l, &options, student, CLOZE_ERROR_ARGUMENT, "in another order");
    options = usual(&l);
    options.recompute = true;
    refuse(&l, &options, student, CLOZE_ERROR_ARGUMENT, "recomputed");
    options = usual(&l);
    options.freeze_body = true;
    refuse(&l, &options, student, CLOZE_ERROR_ARGUMENT, "frozen");
    options = usual(&l);
    options.teaching = 0;
    options.teacher.last = options.teacher.states = options.teacher.attention = 0;
    refuse(&l, &options, student, CLOZE_ERROR_ARGUMENT, "nothing is learned");
    options = usual(&l);
    options.teacher.last = -1;
    refuse(&l, &options, student, CLOZE_ERROR_ARGUMENT, "last states");
    options = usual(&l);
    refuse(&l, &options, tiny_model("inference"), CLOZE_ERROR_ARGUMENT, "same vocabulary");
    refuse(&l, &options, golden_path("narrow"), CLOZE_ERROR_UNSUPPORTED, "as many");
    options.learning = CLOZE_LEARN_RANKING;
    refuse(&l, &options, student, CLOZE_ERROR_UNSUPPORTED, "labels, numbers, tags");
    cloze_engine_free(engine);
    close_lessons(&l);
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
        cmocka_unit_test(losses_and_gradients_are_those_of_pytorch),
        cmocka_unit_test_teardown(a_run_with_a_teacher_is_a_function_of_its_inputs, clean),
        cmocka_unit_test_teardown(a_teacher_may_be_wider_than_its_student, clean),
        cmocka_unit_test_teardown(a_run_does_not_go_on_with_another_teacher, clean),
        cmocka_unit_test_teardown(recomputed_and_frozen_layers_have_teachers_too, clean),
        cmocka_unit_test(teachers_that_do_not_fit_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
