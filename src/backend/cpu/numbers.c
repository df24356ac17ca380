/* numbers.c - see numbers.h. */
#include "numbers.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

static const double ln2 = 0.69314718055994530942;

/* 2 artanh s by its series, for s within 0.1716. */
static double twice_artanh(double s)
{
    double z = s * s, sum = 0;
    for (int k = 21; k >= 1; k -= 2)
        sum = sum * z + 1.0 / k;
    return 2 * s * sum;
}

/* x = 2^n m with m near 1; log m = 2 artanh((m - 1) / (m + 1)). */
double cz_logarithm(double x)
{
    uint64_t bits;
    double m;
    int n = 0;
    if (!(x > 0))
        return isnan(x) ? x : -INFINITY;
    if (x > 1.7e308)
        return x;
    if (x < 0x1p-1000) {
        x *= 0x1p200;
        n = -200;
    }
    memcpy(&bits, &x, sizeof bits);
    n += (int)(bits >> 52) - 1023;
    bits = (bits & 0xfffffffffffffu) | 0x3ff0000000000000u;
    memcpy(&m, &bits, sizeof m);
    if (m > 1.4142135623730951) {
        m *= 0.5;
        n++;
    }
    return twice_artanh((m - 1) / (m + 1)) + n * ln2;
}

double cz_logarithm_of_more(double x)
{
    return x > -0.25 && x < 0.4 ? twice_artanh(x / (2 + x)) : cz_logarithm(1 + x);
}

/* x = n log 2 + r with r within 0.35; e^r by its series. */
double cz_exponential(double x)
{
    const double high = 0x1.62e42fee00000p-1, low = 0x1.a39ef35793c76p-33;
    double n, r, scale, sum = 1;
    uint64_t bits;
    if (!(x > -708))
        return isnan(x) ? x : 0;
    if (x > 709)
        return INFINITY;
    n = (double)(int)(x / ln2 + (x < 0 ? -0.5 : 0.5));
    r = (x - n * high) - n * low;
    for (int k = 13; k >= 1; k--)
        sum = 1 + r * sum / k;
    bits = (uint64_t)((int64_t)n + 1023) << 52;
    memcpy(&scale, &bits, sizeof scale);
    return sum * scale;
}

double cz_power(double x, double y)
{
    if (y == 0)
        return 1;
    return x > 0 ? cz_exponential(y * cz_logarithm(x)) : x * y;
}
