/*
 * test_plot.c - pictures are looked at by their pixels: dark where the matrix is, upright, the same
 * each time; and what cannot be drawn leaves no file.
 */
#include "plot/colour.h"

#include <cloze/plot.h>

#ifdef HAVE_CAIRO
#include <cairo.h>
#endif
#include <limits.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char path[] = "/tmp/cloze-plot-XXXXXX";
static bool absent;

static int prepare(void **state)
{
    int file = mkstemp(path);
    (void)state;
    if (file < 0)
        return -1;
    close(file);
    return unlink(path);
}

static int tidy(void **state)
{
    (void)state;
    unlink(path);
    return 0;
}

static cloze_status draw(const cloze_matrix_plot *plot)
{
    cloze_error error = { 0 };
    cloze_status status = cloze_plot_matrix(plot, path, &error);
    if (status == CLOZE_ERROR_UNSUPPORTED) {
        absent = true;
        print_message("skipped: %s\n", error.message);
        skip();
    }
    return status;
}

static char *file_bytes(size_t *size)
{
    FILE *file = fopen(path, "rb");
    char *bytes = malloc(1 << 22);
    assert_non_null(file);
    *size = fread(bytes, 1, 1 << 22, file);
    fclose(file);
    return bytes;
}

static unsigned long big_endian(const char *bytes)
{
    const unsigned char *b = (const unsigned char *)bytes;
    return (unsigned long)b[0] << 24 | (unsigned long)b[1] << 16 | (unsigned long)b[2] << 8 | b[3];
}

static void a_matrix_becomes_a_png_that_is_the_same_each_time(void **state)
{
    const double values[] = { 812, 70, 3, 24, 950, 0.5 };
    const double shades[] = { 0.9, 0.1, 0, 0, 1, 0.3 };
    const cloze_text rows[] = { { "NEG", 3 }, { "\xd9\x85\xd8\xb1", 4 } };
    const cloze_text columns[] = { { "one", 3 }, { "a\nb", 3 }, { "", 0 } };
    cloze_matrix_plot plot = { .rows = 2,
                               .columns = 3,
                               .values = values,
                               .shades = shades,
                               .row_names = rows,
                               .column_names = columns,
                               .title = { "title", 5 },
                               .row_title = { "right", 5 } };
    size_t size, again_size;
    char *bytes, *again;
    (void)state;
    assert_int_equal(draw(&plot), 0);
    bytes = file_bytes(&size);
    assert_true(size > 1000);
    assert_memory_equal(bytes, "\x89PNG\r\n\x1a\n", 8);
    assert_in_range(big_endian(bytes + 16), 300, 1000); /* width */
    assert_in_range(big_endian(bytes + 20), 200, 600);
    assert_int_equal(draw(&plot), 0);
    again = file_bytes(&again_size);
    assert_int_equal(size, again_size);
    assert_memory_equal(bytes, again, size);
    free(bytes);
    free(again);
}

#ifdef HAVE_CAIRO
/* The row of pixels in which the leftmost cell of the darkest shade begins. */
static int top_of_leftmost_dark(const double shades[4])
{
    const double values[] = { 1, 2, 3, 4 };
    cloze_matrix_plot plot = { .rows = 2, .columns = 2, .values = values, .shades = shades };
    cz_colour dark = cz_colour_of(1);
    cairo_surface_t *surface;
    int top = -1, left = INT_MAX;
    assert_int_equal(draw(&plot), 0);
    surface = cairo_image_surface_create_from_png(path);
    assert_int_equal(cairo_surface_status(surface), CAIRO_STATUS_SUCCESS);
    for (int y = 0; y < cairo_image_surface_get_height(surface); y++) {
        const unsigned char *row = cairo_image_surface_get_data(surface) +
                                   (size_t)y * (size_t)cairo_image_surface_get_stride(surface);
        for (int x = 0; x < cairo_image_surface_get_width(surface) && x < left; x++)
            if (abs(row[4 * x] - (int)lround(255 * dark.blue)) <= 1 &&
                abs(row[4 * x + 1] - (int)lround(255 * dark.green)) <= 1 &&
                abs(row[4 * x + 2] - (int)lround(255 * dark.red)) <= 1) {
                left = x;
                top = y;
            }
    }
    cairo_surface_destroy(surface);
    assert_true(top >= 0);
    return top;
}

