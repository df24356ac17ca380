/* decimal.c - see decimal.h. */
#include "plot/decimal.h"

#include <math.h>
#include <stdio.h>

/* value * 10^power; in two steps where 10^power itself is out of range. */
static double scaled(double value, int power)
{
    if (power < -300)
        return value / 1e300 / pow(10, -300 - power);
    if (power > 300)
        return value * 1e300 * pow(10, power - 300);
    return power < 0 ? value / pow(10, -power) : value * pow(10, power);
}

double cz_decimal_value(cz_decimal number)
{
    return scaled((double)number.digits, number.exponent);
}

static cz_decimal shortened(cz_decimal number)
{
    if (!number.digits)
        return (cz_decimal){ 0, 0 };
    while (number.digits % 10 == 0) {
        number.digits /= 10;
        number.exponent++;
    }
    return number;
}

cz_decimal cz_decimal_of(double value, int figures)
{
    cz_decimal number = { 0, 0 };
    if (value < 0 || value > 0) {
        number.exponent = (int)floor(log10(fabs(value))) - figures + 1;
        number.digits = llround(scaled(value, -number.exponent));
    }
    return shortened(number);
}

static int figures_of(int64_t digits)
{
    int count = 0;
    for (; digits; digits /= 10)
        count++;
    return count;
}

int cz_decimal_power(cz_decimal number)
{
    return number.digits ? figures_of(number.digits) - 1 + number.exponent : 0;
}

/* A writer from the last character to the first. */
typedef struct backwards {
    char *room;
    size_t at;
} backwards;

static void put(backwards *to, char c)
{
    if (to->at)
        to->room[--to->at] = c;
}

cloze_text cz_decimal_plain(cz_decimal number, char room[CZ_DECIMAL_SIZE])
{
    backwards to = { room, CZ_DECIMAL_SIZE };
    int64_t left = number.digits < 0 ? -number.digits : number.digits;
    int place = number.exponent;
    for (; place < 0; place++, left /= 10)
        put(&to, (char)('0' + left % 10));
    if (number.exponent < 0)
        put(&to, '.');
    for (int written = 0, zeros = left ? number.exponent : 0; left || !written; written++) {
        if (written && written % 3 == 0)
            put(&to, ',');
        put(&to, zeros > 0 ? '0' : (char)('0' + left % 10));
        if (zeros-- <= 0)
            left /= 10;
    }
    if (number.digits < 0)
        put(&to, '-');
    return (cloze_text){ room + to.at, CZ_DECIMAL_SIZE - to.at };
}

cloze_text cz_decimal_powers(cz_decimal number, int power, char room[CZ_DECIMAL_SIZE])
{
    char first[CZ_DECIMAL_SIZE];
    cloze_text text =
        cz_decimal_plain((cz_decimal){ number.digits, number.exponent - power }, first);
    int length;
    if (!number.digits)
        return cz_decimal_plain((cz_decimal){ 0, 0 }, room);
    length = snprintf(room, CZ_DECIMAL_SIZE, "%.*se%d", (int)text.size, text.data, power);
    return (cloze_text){ room, length > 0 && length < CZ_DECIMAL_SIZE ? (size_t)length : 0 };
}

cloze_text cz_decimal_text(cz_decimal number, char room[CZ_DECIMAL_SIZE])
{
    int power = cz_decimal_power(number);
    return power < -4 || power >= 7 || (power < -2 && number.exponent < -4)
               ? cz_decimal_powers(number, power, room)
               : cz_decimal_plain(number, room);
}

cloze_text cz_decimal_listed(double value, int figures, char room[CZ_DECIMAL_SIZE])
{
    cz_decimal number = cz_decimal_of(value, figures);
    int power = cz_decimal_power(number);
    return power >= -4 && power < 6 ? cz_decimal_plain(number, room)
                                    : cz_decimal_text(number, room);
}
