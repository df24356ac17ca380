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

/* Scales of colours on which equal steps look equal: their lightness changes evenly in Oklab (Ottosson, 2020),
 * so that they read in grey, and their ends differ for every colour vision. */
typedef enum cloze_colour_map {
    CLOZE_COLOURS_BLUE = 0,  /* near white to dark blue */
    CLOZE_COLOURS_VIOLET,    /* dark violet over blue and green to yellow, as viridis */
    CLOZE_COLOURS_DIVERGING, /* blue over white to orange; the middle is nothing */
    CLOZE_COLOURS_RED_BLUE,  /* red over white to blue */
    CLOZE_COLOUR_MAPS
} cloze_colour_map;

/* sRGB of a share from 0 to 1; what is outside is as the end. */
CLOZE_API void cloze_plot_colour(cloze_colour_map map, double share, unsigned char rgb[3]);

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

/* How numbers become places on a scale of colours. */
typedef enum cloze_plot_scale {
    CLOZE_PLOT_LINEAR = 0,
    CLOZE_PLOT_LOGARITHMIC, /* of their sizes, four powers of ten below the largest */
    CLOZE_PLOT_ROW_HIGHEST, /* as shares of the largest size in their row */
    CLOZE_PLOT_SCALES
} cloze_plot_scale;

/* A map of heat: numbers as colours alone, with a bar that tells which; attention, for one. Where rows
 * are too many for a name each, every second or third has one. */
typedef struct cloze_heat_plot {
    size_t rows, columns;                       /* 1 to 2,000 */
    const float *values;                        /* [rows, columns] */
    const cloze_text *row_names, *column_names; /* [rows], [columns], or NULL */
    cloze_text title, row_title, column_title, value_title;
    cloze_colour_map map;
    cloze_plot_scale scale;
    bool is_signed; /* the scale has 0 in its middle */
} cloze_heat_plot;

/* CLOZE_ERROR_ARGUMENT, too, if a number is not finite. */
CLOZE_API cloze_status cloze_plot_heat(const cloze_heat_plot *plot, const char *path,
                                       cloze_error *error);

/* Many maps of one size and scale on one sheet: layers from top to bottom, heads from left to right. What has more
 * than 128 cells each way shows the largest of neighbours. */
typedef struct cloze_sheet_plot {
    size_t down, across;             /* maps: 1 to 64 */
    size_t rows, columns;            /* of each, 1 to 2,000 */
    const float *const *values;      /* [down * across], each [rows, columns] */
    size_t first_down, first_across; /* the numbers that counting begins with */
    cloze_text title, down_title, across_title, value_title;
    cloze_colour_map map;
    cloze_plot_scale scale;
    bool is_signed;
} cloze_sheet_plot;

CLOZE_API cloze_status cloze_plot_sheet(const cloze_sheet_plot *plot, const char *path,
                                        cloze_error *error);

/* Bytes of a text that have a number. */
typedef struct cloze_plot_part {
    size_t text; /* which */
    size_t begin, end;
} cloze_plot_part;

/* The numbers of the parts in one view of them. */
typedef struct cloze_part_panel {
    cloze_text title, note; /* above, and below */
    const double *values;   /* [part_count] */
    const double
        *spread; /* [part_count] half of an interval, drawn as a line over the bar; or NULL */
} cloze_part_panel;

/* Texts with parts on coloured grounds, orange above 0 and blue below, and signed bars of the largest
 * numbers. Panels lie below one another, each on a scale of its own. */
typedef struct cloze_part_plot {
    const cloze_text *texts; /* [text_count], up to 64 KiB each */
    size_t text_count;       /* 1 to 16 */
    const cloze_plot_part *parts;
    size_t part_count; /* 1 to 10,000 */
    const cloze_part_panel *panels;
    size_t panel_count; /* 1 to 32 */
    size_t bars;        /* of each panel at most; 0: none */
    bool no_text;       /* bars alone */
    cloze_text title;
    double width; /* points, 200 to 4,000; 0: 640 */
} cloze_part_plot;

