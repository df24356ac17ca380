/*
 * test_points.c - pictures of trials are looked at by their pixels: points and lines lie where the
 * values are, in the colour of the third setting, and what is not known is not drawn.
 */
#include "picture.h"

#ifdef HAVE_CAIRO
#include "plot/style.h"
#endif

#include <limits.h>
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define TEXT(words)                                                                                \
    {                                                                                              \
        words, sizeof(words) - 1                                                                   \
    }

static const double rates[] = { 1e-5, 1e-4, 1e-3 }, scores[] = { 0.2, 0.8, 0.5 };
static const double places[] = { 0, 1, 1 };
static const cloze_text names[] = { TEXT("<i>AdamW</i>"), TEXT("a\0b & \xd9\x85\xd8\xb1") };

static cloze_status draw_points(const void *plot, const char *path, cloze_error *error)
{
    return cloze_plot_points(plot, path, error);
}

static cloze_status draw_trials(const void *plot, const char *path, cloze_error *error)
{
    return cloze_plot_trials(plot, path, error);
}

static cloze_point_plot three_points(void)
{
    return (cloze_point_plot){ .count = 3,
                               .x = { .title = TEXT("rate"), .values = rates, .logarithmic = true },
                               .y = { .title = TEXT("<F1>"), .values = scores },
                               .title = TEXT("three &lt;") };
}

static void pictures_are_the_same_each_time(void **state)
{
    cloze_point_plot points = three_points();
    const cloze_plot_axis axes[] = { points.x,
                                     { .values = places, .names = names, .name_count = 2 },
                                     points.y };
    const cloze_trial_plot trials = {
        .count = 3, .axes = axes, .axis_count = 3, .ringed = 2, .title = TEXT("<g>")
    };
    (void)state;
    check_formats(draw_points, &points);
    points.colour = axes[1];
    points.ringed = 1;
    points.ring_name = (cloze_text)TEXT("best");
    check_formats(draw_points, &points);
    points.colour = axes[0];
    points.x = axes[1];
    check_formats(draw_points, &points);
    check_formats(draw_trials, &trials);
}

#ifdef HAVE_CAIRO
static pixels draw(const cloze_point_plot *plot)
{
    cloze_error error = { 0 };
    assert_int_equal(drawn(cloze_plot_points(plot, picture_path("png"), &error), &error), 0);
    return pixels_of("png");
}

static double middle_x(span found)
{
    return (found.left + found.right) / 2.0;
}

static double middle_y(span found)
{
    return (found.top + found.bottom) / 2.0;
}

static span all_of(const pixels *image, cz_colour colour)
{
    return find_colour(image, colour, 0, 0, INT_MAX, INT_MAX);
}

/* Left of the bar of colours and below the legend. */
static span in_area(const pixels *image, cz_colour colour)
{
    return find_colour(image, colour, 0, 100, image->width - 170, INT_MAX);
}

static void points_lie_where_their_values_are(void **state)
{
    const double colours[] = { 0, 1, 2 };
    const cloze_text colour_names[] = { { NULL, 0 }, { NULL, 0 }, { NULL, 0 } };
    cloze_point_plot plot = three_points();
    span found[3];
    pixels image;
    (void)state;
    plot.colour = (cloze_plot_axis){ .values = colours, .names = colour_names, .name_count = 3 };
    image = draw(&plot);
    for (size_t i = 0; i < 3; i++) {
        found[i] = all_of(&image, cz_style_of(i, 0).colour);
        assert_in_range(found[i].count, 60, 400);
        assert_true(found[i].right - found[i].left < 24 && found[i].bottom - found[i].top < 24);
    }
    /* Few values: each on its own number, give or take the spread. */
    check_near(middle_x(found[1]) - middle_x(found[0]), middle_x(found[2]) - middle_x(found[1]),
               130);
    assert_true(middle_x(found[1]) - middle_x(found[0]) > 300);
    check_near((middle_y(found[0]) - middle_y(found[2])) /
                   (middle_y(found[0]) - middle_y(found[1])),
               0.5, 0.02);
    assert_true(middle_y(found[0]) - middle_y(found[1]) > 300);
    pixels_free(&image);
}

