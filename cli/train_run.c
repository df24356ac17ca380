/* train_run.c - one run: a trainer is made, given the examples, and learns; what it learned is saved. */
#include "train.h"

#include "interrupt.h"
#include "say.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int measure(train_run *run, cloze_trainer *trainer)
{
    cloze_error error;
    for (int part = PART_DEV; part < (run->paused ? PART_TEST : PARTS); part++)
        if (run->intake[part].items &&
            cloze_trainer_measure(trainer, (cloze_split)part, &run->measures[part], &error))
            return say_error(&error, NULL);
    return 0;
}

/* The state of a run that ended is of no more use, and three times as large as the model. */
static void forget_state(const train_run *run)
{
    char path[PATH_SIZE + 32];
    if (*run->folder) {
        snprintf(path, sizeof path, "%s/training.state", run->folder);
        unlink(path);
    }
}

static void log_end(train_log *log, const train_run *run)
{
    json_t *line = json_pack("{s:s, s:I, s:o, s:o}", "event", "end", "step", (json_int_t)run->steps,
                             "epoch", train_real(run->epochs), "seconds", train_real(run->seconds));
    if (*run->title)
        json_object_set_new(line, "run", json_string(run->title));
    if (run->best_step)
        json_object_set_new(line, "best_step", json_integer((json_int_t)run->best_step));
    json_object_set_new(line, "parameters", json_integer((json_int_t)run->parameters));
    json_object_set_new(line, "learning", json_integer((json_int_t)run->learning));
    json_object_set_new(line, "memory", json_integer((json_int_t)run->memory));
    if (run->saved)
        json_object_set_new(line, "memory_saved", json_integer((json_int_t)run->saved));
    json_object_set_new(line, "data", train_intake_json(run));
    if (run->measures[PART_DEV].count)
        json_object_set_new(line, "dev", train_measures_json(&run->measures[PART_DEV]));
    if (run->measures[PART_TEST].count)
        json_object_set_new(line, "test", train_measures_json(&run->measures[PART_TEST]));
    if (*run->folder)
        json_object_set_new(line, "folder", json_string(run->folder));
    train_log_write(log, line);
}

static void say_intake(const train_run *run)
{
    static const char *const names[] = { "training", "dev", "test" };
    bool quiet = run->job->settings->quiet || run->fold;
    for (int part = 0; part < PARTS && !run->job->anew; part++) {
        const cloze_intake *intake = &run->intake[part];
        if (intake->truncated)
            say_note(quiet, "%zu of %zu %s examples are longer than the limit and were cut",
                     intake->truncated, intake->examples, names[part]);
        if (intake->lost)
            say_note(quiet, "%zu labels of %s examples stand behind the limit", intake->lost,
                     names[part]);
    }
    if (!run->intake[PART_DEV].items && !run->intake[PART_TEST].items)
        say_note(quiet, "there is nothing to measure with (--dev FILE or --dev-part 0.1): how good "
                        "the model becomes is not known, and the last numbers are saved");
    else if (!run->intake[PART_DEV].items)
        say_note(quiet, "there are no dev examples: the last numbers are saved");
}

static void say_saved(const train_run *run)
{
    if (run->saved)
        say_note(run->job->settings->quiet, "%.1f MB of memory were held instead of %.1f",
                 (double)run->memory / 1e6, (double)(run->memory + run->saved) / 1e6);
}

/* Ctrl-C, or another process that is gone, and where to go on. */
static int say_stopped(const train_run *run, const cloze_error *error)
{
    bool stopped = error->status == CLOZE_ERROR_CANCELLED && interrupted();
    int code = say_error(error, NULL);
    if ((stopped || run->job->ranks.lost) && *run->folder)
        say_note(run->job->settings->quiet, "stopped at step %zu; --resume goes on from there",
                 run->steps);
    return code;
}

static int learn(train_run *run, cloze_trainer *trainer)
{
    train_log log = { .output = run->job->settings->json ? run->job->output : NULL };
    cloze_error error = { 0 };
    int code = 0;
    train_view_begin(run->view, run, &log);
    if (cloze_trainer_run(trainer, &error) && !run->paused)
        code = -1;
    train_view_end(run->view);
    if (code)
        code = log.failed                        ? (int)CLOZE_ERROR_IO
               : output_failed(run->job->output) ? EXIT_BROKEN_PIPE /* what it is, is said later */
                                                 : say_stopped(run, &error);
    run->seconds = log.seconds_before + seconds_now() - run->view->begun;
    run->best_step = log.best_step;
    if (!ranks_lead(&run->job->ranks))
        return code;
    if (!code)
        code = measure(run, trainer);
    if (run->paused)
        return train_log_close(&log, code);
    if (!code && *run->folder && cloze_trainer_save(trainer, NULL, &error))
        code = say_error(&error, NULL);
    if (!code) {
        log_end(&log, run);
        say_saved(run);
        forget_state(run);
    }
    return train_log_close(&log, code);
}

static bool report(void *context, const cloze_train_event *event)
{
    train_run *run = context;
    bool goes_on;
    if (interrupted())
        ranks_say_ended(&run->job->ranks);
    if (!train_view_event(run->view, event))
        return false;
    goes_on = !run->goes_on || run->goes_on(run, event);
    run->paused = run->paused || !goes_on;
    return goes_on;
}

/* Whether there is nothing left to do. */
static int find_end(train_run *run, bool *ended)
{
    cli_ranks *ranks = &run->job->ranks;
    int code = 0;
    if (run->job->options.resume && ranks_lead(ranks))
        code = train_log_end(run, ended);
    code = ranks_agree(ranks, code);
    return code ? code : ranks_share(ranks, ended, sizeof *ended);
}

/* It may have been killed between its last line and what comes then. */
static int stay_ended(train_run *run)
{
    say_note(run->job->settings->quiet, "the run in %s has ended already", run->folder);
    if (!ranks_lead(&run->job->ranks))
        return 0;
    forget_state(run);
    return train_picture(run);
}

int train_do(train_run *run)
{
    cloze_train_options options = run->job->options;
    cli_ranks *ranks = &run->job->ranks;
    cloze_trainer *trainer = NULL;
    cloze_error error;
    train_view view;
    train_place before = train_look(run->folder);
    bool ended = false;
    int code = 0;
    run->view = &view;
    if ((code = find_end(run, &ended)))
        return code;
    if (ended)
        return stay_ended(run);
    options.folder = *run->folder ? run->folder : NULL;
    options.seed = run->seed;
    options.ranks = ranks->way.count ? &ranks->way : NULL;
    options.watch = (cloze_train_watch){ report, run };
    if (cloze_trainer_new(&trainer, *run->job->name ? run->job->name : run->job->model, &options,
                          &error))
        code = say_error(&error, NULL);
    if (!code)
        code = run->job->give(run, trainer);
    code = ranks_agree(ranks, code);
    if (!code)
        say_intake(run);
    if (!code)
        code = learn(run, trainer);
    cloze_trainer_free(trainer);
    if (!code && ranks_lead(ranks) && !run->paused)
        code = train_picture(run);
    if (code && ranks_lead(ranks))
        train_forget(run->folder, before);
    run->view = NULL;
    return code;
}
