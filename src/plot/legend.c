/* legend.c - see legend.h. */
#include "plot/legend.h"

#include <math.h>

enum { ROW = 17, BETWEEN = 18, SAMPLE_LINE = 34, SAMPLE_DOT = 14, BAR_STEPS = 64 };

typedef struct walk {
    double left, right, x, y; /* of the area; of the next entry */
    bool any;
} walk;

/* A name may be as wide as the area. */
static cz_writing written(const walk *at)
{
    return (cz_writing){ CZ_PLAIN, 0, false, at->right - at->left - SAMPLE_LINE - CZ_GAP };
}

static double sample_width(const cz_entry *entry)
{
    return entry->line ? SAMPLE_LINE : SAMPLE_DOT;
}

/* Goes to where an entry is put, on a row of its own if this one is full. */
static void step(walk *at, double width)
{
    if (at->any && at->x + width > at->right) {
        at->x = at->left;
        at->y += ROW;
    }
    at->any = true;
}

void cz_ring(const cz_canvas *canvas, double x, double y)
{
    canvas->c.cairo_new_sub_path(canvas->cr);
    canvas->c.cairo_arc(canvas->cr, x, y, 6.5, 0, 4 * acos(0.0));
    cz_canvas_grey(canvas, 0.1);
    canvas->c.cairo_set_line_width(canvas->cr, 1.3);
    canvas->c.cairo_stroke(canvas->cr);
}

static void draw_entry(const cz_canvas *canvas, const cz_entry *entry, const walk *at)
{
    double x = at->x, y = at->y + ROW / 2.0, middle = x + sample_width(entry) / 2;
    if (entry->line) {
        cz_style_line(canvas, entry->style);
        canvas->c.cairo_move_to(canvas->cr, x + 1, y);
        canvas->c.cairo_line_to(canvas->cr, x + SAMPLE_LINE - 1, y);
        canvas->c.cairo_stroke(canvas->cr);
        cz_style_plain(canvas);
    }
    if (entry->marker)
        cz_style_marker(canvas, entry->style, middle, y, 3.2);
    if (entry->ring)
        cz_ring(canvas, middle, y);
    cz_canvas_grey(canvas, 0.1);
    cz_canvas_write(canvas, entry->name, x + sample_width(entry) + CZ_GAP, y, written(at));
}

static double lay(const cz_canvas *canvas, const cz_entry *entries, size_t count, walk at,
                  bool draws)
{
    double top = at.y;
    for (size_t i = 0; i < count; i++) {
        double width;
        if (!entries[i].name.size)
            continue;
        width = sample_width(&entries[i]) + CZ_GAP +
                cz_canvas_extent(canvas, entries[i].name, written(&at)).width;
        step(&at, width);
        if (draws)
            draw_entry(canvas, &entries[i], &at);
        at.x += width + BETWEEN;
    }
    return at.any ? at.y + ROW - top + CZ_GAP / 2.0 : 0;
}

double cz_legend_height(const cz_canvas *canvas, const cz_entry *entries, size_t count,
                        double width)
{
    return lay(canvas, entries, count, (walk){ .right = width }, false);
}

void cz_legend_draw(const cz_canvas *canvas, const cz_entry *entries, size_t count, double left,
                    double top, double width)
{
    lay(canvas, entries, count, (walk){ left, left + width, left, top, false }, true);
}

void cz_legend_bar(const cz_canvas *canvas, cz_colour (*colour_of)(double share), double x,
                   double top, double height)
{
    for (int i = 0; i < BAR_STEPS; i++) {
        cz_canvas_ink(canvas, colour_of(1 - (i + 0.5) / BAR_STEPS), 1);
        cz_canvas_area(canvas, x, top + height * i / BAR_STEPS, CZ_BAR, height / BAR_STEPS + 0.5);
    }
    cz_canvas_grey(canvas, 0.1);
    cz_canvas_frame(canvas, x, top, CZ_BAR, height);
}
