/* plot/bars.h - signed bars around a line at 0, the largest first, with names and numbers. */
#ifndef CZ_PLOT_BARS_H
#define CZ_PLOT_BARS_H

#include "plot/canvas.h"

typedef struct cz_bars {
    const cloze_part_plot *plot;
    const cloze_part_panel *panel;
    size_t *order; /* [count] parts */
    size_t count;
} cz_bars;

/* cz_bars_clear in any case. */
cloze_status cz_bars_make(cz_bars *out, const cloze_part_plot *plot, const cloze_part_panel *panel,
                          cloze_error *error);
void cz_bars_clear(cz_bars *bars);
double cz_bars_height(const cz_bars *bars);
void cz_bars_draw(const cz_bars *bars, const cz_canvas *canvas, double x, double y, double width);

#endif
