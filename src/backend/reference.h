/*
 * backend/reference.h - what the files of the reference share. They are compiled twice, with
 * CZ_REAL float and double, so their names end in the type: REFERENCE(linear).
 */
#ifndef CZ_BACKEND_REFERENCE_H
#define CZ_BACKEND_REFERENCE_H

#include "backend/backend.h"
#include "backend/dropout.h"

#include <math.h>

typedef CZ_REAL real;

#define REFERENCE_JOIN(name, type)  cz_reference_##name##_##type
#define REFERENCE_TYPED(name, type) REFERENCE_JOIN(name, type)
#define REFERENCE(name)             REFERENCE_TYPED(name, CZ_REAL)

#define REFERENCE_OPERATION(name)                                                                  \
    cloze_status REFERENCE(name)(const cz_place *place, const cz_##name##_call *call);             \
    cloze_status REFERENCE(name##_backward)(const cz_place *place, const cz_##name##_call *call);
REFERENCE_OPERATION(embed)
REFERENCE_OPERATION(linear)
REFERENCE_OPERATION(norm)
REFERENCE_OPERATION(attention)
REFERENCE_OPERATION(pointwise)
REFERENCE_OPERATION(rotate)
REFERENCE_OPERATION(gate)
REFERENCE_OPERATION(scale)
REFERENCE_OPERATION(blend)
REFERENCE_OPERATION(select)
REFERENCE_OPERATION(replace)
REFERENCE_OPERATION(neighbours)
REFERENCE_OPERATION(fourier)
REFERENCE_OPERATION(pool)
REFERENCE_OPERATION(normalize)
REFERENCE_OPERATION(cosine)
REFERENCE_OPERATION(cross_entropy)
REFERENCE_OPERATION(binary_entropy)
REFERENCE_OPERATION(squared_error)
REFERENCE_OPERATION(divergence)
REFERENCE_OPERATION(places)
REFERENCE_OPERATION(attention_error)
#undef REFERENCE_OPERATION
cloze_status REFERENCE(probabilities)(const cz_place *place, const cz_probabilities_call *call);
cloze_status REFERENCE(adamw)(const cz_place *place, const cz_adamw_call *call);
cloze_status REFERENCE(squares)(const cz_place *place, const cz_squares_call *call);
cloze_status REFERENCE(add)(const cz_place *place, const cz_add_call *call);
cloze_status REFERENCE(round)(const cz_place *place, const cz_round_call *call);

/* An activation and its derivative. */
double REFERENCE(activate)(cz_activation kind, double x);
double REFERENCE(slope)(cz_activation kind, double x);

/* Sums over rows are taken for so many columns at a time, in double. */
enum { REFERENCE_CHUNK = 64 };

static inline size_t reference_chunk(size_t first, size_t end)
{
    return end - first < REFERENCE_CHUNK ? end - first : REFERENCE_CHUNK;
}

static inline real *row_of(const cz_tensor *t, size_t row)
{
    return (real *)t->data + row * t->stride;
}

static inline double at(const cz_tensor *t, size_t row, size_t column)
{
    return (double)row_of(t, row)[column];
}

/* Is this weight a number that the run's type can hold? */
static inline bool fits(double weight)
{
    return isfinite((real)weight);
}

/* What dropout multiplies element (row, column) with. */
static inline double kept(const cz_dropout *dropout, size_t row, size_t column, size_t columns)
{
    size_t within;
    if (dropout->p <= 0)
        return 1;
    uint64_t sample = cz_dropout_sample(dropout, row, &within);
    return cz_dropout_factor(dropout, sample, (uint64_t)within * columns + column);
}

#endif
