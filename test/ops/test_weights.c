/*
 * test_weights.c - weights as files hold them: halves, unaligned, damaged; identities; dropout
 * that belongs to the sample and not to its place in the batch.
 */
#include "ops/ops.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { HOST_SIZE = 1 << 15, NUMBERS_SIZE = 1 << 17, IN = 5, OUT = 4, ROWS = 3 };

typedef struct fixture {
    cz_run run;
    char *host, *numbers, *scratch;
    cz_parameter weight, bias, gain, shift;
    cz_linear_weights linear;
    cz_norm_weights norm;
    cz_embed_weights embed;
    double x[ROWS * IN];
    float narrow[ROWS * IN];
} fixture;

static const cz_backend *const devices[] = { &cz_backend_reference_f64, &cz_backend_reference_f32,
                                             &cz_backend_cpu };
enum { DEVICES = sizeof devices / sizeof *devices };

static double weight_number(size_t i)
{
    return (double)((int)(i * 7 % 19) - 9) * 0.0625; /* exact in every type */
}

static uint16_t half_of(double value, cz_type type)
{
    if (type == CZ_BF16)
        return cz_f32_to_bf16((float)value);
    for (uint32_t bits = 0; bits < 65536; bits++)
        if ((double)cz_f16_to_f32((uint16_t)bits) == value)
            return (uint16_t)bits;
    fail_msg("%g is no half", value);
    return 0;
}

static void store(char *at, cz_type type, double value)
{
    float narrow = (float)value;
    uint16_t half;
    switch (type) {
    case CZ_F32:
        memcpy(at, &narrow, 4);
        break;
    case CZ_F64:
        memcpy(at, &value, 8);
        break;
    default:
        half = half_of(value, type);
        memcpy(at, &half, 2);
    }
}

/* One byte off any alignment, as a mapped file may hold it. */
static cz_parameter parameter(size_t rows, size_t columns, cz_type type, const char *name)
{
    size_t size = cz_type_size(type);
    char *data = calloc(rows * columns * size + 1, 1);
    for (size_t i = 0; i < rows * columns; i++)
        store(data + 1 + i * size, type, weight_number(i));
    return (cz_parameter){ .value = { data + 1, rows, columns, columns, type, false, NULL },
                           .name = name };
}

static void release(cz_parameter *p)
{
    free((char *)p->value.data - 1);
}

static void make_place(fixture *f, const cz_backend *backend)
{
    const cz_extent extent = { ROWS, ROWS, 32, 1, 8, true, 0, false, 0, false };
    cz_place *place = &f->run.place;
    place->type = backend->type;
    place->kernels = backend == &cz_backend_cpu ? cz_cpu_kernels(NULL) : NULL;
    place->scratch_size = (backend->scratch(&extent, place->kernels) + 63) / 64 * 64;
    place->scratch = f->scratch = aligned_alloc(64, place->scratch_size + 64);
}

static void fixture_open(fixture *f, cz_type type, const cz_backend *backend)
{
    *f = (fixture){ .host = aligned_alloc(64, HOST_SIZE),
                    .numbers = aligned_alloc(64, NUMBERS_SIZE) };
    f->run = (cz_run){ .backend = backend,
                       .host = { f->host, HOST_SIZE, 0, 0 },
                       .numbers = { f->numbers, NUMBERS_SIZE, 0, 0 } };
    make_place(f, backend);
    cz_run_reset(&f->run);
    f->weight = parameter(OUT, IN, type, "dense.weight");
    f->bias = parameter(1, OUT, type, "dense.bias");
    f->gain = parameter(1, IN, type, "norm.weight");
    f->shift = parameter(1, IN, type, "norm.bias");
    f->linear = (cz_linear_weights){ .part = { &f->weight },
                                     .bias = { &f->bias },
                                     .weight = { .in = IN, .out = OUT, .parts = 1 } };
    f->linear.weight.part[0] = &f->weight.value;
    f->linear.weight.bias[0] = &f->bias.value;
    f->norm = (cz_norm_weights){ &f->gain, &f->shift, 1e-5, false };
    f->embed = (cz_embed_weights){ .tables = 1, .table = { &f->weight }, .fixed = { UINT32_MAX } };
    for (size_t i = 0; i < ROWS * IN; i++)
        f->x[i] = f->narrow[i] = sinf((float)i);
}

