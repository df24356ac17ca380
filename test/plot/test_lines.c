/*
 * test_lines.c - line charts are looked at by their pixels: lines go where the numbers do, gaps are
 * gaps, names hide nothing, and lines of one colour still differ.
 */
#include "picture.h"

#ifdef HAVE_CAIRO
#include "plot/style.h"
#endif

#include <limits.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TEXT(words)                                                                                \
    {                                                                                              \
        words, sizeof(words) - 1                                                                   \
    }

static const double one_to_five[] = { 1, 2, 3, 4, 5 };

static cloze_status draw_any(const void *plot, const char *path, cloze_error *error)
{
    return cloze_plot_lines(plot, path, error);
}

static cloze_status draw(const cloze_line_plot *plot)
{
    cloze_error error = { 0 };
    return drawn(cloze_plot_lines(plot, picture_path("png"), &error), &error);
}

static void charts_are_drawn_the_same_each_time(void **state)
{
    const double y[] = { 0.9, 0.5, NAN, 0.4, INFINITY }, off[] = { 0.1, 0.05, 0.1, NAN, 0.1 };
    const cloze_plot_line lines[] = {
        { .name = TEXT("<b>&amp;\"<script>alert(1)</script>"),
          .x = one_to_five,
          .y = y,
          .deviation = off,
          .count = 5 },
        { .name = TEXT("a\0b\nc\x7f\xe2\x80\xae \xd9\x85\xd8\xb1"),
          .x = one_to_five,
          .y = one_to_five,
          .count = 5 },
    };
    const cloze_plot_panel panels[] = {
        { .lines = lines, .count = 2, .title = TEXT("loss"), .logarithmic = true },
        { .lines = lines, .count = 1, .title = TEXT("%s%n {F1}") },
    };
    const cloze_plot_mark marks[] = { { 3, TEXT("best") },
                                      { 3.1, TEXT("also") },
                                      { NAN, TEXT("x") } };
    const cloze_line_plot plot = { .panels = panels,
                                   .count = 2,
                                   .marks = marks,
                                   .mark_count = 3,
                                   .title = TEXT("<svg onload=x>"),
                                   .x_title = TEXT("]]>") };
    size_t size;
    char *bytes;
    (void)state;
    check_formats(draw_any, &plot);
    bytes = picture_bytes("svg", &size);
    assert_null(strstr(bytes, "script"));
    assert_null(strstr(bytes, "onload"));
    assert_null(strstr(bytes, "]]>"));
    free(bytes);
}

#ifdef HAVE_CAIRO
static cz_colour palette(size_t place)
{
    return cz_style_of(place, 0).colour;
}

/* The middle row of a colour in a column of pixels; -1 where it is not there. */
static int row_at(const pixels *image, cz_colour colour, int x, int top)
{
    span found = find_colour(image, colour, x, top, x + 1, INT_MAX);
    return found.count ? (found.top + found.bottom) / 2 : -1;
}

/* The area of a line: from 0 to 1 on both axes, two lines of their own along its upper and lower
 * edge. Returns the picture and, in *area, what it spans. */
static pixels draw_line(cloze_plot_line line, bool logarithmic, double low, double high, span *area)
{
    const double x[] = { 0, 1 }, bottom[] = { low, low }, top[] = { high, high };
    const cloze_plot_line lines[] = {
        { .x = x, .y = bottom, .count = 2, .colour = 3 },
        { .x = x, .y = top, .count = 2, .colour = 4 },
        line,
    };
    const cloze_plot_panel panel = {
        .lines = lines, .count = 3, .logarithmic = logarithmic, .low = low, .high = high
    };
    const cloze_line_plot plot = { .panels = &panel, .count = 1 };
    pixels image;
    span lower, upper;
    assert_int_equal(draw(&plot), 0);
    image = pixels_of("png");
    lower = find_colour(&image, palette(2), 0, 0, INT_MAX, INT_MAX);
    upper = find_colour(&image, palette(3), 0, 0, INT_MAX, INT_MAX);
    assert_true(lower.count > 500 && upper.count > 500);
    *area = (span){ lower.left, (upper.top + upper.bottom) / 2, lower.right,
                    (lower.top + lower.bottom) / 2, 0 };
    assert_true(area->bottom - area->top > 400 && area->right - area->left > 1000);
    return image;
}

