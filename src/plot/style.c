/* style.c - see style.h. */
#include "plot/style.h"

#include <math.h>
#include <string.h>

static const cz_colour palette[CZ_COLOURS] = {
    { 0.000, 0.447, 0.698 }, /* blue */
    { 0.835, 0.369, 0.000 }, /* vermilion */
    { 0.000, 0.620, 0.451 }, /* green */
    { 0.800, 0.475, 0.655 }, /* purple */
    { 0.902, 0.624, 0.000 }, /* orange */
    { 0.337, 0.706, 0.914 }, /* sky */
    { 0.200, 0.200, 0.200 }, /* black */
};

/* How many lengths, and they: drawn, left out, drawn, ... */
static const struct {
    int count;
    double lengths[6];
} dashes[CZ_DASHES] = {
    { 0, { 0 } },        { 2, { 5, 3 } },
    { 2, { 1.2, 2.2 } }, { 4, { 7, 2, 1.5, 2 } },
    { 2, { 11, 4 } },    { 6, { 5, 2, 1.2, 2, 1.2, 2 } },
};

cz_style cz_style_of(size_t place, size_t colour)
{
    return (cz_style){ .colour = palette[(colour ? colour - 1 : place) % CZ_COLOURS],
                       .marker = (int)((place + place / CZ_COLOURS) % CZ_COLOURS),
                       .dash = (int)(place / CZ_COLOURS % CZ_DASHES) };
}

bool cz_style_equal(cz_style a, cz_style b)
{
    return !memcmp(&a.colour, &b.colour, sizeof a.colour) && a.marker == b.marker &&
           a.dash == b.dash && a.faint == b.faint;
}

void cz_style_line(const cz_canvas *canvas, cz_style style)
{
    const cz_cairo_library *c = &canvas->c;
    cz_canvas_ink(canvas, style.colour, style.faint ? 0.35 : 1);
    c->cairo_set_line_width(canvas->cr, style.faint ? 0.8 : 1.5);
    c->cairo_set_line_join(canvas->cr, CAIRO_LINE_JOIN_ROUND);
    c->cairo_set_line_cap(canvas->cr, style.dash ? CAIRO_LINE_CAP_BUTT : CAIRO_LINE_CAP_ROUND);
    c->cairo_set_dash(canvas->cr, dashes[style.dash].lengths, dashes[style.dash].count, 0);
}

void cz_style_plain(const cz_canvas *canvas)
{
    canvas->c.cairo_set_dash(canvas->cr, NULL, 0, 0);
    canvas->c.cairo_set_line_cap(canvas->cr, CAIRO_LINE_CAP_BUTT);
}

/* Corners on a circle, every second one at `inner` of its radius. */
static void polygon(const cz_canvas *canvas, double x, double y, double radius, int corners,
                    double turn, double inner)
{
    const cz_cairo_library *c = &canvas->c;
    for (int i = 0; i < corners; i++) {
        double angle = turn + 4 * acos(0.0) * i / corners, length = i % 2 ? radius * inner : radius;
        c->cairo_line_to(canvas->cr, x + length * cos(angle), y + length * sin(angle));
    }
    c->cairo_close_path(canvas->cr);
}

static void outline(const cz_canvas *canvas, int marker, double x, double y, double radius)
{
    const double quarter = acos(0.0);
    switch (marker) {
    case 0:
        canvas->c.cairo_new_sub_path(canvas->cr);
        canvas->c.cairo_arc(canvas->cr, x, y, radius, 0, 4 * quarter);
        break;
    case 1:
        polygon(canvas, x, y, 1.25 * radius, 4, quarter / 2, 1); /* square */
        break;
    case 2:
        polygon(canvas, x, y, 1.35 * radius, 3, -quarter, 1); /* triangle */
        break;
    case 3:
        polygon(canvas, x, y, 1.35 * radius, 4, 0, 1); /* diamond */
        break;
    case 4:
        polygon(canvas, x, y, 1.35 * radius, 3, quarter, 1); /* triangle, down */
        break;
    case 5:
        polygon(canvas, x, y, 1.5 * radius, 10, -quarter, 0.45); /* star */
        break;
    default:
        polygon(canvas, x, y, 1.5 * radius, 8, 0, 0.4); /* star of four */
    }
}

void cz_style_marker(const cz_canvas *canvas, cz_style style, double x, double y, double radius)
{
    outline(canvas, style.marker, x, y, radius);
    cz_canvas_ink(canvas, style.colour, 1);
    canvas->c.cairo_fill_preserve(canvas->cr);
    cz_canvas_grey(canvas, 1);
    canvas->c.cairo_set_line_width(canvas->cr, 0.6);
    canvas->c.cairo_stroke(canvas->cr);
}
