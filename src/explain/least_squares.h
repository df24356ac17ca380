/*
 * explain/least_squares.h - F as a weighted sum of what is present, fitted to sets of units: sums over
 * the sets, and small systems of equations solved by Cholesky's factors.
 */
#ifndef CZ_EXPLAIN_LEAST_SQUARES_H
#define CZ_EXPLAIN_LEAST_SQUARES_H

#include "explain/coalitions.h"

/* Sums over sets, each with weight w and value y; z is 1 for units that are present and else 0. */
typedef struct cz_fit_sums {
    size_t units;
    double w, wy;
    double *wz, *wzy; /* [units] */
    double *wzz;      /* [units, units], the lower triangle */
} cz_fit_sums;

/* Of all sets with a weight; y is F less `base`. */
cloze_status cz_fit_sums_take(cz_fit_sums *sums, const cz_coalitions *coalitions, double base,
                              cloze_error *error);
void cz_fit_sums_clear(cz_fit_sums *sums, const cloze_allocator *allocator);

/* The lower triangle of a [size, size] becomes that of its factor. False: not positive definite. */
bool cz_factor(double *a, size_t size);
/* x := a^-1 x. */
void cz_factor_solve(const double *factor, size_t size, double *x);

#endif