enum { STEPS = 101 };

/* How high, from 0 to 1, a line with these heights is drawn at each of its points; NAN where it is
 * not drawn. */
static void heights_of(const double y[STEPS], bool logarithmic, double low, double high,
                       double out[STEPS])
{
    double x[STEPS];
    cloze_plot_line line = { .x = x, .y = y, .count = STEPS, .colour = 1, .faint = false };
    span area;
    pixels image;
    for (int i = 0; i < STEPS; i++)
        x[i] = i / (STEPS - 1.0);
    image = draw_line(line, logarithmic, low, high, &area);
    for (int i = 0; i < STEPS; i++) {
        int column = area.left + 4 + (int)lround((area.right - area.left - 8) * x[i]);
        int row = row_at(&image, palette(0), column, 0);
        out[i] = row < 0 ? (double)NAN : (area.bottom - row) / (double)(area.bottom - area.top);
    }
    pixels_free(&image);
}

static void lines_go_where_the_numbers_do(void **state)
{
    double y[STEPS], drawn_at[STEPS];
    int seen = 0;
    (void)state;
    for (int i = 0; i < STEPS; i++)
        y[i] = 2 + 8 * (i / 100.0) * (i / 100.0);
    heights_of(y, false, 0, 12, drawn_at);
    for (int i = 1; i < STEPS - 1; i++) {
        if (isnan(drawn_at[i]))
            continue; /* a marker's white edge */
        check_near(drawn_at[i], y[i] / 12, 0.025);
        seen++;
    }
    assert_true(seen > 80);
}

static void logarithms_make_powers_straight(void **state)
{
    double y[STEPS], drawn_at[STEPS];
    int seen = 0;
    (void)state;
    for (int i = 0; i < STEPS; i++)
        y[i] = pow(10, -4 + 4 * i / 100.0);
    heights_of(y, true, 1e-5, 10, drawn_at);
    for (int i = 1; i < STEPS - 1; i++) {
        if (isnan(drawn_at[i]))
            continue;
        check_near(drawn_at[i], (1 + 4 * i / 100.0) / 6, 0.025);
        seen++;
    }
    assert_true(seen > 80);
}

static void gaps_are_gaps(void **state)
{
    const double holes[] = { NAN, INFINITY, -INFINITY, 1e301 };
    double y[STEPS], drawn_at[STEPS];
    (void)state;
    for (int i = 0; i < STEPS; i++)
        y[i] = i >= 40 && i <= 60 ? holes[i % 4] : 5;
    y[50] = 5; /* alone: a dot */
    heights_of(y, false, 0, 10, drawn_at);
    for (int i = 41; i < 60; i++)
        assert_true(i == 50 || isnan(drawn_at[i]));
    check_near(drawn_at[50], 0.5, 0.02);
    check_near(drawn_at[36], 0.5, 0.02);
    check_near(drawn_at[64], 0.5, 0.02);
    for (int i = 0; i < STEPS; i++)
        y[i] = i >= 40 && i <= 60 ? -i % 2 : 0.5; /* no logarithm */
    heights_of(y, true, 0.01, 10, drawn_at);
    for (int i = 41; i < 60; i++)
        assert_true(isnan(drawn_at[i]));
    assert_true(!isnan(drawn_at[36]));
}

static void what_is_beyond_the_limits_is_cut_off(void **state)
{
    const double x[] = { 0, 0.5, 1 }, y[] = { 0.5, 1e200, 0.5 };
    cloze_plot_line line = { .x = x, .y = y, .count = 3, .colour = 1 };
    span area, found;
    pixels image;
    (void)state;
    image = draw_line(line, false, 0, 1, &area);
    found = find_colour(&image, palette(0), 0, 0, INT_MAX, INT_MAX);
    assert_true(found.count > 100);
    assert_in_range(found.top, area.top - 10, area.top + 2);
    assert_true(found.left < area.left + 40 && found.right > area.right - 40);
    pixels_free(&image);
}

