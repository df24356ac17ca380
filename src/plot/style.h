/*
 * plot/style.h - how series differ: seven colours that people of every colour vision tell apart
 * (Okabe and Ito, 2008), a marker for each, and dashes and other markers where the seven
 * begin again.
 */
#ifndef CZ_PLOT_STYLE_H
#define CZ_PLOT_STYLE_H

#include "plot/canvas.h"

enum { CZ_COLOURS = 7, CZ_DASHES = 6, CZ_STYLES = CZ_COLOURS * CZ_DASHES };

typedef struct cz_style {
    cz_colour colour;
    int marker; /* 0 to 6 */
    int dash;   /* 0, solid, to 5 */
    bool faint; /* thin and pale, without markers */
} cz_style;

/* Of the series at this place, 0 to CZ_STYLES - 1; with colour number `colour`, 1 to 7, if it is
 * not 0. */
cz_style cz_style_of(size_t place, size_t colour);

bool cz_style_equal(cz_style a, cz_style b);

/* Ink, width and dashes for the next stroke; cz_style_plain takes the dashes back. */
void cz_style_line(const cz_canvas *canvas, cz_style style);
void cz_style_plain(const cz_canvas *canvas);
/* A filled marker with a white edge, so that it shows on lines and on other markers. */
void cz_style_marker(const cz_canvas *canvas, cz_style style, double x, double y, double radius);

#endif