static void fixture_close(fixture *f)
{
    release(&f->weight);
    release(&f->bias);
    release(&f->gain);
    release(&f->shift);
    free(f->scratch);
    free(f->host);
    free(f->numbers);
}

static cz_tensor *input(fixture *f)
{
    void *numbers = f->run.backend->type == CZ_F64 ? (void *)f->x : (void *)f->narrow;
    return cz_run_input(&f->run, numbers, ROWS, IN, false);
}

static const uint32_t ids[ROWS] = { 2, 0, 3 };

static void run_all(fixture *f, double *out)
{
    const uint32_t *const index[] = { ids };
    const cz_tensor *results[] = { cz_linear(&f->run, input(f), &f->linear, CZ_GELU),
                                   cz_norm(&f->run, input(f), &f->norm),
                                   cz_embed(&f->run, &f->embed, index, ROWS) };
    assert_false(cz_run_failed(&f->run));
    for (size_t r = 0; r < 3; r++)
        for (size_t i = 0; i < ROWS; i++)
            for (size_t c = 0; c < results[r]->columns; c++)
                *out++ = cz_tensor_at(results[r], i, c);
}

static void weights_of_every_type_give_the_same_numbers(void **state)
{
    static const cz_type types[] = { CZ_F64, CZ_F32, CZ_F16, CZ_BF16 };
    double out[4][ROWS * (OUT + 2 * IN)];
    (void)state;
    for (size_t d = 0; d < DEVICES; d++)
        for (size_t i = 0; i < 4; i++) {
            fixture f;
            fixture_open(&f, types[i], devices[d]);
            run_all(&f, out[i]);
            fixture_close(&f);
            assert_memory_equal(out[i], out[0], sizeof out[0]);
        }
}

static void spoil(cz_parameter *p, size_t element, double value)
{
    float narrow = (float)value;
    memcpy((char *)p->value.data + 4 * element, &narrow, 4);
}

static void expect_refusal(fixture *f, const char *name, const char *where)
{
    assert_int_equal(f->run.error.status, CLOZE_ERROR_FORMAT);
    assert_non_null(strstr(f->run.error.message, name));
    assert_non_null(strstr(f->run.error.message, where));
}

static void refuse_all(const cz_backend *backend, double value)
{
    const uint32_t *const index[] = { ids };
    fixture f;

    fixture_open(&f, CZ_F32, backend);
    spoil(&f.weight, 2 * IN + 3, value);
    cz_linear(&f.run, input(&f), &f.linear, CZ_IDENTITY);
    expect_refusal(&f, "dense.weight", "row 2, column 3");
    cz_run_reset(&f.run);
    cz_embed(&f.run, &f.embed, index, ROWS);
    expect_refusal(&f, "dense.weight", "row 2, column 3");
    fixture_close(&f);

    fixture_open(&f, CZ_F32, backend);
    spoil(&f.bias, 1, value);
    cz_linear(&f.run, input(&f), &f.linear, CZ_IDENTITY);
    expect_refusal(&f, "dense.bias", "row 0, column 1");
    fixture_close(&f);

    fixture_open(&f, CZ_F32, backend);
    spoil(&f.gain, 0, value);
    cz_norm(&f.run, input(&f), &f.norm);
    expect_refusal(&f, "norm.weight", "row 0, column 0");
    fixture_close(&f);

    fixture_open(&f, CZ_F32, backend);
    spoil(&f.shift, 4, value);
    cz_norm(&f.run, input(&f), &f.norm);
    expect_refusal(&f, "norm.bias", "row 0, column 4");
    fixture_close(&f);
}

