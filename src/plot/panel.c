/* panel.c - see panel.h. */
#include "plot/panel.h"

#include <math.h>

enum { MARK = 3, LINE = 16, ROOM_Y = 34 };

static const cz_writing number_right = { CZ_SMALL, 1, false, 150 },
                        number_middle = { CZ_SMALL, 0.5, false, 150 },
                        number_upwards = { CZ_SMALL, 1, true, 150 };

void cz_panel_place(cz_panel *panel, double left, double top, double right, double bottom)
{
    panel->left = panel->x.from = left;
    panel->right = panel->x.to = right;
    panel->top = panel->y.to = top;
    panel->bottom = panel->y.from = bottom;
}

static double widest(const cz_ticks *ticks, const cz_canvas *canvas)
{
    double most = 0;
    for (size_t i = 0; i < ticks->count; i++)
        most =
            fmax(most, cz_canvas_extent(canvas, cz_tick_text(&ticks->at[i]), number_right).width);
    return most;
}

void cz_panel_choose_y(cz_panel *panel, double height)
{
    cz_ticks_choose(&panel->y_ticks, &panel->y, (size_t)fmax(2, height / ROOM_Y));
}

void cz_panel_choose_x(cz_panel *panel, const cz_canvas *canvas, double width)
{
    for (size_t most = 12; most > 1; most--) {
        size_t named = 0;
        cz_ticks_choose(&panel->x_ticks, &panel->x, most);
        for (size_t i = 0; i < panel->x_ticks.count; i++)
            named += panel->x_ticks.at[i].size > 0;
        if ((double)named * (widest(&panel->x_ticks, canvas) + 4 * CZ_GAP) <= width)
            break;
    }
}

double cz_panel_left(const cz_panel *panel, const cz_canvas *canvas)
{
    return widest(&panel->y_ticks, canvas) + MARK + CZ_GAP;
}

/* Names, other than numbers, must all be there. */
static bool is_turned(const cz_panel *panel, const cz_canvas *canvas, double width)
{
    const cz_ticks *ticks = &panel->x_ticks;
    return ticks->count && ticks->at[0].name.size &&
           widest(ticks, canvas) + CZ_GAP > width / (double)ticks->count;
}

double cz_panel_below(const cz_panel *panel, const cz_canvas *canvas, double width)
{
    return MARK +
           (is_turned(panel, canvas, width) ? widest(&panel->x_ticks, canvas) + CZ_GAP : LINE);
}

static void draw_y(const cz_panel *panel, const cz_canvas *canvas)
{
    for (size_t i = 0; i < panel->y_ticks.count; i++) {
        const cz_tick *tick = &panel->y_ticks.at[i];
        double y = cz_scale_place(&panel->y, tick->value);
        cloze_text text = cz_tick_text(tick);
        cz_canvas_grey(canvas, text.size ? 0.88 : 0.95);
        cz_canvas_line(canvas, panel->left, y, panel->right, y, 0.5);
        cz_canvas_grey(canvas, 0.3);
        cz_canvas_line(canvas, panel->left - (text.size ? MARK : MARK / 2.0), y, panel->left, y,
                       0.7);
        cz_canvas_write(canvas, text, panel->left - MARK - CZ_GAP / 2.0, y, number_right);
    }
}

/* A number that would touch the one before is left out. */
static void draw_x(const cz_panel *panel, const cz_canvas *canvas, bool below)
{
    bool turned = is_turned(panel, canvas, panel->right - panel->left);
    double taken = -1e9, beneath = panel->bottom + MARK + 1;
    for (size_t i = 0; i < panel->x_ticks.count; i++) {
        const cz_tick *tick = &panel->x_ticks.at[i];
        double x = cz_scale_place(&panel->x, tick->value);
        cloze_text text = cz_tick_text(tick);
        double half = turned ? 5 : cz_canvas_extent(canvas, text, number_middle).width / 2;
        cz_canvas_grey(canvas, text.size ? 0.92 : 0.97);
        cz_canvas_line(canvas, x, panel->top, x, panel->bottom, 0.5);
        cz_canvas_grey(canvas, 0.3);
        cz_canvas_line(canvas, x, panel->bottom, x, panel->bottom + (text.size ? MARK : MARK / 2.0),
                       0.7);
        if (!below || !text.size || x - half < taken)
            continue;
        cz_canvas_write(canvas, text, x, beneath + (turned ? 2 : LINE / 2.0),
                        turned ? number_upwards : number_middle);
        taken = x + half + CZ_GAP / 2.0;
    }
}

void cz_panel_ground(const cz_panel *panel, const cz_canvas *canvas, bool below)
{
    draw_y(panel, canvas);
    draw_x(panel, canvas, below);
    cz_canvas_grey(canvas, 0.3);
    cz_canvas_line(canvas, panel->left, panel->top, panel->left, panel->bottom, 0.7);
    cz_canvas_line(canvas, panel->left, panel->bottom, panel->right, panel->bottom, 0.7);
}

void cz_panel_clip(const cz_panel *panel, const cz_canvas *canvas)
{
    const cz_cairo_library *c = &canvas->c;
    c->cairo_save(canvas->cr);
    c->cairo_rectangle(canvas->cr, panel->left - 4, panel->top - 4, panel->right - panel->left + 8,
                       panel->bottom - panel->top + 8);
    c->cairo_clip(canvas->cr);
}
