/*
 * score.c - a JSON number to a double as the package reads it, which is not the nearest double: the
 * digits become a whole number, that a double, and that is divided by a power of ten. Scores that
 * differ in their last bit change which of two ways through a word is the better one.
 */
#include "text/parts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct reader {
    const char *text;
    size_t size, at;
} reader;

/* 10 to the power of `exponent`, 0 to 308. */
static double power_of_ten(int exponent)
{
    double power = 1;
    char text[16];
    if (exponent > 22) { /* the last that is exact */
        snprintf(text, sizeof text, "1e%d", exponent);
        return strtod(text, NULL);
    }
    while (exponent--)
        power *= 10;
    return power;
}

/* significand x 10^exponent, rounded twice as the package's JSON reader rounds it. */
static bool make_real(uint64_t significand, int64_t exponent, double *out)
{
    double value = (double)significand;
    for (; exponent < -308 && value != 0; exponent += 308)
        value /= power_of_ten(308);
    if (value != 0 && exponent < 0)
        value /= power_of_ten((int)-exponent);
    else if (value != 0 && exponent > 308)
        return false;
    else if (value != 0)
        value *= power_of_ten((int)exponent);
    *out = value;
    return isfinite(value);
}

static bool is_digit(const reader *in)
{
    return in->at < in->size && in->text[in->at] >= '0' && in->text[in->at] <= '9';
}

static bool is_one_of(const reader *in, char one, char other)
{
    return in->at < in->size && (in->text[in->at] == one || in->text[in->at] == other);
}

/* Digits at in->at into *significand as long as they fit; the count of those that did, or of
 * those that did not in *lost. */
static size_t read_digits(reader *in, uint64_t *significand, size_t *lost)
{
    size_t taken = 0;
    for (; is_digit(in); in->at++) {
        uint64_t digit = (uint64_t)(in->text[in->at] - '0');
        if (*lost || *significand > (UINT64_MAX - digit) / 10) {
            ++*lost;
            continue;
        }
        *significand = *significand * 10 + digit;
        taken++;
    }
    return taken;
}

static bool read_exponent(reader *in, int64_t *exponent)
{
    bool negative = false;
    int64_t value = 0;
    if (!is_one_of(in, 'e', 'E'))
        return true;
    in->at++;
    if (is_one_of(in, '+', '-'))
        negative = in->text[in->at++] == '-';
    if (!is_digit(in))
        return false;
    for (; is_digit(in); in->at++)
        if (value < 1 << 24)
            value = value * 10 + (in->text[in->at] - '0');
    *exponent += negative ? -value : value;
    return true;
}

static bool read_real(reader *in, double *out)
{
    uint64_t significand = 0;
    size_t lost = 0, begin;
    int64_t exponent;
    bool negative;
    negative = is_one_of(in, '-', '-');
    in->at += negative;
    begin = in->at;
    if (!is_digit(in))
        return false;
    read_digits(in, &significand, &lost);
    if (in->text[begin] == '0' && in->at - begin > 1)
        return false;
    exponent = (int64_t)lost;
    if (is_one_of(in, '.', '.')) {
        in->at++;
        if (!is_digit(in))
            return false;
        exponent -= (int64_t)read_digits(in, &significand, &lost);
    }
    if (!read_exponent(in, &exponent) || !make_real(significand, exponent, out))
        return false;
    *out = negative ? -*out : *out;
    return true;
}

bool cz_read_score(const char *text, size_t size, size_t *at, double *out)
{
    reader in = { text, size, *at };
    bool good = read_real(&in, out);
    *at = in.at;
    return good;
}
