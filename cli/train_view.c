/*
 * train_view.c - what is shown while a model learns: a row for each measurement, a line that lives
 * below it on a terminal, and the same as JSON lines.
 */
#include "train.h"

#include "curve.h"
#include "interrupt.h"
#include "say.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { CURVE_WIDTH = 12 };
static const double lately = 0.95;

double train_smoothing(double steps)
{
    double window = steps / 20;
    return 1 - 1 / (window < 2 ? 2 : window > 50 ? 50 : window);
}

/* ---- JSON lines ---- */

static json_t *event_of(const train_view *view, const char *name, size_t step, double epoch)
{
    double seconds = view->log->seconds_before + seconds_now() - view->begun;
    json_t *event = json_pack("{s:s, s:I, s:o, s:o}", "event", name, "step", (json_int_t)step,
                              "epoch", train_real(epoch), "seconds", train_real(seconds));
    const char *title = view->run->title;
    if (event && *title)
        json_object_set_new(event, "run", json_string(title));
    return event;
}

static void add_count(json_t *event, const char *key, size_t value)
{
    json_object_set_new(event, key, json_integer((json_int_t)value));
}

static void log_begin(train_view *view, const cloze_train_event *event)
{
    const train_run *run = view->run;
    json_t *line = event_of(view, event->step ? "resume" : "begin", event->step, event->epoch);
    static const char *const names[] = { "train", "dev", "test" };
    json_t *items = json_object(), *tokens = json_object();
    add_count(line, "steps", event->steps);
    json_object_set_new(line, "epochs", train_real(event->epochs));
    add_count(line, "parameters", event->parameters);
    add_count(line, "learning", event->learning);
    add_count(line, "memory", event->memory);
    if (run->job->ranks.way.count)
        add_count(line, "ranks", (size_t)run->job->ranks.way.count);
    for (int part = 0; part < PARTS; part++)
        if (run->intake[part].items) {
            add_count(items, names[part], run->intake[part].items);
            add_count(tokens, names[part], run->intake[part].tokens);
        }
    json_object_set_new(line, "items", items);
    json_object_set_new(line, "tokens", tokens);
    json_object_set_new(line, "seed", json_integer((json_int_t)run->seed));
    json_object_set_new(line, "version", json_string(cloze_version()));
    json_object_set(line, "settings", run->job->facts);
    train_log_write(view->log, line);
}

static void log_step(train_view *view, const cloze_train_event *event)
{
    json_t *line = event_of(view, "step", event->step, event->epoch);
    json_object_set_new(line, "loss", train_real(event->loss));
    json_object_set_new(line, "rate", train_real(event->rate));
    json_object_set_new(line, "norm", train_real(event->norm));
    add_count(line, "items", event->items);
    add_count(line, "tokens", event->tokens);
    train_log_write(view->log, line);
}

static void log_measures(train_view *view)
{
    json_t *line = event_of(view, "measure", view->measured_step, view->measured_epoch);
    json_object_set_new(line, "dev", train_measures_json(&view->measures));
    json_object_set_new(line, "best", json_boolean(view->measured_best));
    train_log_write(view->log, line);
}

/* ---- rows ---- */

static bool shows_rows(const train_view *view)
{
    return !view->run->job->settings->json && !view->run->job->settings->quiet;
}

static const double *measure_named(const cloze_measures *measures, const char *name)
{
    for (size_t i = 0; name && i < measures->count; i++)
        if (!strcmp(measures->name[i], name))
            return &measures->value[i];
    return NULL;
}

static void time_text(double seconds, char *out, size_t size)
{
    double whole = floor(seconds > 0 ? seconds : 0);
    if (whole >= 3600)
        snprintf(out, size, "%.0f:%02.0f:%02.0f", floor(whole / 3600), fmod(floor(whole / 60), 60),
                 fmod(whole, 60));
    else
        snprintf(out, size, "%.0f:%02.0f", floor(whole / 60), fmod(whole, 60));
}