static void a_weight_that_is_not_finite_is_refused_by_name(void **state)
{
    (void)state;
    for (size_t d = 0; d < DEVICES; d++) {
        refuse_all(devices[d], (double)NAN);
        refuse_all(devices[d], (double)INFINITY);
        refuse_all(devices[d], -(double)INFINITY);
    }
}

static void a_double_beyond_the_range_of_float_is_refused_in_float(void **state)
{
    const double huge = 1e300;
    (void)state;
    for (size_t d = 1; d < DEVICES; d++) {
        fixture f;
        fixture_open(&f, CZ_F64, devices[d]);
        memcpy(f.weight.value.data, &huge, sizeof huge);
        cz_linear(&f.run, input(&f), &f.linear, CZ_IDENTITY);
        expect_refusal(&f, "dense.weight", "row 0, column 0");
        fixture_close(&f);
    }
}

static void absent_weights_are_the_identity(void **state)
{
    const cz_linear_weights empty = { .weight = { .in = 0 } };
    fixture f;
    (void)state;
    fixture_open(&f, CZ_F32, &cz_backend_reference_f64);
    cz_tensor *x = input(&f);
    assert_ptr_equal(cz_linear(&f.run, x, NULL, CZ_IDENTITY), x);
    assert_ptr_equal(cz_linear(&f.run, x, &empty, CZ_IDENTITY), x);
    assert_ptr_equal(cz_norm(&f.run, x, NULL), x);
    assert_ptr_equal(cz_activate(&f.run, x, CZ_IDENTITY), x);
    cz_tensor *y = cz_linear(&f.run, x, NULL, CZ_TANH);
    assert_true(cz_tensor_at(y, 1, 1) == tanh(cz_tensor_at(x, 1, 1)));
    fixture_close(&f);
}

static void a_padding_row_gets_no_gradient(void **state)
{
    const uint32_t *const index[] = { ids };
    double numbers[OUT * IN] = { 0 };
    cz_tensor gradient = { numbers, OUT, IN, IN, CZ_F64, false, NULL }, *list[] = { &gradient };
    fixture f;
    (void)state;
    fixture_open(&f, CZ_F32, &cz_backend_reference_f64);
    f.embed.fixed[0] = 3;
    f.run.record = f.run.parameter_gradients = true;
    f.run.gradients = list;
    cz_tensor *out = cz_embed(&f.run, &f.embed, index, ROWS), *d = cz_run_gradient(&f.run, out);
    for (size_t i = 0; i < ROWS * IN; i++)
        ((double *)d->data)[i] = 1;
    cz_run_walk_back(&f.run);
    for (size_t c = 0; c < IN; c++) {
        assert_true(numbers[2 * IN + c] == 1);
        assert_true(numbers[1 * IN + c] == 0);
        assert_true(numbers[3 * IN + c] == 0);
    }
    fixture_close(&f);
}

