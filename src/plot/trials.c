/* trials.c - trials as lines over parallel axes, coloured by the last one. */
#include "plot/check.h"
#include "plot/legend.h"
#include "plot/setting.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    TRIALS_MOST = 10000,
    AXES_MOST = 16,
    APART = 130, /* axes, if nothing is said */
    WIDTH_LEAST = 480,
    HEIGHT = 340,
    LEAST = 40,
    ROOM_NUMBER = 34
};

static const cz_writing title_left = { CZ_BOLD, 0, false, 0 },
                        axis_middle = { CZ_PLAIN, 0.5, false, 0 },
                        number_right = { CZ_RIMMED, 1, false, 150 },
                        number_left = { CZ_SMALL, 0, false, 150 };

typedef struct trial {
    double value; /* on the last axis, where it is known */
    size_t at;
    bool known;
} trial;

typedef struct chart {
    cz_canvas canvas;
    const cloze_trial_plot *plot;
    cz_scale scales[AXES_MOST];
    cz_ticks ticks[AXES_MOST];
    trial *order;
    double width, height, left, right, top, bottom;
} chart;

static double place_x(const chart *d, size_t axis)
{
    return d->left + (d->right - d->left) * (double)axis / (double)(d->plot->axis_count - 1);
}

/* ---- where everything goes ---- */

static double widest(const chart *d, size_t axis)
{
    double most = 0;
    for (size_t i = 0; i < d->ticks[axis].count; i++)
        most = fmax(
            most,
            cz_canvas_extent(&d->canvas, cz_tick_text(&d->ticks[axis].at[i]), number_left).width);
    return most;
}

static void arrange(chart *d)
{
    const cloze_trial_plot *p = d->plot;
    double title = 0;
    size_t last = p->axis_count - 1;
    for (size_t a = 0; a <= last; a++)
        title = fmax(title, cz_canvas_row(&d->canvas, p->axes[a].title, axis_middle));
    d->top = CZ_MARGIN + cz_canvas_row(&d->canvas, p->title, title_left) + title + CZ_GAP;
    d->bottom = d->height - CZ_MARGIN - CZ_GAP;
    for (size_t a = 0; a <= last; a++) {
        d->scales[a] = cz_setting_scale(&p->axes[a], p->count, 0.03);
        d->scales[a].from = d->bottom;
        d->scales[a].to = d->top;
        cz_setting_ticks(&p->axes[a], p->count, &d->scales[a],
                         (size_t)fmax(2, (d->bottom - d->top) / ROOM_NUMBER), &d->ticks[a]);
    }
    d->left =
        CZ_MARGIN + fmax(widest(d, 0) + CZ_GAP,
                         cz_canvas_extent(&d->canvas, p->axes[0].title, axis_middle).width / 2);
    d->right = d->width - CZ_MARGIN -
               fmax(CZ_BAR + CZ_GAP + widest(d, last),
                    cz_canvas_extent(&d->canvas, p->axes[last].title, axis_middle).width / 2);
}

static int compare(const void *left, const void *right)
{
    const trial *a = left, *b = right;
    if (a->known != b->known)
        return a->known ? 1 : -1;
    if (a->known && (a->value < b->value || a->value > b->value))
        return a->value < b->value ? -1 : 1;
    return a->at < b->at ? -1 : 1;
}

/* What reached more is drawn above what reached less. */
static cloze_status put_in_order(chart *d, cloze_error *error)
{
    const cloze_plot_axis *last = &d->plot->axes[d->plot->axis_count - 1];
    d->order = cz_allocate(NULL, d->plot->count, sizeof *d->order);
    if (!d->order)
        return cz_fail_memory(error, "the order of trials", d->plot->count * sizeof *d->order);
    for (size_t i = 0; i < d->plot->count; i++) {
        bool known = cz_setting_has(last, i);
        d->order[i] = (trial){ known ? last->values[i] : 0, i, known };
    }
    qsort(d->order, d->plot->count, sizeof *d->order, compare);
    return CLOZE_OK;
}

static cloze_status fit(chart *d, cloze_error *error)
{
    double usual = fmax(WIDTH_LEAST, APART * (double)d->plot->axis_count);
    d->width = d->plot->width > 0 ? d->plot->width : usual;
    d->height = d->plot->height > 0 ? d->plot->height : HEIGHT;
    arrange(d);
    if (d->right - d->left >= LEAST * (double)(d->plot->axis_count - 1) &&
        d->bottom - d->top >= LEAST)
        return put_in_order(d, error);
    return cz_fail(error, CLOZE_ERROR_LIMIT, "%.0f x %.0f points are too few for %zu axes",
                   d->width, d->height, d->plot->axis_count);
}

/* ---- drawing ---- */

