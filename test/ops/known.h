/*
 * test/ops/known.h - operations on numbers whose result is known without any of our code: what a
 * reference and a gradient that err together would hide. In double by the reference, and in float
 * by the CPU's kernels, into memory that is full of NaN.
 */
#ifndef TEST_OPS_KNOWN_H
#define TEST_OPS_KNOWN_H

#include "ops/ops.h"

enum { KNOWN_NUMBERS = 512 };

typedef struct fixture {
    cz_run run;
    char *host, *numbers, *scratch;
    float given[KNOWN_NUMBERS];
    size_t used;
} fixture;

/* Set-ups of a group: the device that its tests run on. */
int on_reference(void **state);
int on_cpu(void **state);
bool known_in_double(void);
cz_type known_type(void);

void fixture_open(fixture *f);
/* Checks that the run did not fail. */
void fixture_close(fixture *f);
/* Numbers in the device's type. */
void *in_type(fixture *f, const double *numbers, size_t count);
cz_tensor *give(fixture *f, const double *numbers, size_t rows, size_t columns);
/* The same, of which the gradient is wanted. */
cz_tensor *give_watched(fixture *f, const double *numbers, size_t rows, size_t columns);
void expect(const cz_tensor *t, size_t row, size_t column, double value);
void expect_all(const cz_tensor *t, const double *values);

#endif
