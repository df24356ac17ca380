/*
 * test_stage.c - stages: the same bits whether a network is recorded, recomputed or predicted, the
 * gradient of the whole by differences, and memory that is known beforehand and never exceeded.
 */
#include "network.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const cz_backend *const backends[] = { &cz_backend_reference_f64, &cz_backend_reference_f32,
                                              &cz_backend_cpu };

typedef enum run_mode { PREDICT, KEEP, RECOMPUTE } run_mode;

static void open_mode(tiny *t, const cz_backend *backend, size_t layers, run_mode mode,
                      bool dropout)
{
    tiny_open(t, backend, layers);
    t->run.record = mode != PREDICT;
    t->run.recompute = mode == RECOMPUTE;
    t->run.parameter_gradients = mode != PREDICT;
    t->run.dropout = dropout;
}

static void recomputed_gradients_are_the_kept_ones_bit_for_bit(void **state)
{
    (void)state;
    for (size_t b = 0; b < 3; b++)
        for (int dropout = 0; dropout < 2; dropout++)
            for (int nested = 0; nested < 2; nested++) {
                tiny kept, recomputed;
                open_mode(&kept, backends[b], 4, KEEP, dropout);
                open_mode(&recomputed, backends[b], 4, RECOMPUTE, dropout);
                recomputed.nested = nested;
                tiny_run(&kept);
                tiny_run(&recomputed);
                tiny_expect_same(&kept, &recomputed, true);
                tiny_close(&kept);
                tiny_close(&recomputed);
            }
}

static void layers_above_frozen_ones_learn_alike_kept_or_recomputed(void **state)
{
    (void)state;
    for (int nested = 0; nested < 2; nested++) {
        tiny kept, recomputed, whole;
        open_mode(&kept, &cz_backend_reference_f64, 4, KEEP, true);
        open_mode(&recomputed, &cz_backend_reference_f64, 4, RECOMPUTE, true);
        open_mode(&whole, &cz_backend_reference_f64, 4, KEEP, true);
        kept.frozen = recomputed.frozen = 2;
        recomputed.nested = nested;
        tiny_run(&kept);
        tiny_run(&recomputed);
        tiny_run(&whole);
        tiny_expect_same(&kept, &recomputed, true);
        tiny_expect_same(&kept, &whole, false);
        /* The last layer's gradients are those of the whole network's. */
        size_t last = kept.parameters - 1;
        assert_memory_equal(kept.gradient[last].data, whole.gradient[last].data,
                            sizeof(double) * WIDTH);
        tiny_close(&kept);
        tiny_close(&recomputed);
        tiny_close(&whole);
    }
}

static void predicting_gives_the_bits_of_recording(void **state)
{
    (void)state;
    for (size_t b = 0; b < 3; b++)
        for (int dropout = 0; dropout < 2; dropout++)
            for (int nested = 0; nested < 2; nested++) {
                tiny kept, predicted;
                open_mode(&kept, backends[b], 5, KEEP, dropout);
                open_mode(&predicted, backends[b], 5, PREDICT, dropout);
                predicted.nested = nested;
                tiny_run(&kept);
                tiny_run(&predicted);
                tiny_expect_same(&kept, &predicted, false);
                tiny_close(&kept);
                tiny_close(&predicted);
            }
}

static double loss_with(tiny *t, double *number, double value)
{
    double before = *number, loss;
    *number = value;
    tiny_run(t);
    loss = *(double *)t->loss->data;
    *number = before;
    return loss;
}

static double slope_of(tiny *t, double *number)
{
    const double step = 1e-4;
    double a = *number;
    return (loss_with(t, number, a - 2 * step) - 8 * loss_with(t, number, a - step) +
            8 * loss_with(t, number, a + step) - loss_with(t, number, a + 2 * step)) /
           (12 * step);
}

static void hold_gradient(tiny *stepped, double *numbers, const cz_tensor *gradient)
{
    double largest = 1e-3;
    size_t count = gradient->rows * gradient->columns;
    const double *found = gradient->data;
    for (size_t i = 0; i < count; i++)
        largest = fmax(largest, fabs(found[i]));
    for (size_t i = 0; i < count; i += 5)
        if (!(fabs(slope_of(stepped, &numbers[i]) - found[i]) < 1e-7 * largest))
            fail_msg("element %zu: %.10g, not %.10g", i, found[i], slope_of(stepped, &numbers[i]));
}