static void draw_trial(const chart *d, const trial *of, bool above)
{
    const cloze_trial_plot *p = d->plot;
    const cz_cairo_library *c = &d->canvas.c;
    const cz_scale *last = &d->scales[p->axis_count - 1];
    double opacity = above ? 1 : fmin(0.8, fmax(0.15, 6 / sqrt((double)p->count)));
    bool joined = false;
    double before = 0;
    for (size_t a = 0; a < p->axis_count; a++) {
        double x = place_x(d, a), half = a ? (x - place_x(d, a - 1)) / 2 : 0, y;
        if (!cz_setting_has(&p->axes[a], of->at)) {
            joined = false;
            continue;
        }
        y = cz_scale_place(&d->scales[a], p->axes[a].values[of->at]);
        if (joined)
            c->cairo_curve_to(d->canvas.cr, x - half, before, x - half, y, x, y);
        else
            c->cairo_move_to(d->canvas.cr, x, y);
        joined = true;
        before = y;
    }
    if (of->known)
        cz_canvas_ink(&d->canvas,
                      cz_colour_along((cz_scale_place(last, of->value) - last->from) /
                                      (last->to - last->from)),
                      opacity);
    else
        cz_canvas_ink(&d->canvas, (cz_colour){ 0.7, 0.7, 0.7 }, opacity);
    c->cairo_set_line_width(d->canvas.cr, above ? 3.5 : 1.4);
    c->cairo_stroke(d->canvas.cr);
}

static void draw_axis(const chart *d, size_t axis)
{
    bool is_last = axis + 1 == d->plot->axis_count;
    double x = place_x(d, axis), apart = place_x(d, 1) - place_x(d, 0);
    cz_writing title = axis_middle;
    if (is_last)
        cz_legend_bar(&d->canvas, cz_colour_along, x, d->top, d->bottom - d->top);
    cz_canvas_grey(&d->canvas, 0.3);
    cz_canvas_line(&d->canvas, x, d->top, x, d->bottom, 0.9);
    for (size_t i = 0; i < d->ticks[axis].count; i++) {
        const cz_tick *tick = &d->ticks[axis].at[i];
        double y = cz_scale_place(&d->scales[axis], tick->value);
        double edge = is_last ? x + CZ_BAR : x;
        cz_canvas_grey(&d->canvas, 0.3);
        cz_canvas_line(&d->canvas, is_last ? edge : edge - 3, y, is_last ? edge + 3 : edge, y, 0.7);
        cz_canvas_grey(&d->canvas, 0.2);
        cz_canvas_write(&d->canvas, cz_tick_text(tick), is_last ? edge + CZ_GAP : edge - CZ_GAP, y,
                        is_last ? number_left : number_right);
    }
    title.most = apart - CZ_GAP;
    cz_canvas_grey(&d->canvas, 0.1);
    cz_canvas_write(
        &d->canvas, d->plot->axes[axis].title, x,
        d->top - CZ_GAP - (cz_canvas_row(&d->canvas, d->plot->axes[axis].title, title)) / 2, title);
}

static void draw(const chart *d)
{
    const cloze_trial_plot *p = d->plot;
    cz_writing title = title_left;
    title.most = d->width - 2 * CZ_MARGIN;
    cz_canvas_grey(&d->canvas, 0.1);
    cz_canvas_write(&d->canvas, p->title, CZ_MARGIN,
                    CZ_MARGIN + (cz_canvas_row(&d->canvas, p->title, title) - CZ_GAP) / 2, title);
    for (size_t i = 0; i < p->count; i++)
        draw_trial(d, &d->order[i], false);
    for (size_t i = 0; i < p->count; i++)
        if (p->ringed == d->order[i].at + 1)
            draw_trial(d, &d->order[i], true);
    for (size_t a = 0; a < p->axis_count; a++)
        draw_axis(d, a);
}

/* ---- what is asked ---- */

static cloze_status check(const cloze_trial_plot *p, cloze_error *error)
{
    cloze_status status = cz_check_size(p->width, p->height, error);
    if (!status && (p->axis_count < 2 || p->axis_count > AXES_MOST))
        return cz_fail(error, CLOZE_ERROR_LIMIT, "%zu axes; a picture can have 2 to %d",
                       p->axis_count, (int)AXES_MOST);
    if (!status && p->count > TRIALS_MOST)
        return cz_fail(error, CLOZE_ERROR_LIMIT, "%zu trials; a picture can have %d", p->count,
                       (int)TRIALS_MOST);
    if (!status && p->ringed > p->count)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "trial %zu of %zu cannot be above the others",
                       p->ringed, p->count);
    if (!status && !cz_is_text(p->title))
        return cz_fail(error, CLOZE_ERROR_TEXT, "a title is not UTF-8");
    for (size_t a = 0; !status && a < p->axis_count; a++)
        status = cz_setting_check(&p->axes[a], p->count, error);
    return status;
}

cloze_status cloze_plot_trials(const cloze_trial_plot *plot, const char *path, cloze_error *error)
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
    cz_release(NULL, d->order);
    cz_release(NULL, d);
    return status;
}
