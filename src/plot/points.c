/* points.c - trials as points between two axes, coloured by a third setting. */
#include "plot/check.h"
#include "plot/legend.h"
#include "plot/panel.h"
#include "plot/setting.h"

#include "base/memory.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    POINTS_MOST = 100000,
    WIDTH = 640,
    HEIGHT = 400,
    LEAST = 40,
    NOTE = 16,
    ROOM_BAR = 34,
    SPREAD_MOST = 30
};

static const cz_writing title_left = { CZ_BOLD, 0, false, 0 },
                        axis_middle = { CZ_PLAIN, 0.5, false, 0 },
                        axis_upwards = { CZ_PLAIN, 0.5, true, 0 },
                        number_left = { CZ_SMALL, 0, false, CZ_NAME_MOST / 2.0 },
                        note_right = { CZ_SMALL, 1, false, 0 };

typedef struct chart {
    cz_canvas canvas;
    const cloze_point_plot *plot;
    cz_panel panel;
    cz_scale colours; /* of a colour that is no name; places 0 to 1 */
    cz_ticks bar;
    cz_entry entries[CZ_STYLES + 1]; /* names of colours, and the ring */
    size_t entry_count, hidden;
    double width, height, legend;
    double spread; /* of points where x has names, or so few values that they all are named */
} chart;

static bool is_shown(const chart *d, size_t i)
{
    return cz_setting_has(&d->plot->x, i) && cz_setting_has(&d->plot->y, i);
}

static bool has_bar(const chart *d)
{
    return d->plot->colour.values && !d->plot->colour.names;
}

static void find_entries(chart *d)
{
    const cloze_point_plot *p = d->plot;
    for (size_t i = 0; p->colour.values && p->colour.names && i < p->colour.name_count; i++)
        d->entries[d->entry_count++] =
            (cz_entry){ .name = p->colour.names[i], .style = cz_style_of(i, 0), .marker = true };
    if (p->ringed && is_shown(d, p->ringed - 1))
        d->entries[d->entry_count++] = (cz_entry){ .name = p->ring_name, .ring = true };
    for (size_t i = 0; i < p->count; i++)
        d->hidden += !is_shown(d, i);
}

/* ---- where everything goes ---- */

static double bar_width(const chart *d)
{
    double most = 0;
    if (!has_bar(d))
        return 0;
    for (size_t i = 0; i < d->bar.count; i++)
        most = fmax(most,
                    cz_canvas_extent(&d->canvas, cz_tick_text(&d->bar.at[i]), number_left).width);
    return 3 * CZ_GAP + CZ_BAR + CZ_GAP + most +
           cz_canvas_row(&d->canvas, d->plot->colour.title, axis_upwards);
}

static void choose_numbers(chart *d, double height)
{
    const cloze_point_plot *p = d->plot;
    size_t most = (size_t)fmax(2, height / ROOM_BAR);
    cz_setting_ticks(&p->y, p->count, &d->panel.y, most, &d->panel.y_ticks);
    if (!has_bar(d))
        return;
    d->colours = cz_setting_scale(&p->colour, p->count, 0);
    d->colours.to = 1;
    cz_setting_ticks(&p->colour, p->count, &d->colours, most, &d->bar);
}

/* Half the width over which points of one place on the x axis lie apart: within the axes, and not
 * among those of another place. */
static double spread(const cz_panel *panel)
{
    double most = SPREAD_MOST, before = panel->left - (panel->right - panel->left);
    for (size_t i = 0; i < panel->x_ticks.count; i++) {
        double x = cz_scale_place(&panel->x, panel->x_ticks.at[i].value);
        most = fmin(most, fmin(0.25 * (x - before), 0.8 * fmin(x - panel->left, panel->right - x)));
        before = x;
    }
    return fmax(0, most);
}

