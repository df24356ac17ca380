/* paragraph.c - see paragraph.h. */
#include "plot/paragraph.h"

#include "base/memory.h"

#include <string.h>

enum { LINE_GAP = 5, PADDING = 1 };

static PangoLayout *new_layout(const cz_canvas *canvas, const char *text, size_t size, double width)
{
    const cz_cairo_library *c = &canvas->c;
    PangoLayout *layout = c->pango_cairo_create_layout(canvas->cr);
    c->pango_cairo_context_set_font_options(c->pango_layout_get_context(layout), canvas->options);
    c->pango_layout_context_changed(layout);
    c->pango_layout_set_font_description(layout, canvas->faces[CZ_TEXT]);
    c->pango_layout_set_width(layout, (int)(width * PANGO_SCALE));
    c->pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR);
    c->pango_layout_set_spacing(layout, LINE_GAP * PANGO_SCALE);
    c->pango_layout_set_text(layout, text, (int)size);
    return layout;
}

/* Byte for byte, so that places stay; lines of the text stay lines. */
static void clean(char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (((unsigned char)text[i] < 0x20 && text[i] != '\n') || text[i] == 0x7f)
            text[i] = ' ';
}

cloze_status cz_paragraph_open(cz_paragraph *out, const cz_canvas *canvas, cloze_text text,
                               double width, cloze_error *error)
{
    int across = 0, height = 0;
    *out = (cz_paragraph){ .canvas = canvas };
    if (!(out->text = cz_copy_text(NULL, text.size ? text.data : "", text.size)))
        return cz_fail_memory(error, "a text", text.size);
    clean(out->text, text.size);
    out->layout = new_layout(canvas, out->text, text.size, width);
    canvas->c.pango_layout_get_pixel_size(out->layout, &across, &height);
    out->height = height;
    return CLOZE_OK;
}

void cz_paragraph_close(cz_paragraph *paragraph)
{
    if (paragraph->layout)
        paragraph->canvas->c.g_object_unref(paragraph->layout);
    cz_release(NULL, paragraph->text);
}

/* In one line a part may lie in several places, where directions mix. */
static void ground_line(const cz_paragraph *p, PangoLayoutIter *at, int begin, int end, double x,
                        double y)
{
    const cz_cairo_library *c = &p->canvas->c;
    PangoLayoutLine *line = c->pango_layout_iter_get_line_readonly(at);
    PangoRectangle lies;
    int *ranges = NULL, count = 0;
    int first = line->start_index > begin ? line->start_index : begin;
    int last = line->start_index + line->length < end ? line->start_index + line->length : end;
    if (first >= last)
        return;
    c->pango_layout_iter_get_line_extents(at, NULL, &lies);
    c->pango_layout_line_get_x_ranges(line, first, last, &ranges, &count);
    for (int i = 0; i < count; i++) {
        double from = (double)ranges[2 * i] / PANGO_SCALE;
        double to = (double)ranges[2 * i + 1] / PANGO_SCALE;
        cz_canvas_area(p->canvas, x + from, y + (double)lies.y / PANGO_SCALE - PADDING, to - from,
                       (double)lies.height / PANGO_SCALE + 2 * PADDING);
    }
    c->g_free(ranges);
}

void cz_paragraph_ground(const cz_paragraph *paragraph, size_t begin, size_t end, double x,
                         double y)
{
    const cz_cairo_library *c = &paragraph->canvas->c;
    PangoLayoutIter *at = c->pango_layout_get_iter(paragraph->layout);
    do
        ground_line(paragraph, at, (int)begin, (int)end, x, y);
    while (c->pango_layout_iter_next_line(at));
    c->pango_layout_iter_free(at);
}

void cz_paragraph_write(const cz_paragraph *paragraph, double x, double y)
{
    const cz_cairo_library *c = &paragraph->canvas->c;
    c->cairo_move_to(paragraph->canvas->cr, x, y);
    c->pango_cairo_show_layout(paragraph->canvas->cr, paragraph->layout);
    c->cairo_new_path(paragraph->canvas->cr);
}
