/* sheet.c - many small maps of heat on one sheet, with one scale of colours. */
#include "plot/cells.h"
#include "plot/check.h"
#include "plot/legend.h"

#include <cloze/plot.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    MAPS_MOST = 64,
    SIZE_MOST = 2000,
    CELLS_MOST = 128,
    BETWEEN = 8,
    NUMBER_ROW = 14,
    NUMBER_COLUMN = 20,
    BAR_HEIGHT = 160
};

static const cz_writing number_middle = { CZ_PLAIN, 0.5, false, 0 },
                        number_right = { CZ_PLAIN, 1, false, 0 },
                        title_left = { CZ_BOLD, 0, false, 0 },
                        title_middle = { CZ_PLAIN, 0.5, false, 0 },
                        title_upwards = { CZ_PLAIN, 0.5, true, 0 };

typedef struct drawing {
    cz_canvas canvas;
    const cloze_sheet_plot *plot;
    cz_shades shades;
    double map_width, map_height; /* of each */
    double left, top, right, bottom;
    double width, height;
} drawing;

/* Whole points a cell where that suits, so that cells are of one size. */
static double side_of(const cloze_sheet_plot *p)
{
    size_t cells = p->rows > p->columns ? p->rows : p->columns;
    double room = p->across <= 4 ? 130 : p->across <= 8 ? 100 : 76;
    cells = cells < CELLS_MOST ? cells : CELLS_MOST;
    return (double)cells * fmax(0.5, floor(2 * room / (double)cells) / 2);
}

/* One row without a name is no row of anything. */
static bool numbered_down(const cloze_sheet_plot *p)
{
    return p->down > 1 || p->down_title.size;
}

static void arrange(drawing *d)
{
    const cloze_sheet_plot *p = d->plot;
    double side = side_of(p), longest = (double)(p->rows > p->columns ? p->rows : p->columns);
    d->map_width = fmax(4, side * (double)p->columns / longest);
    d->map_height = fmax(4, side * (double)p->rows / longest);
    d->left = CZ_MARGIN + cz_canvas_row(&d->canvas, p->down_title, title_middle) +
              (numbered_down(p) ? NUMBER_COLUMN : 0);
    d->top = CZ_MARGIN + cz_canvas_row(&d->canvas, p->title, title_left) +
             cz_canvas_row(&d->canvas, p->across_title, title_middle) + NUMBER_ROW + CZ_GAP;
    d->right = d->left + (d->map_width + BETWEEN) * (double)p->across - BETWEEN;
    d->bottom = d->top + (d->map_height + BETWEEN) * (double)p->down - BETWEEN;
    d->width =
        d->right + 3 * CZ_GAP + cz_shades_width(&d->canvas, &d->shades, p->value_title) + CZ_MARGIN;
    d->width =
        fmax(d->width, 2 * CZ_MARGIN + cz_canvas_extent(&d->canvas, p->title, title_left).width);
    d->height = fmax(d->bottom, d->top + BAR_HEIGHT) + CZ_MARGIN;
}

static cloze_text number_text(size_t number, char room[24])
{
    snprintf(room, 24, "%zu", number);
    return (cloze_text){ room, strlen(room) };
}

static void draw_names(const drawing *d)
{
    const cloze_sheet_plot *p = d->plot;
    char room[24];
    cz_canvas_grey(&d->canvas, 0.1);
    for (size_t i = 0; i < p->across; i++)
        cz_canvas_write(&d->canvas, number_text(p->first_across + i, room),
                        d->left + (d->map_width + BETWEEN) * (double)i + d->map_width / 2,
                        d->top - NUMBER_ROW / 2.0, number_middle);
    for (size_t i = 0; i < p->down && numbered_down(p); i++)
        cz_canvas_write(&d->canvas, number_text(p->first_down + i, room), d->left - CZ_GAP,
                        d->top + (d->map_height + BETWEEN) * (double)i + d->map_height / 2,
                        number_right);
    cz_canvas_write(&d->canvas, p->title, CZ_MARGIN,
                    CZ_MARGIN + cz_canvas_row(&d->canvas, p->title, title_left) / 2 - CZ_GAP / 2.0,
                    title_left);
    cz_canvas_write(&d->canvas, p->across_title, (d->left + d->right) / 2,
                    d->top - NUMBER_ROW -
                        cz_canvas_row(&d->canvas, p->across_title, title_middle) / 2,
                    title_middle);
    cz_canvas_write(&d->canvas, p->down_title,
                    CZ_MARGIN + cz_canvas_row(&d->canvas, p->down_title, title_middle) / 2,
                    (d->top + d->bottom) / 2, title_upwards);
}

static cloze_status draw(const drawing *d, cloze_error *error)
{
    const cloze_sheet_plot *p = d->plot;
    cloze_status status = CLOZE_OK;
    for (size_t i = 0; i < p->down * p->across && !status; i++) {
        double x = d->left + (d->map_width + BETWEEN) * (double)(i % p->across);
        double y = d->top + (d->map_height + BETWEEN) * (double)(i / p->across);
        cz_cells cells = { p->values[i], p->rows, p->columns, CELLS_MOST };
        status =
            cz_cells_draw(&d->canvas, &d->shades, &cells, x, y, d->map_width, d->map_height, error);
        cz_canvas_grey(&d->canvas, 0.5);
        cz_canvas_frame(&d->canvas, x, y, d->map_width, d->map_height);
    }
    draw_names(d);
    cz_shades_draw(&d->canvas, &d->shades, p->value_title, d->right + 3 * CZ_GAP, d->top,
                   BAR_HEIGHT);
    return status;
}

/* ---- what is asked ---- */

static cloze_status check(const cloze_sheet_plot *p, cloze_error *error)
{
    const cloze_text texts[] = { p->title, p->down_title, p->across_title, p->value_title };
    if (!p->down || !p->across || p->down > MAPS_MOST || p->across > MAPS_MOST)
        return cz_fail(error, CLOZE_ERROR_LIMIT,
                       "a sheet of %zu x %zu maps; it must be 1 to %d each way", p->down, p->across,
                       (int)MAPS_MOST);
    if (!p->rows || !p->columns || p->rows > SIZE_MOST || p->columns > SIZE_MOST)
        return cz_fail(error, CLOZE_ERROR_LIMIT, "maps of %zu x %zu; they must be 1 to %d each way",
                       p->rows, p->columns, (int)SIZE_MOST);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (!cz_is_text(texts[i]))
            return cz_fail(error, CLOZE_ERROR_TEXT, "a title is not UTF-8");
    return cz_check_shades(p->map, p->scale, error);
}

cloze_status cloze_plot_sheet(const cloze_sheet_plot *plot, const char *path, cloze_error *error)
{
    drawing d = { .plot = plot };
    cloze_status status = check(plot, error);
    if (status)
        return status;
    d.shades = cz_shades_of(plot->map, plot->scale, plot->is_signed);
    for (size_t i = 0; i < plot->down * plot->across; i++)
        if (!cz_shades_add(&d.shades, plot->values[i], plot->rows * plot->columns))
            return cz_fail(error, CLOZE_ERROR_ARGUMENT, "map %zu: a number is not finite", i + 1);
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
