/*
 * plot/scale.h - from values to places in a picture, evenly or by their logarithms.
 */
#ifndef CZ_PLOT_SCALE_H
#define CZ_PLOT_SCALE_H

#include <stdbool.h>
#include <stddef.h>

/* What values span; begin with zeros. */
typedef struct cz_range {
    double low, high;
    bool any, broken; /* a value was added; one was no whole number */
} cz_range;

typedef struct cz_scale {
    double low, high; /* low < high; above 0 if logarithmic */
    bool logarithmic;
    bool whole;      /* only whole numbers were added */
    double from, to; /* places of low and high, to be set by whoever draws */
} cz_scale;

/* Finite, at most 1e300 from 0, and above 0 (1e-300) on a logarithmic scale. */
bool cz_drawable(double value, bool logarithmic);

/* Values that are not drawable are left out. */
void cz_range_add(cz_range *range, double value, bool logarithmic);

/* With `padding`, a share of the span, at both ends; begins at 0 if that is near. */
cz_scale cz_scale_of(const cz_range *range, bool logarithmic, double padding);

/* Places far outside are drawn in to where cairo can still count. `value` is drawable. */
double cz_scale_place(const cz_scale *scale, double value);

#endif
