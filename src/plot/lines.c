/* lines.c - series as lines in panels above one another, with one x axis. */
#include "plot/check.h"
#include "plot/legend.h"
#include "plot/panel.h"
#include "plot/stroke.h"

#include "base/memory.h"

#include <math.h>
#include <string.h>

enum {
    PANELS_MOST = 4,
    MARKS_MOST = 32,
    POINTS_MOST = 1000000,
    LANES_MOST = 3, /* rows of names of marks */
    LANE = 14,
    WIDTH = 640,
    FIRST = 240, /* height of the first panel, and of each further one */
    FURTHER = 130,
    LEAST = 40 /* of an area, each way */
};

static const cz_writing title_left = { CZ_BOLD, 0, false, 0 },
                        axis_middle = { CZ_PLAIN, 0.5, false, 0 },
                        axis_upwards = { CZ_PLAIN, 0.5, true, 0 },
                        mark_middle = { CZ_SMALL, 0.5, false, CZ_NAME_MOST };

typedef struct chart {
    cz_canvas canvas;
    const cloze_line_plot *plot;
    cz_panel panels[PANELS_MOST];
    cz_entry entries[PANELS_MOST][CZ_STYLES];
    double legends[PANELS_MOST]; /* their heights */
    double width, height, left, right;
    size_t lanes;
} chart;

/* ---- what there is ---- */

static void find_scales(chart *d)
{
    const cloze_line_plot *p = d->plot;
    cz_range x = { 0 };
    for (size_t k = 0; k < p->count; k++) {
        const cloze_plot_panel *from = &p->panels[k];
        cz_panel *panel = &d->panels[k];
        cz_range y = { 0 };
        panel->x.logarithmic = p->logarithmic;
        panel->y.logarithmic = from->logarithmic;
        for (size_t l = 0; l < from->count; l++)
            for (size_t i = 0; i < from->lines[l].count; i++) {
                const cloze_plot_line *line = &from->lines[l];
                if (!cz_stroke_has(panel, line, i))
                    continue;
                cz_range_add(&x, line->x[i], p->logarithmic);
                cz_range_add(&y, line->y[i], from->logarithmic);
                if (!line->deviation)
                    continue;
                cz_range_add(&y, line->y[i] - line->deviation[i], from->logarithmic);
                cz_range_add(&y, line->y[i] + line->deviation[i], from->logarithmic);
            }
        panel->y = cz_scale_of(&y, from->logarithmic, 0.05);
        if (from->low < 0 || from->low > 0 || from->high < 0 || from->high > 0) {
            panel->y.low = from->low;
            panel->y.high = from->high;
            panel->y.whole = false; /* there may be none between */
        }
    }
    for (size_t i = 0; i < p->mark_count; i++)
        cz_range_add(&x, p->marks[i].x, p->logarithmic);
    for (size_t k = 0; k < p->count; k++)
        d->panels[k].x = cz_scale_of(&x, p->logarithmic, 0.02);
}

/* A line alone needs markers only where its points are few. */
static bool has_markers(const cloze_plot_panel *panel, size_t line)
{
    size_t others = 0;
    for (size_t l = 0; l < panel->count; l++)
        others += l != line && !panel->lines[l].faint;
    return !panel->lines[line].faint && (others || panel->lines[line].count <= CZ_MARKERS_FEW);
}

/* A panel above has an entry of this name and look. */
static bool is_known(const chart *d, size_t panel, const cz_entry *entry)
{
    for (size_t k = 0; k < panel; k++)
        for (size_t l = 0; l < d->plot->panels[k].count; l++) {
            const cz_entry *other = &d->entries[k][l];
            cloze_text name = d->plot->panels[k].lines[l].name;
            if (name.size == entry->name.size && !memcmp(name.data, entry->name.data, name.size) &&
                cz_style_equal(other->style, entry->style) && other->marker == entry->marker)
                return true;
        }
    return false;
}

