/* infidelity.c - does what an attribution gives to units foretell how much F falls without them? */
#include "explain/explainer.h"

static double given_to_absent(const double *attribution, const uint8_t *present, size_t units)
{
    double sum = 0;
    for (size_t u = 0; u < units; u++)
        sum += present[u] ? 0 : attribution[u];
    return sum;
}

/* Of least squares; 1 where the attribution gives nothing. */
static double best_factor(const double *attribution, const uint8_t *present, const double *values,
                          size_t count, size_t units, double value)
{
    double products = 0, squares = 0;
    for (size_t i = 0; i < count; i++) {
        double given = given_to_absent(attribution, present + i * units, units);
        products += given * (value - values[i]);
        squares += given * given;
    }
    return squares > 0 ? products / squares : 1;
}

double cz_infidelity(const double *attribution, const uint8_t *present, const double *values,
                     size_t count, size_t units, double value, bool scaled, double *errors)
{
    double mean = 0;
    double factor = scaled ? best_factor(attribution, present, values, count, units, value) : 1;
    for (size_t i = 0; i < count; i++) {
        double given = given_to_absent(attribution, present + i * units, units);
        double off = factor * given - (value - values[i]), square = off * off;
        mean += square / (double)count;
        if (errors)
            errors[i] = square;
    }
    return mean;
}
