/*
 * test_parts.c - texts on coloured grounds and signed bars, by their pixels: grounds lie behind their parts in any
 * direction of writing and across lines, bars point to the side of their sign.
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

static const double both[] = { 1, -1 };

static cloze_status draw_any(const void *plot, const char *path, cloze_error *error)
{
    return cloze_plot_parts(plot, path, error);
}

static cloze_status draw(const cloze_part_plot *plot)
{
    cloze_error error = { 0 };
    return drawn(cloze_plot_parts(plot, picture_path("png"), &error), &error);
}

static void a_picture_is_the_same_file_each_time(void **state)
{
    const cloze_text texts[] = { { "I love <b>pasta</b> \xf0\x9f\x98\x80\x01\n"
                                   "\xe6\x97\xa5\xe6\x9c\xac",
                                   32 },
                                 { "", 0 } };
    const cloze_plot_part parts[] = { { 0, 2, 6 }, { 0, 10, 15 }, { 0, 20, 24 }, { 0, 26, 32 } };
    const double values[] = { 0.5, -0.25, 0, 1e-9 }, spread[] = { 0.1, 0, NAN, 0 };
    const cloze_part_panel panels[] = { { { "occlusion", 9 }, { "F 1", 3 }, values, NULL },
                                        { { "shapley", 7 }, { "", 0 }, values, spread } };
    cloze_part_plot plot = { .texts = texts,
                             .text_count = 2,
                             .parts = parts,
                             .part_count = 4,
                             .panels = panels,
                             .panel_count = 2,
                             .bars = 3,
                             .title = { "POSITIVE & 0.9", 14 } };
    (void)state;
    check_formats(draw_any, &plot);
    plot.no_text = true;
    check_formats(draw_any, &plot);
}

#ifdef HAVE_CAIRO
typedef struct grounds {
    span adds, takes;
    int height;
} grounds;

/* Of a text with two parts, of which one adds and one takes away. */
static grounds grounds_of(const char *text, cloze_plot_part first, cloze_plot_part second,
                          double width)
{
    const cloze_text texts[] = { { text, strlen(text) } };
    const cloze_plot_part parts[] = { first, second };
    const cloze_part_panel panel = { .values = both };
    cloze_part_plot plot = { .texts = texts,
                             .text_count = 1,
                             .parts = parts,
                             .part_count = 2,
                             .panels = &panel,
                             .panel_count = 1,
                             .width = width };
    grounds out;
    assert_int_equal(draw(&plot), 0);
    pixels image = pixels_of("png");
    /* Below the strip of colours that the panel's title line has. */
    int top = 2 * 36;
    out.adds =
        find_colour(&image, cz_colour_on(CLOZE_COLOURS_DIVERGING, 1), 0, top, INT_MAX, INT_MAX);
    out.takes =
        find_colour(&image, cz_colour_on(CLOZE_COLOURS_DIVERGING, 0), 0, top, INT_MAX, INT_MAX);
    out.height = image.height;
    pixels_free(&image);
    return out;
}

static void grounds_lie_behind_their_parts(void **state)
{
    grounds g = grounds_of("first second", (cloze_plot_part){ 0, 0, 5 },
                           (cloze_plot_part){ 0, 6, 12 }, 300);
    (void)state;
    assert_true(g.adds.count > 200 && g.takes.count > 200);
    assert_true(g.adds.right < g.takes.left);
    assert_true(g.takes.right - g.takes.left > g.adds.right - g.adds.left);
    check_near(g.adds.left, 32, 2);
}

static void grounds_follow_the_direction_of_writing(void **state)
{
    /* Two words of Hebrew: the first stands at the right. */
    grounds g = grounds_of("\xd7\x90\xd7\x91\xd7\x92 \xd7\x93\xd7\x94\xd7\x95",
                           (cloze_plot_part){ 0, 0, 6 }, (cloze_plot_part){ 0, 7, 13 }, 300);
    (void)state;
    assert_true(g.adds.count > 100 && g.takes.count > 100);
    assert_true(g.takes.right < g.adds.left);
}

