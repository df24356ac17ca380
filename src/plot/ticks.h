/*
 * plot/ticks.h - the values that an axis names: round numbers (1, 2, 5 times a power of ten), the few
 * values that a setting had, or names.
 */
#ifndef CZ_PLOT_TICKS_H
#define CZ_PLOT_TICKS_H

#include "plot/decimal.h"
#include "plot/scale.h"

enum { CZ_TICKS_MOST = 96 };

typedef struct cz_tick {
    double value;
    cloze_text name; /* if it has bytes, in place of text */
    char text[CZ_DECIMAL_SIZE];
    size_t size; /* of text; 0: a mark without a number */
} cz_tick;

typedef struct cz_ticks {
    cz_tick at[CZ_TICKS_MOST]; /* ascending */
    size_t count;
} cz_ticks;

/* At most about `most`, 2 or more, with numbers, of equal look. */
void cz_ticks_choose(cz_ticks *out, const cz_scale *scale, size_t most);
/* The distinct drawable values themselves, if they are 2 to `most` (up to 16); false if not. */
bool cz_ticks_of_values(cz_ticks *out, const double *values, size_t count, bool logarithmic,
                        size_t most);
/* Names for 0, 1, 2, ...; `count` up to CZ_TICKS_MOST. */
void cz_ticks_of_names(cz_ticks *out, const cloze_text *names, size_t count);

cloze_text cz_tick_text(const cz_tick *tick);

#endif
