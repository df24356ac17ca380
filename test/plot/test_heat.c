/*
 * test_heat.c - maps of heat and sheets of them: the same file each time, cells in their places whether they are
 * areas or an image, scales that mean what they say; and what cannot be drawn leaves no file.
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

enum { LARGE = 60 };

static cloze_status draw(const cloze_heat_plot *plot)
{
    cloze_error error = { 0 };
    return drawn(cloze_plot_heat(plot, picture_path("png"), &error), &error);
}

static cloze_status draw_any(const void *plot, const char *path, cloze_error *error)
{
    return cloze_plot_heat(plot, path, error);
}

static cloze_status draw_any_sheet(const void *plot, const char *path, cloze_error *error)
{
    return cloze_plot_sheet(plot, path, error);
}

static void a_map_is_the_same_file_each_time(void **state)
{
    const float values[] = { 0.5f, 0.25f, 0.25f, 0, 1, 0, 0.1f, 0.2f, 0.7f };
    const cloze_text names[] = { { "\xe6\x97\xa5\xe6\x9c\xac", 6 },        /* two signs */
                                 { "\xd9\x85\xd8\xb1\xd8\xad", 6 },        /* Arabic */
                                 { "\xf0\x9f\x98\x80<script>\x01", 13 } }; /* a face */
    cloze_heat_plot plot = { .rows = 3,
                             .columns = 3,
                             .values = values,
                             .row_names = names,
                             .column_names = names,
                             .title = { "layer 1, head 2", 15 },
                             .row_title = { "looks", 5 },
                             .column_title = { "is looked at", 12 },
                             .value_title = { "attention", 9 } };
    size_t size;
    (void)state;
    for (int map = 0; map < CLOZE_COLOUR_MAPS; map++) {
        plot.map = (cloze_colour_map)map;
        plot.scale = (cloze_plot_scale)(map % CLOZE_PLOT_SCALES);
        check_formats(draw_any, &plot);
    }
    char *bytes = picture_bytes("svg", &size);
    assert_null(strstr(bytes, "<script>"));
    free(bytes);
}

static void a_large_map_is_the_same_file_each_time(void **state)
{
    float *values = calloc(LARGE * LARGE, sizeof *values);
    cloze_heat_plot plot = { .rows = LARGE, .columns = LARGE, .values = values };
    const float *two[] = { values, values };
    cloze_sheet_plot sheet = { .down = 1,
                               .across = 2,
                               .rows = LARGE,
                               .columns = LARGE,
                               .values = two,
                               .first_down = 1,
                               .down_title = { "layer", 5 },
                               .across_title = { "head", 4 } };
    size_t size;
    (void)state;
    for (size_t i = 0; i < LARGE * LARGE; i++)
        values[i] = (float)(i % 7);
    check_formats(draw_any, &plot);
    check_formats(draw_any_sheet, &sheet);
    char *bytes = picture_bytes("svg", &size);
    assert_non_null(strstr(bytes, "<image style=\"image-rendering:pixelated\" id=\"image0\""));
    assert_non_null(strstr(bytes, "\"#image1\""));
    free(bytes);
    free(values);
}

#ifdef HAVE_CAIRO
/* Where the strongest colour lies left of the bar: middle of it, as shares of the map's own extent. */
static void place_of_strongest(size_t size, size_t row, size_t column)
{
    float *values = calloc(size * size, sizeof *values);
    cloze_heat_plot plot = { .rows = size, .columns = size, .values = values };
    assert_non_null(values);
    values[row * size + column] = 1;
    assert_int_equal(draw(&plot), 0);
    pixels image = pixels_of("png");
    /* The bar of colours is at the right; its strongest colour is in its first rows. */
    span all = find_colour(&image, cz_colour_on(CLOZE_COLOURS_BLUE, 0), 0, 0, INT_MAX, INT_MAX);
    span found =
        find_colour(&image, cz_colour_on(CLOZE_COLOURS_BLUE, 1), 0, 0, image.width - 150, INT_MAX);
    double cell = found.right - found.left + 1;
    assert_true(found.count >= 4);
    check_near(found.bottom - found.top + 1, cell, 1);
    check_near((found.left - all.left) / cell, (double)column, 0.2);
    check_near((found.top - all.top) / cell, (double)row, 0.2);
    pixels_free(&image);
    free(values);
}

static void cells_lie_where_the_matrix_has_them(void **state)
{
    (void)state;
    place_of_strongest(5, 1, 3);
    place_of_strongest(LARGE, 20, 47); /* an image */
}

/* Of the map alone: what is right of it is the bar. */
static bool has_colour(const cloze_heat_plot *plot, double share)
{
    assert_int_equal(draw(plot), 0);
    pixels image = pixels_of("png");
    bool found =
        find_colour(&image, cz_colour_on(plot->map, share), 0, 0, image.width - 180, INT_MAX)
            .count > 300;
    pixels_free(&image);
    return found;
}