static void find_entries(chart *d)
{
    for (size_t k = 0; k < d->plot->count; k++)
        for (size_t l = 0; l < d->plot->panels[k].count; l++) {
            const cloze_plot_line *line = &d->plot->panels[k].lines[l];
            cz_entry *entry = &d->entries[k][l];
            *entry = (cz_entry){ .name = line->name,
                                 .style = cz_style_of(l, line->colour),
                                 .line = true,
                                 .marker = has_markers(&d->plot->panels[k], l) };
            entry->style.faint = line->faint;
            if (line->name.size && is_known(d, k, entry))
                entry->name.size = 0;
        }
}

/* ---- where everything goes ---- */

/* Calls `each` with the row of every mark's name that finds room; returns the rows. */
static size_t lay_marks(const chart *d, void (*each)(const chart *d, const cloze_plot_mark *mark,
                                                     double x, size_t lane))
{
    double taken[LANES_MOST] = { -1, -1, -1 };
    size_t lanes = 0;
    for (size_t i = 0; i < d->plot->mark_count; i++) {
        const cloze_plot_mark *mark = &d->plot->marks[i];
        double half = cz_canvas_extent(&d->canvas, mark->name, mark_middle).width / 2, x;
        size_t lane = 0;
        if (!mark->name.size || !cz_drawable(mark->x, d->plot->logarithmic))
            continue;
        x = cz_scale_place(&d->panels[0].x, mark->x);
        x = fmax(d->left + half, fmin(d->right - half, x));
        while (lane < LANES_MOST && x - half < taken[lane])
            lane++;
        if (lane == LANES_MOST)
            continue;
        taken[lane] = x + half + CZ_GAP;
        lanes = lane + 1 > lanes ? lane + 1 : lanes;
        if (each)
            each(d, mark, x, lane);
    }
    return lanes;
}

/* All that is not panels. */
static double height_around(chart *d)
{
    const cloze_line_plot *p = d->plot;
    double height =
        CZ_MARGIN + cz_canvas_row(&d->canvas, p->title, title_left) + LANE * (double)d->lanes;
    for (size_t k = 0; k < p->count; k++) {
        d->legends[k] = cz_legend_height(&d->canvas, d->entries[k], p->panels[k].count,
                                         d->width - 2 * CZ_MARGIN);
        height += d->legends[k] + (k ? 2 * CZ_GAP : 0);
    }
    return height + cz_panel_below(&d->panels[0], &d->canvas, d->width) +
           cz_canvas_row(&d->canvas, p->x_title, axis_middle) + CZ_MARGIN;
}

static void place_panels(chart *d, double unit)
{
    const cloze_line_plot *p = d->plot;
    double y = CZ_MARGIN + cz_canvas_row(&d->canvas, p->title, title_left);
    for (size_t k = 0; k < p->count; k++) {
        double height = unit * (k ? FURTHER : FIRST);
        y += d->legends[k] + (k ? 2 * CZ_GAP : LANE * (double)d->lanes);
        cz_panel_place(&d->panels[k], d->left, y, d->right, y + height);
        y += height;
    }
}

static void arrange(chart *d)
{
    const cloze_line_plot *p = d->plot;
    double panels = FIRST + FURTHER * (double)(p->count - 1), around = height_around(d), unit;
    double titles = 0, numbers = 0;
    d->height = p->height > 0 ? p->height : around + panels;
    unit = fmax(0, d->height - around) / panels;
    for (size_t k = 0; k < p->count; k++) {
        cz_panel_choose_y(&d->panels[k], unit * (k ? FURTHER : FIRST));
        titles = fmax(titles, cz_canvas_row(&d->canvas, p->panels[k].title, axis_upwards));
        numbers = fmax(numbers, cz_panel_left(&d->panels[k], &d->canvas));
    }
    d->left = CZ_MARGIN + titles + numbers;
    d->right = d->width - CZ_MARGIN - CZ_GAP;
    for (size_t k = 0; k < p->count; k++)
        cz_panel_choose_x(&d->panels[k], &d->canvas, d->right - d->left);
    place_panels(d, unit);
}