/* CLOZE_ERROR_ARGUMENT, too, if a value is not finite or a part no part of its text. */
CLOZE_API cloze_status cloze_plot_parts(const cloze_part_plot *plot, const char *path,
                                        cloze_error *error);

/*
 * A series of points, joined in their order. What cannot be drawn is a gap: a number that is not
 * finite, beyond 1e300, or not above 0 on a logarithmic axis. So many points that they fall on one
 * another cost time, but neither a larger file nor another picture.
 */
typedef struct cloze_plot_line {
    cloze_text name;         /* in the legend, which lies above the panel and hides nothing */
    const double *x, *y;     /* [count] */
    const double *deviation; /* [count]: a pale band of y +- deviation; or NULL */
    size_t count;            /* up to 1,000,000 */
    size_t colour; /* 1 to 7, to give related lines one; 0: by its place in the panel. Lines
                              * differ by markers and dashes, too. */
    bool faint;    /* thin and pale, as what was not smoothed beneath what was */
} cloze_plot_line;

typedef struct cloze_plot_panel {
    const cloze_plot_line *lines;
    size_t count;     /* 0 to 42: there are no more looks that differ */
    cloze_text title; /* of y */
    bool logarithmic; /* y */
    double low, high; /* of y; what is outside is cut off. Both 0: as the points are */
} cloze_plot_panel;

/* A dashed upright line over all panels with a name above it: "best". */
typedef struct cloze_plot_mark {
    double x;
    cloze_text name;
} cloze_plot_mark;

/* Panels one below the other on one x axis: a loss, and under it the rate that it was learned at. */
typedef struct cloze_line_plot {
    const cloze_plot_panel *panels;
    size_t count; /* 1 to 4 */
    const cloze_plot_mark *marks;
    size_t mark_count; /* up to 32 */
    cloze_text title, x_title;
    bool logarithmic;     /* x */
    double width, height; /* points, 200 to 4,000; 0: 640, and as high as the panels need */
} cloze_line_plot;

/* CLOZE_ERROR_ARGUMENT, too, for limits of y that are not finite or in order. */
CLOZE_API cloze_status cloze_plot_lines(const cloze_line_plot *plot, const char *path,
                                        cloze_error *error);

/* One setting of every trial, or what they reached. */
typedef struct cloze_plot_axis {
    cloze_text title;
    const double *values;    /* [trials]; what cannot be drawn (see cloze_plot_line) is not known */
    const cloze_text *names; /* NULL; or values are places in these, from 0 */
    size_t name_count;       /* 1 to 42 */
    bool logarithmic;        /* without names */
} cloze_plot_axis;

/* Trials as points. How many are not drawn, because x or y is not known, is written below. */
typedef struct cloze_point_plot {
    size_t count;           /* up to 100,000 */
    cloze_plot_axis x, y;   /* where x has names or few values, points lie a little apart */
    cloze_plot_axis colour; /* values may be NULL. Names also differ by markers */
    size_t ringed;          /* the trial to put a ring around, the first is 1; 0: none */
    cloze_text ring_name;   /* what that means, in the legend */
    cloze_text title;
    double width, height; /* points, 200 to 4,000; 0: 640 x 400 */
} cloze_point_plot;

/* CLOZE_ERROR_ARGUMENT, too, for a value that is no place among names. */
CLOZE_API cloze_status cloze_plot_points(const cloze_point_plot *plot, const char *path,
                                         cloze_error *error);

/*
 * Trials as lines over parallel axes, coloured by the last one: what they reached. A line has a gap
 * where a value is not known; one without a last value is grey.
 */
typedef struct cloze_trial_plot {
    size_t count;                /* up to 10,000 */
    const cloze_plot_axis *axes; /* [axis_count] */
    size_t axis_count;           /* 2 to 16 */
    size_t ringed;               /* the trial to draw above the others, the first is 1; 0: none */
    cloze_text title;
    double width, height; /* points, 200 to 4,000; 0: as the axes need x 340 */
} cloze_trial_plot;

CLOZE_API cloze_status cloze_plot_trials(const cloze_trial_plot *plot, const char *path,
                                         cloze_error *error);

#ifdef __cplusplus
}
#endif
#endif
