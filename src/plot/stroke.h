/*
 * plot/stroke.h - one series in a panel: its line with gaps, its band, its markers. Points that fall
 * into one quarter of a point are drawn as what they cover, so the picture stays small.
 */
#ifndef CZ_PLOT_STROKE_H
#define CZ_PLOT_STROKE_H

#include "plot/panel.h"
#include "plot/style.h"

#include <cloze/plot.h>

enum { CZ_MARKERS_FEW = 40 }; /* points of a line that have a marker each */

void cz_stroke_band(const cz_canvas *canvas, const cz_panel *panel, const cloze_plot_line *line,
                    cz_style style);
void cz_stroke_line(const cz_canvas *canvas, const cz_panel *panel, const cloze_plot_line *line,
                    cz_style style);
/* At each point if they are few, else some way apart, not where those of the series before are. */
void cz_stroke_markers(const cz_canvas *canvas, const cz_panel *panel, const cloze_plot_line *line,
                       cz_style style);

/* Whether point `i` is drawn. */
bool cz_stroke_has(const cz_panel *panel, const cloze_plot_line *line, size_t i);

#endif