static void arrange(chart *d)
{
    const cloze_point_plot *p = d->plot;
    double top, bottom, left, right;
    bool few;
    d->legend = cz_legend_height(&d->canvas, d->entries, d->entry_count, d->width - 2 * CZ_MARGIN);
    top = CZ_MARGIN + cz_canvas_row(&d->canvas, p->title, title_left) + d->legend;
    bottom = d->height - CZ_MARGIN - cz_canvas_row(&d->canvas, p->x.title, axis_middle) -
             (d->hidden ? NOTE : 0);
    choose_numbers(d, bottom - top);
    left = CZ_MARGIN + cz_canvas_row(&d->canvas, p->y.title, axis_upwards) +
           cz_panel_left(&d->panel, &d->canvas);
    right = d->width - CZ_MARGIN - bar_width(d);
    few = cz_setting_ticks(&p->x, p->count, &d->panel.x, 8, &d->panel.x_ticks);
    if (!few)
        cz_panel_choose_x(&d->panel, &d->canvas, right - left);
    bottom -= cz_panel_below(&d->panel, &d->canvas, right - left);
    cz_panel_place(&d->panel, left, top, right, bottom);
    d->spread = few ? spread(&d->panel) : 0;
}

static cloze_status fit(chart *d, cloze_error *error)
{
    const cloze_point_plot *p = d->plot;
    d->width = p->width > 0 ? p->width : WIDTH;
    d->height = p->height > 0 ? p->height : HEIGHT;
    d->panel.x = cz_setting_scale(&p->x, p->count, 0.04);
    d->panel.y = cz_setting_scale(&p->y, p->count, 0.06);
    find_entries(d);
    arrange(d);
    if (d->panel.right - d->panel.left >= LEAST && d->panel.bottom - d->panel.top >= LEAST)
        return CLOZE_OK;
    return cz_fail(error, CLOZE_ERROR_LIMIT,
                   "%.0f x %.0f points are too few for this picture's names", d->width, d->height);
}

/* ---- drawing ---- */

/* In steps of the golden ratio neighbours lie far apart, and no two in one place. */
static void place_of(const chart *d, size_t i, double *x, double *y)
{
    double turns = 0.6180339887498949 * (double)i;
    *x = cz_scale_place(&d->panel.x, d->plot->x.values[i]) +
         d->spread * (2 * (turns - floor(turns)) - 1);
    *y = cz_scale_place(&d->panel.y, d->plot->y.values[i]);
}

static void draw_point(const chart *d, size_t i)
{
    const cloze_plot_axis *colour = &d->plot->colour;
    cz_style style = cz_style_of(0, 0);
    double x, y;
    place_of(d, i, &x, &y);
    if (colour->values && !cz_setting_has(colour, i)) {
        cz_canvas_grey(&d->canvas, 0.6);
        d->canvas.c.cairo_set_line_width(d->canvas.cr, 1);
        d->canvas.c.cairo_new_sub_path(d->canvas.cr);
        d->canvas.c.cairo_arc(d->canvas.cr, x, y, 2.8, 0, 4 * acos(0.0));
        d->canvas.c.cairo_stroke(d->canvas.cr);
        return;
    }
    if (has_bar(d))
        style.colour = cz_colour_along(cz_scale_place(&d->colours, colour->values[i]));
    else if (colour->values)
        style = cz_style_of((size_t)colour->values[i], 0);
    cz_style_marker(&d->canvas, style, x, y, 3.6);
}

static void draw_points(const chart *d)
{
    for (size_t i = 0; i < d->plot->count; i++)
        if (is_shown(d, i))
            draw_point(d, i);
    if (d->plot->ringed && is_shown(d, d->plot->ringed - 1)) {
        double x, y;
        place_of(d, d->plot->ringed - 1, &x, &y);
        cz_ring(&d->canvas, x, y);
    }
}

static void draw_bar(const chart *d)
{
    double x = d->panel.right + 3 * CZ_GAP, height = d->panel.bottom - d->panel.top;
    cz_writing how = axis_upwards;
    if (!has_bar(d))
        return;
    cz_legend_bar(&d->canvas, cz_colour_along, x, d->panel.top, height);
    for (size_t i = 0; i < d->bar.count; i++) {
        const cz_tick *tick = &d->bar.at[i];
        double y = d->panel.bottom - height * cz_scale_place(&d->colours, tick->value);
        if (!cz_tick_text(tick).size)
            continue;
        cz_canvas_grey(&d->canvas, 0.3);
        cz_canvas_line(&d->canvas, x + CZ_BAR, y, x + CZ_BAR + 3, y, 0.7);
        cz_canvas_write(&d->canvas, cz_tick_text(tick), x + CZ_BAR + CZ_GAP, y, number_left);
    }
    how.most = height;
    cz_canvas_grey(&d->canvas, 0.1);
    cz_canvas_write(&d->canvas, d->plot->colour.title,
                    d->width - CZ_MARGIN -
                        (cz_canvas_row(&d->canvas, d->plot->colour.title, how) - CZ_GAP) / 2,
                    d->panel.top + height / 2, how);
}

