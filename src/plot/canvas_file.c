/* canvas_file.c - the picture as a file: kept in memory until it is whole, then written. */
#include "plot/canvas.h"

#include "base/file.h"
#include "base/memory.h"

#include <cloze/plot.h>

#include <math.h>
#include <string.h>
#include <strings.h>

enum { SCALE = 2, PIXELS_MOST = 30000, VECTOR_MOST = 14400 }; /* as far as readers of PDF go */
static const double area_most = 1.5e8;                        /* pixels */

cloze_status cz_format_of(cz_format *out, const char *path, cloze_error *error)
{
    static const char *const endings[] = { ".png", ".svg", ".pdf" };
    size_t size = strlen(path);
    for (int i = 0; i < 3; i++)
        if (size > 4 && !strcasecmp(path + size - 4, endings[i])) {
            *out = (cz_format)i;
            return CLOZE_OK;
        }
    return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                   "%.200s: a picture's name ends in .png, .svg or .pdf", path);
}

static cairo_status_t put(void *closure, const unsigned char *data, unsigned size)
{
    cz_bytes *to = closure;
    void *items = to->data;
    size_t needed;
    if (!cz_add(to->size, size, &needed) || !cz_grow(NULL, &items, &to->capacity, needed, 1))
        return CAIRO_STATUS_NO_MEMORY;
    to->data = items;
    memcpy(to->data + to->size, data, size);
    to->size = needed;
    return CAIRO_STATUS_SUCCESS;
}

static cloze_status fail(const cz_canvas *canvas, cairo_status_t state, cloze_error *error)
{
    return cz_fail(error, state == CAIRO_STATUS_NO_MEMORY ? CLOZE_ERROR_MEMORY : CLOZE_ERROR_IO,
                   "cannot draw %.200s: %s", canvas->path, canvas->c.cairo_status_to_string(state));
}

static cairo_surface_t *new_surface(cz_canvas *canvas, double width, double height)
{
    const cz_cairo_library *c = &canvas->c;
    cairo_surface_t *surface;
    if (canvas->format == CZ_PNG)
        return c->cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)width * SCALE,
                                             (int)height * SCALE);
    if (canvas->format == CZ_SVG)
        return c->cairo_svg_surface_create_for_stream(put, &canvas->bytes, width, height);
    surface = c->cairo_pdf_surface_create_for_stream(put, &canvas->bytes, width, height);
    /* Without the time of day, the same picture is the same file. */
    c->cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATE_DATE, "");
    return surface;
}

static void end_surface(cz_canvas *canvas)
{
    if (canvas->cr)
        canvas->c.cairo_destroy(canvas->cr);
    if (canvas->surface)
        canvas->c.cairo_surface_destroy(canvas->surface);
    canvas->cr = NULL;
    canvas->surface = NULL;
}

cloze_status cz_canvas_size(cz_canvas *canvas, double width, double height, cloze_error *error)
{
    const cz_cairo_library *c = &canvas->c;
    bool pixels = canvas->format == CZ_PNG;
    double scale = pixels ? SCALE : 1, most = pixels ? PIXELS_MOST : VECTOR_MOST;
    width = ceil(width);
    height = ceil(height);
    if (!(width * scale <= most && height * scale <= most &&
          width * height * scale * scale <= area_most))
        return cz_fail(error, CLOZE_ERROR_LIMIT, "the picture would be %.0f x %.0f %s",
                       width * scale, height * scale, pixels ? "pixels" : "points");
    end_surface(canvas);
    canvas->surface = new_surface(canvas, width, height);
    canvas->cr = c->cairo_create(canvas->surface);
    if (c->cairo_status(canvas->cr))
        return fail(canvas, c->cairo_status(canvas->cr), error);
    if (pixels)
        c->cairo_scale(canvas->cr, SCALE, SCALE);
    cz_canvas_grey(canvas, 1);
    c->cairo_paint(canvas->cr);
    return CLOZE_OK;
}

/* Cairo numbers the surfaces of a process, and puts the number into the file. Texts are outlines
 * there, so that no text can look like it. */
static void forget_number(cz_bytes *bytes)
{
    static const char name[] = "id=\"surface";
    unsigned char *at = memmem(bytes->data, bytes->size, name, sizeof name - 1), *end;
    if (!at)
        return;
    at += sizeof name - 1;
    for (end = at; end < bytes->data + bytes->size && *end >= '0' && *end <= '9';)
        end++;
    memmove(at, end, (size_t)(bytes->data + bytes->size - end));
    bytes->size -= (size_t)(end - at);
}

cloze_status cz_canvas_save(cz_canvas *canvas, cloze_error *error)
{
    const cz_cairo_library *c = &canvas->c;
    cairo_status_t state = c->cairo_status(canvas->cr);
    if (!state && canvas->format == CZ_PNG)
        state = c->cairo_surface_write_to_png_stream(canvas->surface, put, &canvas->bytes);
    c->cairo_surface_finish(canvas->surface);
    if (!state)
        state = c->cairo_surface_status(canvas->surface);
    if (state)
        return fail(canvas, state, error);
    if (canvas->format == CZ_SVG)
        forget_number(&canvas->bytes);
    return cz_file_write(canvas->path, canvas->bytes.data, canvas->bytes.size, error);
}

void cz_canvas_close(cz_canvas *canvas)
{
    end_surface(canvas);
    for (int i = 0; i < CZ_FACES; i++)
        if (canvas->faces[i])
            canvas->c.pango_font_description_free(canvas->faces[i]);
    if (canvas->options)
        canvas->c.cairo_font_options_destroy(canvas->options);
    cz_release(NULL, canvas->bytes.data);
}

cloze_status cloze_plot_ready(const char *path, cloze_error *error)
{
    cz_cairo_library library;
    cz_format format;
    cloze_status status = cz_format_of(&format, path, error);
    return status ? status : cz_cairo_load(&library, error);
}
