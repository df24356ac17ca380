/* plot/cells.h - a matrix as coloured cells: areas where they are few, an image where they are many. */
#ifndef CZ_PLOT_CELLS_H
#define CZ_PLOT_CELLS_H

#include "plot/shades.h"

typedef struct cz_cells {
    const float *values; /* [rows, columns] */
    size_t rows, columns;
    size_t most; /* cells each way that are drawn: of more, neighbours are joined; 0: all */
} cz_cells;

cloze_status cz_cells_draw(const cz_canvas *canvas, const cz_shades *shades, const cz_cells *cells,
                           double x, double y, double width, double height, cloze_error *error);

#endif
