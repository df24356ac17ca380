/*
 * train_picture.c - the curves of a run, as its training.jsonl has them: the loss, what was measured
 * with the dev examples, and the rate, one below the other.
 */
#include "train.h"

#include "say.h"

#include <cloze/plot.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { POINTS_MOST = 1 << 18 };

/* Points; of too many, neighbours become one. */
typedef struct point_course {
    double *x, *y;
    size_t count, room, each, waiting; /* values that make a point; of the last one so far */
} point_course;

typedef struct run_courses {
    const train_kind *kind;
    point_course loss, smoothed, rate, dev_loss, shown[SHOWN_METRICS];
    double mean, weight, smooth; /* of the smoothed loss */
    bool failed;
} run_courses;

const char *train_picture_ending(const cli_settings *settings)
{
    return settings->train.picture == PICTURE_SVG ? "svg" : "png";
}

/* ---- reading ---- */

static bool grow(point_course *course)
{
    size_t room = course->room ? 2 * course->room : 256;
    double *x = realloc(course->x, room * sizeof *x), *y;
    if (!x)
        return false;
    course->x = x;
    if (!(y = realloc(course->y, room * sizeof *y)))
        return false;
    course->y = y;
    course->room = room;
    return true;
}

static void halve(point_course *course)
{
    for (size_t i = 0; i < course->count / 2; i++) {
        course->x[i] = (course->x[2 * i] + course->x[2 * i + 1]) / 2;
        course->y[i] = (course->y[2 * i] + course->y[2 * i + 1]) / 2;
    }
    course->count /= 2;
    course->each *= 2;
}

static bool add(point_course *course, double x, double y)
{
    double share;
    course->each = course->each ? course->each : 1;
    if (!course->waiting) {
        if (course->count == POINTS_MOST)
            halve(course);
        if (course->count == course->room && !grow(course))
            return false;
        course->x[course->count] = course->y[course->count] = 0;
        course->count++;
    }
    share = 1 / (double)(course->waiting + 1);
    course->x[course->count - 1] += (x - course->x[course->count - 1]) * share;
    course->y[course->count - 1] += (y - course->y[course->count - 1]) * share;
    course->waiting = (course->waiting + 1) % course->each;
    return true;
}

static double real_in(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

static void take(void *context, const json_t *event)
{
    run_courses *all = context;
    const char *name = json_string_value(json_object_get(event, "event"));
    double step = real_in(event, "step"), loss = real_in(event, "loss");
    const json_t *dev = json_object_get(event, "dev");
    if (name && !strcmp(name, "step") && isfinite(loss)) {
        all->mean = all->smooth * all->mean + (1 - all->smooth) * loss;
        all->weight = all->smooth * all->weight + 1 - all->smooth;
        all->failed |= !add(&all->loss, step, loss) ||
                       !add(&all->smoothed, step, all->mean / all->weight) ||
                       !add(&all->rate, step, real_in(event, "rate"));
    }
    if (!name || strcmp(name, "measure") != 0)
        return;
    all->failed |= !add(&all->dev_loss, step, real_in(dev, "loss"));
    for (int i = 0; i < SHOWN_METRICS; i++)
        if (all->kind->shown[i] && strcmp(all->kind->shown[i], "loss") != 0)
            all->failed |= !add(&all->shown[i], step, real_in(dev, all->kind->shown[i]));
}

/* ---- drawing ---- */

static cloze_text text_of(const char *text)
{
    return (cloze_text){ text, strlen(text) };
}

static cloze_plot_line line_of(const point_course *course, const char *name)
{
    return (cloze_plot_line){
        .name = text_of(name), .x = course->x, .y = course->y, .count = course->count
    };
}

static cloze_status draw(const train_run *run, const run_courses *all, const char *path,
                         cloze_error *error)
{
    cloze_plot_line losses[3], shown[SHOWN_METRICS], rate = line_of(&all->rate, "");
    cloze_plot_panel panels[3] = { { .lines = losses, .count = 2, .title = text_of("loss") } };
    cloze_plot_mark best = { (double)run->best_step, text_of("saved") };
    const char *slash = strrchr(run->folder, '/');
    cloze_line_plot plot = {
        .panels = panels,
        .count = 1,
        .marks = &best,
        .mark_count = run->best_step && !run->job->options.keep_last,
        .title = text_of(slash && slash[1] ? slash + 1 : run->folder),
        .x_title = text_of("step"),
    };
    size_t count = 0;
    losses[0] = line_of(&all->loss, "a step");
    losses[0].faint = true;
    losses[1] = line_of(&all->smoothed, "smoothed");
    losses[0].colour = losses[1].colour = 1;
    losses[2] = line_of(&all->dev_loss, "dev");
    losses[2].colour = 2;
    panels[0].count += all->dev_loss.count > 0;
    for (int i = 0; i < SHOWN_METRICS; i++)
        if (all->shown[i].count)
            shown[count++] = line_of(&all->shown[i], all->kind->shown[i]);
    if (count)
        panels[plot.count++] =
            (cloze_plot_panel){ .lines = shown, .count = count, .title = text_of("dev") };
    panels[plot.count++] =
        (cloze_plot_panel){ .lines = &rate, .count = 1, .title = text_of("rate") };
    return cloze_plot_lines(&plot, path, error);
}

static void clear(run_courses *all)
{
    point_course *courses[] = { &all->loss, &all->smoothed, &all->rate, &all->dev_loss };
    for (int i = 0; i < 4; i++) {
        free(courses[i]->x);
        free(courses[i]->y);
    }
    for (int i = 0; i < SHOWN_METRICS; i++) {
        free(all->shown[i].x);
        free(all->shown[i].y);
    }
}

int train_picture(const train_run *run)
{
    const cli_settings *settings = run->job->settings;
    run_courses all = { .kind = run->job->kind, .smooth = train_smoothing((double)run->steps) };
    char path[PATH_SIZE + 32];
    cloze_error error;
    int code;
    if (!*run->folder || settings->train.picture == PICTURE_NONE)
        return 0;
    snprintf(path, sizeof path, "%s/training.%s", run->folder, train_picture_ending(settings));
    code = train_log_read(run->folder, take, &all);
    if (!code && all.failed)
        code = say_failure(CLOZE_ERROR_MEMORY, "out of memory");
    if (!code && draw(run, &all, path, &error)) {
        if (error.status == CLOZE_ERROR_UNSUPPORTED && !settings->train.picture)
            say_note(settings->quiet, "there is no picture of the run: %s", error.message);
        else
            code = say_error(&error, NULL);
    }
    clear(&all);
    return code;
}