static cloze_status fit(chart *d, cloze_error *error)
{
    const cz_panel *last = &d->panels[d->plot->count - 1];
    d->width = d->plot->width > 0 ? d->plot->width : WIDTH;
    find_scales(d);
    find_entries(d);
    arrange(d);
    d->lanes = lay_marks(d, NULL);
    arrange(d);
    if (last->right - last->left >= LEAST && last->bottom - last->top >= LEAST)
        return CLOZE_OK;
    return cz_fail(error, CLOZE_ERROR_LIMIT,
                   "%.0f x %.0f points are too few for this picture's names and panels", d->width,
                   d->height);
}

/* ---- drawing ---- */

static void draw_lines(const chart *d, size_t k)
{
    const cloze_plot_panel *from = &d->plot->panels[k];
    const cz_panel *panel = &d->panels[k];
    cz_panel_clip(panel, &d->canvas);
    for (size_t l = 0; l < from->count; l++)
        cz_stroke_band(&d->canvas, panel, &from->lines[l], d->entries[k][l].style);
    for (int faint = 1; faint >= 0; faint--)
        for (size_t l = 0; l < from->count; l++)
            if (from->lines[l].faint == (faint == 1))
                cz_stroke_line(&d->canvas, panel, &from->lines[l], d->entries[k][l].style);
    for (size_t l = 0; l < from->count; l++)
        if (d->entries[k][l].marker)
            cz_stroke_markers(&d->canvas, panel, &from->lines[l], d->entries[k][l].style);
    d->canvas.c.cairo_restore(d->canvas.cr);
}

static void write_mark(const chart *d, const cloze_plot_mark *mark, double x, size_t lane)
{
    cz_canvas_grey(&d->canvas, 0.1);
    cz_canvas_write(&d->canvas, mark->name, x, d->panels[0].top - LANE * ((double)lane + 0.5),
                    mark_middle);
}

static void draw_marks(const chart *d, size_t k)
{
    const double dash[] = { 4, 3 };
    for (size_t i = 0; i < d->plot->mark_count; i++) {
        double x = d->plot->marks[i].x;
        if (!cz_drawable(x, d->plot->logarithmic))
            continue;
        x = cz_scale_place(&d->panels[k].x, x);
        cz_canvas_grey(&d->canvas, 0.35);
        d->canvas.c.cairo_set_dash(d->canvas.cr, dash, 2, 0);
        cz_canvas_line(&d->canvas, x, d->panels[k].top, x, d->panels[k].bottom, 0.9);
        d->canvas.c.cairo_set_dash(d->canvas.cr, NULL, 0, 0);
    }
}

static void write_titles(const chart *d)
{
    const cloze_line_plot *p = d->plot;
    const cz_panel *last = &d->panels[p->count - 1];
    cz_writing how = axis_upwards, title = title_left;
    title.most = d->width - 2 * CZ_MARGIN;
    cz_canvas_grey(&d->canvas, 0.1);
    cz_canvas_write(&d->canvas, p->title, CZ_MARGIN,
                    CZ_MARGIN + (cz_canvas_row(&d->canvas, p->title, title) - CZ_GAP) / 2, title);
    for (size_t k = 0; k < p->count; k++) {
        const cz_panel *panel = &d->panels[k];
        how.most = panel->bottom - panel->top;
        cz_canvas_write(&d->canvas, p->panels[k].title,
                        CZ_MARGIN +
                            (cz_canvas_row(&d->canvas, p->panels[k].title, how) - CZ_GAP) / 2,
                        (panel->top + panel->bottom) / 2, how);
    }
    how = axis_middle;
    how.most = last->right - last->left;
    cz_canvas_write(
        &d->canvas, p->x_title, (last->left + last->right) / 2,
        d->height - CZ_MARGIN - (cz_canvas_row(&d->canvas, p->x_title, how) - CZ_GAP) / 2, how);
}

