/*
 * matrix.c - a matrix as a picture: cells in shades, numbers in those that have room, names around,
 * and the scale of shades. Sizes follow from the names; long ones are cut with an ellipsis.
 */
#include "plot/cairo_library.h"
#include "plot/colour.h"

#include "base/file.h"
#include "base/utf8.h"

#include <cloze/plot.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Everything is in points; the picture has SCALE pixels for each. */
enum {
    SIZE_MOST = 2000,
    SCALE = 2,
    MARGIN = 16,
    GAP = 6,
    NAME_MOST = 220, /* points of a name */
    SCALE_WIDTH = 14,
    SCALE_STEPS = 64,
    NAMED_CELL = 11, /* points of a cell that can have a name beside it */
    PIXELS_MOST = 30000
};

static const char font[] = "Sans 9", bold_font[] = "Sans Bold 10";

typedef struct drawing {
    cz_cairo_library c;
    const cloze_matrix_plot *plot;
    cairo_t *cr;
    PangoFontDescription *font, *bold;
    double cell, left, top, width, height; /* of a cell; of the matrix; of all */
    double row_names, column_names;        /* points that names take */
    bool turned;                           /* names of columns run upwards */
    double scale_names;
} drawing;

typedef struct extent {
    double width, height;
} extent;

/* ---- text ---- */

/* A layout that is given a width puts Arabic and Hebrew at its right end, so only texts that must be
 * cut are given one. */
static PangoLayout *layout_of(drawing *d, cloze_text text, bool bold, bool cut)
{
    PangoLayout *layout = d->c.pango_cairo_create_layout(d->cr);
    d->c.pango_layout_set_single_paragraph_mode(layout, 1);
    d->c.pango_layout_set_font_description(layout, bold ? d->bold : d->font);
    d->c.pango_layout_set_text(layout, text.data, (int)(text.size < 1000 ? text.size : 1000));
    if (cut) {
        d->c.pango_layout_set_ellipsize(layout, PANGO_ELLIPSIZE_END);
        d->c.pango_layout_set_width(layout, NAME_MOST * PANGO_SCALE);
    }
    return layout;
}

static extent extent_of(drawing *d, cloze_text text, bool bold, bool cut)
{
    int width = 0, height = 0;
    PangoLayout *layout;
    if (!text.size)
        return (extent){ 0, 0 };
    layout = layout_of(d, text, bold, false);
    d->c.pango_layout_get_pixel_size(layout, &width, &height);
    d->c.g_object_unref(layout);
    return (extent){ cut && width > NAME_MOST ? NAME_MOST : width, height };
}

/* With (x, y) at the left, the middle or the right of the text's middle line, as `align` is 0, 0.5
 * or 1; `turned` upwards around that point. */
static void write_text(drawing *d, cloze_text text, bool bold, double x, double y, double align,
                       bool turned)
{
    extent size = extent_of(d, text, bold, false);
    bool cut = size.width > NAME_MOST && !bold;
    PangoLayout *layout;
    if (!text.size)
        return;
    size.width = cut ? NAME_MOST : size.width;
    layout = layout_of(d, text, bold, cut);
    d->c.cairo_save(d->cr);
    d->c.cairo_translate(d->cr, x, y);
    if (turned)
        d->c.cairo_rotate(d->cr, -acos(0.0));
    d->c.cairo_move_to(d->cr, -align * size.width, -size.height / 2);
    d->c.pango_cairo_show_layout(d->cr, layout);
    d->c.cairo_restore(d->cr);
    d->c.g_object_unref(layout);
}

static double widest(drawing *d, const cloze_text *names, size_t count)
{
    double most = 0;
    for (size_t i = 0; names && i < count; i++)
        most = fmax(most, extent_of(d, names[i], false, true).width);
    return most;
}

static cloze_text number_text(double value, char *room, size_t size)
{
    int length = value >= 1e15 || value <= -1e15 || value < floor(value) || value > floor(value)
                     ? snprintf(room, size, "%.2g", value)
                     : snprintf(room, size, "%.0f", value);
    return (cloze_text){ room, length > 0 ? (size_t)length : 0 };
}

/* ---- where everything goes ---- */

static double title_height(drawing *d, cloze_text title)
{
    return title.size ? extent_of(d, title, true, true).height + GAP : 0;
}

static void choose_cell(drawing *d)
{
    const cloze_matrix_plot *p = d->plot;
    size_t most = p->rows > p->columns ? p->rows : p->columns;
    double widest_number = 0;
    char room[40];
    for (size_t i = 0; most <= 40 && i < p->rows * p->columns; i++) {
        cloze_text text = number_text(p->values[i], room, sizeof room);
        widest_number = fmax(widest_number, extent_of(d, text, false, true).width);
    }
    d->cell = most <= 12   ? 44
              : most <= 40 ? 30
              : most <= 80 ? 14
                           : fmax(1, floor(1100.0 / (double)most));
    if (widest_number > 0)
        d->cell = fmax(d->cell, fmin(90, widest_number + 2 * GAP));
}

