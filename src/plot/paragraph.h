/*
 * plot/paragraph.h - a text of any length broken into lines, with the places of its bytes in them, whatever the
 * direction of its script.
 */
#ifndef CZ_PLOT_PARAGRAPH_H
#define CZ_PLOT_PARAGRAPH_H

#include "plot/canvas.h"

typedef struct cz_paragraph {
    const cz_canvas *canvas;
    PangoLayout *layout;
    char *text; /* with spaces for what would break it */
    double height;
} cz_paragraph;

/* cz_paragraph_close in any case. */
cloze_status cz_paragraph_open(cz_paragraph *out, const cz_canvas *canvas, cloze_text text,
                               double width, cloze_error *error);
void cz_paragraph_close(cz_paragraph *paragraph);

/* Areas behind bytes [begin, end) of the text, whose left upper corner is x, y. */
void cz_paragraph_ground(const cz_paragraph *paragraph, size_t begin, size_t end, double x,
                         double y);
void cz_paragraph_write(const cz_paragraph *paragraph, double x, double y);

#endif