static void many_values_lie_exactly(void **state)
{
    enum { COUNT = 20 };
    double x[COUNT], y[COUNT], colours[COUNT];
    const cloze_text colour_names[] = { { NULL, 0 }, { NULL, 0 } };
    cloze_point_plot plot = three_points();
    span found;
    pixels image;
    double left, right;
    (void)state;
    plot.count = COUNT;
    plot.x = (cloze_plot_axis){ .values = x };
    plot.y = (cloze_plot_axis){ .values = y };
    plot.colour = (cloze_plot_axis){ .values = colours, .names = colour_names, .name_count = 2 };
    for (int i = 0; i < COUNT; i++) {
        x[i] = 100 + i;
        y[i] = i % 2 ? 7 : 3;
        colours[i] = i == 13;
    }
    image = draw(&plot);
    found = all_of(&image, cz_style_of(0, 0).colour);
    left = found.left + 5.5;
    right = found.right - 5.5;
    check_near(middle_x(all_of(&image, cz_style_of(1, 0).colour)),
               left + (right - left) * 13 / (COUNT - 1), 4);
    pixels_free(&image);
}

static void the_third_setting_is_the_colour(void **state)
{
    cloze_point_plot plot = three_points();
    const double order[] = { 4, 64, 16 }, unknown[] = { 4, NAN, 64 };
    span low, middle, high;
    pixels image;
    (void)state;
    plot.colour = (cloze_plot_axis){ .values = order, .logarithmic = true };
    image = draw(&plot);
    low = in_area(&image, cz_colour_along(0));
    middle = in_area(&image, cz_colour_along(0.5));
    high = in_area(&image, cz_colour_along(1));
    assert_true(low.count > 50 && middle.count > 50 && high.count > 50);
    assert_true(low.right < high.left && high.right < middle.left);
    assert_true(high.bottom < middle.top && middle.bottom < low.top);
    pixels_free(&image);
    plot.colour.values = unknown;
    image = draw(&plot);
    assert_int_equal(in_area(&image, cz_colour_along(0.5)).count, 0);
    assert_true(in_area(&image, (cz_colour){ 0.6, 0.6, 0.6 }).count > 10);
    pixels_free(&image);
}

/* From left to right as the names are, and not among those of the next name. */
static void names_have_places(void **state)
{
    enum { COUNT = 60 };
    const cloze_text three[] = { TEXT("one"), TEXT("two"), TEXT("three") };
    const cloze_text none[] = { { NULL, 0 }, { NULL, 0 }, { NULL, 0 } };
    double x[COUNT], y[COUNT];
    cloze_point_plot plot = { .count = COUNT };
    span found[3];
    pixels image;
    (void)state;
    for (int i = 0; i < COUNT; i++) {
        x[i] = i % 3;
        y[i] = 1;
    }
    plot.x = (cloze_plot_axis){ .values = x, .names = three, .name_count = 3 };
    plot.y = (cloze_plot_axis){ .values = y };
    plot.colour = (cloze_plot_axis){ .values = x, .names = none, .name_count = 3 };
    image = draw(&plot);
    for (size_t i = 0; i < 3; i++) {
        found[i] = all_of(&image, cz_style_of(i, 0).colour);
        assert_in_range(found[i].right - found[i].left, 60, 135);
    }
    check_near(middle_x(found[1]) - middle_x(found[0]), middle_x(found[2]) - middle_x(found[1]),
               12);
    assert_true(found[0].right + 60 < found[1].left && found[1].right + 60 < found[2].left);
    pixels_free(&image);
}

/* Pixels near black around a place. */
static int ink_around(const pixels *image, double x, double y)
{
    int count = 0;
    for (int row = (int)y - 20; row < (int)y + 20; row++)
        for (int column = (int)x - 20; column < (int)x + 20; column++)
            count += (image->at[row * image->width + column] & 0xff) < 0x40 &&
                     (image->at[row * image->width + column] >> 16) < 0x40;
    return count;
}

