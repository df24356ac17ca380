/* test_run.c - the switches, errors, cancelling and taps of a run. */
#include "network.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void open_learning(tiny *t, bool recompute)
{
    tiny_open(t, &cz_backend_reference_f64, 3);
    t->run.record = t->run.parameter_gradients = true;
    t->run.recompute = recompute;
}

/* ---- switches ---- */

static void explaining_gives_the_input_gradient_and_leaves_the_weights_alone(void **state)
{
    tiny learned, explained;
    (void)state;
    open_learning(&learned, false);
    open_learning(&explained, false);
    explained.run.parameter_gradients = false;
    tiny_run(&learned);
    tiny_run(&explained);
    tiny_expect_same(&learned, &explained, false);
    assert_memory_equal(learned.memory_input->gradient->data,
                        explained.memory_input->gradient->data, sizeof(double) * TOKENS * WIDTH);
    for (size_t i = 0; i < explained.parameters; i++)
        for (size_t e = 0; e < explained.gradient[i].rows * explained.gradient[i].columns; e++)
            assert_true(((double *)explained.gradient[i].data)[e] == 0);
    tiny_close(&learned);
    tiny_close(&explained);
}

static void a_parameter_without_a_place_for_its_gradient_is_left_out(void **state)
{
    tiny all, some;
    (void)state;
    open_learning(&all, true);
    open_learning(&some, true);
    some.gradients[4] = NULL;
    tiny_run(&all);
    tiny_run(&some);
    memcpy(some.gradient[4].data, all.gradient[4].data,
           sizeof(double) * all.gradient[4].rows * all.gradient[4].columns);
    tiny_expect_same(&all, &some, true);
    tiny_close(&all);
    tiny_close(&some);
}

static double loss_of(tiny *t)
{
    tiny_run(t);
    assert_int_equal(t->run.error.status, CLOZE_OK);
    return cz_tensor_at(t->loss, 0, 0);
}

static void dropout_is_a_function_of_seed_and_step(void **state)
{
    tiny t;
    (void)state;
    tiny_open(&t, &cz_backend_reference_f64, 2);
    double plain = loss_of(&t);
    t.run.dropout = true;
    double dropped = loss_of(&t);
    assert_true(dropped != plain);
    assert_true(loss_of(&t) == dropped);
    t.run.step++;
    assert_true(loss_of(&t) != dropped);
    t.run.step--;
    t.run.seed++;
    assert_true(loss_of(&t) != dropped);
    tiny_close(&t);
}

static void predicting_keeps_no_tape(void **state)
{
    tiny t;
    (void)state;
    tiny_open(&t, &cz_backend_reference_f64, 2);
    tiny_run(&t);
    assert_null(t.run.tape);
    cz_run_backward(&t.run, t.loss);
    assert_int_equal(t.run.error.status, CLOZE_ERROR_ARGUMENT);
    tiny_close(&t);
}

static void a_reset_run_begins_again_with_the_same_bits(void **state)
{
    tiny first, again;
    (void)state;
    open_learning(&first, true);
    open_learning(&again, true);
    tiny_run(&first);
    again.run.host.size = 100;
    tiny_run(&again);
    assert_int_equal(again.run.error.status, CLOZE_ERROR_MEMORY);
    again.run.host.size = HOST_SIZE;
    for (int i = 0; i < 3; i++)
        tiny_run(&again);
    tiny_expect_same(&first, &again, true);
    assert_int_equal(again.run.numbers.peak, first.run.numbers.peak);
    tiny_close(&first);
    tiny_close(&again);
}

/* ---- errors are sticky, operations fall through ---- */

