/*
 * plot/decimal.h - numbers as people write them in pictures: digits and a power of ten, so that
 * neither rounding nor the country that the process is set to shows.
 */
#ifndef CZ_PLOT_DECIMAL_H
#define CZ_PLOT_DECIMAL_H

#include <cloze/status.h>

enum { CZ_DECIMAL_SIZE = 48 };

typedef struct cz_decimal {
    int64_t digits; /* below 10^15 */
    int exponent;   /* value = digits * 10^exponent */
} cz_decimal;

double cz_decimal_value(cz_decimal number);
/* The nearest with as many `figures`, 1 to 15, without zeros at its end. `value` is finite. */
cz_decimal cz_decimal_of(double value, int figures);
/* The power of ten of the first digit: 2 for 150, -1 for 0.2; 0 for zero. */
int cz_decimal_power(cz_decimal number);

/* "12,000" or "0.05", with the zeros that the exponent has. It must be -24 to 15. */
cloze_text cz_decimal_plain(cz_decimal number, char room[CZ_DECIMAL_SIZE]);
/* "2.5e-5": as many times 10^power; "0" for zero. */
cloze_text cz_decimal_powers(cz_decimal number, int power, char room[CZ_DECIMAL_SIZE]);
/* The one of both that is shorter to read. */
cloze_text cz_decimal_text(cz_decimal number, char room[CZ_DECIMAL_SIZE]);
/* For numbers of one list, which look alike: plain from 0.0001 to 1,000,000, else with powers. */
cloze_text cz_decimal_listed(double value, int figures, char room[CZ_DECIMAL_SIZE]);

#endif
