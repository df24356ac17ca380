/*
 * plot/canvas.h - a picture being drawn: what it is opened for, texts and how large they are, lines
 * and areas, and the file in the end. Lengths are points; a PNG has two pixels for each.
 *
 * cz_canvas_open, then measuring; cz_canvas_size when the size is known, then drawing; and
 * cz_canvas_save. cz_canvas_close in any case.
 */
#ifndef CZ_PLOT_CANVAS_H
#define CZ_PLOT_CANVAS_H

#include "plot/cairo_library.h"
#include "plot/colour.h"

/* Points around a picture, between its parts, and the most that a name may take. */
enum { CZ_MARGIN = 16, CZ_GAP = 6, CZ_NAME_MOST = 220 };

typedef enum cz_format { CZ_PNG, CZ_SVG, CZ_PDF } cz_format;
typedef enum cz_face {
    CZ_PLAIN,
    CZ_BOLD,
    CZ_SMALL,
    CZ_TEXT,   /* running text */
    CZ_RIMMED, /* small, in a white rim for what passes beneath */
    CZ_FACES
} cz_face;

typedef struct cz_bytes {
    unsigned char *data;
    size_t size, capacity;
} cz_bytes;

typedef struct cz_canvas {
    cz_cairo_library c;
    cairo_t *cr;
    cairo_surface_t *surface;
    cairo_font_options_t *options;
    PangoFontDescription *faces[CZ_FACES];
    const char *path;
    cz_format format;
    cz_bytes bytes; /* of the file */
} cz_canvas;

typedef struct cz_extent {
    double width, height;
} cz_extent;

typedef struct cz_writing {
    cz_face face;
    double align; /* 0, 0.5, 1: the place is the left, middle, right of the text's middle line */
    bool turned;  /* upwards, around the place */
    double most;  /* points; what is longer is cut with an ellipsis; 0: never */
} cz_writing;

cloze_status cz_canvas_open(cz_canvas *canvas, const char *path, cloze_error *error);
cloze_status cz_canvas_size(cz_canvas *canvas, double width, double height, cloze_error *error);
/* Writes the file, whole or not at all. */
cloze_status cz_canvas_save(cz_canvas *canvas, cloze_error *error);
void cz_canvas_close(cz_canvas *canvas);

/* Texts are UTF-8 and never markup; control characters are spaces, and what is behind a thousand
 * bytes is left out. */
cz_extent cz_canvas_extent(const cz_canvas *canvas, cloze_text text, cz_writing how);
/* Its height and the gap behind it; 0 without bytes. */
double cz_canvas_row(const cz_canvas *canvas, cloze_text text, cz_writing how);
void cz_canvas_write(const cz_canvas *canvas, cloze_text text, double x, double y, cz_writing how);

void cz_canvas_ink(const cz_canvas *canvas, cz_colour colour, double opacity);
void cz_canvas_grey(const cz_canvas *canvas, double lightness);
void cz_canvas_line(const cz_canvas *canvas, double x, double y, double to_x, double to_y,
                    double width);
void cz_canvas_area(const cz_canvas *canvas, double x, double y, double width, double height);
void cz_canvas_frame(const cz_canvas *canvas, double x, double y, double width, double height);

/* By the ending of a name; CLOZE_ERROR_ARGUMENT for any other than .png, .svg and .pdf. */
cloze_status cz_format_of(cz_format *out, const char *path, cloze_error *error);

#endif
