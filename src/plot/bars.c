/* bars.c - see bars.h. */
#include "plot/bars.h"

#include "plot/decimal.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

enum { ROW = 16, THICK = 10, NAME_MOST = 150, BELOW = 6 };

static const cz_writing name_right = { CZ_PLAIN, 1, false, NAME_MOST },
                        number_left = { CZ_SMALL, 0, false, 0 },
                        number_right = { CZ_SMALL, 1, false, 0 };

typedef struct sized {
    double size;
    size_t part;
} sized;

/* Equal sizes stay in the order of the text. */
static int by_size(const void *left, const void *right)
{
    const sized *a = left, *b = right;
    if (a->size < b->size || a->size > b->size)
        return a->size < b->size ? 1 : -1;
    return (a->part > b->part) - (a->part < b->part);
}

cloze_status cz_bars_make(cz_bars *out, const cloze_part_plot *plot, const cloze_part_panel *panel,
                          cloze_error *error)
{
    size_t parts = plot->part_count;
    sized *all;
    *out = (cz_bars){ .plot = plot, .panel = panel };
    out->count = plot->bars < parts ? plot->bars : parts;
    if (!out->count)
        return CLOZE_OK;
    all = cz_allocate(NULL, parts, sizeof *all);
    out->order = cz_allocate(NULL, parts, sizeof *out->order);
    for (size_t i = 0; i < parts && all; i++)
        all[i] = (sized){ fabs(panel->values[i]), i };
    if (all)
        qsort(all, parts, sizeof *all, by_size);
    for (size_t i = 0; i < parts && all && out->order; i++)
        out->order[i] = all[i].part;
    bool good = all && out->order;
    cz_release(NULL, all);
    return good ? CLOZE_OK : cz_fail_memory(error, "bars", parts * sizeof *out->order);
}

void cz_bars_clear(cz_bars *bars)
{
    cz_release(NULL, bars->order);
}

double cz_bars_height(const cz_bars *bars)
{
    return bars->count ? ROW * (double)bars->count + BELOW : 0;
}

/* ---- drawing ---- */

/* The room of the bars, and what of it is a number of 1. */
typedef struct axis {
    double left, zero, scale;
    double below, above; /* how far bars and their intervals go */
} axis;

static double spread_of(const cz_bars *bars, size_t part)
{
    double spread = bars->panel->spread ? bars->panel->spread[part] : 0;
    return isfinite(spread) ? spread : 0;
}

static cloze_text name_of(const cz_bars *bars, size_t part)
{
    const cloze_plot_part *p = &bars->plot->parts[part];
    return (cloze_text){ bars->plot->texts[p->text].data + p->begin, p->end - p->begin };
}

static cloze_text number_of(const cz_bars *bars, size_t part, char room[CZ_DECIMAL_SIZE])
{
    return cz_decimal_listed(bars->panel->values[part], 3, room);
}

static axis axis_of(const cz_bars *bars, const cz_canvas *canvas, double x, double width)
{
    axis a = { 0 };
    double names = 0, numbers = 0;
    char room[CZ_DECIMAL_SIZE];
    for (size_t i = 0; i < bars->count; i++) {
        size_t part = bars->order[i];
        double value = bars->panel->values[part], spread = spread_of(bars, part);
        names = fmax(names, cz_canvas_extent(canvas, name_of(bars, part), name_right).width);
        numbers =
            fmax(numbers, cz_canvas_extent(canvas, number_of(bars, part, room), number_left).width);
        a.below = fmax(a.below, spread - value);
        a.above = fmax(a.above, value + spread);
    }
    numbers += CZ_GAP;
    double left = x + names + CZ_GAP + (a.below > 0 ? numbers : 0);
    double room_left = fmax(20, x + width - left - (a.above > 0 ? numbers : 0));
    double range = a.below + a.above;
    a.scale = range > 0 ? room_left / range : 0;
    a.left = x + names;
    a.zero = left + a.below * a.scale;
    return a;
}

static void draw_bar(const cz_bars *bars, const cz_canvas *canvas, const axis *a, size_t part,
                     double middle)
{
    double value = bars->panel->values[part], spread = spread_of(bars, part) * a->scale;
    double end = a->zero + value * a->scale;
    char room[CZ_DECIMAL_SIZE];
    cz_canvas_ink(canvas, cz_colour_on(CLOZE_COLOURS_DIVERGING, value < 0 ? 0 : 1), 1);
    cz_canvas_area(canvas, fmin(a->zero, end), middle - THICK / 2.0, fabs(end - a->zero), THICK);
    cz_canvas_grey(canvas, 0.1);
    if (spread > 0) {
        cz_canvas_line(canvas, end - spread, middle, end + spread, middle, 0.8);
        cz_canvas_line(canvas, end - spread, middle - 3, end - spread, middle + 3, 0.8);
        cz_canvas_line(canvas, end + spread, middle - 3, end + spread, middle + 3, 0.8);
    }
    cz_canvas_write(canvas, number_of(bars, part, room),
                    value < 0 ? fmin(end - spread, a->zero) - CZ_GAP / 2.0
                              : fmax(end + spread, a->zero) + CZ_GAP / 2.0,
                    middle, value < 0 ? number_right : number_left);
}

void cz_bars_draw(const cz_bars *bars, const cz_canvas *canvas, double x, double y, double width)
{
    if (!bars->count)
        return;
    axis a = axis_of(bars, canvas, x, width);
    for (size_t i = 0; i < bars->count; i++) {
        double middle = y + ROW * ((double)i + 0.5);
        cz_canvas_grey(canvas, 0.1);
        cz_canvas_write(canvas, name_of(bars, bars->order[i]), a.left, middle, name_right);
        draw_bar(bars, canvas, &a, bars->order[i], middle);
    }
    cz_canvas_grey(canvas, 0.5);
    cz_canvas_line(canvas, a.zero, y, a.zero, y + ROW * (double)bars->count, 0.5);
}