static void the_first_error_stays_and_everything_after_it_falls_through(void **state)
{
    const int64_t labels[] = { 0 };
    const size_t rows[] = { 0 };
    const cz_packing packing = { 1, rows, rows, 1 };
    const cz_batch batch = { .packing = packing };
    const cz_attention_shape shape = { .heads = 1, .head_size = 2 };
    tiny t;
    (void)state;
    open_learning(&t, false);
    cz_run *run = &t.run;
    cz_run_reset(run);
    cz_run_fail(run, CLOZE_ERROR_LIMIT, "the first of %d", 2);
    cz_run_fail(run, CLOZE_ERROR_FORMAT, "the second");
    cz_tensor *x = cz_run_tensor(run, 3, 3);
    const uint32_t *const index[] = { t.batch.ids, t.batch.positions };
    cz_tensor *results[] = {
        x,
        cz_run_input(run, t.memory, 2, 2, true),
        cz_embed(run, &t.embed, index, 2),
        cz_linear(run, x, &t.layer[0].up, CZ_GELU),
        cz_norm(run, x, &t.embed_norm),
        cz_residual(run, &batch, x, x, NULL, (cz_dropout_site){ 0, 0 }),
        cz_self_attention(run, &batch, x, &shape, 0),
        cz_cross_attention(run, x, &packing, x, &packing, NULL, &shape, 0),
        cz_activate(run, x, CZ_TANH),
        cz_blend(run, x, 1, x, 1),
        cz_select(run, x, rows, 1),
        cz_columns(run, x, 0, 0),
        cz_pool_rows(run, x, &packing, NULL, CZ_POOL_MEAN),
        cz_normalize_rows(run, x),
        cz_cross_entropy(run, x, labels, NULL),
        cz_squared_error(run, x, x, 0),
        cz_binary_entropy(run, x, x, NULL, 0),
        cz_divergence(run, x, x, 1, 0),
        cz_cosine(run, x, x),
        cz_product(run, x, x),
        cz_stage(run, NULL, NULL, &batch, x, NULL, 0),
    };
    for (size_t i = 0; i < sizeof results / sizeof *results; i++) {
        assert_ptr_equal(results[i], &run->empty);
        assert_int_equal(results[i]->rows, 0);
    }
    cz_run_backward(run, x);
    assert_int_equal(run->error.status, CLOZE_ERROR_LIMIT);
    assert_string_equal(run->error.message, "the first of 2");
    assert_null(run->tape);
    tiny_close(&t);
}

/* ---- taps ---- */

typedef struct watch {
    char seen[1024];
    size_t calls, again;
    atomic_bool *cancel;
    size_t cancel_at;
    const char *replace; /* the point whose tensor is doubled */
    double largest_row_error;
} watch;

static void look(void *context, const cz_tap_point *point, cz_tensor *tensor)
{
    watch *w = context;
    size_t used = strlen(w->seen);
    w->again += point->again;
    if (!point->again)
        snprintf(w->seen + used, sizeof w->seen - used, "%s%s.%zu.%zu[%zu,%zu]", used ? " " : "",
                 point->name, point->layer, point->sequence, tensor->rows, tensor->columns);
    if (w->cancel && w->calls++ == w->cancel_at)
        atomic_store(w->cancel, true);
    double *numbers = tensor->data;
    if (w->replace && !strcmp(point->name, w->replace))
        for (size_t i = 0; i < tensor->rows * tensor->columns; i++)
            numbers[i] *= 2;
    if (!strcmp(point->name, "attention.probabilities"))
        for (size_t r = 0; r < tensor->rows; r++) {
            double sum = 0;
            for (size_t c = 0; c < tensor->columns; c++)
                sum += cz_tensor_at(tensor, r, c);
            w->largest_row_error = fmax(w->largest_row_error, fabs(sum - 1));
        }
}

static void a_tap_sees_every_point_in_order(void **state)
{
    tiny t;
    watch w = { .seen = "" };
    (void)state;
    tiny_open(&t, &cz_backend_reference_f64, 2);
    t.run.tap = look;
    t.run.tap_context = &w;
    t.run.tap_attention = true;
    tiny_run(&t);
    assert_string_equal(
        w.seen, "embeddings.0.0[8,6] "
                "attention.probabilities.0.0[6,3] attention.probabilities.0.1[2,1] "
                "attention.probabilities.0.2[0,0] attention.probabilities.0.3[8,4] middle.0.0[8,6] "
                "layer.1.0[8,6] "
                "attention.probabilities.1.0[6,3] attention.probabilities.1.1[2,1] "
                "attention.probabilities.1.2[0,0] attention.probabilities.1.3[8,4] middle.1.0[8,6] "
                "layer.2.0[8,6]");
    assert_true(w.largest_row_error < 1e-14);
    tiny_close(&t);
}