static void write_titles(const chart *d)
{
    const cloze_point_plot *p = d->plot;
    const cz_panel *panel = &d->panel;
    cz_writing up = axis_upwards, across = axis_middle, title = title_left;
    double below = d->height - CZ_MARGIN - (d->hidden ? NOTE : 0);
    char note[80];
    int length = snprintf(note, sizeof note, "%zu of %zu are not drawn: a value is not known",
                          d->hidden, p->count);
    up.most = panel->bottom - panel->top;
    across.most = panel->right - panel->left;
    title.most = d->width - 2 * CZ_MARGIN;
    cz_canvas_grey(&d->canvas, 0.1);
    cz_canvas_write(&d->canvas, p->title, CZ_MARGIN,
                    CZ_MARGIN + (cz_canvas_row(&d->canvas, p->title, title) - CZ_GAP) / 2, title);
    cz_canvas_write(&d->canvas, p->y.title,
                    CZ_MARGIN + (cz_canvas_row(&d->canvas, p->y.title, up) - CZ_GAP) / 2,
                    (panel->top + panel->bottom) / 2, up);
    cz_canvas_write(&d->canvas, p->x.title, (panel->left + panel->right) / 2,
                    below - (cz_canvas_row(&d->canvas, p->x.title, across) - CZ_GAP) / 2, across);
    cz_canvas_grey(&d->canvas, 0.4);
    if (d->hidden && length > 0)
        cz_canvas_write(&d->canvas, (cloze_text){ note, (size_t)length }, d->width - CZ_MARGIN,
                        d->height - CZ_MARGIN, note_right);
}

static void draw(const chart *d)
{
    cz_legend_draw(&d->canvas, d->entries, d->entry_count, CZ_MARGIN, d->panel.top - d->legend,
                   d->width - 2 * CZ_MARGIN);
    cz_panel_ground(&d->panel, &d->canvas, true);
    draw_points(d);
    draw_bar(d);
    write_titles(d);
}

/* ---- what is asked ---- */

static cloze_status check(const cloze_point_plot *p, cloze_error *error)
{
    cloze_status status = cz_check_size(p->width, p->height, error);
    if (!status && p->count > POINTS_MOST)
        return cz_fail(error, CLOZE_ERROR_LIMIT, "%zu points; a picture can have %d", p->count,
                       (int)POINTS_MOST);
    if (!status && p->ringed > p->count)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "a ring around point %zu of %zu", p->ringed,
                       p->count);
    if (!status && !(cz_is_text(p->title) && cz_is_text(p->ring_name)))
        return cz_fail(error, CLOZE_ERROR_TEXT, "a title is not UTF-8");
    if (!status)
        status = cz_setting_check(&p->x, p->count, error);
    if (!status)
        status = cz_setting_check(&p->y, p->count, error);
    if (!status && p->colour.values)
        status = cz_setting_check(&p->colour, p->count, error);
    return status;
}

cloze_status cloze_plot_points(const cloze_point_plot *plot, const char *path, cloze_error *error)
{
    chart *d;
    cloze_status status = check(plot, error);
    if (status)
        return status;
    d = cz_allocate_zero(NULL, 1, sizeof *d);
    if (!d)
        return cz_fail_memory(error, "a picture", sizeof *d);
    d->plot = plot;
    status = cz_canvas_open(&d->canvas, path, error);
    if (!status)
        status = fit(d, error);
    if (!status)
        status = cz_canvas_size(&d->canvas, d->width, d->height, error);
    if (!status) {
        draw(d);
        status = cz_canvas_save(&d->canvas, error);
    }
    cz_canvas_close(&d->canvas);
    cz_release(NULL, d);
    return status;
}
