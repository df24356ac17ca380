/* known.c - see known.h. */
#include "known.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { HOST_SIZE = 1 << 15, NUMBERS_SIZE = 1 << 16, SCRATCH_SIZE = 1 << 20 };

/* The device of the group that runs. */
static const cz_backend *device;

int on_reference(void **state)
{
    (void)state;
    device = &cz_backend_reference_f64;
    return 0;
}

int on_cpu(void **state)
{
    (void)state;
    device = &cz_backend_cpu;
    return 0;
}

cz_type known_type(void)
{
    return device->type;
}

bool known_in_double(void)
{
    return device->type == CZ_F64;
}

void fixture_open(fixture *f)
{
    *f = (fixture){ .host = aligned_alloc(64, HOST_SIZE),
                    .numbers = aligned_alloc(64, NUMBERS_SIZE),
                    .scratch = aligned_alloc(64, SCRATCH_SIZE) };
    memset(f->numbers, 0xff, NUMBERS_SIZE);
    f->run = (cz_run){ .backend = device,
                       .host = { f->host, HOST_SIZE, 0, 0 },
                       .numbers = { f->numbers, NUMBERS_SIZE, 0, 0 } };
    f->run.place = (cz_place){ .type = device->type,
                               .kernels = device == &cz_backend_cpu ? cz_cpu_kernels(NULL) : NULL,
                               .scratch = f->scratch,
                               .scratch_size = SCRATCH_SIZE };
    cz_run_reset(&f->run);
}

void fixture_close(fixture *f)
{
    if (f->run.error.status)
        fail_msg("%s", f->run.error.message);
    free(f->host);
    free(f->numbers);
    free(f->scratch);
}

void *in_type(fixture *f, const double *numbers, size_t count)
{
    float *to = f->given + f->used;
    if (known_in_double())
        return (void *)(uintptr_t)numbers;
    f->used += count;
    assert_true(f->used <= KNOWN_NUMBERS);
    for (size_t i = 0; i < count; i++)
        to[i] = (float)numbers[i];
    return to;
}

cz_tensor *give(fixture *f, const double *numbers, size_t rows, size_t columns)
{
    return cz_run_input(&f->run, in_type(f, numbers, rows * columns), rows, columns, false);
}

cz_tensor *give_watched(fixture *f, const double *numbers, size_t rows, size_t columns)
{
    return cz_run_input(&f->run, in_type(f, numbers, rows * columns), rows, columns, true);
}

void expect(const cz_tensor *t, size_t row, size_t column, double value)
{
    double found = cz_tensor_at(t, row, column), bound = known_in_double() ? 1e-14 : 2e-7;
    if (!(fabs(found - value) <= bound * fmax(1, fabs(value))))
        fail_msg("row %zu, column %zu: %.17g, not %.17g", row, column, found, value);
}

void expect_all(const cz_tensor *t, const double *values)
{
    assert_non_null(t);
    for (size_t i = 0; i < t->rows; i++)
        for (size_t c = 0; c < t->columns; c++)
            expect(t, i, c, values[i * t->columns + c]);
}
