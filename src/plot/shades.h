/*
 * plot/shades.h - from numbers to colours: a scale over the numbers of a picture, and the bar that tells what its
 * colours mean.
 */
#ifndef CZ_PLOT_SHADES_H
#define CZ_PLOT_SHADES_H

#include "plot/canvas.h"

typedef struct cz_shades {
    cloze_colour_map map;
    cloze_plot_scale scale;
    bool is_signed;
    double low, high; /* of all numbers: the ends of the scale */
} cz_shades;

/* Begins with a range of nothing. */
cz_shades cz_shades_of(cloze_colour_map map, cloze_plot_scale scale, bool is_signed);
/* False at a number that is not finite. */
bool cz_shades_add(cz_shades *shades, const float *values, size_t count);
/* Share of the map, 0 to 1. `largest` is the largest size in the value's row. */
double cz_shades_share(const cz_shades *shades, double value, double largest);
/* The largest size of [count]. */
double cz_largest(const float *values, size_t count);

/* Points that the bar takes with its names. */
double cz_shades_width(const cz_canvas *canvas, const cz_shades *shades, cloze_text title);
/* Upright, from `top` down; the title stands above. */
void cz_shades_draw(const cz_canvas *canvas, const cz_shades *shades, cloze_text title, double x,
                    double top, double height);

#endif