static void one_has_a_ring(void **state)
{
    const double colours[] = { 0, 1, 2 };
    const cloze_text none[] = { { NULL, 0 }, { NULL, 0 }, { NULL, 0 } };
    cloze_point_plot plot = three_points();
    (void)state;
    plot.colour = (cloze_plot_axis){ .values = colours, .names = none, .name_count = 3 };
    for (size_t ringed = 0; ringed <= 3; ringed++) {
        pixels image;
        plot.ringed = ringed;
        image = draw(&plot);
        for (size_t i = 0; i < 3; i++) {
            span found = all_of(&image, cz_style_of(i, 0).colour);
            int ink = ink_around(&image, middle_x(found), middle_y(found));
            assert_true(i + 1 == ringed ? ink > 60 : ink < 10);
        }
        pixels_free(&image);
    }
}

static void it_is_said_how_many_are_not_drawn(void **state)
{
    const double holes[] = { 0.2, NAN, 0.5 };
    cloze_point_plot plot = three_points();
    pixels all, some;
    span note;
    (void)state;
    plot.colour.values = NULL;
    all = draw(&plot);
    plot.y.values = holes;
    some = draw(&plot);
    check_near(in_area(&some, cz_style_of(0, 0).colour).count * 3.0 / 2,
               in_area(&all, cz_style_of(0, 0).colour).count, 60);
    note = find_colour(&some, (cz_colour){ 0.4, 0.4, 0.4 }, some.width / 2, some.height - 50,
                       INT_MAX, INT_MAX);
    assert_true(note.count > 30 && note.right > some.width - 50);
    note = find_colour(&all, (cz_colour){ 0.4, 0.4, 0.4 }, all.width / 2, all.height - 50, INT_MAX,
                       INT_MAX);
    assert_true(note.count < 15); /* edges of letters of the title of x */
    pixels_free(&all);
    pixels_free(&some);
}

/* The row of pixels in which a colour is thickest just left of a column. */
static double row_of(const pixels *image, cz_colour colour, int column)
{
    return middle_y(find_colour(image, colour, column - 3, 0, column, INT_MAX));
}

static void trials_go_through_their_values(void **state)
{
    const double first[] = { 0, 10 }, second[] = { 10, 0 }, unknown[] = { NAN, 5 };
    const double last[] = { 0, 1 }, half[] = { NAN, 1 };
    cloze_plot_axis axes[] = { { .values = first }, { .values = second }, { .values = last } };
    const cloze_trial_plot plot = { .count = 2, .axes = axes, .axis_count = 3, .ringed = 2 };
    const cz_colour grey = { 0.2 * 1 + 0.8 * 0.7, 0.2 * 1 + 0.8 * 0.7, 0.2 * 1 + 0.8 * 0.7 };
    const cz_colour best = cz_colour_along(1 / 1.03); /* the axis goes on a little */
    cloze_error error = { 0 };
    span all;
    pixels image;
    int height, width;
    (void)state;
    assert_int_equal(drawn(cloze_plot_trials(&plot, picture_path("png"), &error), &error), 0);
    image = pixels_of("png");
    /* The second trial is opaque and begins at the upper left; its curve ends in the upper right. */
    all = find_colour(&image, best, 0, 0, image.width - 120, INT_MAX);
    height = all.bottom - all.top;
    width = all.right - all.left;
    assert_true(height > 350 && width > 500 && all.count > 3000);
    check_near(row_of(&image, best, all.left + 10), all.top, 16);
    check_near(row_of(&image, best, all.left + width / 2 + 24), all.bottom, 30);
    pixels_free(&image);

    axes[1].values = unknown; /* the first trial has a gap: nothing of it is left but its ends */
    axes[2].values = half;
    assert_int_equal(cloze_plot_trials(&plot, picture_path("png"), &error), 0);
    image = pixels_of("png");
    all = find_colour(&image, cz_colour_along(0.5), 0, 0, image.width - 120, INT_MAX);
    assert_true(all.count > 2000); /* the only value lies in the middle of its axis */
    assert_true(find_colour(&image, grey, 0, 0, INT_MAX, INT_MAX).count < 20);
    pixels_free(&image);

    axes[1].values = second; /* known but for what it reached: grey */
    assert_int_equal(cloze_plot_trials(&plot, picture_path("png"), &error), 0);
    image = pixels_of("png");
    assert_true(find_colour(&image, grey, 0, 0, INT_MAX, INT_MAX).count > 100);
    pixels_free(&image);
}

