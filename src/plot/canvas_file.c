/* canvas_file.c - the picture as a file: kept in memory until it is whole, then written. */
#include "plot/canvas.h"

#include "base/file.h"
#include "base/memory.h"

#include <cloze/plot.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
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

/* ---- SVG ---- */

/* Where the digits of an id or of a reference to it begin, if `at` begins one that cairo numbers through
 * the life of a process; else NULL. */
static const char *numbered(const char *at, const char *end)
{
    static const char *const beginnings[] = { "id=\"surface", "id=\"image", "id=\"source-",
                                              "\"#surface",   "\"#image",   "\"#source-",
                                              "(#surface",    "(#image",    "(#source-" };
    for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; i++) {
        size_t size = strlen(beginnings[i]);
        if ((size_t)(end - at) > size && !memcmp(at, beginnings[i], size))
            return at + size;
    }
    return NULL;
}

typedef struct renumbering {
    const char *from, *at, *end; /* of what is read: copied up to `from` */
    cz_bytes out;
    unsigned long *old; /* [count] numbers in the order of their appearance */
    size_t count, room;
    bool failed;
} renumbering;

static void copy_to(renumbering *r, const char *behind)
{
    r->failed =
        r->failed || put(&r->out, (const unsigned char *)r->from, (unsigned)(behind - r->from));
    r->from = behind;
}

static void add(renumbering *r, const char *text)
{
    r->failed = r->failed || put(&r->out, (const unsigned char *)text, (unsigned)strlen(text));
}

static size_t new_number(renumbering *r, unsigned long old)
{
    void *items = r->old;
    size_t i = 0;
    while (i < r->count && r->old[i] != old)
        i++;
    if (i < r->count)
        return i;
    if (!cz_grow(NULL, &items, &r->room, i + 1, sizeof *r->old)) {
        r->failed = true;
        return i;
    }
    r->old = items;
    r->old[r->count++] = old;
    return i;
}

static void renumber_one(renumbering *r, const char *digits)
{
    char number[32], *behind;
    unsigned long old = strtoul(digits, &behind, 10);
    copy_to(r, digits);
    snprintf(number, sizeof number, "%zu", new_number(r, old));
    add(r, number);
    r->from = r->at = behind;
}

/* So that a picture does not depend on those before it, ids are numbered by their order in the file. Texts are
 * outlines there and images have no quotes, so that nothing else can look like an id. In an image every pixel is
 * a cell: viewers are told not to smooth it. */
static cloze_status make_svg_same(cz_bytes *bytes, cloze_error *error)
{
    static const char image[] = "<image ";
    const char *data = (const char *)bytes->data;
    renumbering r = { .from = data, .at = data, .end = data + bytes->size };
    while (r.at < r.end && !r.failed) {
        const char *digits = numbered(r.at, r.end);
        bool is_image =
            (size_t)(r.end - r.at) > sizeof image && !memcmp(r.at, image, sizeof image - 1);
        if (digits && *digits >= '0' && *digits <= '9') {
            renumber_one(&r, digits);
        } else if (is_image) {
            copy_to(&r, r.at += sizeof image - 1);
            add(&r, "style=\"image-rendering:pixelated\" ");
        } else {
            r.at++;
        }
    }
    copy_to(&r, r.end);
    cz_release(NULL, r.old);
    cz_release(NULL, bytes->data);
    *bytes = r.out;
    return r.failed ? cz_fail_memory(error, "a picture", r.out.size) : CLOZE_OK;
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
    cloze_status status =
        canvas->format == CZ_SVG ? make_svg_same(&canvas->bytes, error) : CLOZE_OK;
    if (status)
        return status;
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
