/* heat.c - a map of heat: cells, names around, and the bar of colours. Sizes follow from the names. */
#include "plot/cells.h"
#include "plot/check.h"
#include "plot/legend.h"

#include <cloze/plot.h>

#include <math.h>

enum { SIZE_MOST = 2000, NAME_ROW = 12, BAR_HEIGHT = 160, BAR_LEAST = 90 };

static const cz_writing name_left = { CZ_PLAIN, 0, false, CZ_NAME_MOST },
                        name_right = { CZ_PLAIN, 1, false, CZ_NAME_MOST },
                        name_upwards = { CZ_PLAIN, 1, true, CZ_NAME_MOST },
                        title_left = { CZ_BOLD, 0, false, 0 },
                        title_middle = { CZ_PLAIN, 0.5, false, 0 },
                        title_upwards = { CZ_PLAIN, 0.5, true, 0 };

typedef struct drawing {
    cz_canvas canvas;
    const cloze_heat_plot *plot;
    cz_shades shades;
    double cell, left, top, right, bottom; /* of the map */
    size_t stride;                         /* every so many rows have a name */
    double row_names, column_names;        /* points that names take */
    double width, height;                  /* of the picture */
} drawing;

static double widest(const drawing *d, const cloze_text *names, size_t count)
{
    double most = 0;
    for (size_t i = 0; names && i < count; i += d->stride)
        most = fmax(most, cz_canvas_extent(&d->canvas, names[i], name_left).width);
    return most;
}

static double cell_of(size_t most)
{
    return most <= 8     ? 36
           : most <= 16  ? 26
           : most <= 40  ? 18
           : most <= 90  ? 13
           : most <= 140 ? 12
                         : fmax(1, floor(1100.0 / (double)most));
}

static void arrange(drawing *d)
{
    const cloze_heat_plot *p = d->plot;
    double title = cz_canvas_extent(&d->canvas, p->title, title_left).width;
    d->cell = cell_of(p->rows > p->columns ? p->rows : p->columns);
    d->stride = (size_t)ceil(NAME_ROW / d->cell);
    d->row_names = widest(d, p->row_names, p->rows);
    d->column_names = widest(d, p->column_names, p->columns);
    d->left = CZ_MARGIN + cz_canvas_row(&d->canvas, p->row_title, title_middle) + d->row_names +
              (p->row_names ? CZ_GAP : 0);
    d->top = CZ_MARGIN + cz_canvas_row(&d->canvas, p->title, title_left) + CZ_GAP;
    d->right = d->left + d->cell * (double)p->columns;
    d->bottom = d->top + d->cell * (double)p->rows;
    d->width =
        d->right + 3 * CZ_GAP + cz_shades_width(&d->canvas, &d->shades, p->value_title) + CZ_MARGIN;
    d->width = fmax(d->width, 2 * CZ_MARGIN + title);
    d->height = d->bottom + CZ_GAP + d->column_names + CZ_GAP +
                cz_canvas_row(&d->canvas, p->column_title, title_middle) + CZ_MARGIN;
    d->height = fmax(d->height, d->top + BAR_LEAST + CZ_MARGIN);
}

static void draw_names(const drawing *d)
{
    const cloze_heat_plot *p = d->plot;
    for (size_t r = 0; r < p->rows && p->row_names; r += d->stride)
        cz_canvas_write(&d->canvas, p->row_names[r], d->left - CZ_GAP,
                        d->top + d->cell * ((double)r + 0.5), name_right);
    for (size_t c = 0; c < p->columns && p->column_names; c += d->stride)
        cz_canvas_write(&d->canvas, p->column_names[c], d->left + d->cell * ((double)c + 0.5),
                        d->bottom + CZ_GAP, name_upwards);
}

static void draw_titles(const drawing *d)
{
    const cloze_heat_plot *p = d->plot;
    cz_canvas_write(&d->canvas, p->title, CZ_MARGIN,
                    CZ_MARGIN + cz_canvas_row(&d->canvas, p->title, title_left) / 2 - CZ_GAP / 2.0,
                    title_left);
    cz_canvas_write(&d->canvas, p->row_title,
                    CZ_MARGIN + cz_canvas_row(&d->canvas, p->row_title, title_middle) / 2,
                    (d->top + d->bottom) / 2, title_upwards);
    cz_canvas_write(&d->canvas, p->column_title, (d->left + d->right) / 2,
                    d->bottom + 2 * CZ_GAP + d->column_names +
                        cz_canvas_row(&d->canvas, p->column_title, title_middle) / 2,
                    title_middle);
}

static cloze_status draw(const drawing *d, cloze_error *error)
{
    const cloze_heat_plot *p = d->plot;
    cz_cells cells = { .values = p->values, .rows = p->rows, .columns = p->columns };
    cloze_status status = cz_cells_draw(&d->canvas, &d->shades, &cells, d->left, d->top,
                                        d->right - d->left, d->bottom - d->top, error);
    cz_canvas_grey(&d->canvas, 0.1);
    cz_canvas_frame(&d->canvas, d->left, d->top, d->right - d->left, d->bottom - d->top);
    draw_names(d);
    draw_titles(d);
    cz_shades_draw(&d->canvas, &d->shades, p->value_title, d->right + 3 * CZ_GAP, d->top,
                   fmin(BAR_HEIGHT, fmax(BAR_LEAST, d->bottom - d->top)));
    return status;
}

/* ---- what is asked ---- */

static cloze_status check_names(const cloze_text *names, size_t count, const char *of,
                                cloze_error *error)
{
    for (size_t i = 0; names && i < count; i++)
        if (!cz_is_text(names[i]))
            return cz_fail(error, CLOZE_ERROR_TEXT, "the name of %s %zu is not UTF-8", of, i + 1);
    return CLOZE_OK;
}

static cloze_status check(const cloze_heat_plot *p, cloze_error *error)
{
    const cloze_text texts[] = { p->title, p->row_title, p->column_title, p->value_title };
    cloze_status status;
    if (!p->rows || !p->columns || p->rows > SIZE_MOST || p->columns > SIZE_MOST)
        return cz_fail(error, CLOZE_ERROR_LIMIT, "a map of %zu x %zu; it must be 1 to %d each way",
                       p->rows, p->columns, (int)SIZE_MOST);
    if ((status = cz_check_shades(p->map, p->scale, error)))
        return status;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (!cz_is_text(texts[i]))
            return cz_fail(error, CLOZE_ERROR_TEXT, "a title is not UTF-8");
    status = check_names(p->row_names, p->rows, "row", error);
    return status ? status : check_names(p->column_names, p->columns, "column", error);
}

cloze_status cloze_plot_heat(const cloze_heat_plot *plot, const char *path, cloze_error *error)
{
    drawing d = { .plot = plot };
    cloze_status status = check(plot, error);
    if (status)
        return status;
    d.shades = cz_shades_of(plot->map, plot->scale, plot->is_signed);
    if (!cz_shades_add(&d.shades, plot->values, plot->rows * plot->columns))
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "a number is not finite");
    status = cz_canvas_open(&d.canvas, path, error);
    if (!status) {
        arrange(&d);
        status = cz_canvas_size(&d.canvas, d.width, d.height, error);
    }
    if (!status)
        status = draw(&d, error);
    if (!status)
        status = cz_canvas_save(&d.canvas, error);
    cz_canvas_close(&d.canvas);
    return status;
}