static void colours_of_points_change_in_equal_steps(void **state)
{
    double before = 2;
    cz_colour last = cz_colour_along(0);
    (void)state;
    for (int i = 0; i <= 100; i++) {
        cz_colour c = cz_colour_along(i / 100.0);
        double light = 0.2126 * c.red + 0.7152 * c.green + 0.0722 * c.blue;
        double step = hypot(hypot(c.red - last.red, c.green - last.green), c.blue - last.blue);
        assert_true(light < before && light < 0.8);
        assert_true(!i || (step > 0.003 && step < 0.025));
        before = light;
        last = c;
    }
    assert_true(before < 0.2);
}
#endif

static void anything_is_a_picture(void **state)
{
    const double odd[][4] = { { NAN, NAN, NAN, NAN },
                              { 1e300, -1e300, 0, NAN },
                              { 0, 0, 0, 0 },
                              { 5e-324, 1e-300, 1, INFINITY } };
    const double zeros[] = { 0, 0, NAN, 0 };
    const cloze_text one[] = { { NULL, 0 } };
    (void)state;
    for (unsigned i = 0; i < 256; i++) {
        cloze_plot_axis axes[] = {
            { .values = odd[i % 4], .logarithmic = i / 64 % 2 },
            { .values = odd[i / 4 % 4], .logarithmic = i / 128 },
            { .values = odd[i / 16 % 4] },
            { .values = zeros, .names = one, .name_count = 1 },
        };
        cloze_point_plot points = {
            .count = i % 5, .x = axes[0], .y = axes[1], .colour = axes[2 + i % 2], .ringed = i % 5
        };
        cloze_trial_plot trials = { .count = i % 5, .axes = axes, .axis_count = 2 + i % 3 };
        cloze_error error = { 0 };
        cloze_status status =
            drawn(cloze_plot_points(&points, picture_path("svg"), &error), &error);
        if (status)
            fail_msg("%u: %s", i, error.message);
        if ((status = cloze_plot_trials(&trials, picture_path("svg"), &error)))
            fail_msg("%u: %s", i, error.message);
    }
}

static void check_refused(const cloze_point_plot *plot, cloze_status expected)
{
    cloze_error error = { 0 };
    const cloze_plot_axis axes[] = { plot->x, plot->y };
    cloze_trial_plot trials = { .count = plot->count > 3 ? 10001 : plot->count,
                                .axes = axes,
                                .axis_count = 2,
                                .title = plot->title,
                                .ringed = plot->ringed,
                                .width = plot->width,
                                .height = plot->height };
    assert_int_equal(cloze_plot_points(plot, picture_path("png"), &error), expected);
    assert_true(strlen(error.message) > 10);
    assert_int_equal(cloze_plot_trials(&trials, picture_path("png"), &error), expected);
    assert_true(strlen(error.message) > 10);
    assert_false(picture_exists("png"));
}

