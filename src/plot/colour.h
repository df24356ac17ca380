/*
 * plot/colour.h - scales of colours on which equal steps look equal: lightness falls evenly in Oklab
 * (Ottosson, 2020), so that they read in grey and with any colour vision.
 */
#ifndef CZ_PLOT_COLOUR_H
#define CZ_PLOT_COLOUR_H

#include <cloze/plot.h>

typedef struct cz_colour {
    double red, green, blue; /* sRGB, 0 to 1 */
} cz_colour;

/* Areas: `shade` from 0, near white, to 1, dark blue. */
cz_colour cz_colour_of(double shade);
/* Points and lines on white: from 0, yellow, over green and blue to 1, dark violet. */
cz_colour cz_colour_along(double share);
/* Of a public scale. */
cz_colour cz_colour_on(cloze_colour_map map, double share);

#endif
