/*
 * picture.h - pictures in a folder of their own, and what can be seen in them: their bytes, and the
 * pixels of a PNG.
 */
#ifndef TEST_PLOT_PICTURE_H
#define TEST_PLOT_PICTURE_H

#include "plot/colour.h"

#include <cloze/plot.h>

/* As cmocka wants group set-ups: a folder, and its removal with the pictures. */
int pictures_begin(void **state);
int pictures_end(void **state);

/* The path of a picture with this ending ("png"). */
const char *picture_path(const char *ending);
void pictures_clear(void); /* removes what was drawn */
bool picture_exists(const char *ending);
/* All bytes, with a zero behind them; yours to free. */
char *picture_bytes(const char *ending, size_t *size);

/* Skips the test where cairo and pango are not there, else gives `status` back. */
cloze_status drawn(cloze_status status, const cloze_error *error);

/* Draws with `draw` twice in each format: the bytes are the same, and begin as the format does. */
void check_formats(cloze_status (*draw)(const void *plot, const char *path, cloze_error *error),
                   const void *plot);

void check_near(double value, double expected, double within);

/* 0xRRGGBB. */
typedef struct pixels {
    int width, height;
    unsigned *at; /* [height, width] */
} pixels;

pixels pixels_of(const char *ending);
void pixels_free(pixels *image);
/* Within a step or two of each channel. */
bool pixel_is(const pixels *image, int x, int y, cz_colour colour);

typedef struct span {
    int left, top, right, bottom; /* of the pixels found; the ends are among them */
    int count;
} span;

/* Pixels of a colour within left <= x < right and top <= y < bottom. */
span find_colour(const pixels *image, cz_colour colour, int left, int top, int right, int bottom);

#endif
