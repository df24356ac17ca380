/*
 * waves.c - see waves.h. An angle is reduced to an eighth of a turn in integers, so no rounding of
 * pi enters; then Taylor's polynomials. Error of a root: one place of float.
 */
#include "waves.h"

enum { STEPS = 64 };

typedef struct root {
    double cosine, sine; /* the sine of the negative angle */
} root;

/* exp(-2 pi i j / n), j < n. */
static root root_at(size_t j, size_t n)
{
    size_t quarter = 4 * j / n, rest = 4 * j % n;
    bool swap = 2 * rest > n;
    double x = 1.5707963267948966 * ((double)(swap ? n - rest : rest) / (double)n), z = x * x;
    double s = -7.6471637318198165e-13, c = 4.7794773323873853e-14;
    static const double sines[] = { 1.6059043836821615e-10, -2.5052108385441719e-08,
                                    2.7557319223985891e-06, -1.9841269841269841e-04,
                                    8.3333333333333333e-03, -1.6666666666666667e-01 };
    static const double cosines[] = { -1.1470745597729725e-11,
                                      2.0876756987868099e-09,
                                      -2.7557319223985891e-07,
                                      2.4801587301587302e-05,
                                      -1.3888888888888889e-03,
                                      4.1666666666666667e-02,
                                      -0.5,
                                      1 };
    for (int i = 0; i < 6; i++)
        s = s * z + sines[i];
    for (int i = 0; i < 8; i++)
        c = c * z + cosines[i];
    s = s * z * x + x;
    if (swap) {
        double kept = s;
        s = c;
        c = kept;
    }
    switch (quarter % 4) {
    case 0:
        return (root){ c, -s };
    case 1:
        return (root){ -s, -c };
    case 2:
        return (root){ -c, s };
    default:
        return (root){ s, c };
    }
}

static void make_roots(size_t n, float *to)
{
    root step[STEPS];
    for (size_t j = 0; j < STEPS && j < n; j++)
        step[j] = root_at(j, n);
    for (size_t first = 0; first < n; first += STEPS) {
        root from = root_at(first, n);
        for (size_t j = 0; j < STEPS && first + j < n; j++) {
            to[2 * (first + j)] = (float)(from.cosine * step[j].cosine - from.sine * step[j].sine);
            to[2 * (first + j) + 1] =
                (float)(from.cosine * step[j].sine + from.sine * step[j].cosine);
        }
    }
}

/* j^2 is counted modulo 2 n: (j + 1)^2 = j^2 + 2 j + 1. */
static void make_chirp(size_t n, float *to)
{
    for (size_t j = 0, square = 0; j < n; j++) {
        root c = root_at(square, 2 * n);
        to[2 * j] = (float)c.cosine;
        to[2 * j + 1] = (float)c.sine;
        square = (square + 2 * j + 1) % (2 * n);
    }
}

/* False: a prime factor is too large. */
static bool split(cz_waves *waves, size_t n)
{
    waves->radices = 0;
    for (; n % 4 == 0; n /= 4)
        waves->radix[waves->radices++] = 4;
    for (size_t p = 2; p <= CZ_RADIX_MOST && n > 1; p++)
        for (; n % p == 0; n /= p)
            waves->radix[waves->radices++] = p;
    return n == 1;
}

size_t cz_waves_points(size_t longest)
{
    size_t points = 1;
    while (points < 2 * longest)
        points *= 2;
    return points;
}

size_t cz_waves_size(size_t longest)
{
    return 4 * cz_waves_points(longest) + 2 * longest;
}

void cz_waves_make(cz_waves *waves, size_t length, float *memory)
{
    waves->length = waves->points = length;
    waves->root = memory;
    waves->chirp = waves->filter = NULL;
    if (!split(waves, length)) {
        waves->points = cz_waves_points(length);
        split(waves, waves->points);
        waves->filter = memory + 2 * waves->points;
        waves->chirp = waves->filter + 2 * waves->points;
        make_chirp(length, waves->chirp);
    }
    make_roots(waves->points, waves->root);
}