static void bands_are_as_wide_as_the_deviation(void **state)
{
    const double x[] = { 0, 0.5, 1 }, y[] = { 5, 5, 5 }, off[] = { 2, -2, 2 };
    const cz_colour blue = palette(0), pale = { 0.82 + 0.18 * blue.red, 0.82 + 0.18 * blue.green,
                                                0.82 + 0.18 * blue.blue };
    cloze_plot_line line = { .x = x, .y = y, .deviation = off, .count = 3, .colour = 1 };
    span area, found;
    pixels image;
    int height;
    (void)state;
    image = draw_line(line, false, 0, 10, &area);
    height = area.bottom - area.top;
    found = find_colour(&image, pale, area.left + 50, 0, area.left + 51, INT_MAX);
    assert_true(found.count > height / 4);
    check_near(found.top, area.top + 0.3 * height, 3);
    check_near(found.bottom, area.top + 0.7 * height, 3);
    pixels_free(&image);
}

/* Pixels whose red differs by more than `step`; blue lines on white differ there most. */
static int count_differences(const pixels *a, const pixels *b, int step)
{
    int count = 0;
    assert_int_equal(a->width, b->width);
    assert_int_equal(a->height, b->height);
    for (int i = 0; i < a->width * a->height; i++)
        count += abs((int)(a->at[i] >> 16) - (int)(b->at[i] >> 16)) > step;
    return count;
}

/* Every look differs from every other if all are blue, in the legend and in the panel. */
static void lines_of_one_colour_differ(void **state)
{
    enum { LOOKS = CZ_STYLES };
    static cloze_plot_line lines[LOOKS];
    const cloze_plot_line without = { .x = one_to_five, .y = one_to_five, .count = 0 };
    pixels images[LOOKS];
    (void)state;
    for (int i = 0; i < LOOKS; i++) {
        cloze_plot_panel panel = { .lines = lines, .count = LOOKS };
        cloze_line_plot plot = { .panels = &panel, .count = 1, .width = 300, .height = 200 };
        for (int k = 0; k < LOOKS; k++)
            lines[k] = without;
        lines[i] = (cloze_plot_line){
            .name = TEXT("a"), .x = one_to_five, .y = one_to_five, .count = 5, .colour = 1
        };
        assert_int_equal(draw(&plot), 0);
        images[i] = pixels_of("png");
        for (int k = 0; k < i; k++)
            assert_true(count_differences(&images[k], &images[i], 100) > 20);
    }
    for (int i = 0; i < LOOKS; i++)
        pixels_free(&images[i]);
}

/* Above the area: samples of all lines and their names, also if they take several rows. */
static void names_hide_nothing(void **state)
{
    cloze_plot_line lines[7];
    const double top[] = { 1, 1, 1, 1, 1 };
    const cloze_plot_panel panel = { .lines = lines, .count = 7, .low = 0, .high = 1 };
    const cloze_line_plot plot = { .panels = &panel, .count = 1, .width = 300, .height = 400 };
    pixels image;
    int lowest = 0, edge = INT_MAX;
    (void)state;
    for (size_t i = 0; i < 7; i++)
        lines[i] = (cloze_plot_line){
            .name = TEXT("a name of some length"), .x = one_to_five, .y = top, .count = 5
        };
    lines[0].name.size = 0;
    assert_int_equal(draw(&plot), 0);
    image = pixels_of("png");
    /* Black, the last one, lies above the others in the area: its edge is the area's. */
    for (int y = 0; y < image.height; y++) {
        span found = find_colour(&image, palette(6), 0, y, INT_MAX, y + 1);
        if (found.right - found.left > 300 && found.count > 300)
            edge = y < edge ? y : edge;
    }
    assert_in_range(edge, 100, 700);
    for (size_t i = 1; i < 6; i++) {
        span found = find_colour(&image, palette(i), 0, 0, INT_MAX, edge - 12);
        assert_true(found.count > 60);
        lowest = found.bottom > lowest ? found.bottom : lowest;
    }
    assert_int_equal(find_colour(&image, palette(0), 0, 0, INT_MAX, edge - 12).count, 0);
    assert_true(lowest < edge - 6);
    pixels_free(&image);
}

