/*
 * matrix.c - a matrix as a picture: cells in shades, numbers in those that have room, names around,
 * and the scale of shades. Sizes follow from the names; long ones are cut with an ellipsis.
 */
#include "plot/canvas.h"
#include "plot/check.h"
#include "plot/decimal.h"
#include "plot/legend.h"

#include <cloze/plot.h>

#include <math.h>

enum {
    SIZE_MOST = 2000,
    NAMED_CELL = 11 /* points of a cell that can have a name beside it */
};

static const cz_writing name_left = { CZ_PLAIN, 0, false, CZ_NAME_MOST },
                        name_right = { CZ_PLAIN, 1, false, CZ_NAME_MOST },
                        name_middle = { CZ_PLAIN, 0.5, false, CZ_NAME_MOST },
                        name_upwards = { CZ_PLAIN, 1, true, CZ_NAME_MOST },
                        title_left = { CZ_BOLD, 0, false, 0 },
                        title_middle = { CZ_BOLD, 0.5, false, 0 },
                        title_upwards = { CZ_BOLD, 0.5, true, 0 };

typedef struct drawing {
    cz_canvas canvas;
    const cloze_matrix_plot *plot;
    double cell, left, top, width, height; /* of a cell; of the matrix; of all */
    double row_names, column_names;        /* points that names take */
    bool turned;                           /* names of columns run upwards */
} drawing;

static double widest(const drawing *d, const cloze_text *names, size_t count)
{
    double most = 0;
    for (size_t i = 0; names && i < count; i++)
        most = fmax(most, cz_canvas_extent(&d->canvas, names[i], name_left).width);
    return most;
}

/* Counts in full, other numbers with two figures. */
static cloze_text number_text(double value, char room[CZ_DECIMAL_SIZE])
{
    bool count = value < 1e15 && value > -1e15 && !(value < floor(value) || value > floor(value));
    return cz_decimal_text(cz_decimal_of(value, count ? 15 : 2), room);
}

/* ---- where everything goes ---- */

static void choose_cell(drawing *d)
{
    const cloze_matrix_plot *p = d->plot;
    size_t most = p->rows > p->columns ? p->rows : p->columns;
    double widest_number = 0;
    char room[CZ_DECIMAL_SIZE];
    for (size_t i = 0; most <= 40 && i < p->rows * p->columns; i++) {
        cloze_text text = number_text(p->values[i], room);
        widest_number = fmax(widest_number, cz_canvas_extent(&d->canvas, text, name_left).width);
    }
    d->cell = most <= 12   ? 44
              : most <= 40 ? 30
              : most <= 80 ? 14
                           : fmax(1, floor(1100.0 / (double)most));
    if (widest_number > 0)
        d->cell = fmax(d->cell, fmin(90, widest_number + 2 * CZ_GAP));
}

static void arrange(drawing *d)
{
    const cloze_matrix_plot *p = d->plot;
    bool named = d->cell >= NAMED_CELL;
    double lowest, scale;
    d->row_names = named ? widest(d, p->row_names, p->rows) : 0;
    d->column_names = named ? widest(d, p->column_names, p->columns) : 0;
    d->turned = d->column_names > d->cell - CZ_GAP;
    if (!d->turned)
        d->column_names = named && p->column_names ? 16 : 0;
    d->left =
        CZ_MARGIN + d->row_names + 2 * CZ_GAP + cz_canvas_row(&d->canvas, p->row_title, title_left);
    d->top = CZ_MARGIN + cz_canvas_row(&d->canvas, p->title, title_left);
    lowest = d->top + d->cell * (double)p->rows;
    scale = fmax(cz_canvas_extent(&d->canvas, p->low, name_left).width,
                 cz_canvas_extent(&d->canvas, p->high, name_left).width);
    d->width =
        d->left + d->cell * (double)p->columns + 3 * CZ_GAP + CZ_BAR + CZ_GAP + scale + CZ_MARGIN;
    d->width =
        fmax(d->width, 2 * CZ_MARGIN + cz_canvas_extent(&d->canvas, p->title, title_left).width);
    d->height = lowest + CZ_GAP + d->column_names + CZ_GAP +
                cz_canvas_row(&d->canvas, p->column_title, title_left) + CZ_MARGIN;
    /* So that the scale's two names do not meet. */
    d->height = fmax(d->height, d->top + 60 + CZ_MARGIN);
}

/* ---- drawing ---- */

static void shade(const drawing *d, double value)
{
    cz_canvas_ink(&d->canvas, cz_colour_of(value), 1);
}

