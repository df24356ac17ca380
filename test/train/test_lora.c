/*
 * test_lora.c - adapters learn beside every family as peft and PyTorch let them: the gradients of the first
 * step, the losses of 30 steps of AdamW, and what the model says afterwards; and what peft saved opens.
 */
#include "../model/golden.h"

#include "train/learner.h"
#include "train/schedule.h"

#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { STEPS = 30, WARMUP = 5, TARGETS = 8, NAME = 700 };

static const double rate = 2e-3;

typedef struct lesson {
    golden g;
    cz_learner learner;
    cz_weights *file;
    const char *name;
    double bound;
} lesson;

static void path_of(char *out, size_t size, const char *name)
{
    const char *data = getenv("CLOZE_TEST_DATA");
    snprintf(out, size, "%s/golden/lora/%s", data ? data : "test", name);
}

/* The file's tensor for a parameter: "begin.base_model.model.bert.encoder...". */
static const cz_stored_tensor *told(const lesson *l, const char *what,
                                    const cz_parameter *parameter)
{
    const char *prefix = cz_config_prefix(&l->g.network->config);
    bool has = parameter->of_head || !strncmp(parameter->name, prefix, strlen(prefix));
    char name[NAME];
    snprintf(name, sizeof name, "%s.base_model.model.%s%s", what, has ? "" : prefix,
             parameter->name);
    const cz_stored_tensor *stored = cz_weights_find(l->file, name);
    if (!stored)
        fail_msg("%s: there is no %s", l->name, name);
    return stored;
}

static double number_of(const cz_stored_tensor *stored, size_t i)
{
    size_t count = stored->size / cz_type_size(stored->type);
    cz_tensor row = { (void *)(uintptr_t)stored->data, 1, count, count, stored->type, false, NULL };
    return cz_tensor_at(&row, 0, i);
}

static cz_tensor *value_of(const lesson *l, size_t i)
{
    return cz_learner_value(&l->learner, i);
}

static const cz_parameter *parameter_of(const lesson *l, size_t i)
{
    return l->learner.parameter[i];
}

static void begin(lesson *l)
{
    for (size_t i = 0; i < l->learner.count; i++) {
        const cz_parameter *parameter = parameter_of(l, i);
        cz_tensor *value = value_of(l, i);
        size_t count = value->rows * value->columns;
        if (!parameter->of_adapter)
            continue;
        const cz_stored_tensor *stored = told(l, "begin", parameter);
        assert_int_equal(count, stored->size / sizeof(float));
        for (size_t e = 0; e < count; e++) {
            if (value->type == CZ_F64)
                ((double *)value->data)[e] = number_of(stored, e);
            else
                cz_f32(value)[e] = (float)number_of(stored, e);
        }
    }
}

static void check_gradients(const lesson *l)
{
    size_t count = 0;
    for (size_t i = 0; (cz_weights_tensor(l->file, i)); i++)
        count += !strncmp(cz_weights_tensor(l->file, i)->name, "gradient.", 9);
    assert_int_equal(l->learner.count, count);
    for (size_t i = 0; i < l->learner.count; i++) {
        const cz_tensor *found = &l->learner.level[0].tensor[i];
        const cz_stored_tensor *stored = told(l, "gradient", parameter_of(l, i));
        double largest = 1e-6;
        for (size_t e = 0; e < found->rows * found->columns; e++)
            largest = fmax(largest, fabs(number_of(stored, e)));
        for (size_t e = 0; e < found->rows * found->columns; e++)
            if (!(fabs(cz_tensor_at(found, 0, e) - number_of(stored, e)) <= l->bound * largest))
                fail_msg("%s on %s: %s[%zu] has the gradient %g instead of %g", l->name,
                         l->g.backend->name, parameter_of(l, i)->name, e, cz_tensor_at(found, 0, e),
                         number_of(stored, e));
    }
}

static cz_tensor *logits_of(golden *g)
{
    cz_run_reset(&g->run);
    cz_tensor *x = cz_encode(&g->run, g->network, &g->batch, g->network->config.layers);
    return cz_logits(&g->run, g->network, CZ_HEAD_LABELS, &g->batch, x);
}

static double step(lesson *l, size_t number)
{
    golden *g = &l->g;
    const cz_schedule schedule = { .kind = CLOZE_SCHEDULE_LINEAR,
                                   .steps = STEPS,
                                   .warmup = WARMUP };
    const cz_optimizer optimizer = { .rate = rate * cz_schedule_at(&schedule, number),
                                     .beta1 = 0.9,
                                     .beta2 = 0.999,
                                     .epsilon = 1e-8,
                                     .decay = 0.01,
                                     .clip = 1,
                                     .bias_correction = true,
                                     .step = number + 1 };
    double norm;
    cz_learner_zero(&l->learner, &g->place, 0);
    g->run.gradients = l->learner.level[0].list;
    g->run.touched = l->learner.level[0].touched;
    cz_tensor *loss = cz_cross_entropy(&g->run, logits_of(g), g->labels[CZ_HEAD_LABELS], NULL);
    cz_run_backward(&g->run, loss);
    if (g->run.error.status)
        fail_msg("%s: %s", l->name, g->run.error.message);
    double value = cz_tensor_at(loss, 0, 0);
    if (!number)
        check_gradients(l);
    assert_int_equal(cz_learner_step(&l->learner, &g->place, &optimizer, 0, &norm), CLOZE_OK);
    return value;
}