static void grounds_go_on_in_the_next_line(void **state)
{
    char text[400];
    (void)state;
    for (size_t i = 0; i < sizeof text - 1; i++)
        text[i] = i % 5 == 4 ? ' ' : 'm';
    text[sizeof text - 1] = 0;
    grounds g =
        grounds_of(text, (cloze_plot_part){ 0, 0, 350 }, (cloze_plot_part){ 0, 355, 399 }, 300);
    assert_true(g.adds.bottom - g.adds.top > 200); /* several lines */
    assert_true(g.takes.top > g.adds.top + 150);
    assert_true(g.adds.right < 600 && g.adds.left >= 30);
}

static void bars_point_to_the_side_of_their_sign(void **state)
{
    const cloze_text text = { "first second", 12 };
    const cloze_plot_part parts[] = { { 0, 0, 5 }, { 0, 6, 12 } };
    const double values[] = { 1, -2 };
    const cloze_part_panel panel = { .values = values };
    cloze_part_plot plot = { .texts = &text,
                             .text_count = 1,
                             .parts = parts,
                             .part_count = 2,
                             .panels = &panel,
                             .panel_count = 1,
                             .bars = 5,
                             .no_text = true };
    (void)state;
    assert_int_equal(draw(&plot), 0);
    pixels image = pixels_of("png");
    span adds =
        find_colour(&image, cz_colour_on(CLOZE_COLOURS_DIVERGING, 1), 0, 0, INT_MAX, INT_MAX);
    span takes =
        find_colour(&image, cz_colour_on(CLOZE_COLOURS_DIVERGING, 0), 0, 0, INT_MAX, INT_MAX);
    check_near(takes.right, adds.left, 4);
    check_near(takes.right - takes.left, 2.0 * (adds.right - adds.left), 6);
    assert_true(takes.bottom < adds.top); /* the larger one first */
    pixels_free(&image);
}
#endif

static void what_cannot_be_drawn_leaves_no_file(void **state)
{
    const cloze_text text = { "\xc3\xa9t\xc3\xa9", 5 };
    const double bad[] = { NAN };
    cloze_plot_part part = { 0, 0, 2 };
    cloze_part_panel panel = { .values = both };
    cloze_part_plot plot = { .texts = &text,
                             .text_count = 1,
                             .parts = &part,
                             .part_count = 1,
                             .panels = &panel,
                             .panel_count = 1 };
    cloze_error error;
    (void)state;
    pictures_clear();
    drawn(cloze_plot_ready("a.png", &error), &error);
    part.end = 1; /* within a character */
    assert_int_equal(draw(&plot), CLOZE_ERROR_ARGUMENT);
    part.end = 6;
    assert_int_equal(draw(&plot), CLOZE_ERROR_ARGUMENT);
    part = (cloze_plot_part){ 1, 0, 0 };
    assert_int_equal(draw(&plot), CLOZE_ERROR_ARGUMENT);
    part = (cloze_plot_part){ 0, 0, 2 };
    panel.values = bad;
    assert_int_equal(draw(&plot), CLOZE_ERROR_ARGUMENT);
    panel.values = both;
    plot.width = 100;
    assert_int_equal(draw(&plot), CLOZE_ERROR_LIMIT);
    plot.width = 0;
    plot.part_count = 0;
    assert_int_equal(draw(&plot), CLOZE_ERROR_LIMIT);
    plot.part_count = 1;
    plot.title = (cloze_text){ "\xff", 1 };
    assert_int_equal(draw(&plot), CLOZE_ERROR_TEXT);
    assert_false(picture_exists("png"));
    plot.title.size = 0;
    assert_int_equal(draw(&plot), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_picture_is_the_same_file_each_time),
#ifdef HAVE_CAIRO
        cmocka_unit_test(grounds_lie_behind_their_parts),
        cmocka_unit_test(grounds_follow_the_direction_of_writing),
        cmocka_unit_test(grounds_go_on_in_the_next_line),
        cmocka_unit_test(bars_point_to_the_side_of_their_sign),
#endif
        cmocka_unit_test(what_cannot_be_drawn_leaves_no_file),
    };
    return cmocka_run_group_tests(tests, pictures_begin, pictures_end);
}