/* The same column in each panel is one x; a mark goes through all of them, its name is above. */
static void panels_share_their_axis(void **state)
{
    const double far[] = { 0, 100000, 200000, 300000, 400000 };
    const cloze_plot_line first = { .x = one_to_five, .y = far, .count = 5, .colour = 1 },
                          second = { .x = one_to_five, .y = one_to_five, .count = 5, .colour = 2 };
    const cloze_plot_panel panels[] = { { .lines = &first, .count = 1 },
                                        { .lines = &second, .count = 1 } };
    cloze_plot_mark mark = { 2, { NULL, 0 } };
    cloze_line_plot plot = { .panels = panels, .count = 2, .marks = &mark, .mark_count = 1 };
    pixels plain, marked;
    span above, below, dashes = { INT_MAX, INT_MAX, -1, -1, 0 };
    (void)state;
    plot.mark_count = 0;
    assert_int_equal(draw(&plot), 0);
    plain = pixels_of("png");
    above = find_colour(&plain, palette(0), 0, 0, INT_MAX, INT_MAX);
    below = find_colour(&plain, palette(1), 0, 0, INT_MAX, INT_MAX);
    assert_true(above.bottom < below.top);
    assert_in_range(above.left - below.left + 2, 0, 4);
    assert_in_range(above.right - below.right + 2, 0, 4);
    assert_true(above.bottom - above.top > below.bottom - below.top + 100);
    plot.mark_count = 1;
    assert_int_equal(draw(&plot), 0);
    marked = pixels_of("png");
    for (int y = 0; y < plain.height; y++)
        for (int x = 0; x < plain.width; x++)
            if (plain.at[y * plain.width + x] != marked.at[y * plain.width + x]) {
                dashes.left = x < dashes.left ? x : dashes.left;
                dashes.right = x > dashes.right ? x : dashes.right;
                dashes.top = y < dashes.top ? y : dashes.top;
                dashes.bottom = y > dashes.bottom ? y : dashes.bottom;
                dashes.count++;
            }
    assert_true(dashes.count > 300 && dashes.right - dashes.left <= 3);
    check_near(dashes.left + 1, above.left + 0.25 * (above.right - above.left), 4);
    assert_true(dashes.top < above.top && dashes.bottom > below.bottom);
    pixels_free(&plain);
    pixels_free(&marked);
}

static void names_of_marks_have_rows_of_their_own(void **state)
{
    const cloze_plot_line line = { .x = one_to_five, .y = one_to_five, .count = 5 };
    const cloze_plot_panel panel = { .lines = &line, .count = 1 };
    const cloze_plot_mark marks[] = { { 3, TEXT("the best of all") },
                                      { 3.01, TEXT("the end of it") } };
    cloze_line_plot plot = { .panels = &panel, .count = 1, .marks = marks };
    int heights[3];
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        pixels image;
        plot.mark_count = i;
        assert_int_equal(draw(&plot), 0);
        image = pixels_of("png");
        /* Letters between the upper margin and the area. */
        span letters =
            find_colour(&image, (cz_colour){ 0.1, 0.1, 0.1 }, 0, 0, INT_MAX, 32 + 28 * (int)i);
        assert_true(i ? letters.count > 30 * (int)i : !letters.count);
        heights[i] = image.height;
        pixels_free(&image);
    }
    assert_true(heights[0] < heights[1] && heights[1] < heights[2]);
}

