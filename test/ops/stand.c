/* stand.c - a case set up on a backend: see cases.h. */
#include "cases.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { HOST_SIZE = 1 << 16, NUMBERS_SIZE = 1 << 20, GUARD = 0xFF };

double test_number(uint64_t stream, uint64_t element)
{
    uint32_t counter[4] = { (uint32_t)element, (uint32_t)(element >> 32), (uint32_t)stream, 7 };
    const uint32_t key[2] = { 0x5eed, 0xca5e };
    return (double)cz_philox_at(counter, key).word[0] * 0x1p-31 - 1;
}

static double element_of(const cz_tensor *t, size_t element)
{
    return cz_tensor_at(t, element / t->columns, element % t->columns);
}

static void put(cz_tensor *t, size_t element, double number)
{
    size_t index = element / t->columns * t->stride + element % t->columns;
    if (t->type == CZ_F64)
        ((double *)t->data)[index] = number;
    else
        ((float *)t->data)[index] = (float)number;
}

static cz_tensor matrix(const op_value *value, cz_type type)
{
    cz_tensor t = { NULL, value->rows, value->columns, value->columns, type, false, NULL };
    t.data = calloc(value->rows * value->columns + 1, cz_type_size(type));
    return t;
}

static void make_place(op_stand *stand, const cz_backend *backend, const void *kernels)
{
    cz_extent extent = { 128, 128, 128, 8, 32, true, 128, true, 48, true };
    cz_place *place = &stand->run.place;
    place->type = backend->type;
    place->kernels = kernels;
    place->scratch_size = (backend->scratch(&extent, kernels) + 63) / 64 * 64;
    stand->scratch = aligned_alloc(64, place->scratch_size + 64);
    place->scratch = stand->scratch;
}

void stand_open(op_stand *stand, const op_case *c, const cz_backend *backend, const void *kernels)
{
    *stand = (op_stand){ .c = c };
    stand->host = aligned_alloc(64, HOST_SIZE);
    stand->numbers = aligned_alloc(64, NUMBERS_SIZE);
    stand->run = (cz_run){ .backend = backend,
                           .host = { stand->host, HOST_SIZE, 0, 0 },
                           .numbers = { stand->numbers, NUMBERS_SIZE, 0, 0 },
                           .parameter_gradients = true,
                           .gradients = stand->gradients,
                           .dropout = true,
                           .seed = 11,
                           .step = 2 };
    make_place(stand, backend, kernels);
    memset(stand->numbers, GUARD, NUMBERS_SIZE);
    for (int i = 0; i < c->values; i++) {
        const op_value *value = &c->value[i];
        stand->value[i] = matrix(value, backend->type);
        stand->gradient[i] = matrix(value, backend->type);
        stand->gradients[i] = &stand->gradient[i];
        stand->parameter[i] =
            (cz_parameter){ .value = stand->value[i], .index = (size_t)i, .name = c->name };
        for (size_t e = 0; e < value->rows * value->columns; e++)
            /* Numbers that both types hold, so that float and double begin alike. */
            put(&stand->value[i], e,
                (double)(float)(value->around + test_number(1 + (uint64_t)i, e)));
    }
}

void stand_close(op_stand *stand)
{
    for (int i = 0; i < stand->c->values; i++) {
        free(stand->value[i].data);
        free(stand->gradient[i].data);
    }
    free(stand->host);
    free(stand->numbers);
    free(stand->scratch);
}

/* Nothing may be written between a tensor's end and the next. */
static void check_padding(const op_stand *stand, const cz_tensor *t)
{
    size_t size = t->rows * t->columns * cz_type_size(t->type), end = (size + 63) / 64 * 64;
    if ((char *)t->data < stand->numbers || (char *)t->data >= stand->numbers + NUMBERS_SIZE)
        return;
    for (size_t i = size; i < end && t->stride == t->columns; i++)
        if (((unsigned char *)t->data)[i] != GUARD)
            fail_msg("%s: written beyond the end of a tensor", stand->c->name);
}

static void walk_back(op_stand *stand)
{
    cz_run *run = &stand->run;
    cz_tensor *seed = cz_run_gradient(run, stand->out);
    assert_non_null(seed);
    for (size_t e = 0; e < seed->rows * seed->columns; e++)
        put(seed, e, (double)(float)test_number(99, e));
    cz_run_walk_back(run);
}

void stand_run(op_stand *stand, bool record)
{
    cz_run *run = &stand->run;
    cz_run_reset(run);
    run->record = record;
    memset(stand->numbers, GUARD, run->numbers.peak);
    for (int i = 0; i < stand->c->values; i++) {
        cz_tensor *value = &stand->value[i];
        memset(stand->gradient[i].data, 0,
               value->rows * value->columns * cz_type_size(value->type));
        if (!stand->c->value[i].parameter)
            stand->input[i] = cz_run_input(run, value->data, value->rows, value->columns, record);
    }
    stand->out = stand->c->build(stand);
    if (record)
        walk_back(stand);
    if (cz_run_failed(run))
        fail_msg("%s: %s", stand->c->name, run->error.message);
    check_padding(stand, stand->out);
    for (int i = 0; i < stand->c->values; i++)
        if (stand->input[i] && stand->input[i]->gradient && !stand->c->crowded)
            check_padding(stand, stand->input[i]->gradient);
}

double stand_sum(const op_stand *stand)
{
    double sum = 0;
    for (size_t e = 0; e < stand->out->rows * stand->out->columns; e++)
        sum += (double)(float)test_number(99, e) * element_of(stand->out, e);
    return sum;
}

double stand_get(const op_stand *stand, int value, size_t element)
{
    return element_of(&stand->value[value], element);
}

void stand_set(op_stand *stand, int value, size_t element, double number)
{
    put(&stand->value[value], element, number);
}

double stand_gradient(const op_stand *stand, int value, size_t element)
{
    if (stand->c->value[value].parameter)
        return element_of(&stand->gradient[value], element);
    if (!stand->input[value]->gradient)
        return 0;
    return element_of(stand->input[value]->gradient, element);
}
