/* parts.c - texts with parts on coloured grounds, and bars of the same numbers below; views of one text below one
 * another. */
#include "plot/bars.h"
#include "plot/check.h"
#include "plot/decimal.h"
#include "plot/paragraph.h"

#include "base/memory.h"

#include <math.h>

enum {
    TEXTS_MOST = 16,
    PARTS_MOST = 10000,
    PANELS_MOST = 32,
    TEXT_SIZE_MOST = 64 << 10,
    WIDTH = 640,
    LEAST_WIDTH = 200,
    BETWEEN = 18,   /* points between panels */
    TEXT_GAP = 10,  /* below a text */
    KEY_WIDTH = 72, /* of the strip of colours in a panel's title line */
    KEY_HEIGHT = 9,
    KEY_STEPS = 48
};

static const cz_writing title_left = { CZ_BOLD, 0, false, 0 },
                        note_left = { CZ_SMALL, 0, false, 0 }, key_left = { CZ_SMALL, 0, false, 0 },
                        key_right = { CZ_SMALL, 1, false, 0 };

typedef struct drawing {
    cz_canvas canvas;
    const cloze_part_plot *plot;
    cz_paragraph texts[TEXTS_MOST];
    cz_bars bars[PANELS_MOST];
    size_t opened, made; /* of texts and bars */
    double width, height;
} drawing;

static double largest_of(const cloze_part_panel *panel, size_t count)
{
    double largest = 0;
    for (size_t i = 0; i < count; i++)
        largest = fmax(largest, fabs(panel->values[i]));
    return largest;
}

/* ---- where everything goes ---- */

static cloze_status open_texts(drawing *d, cloze_error *error)
{
    const cloze_part_plot *p = d->plot;
    for (size_t i = 0; i < p->text_count && !p->no_text; i++) {
        cloze_status status = cz_paragraph_open(&d->texts[i], &d->canvas, p->texts[i],
                                                d->width - 2 * CZ_MARGIN, error);
        d->opened = i + 1;
        if (status)
            return status;
    }
    return CLOZE_OK;
}

static void close_texts(drawing *d)
{
    for (size_t i = 0; i < d->opened; i++)
        cz_paragraph_close(&d->texts[i]);
    d->opened = 0;
}

static double title_height(const drawing *d, const cloze_part_panel *panel)
{
    return fmax(cz_canvas_row(&d->canvas, panel->title, title_left), 18);
}

static double texts_height(const drawing *d)
{
    double height = 0;
    for (size_t i = 0; i < d->opened; i++)
        height += d->texts[i].height + TEXT_GAP;
    return height;
}

static cloze_status arrange(drawing *d, cloze_error *error)
{
    const cloze_part_plot *p = d->plot;
    d->width = p->width > 0 ? p->width : WIDTH;
    d->width =
        fmax(d->width, 2 * CZ_MARGIN + cz_canvas_extent(&d->canvas, p->title, title_left).width);
    cloze_status status = open_texts(d, error);
    d->height = 2 * CZ_MARGIN + cz_canvas_row(&d->canvas, p->title, title_left);
    for (size_t i = 0; i < p->panel_count && !status; i++) {
        const cloze_part_panel *panel = &p->panels[i];
        status = cz_bars_make(&d->bars[i], p, panel, error);
        d->made = i + 1;
        d->height += (i ? BETWEEN : 0) + title_height(d, panel) + texts_height(d) +
                     cz_bars_height(&d->bars[i]) +
                     cz_canvas_row(&d->canvas, panel->note, note_left);
    }
    return status;
}

/* ---- drawing ---- */

/* The strip of colours with its ends, at the right of a panel's title. */
static void draw_key(const drawing *d, double largest, double y)
{
    char low[CZ_DECIMAL_SIZE], high[CZ_DECIMAL_SIZE];
    cloze_text most = cz_decimal_listed(largest, 3, high);
    cloze_text least = cz_decimal_listed(-largest, 3, low);
    double right = d->width - CZ_MARGIN;
    double to = right - cz_canvas_extent(&d->canvas, most, key_left).width - CZ_GAP;
    double from = to - KEY_WIDTH;
    for (int i = 0; i < KEY_STEPS; i++) {
        cz_canvas_ink(&d->canvas, cz_colour_on(CLOZE_COLOURS_DIVERGING, (i + 0.5) / KEY_STEPS), 1);
        cz_canvas_area(&d->canvas, from + (double)KEY_WIDTH * i / KEY_STEPS, y - KEY_HEIGHT / 2.0,
                       (double)KEY_WIDTH / KEY_STEPS + 0.25, KEY_HEIGHT);
    }
    cz_canvas_grey(&d->canvas, 0.1);
    cz_canvas_frame(&d->canvas, from, y - KEY_HEIGHT / 2.0, KEY_WIDTH, KEY_HEIGHT);
    cz_canvas_write(&d->canvas, least, from - CZ_GAP, y, key_right);
    cz_canvas_write(&d->canvas, most, right, y, key_right);
}

static void draw_texts(const drawing *d, const cloze_part_panel *panel, double largest, double y)
{
    const cloze_part_plot *p = d->plot;
    for (size_t t = 0; t < d->opened; t++) {
        for (size_t i = 0; i < p->part_count && largest > 0; i++) {
            double share = panel->values[i] / largest;
            if (p->parts[i].text != t)
                continue;
            cz_canvas_ink(&d->canvas, cz_colour_on(CLOZE_COLOURS_DIVERGING, 0.5 + share / 2), 1);
            cz_paragraph_ground(&d->texts[t], p->parts[i].begin, p->parts[i].end, CZ_MARGIN, y);
        }
        cz_canvas_grey(&d->canvas, 0);
        cz_paragraph_write(&d->texts[t], CZ_MARGIN, y);
        y += d->texts[t].height + TEXT_GAP;
    }
}