/* Two sequences in one order and in the other: each keeps its own masks, in every operation. */
static void dropout_follows_the_sample_not_its_place(void **state)
{
    static const size_t begin_a[] = { 0, 1 }, length_a[] = { 1, 2 }, begin_b[] = { 0, 2 },
                        length_b[] = { 2, 1 }, from_b[] = { 2, 0, 1 };
    static const uint64_t samples_a[] = { 70, 3 }, samples_b[] = { 3, 70 };
    const cz_batch a = { .packing = { 2, begin_a, length_a, 2 }, .samples = samples_a },
                   b = { .packing = { 2, begin_b, length_b, 2 }, .samples = samples_b };
    const cz_attention_shape shape = {
        .heads = 1, .head_size = IN / 3, .scale = 1, .dropout = { 0.5f, 4 }
    };
    double swapped[ROWS * IN];
    fixture f;
    (void)state;
    fixture_open(&f, CZ_F32, &cz_backend_reference_f64);
    f.run.dropout = true;
    for (size_t i = 0; i < ROWS; i++)
        memcpy(swapped + i * IN, f.x + (i == 2 ? 0 : i + 1) * IN, IN * sizeof *swapped);
    cz_tensor *x = input(&f), *y = cz_run_input(&f.run, swapped, ROWS, IN, false);
    const cz_tensor *first[] = {
        cz_drop(&f.run, &a.packing, a.samples, x, (cz_dropout_site){ 0.5f, 1 }),
        cz_residual(&f.run, &a, x, x, NULL, (cz_dropout_site){ 0.5f, 2 }),
        cz_self_attention(&f.run, &a, cz_columns(&f.run, x, 0, 3), &shape, 0),
    };
    const cz_tensor *second[] = {
        cz_drop(&f.run, &b.packing, b.samples, y, (cz_dropout_site){ 0.5f, 1 }),
        cz_residual(&f.run, &b, y, y, NULL, (cz_dropout_site){ 0.5f, 2 }),
        cz_self_attention(&f.run, &b, cz_columns(&f.run, y, 0, 3), &shape, 0),
    };
    assert_false(cz_run_failed(&f.run));
    for (size_t r = 0; r < 3; r++)
        for (size_t i = 0; i < ROWS; i++)
            for (size_t c = 0; c < first[r]->columns; c++)
                assert_true(cz_tensor_at(first[r], i, c) == cz_tensor_at(second[r], from_b[i], c));
    fixture_close(&f);
}

static void dropout_keeps_the_share_it_says_and_the_mean(void **state)
{
    enum { MANY = 20000 };
    double *ones = malloc(MANY * sizeof *ones), sum = 0;
    size_t kept = 0;
    cz_arena host = { malloc(1 << 12), 1 << 12, 0, 0 },
             numbers = { malloc(MANY * 8 + 64), MANY * 8 + 64, 0, 0 };
    cz_run run = {
        .backend = &cz_backend_reference_f64, .host = host, .numbers = numbers, .dropout = true
    };
    (void)state;
    cz_run_reset(&run);
    for (size_t i = 0; i < MANY; i++)
        ones[i] = 1;
    const uint64_t sample = 5;
    cz_tensor *out = cz_drop(&run, NULL, &sample, cz_run_input(&run, ones, 1, MANY, false),
                             (cz_dropout_site){ 0.1f, 9 });
    for (size_t i = 0; i < MANY; i++) {
        double value = cz_tensor_at(out, 0, i);
        sum += value;
        kept += value != 0;
    }
    /* Five standard deviations of a binomial of 20,000. */
    assert_true(fabs((double)kept / MANY - 0.9) < 5 * sqrt(0.09 / MANY));
    assert_true(fabs(sum / MANY - 1) < 0.02);
    free(ones);
    free(host.data);
    free(numbers.data);
}

static void a_label_beyond_the_classes_is_refused(void **state)
{
    const int64_t labels[ROWS] = { 0, 5, 1 };
    fixture f;
    (void)state;
    fixture_open(&f, CZ_F32, &cz_backend_reference_f64);
    cz_cross_entropy(&f.run, input(&f), labels, NULL);
    assert_int_equal(f.run.error.status, CLOZE_ERROR_ARGUMENT);
    assert_non_null(strstr(f.run.error.message, "label 5 of row 1"));
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weights_of_every_type_give_the_same_numbers),
        cmocka_unit_test(a_weight_that_is_not_finite_is_refused_by_name),
        cmocka_unit_test(a_double_beyond_the_range_of_float_is_refused_in_float),
        cmocka_unit_test(absent_weights_are_the_identity),
        cmocka_unit_test(a_padding_row_gets_no_gradient),
        cmocka_unit_test(dropout_follows_the_sample_not_its_place),
        cmocka_unit_test(dropout_keeps_the_share_it_says_and_the_mean),
        cmocka_unit_test(a_label_beyond_the_classes_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
