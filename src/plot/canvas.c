/* canvas.c - see canvas.h. Fonts are not fitted to pixels, so that texts are as wide in every format
 * as they were when they were measured. */
#include "plot/canvas.h"

#include "base/utf8.h"

#include <math.h>
#include <string.h>

enum { TEXT_MOST = 1000 };

static const char *const fonts[CZ_FACES] = { "Sans 9", "Sans Bold 10", "Sans 8", "Sans 11",
                                             "Sans 8" };

/* ---- text ---- */

/* Pango stops at a zero and warns of it on standard error; other controls would break the line. */
static size_t clean(char *out, cloze_text text)
{
    size_t used = 0;
    while (used < text.size) {
        size_t step = cz_utf8_length(text.data + used, text.size - used);
        if (!step || used + step > TEXT_MOST)
            break;
        memcpy(out + used, text.data + used, step);
        if (step == 1 && ((unsigned char)out[used] < 0x20 || out[used] == 0x7f))
            out[used] = ' ';
        used += step;
    }
    return used;
}

/* A layout that is given a width puts Arabic and Hebrew at its right end, so only texts that must be
 * cut are given one. */
static PangoLayout *layout_of(const cz_canvas *canvas, cloze_text text, cz_writing how,
                              cz_extent *size)
{
    const cz_cairo_library *c = &canvas->c;
    char room[TEXT_MOST];
    int width = 0, height = 0;
    PangoLayout *layout = c->pango_cairo_create_layout(canvas->cr);
    c->pango_cairo_context_set_font_options(c->pango_layout_get_context(layout), canvas->options);
    c->pango_layout_context_changed(layout);
    c->pango_layout_set_single_paragraph_mode(layout, 1);
    c->pango_layout_set_font_description(layout, canvas->faces[how.face]);
    c->pango_layout_set_text(layout, room, (int)clean(room, text));
    c->pango_layout_get_pixel_size(layout, &width, &height);
    if (how.most > 0 && width > how.most) {
        c->pango_layout_set_ellipsize(layout, PANGO_ELLIPSIZE_END);
        c->pango_layout_set_width(layout, (int)(how.most * PANGO_SCALE));
    }
    *size = (cz_extent){ how.most > 0 ? fmin(width, how.most) : width, height };
    return layout;
}

cz_extent cz_canvas_extent(const cz_canvas *canvas, cloze_text text, cz_writing how)
{
    cz_extent size = { 0, 0 };
    if (text.size)
        canvas->c.g_object_unref(layout_of(canvas, text, how, &size));
    return size;
}

double cz_canvas_row(const cz_canvas *canvas, cloze_text text, cz_writing how)
{
    return text.size ? cz_canvas_extent(canvas, text, how).height + CZ_GAP : 0;
}

static void draw_rim(const cz_canvas *canvas, PangoLayout *layout)
{
    const cz_cairo_library *c = &canvas->c;
    c->cairo_save(canvas->cr);
    c->pango_cairo_layout_path(canvas->cr, layout);
    c->cairo_set_line_width(canvas->cr, 3);
    c->cairo_set_line_join(canvas->cr, CAIRO_LINE_JOIN_ROUND);
    cz_canvas_grey(canvas, 1);
    c->cairo_stroke(canvas->cr);
    c->cairo_restore(canvas->cr);
}

void cz_canvas_write(const cz_canvas *canvas, cloze_text text, double x, double y, cz_writing how)
{
    const cz_cairo_library *c = &canvas->c;
    cz_extent size;
    PangoLayout *layout;
    if (!text.size)
        return;
    layout = layout_of(canvas, text, how, &size);
    c->cairo_save(canvas->cr);
    c->cairo_translate(canvas->cr, x, y);
    if (how.turned)
        c->cairo_rotate(canvas->cr, -acos(0.0));
    c->cairo_move_to(canvas->cr, -how.align * size.width, -size.height / 2);
    if (how.face == CZ_RIMMED) {
        draw_rim(canvas, layout);
        c->cairo_move_to(canvas->cr, -how.align * size.width, -size.height / 2);
    }
    c->pango_cairo_show_layout(canvas->cr, layout);
    c->cairo_new_path(canvas->cr); /* else the next shape begins where the text does */
    c->cairo_restore(canvas->cr);
    c->g_object_unref(layout);
}

/* ---- lines and areas ---- */

void cz_canvas_ink(const cz_canvas *canvas, cz_colour colour, double opacity)
{
    canvas->c.cairo_set_source_rgba(canvas->cr, colour.red, colour.green, colour.blue, opacity);
}

void cz_canvas_grey(const cz_canvas *canvas, double lightness)
{
    cz_canvas_ink(canvas, (cz_colour){ lightness, lightness, lightness }, 1);
}

void cz_canvas_line(const cz_canvas *canvas, double x, double y, double to_x, double to_y,
                    double width)
{
    canvas->c.cairo_set_line_width(canvas->cr, width);
    canvas->c.cairo_move_to(canvas->cr, x, y);
    canvas->c.cairo_line_to(canvas->cr, to_x, to_y);
    canvas->c.cairo_stroke(canvas->cr);
}

void cz_canvas_area(const cz_canvas *canvas, double x, double y, double width, double height)
{
    canvas->c.cairo_rectangle(canvas->cr, x, y, width, height);
    canvas->c.cairo_fill(canvas->cr);
}

void cz_canvas_frame(const cz_canvas *canvas, double x, double y, double width, double height)
{
    canvas->c.cairo_set_line_width(canvas->cr, 0.5);
    canvas->c.cairo_rectangle(canvas->cr, x, y, width, height);
    canvas->c.cairo_stroke(canvas->cr);
}

/* ---- opening ---- */

/* A surface of a point serves to measure texts before the real size is known. */
static cloze_status begin_measuring(cz_canvas *canvas, cloze_error *error)
{
    const cz_cairo_library *c = &canvas->c;
    canvas->surface = c->cairo_image_surface_create(CAIRO_FORMAT_RGB24, 1, 1);
    canvas->cr = c->cairo_create(canvas->surface);
    canvas->options = c->cairo_font_options_create();
    c->cairo_font_options_set_hint_style(canvas->options, CAIRO_HINT_STYLE_NONE);
    c->cairo_font_options_set_hint_metrics(canvas->options, CAIRO_HINT_METRICS_OFF);
    c->cairo_font_options_set_antialias(canvas->options, CAIRO_ANTIALIAS_GRAY);
    for (int i = 0; i < CZ_FACES; i++)
        canvas->faces[i] = c->pango_font_description_from_string(fonts[i]);
    if (!c->cairo_status(canvas->cr))
        return CLOZE_OK;
    return cz_fail(error, CLOZE_ERROR_MEMORY, "a picture cannot be begun: %s",
                   c->cairo_status_to_string(c->cairo_status(canvas->cr)));
}

cloze_status cz_canvas_open(cz_canvas *canvas, const char *path, cloze_error *error)
{
    cloze_status status;
    memset(canvas, 0, sizeof *canvas);
    canvas->path = path;
    status = cz_format_of(&canvas->format, path, error);
    if (!status)
        status = cz_cairo_load(&canvas->c, error);
    return status ? status : begin_measuring(canvas, error);
}