static void draw_cell(const drawing *d, size_t row, size_t column)
{
    const cloze_matrix_plot *p = d->plot;
    double x = d->left + d->cell * (double)column, y = d->top + d->cell * (double)row;
    double darkness = p->shades[row * p->columns + column];
    char room[CZ_DECIMAL_SIZE];
    cloze_text text = number_text(p->values[row * p->columns + column], room);
    shade(d, darkness);
    cz_canvas_area(&d->canvas, x, y, d->cell, d->cell);
    if (d->cell < 24 || cz_canvas_extent(&d->canvas, text, name_left).width > d->cell - 2)
        return;
    cz_canvas_grey(&d->canvas, darkness > 0.5 ? 1 : 0.1);
    cz_canvas_write(&d->canvas, text, x + d->cell / 2, y + d->cell / 2, name_middle);
}

static void draw_names(const drawing *d)
{
    const cloze_matrix_plot *p = d->plot;
    double bottom = d->top + d->cell * (double)p->rows;
    double middle = d->left + d->cell * (double)p->columns / 2;
    bool named = d->cell >= NAMED_CELL;
    cz_canvas_grey(&d->canvas, 0.1);
    for (size_t r = 0; r < p->rows && p->row_names && named; r++)
        cz_canvas_write(&d->canvas, p->row_names[r], d->left - CZ_GAP,
                        d->top + d->cell * ((double)r + 0.5), name_right);
    for (size_t c = 0; c < p->columns && p->column_names && named; c++)
        cz_canvas_write(&d->canvas, p->column_names[c], d->left + d->cell * ((double)c + 0.5),
                        bottom + CZ_GAP + (d->turned ? 0 : 8),
                        d->turned ? name_upwards : name_middle);
    cz_canvas_write(&d->canvas, p->title, CZ_MARGIN,
                    CZ_MARGIN + cz_canvas_row(&d->canvas, p->title, title_left) / 2 - CZ_GAP / 2.0,
                    title_left);
    cz_canvas_write(&d->canvas, p->row_title,
                    CZ_MARGIN + cz_canvas_row(&d->canvas, p->row_title, title_left) / 2,
                    (d->top + bottom) / 2, title_upwards);
    cz_canvas_write(&d->canvas, p->column_title, middle,
                    bottom + 2 * CZ_GAP + d->column_names +
                        cz_canvas_row(&d->canvas, p->column_title, title_left) / 2,
                    title_middle);
}

static void draw_scale(const drawing *d)
{
    const cloze_matrix_plot *p = d->plot;
    double x = d->left + d->cell * (double)p->columns + 3 * CZ_GAP;
    double height = fmin(160, fmax(60, d->cell * (double)p->rows));
    cz_legend_bar(&d->canvas, cz_colour_of, x, d->top, height);
    cz_canvas_write(&d->canvas, p->high, x + CZ_BAR + CZ_GAP, d->top + 6, name_left);
    cz_canvas_write(&d->canvas, p->low, x + CZ_BAR + CZ_GAP, d->top + height - 6, name_left);
}

static void draw(const drawing *d)
{
    const cloze_matrix_plot *p = d->plot;
    for (size_t i = 0; i < p->rows * p->columns; i++)
        draw_cell(d, i / p->columns, i % p->columns);
    cz_canvas_grey(&d->canvas, 0.1);
    cz_canvas_frame(&d->canvas, d->left, d->top, d->cell * (double)p->columns,
                    d->cell * (double)p->rows);
    draw_names(d);
    draw_scale(d);
}

/* ---- what is asked ---- */

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
        if (!cz_is_text(texts[i]))
            return cz_fail(error, CLOZE_ERROR_TEXT, "a title is not UTF-8");
    for (size_t i = 0; p->row_names && i < p->rows; i++)
        if (!cz_is_text(p->row_names[i]))
            return cz_fail(error, CLOZE_ERROR_TEXT, "the name of row %zu is not UTF-8", i + 1);
    for (size_t i = 0; p->column_names && i < p->columns; i++)
        if (!cz_is_text(p->column_names[i]))
            return cz_fail(error, CLOZE_ERROR_TEXT, "the name of column %zu is not UTF-8", i + 1);
    return CLOZE_OK;
}

cloze_status cloze_plot_matrix(const cloze_matrix_plot *plot, const char *path, cloze_error *error)
{
    drawing d = { .plot = plot };
    cloze_status status = check(plot, error);
    if (status)
        return status;
    status = cz_canvas_open(&d.canvas, path, error);
    if (!status) {
        choose_cell(&d);
        arrange(&d);
        status = cz_canvas_size(&d.canvas, d.width, d.height, error);
    }
    if (!status) {
        draw(&d);
        status = cz_canvas_save(&d.canvas, error);
    }
    cz_canvas_close(&d.canvas);
    return status;
}
