/*
 * plot/legend.h - names of series with samples of their looks, in rows above the area, so that they
 * hide nothing.
 */
#ifndef CZ_PLOT_LEGEND_H
#define CZ_PLOT_LEGEND_H

#include "plot/style.h"

enum { CZ_BAR = 14 }; /* points of a bar of colours */

typedef struct cz_entry {
    cloze_text name; /* without bytes: left out */
    cz_style style;
    bool line, marker, ring; /* what the sample shows */
} cz_entry;

double cz_legend_height(const cz_canvas *canvas, const cz_entry *entries, size_t count,
                        double width);
void cz_legend_draw(const cz_canvas *canvas, const cz_entry *entries, size_t count, double left,
                    double top, double width);

/* A bar of colours, of 1 at the top to 0. */
void cz_legend_bar(const cz_canvas *canvas, cz_colour (*colour_of)(double share), double x,
                   double top, double height);

/* The circle around what is singled out. */
void cz_ring(const cz_canvas *canvas, double x, double y);

#endif