static void follow(lesson *l)
{
    const cz_stored_tensor *losses = cz_weights_find(l->file, "losses");
    const cz_stored_tensor *logits = cz_weights_find(l->file, "logits");
    begin(l);
    for (size_t i = 0; i < STEPS; i++) {
        double wanted = number_of(losses, i), found = step(l, i);
        if (!(fabs(found - wanted) <= l->bound * fmax(wanted, 0.01)))
            fail_msg("%s on %s, step %zu: %.9g instead of %.9g", l->name, l->g.backend->name, i,
                     found, wanted);
    }
    cz_tensor *found = logits_of(&l->g);
    for (size_t e = 0; e < found->rows * found->columns; e++)
        assert_true(fabs(cz_tensor_at(found, 0, e) - number_of(logits, e)) <= l->bound * 10);
}

static void learn(const char *name, const json_t *how, const golden_options *options, double bound)
{
    char path[2100], file[200];
    const char *targets[TARGETS], *model;
    const json_t *list = json_object_get(how, "targets");
    double rank = json_number_value(json_object_get(how, "rank"));
    bool stabilized = json_is_true(json_object_get(how, "stabilized"));
    cloze_error error;
    for (size_t i = 0; i < json_array_size(list); i++)
        targets[i] = json_string_value(json_array_get(list, i));
    model = json_string_value(json_object_get(how, "model"));
    lesson l = { .name = name, .bound = bound };
    snprintf(file, sizeof file, "%s.safetensors", name);
    path_of(path, sizeof path, file);
    assert_int_equal(cz_weights_open_file(&l.file, path, NULL, &error), CLOZE_OK);
    const cz_anew anew = {
        .heads = 1u << CZ_HEAD_LABELS,
        .columns = cz_weights_find(l.file, "logits")->shape[1],
        .adapters = { .rank = (size_t)rank,
                      .scale = json_number_value(json_object_get(how, "alpha")) /
                               (stabilized ? sqrt(rank) : rank),
                      .targets = targets,
                      .target_count = json_array_size(list) },
    };
    golden_options own = *options;
    own.anew = &anew;
    golden_open(&l.g, model, &own);
    const cz_learner_options learner = { .heads = 1u << CZ_HEAD_LABELS,
                                         .pooler =
                                             cz_config_pools(&l.g.network->config, CZ_HEAD_LABELS),
                                         .adapters = true,
                                         .layer_decay = 1,
                                         .shards = 1 };
    assert_int_equal(
        cz_learner_init(&l.learner, l.g.network, options->backend, &learner, NULL, &error),
        CLOZE_OK);
    follow(&l);
    cz_learner_clear(&l.learner);
    cz_weights_close(l.file);
    golden_close(&l.g);
}

static void every_family_learns_beside_as_in_peft(void **state)
{
    const golden_options exact = { .backend = &cz_backend_reference_f64 };
    const golden_options fast = { .backend = &cz_backend_cpu, .threads = 2 };
    const golden_options again = { .backend = &cz_backend_cpu, .threads = 2, .recompute = true };
    char path[2100];
    const char *name;
    const json_t *how;
    (void)state;
    path_of(path, sizeof path, "lora.json");
    json_t *root = json_load_file(path, 0, NULL);
    assert_non_null(root);
    assert_true(json_object_size(root) >= 12);
    json_object_foreach(root, name, how)
    {
        learn(name, how, &exact, 1e-12);
        learn(name, how, &fast, 2e-5);
        learn(name, how, &again, 2e-5);
    }
    json_decref(root);
}

/* An adapter as peft saved it, merged into the model beside which it learned. */
static void what_peft_saved_says_the_same(void **state)
{
    char folder[2100], path[2200];
    cloze_error error;
    cz_weights *expected;
    golden g;
    (void)state;
    path_of(folder, sizeof folder, "saved");
    snprintf(path, sizeof path, "%s/logits.safetensors", folder);
    assert_int_equal(cz_weights_open_file(&expected, path, NULL, &error), CLOZE_OK);
    const cz_stored_tensor *logits = cz_weights_find(expected, "logits");
    const golden_options how = { .backend = &cz_backend_cpu, .adapter = folder, .pack = true };
    golden_open(&g, "base", &how);
    cz_tensor *found = logits_of(&g);
    assert_int_equal(found->rows * found->columns * sizeof(double), logits->size);
    for (size_t e = 0; e < found->rows * found->columns; e++)
        assert_true(fabs(cz_tensor_at(found, 0, e) - number_of(logits, e)) <= 2e-5);
    golden_close(&g);
    cz_weights_close(expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_peft_saved_says_the_same),
        cmocka_unit_test(every_family_learns_beside_as_in_peft),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
