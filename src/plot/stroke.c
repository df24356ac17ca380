/* stroke.c - see stroke.h. */
#include "plot/stroke.h"

#include <math.h>

typedef struct place {
    double x, y;
} place;

bool cz_stroke_has(const cz_panel *panel, const cloze_plot_line *line, size_t i)
{
    return cz_drawable(line->x[i], panel->x.logarithmic) &&
           cz_drawable(line->y[i], panel->y.logarithmic);
}

static place place_of(const cz_panel *panel, const cloze_plot_line *line, size_t i)
{
    return (place){ cz_scale_place(&panel->x, line->x[i]), cz_scale_place(&panel->y, line->y[i]) };
}

/* ---- the line ---- */

/* What is kept of the points in one column: the first, the last, and the two furthest between. */
typedef struct stroke {
    const cz_canvas *canvas;
    double column;
    place first, low, high, last;
    bool down, low_is_newer, joined; /* a column is begun; a line leads to it */
} stroke;

static void draw_to(stroke *pen, place to)
{
    if (pen->joined)
        pen->canvas->c.cairo_line_to(pen->canvas->cr, to.x, to.y);
    else
        pen->canvas->c.cairo_move_to(pen->canvas->cr, to.x, to.y);
    pen->joined = true;
}

static void end_column(stroke *pen)
{
    if (!pen->down)
        return;
    draw_to(pen, pen->first);
    if (pen->low.y > pen->high.y) { /* downwards */
        draw_to(pen, pen->low_is_newer ? pen->high : pen->low);
        draw_to(pen, pen->low_is_newer ? pen->low : pen->high);
    }
    draw_to(pen, pen->last); /* a point alone is a line to itself: a dot */
    pen->down = false;
}

static void add_point(stroke *pen, place at)
{
    double column = floor(at.x * 4);
    if (pen->down && (column < pen->column || column > pen->column))
        end_column(pen);
    if (!pen->down) {
        pen->column = column;
        pen->first = pen->low = pen->high = at;
        pen->down = true;
    }
    if (at.y > pen->low.y) {
        pen->low = at;
        pen->low_is_newer = true;
    }
    if (at.y < pen->high.y) {
        pen->high = at;
        pen->low_is_newer = false;
    }
    pen->last = at;
}

void cz_stroke_line(const cz_canvas *canvas, const cz_panel *panel, const cloze_plot_line *line,
                    cz_style style)
{
    stroke pen = { .canvas = canvas };
    cz_style_line(canvas, style);
    for (size_t i = 0; i < line->count; i++)
        if (cz_stroke_has(panel, line, i))
            add_point(&pen, place_of(panel, line, i));
        else {
            end_column(&pen);
            pen.joined = false;
        }
    end_column(&pen);
    canvas->c.cairo_stroke(canvas->cr);
    cz_style_plain(canvas);
}

/* ---- the band ---- */

static bool has_band(const cz_panel *panel, const cloze_plot_line *line, size_t i)
{
    return cz_stroke_has(panel, line, i) && cz_drawable(line->deviation[i], false) &&
           cz_drawable(line->y[i] + fabs(line->deviation[i]), false);
}

/* The upper edge forwards over [from, to), or the lower one backwards; of a column only what is
 * furthest out. */
static void edge(const cz_canvas *canvas, const cz_panel *panel, const cloze_plot_line *line,
                 size_t from, size_t to, bool upper)
{
    double out = upper ? -1 : 1, column = 0;
    place kept = { 0, 0 };
    for (size_t step = 0; step < to - from; step++) {
        size_t i = upper ? from + step : to - 1 - step;
        double value = line->y[i] - out * fabs(line->deviation[i]);
        place at = { cz_scale_place(&panel->x, line->x[i]), cz_drawable(value, panel->y.logarithmic)
                                                                ? cz_scale_place(&panel->y, value)
                                                                : panel->bottom };
        if (step && (floor(at.x * 4) < column || floor(at.x * 4) > column))
            canvas->c.cairo_line_to(canvas->cr, kept.x, kept.y);
        else if (step && out * kept.y > out * at.y)
            at = kept;
        kept = at;
        column = floor(at.x * 4);
    }
    canvas->c.cairo_line_to(canvas->cr, kept.x, kept.y);
}

void cz_stroke_band(const cz_canvas *canvas, const cz_panel *panel, const cloze_plot_line *line,
                    cz_style style)
{
    for (size_t i = 0, end; line->deviation && i < line->count; i = end) {
        for (end = i; end < line->count && has_band(panel, line, end);)
            end++;
        if (end == i) {
            end++;
            continue;
        }
        edge(canvas, panel, line, i, end, true);
        edge(canvas, panel, line, i, end, false);
        canvas->c.cairo_close_path(canvas->cr);
    }
    cz_canvas_ink(canvas, style.colour, 0.18);
    canvas->c.cairo_fill(canvas->cr);
}

/* ---- the markers ---- */

void cz_stroke_markers(const cz_canvas *canvas, const cz_panel *panel, const cloze_plot_line *line,
                       cz_style style)
{
    enum { APART = 8 };
    double width = (panel->right - panel->left) / APART, next;
    size_t count = 0;
    for (size_t i = 0; i < line->count; i++)
        count += cz_stroke_has(panel, line, i);
    next = panel->left + width * (0.25 + (double)(style.marker * 3 % CZ_COLOURS) / CZ_COLOURS);
    for (size_t i = 0; i < line->count; i++) {
        place at;
        if (!cz_stroke_has(panel, line, i))
            continue;
        at = place_of(panel, line, i);
        if (count > CZ_MARKERS_FEW && at.x < next)
            continue;
        cz_style_marker(canvas, style, at.x, at.y, 3);
        while (count > CZ_MARKERS_FEW && next <= at.x)
            next += width;
    }
}