static void write_head(train_view *view)
{
    const train_kind *kind = view->run->job->kind;
    cli_output *output = view->run->job->output;
    view->headed = true;
    output_format(output, "%5s  %7s  %8s", "epoch", "step", "loss");
    for (int i = 0; i < SHOWN_METRICS; i++)
        if (measure_named(&view->measures, kind->shown[i]))
            output_format(output, "  %*s", strcmp(kind->shown[i], "loss") ? 9 : 8,
                          strcmp(kind->shown[i], "loss") ? kind->shown[i] : "dev loss");
    output_format(output, "  %7s\n", "time");
}

/* `epoch` and `step` of the row; the measures if there are any. */
static void write_row(train_view *view, size_t step, double epoch)
{
    const train_kind *kind = view->run->job->kind;
    cli_output *output = view->run->job->output;
    char took[32];
    if (!shows_rows(view))
        return;
    progress_end(&view->progress);
    if (!view->headed)
        write_head(view);
    time_text(view->log->seconds_before + seconds_now() - view->begun, took, sizeof took);
    output_format(output, "%5.2f  %7zu  %8.4f", epoch, step,
                  view->row_steps ? view->row_loss / (double)view->row_steps : 0);
    for (int i = 0; i < SHOWN_METRICS; i++) {
        const double *value = measure_named(&view->measures, kind->shown[i]);
        if (value)
            output_format(output, "  %*.4f", strcmp(kind->shown[i], "loss") ? 9 : 8, *value);
    }
    output_format(output, "  %7s%s\n", took, view->measured_best ? "  best" : "");
    output_flush(output);
}

static void end_row(train_view *view)
{
    view->row_loss = 0;
    view->row_steps = 0;
}

/* What was measured is told when it is known whether it is the best. */
static void settle(train_view *view)
{
    if (!view->measured_step)
        return;
    if (view->measured_best)
        view->log->best_step = view->measured_step;
    log_measures(view);
    write_row(view, view->measured_step, view->measured_epoch);
    end_row(view);
    view->measured_step = 0;
    view->measured_best = false;
}

/* ---- the line that lives ---- */