/* Three hundred times as many points of one curve are the same picture. */
static void many_points_are_the_same_picture(void **state)
{
    enum { FEW = 3001, MANY = 900001 };
    double *x = calloc(MANY, sizeof *x), *y = calloc(MANY, sizeof *y);
    pixels images[2];
    (void)state;
    for (int k = 0; k < 2; k++) {
        size_t count = k ? MANY : FEW, svg;
        cloze_plot_line line = { .x = x, .y = y, .count = count };
        cloze_plot_panel panel = { .lines = &line, .count = 1 };
        cloze_line_plot plot = { .panels = &panel, .count = 1 };
        cloze_error error;
        for (size_t i = 0; i < count; i++) {
            x[i] = (double)i / (double)(count - 1);
            y[i] = sin(20 * x[i]) * (1 + 0.5 * sin(500 * x[i]));
        }
        assert_int_equal(draw(&plot), 0);
        images[k] = pixels_of("png");
        assert_int_equal(cloze_plot_lines(&plot, picture_path("svg"), &error), 0);
        free(picture_bytes("svg", &svg));
        assert_true(svg < 500000);
    }
    assert_true(find_colour(&images[1], palette(0), 0, 0, INT_MAX, INT_MAX).count > 3000);
    assert_true(count_differences(&images[0], &images[1], 100) < 200);
    pixels_free(&images[0]);
    pixels_free(&images[1]);
    free(x);
    free(y);
}

/* Two points among many that fall into one column of pixels. */
static void peaks_among_many_points_are_seen(void **state)
{
    enum { COUNT = 200000 };
    double *x = calloc(COUNT, sizeof *x), *y = calloc(COUNT, sizeof *y);
    cloze_plot_line line = { .x = x, .y = y, .count = COUNT, .colour = 1 };
    span area, found;
    pixels image;
    (void)state;
    for (size_t i = 0; i < COUNT; i++) {
        x[i] = (double)i / COUNT;
        y[i] = 0.5;
    }
    for (size_t i = 50; i < 53; i += 2)
        for (size_t k = 1; k < 4; k++)
            y[k * COUNT / 4 + i] = i == 50 ? 0.9 : 0.1;
    image = draw_line(line, false, 0, 1, &area);
    for (int k = 1; k < 4; k++) {
        int column = area.left + 4 + (area.right - area.left - 8) * k / 4;
        found = find_colour(&image, palette(0), column - 3, 0, column + 4, INT_MAX);
        check_near(found.top, area.bottom - 0.9 * (area.bottom - area.top), 5);
        check_near(found.bottom, area.bottom - 0.1 * (area.bottom - area.top), 5);
    }
    pixels_free(&image);
    free(x);
    free(y);
}
#endif

static void anything_finite_or_not_is_a_picture(void **state)
{
    const double odd[][5] = {
        { NAN, NAN, NAN, NAN, NAN },
        { 0, 0, 0, 0, 0 },
        { -1e300, 1e300, 0, 1, 2 },
        { 1e-300, 1e-299, 4e-310, 5e-324, 0 },
        { 1, 1 + 1e-16, 1, 1, 1 },
        { 1e15, 1e15 + 1, 1e15 + 2, NAN, -0.0 },
        { INFINITY, -INFINITY, NAN, 1e308, -1e308 },
    };
    const size_t count = sizeof odd / sizeof *odd;
    (void)state;
    for (size_t i = 0; i < count * count * 4; i++) {
        const cloze_plot_line line = { .name = TEXT("odd"),
                                       .x = odd[i % count],
                                       .y = odd[i / count % count],
                                       .deviation = odd[(i + 3) % count],
                                       .count = i % 6 };
        const cloze_plot_panel panel = { .lines = &line,
                                         .count = i % 9 ? 1 : 0,
                                         .logarithmic = i / count / count % 2 };
        const cloze_plot_mark mark = { odd[i % count][i % 5], TEXT("mark") };
        const cloze_line_plot plot = { .panels = &panel,
                                       .count = 1,
                                       .marks = &mark,
                                       .mark_count = 1,
                                       .logarithmic = i / count / count / 2,
                                       .width = 300 };
        cloze_error error = { 0 };
        cloze_status status =
            drawn(cloze_plot_lines(&plot, picture_path(i % 2 ? "svg" : "png"), &error), &error);
        if (status)
            fail_msg("%zu: %s", i, error.message);
    }
}

static void check_refused(const cloze_line_plot *plot, cloze_status expected)
{
    cloze_error error = { 0 };
    assert_int_equal(cloze_plot_lines(plot, picture_path("png"), &error), expected);
    assert_true(strlen(error.message) > 10);
    assert_false(picture_exists("png"));
}

