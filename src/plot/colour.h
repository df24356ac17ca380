/*
 * plot/colour.h - one scale of shades, from near white to dark blue, on which equal steps look equal:
 * lightness falls evenly in Oklab (Ottosson, 2020), in one hue.
 */
#ifndef CZ_PLOT_COLOUR_H
#define CZ_PLOT_COLOUR_H

typedef struct cz_colour {
    double red, green, blue; /* sRGB, 0 to 1 */
} cz_colour;

/* `shade` from 0, light, to 1, dark. */
cz_colour cz_colour_of(double shade);

#endif
