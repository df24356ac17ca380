/*
 * test_curves.c - 50 steps of AdamW on a tiny model of every family follow PyTorch's: in double on the
 * reference device, and on the processor. Bounds are of max(loss, 0.01).
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

#include <cmocka.h>

enum { STEPS = 50, WARMUP = 5 };

static const double rate = 2e-3;

static json_t *curves(void)
{
    char path[1200];
    const char *data = getenv("CLOZE_TEST_DATA");
    snprintf(path, sizeof path, "%s/golden/curves.json", data ? data : "test");
    json_t *root = json_load_file(path, 0, NULL);
    assert_non_null(root);
    return root;
}

static double step(golden *g, const cz_learner *learner, size_t number)
{
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
    cz_learner_zero(learner, &g->place, 0);
    cz_run_reset(&g->run);
    g->run.gradients = learner->level[0].list;
    g->run.touched = learner->level[0].touched;
    cz_tensor *x = cz_encode(&g->run, g->network, &g->batch, g->network->config.layers);
    x = cz_logits(&g->run, g->network, CZ_HEAD_LABELS, &g->batch, x);
    cz_tensor *loss = cz_cross_entropy(&g->run, x, g->labels[CZ_HEAD_LABELS], NULL);
    double value = cz_tensor_at(loss, 0, 0);
    cz_run_backward(&g->run, loss);
    assert_int_equal(g->run.error.status, CLOZE_OK);
    assert_int_equal(cz_learner_step(learner, &g->place, &optimizer, 0, &norm), CLOZE_OK);
    return value;
}

static void follow(const char *name, const json_t *curve, const golden_options *options,
                   double bound)
{
    golden g = { 0 };
    cz_learner learner;
    cloze_error error;
    golden_open(&g, name, options);
    const cz_learner_options how = { .heads = 1u << CZ_HEAD_LABELS,
                                     .pooler = cz_config_pools(&g.network->config, CZ_HEAD_LABELS),
                                     .layer_decay = 1,
                                     .shards = 1 };
    assert_int_equal(cz_learner_init(&learner, g.network, options->backend, &how, NULL, &error),
                     CLOZE_OK);
    assert_int_equal(json_array_size(curve), STEPS);
    for (size_t i = 0; i < STEPS; i++) {
        double wanted = json_number_value(json_array_get(curve, i));
        double found = step(&g, &learner, i);
        if (!(fabs(found - wanted) <= bound * fmax(wanted, 0.01)))
            fail_msg("%s on %s, step %zu: %.9g instead of %.9g", name, options->backend->name, i,
                     found, wanted);
    }
    cz_learner_clear(&learner);
    golden_close(&g);
}

static void every_family_learns_as_in_pytorch(void **state)
{
    const golden_options exact = { .backend = &cz_backend_reference_f64 };
    const golden_options fast = { .backend = &cz_backend_cpu, .threads = 2 };
    const golden_options again = { .backend = &cz_backend_cpu, .threads = 2, .recompute = true };
    json_t *root = curves();
    const char *name;
    const json_t *curve;
    size_t count = 0;
    (void)state;
    json_object_foreach(root, name, curve)
    {
        follow(name, curve, &exact, 1e-12);
        follow(name, curve, &fast, 2e-5);
        follow(name, curve, &again, 2e-5);
        count++;
    }
    assert_true(count >= 15);
    json_decref(root);
}

/* The second inner layer is read by the first stage already. */
static void shared_layers_are_recorded_where_they_are_first_read(void **state)
{
    const golden_options exact = { .backend = &cz_backend_reference_f64 };
    const cz_learner_options how = {
        .heads = 1u << CZ_HEAD_LABELS, .freeze_layers = 1, .layer_decay = 1, .shards = 1
    };
    golden g = { 0 };
    cz_learner learner;
    cloze_error error;
    (void)state;
    golden_open(&g, "albert_inner", &exact);
    assert_true(g.network->config.inner > 1);
    assert_int_equal(cz_learner_init(&learner, g.network, exact.backend, &how, NULL, &error),
                     CLOZE_OK);
    assert_int_equal(g.network->still, 1);
    cz_learner_clear(&learner);
    golden_close(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_family_learns_as_in_pytorch),
        cmocka_unit_test(shared_layers_are_recorded_where_they_are_first_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
