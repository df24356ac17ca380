/*
 * numbers.h - the logarithm of one double in plain C: the same bits everywhere, relative error
 * below 1e-13, for losses. Arguments that cannot be a sum of exponentials come out as they may.
 */
#ifndef CZ_CPU_NUMBERS_H
#define CZ_CPU_NUMBERS_H

double cz_logarithm(double x);

#endif
