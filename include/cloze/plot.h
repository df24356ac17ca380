/*
 * cloze/plot.h - pictures, through cairo and pango, which are loaded when the first one is drawn.
 * Nothing here knows a model.
 */
#ifndef CLOZE_PLOT_H
#define CLOZE_PLOT_H

#include <cloze/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A matrix as coloured cells with names beside rows and below columns. Texts are UTF-8 in any
 * script; one without bytes is not drawn. */
typedef struct cloze_matrix_plot {
    size_t rows, columns; /* 1 to 2,000 */
    const double *values; /* [rows, columns], written in the cells where they have room */
    const double *shades; /* [rows, columns] from 0, light, to 1, dark */
    const cloze_text *row_names, *column_names; /* [rows], [columns], or NULL */
    cloze_text title, row_title, column_title;
    cloze_text low, high; /* what the ends of the scale of shades mean */
} cloze_matrix_plot;

/*
 * Draws it as a PNG file, written whole or not at all. Errors: CLOZE_ERROR_UNSUPPORTED (cairo or
 * pango is not installed, or was not there when the library was built), CLOZE_ERROR_LIMIT,
 * CLOZE_ERROR_TEXT (not UTF-8), CLOZE_ERROR_ARGUMENT (a number is not finite), CLOZE_ERROR_IO.
 * Thread-safe. Memory is cairo's own.
 */
CLOZE_API cloze_status cloze_plot_matrix(const cloze_matrix_plot *plot, const char *path,
                                         cloze_error *error);

#ifdef __cplusplus
}
#endif
#endif