static void the_gradient_of_the_network_is_its_slope(void **state)
{
    tiny learned, stepped;
    (void)state;
    open_mode(&learned, &cz_backend_reference_f64, 2, RECOMPUTE, true);
    open_mode(&stepped, &cz_backend_reference_f64, 2, PREDICT, true);
    tiny_run(&learned);
    hold_gradient(&stepped, stepped.memory, learned.memory_input->gradient);
    for (size_t i = 0; i < learned.parameters; i++)
        hold_gradient(&stepped, stepped.parameter[i].value.data, &learned.gradient[i]);
    tiny_close(&learned);
    tiny_close(&stepped);
}

static size_t peak_of(size_t layers, run_mode mode, size_t *host)
{
    tiny t;
    open_mode(&t, &cz_backend_reference_f32, layers, mode, true);
    tiny_run(&t);
    assert_int_equal(t.run.error.status, CLOZE_OK);
    size_t peak = t.run.numbers.peak;
    *host = t.run.host.peak;
    tiny_close(&t);
    return peak;
}

static void predicting_needs_no_more_for_more_layers(void **state)
{
    size_t host_one, host_six, host;
    (void)state;
    assert_int_equal(peak_of(1, PREDICT, &host_one), peak_of(6, PREDICT, &host_six));
    assert_int_equal(host_one, host_six);
    assert_true(peak_of(6, RECOMPUTE, &host) < peak_of(6, KEEP, &host));
}

static void a_layer_predicts_in_its_input_and_its_widest_pair(void **state)
{
    tiny t;
    size_t row = TOKENS * sizeof(float), block = 0;
    (void)state;
    open_mode(&t, &cz_backend_reference_f32, 4, PREDICT, false);
    t.no_outside = true;
    tiny_run(&t);
    /* x; then qkv, attention and its projection, or up and down: no more at any time. */
    const size_t first[] = { WIDTH, 3 * WIDTH, WIDTH, WIDTH };
    for (size_t i = 0; i < 4; i++)
        block += (first[i] * row + 63) / 64 * 64;
    assert_int_equal(t.run.numbers.peak, block);
    tiny_close(&t);
}

static void a_counting_run_tells_the_exact_need(void **state)
{
    (void)state;
    for (int m = PREDICT; m <= RECOMPUTE; m++)
        for (int nested = 0; nested < 2; nested++) {
            tiny counted, real;
            open_mode(&counted, &cz_backend_reference_f32, 3, (run_mode)m, true);
            open_mode(&real, &cz_backend_reference_f32, 3, (run_mode)m, true);
            counted.nested = real.nested = nested;
            tiny_count(&counted);
            assert_int_equal(counted.run.error.status, CLOZE_OK);
            real.run.numbers.size = counted.run.numbers.peak;
            real.run.host.size = counted.run.host.peak;
            tiny_run(&real);
            assert_int_equal(real.run.error.status, CLOZE_OK);
            assert_int_equal(real.run.numbers.peak, counted.run.numbers.peak);
            assert_int_equal(real.run.host.peak, counted.run.host.peak);
            tiny_close(&counted);
            tiny_close(&real);
        }
}

static void expect_out_of_memory(tiny *t)
{
    tiny_run(t);
    assert_int_equal(t->run.error.status, CLOZE_ERROR_MEMORY);
    assert_true(strlen(t->run.error.message) > 0);
}

static void an_arena_too_small_is_an_error_wherever_it_ends(void **state)
{
    (void)state;
    for (int m = PREDICT; m <= RECOMPUTE; m++) {
        tiny t;
        open_mode(&t, &cz_backend_reference_f32, 3, (run_mode)m, true);
        tiny_run(&t);
        size_t numbers = t.run.numbers.peak, host = t.run.host.peak;
        for (size_t size = 0; size < numbers; size += 64) {
            t.run.numbers.size = size;
            expect_out_of_memory(&t);
        }
        t.run.numbers.size = numbers;
        for (size_t size = 0; size < host; size += 64) {
            t.run.host.size = size;
            expect_out_of_memory(&t);
        }
        t.run.host.size = host;
        tiny_run(&t);
        assert_int_equal(t.run.error.status, CLOZE_OK);
        tiny_close(&t);
    }
}

/* ---- stages at the edge ---- */

static cz_tensor *nothing_body(cz_run *run, const void *self, const cz_batch *batch, cz_tensor *x)
{
    (void)run, (void)self, (void)batch;
    return x;
}

