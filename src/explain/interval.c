/* interval.c - how far the mean of what was drawn may be from the truth. */
#include "explain/explainer.h"

#include <math.h>

/* Chance that Student's t of `freedom` degrees lies within +-t (Abramowitz, Stegun 1964, 26.7.3, 26.7.4). */
static double chance_within(double t, size_t freedom)
{
    double angle = atan(t / sqrt((double)freedom)), cosine = cos(angle), term = 1, sum = 0;
    size_t first = freedom % 2 ? 3 : 2;
    if (first == 3)
        term = cosine;
    for (size_t k = first; k <= freedom; k += 2) {
        sum += term;
        term *= cosine * cosine * (double)(k - 1) / (double)k;
    }
    return first == 3 ? 2 / acos(-1.0) * (angle + sin(angle) * sum) : sin(angle) * sum;
}

double cz_student(size_t freedom)
{
    enum { ALMOST_NORMAL = 2000 };
    if (!freedom)
        return NAN;
    if (freedom > ALMOST_NORMAL)
        return 1.959963984540054;
    double low = 1.9, high = 13;
    for (int i = 0; i < 60; i++) {
        double middle = (low + high) / 2;
        if (chance_within(middle, freedom) < 0.95)
            low = middle;
        else
            high = middle;
    }
    return high;
}

double cz_interval(double squares, size_t count)
{
    if (count < 2)
        return NAN;
    return cz_student(count - 1) * sqrt(squares / (double)(count - 1) / (double)count);
}
