/*
 * numbers.h - log and exp of one double in plain C: the same bits everywhere, relative error below
 * 1e-13, for sums of rows and losses. Arguments that cannot occur there (NaN) come out as they may.
 */
#ifndef CZ_CPU_NUMBERS_H
#define CZ_CPU_NUMBERS_H

double cz_logarithm(double x);
double cz_exponential(double x);

#endif
