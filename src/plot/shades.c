/* shades.c - see shades.h. */
#include "plot/shades.h"

#include "plot/decimal.h"
#include "plot/legend.h"

#include <math.h>

enum { POWERS = 4, STEPS = 96, MARKS = 3, TITLE_ROW = 18 };

static const cz_writing name_left = { CZ_PLAIN, 0, false, CZ_NAME_MOST };

cz_shades cz_shades_of(cloze_colour_map map, cloze_plot_scale scale, bool is_signed)
{
    return (cz_shades){ .map = map, .scale = scale, .is_signed = is_signed };
}

bool cz_shades_add(cz_shades *shades, const float *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        double value = (double)values[i];
        if (!isfinite(value))
            return false;
        shades->low = fmin(shades->low, value);
        shades->high = fmax(shades->high, value);
    }
    return true;
}

double cz_largest(const float *values, size_t count)
{
    double largest = 0;
    for (size_t i = 0; i < count; i++)
        largest = fmax(largest, fabs((double)values[i]));
    return largest;
}

static double largest_of(const cz_shades *shades)
{
    return fmax(-shades->low, shades->high);
}

static bool has_sides(const cz_shades *shades)
{
    return shades->is_signed || shades->low < 0;
}

/* The size as a share, by powers of ten where the scale is one of them. */
static double strength(const cz_shades *shades, double value, double largest)
{
    double share = largest > 0 ? fabs(value) / largest : 0;
    if (shades->scale != CLOZE_PLOT_LOGARITHMIC)
        return share;
    return share > 0 ? fmax(0, 1 + log10(share) / POWERS) : 0;
}

double cz_shades_share(const cz_shades *shades, double value, double largest)
{
    double size = strength(shades, value,
                           shades->scale == CLOZE_PLOT_ROW_HIGHEST ? largest : largest_of(shades));
    if (!has_sides(shades))
        return size;
    return 0.5 + (value < 0 ? -size : size) / 2;
}

/* ---- the bar ---- */

/* What the bar says at a share of its height, from 0 at the bottom to 1. */
static double value_at(const cz_shades *shades, double share)
{
    double at = has_sides(shades) ? 2 * share - 1 : share, size = fabs(at);
    double largest = shades->scale == CLOZE_PLOT_ROW_HIGHEST ? 1 : largest_of(shades);
    if (shades->scale == CLOZE_PLOT_LOGARITHMIC && (size > 0 || !has_sides(shades)))
        size = pow(10, (size - 1) * POWERS);
    return (at < 0 ? -size : size) * largest;
}

static cloze_text mark_text(const cz_shades *shades, int mark, char room[CZ_DECIMAL_SIZE])
{
    double value = value_at(shades, (double)mark / (MARKS - 1));
    return cz_decimal_listed(value, 3, room);
}

double cz_shades_width(const cz_canvas *canvas, const cz_shades *shades, cloze_text title)
{
    double names = 0;
    char room[CZ_DECIMAL_SIZE];
    for (int i = 0; i < MARKS; i++)
        names = fmax(names, cz_canvas_extent(canvas, mark_text(shades, i, room), name_left).width);
    return fmax(CZ_BAR + CZ_GAP + names, cz_canvas_extent(canvas, title, name_left).width);
}

void cz_shades_draw(const cz_canvas *canvas, const cz_shades *shades, cloze_text title, double x,
                    double top, double height)
{
    char room[CZ_DECIMAL_SIZE];
    cz_canvas_grey(canvas, 0.1);
    if (title.size) {
        cz_canvas_write(canvas, title, x, top + TITLE_ROW / 2.0 - 2, name_left);
        top += TITLE_ROW;
        height -= TITLE_ROW;
    }
    for (int i = 0; i < STEPS; i++) {
        cz_canvas_ink(canvas, cz_colour_on(shades->map, 1 - (i + 0.5) / STEPS), 1);
        cz_canvas_area(canvas, x, top + height * i / STEPS, CZ_BAR, height / STEPS + 0.5);
    }
    cz_canvas_grey(canvas, 0.1);
    cz_canvas_frame(canvas, x, top, CZ_BAR, height);
    for (int i = 0; i < MARKS; i++) {
        double y = top + height * (1 - (double)i / (MARKS - 1));
        double inside = i == 0 ? -6 : i == MARKS - 1 ? 6 : 0;
        cz_canvas_line(canvas, x + CZ_BAR, y, x + CZ_BAR + 3, y, 0.5);
        cz_canvas_write(canvas, mark_text(shades, i, room), x + CZ_BAR + CZ_GAP, y + inside,
                        name_left);
    }
}
