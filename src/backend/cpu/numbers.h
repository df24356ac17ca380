/*
 * numbers.h - curves of one double in plain C: the same bits everywhere, relative error below
 * 1e-13, for losses. Arguments that cannot be a sum of exponentials come out as they may.
 */
#ifndef CZ_CPU_NUMBERS_H
#define CZ_CPU_NUMBERS_H

double cz_logarithm(double x);
/* log(1 + x), near zero too, for x from -1 on. */
double cz_logarithm_of_more(double x);
/* e^x: zero below the range of normal numbers. */
double cz_exponential(double x);
/* x^y for 0 <= x <= 1 and y >= 0; 0^0 is 1. The error is the logarithm's, y log x times. */
double cz_power(double x, double y);

#endif