static void what_cannot_be_drawn_leaves_no_file(void **state)
{
    const double sizes[] = { NAN, INFINITY, -1, 1, 199, 4001, 1e300 };
    const double limits[][2] = { { 1, 1 },      { 2, 1 },        { NAN, 1 },      { 0, NAN },
                                 { -1, 1e301 }, { 0, INFINITY }, { 1, 1 + 1e-15 } };
    const cloze_text bad = { "a\xff", 2 };
    cloze_plot_line lines[43] = { { .x = one_to_five, .y = one_to_five, .count = 5 } };
    cloze_plot_panel panel = { .lines = lines, .count = 1 };
    cloze_plot_mark mark = { 1, { NULL, 0 } };
    cloze_line_plot plot = { .panels = &panel, .count = 1, .marks = &mark, .mark_count = 1 };
    cloze_error error;
    (void)state;
    pictures_clear();
    drawn(cloze_plot_ready("a.png", &error), &error);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        plot.width = sizes[i];
        check_refused(&plot, CLOZE_ERROR_LIMIT);
        plot.width = 0;
        plot.height = sizes[i];
        check_refused(&plot, CLOZE_ERROR_LIMIT);
        plot.height = 0;
    }
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        panel.low = limits[i][0];
        panel.high = limits[i][1];
        check_refused(&plot, CLOZE_ERROR_ARGUMENT);
    }
    panel.logarithmic = true;
    panel.low = 0;
    panel.high = 1;
    check_refused(&plot, CLOZE_ERROR_ARGUMENT);
    panel.low = panel.high = 0;
    plot.count = 0;
    check_refused(&plot, CLOZE_ERROR_LIMIT);
    plot.count = 5;
    check_refused(&plot, CLOZE_ERROR_LIMIT);
    plot.count = 1;
    plot.mark_count = 33;
    check_refused(&plot, CLOZE_ERROR_LIMIT);
    plot.mark_count = 1;
    panel.count = 43;
    check_refused(&plot, CLOZE_ERROR_LIMIT);
    for (size_t i = 0; i < 42; i++)
        lines[i].name = (cloze_text)TEXT("names that leave no room for a picture");
    panel.count = 42;
    plot.width = plot.height = 200;
    check_refused(&plot, CLOZE_ERROR_LIMIT);
    panel.count = 1;
    lines[0].count = 1000001;
    check_refused(&plot, CLOZE_ERROR_LIMIT);
    lines[0].count = 5;
    lines[0].colour = 8;
    check_refused(&plot, CLOZE_ERROR_ARGUMENT);
    lines[0].colour = 0;
    cloze_text *texts[] = { &plot.title, &plot.x_title, &panel.title, &mark.name, &lines[0].name };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        cloze_text kept = *texts[i];
        *texts[i] = bad;
        check_refused(&plot, CLOZE_ERROR_TEXT);
        *texts[i] = kept;
    }
    assert_int_equal(draw(&plot), 0);
    assert_true(picture_exists("png"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(charts_are_drawn_the_same_each_time),
#ifdef HAVE_CAIRO
        cmocka_unit_test(lines_go_where_the_numbers_do),
        cmocka_unit_test(logarithms_make_powers_straight),
        cmocka_unit_test(gaps_are_gaps),
        cmocka_unit_test(what_is_beyond_the_limits_is_cut_off),
        cmocka_unit_test(bands_are_as_wide_as_the_deviation),
        cmocka_unit_test(lines_of_one_colour_differ),
        cmocka_unit_test(names_hide_nothing),
        cmocka_unit_test(panels_share_their_axis),
        cmocka_unit_test(names_of_marks_have_rows_of_their_own),
        cmocka_unit_test(many_points_are_the_same_picture),
        cmocka_unit_test(peaks_among_many_points_are_seen),
#endif
        cmocka_unit_test(anything_finite_or_not_is_a_picture),
        cmocka_unit_test(what_cannot_be_drawn_leaves_no_file),
    };
    return cmocka_run_group_tests(tests, pictures_begin, pictures_end);
}