static void cells_lie_where_the_matrix_has_them(void **state)
{
    const double diagonal[] = { 1, 0, 0, 1 }, other[] = { 0, 1, 1, 0 };
    int first = top_of_leftmost_dark(diagonal), second = top_of_leftmost_dark(other);
    (void)state;
    assert_in_range(second - first, 60, 120); /* a cell of 44 points, at two pixels each */
}
#endif

static void large_matrices_have_small_cells(void **state)
{
    enum { SIZE = 300 };
    double *values = calloc(SIZE * SIZE, sizeof *values);
    cloze_text *names = calloc(SIZE, sizeof *names);
    cloze_matrix_plot plot = { .rows = SIZE,
                               .columns = SIZE,
                               .values = values,
                               .shades = values,
                               .row_names = names,
                               .column_names = names };
    size_t size;
    char *bytes;
    (void)state;
    for (size_t i = 0; i < SIZE; i++) {
        values[i * SIZE + i] = 1;
        names[i] = (cloze_text){ "name", 4 };
    }
    assert_int_equal(draw(&plot), 0);
    bytes = file_bytes(&size);
    assert_in_range(big_endian(bytes + 16), 1000, 3000);
    free(bytes);
    free(values);
    free(names);
}

static void what_cannot_be_drawn_leaves_no_file(void **state)
{
    const double values[] = { 1, NAN };
    const cloze_text bad[] = { { "\xff", 1 } };
    cloze_matrix_plot plot = { .rows = 1, .columns = 1, .values = values, .shades = values };
    cloze_error error;
    (void)state;
    unlink(path);
    if (absent)
        skip();
    plot.columns = 2;
    assert_int_equal(draw(&plot), CLOZE_ERROR_ARGUMENT);
    plot.columns = 0;
    assert_int_equal(draw(&plot), CLOZE_ERROR_LIMIT);
    plot.columns = 1;
    plot.row_names = bad;
    assert_int_equal(draw(&plot), CLOZE_ERROR_TEXT);
    plot.row_names = NULL;
    plot.title = bad[0];
    assert_int_equal(draw(&plot), CLOZE_ERROR_TEXT);
    assert_int_not_equal(access(path, F_OK), 0);
    plot.title = (cloze_text){ NULL, 0 };
    assert_int_equal(cloze_plot_matrix(&plot, "/nowhere/at/all.png", &error),
                     CLOZE_ERROR_NOT_FOUND);
}

static void shades_grow_darker_in_equal_steps(void **state)
{
    double before = 2;
    (void)state;
    for (int i = 0; i <= 100; i++) {
        cz_colour c = cz_colour_of(i / 100.0);
        double sum = c.red + c.green + c.blue;
        assert_true(c.red >= 0 && c.green >= 0 && c.blue >= 0 && c.blue <= 1);
        assert_true(0.2126 * c.red + 0.7152 * c.green + 0.0722 * c.blue < before);
        assert_true(c.blue + 1e-9 >= c.red); /* blue throughout */
        before = 0.2126 * c.red + 0.7152 * c.green + 0.0722 * c.blue;
        assert_true(i || sum > 2.85);
    }
    assert_true(before < 0.3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_matrix_becomes_a_png_that_is_the_same_each_time),
#ifdef HAVE_CAIRO
        cmocka_unit_test(cells_lie_where_the_matrix_has_them),
#endif
        cmocka_unit_test(large_matrices_have_small_cells),
        cmocka_unit_test(what_cannot_be_drawn_leaves_no_file),
        cmocka_unit_test(shades_grow_darker_in_equal_steps),
    };
    return cmocka_run_group_tests(tests, prepare, tidy);
}
