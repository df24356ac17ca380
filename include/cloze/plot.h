/*
 * cloze/plot.h - pictures, through cairo and pango, which are loaded when the first one is drawn.
 * Nothing here knows a model.
 *
 * Each is a PNG, SVG or PDF file, as its name ends, written whole or not at all; the same input gives
 * the same bytes on the same machine. Texts are UTF-8 in any script and never markup; one without
 * bytes is not drawn. Errors of every call: CLOZE_ERROR_UNSUPPORTED (cairo or pango is not installed,
 * or was not there when the library was built), CLOZE_ERROR_LIMIT (too many of something, or a size
 * that no picture has), CLOZE_ERROR_TEXT (not UTF-8), CLOZE_ERROR_ARGUMENT (the ending of the name, or
 * as the call says), CLOZE_ERROR_IO, CLOZE_ERROR_NOT_FOUND, CLOZE_ERROR_MEMORY. Thread-safe. Memory is
 * cairo's and malloc's.
 */
#ifndef CLOZE_PLOT_H
#define CLOZE_PLOT_H

#include <cloze/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Whether a picture can be drawn under this name: its ending, and cairo and pango. Long work that
 * ends in a picture asks first. */
CLOZE_API cloze_status cloze_plot_ready(const char *path, cloze_error *error);

/* A matrix as coloured cells with names beside rows and below columns. */
typedef struct cloze_matrix_plot {
    size_t rows, columns; /* 1 to 2,000 */
    const double *values; /* [rows, columns], written in the cells where they have room */
    const double *shades; /* [rows, columns] from 0, light, to 1, dark */
    const cloze_text *row_names, *column_names; /* [rows], [columns], or NULL */
    cloze_text title, row_title, column_title;
    cloze_text low, high; /* what the ends of the scale of shades mean */
} cloze_matrix_plot;

/* CLOZE_ERROR_ARGUMENT, too, if a number is not finite. */
CLOZE_API cloze_status cloze_plot_matrix(const cloze_matrix_plot *plot, const char *path,
                                         cloze_error *error);

#ifdef __cplusplus
}
#endif
#endif
