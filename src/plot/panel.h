/*
 * plot/panel.h - an area with two axes: its ground (grid, marks, numbers), its names.
 */
#ifndef CZ_PLOT_PANEL_H
#define CZ_PLOT_PANEL_H

#include "plot/canvas.h"
#include "plot/ticks.h"

typedef struct cz_panel {
    double left, top, right, bottom;
    cz_scale x, y; /* their places follow from the four */
    cz_ticks x_ticks, y_ticks;
} cz_panel;

/* Sets the places of both scales. */
void cz_panel_place(cz_panel *panel, double left, double top, double right, double bottom);
/* As many numbers as have room: by the height; by the width, as wide as they are. */
void cz_panel_choose_y(cz_panel *panel, double height);
void cz_panel_choose_x(cz_panel *panel, const cz_canvas *canvas, double width);

/* Points that the widest number or name of the y axis takes; that those below the x axis take: more
 * than a line if they are names that must be turned. */
double cz_panel_left(const cz_panel *panel, const cz_canvas *canvas);
double cz_panel_below(const cz_panel *panel, const cz_canvas *canvas, double width);

/* Grid, axes and numbers; those of x only if `below`. */
void cz_panel_ground(const cz_panel *panel, const cz_canvas *canvas, bool below);
/* What is drawn next stays within the area, but for half a marker; to be undone by cairo_restore. */
void cz_panel_clip(const cz_panel *panel, const cz_canvas *canvas);

#endif
