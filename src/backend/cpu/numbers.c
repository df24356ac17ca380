/* numbers.c - see numbers.h. */
#include "numbers.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

static const double ln2 = 0.69314718055994530942;

/* x = 2^n m with m near 1; log m = 2 artanh((m - 1) / (m + 1)) by its series. */
double cz_logarithm(double x)
{
    uint64_t bits;
    double m, s, z, sum = 0;
    int n = 0;
    if (!(x > 0))
        return -INFINITY;
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
    s = (m - 1) / (m + 1);
    z = s * s;
    for (int k = 21; k >= 1; k -= 2)
        sum = sum * z + 1.0 / k;
    return 2 * s * sum + n * ln2;
}