static double draw_panel(const drawing *d, size_t number, double y)
{
    const cloze_part_panel *panel = &d->plot->panels[number];
    double largest = largest_of(panel, d->plot->part_count), title = title_height(d, panel);
    cz_canvas_grey(&d->canvas, 0.1);
    cz_canvas_write(&d->canvas, panel->title, CZ_MARGIN, y + (title - CZ_GAP) / 2, title_left);
    if (!d->plot->no_text)
        draw_key(d, largest, y + (title - CZ_GAP) / 2);
    y += title;
    draw_texts(d, panel, largest, y);
    y += texts_height(d);
    cz_bars_draw(&d->bars[number], &d->canvas, CZ_MARGIN, y, d->width - 2 * CZ_MARGIN);
    y += cz_bars_height(&d->bars[number]);
    cz_canvas_grey(&d->canvas, 0.3);
    double note = cz_canvas_row(&d->canvas, panel->note, note_left);
    cz_canvas_write(&d->canvas, panel->note, CZ_MARGIN, y + note / 2, note_left);
    return y + note;
}

static void draw(const drawing *d)
{
    const cloze_part_plot *p = d->plot;
    double title = cz_canvas_row(&d->canvas, p->title, title_left), y = CZ_MARGIN;
    cz_canvas_grey(&d->canvas, 0.1);
    cz_canvas_write(&d->canvas, p->title, CZ_MARGIN, y + (title - CZ_GAP) / 2, title_left);
    y += title;
    for (size_t i = 0; i < p->panel_count; i++)
        y = draw_panel(d, i, y + (i ? BETWEEN : 0));
}

/* ---- what is asked ---- */

static bool is_boundary(cloze_text text, size_t at)
{
    return at == text.size || ((unsigned char)text.data[at] & 0xc0) != 0x80;
}

static cloze_status check_texts(const cloze_part_plot *p, cloze_error *error)
{
    for (size_t i = 0; i < p->text_count; i++) {
        if (!cz_is_text(p->texts[i]))
            return cz_fail(error, CLOZE_ERROR_TEXT, "text %zu is not UTF-8", i + 1);
        if (p->texts[i].size > TEXT_SIZE_MOST)
            return cz_fail(error, CLOZE_ERROR_LIMIT, "text %zu has %zu bytes; it may have %d",
                           i + 1, p->texts[i].size, (int)TEXT_SIZE_MOST);
    }
    for (size_t i = 0; i < p->part_count; i++) {
        const cloze_plot_part *part = &p->parts[i];
        if (part->text >= p->text_count || part->begin > part->end ||
            part->end > p->texts[part->text].size ||
            !is_boundary(p->texts[part->text], part->begin) ||
            !is_boundary(p->texts[part->text], part->end))
            return cz_fail(error, CLOZE_ERROR_ARGUMENT, "part %zu is no part of its text", i + 1);
    }
    return CLOZE_OK;
}

static cloze_status check_panel(const cloze_part_plot *p, size_t number, cloze_error *error)
{
    const cloze_part_panel *panel = &p->panels[number];
    if (!cz_is_text(panel->title) || !cz_is_text(panel->note))
        return cz_fail(error, CLOZE_ERROR_TEXT, "the title of panel %zu is not UTF-8", number + 1);
    for (size_t i = 0; i < p->part_count; i++)
        if (!isfinite(panel->values[i]))
            return cz_fail(error, CLOZE_ERROR_ARGUMENT, "panel %zu: number %zu is not finite",
                           number + 1, i + 1);
    return CLOZE_OK;
}

static cloze_status check(const cloze_part_plot *p, cloze_error *error)
{
    if (!p->text_count || p->text_count > TEXTS_MOST || !p->part_count ||
        p->part_count > PARTS_MOST || !p->panel_count || p->panel_count > PANELS_MOST)
        return cz_fail(error, CLOZE_ERROR_LIMIT,
                       "%zu texts, %zu parts and %zu panels; there must be 1 to %d, %d and %d",
                       p->text_count, p->part_count, p->panel_count, (int)TEXTS_MOST,
                       (int)PARTS_MOST, (int)PANELS_MOST);
    if (!cz_is_text(p->title))
        return cz_fail(error, CLOZE_ERROR_TEXT, "the title is not UTF-8");
    cloze_status status = cz_check_size(p->width, 0, error);
    if (!status)
        status = check_texts(p, error);
    for (size_t i = 0; i < p->panel_count && !status; i++)
        status = check_panel(p, i, error);
    return status;
}

/* Texts that were laid out to be measured belong to the canvas of then. */
static cloze_status lay_again(drawing *d, cloze_error *error)
{
    close_texts(d);
    cloze_status status = cz_canvas_size(&d->canvas, d->width, d->height, error);
    return status ? status : open_texts(d, error);
}

cloze_status cloze_plot_parts(const cloze_part_plot *plot, const char *path, cloze_error *error)
{
    drawing d = { .plot = plot };
    cloze_status status = check(plot, error);
    if (status)
        return status;
    status = cz_canvas_open(&d.canvas, path, error);
    if (!status)
        status = arrange(&d, error);
    if (!status)
        status = lay_again(&d, error);
    if (!status) {
        draw(&d);
        status = cz_canvas_save(&d.canvas, error);
    }
    close_texts(&d);
    for (size_t i = 0; i < d.made; i++)
        cz_bars_clear(&d.bars[i]);
    cz_canvas_close(&d.canvas);
    return status;
}