static void looking_changes_no_bit(void **state)
{
    (void)state;
    for (int recompute = 0; recompute < 2; recompute++) {
        tiny plain, tapped;
        watch w = { .seen = "" };
        open_learning(&plain, recompute);
        open_learning(&tapped, recompute);
        plain.run.dropout = tapped.run.dropout = true;
        tapped.run.tap = look;
        tapped.run.tap_context = &w;
        tapped.run.tap_attention = true;
        tiny_run(&plain);
        tiny_run(&tapped);
        tiny_expect_same(&plain, &tapped, true);
        assert_int_equal(plain.run.numbers.used, tapped.run.numbers.used);
        assert_int_equal(plain.run.host.used, tapped.run.host.used);
        assert_true(recompute ? w.again > 0 : w.again == 0);
        tiny_close(&plain);
        tiny_close(&tapped);
    }
}

static void what_a_tap_writes_is_used_by_everything_after(void **state)
{
    static const char *const points[] = { "embeddings", "middle", "layer" };
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        tiny run[4]; /* predicted, kept, recomputed; and one untouched */
        watch w = { .replace = points[i] };
        for (int m = 0; m < 4; m++) {
            open_learning(&run[m], m == 2);
            run[m].run.record = m != 0;
            run[m].run.tap = m < 3 ? look : NULL;
            run[m].run.tap_context = &w;
            tiny_run(&run[m]);
        }
        tiny_expect_same(&run[0], &run[1], false);
        tiny_expect_same(&run[1], &run[2], true);
        assert_true(cz_tensor_at(run[0].loss, 0, 0) != cz_tensor_at(run[3].loss, 0, 0));
        for (int m = 0; m < 4; m++)
            tiny_close(&run[m]);
    }
}

/* ---- cancelling ---- */

static void a_cancelled_run_stops_at_the_next_stage(void **state)
{
    tiny t;
    atomic_bool cancel = false;
    watch w = { .cancel = &cancel, .cancel_at = 2 }; /* in the middle and after the first layer */
    (void)state;
    tiny_open(&t, &cz_backend_reference_f64, 3);
    t.run.tap = look;
    t.run.tap_context = &w;
    t.run.cancel = &cancel;
    tiny_run(&t);
    assert_int_equal(t.run.error.status, CLOZE_ERROR_CANCELLED);
    assert_string_equal(w.seen, "embeddings.0.0[8,6] middle.0.0[8,6] layer.1.0[8,6]");
    assert_ptr_equal(t.loss, &t.run.empty);
    tiny_close(&t);
}

static void the_way_back_can_be_cancelled_too(void **state)
{
    tiny t;
    atomic_bool cancel = false;
    watch w = { .cancel = &cancel, .cancel_at = 7 }; /* the first tap of a recomputed stage */
    (void)state;
    open_learning(&t, true);
    t.run.tap = look;
    t.run.tap_context = &w;
    t.run.cancel = &cancel;
    tiny_run(&t);
    assert_int_equal(t.run.error.status, CLOZE_ERROR_CANCELLED);
    assert_int_equal(w.again, 1);
    assert_true(t.run.record && t.run.recompute);
    tiny_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(explaining_gives_the_input_gradient_and_leaves_the_weights_alone),
        cmocka_unit_test(a_parameter_without_a_place_for_its_gradient_is_left_out),
        cmocka_unit_test(dropout_is_a_function_of_seed_and_step),
        cmocka_unit_test(predicting_keeps_no_tape),
        cmocka_unit_test(a_reset_run_begins_again_with_the_same_bits),
        cmocka_unit_test(the_first_error_stays_and_everything_after_it_falls_through),
        cmocka_unit_test(a_tap_sees_every_point_in_order),
        cmocka_unit_test(looking_changes_no_bit),
        cmocka_unit_test(what_a_tap_writes_is_used_by_everything_after),
        cmocka_unit_test(a_cancelled_run_stops_at_the_next_stage),
        cmocka_unit_test(the_way_back_can_be_cancelled_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
