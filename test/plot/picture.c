/* picture.c - see picture.h. */
#include "picture.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef HAVE_CAIRO
#include <cairo.h>
#endif

#include <cmocka.h>

enum { FILE_MOST = 1 << 24 };

static char folder[] = "/tmp/cloze-plot-XXXXXX";
static const char *const endings[] = { "png", "svg", "pdf" };

int pictures_begin(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

void pictures_clear(void)
{
    for (int i = 0; i < 3; i++)
        unlink(picture_path(endings[i]));
}

int pictures_end(void **state)
{
    (void)state;
    pictures_clear();
    return rmdir(folder);
}

const char *picture_path(const char *ending)
{
    static char path[64];
    snprintf(path, sizeof path, "%s/a.%s", folder, ending);
    return path;
}

bool picture_exists(const char *ending)
{
    return !access(picture_path(ending), F_OK);
}

char *picture_bytes(const char *ending, size_t *size)
{
    FILE *file = fopen(picture_path(ending), "rb");
    char *bytes = malloc(FILE_MOST);
    assert_non_null(file);
    *size = fread(bytes, 1, FILE_MOST - 1, file);
    bytes[*size] = 0;
    fclose(file);
    return bytes;
}

cloze_status drawn(cloze_status status, const cloze_error *error)
{
    if (status == CLOZE_ERROR_UNSUPPORTED) {
        print_message("skipped: %s\n", error->message);
        skip();
    }
    return status;
}

void check_formats(cloze_status (*draw)(const void *plot, const char *path, cloze_error *error),
                   const void *plot)
{
    static const char *const begins[] = { "\x89PNG\r\n\x1a\n", "<?xml", "%PDF-1." };
    for (int i = 0; i < 3; i++) {
        cloze_error error = { 0 };
        size_t size, again_size;
        char *bytes, *again;
        assert_int_equal(drawn(draw(plot, picture_path(endings[i]), &error), &error), 0);
        bytes = picture_bytes(endings[i], &size);
        assert_true(size > 1000);
        assert_memory_equal(bytes, begins[i], strlen(begins[i]));
        assert_null(memmem(bytes, size, "CreationDate", 12));
        assert_int_equal(draw(plot, picture_path(endings[i]), &error), 0);
        again = picture_bytes(endings[i], &again_size);
        assert_int_equal(size, again_size);
        assert_memory_equal(bytes, again, size);
        free(bytes);
        free(again);
    }
}

void check_near(double value, double expected, double within)
{
    if (!(fabs(value - expected) <= within))
        fail_msg("%g is not %g (within %g)", value, expected, within);
}

#ifdef HAVE_CAIRO
pixels pixels_of(const char *ending)
{
    cairo_surface_t *surface = cairo_image_surface_create_from_png(picture_path(ending));
    pixels image = { cairo_image_surface_get_width(surface),
                     cairo_image_surface_get_height(surface), NULL };
    assert_int_equal(cairo_surface_status(surface), CAIRO_STATUS_SUCCESS);
    image.at = malloc((size_t)image.width * (size_t)image.height * sizeof *image.at);
    assert_non_null(image.at);
    for (int y = 0; y < image.height; y++) {
        const unsigned char *row = cairo_image_surface_get_data(surface) +
                                   (size_t)y * (size_t)cairo_image_surface_get_stride(surface);
        for (int x = 0; x < image.width; x++)
            image.at[y * image.width + x] =
                (unsigned)row[4 * x + 2] << 16 | (unsigned)row[4 * x + 1] << 8 | row[4 * x];
    }
    cairo_surface_destroy(surface);
    return image;
}

void pixels_free(pixels *image)
{
    free(image->at);
    image->at = NULL;
}

static bool near(unsigned channel, double value)
{
    return fabs((double)(channel & 255) - 255 * value) <= 2;
}

bool pixel_is(const pixels *image, int x, int y, cz_colour colour)
{
    unsigned pixel = image->at[y * image->width + x];
    return near(pixel >> 16, colour.red) && near(pixel >> 8, colour.green) &&
           near(pixel, colour.blue);
}

span find_colour(const pixels *image, cz_colour colour, int left, int top, int right, int bottom)
{
    span found = { image->width, image->height, -1, -1, 0 };
    for (int y = top < 0 ? 0 : top; y < bottom && y < image->height; y++)
        for (int x = left < 0 ? 0 : left; x < right && x < image->width; x++)
            if (pixel_is(image, x, y, colour)) {
                found.left = x < found.left ? x : found.left;
                found.right = x > found.right ? x : found.right;
                found.top = y < found.top ? y : found.top;
                found.bottom = y > found.bottom ? y : found.bottom;
                found.count++;
            }
    return found;
}
#endif