static void draw(const chart *d)
{
    for (size_t k = 0; k < d->plot->count; k++) {
        const cz_panel *panel = &d->panels[k];
        double top = panel->top - d->legends[k] - (k ? 0 : LANE * (double)d->lanes);
        cz_legend_draw(&d->canvas, d->entries[k], d->plot->panels[k].count, CZ_MARGIN, top,
                       d->width - 2 * CZ_MARGIN);
        cz_panel_ground(panel, &d->canvas, k + 1 == d->plot->count);
        draw_marks(d, k);
        draw_lines(d, k);
    }
    lay_marks(d, write_mark);
    write_titles(d);
}

/* ---- what is asked ---- */

static cloze_status check_panel(const cloze_plot_panel *panel, cloze_error *error)
{
    bool given = panel->low < 0 || panel->low > 0 || panel->high < 0 || panel->high > 0;
    if (panel->count > CZ_STYLES)
        return cz_fail(error, CLOZE_ERROR_LIMIT, "a panel of %zu lines; at most %d can differ",
                       panel->count, (int)CZ_STYLES);
    if (!(panel->low <= panel->high) ||
        (given && !(panel->low < panel->high && cz_drawable(panel->low, panel->logarithmic) &&
                    cz_drawable(panel->high, panel->logarithmic) &&
                    panel->high - panel->low > 1e-9 * fmax(fabs(panel->low), fabs(panel->high)))))
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "an axis cannot go from %g to %g", panel->low,
                       panel->high);
    for (size_t l = 0; l < panel->count; l++) {
        const cloze_plot_line *line = &panel->lines[l];
        if (line->count > POINTS_MOST)
            return cz_fail(error, CLOZE_ERROR_LIMIT, "a line of %zu points; it can have %d",
                           line->count, (int)POINTS_MOST);
        if (line->colour > CZ_COLOURS)
            return cz_fail(error, CLOZE_ERROR_ARGUMENT, "colour %zu; there are %d", line->colour,
                           (int)CZ_COLOURS);
        if (!cz_is_text(line->name))
            return cz_fail(error, CLOZE_ERROR_TEXT, "the name of line %zu is not UTF-8", l + 1);
    }
    return cz_is_text(panel->title)
               ? CLOZE_OK
               : cz_fail(error, CLOZE_ERROR_TEXT, "the title of a panel is not UTF-8");
}

static cloze_status check(const cloze_line_plot *p, cloze_error *error)
{
    cloze_status status = cz_check_size(p->width, p->height, error);
    if (!status && (!p->count || p->count > PANELS_MOST))
        return cz_fail(error, CLOZE_ERROR_LIMIT, "a picture of %zu panels; it can have 1 to %d",
                       p->count, (int)PANELS_MOST);
    if (!status && p->mark_count > MARKS_MOST)
        return cz_fail(error, CLOZE_ERROR_LIMIT, "%zu marks; a picture can have %d", p->mark_count,
                       (int)MARKS_MOST);
    for (size_t k = 0; !status && k < p->count; k++)
        status = check_panel(&p->panels[k], error);
    for (size_t i = 0; !status && i < p->mark_count; i++)
        if (!cz_is_text(p->marks[i].name))
            return cz_fail(error, CLOZE_ERROR_TEXT, "the name of mark %zu is not UTF-8", i + 1);
    if (!status && (!cz_is_text(p->title) || !cz_is_text(p->x_title)))
        return cz_fail(error, CLOZE_ERROR_TEXT, "a title is not UTF-8");
    return status;
}

cloze_status cloze_plot_lines(const cloze_line_plot *plot, const char *path, cloze_error *error)
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
