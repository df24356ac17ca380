/* ticks.c - see ticks.h. */
#include "plot/ticks.h"

#include <math.h>
#include <string.h>

static const double slack = 1e-9;

static void add(cz_ticks *out, cz_decimal number, cloze_text text)
{
    cz_tick *tick = &out->at[out->count];
    if (out->count == CZ_TICKS_MOST)
        return;
    out->count++;
    *tick = (cz_tick){ .value = cz_decimal_value(number), .size = text.size };
    if (text.size)
        memcpy(tick->text, text.data, text.size);
}

/* ---- evenly ---- */

/* The smallest step of 1, 2, 5 times a power of ten that is `least` or more. */
static cz_decimal step_of(double least, bool whole)
{
    static const int firsts[] = { 1, 2, 5, 10 };
    cz_decimal step = { 1, (int)floor(log10(least)) };
    if (whole && least <= 1)
        return (cz_decimal){ 1, 0 };
    for (int i = 0; i < 4; i++) {
        step.digits = firsts[i];
        if (cz_decimal_value(step) >= least * (1 - slack))
            break;
    }
    return step.digits == 10 ? (cz_decimal){ 1, step.exponent + 1 } : step;
}

/* Steps of the coarsest kind of which there are two, if `most` allows; first <= k <= last. */
static cz_decimal find_steps(double low, double high, bool whole, size_t most, int64_t *first,
                             int64_t *last)
{
    cz_decimal step;
    do {
        step = step_of((high - low) / (double)most, whole);
        *first = (int64_t)ceil(low / cz_decimal_value(step) - slack);
        *last = (int64_t)floor(high / cz_decimal_value(step) + slack);
    } while (*last <= *first && most++ < 10);
    return step;
}

static void choose_even(cz_ticks *out, double low, double high, bool whole, size_t most)
{
    int64_t first, last;
    cz_decimal step = find_steps(low, high, whole, most, &first, &last);
    int low_power = cz_decimal_power((cz_decimal){ first * step.digits, step.exponent });
    int power = cz_decimal_power((cz_decimal){ last * step.digits, step.exponent });
    bool powers;
    power = !last || (first && low_power > power) ? low_power : power;
    /* Few figures and many zeros read better as powers. */
    powers = power < -3    ? step.exponent <= -5
             : power >= 12 ? true
                           : power >= 6 && power - step.exponent <= 3;
    for (int64_t k = first; k <= last; k++) {
        cz_decimal number = { k * step.digits, step.exponent };
        char room[CZ_DECIMAL_SIZE];
        add(out, number,
            powers ? cz_decimal_powers(number, power, room) : cz_decimal_plain(number, room));
    }
}

/* ---- by logarithms ---- */

static size_t count_within(const cz_scale *scale, int first, int last, const char *digits)
{
    size_t count = 0;
    for (int power = first; power <= last; power++)
        for (const char *d = digits; *d; d++) {
            double value = cz_decimal_value((cz_decimal){ *d - '0', power });
            count += value >= scale->low * (1 - slack) && value <= scale->high * (1 + slack);
        }
    return count;
}

/* Every `stride`-th decade with `digits` numbered, and marks for the other digits if `marks`. */
static void add_decades(cz_ticks *out, const cz_scale *scale, const char *digits, int stride,
                        bool marks)
{
    int first = (int)floor(log10(scale->low)), last = (int)floor(log10(scale->high));
    bool powers = first < -3 || last >= 6;
    for (int power = first; power <= last; power++)
        for (int digit = 1; digit < 10; digit++) {
            cz_decimal number = { digit, power };
            double value = cz_decimal_value(number);
            bool named = strchr(digits, '0' + digit) && power % stride == 0;
            char room[CZ_DECIMAL_SIZE];
            cloze_text text = { NULL, 0 };
            if (value < scale->low * (1 - slack) || value > scale->high * (1 + slack) ||
                (!named && !marks))
                continue;
            if (named)
                text = powers ? cz_decimal_powers(number, power, room)
                              : cz_decimal_plain(number, room);
            add(out, number, text);
        }
}

static int stride_of(size_t decades, size_t most)
{
    static const int strides[] = { 1, 2, 3, 5, 10, 20, 30, 50, 100, 200, 300 };
    size_t i = 0;
    while (i + 1 < sizeof strides / sizeof *strides && (size_t)strides[i] * most < decades)
        i++;
    return strides[i];
}

static void choose_log(cz_ticks *out, const cz_scale *scale, size_t most)
{
    int first = (int)floor(log10(scale->low)), last = (int)floor(log10(scale->high));
    size_t decades = count_within(scale, first, last, "1");
    if (count_within(scale, first, last, "125") < 3)
        choose_even(out, scale->low, scale->high, false, most);
    else if (count_within(scale, first, last, "125") <= most || decades < 2)
        add_decades(out, scale, "125", 1, true);
    else
        add_decades(out, scale, "1", stride_of(decades, most), decades <= most && decades <= 9);
}

/* ---- what is called ---- */

void cz_ticks_choose(cz_ticks *out, const cz_scale *scale, size_t most)
{
    out->count = 0;
    most = most < 2 ? 2 : most > 20 ? 20 : most;
    if (scale->logarithmic)
        choose_log(out, scale, most);
    else
        choose_even(out, scale->low, scale->high, scale->whole, most);
}

bool cz_ticks_of_values(cz_ticks *out, const double *values, size_t count, bool logarithmic,
                        size_t most)
{
    double found[16];
    size_t used = 0;
    most = most < 16 ? most : 16;
    for (size_t i = 0; i < count; i++) {
        size_t at = 0;
        if (!cz_drawable(values[i], logarithmic))
            continue;
        while (at < used && found[at] < values[i])
            at++;
        if (at < used && found[at] <= values[i])
            continue;
        if (used == most)
            return false;
        memmove(found + at + 1, found + at, (used - at) * sizeof *found);
        found[at] = values[i];
        used++;
    }
    out->count = 0;
    for (size_t i = 0; i < used && used > 1; i++) {
        char room[CZ_DECIMAL_SIZE];
        cz_decimal number = cz_decimal_of(found[i], 4);
        add(out, number, cz_decimal_text(number, room));
        out->at[i].value = found[i];
    }
    return used > 1;
}

void cz_ticks_of_names(cz_ticks *out, const cloze_text *names, size_t count)
{
    out->count = count < CZ_TICKS_MOST ? count : CZ_TICKS_MOST;
    for (size_t i = 0; i < out->count; i++)
        out->at[i] = (cz_tick){ .value = (double)i, .name = names[i] };
}

cloze_text cz_tick_text(const cz_tick *tick)
{
    return tick->name.size ? tick->name : (cloze_text){ tick->text, tick->size };
}