/* What is known, the most wanted first, as far as the line is wide. */
static void show_line(train_view *view, const cloze_train_event *event)
{
    char pieces[6][192], left[32], text[512], bar[64];
    const char *title = view->run->title;
    size_t here = event->step - view->first_step, used;
    double took = seconds_now() - view->begun;
    if (!progress_due(&view->progress))
        return;
    time_text(here ? took / (double)here * (double)(event->steps - event->step) : 0, left,
              sizeof left);
    progress_bar(bar, sizeof bar, event->step, event->steps);
    snprintf(pieces[0], sizeof pieces[0], "%s%sepoch %.1f/%.3g  %s%s left", title,
             *title ? "  " : "", event->epoch, event->epochs, bar, left);
    snprintf(pieces[1], sizeof pieces[1], "  loss %.4f",
             view->loss_weight > 0 ? view->loss / view->loss_weight : event->loss);
    snprintf(pieces[2], sizeof pieces[2], "  %.0f tokens/s",
             view->spent > 0 ? view->tokens / view->spent : 0);
    memcpy(pieces[3], "  ", 3);
    curve_text(pieces[3] + 2, sizeof pieces[3] - 2, view->losses, view->loss_count, CURVE_WIDTH,
               CURVE_BLOCKS);
    snprintf(pieces[4], sizeof pieces[4], "  rate %.2g", event->rate);
    snprintf(pieces[5], sizeof pieces[5], "  step %zu/%zu", event->step, event->steps);
    used = (size_t)snprintf(text, sizeof text, "%s", pieces[0]);
    for (int i = 1;
         i < 6 && progress_columns(text) + progress_columns(pieces[i]) < view->progress.columns;
         i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s", pieces[i]);
    progress_line(&view->progress, text);
}

/* Losses of all steps, however many: of too many, neighbours become one. */
static void keep_loss(train_view *view, double loss)
{
    double *losses = view->losses;
    if (!view->loss_steps && view->loss_count == LOSSES_SHOWN) {
        for (size_t i = 0; i < LOSSES_SHOWN / 2; i++)
            losses[i] = (losses[2 * i] + losses[2 * i + 1]) / 2;
        view->loss_count /= 2;
        view->loss_each *= 2;
    }
    if (!view->loss_steps)
        losses[view->loss_count++] = 0;
    view->loss_steps++;
    losses[view->loss_count - 1] +=
        (loss - losses[view->loss_count - 1]) / (double)view->loss_steps;
    view->loss_steps %= view->loss_each;
}

static void take_step(train_view *view, const cloze_train_event *event)
{
    double now = seconds_now(), smooth = train_smoothing((double)event->steps);
    view->loss = smooth * view->loss + (1 - smooth) * event->loss;
    view->loss_weight = smooth * view->loss_weight + (1 - smooth);
    view->spent = lately * view->spent + now - view->last;
    view->tokens = lately * view->tokens + (double)event->tokens;
    view->row_loss += event->loss;
    view->row_steps++;
    keep_loss(view, event->loss);
    log_step(view, event);
    show_line(view, event);
}

/* ---- all ---- */

void train_view_begin(train_view *view, train_run *run, train_log *log)
{
    *view = (train_view){ .run = run, .log = log, .begun = seconds_now() };
    view->last = view->begun;
    view->loss_each = 1;
    progress_begin(&view->progress, run->job->settings->quiet);
    if (run->job->options.freeze_body) {
        char text[] = "computing what the model makes of the texts";
        progress_line(&view->progress, text);
    }
}

static void note_warmup(const train_run *run, size_t steps)
{
    cloze_train_options options = run->job->options;
    cloze_train_options_fill(&options);
    if (options.warmup > steps && !run->fold)
        say_note(run->job->settings->quiet,
                 "a warm-up of %zu steps is longer than the run of %zu: the rate stays below %g",
                 options.warmup, steps, options.rate);
}

static bool begin(train_view *view, const cloze_train_event *event)
{
    train_run *run = view->run;
    note_warmup(run, event->steps);
    view->first_step = event->step;
    view->row_epochs = (size_t)(event->epoch + 1e-9);
    run->parameters = event->parameters;
    run->learning = event->learning;
    run->memory = event->memory;
    if (train_log_open(view->log, view->run, event->step))
        return false;
    log_begin(view, event);
    return true;
}

bool train_view_event(train_view *view, const cloze_train_event *event)
{
    train_run *run = view->run;
    bool good = true, measures = run->intake[PART_DEV].items;
    if (event->moment == CLOZE_TRAIN_BEST)
        view->measured_best = true;
    settle(view);
    run->steps = event->step;
    run->epochs = event->epoch;
    switch (event->moment) {
    case CLOZE_TRAIN_BEGUN:
        good = begin(view, event);
        break;
    case CLOZE_TRAIN_STEP:
        take_step(view, event);
        if (!measures &&
            (event->epoch + 1e-9 >= (double)view->row_epochs + 1 || event->step == event->steps)) {
            view->row_epochs = (size_t)(event->epoch + 1e-9);
            write_row(view, event->step, event->epoch);
            end_row(view);
        }
        break;
    case CLOZE_TRAIN_MEASURED:
        view->measures = *event->measures;
        view->measured_step = event->step;
        view->measured_epoch = event->epoch;
        break;
    default:
        break;
    }
    view->last = seconds_now();
    if (event->memory > run->memory)
        run->memory = event->memory;
    run->saved = event->saved;
    return good && !view->log->failed && !output_failed(run->job->output) && !interrupted();
}

void train_view_end(train_view *view)
{
    settle(view);
    progress_end(&view->progress);
}
