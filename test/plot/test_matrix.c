/*
 * test_matrix.c - a matrix is looked at by its pixels: dark where the matrix is, upright, the same
 * each time; and what cannot be drawn leaves no file.
 */
#include "picture.h"

#include <limits.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static cloze_status draw(const cloze_matrix_plot *plot)
{
    cloze_error error = { 0 };
    return drawn(cloze_plot_matrix(plot, picture_path("png"), &error), &error);
}

static cloze_status draw_any(const void *plot, const char *path, cloze_error *error)
{
    return cloze_plot_matrix(plot, path, error);
}

static unsigned long big_endian(const char *bytes)
{
    const unsigned char *b = (const unsigned char *)bytes;
    return (unsigned long)b[0] << 24 | (unsigned long)b[1] << 16 | (unsigned long)b[2] << 8 | b[3];
}

static void a_matrix_is_drawn_the_same_each_time(void **state)
{
    const double values[] = { 812, 70, 3, 24, 950, 0.5 };
    const double shades[] = { 0.9, 0.1, 0, 0, 1, 0.3 };
    const cloze_text rows[] = { { "NEG", 3 }, { "\xd9\x85\xd8\xb1", 4 } };
    const cloze_text columns[] = { { "one", 3 }, { "a\nb\0c", 5 }, { "", 0 } };
    cloze_matrix_plot plot = { .rows = 2,
                               .columns = 3,
                               .values = values,
                               .shades = shades,
                               .row_names = rows,
                               .column_names = columns,
                               .title = { "<b>title</b> &amp; \"<script>\"", 27 },
                               .row_title = { "right", 5 } };
    size_t size;
    char *bytes;
    (void)state;
    check_formats(draw_any, &plot);
    bytes = picture_bytes("png", &size);
    assert_in_range(big_endian(bytes + 16), 300, 1000); /* width */
    assert_in_range(big_endian(bytes + 20), 200, 600);
    free(bytes);
    bytes = picture_bytes("svg", &size);
    assert_null(strstr(bytes, "<script>"));
    assert_non_null(strstr(bytes, "<symbol")); /* letters are outlines */
    free(bytes);
}

#ifdef HAVE_CAIRO
/* The row of pixels in which the leftmost cell of the darkest shade begins. */
static int top_of_leftmost_dark(const double shades[4])
{
    const double values[] = { 1, 2, 3, 4 };
    cloze_matrix_plot plot = { .rows = 2, .columns = 2, .values = values, .shades = shades };
    pixels image;
    span all, column;
    assert_int_equal(draw(&plot), 0);
    image = pixels_of("png");
    all = find_colour(&image, cz_colour_of(1), 0, 0, INT_MAX, INT_MAX);
    column = find_colour(&image, cz_colour_of(1), all.left, 0, all.left + 1, INT_MAX);
    pixels_free(&image);
    assert_true(column.count > 0);
    return column.top;
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
    bytes = picture_bytes("png", &size);
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
    pictures_clear();
    drawn(cloze_plot_ready("a.png", &error), &error);
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
    assert_false(picture_exists("png"));
    plot.title = (cloze_text){ NULL, 0 };
    assert_int_equal(cloze_plot_matrix(&plot, "/nowhere/at/all.png", &error),
                     CLOZE_ERROR_NOT_FOUND);
}

static void the_ending_of_the_name_chooses(void **state)
{
    const double value = 1;
    cloze_matrix_plot plot = { .rows = 1, .columns = 1, .values = &value, .shades = &value };
    const char *const wrong[] = { "", "a", ".png", "a.jpg", "png", "a.png.gz", "a.pn" };
    cloze_error error;
    (void)state;
    drawn(cloze_plot_ready("a.png", &error), &error);
    assert_int_equal(cloze_plot_ready("a.PDF", &error), 0);
    assert_int_equal(cloze_plot_ready("folder.png/a.Svg", &error), 0);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(cloze_plot_ready(wrong[i], &error), CLOZE_ERROR_ARGUMENT);
        assert_non_null(strstr(error.message, ".png, .svg or .pdf"));
        assert_int_equal(cloze_plot_matrix(&plot, wrong[i], &error), CLOZE_ERROR_ARGUMENT);
    }
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

/* Luminance as the eye weighs it. */
static double light_of(cz_colour c)
{
    return 0.2126 * c.red + 0.7152 * c.green + 0.0722 * c.blue;
}

static void diverging_scales_are_white_in_the_middle_and_as_dark_at_both_ends(void **state)
{
    const cloze_colour_map maps[] = { CLOZE_COLOURS_DIVERGING, CLOZE_COLOURS_RED_BLUE };
    (void)state;
    for (size_t m = 0; m < 2; m++) {
        cz_colour low = cz_colour_on(maps[m], 0), high = cz_colour_on(maps[m], 1);
        cz_colour middle = cz_colour_on(maps[m], 0.5);
        assert_true(light_of(middle) > 0.93);
        assert_true(fabs(light_of(low) - light_of(high)) < 0.12);
        assert_true((low.red > low.blue) != (high.red > high.blue));
        for (int i = 0; i < 50; i++) {
            assert_true(light_of(cz_colour_on(maps[m], i / 100.0)) <
                        light_of(cz_colour_on(maps[m], (i + 1) / 100.0)));
            assert_true(light_of(cz_colour_on(maps[m], 1 - i / 100.0)) <
                        light_of(cz_colour_on(maps[m], 1 - (i + 1) / 100.0)));
        }
    }
}

static void colours_are_bytes_and_end_where_the_scale_does(void **state)
{
    unsigned char inside[3], outside[3];
    (void)state;
    for (int m = 0; m < CLOZE_COLOUR_MAPS; m++)
        for (int end = 0; end < 2; end++) {
            cloze_plot_colour((cloze_colour_map)m, end, inside);
            cloze_plot_colour((cloze_colour_map)m, end ? 7 : -7, outside);
            assert_memory_equal(inside, outside, 3);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_matrix_is_drawn_the_same_each_time),
#ifdef HAVE_CAIRO
        cmocka_unit_test(cells_lie_where_the_matrix_has_them),
#endif
        cmocka_unit_test(large_matrices_have_small_cells),
        cmocka_unit_test(what_cannot_be_drawn_leaves_no_file),
        cmocka_unit_test(the_ending_of_the_name_chooses),
        cmocka_unit_test(diverging_scales_are_white_in_the_middle_and_as_dark_at_both_ends),
        cmocka_unit_test(colours_are_bytes_and_end_where_the_scale_does),
        cmocka_unit_test(shades_grow_darker_in_equal_steps),
    };
    return cmocka_run_group_tests(tests, pictures_begin, pictures_end);
}
