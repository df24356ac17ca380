/* cells.c - see cells.h. */
#include "plot/cells.h"

#include "base/memory.h"

#include <math.h>
#include <string.h>

enum { AREAS_MOST = 40 * 40 };

/* Drawn cells, each of `block` x `block` numbers. */
typedef struct grid {
    const cz_cells *cells;
    const cz_shades *shades;
    size_t block, rows, columns;
    double *largest; /* [cells.rows] */
} grid;

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* The share of the strongest number of a block. */
static double share_of(const grid *g, size_t row, size_t column)
{
    const cz_cells *c = g->cells;
    double strongest = -1, found = 0;
    bool sides = cz_shades_share(g->shades, 0, 1) > 0.25;
    for (size_t r = row * g->block; r < least((row + 1) * g->block, c->rows); r++)
        for (size_t k = column * g->block; k < least((column + 1) * g->block, c->columns); k++) {
            double share =
                cz_shades_share(g->shades, (double)c->values[r * c->columns + k], g->largest[r]);
            double strength = sides ? fabs(share - 0.5) : share;
            if (strength > strongest) {
                strongest = strength;
                found = share;
            }
        }
    return found;
}

static void draw_areas(const cz_canvas *canvas, const grid *g, double x, double y, double width,
                       double height)
{
    double across = width / (double)g->columns, down = height / (double)g->rows;
    for (size_t r = 0; r < g->rows; r++)
        for (size_t c = 0; c < g->columns; c++) {
            cz_canvas_ink(canvas, cz_colour_on(g->shades->map, share_of(g, r, c)), 1);
            cz_canvas_area(canvas, x + across * (double)c, y + down * (double)r, across, down);
        }
}

static unsigned byte_of(double channel)
{
    return (unsigned)(255 * channel + 0.5);
}

static void fill_image(const cz_canvas *canvas, const grid *g, cairo_surface_t *image)
{
    unsigned char *data = canvas->c.cairo_image_surface_get_data(image);
    size_t stride = (size_t)canvas->c.cairo_image_surface_get_stride(image);
    for (size_t r = 0; r < g->rows; r++)
        for (size_t c = 0; c < g->columns; c++) {
            cz_colour colour = cz_colour_on(g->shades->map, share_of(g, r, c));
            uint32_t pixel =
                byte_of(colour.red) << 16 | byte_of(colour.green) << 8 | byte_of(colour.blue);
            memcpy(data + r * stride + 4 * c, &pixel, sizeof pixel);
        }
    canvas->c.cairo_surface_mark_dirty(image);
}

static cloze_status draw_image(const cz_canvas *canvas, const grid *g, double x, double y,
                               double width, double height, cloze_error *error)
{
    const cz_cairo_library *c = &canvas->c;
    cairo_surface_t *image =
        c->cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)g->columns, (int)g->rows);
    if (c->cairo_surface_status(image)) {
        c->cairo_surface_destroy(image);
        return cz_fail_memory(error, "an image", g->rows * g->columns * 4);
    }
    fill_image(canvas, g, image);
    c->cairo_save(canvas->cr);
    c->cairo_translate(canvas->cr, x, y);
    c->cairo_scale(canvas->cr, width / (double)g->columns, height / (double)g->rows);
    c->cairo_set_source_surface(canvas->cr, image, 0, 0);
    c->cairo_pattern_set_filter(c->cairo_get_source(canvas->cr), CAIRO_FILTER_NEAREST);
    c->cairo_rectangle(canvas->cr, 0, 0, (double)g->columns, (double)g->rows);
    c->cairo_fill(canvas->cr);
    c->cairo_restore(canvas->cr);
    c->cairo_surface_destroy(image);
    return CLOZE_OK;
}

cloze_status cz_cells_draw(const cz_canvas *canvas, const cz_shades *shades, const cz_cells *cells,
                           double x, double y, double width, double height, cloze_error *error)
{
    grid g = { .cells = cells, .shades = shades, .block = 1 };
    size_t longest = cells->rows > cells->columns ? cells->rows : cells->columns;
    cloze_status status = CLOZE_OK;
    if (cells->most)
        g.block = (longest + cells->most - 1) / cells->most;
    g.rows = (cells->rows + g.block - 1) / g.block;
    g.columns = (cells->columns + g.block - 1) / g.block;
    if (!(g.largest = cz_allocate(NULL, cells->rows, sizeof *g.largest)))
        return cz_fail_memory(error, "rows", cells->rows * sizeof *g.largest);
    for (size_t r = 0; r < cells->rows; r++)
        g.largest[r] = cz_largest(cells->values + r * cells->columns, cells->columns);
    if (g.rows * g.columns <= AREAS_MOST)
        draw_areas(canvas, &g, x, y, width, height);
    else
        status = draw_image(canvas, &g, x, y, width, height, error);
    cz_release(NULL, g.largest);
    return status;
}