static cz_tensor *first_rows_body(cz_run *run, const void *self, const cz_batch *batch,
                                  cz_tensor *x)
{
    (void)self;
    return cz_pool_rows(run, cz_activate(run, x, CZ_TANH), &batch->packing, NULL, CZ_POOL_FIRST);
}

static cz_tensor *memory_body(cz_run *run, const void *self, const cz_batch *batch, cz_tensor *x)
{
    const tiny *t = self;
    (void)run, (void)batch, (void)x;
    return t->memory_input;
}

/* Two residual streams, the second from outside: the first must stay whole. */
static cz_tensor *two_streams_body(cz_run *run, const void *self, const cz_batch *batch,
                                   cz_tensor *x)
{
    const tiny *t = self;
    const cz_dropout_site site = { 0, 1 };
    cz_tensor *a = cz_residual(run, batch, x, cz_activate(run, x, CZ_TANH), NULL, site);
    cz_tensor *h = cz_activate(run, a, CZ_SILU);
    cz_tensor *b = cz_residual(run, batch, t->memory_input, h, NULL, site);
    return cz_blend(run, a, 1, b, -3);
}

/* Stages of odd bodies over the caller's numbers: the result, and the input's gradient. */
static void run_odd(tiny *t, cz_stage_body *body, double *out, double *gradient, size_t rows)
{
    cz_run *run = &t->run;
    double before[TOKENS * WIDTH];
    memcpy(before, t->memory, sizeof before);
    cz_run_reset(run);
    t->memory_input = cz_run_input(run, t->memory, TOKENS, WIDTH, run->record);
    cz_tensor *const outside[] = { t->memory_input };
    cz_tensor *x = cz_activate(run, t->memory_input, CZ_SIGMOID);
    x = cz_stage(run, nothing_body, t, &t->batch, x, NULL, 0);
    x = cz_stage(run, body, t, &t->batch, x, outside, 1);
    x = cz_stage(run, nothing_body, t, &t->batch, x, NULL, 0);
    assert_int_equal(x->rows, rows);
    for (size_t i = 0; i < rows * WIDTH; i++)
        out[i] = cz_tensor_at(x, i / WIDTH, i % WIDTH);
    assert_memory_equal(before, t->memory, sizeof before);
    if (!run->record)
        return;
    cz_tensor *seed = cz_run_gradient(run, x);
    for (size_t i = 0; i < rows * WIDTH; i++)
        ((double *)seed->data)[i] = (double)i + 1;
    cz_run_walk_back(run);
    assert_int_equal(run->error.status, CLOZE_OK);
    assert_non_null(t->memory_input->gradient);
    memcpy(gradient, t->memory_input->gradient->data, sizeof(double) * TOKENS * WIDTH);
}

static void stages_that_only_hand_on_or_change_the_shape_are_stages_too(void **state)
{
    static const struct {
        cz_stage_body *body;
        size_t rows;
    } bodies[] = { { nothing_body, TOKENS },
                   { first_rows_body, 4 },
                   { memory_body, TOKENS },
                   { two_streams_body, TOKENS } };
    (void)state;
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        double out[3][TOKENS * WIDTH], gradient[3][TOKENS * WIDTH];
        for (int m = PREDICT; m <= RECOMPUTE; m++) {
            tiny t;
            open_mode(&t, &cz_backend_reference_f64, 0, (run_mode)m, false);
            run_odd(&t, bodies[i].body, out[m], gradient[m], bodies[i].rows);
            tiny_close(&t);
        }
        assert_memory_equal(out[PREDICT], out[KEEP], sizeof(double) * bodies[i].rows * WIDTH);
        assert_memory_equal(out[RECOMPUTE], out[KEEP], sizeof(double) * bodies[i].rows * WIDTH);
        assert_memory_equal(gradient[RECOMPUTE], gradient[KEEP], sizeof gradient[0]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recomputed_gradients_are_the_kept_ones_bit_for_bit),
        cmocka_unit_test(layers_above_frozen_ones_learn_alike_kept_or_recomputed),
        cmocka_unit_test(predicting_gives_the_bits_of_recording),
        cmocka_unit_test(the_gradient_of_the_network_is_its_slope),
        cmocka_unit_test(predicting_needs_no_more_for_more_layers),
        cmocka_unit_test(a_layer_predicts_in_its_input_and_its_widest_pair),
        cmocka_unit_test(a_counting_run_tells_the_exact_need),
        cmocka_unit_test(an_arena_too_small_is_an_error_wherever_it_ends),
        cmocka_unit_test(stages_that_only_hand_on_or_change_the_shape_are_stages_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