static void scales_mean_what_they_say(void **state)
{
    const float values[] = { 1, 0.01f, 0.25f, 0.125f }, two_sides[] = { 1, -0.5f, 0, 0.25f };
    cloze_heat_plot plot = { .rows = 2,
                             .columns = 2,
                             .values = values,
                             .value_title = { "a long title of the values", 26 } };
    (void)state;
    assert_true(has_colour(&plot, 1) && has_colour(&plot, 0.25) && has_colour(&plot, 0.125));
    plot.scale = CLOZE_PLOT_LOGARITHMIC; /* four powers of ten: 0.01 is in the middle */
    assert_true(has_colour(&plot, 1) && has_colour(&plot, 0.5));
    plot.scale = CLOZE_PLOT_ROW_HIGHEST;
    assert_true(has_colour(&plot, 0.01) && has_colour(&plot, 0.5));
    assert_false(has_colour(&plot, 0.25));
    plot = (cloze_heat_plot){ .rows = 2,
                              .columns = 2,
                              .values = two_sides,
                              .map = CLOZE_COLOURS_DIVERGING,
                              .is_signed = true,
                              .value_title = { "a long title of the values", 26 } };
    assert_true(has_colour(&plot, 1) && has_colour(&plot, 0.25) && has_colour(&plot, 0.625));
}

static void a_sheet_has_one_scale_and_the_strongest_of_neighbours(void **state)
{
    enum { SIZE = 400 };
    float *weak = calloc(SIZE * SIZE, sizeof *weak), *strong = calloc(SIZE * SIZE, sizeof *strong);
    const float *maps[] = { weak, strong };
    cloze_sheet_plot sheet = {
        .down = 1, .across = 2, .rows = SIZE, .columns = SIZE, .values = maps
    };
    cloze_error error = { 0 };
    (void)state;
    weak[201 * SIZE + 201] = 0.5f; /* one cell among many */
    for (size_t i = 0; i < SIZE; i++)
        strong[i * SIZE + i] = 1;
    assert_int_equal(drawn(cloze_plot_sheet(&sheet, picture_path("png"), &error), &error), 0);
    pixels image = pixels_of("png");
    span half = find_colour(&image, cz_colour_on(CLOZE_COLOURS_BLUE, 0.5), 0, 0, image.width - 180,
                            INT_MAX);
    span whole =
        find_colour(&image, cz_colour_on(CLOZE_COLOURS_BLUE, 1), 0, 0, image.width - 180, INT_MAX);
    assert_true(half.count > 0 && half.right - half.left < 8);
    assert_true(whole.count > 100 && whole.left > half.right);
    pixels_free(&image);
    free(weak);
    free(strong);
}
#endif

static void what_cannot_be_drawn_leaves_no_file(void **state)
{
    const float values[] = { 1, NAN };
    const cloze_text bad[] = { { "\xff", 1 } };
    const float *maps[] = { values };
    cloze_heat_plot plot = { .rows = 1, .columns = 1, .values = values };
    cloze_sheet_plot sheet = { .down = 1, .across = 1, .rows = 1, .columns = 2, .values = maps };
    cloze_error error;
    (void)state;
    pictures_clear();
    drawn(cloze_plot_ready("a.png", &error), &error);
    plot.columns = 2;
    assert_int_equal(draw(&plot), CLOZE_ERROR_ARGUMENT);
    assert_int_equal(cloze_plot_sheet(&sheet, picture_path("png"), &error), CLOZE_ERROR_ARGUMENT);
    plot.columns = 2001;
    assert_int_equal(draw(&plot), CLOZE_ERROR_LIMIT);
    plot.columns = 1;
    plot.map = CLOZE_COLOUR_MAPS;
    assert_int_equal(draw(&plot), CLOZE_ERROR_ARGUMENT);
    plot.map = CLOZE_COLOURS_BLUE;
    plot.column_names = bad;
    assert_int_equal(draw(&plot), CLOZE_ERROR_TEXT);
    sheet.columns = 1;
    sheet.across = 65;
    assert_int_equal(cloze_plot_sheet(&sheet, picture_path("png"), &error), CLOZE_ERROR_LIMIT);
    sheet.across = 1;
    sheet.title = bad[0];
    assert_int_equal(cloze_plot_sheet(&sheet, picture_path("png"), &error), CLOZE_ERROR_TEXT);
    assert_false(picture_exists("png"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_map_is_the_same_file_each_time),
        cmocka_unit_test(a_large_map_is_the_same_file_each_time),
#ifdef HAVE_CAIRO
        cmocka_unit_test(cells_lie_where_the_matrix_has_them),
        cmocka_unit_test(scales_mean_what_they_say),
        cmocka_unit_test(a_sheet_has_one_scale_and_the_strongest_of_neighbours),
#endif
        cmocka_unit_test(what_cannot_be_drawn_leaves_no_file),
    };
    return cmocka_run_group_tests(tests, pictures_begin, pictures_end);
}