static void arrange(drawing *d)
{
    const cloze_matrix_plot *p = d->plot;
    bool named = d->cell >= NAMED_CELL;
    double lowest, scale;
    d->row_names = named ? widest(d, p->row_names, p->rows) : 0;
    d->column_names = named ? widest(d, p->column_names, p->columns) : 0;
    d->turned = d->column_names > d->cell - GAP;
    if (!d->turned)
        d->column_names = named && p->column_names ? 16 : 0;
    d->left = MARGIN + d->row_names + 2 * GAP + title_height(d, p->row_title);
    d->top = MARGIN + title_height(d, p->title);
    lowest = d->top + d->cell * (double)p->rows;
    scale = fmax(extent_of(d, p->low, false, true).width, extent_of(d, p->high, false, true).width);
    d->scale_names = scale;
    d->width =
        d->left + d->cell * (double)p->columns + 3 * GAP + SCALE_WIDTH + GAP + scale + MARGIN;
    d->width = fmax(d->width, 2 * MARGIN + extent_of(d, p->title, true, false).width);
    d->height = lowest + GAP + d->column_names + GAP + title_height(d, p->column_title) + MARGIN;
    /* So that the scale's two names do not meet. */
    d->height = fmax(d->height, d->top + 60 + MARGIN);
}

/* ---- drawing ---- */

static void shade(drawing *d, double value)
{
    cz_colour colour = cz_colour_of(value);
    d->c.cairo_set_source_rgb(d->cr, colour.red, colour.green, colour.blue);
}

static void ink(drawing *d, bool light)
{
    double grey = light ? 1 : 0.1;
    d->c.cairo_set_source_rgb(d->cr, grey, grey, grey);
}

static void draw_cell(drawing *d, size_t row, size_t column)
{
    const cloze_matrix_plot *p = d->plot;
    double x = d->left + d->cell * (double)column, y = d->top + d->cell * (double)row;
    double darkness = p->shades[row * p->columns + column];
    char room[40];
    cloze_text text = number_text(p->values[row * p->columns + column], room, sizeof room);
    shade(d, darkness);
    d->c.cairo_rectangle(d->cr, x, y, d->cell, d->cell);
    d->c.cairo_fill(d->cr);
    if (d->cell < 24 || extent_of(d, text, false, true).width > d->cell - 2)
        return;
    ink(d, darkness > 0.5);
    write_text(d, text, false, x + d->cell / 2, y + d->cell / 2, 0.5, false);
}

static void draw_frame(drawing *d, double x, double y, double width, double height)
{
    ink(d, false);
    d->c.cairo_set_line_width(d->cr, 0.5);
    d->c.cairo_rectangle(d->cr, x, y, width, height);
    d->c.cairo_stroke(d->cr);
}

static void draw_names(drawing *d)
{
    const cloze_matrix_plot *p = d->plot;
    double bottom = d->top + d->cell * (double)p->rows;
    double middle = d->left + d->cell * (double)p->columns / 2;
    ink(d, false);
    for (size_t r = 0; r < p->rows && p->row_names && d->cell >= NAMED_CELL; r++)
        write_text(d, p->row_names[r], false, d->left - GAP, d->top + d->cell * ((double)r + 0.5),
                   1, false);
    for (size_t c = 0; c < p->columns && p->column_names && d->cell >= NAMED_CELL; c++) {
        double x = d->left + d->cell * ((double)c + 0.5);
        write_text(d, p->column_names[c], false, x, bottom + GAP + (d->turned ? 0 : 8),
                   d->turned ? 1 : 0.5, d->turned);
    }
    write_text(d, p->title, true, MARGIN, MARGIN + title_height(d, p->title) / 2 - GAP / 2.0, 0,
               false);
    write_text(d, p->row_title, true, MARGIN + title_height(d, p->row_title) / 2,
               (d->top + bottom) / 2, 0.5, true);
    write_text(d, p->column_title, true, middle,
               bottom + 2 * GAP + d->column_names + title_height(d, p->column_title) / 2, 0.5,
               false);
}

static void draw_scale(drawing *d)
{
    const cloze_matrix_plot *p = d->plot;
    double x = d->left + d->cell * (double)p->columns + 3 * GAP;
    double height = fmin(160, fmax(60, d->cell * (double)p->rows));
    for (int i = 0; i < SCALE_STEPS; i++) {
        shade(d, 1 - (i + 0.5) / SCALE_STEPS);
        d->c.cairo_rectangle(d->cr, x, d->top + height * i / SCALE_STEPS, SCALE_WIDTH,
                             height / SCALE_STEPS + 0.5);
        d->c.cairo_fill(d->cr);
    }
    draw_frame(d, x, d->top, SCALE_WIDTH, height);
    write_text(d, p->high, false, x + SCALE_WIDTH + GAP, d->top + 6, 0, false);
    write_text(d, p->low, false, x + SCALE_WIDTH + GAP, d->top + height - 6, 0, false);
}