static void what_cannot_be_drawn_leaves_no_file(void **state)
{
    const double wrong[][3] = { { 0, 2, 1 }, { -1, 0, 0 }, { 0, 0.5, 0 }, { 1e300, 0, 0 } };
    const cloze_text bad[] = { { "\xed\xa0\x80", 3 } };
    cloze_point_plot plot = three_points();
    cloze_trial_plot trials = { .count = 3, .axes = &plot.x, .axis_count = 1 };
    cloze_error error;
    (void)state;
    pictures_clear();
    drawn(cloze_plot_ready("a.png", &error), &error);
    plot.width = 100;
    check_refused(&plot, CLOZE_ERROR_LIMIT);
    plot.width = NAN;
    check_refused(&plot, CLOZE_ERROR_LIMIT);
    plot.width = 0;
    plot.ringed = 4;
    check_refused(&plot, CLOZE_ERROR_ARGUMENT);
    plot.ringed = 0;
    plot.count = 100001;
    check_refused(&plot, CLOZE_ERROR_LIMIT);
    plot.count = 3;
    plot.title = bad[0];
    check_refused(&plot, CLOZE_ERROR_TEXT);
    plot.title.size = 0;
    plot.x = (cloze_plot_axis){ .values = places, .names = names, .name_count = 0 };
    check_refused(&plot, CLOZE_ERROR_LIMIT);
    plot.x.name_count = 43;
    check_refused(&plot, CLOZE_ERROR_LIMIT);
    plot.x.name_count = 2;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        plot.x.values = wrong[i];
        check_refused(&plot, CLOZE_ERROR_ARGUMENT);
    }
    plot.x = (cloze_plot_axis){ .values = scores, .names = bad, .name_count = 1 };
    check_refused(&plot, CLOZE_ERROR_TEXT);
    plot.x = (cloze_plot_axis){ .values = scores, .title = bad[0] };
    check_refused(&plot, CLOZE_ERROR_TEXT);
    assert_int_equal(cloze_plot_trials(&trials, picture_path("png"), &error), CLOZE_ERROR_LIMIT);
    trials.axis_count = 17;
    assert_int_equal(cloze_plot_trials(&trials, picture_path("png"), &error), CLOZE_ERROR_LIMIT);
    assert_false(picture_exists("png"));
}

/* ---- threads ---- */

typedef struct worker {
    pthread_t thread;
    char path[64];
    cloze_status status;
} worker;

static void *work(void *argument)
{
    worker *self = argument;
    const cloze_point_plot plot = three_points();
    for (int i = 0; i < 5 && !self->status; i++)
        self->status = cloze_plot_points(&plot, self->path, NULL);
    return NULL;
}

static void threads_draw_the_same(void **state)
{
    enum { THREADS = 4 };
    const cloze_point_plot plot = three_points();
    worker workers[THREADS] = { 0 };
    cloze_error error;
    size_t size, used;
    char *bytes, *other = malloc(1 << 22);
    (void)state;
    assert_int_equal(drawn(cloze_plot_points(&plot, picture_path("svg"), &error), &error), 0);
    bytes = picture_bytes("svg", &size);
    for (int i = 0; i < THREADS; i++) {
        snprintf(workers[i].path, sizeof workers[i].path, "%.40s.%d.svg", picture_path("svg"), i);
        assert_int_equal(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        FILE *file;
        pthread_join(workers[i].thread, NULL);
        assert_int_equal(workers[i].status, 0);
        assert_non_null(file = fopen(workers[i].path, "rb"));
        used = fread(other, 1, 1 << 22, file);
        fclose(file);
        unlink(workers[i].path);
        assert_int_equal(used, size);
        assert_memory_equal(bytes, other, size);
    }
    free(bytes);
    free(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pictures_are_the_same_each_time),
#ifdef HAVE_CAIRO
        cmocka_unit_test(points_lie_where_their_values_are),
        cmocka_unit_test(many_values_lie_exactly),
        cmocka_unit_test(the_third_setting_is_the_colour),
        cmocka_unit_test(names_have_places),
        cmocka_unit_test(one_has_a_ring),
        cmocka_unit_test(it_is_said_how_many_are_not_drawn),
        cmocka_unit_test(trials_go_through_their_values),
        cmocka_unit_test(colours_of_points_change_in_equal_steps),
#endif
        cmocka_unit_test(anything_is_a_picture),
        cmocka_unit_test(what_cannot_be_drawn_leaves_no_file),
        cmocka_unit_test(threads_draw_the_same),
    };
    return cmocka_run_group_tests(tests, pictures_begin, pictures_end);
}