static void draw(drawing *d)
{
    const cloze_matrix_plot *p = d->plot;
    d->c.cairo_scale(d->cr, SCALE, SCALE);
    d->c.cairo_set_source_rgb(d->cr, 1, 1, 1);
    d->c.cairo_paint(d->cr);
    for (size_t i = 0; i < p->rows * p->columns; i++)
        draw_cell(d, i / p->columns, i % p->columns);
    draw_frame(d, d->left, d->top, d->cell * (double)p->columns, d->cell * (double)p->rows);
    draw_names(d);
    draw_scale(d);
}

/* ---- the file ---- */

typedef struct sink {
    cz_output output;
    cloze_status status;
    cloze_error *error;
} sink;

static cairo_status_t put(void *closure, const unsigned char *data, unsigned size)
{
    sink *to = closure;
    if (!to->status)
        to->status = cz_output_put(&to->output, data, size, to->error);
    return to->status ? CAIRO_STATUS_WRITE_ERROR : CAIRO_STATUS_SUCCESS;
}

static cloze_status save(drawing *d, cairo_surface_t *surface, const char *path, cloze_error *error)
{
    sink to = { .error = error };
    cairo_status_t state;
    if ((to.status = cz_output_begin(&to.output, path, error)))
        return to.status;
    state = d->c.cairo_surface_write_to_png_stream(surface, put, &to);
    if (!to.status && state)
        to.status = cz_fail(error, CLOZE_ERROR_IO, "cannot draw %.200s: %s", path,
                            d->c.cairo_status_to_string(state));
    return cz_output_finish(&to.output, to.status, error);
}

/* A surface of a point serves to measure texts before the real size is known. */
static cloze_status begin(drawing *d, cairo_surface_t **surface, int width, int height,
                          cloze_error *error)
{
    *surface = d->c.cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height);
    d->cr = d->c.cairo_create(*surface);
    if (!d->c.cairo_status(d->cr))
        return CLOZE_OK;
    return cz_fail(error, CLOZE_ERROR_MEMORY, "a picture of %d x %d pixels: %s", width, height,
                   d->c.cairo_status_to_string(d->c.cairo_status(d->cr)));
}

static void end(drawing *d, cairo_surface_t *surface)
{
    d->c.cairo_destroy(d->cr);
    d->c.cairo_surface_destroy(surface);
}

static cloze_status draw_file(drawing *d, const char *path, cloze_error *error)
{
    cairo_surface_t *surface;
    cloze_status status = begin(d, &surface, 1, 1, error);
    if (!status) {
        choose_cell(d);
        arrange(d);
    }
    end(d, surface);
    if (status)
        return status;
    if (d->width * SCALE > PIXELS_MOST || d->height * SCALE > PIXELS_MOST)
        return cz_fail(error, CLOZE_ERROR_LIMIT, "the picture would be %.0f x %.0f pixels",
                       d->width * SCALE, d->height * SCALE);
    status = begin(d, &surface, (int)ceil(d->width) * SCALE, (int)ceil(d->height) * SCALE, error);
    if (!status) {
        draw(d);
        status = save(d, surface, path, error);
    }
    end(d, surface);
    return status;
}

/* ---- what is asked ---- */

static bool is_text(cloze_text text)
{
    for (size_t at = 0, step; at < text.size; at += step)
        if (!(step = cz_utf8_length(text.data + at, text.size - at)))
            return false;
    return true;
}

static cloze_status check(const cloze_matrix_plot *p, cloze_error *error)
{
    const cloze_text texts[] = { p->title, p->row_title, p->column_title, p->low, p->high };
    if (!p->rows || !p->columns || p->rows > SIZE_MOST || p->columns > SIZE_MOST)
        return cz_fail(error, CLOZE_ERROR_LIMIT,
                       "a matrix of %zu x %zu; it must be 1 to %d each way", p->rows, p->columns,
                       (int)SIZE_MOST);
    for (size_t i = 0; i < p->rows * p->columns; i++)
        if (!isfinite(p->values[i]) || !isfinite(p->shades[i]))
            return cz_fail(error, CLOZE_ERROR_ARGUMENT, "number %zu is not finite", i + 1);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (!is_text(texts[i]))
            return cz_fail(error, CLOZE_ERROR_TEXT, "a title is not UTF-8");
    for (size_t i = 0; p->row_names && i < p->rows; i++)
        if (!is_text(p->row_names[i]))
            return cz_fail(error, CLOZE_ERROR_TEXT, "the name of row %zu is not UTF-8", i + 1);
    for (size_t i = 0; p->column_names && i < p->columns; i++)
        if (!is_text(p->column_names[i]))
            return cz_fail(error, CLOZE_ERROR_TEXT, "the name of column %zu is not UTF-8", i + 1);
    return CLOZE_OK;
}

cloze_status cloze_plot_matrix(const cloze_matrix_plot *plot, const char *path, cloze_error *error)
{
    drawing d = { .plot = plot };
    cloze_status status = check(plot, error);
    if (!status)
        status = cz_cairo_load(&d.c, error);
    if (status)
        return status;
    d.font = d.c.pango_font_description_from_string(font);
    d.bold = d.c.pango_font_description_from_string(bold_font);
    status = draw_file(&d, path, error);
    d.c.pango_font_description_free(d.font);
    d.c.pango_font_description_free(d.bold);
    return status;
}
