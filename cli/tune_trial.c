/*
 * tune_trial.c - one trial: a run of cloze train in a folder of its own, stopped where its rung ends
 * and resumed at the next. It runs in a process that was made for it.
 */
#include "tune.h"

#include "commands.h"
#include "say.h"
#include "train.h"

#include <ftw.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DESCRIPTORS = 16 };

typedef struct trial_work {
    cli_settings settings;
    train_job job;
    char folder[PATH_SIZE];
    train_run *runs; /* [count] */
    size_t count;
    const char **arguments;
    double share;
    tune_live *live;
} trial_work;

int trial_folder(const tune_job *job, const tune_trial *trial, char *out, size_t size)
{
    if ((size_t)snprintf(out, size, "%s/trial-%zu", job->settings->output, trial->number) < size)
        return 0;
    return say_failure(CLOZE_ERROR_LIMIT, "the name of the folder is too long");
}

/* ---- settings ---- */

static void forget(trial_work *work)
{
    train_end(&work->job);
    settings_clear(&work->settings);
    free(work->arguments);
    free(work->runs);
    free(work);
}

/* The settings of the trial, as its command line says them. `aloud`: remarks are made. */
static int parse(const tune_job *job, const tune_trial *trial, bool aloud, trial_work **out)
{
    trial_work *work = calloc(1, sizeof *work);
    int first = 0, code;
    size_t count;
    if (!work || !(work->arguments = calloc(tune_arguments_most(job) + 1, sizeof(char *)))) {
        free(work);
        return say_failure(CLOZE_ERROR_MEMORY, "out of memory");
    }
    count = tune_arguments(job, trial, work->arguments);
    code = options_parse(&command_train, (int)count, (char **)(uintptr_t)work->arguments,
                         &work->settings, &first);
    work->settings.quiet = !aloud;
    work->settings.pull = job->settings->pull;
    work->settings.threads = job->threads;
    work->settings.output = work->folder;
    work->settings.train.resume = true;
    work->settings.train.picture = PICTURE_NONE;
    work->job.settings = &work->settings;
    if (code < 0)
        code = trial_folder(job, trial, work->folder, sizeof work->folder);
    if (code) {
        forget(work);
        return code;
    }
    *out = work;
    return 0;
}

static const char *metric_of(const trial_work *work)
{
    const char *named = work->settings.train.metric;
    return named ? named : cloze_train_metric(work->job.kind->learning);
}

/* The model has what the settings ask of it. */
static int open_trainer(trial_work *work)
{
    cloze_train_options options = work->job.options;
    cloze_trainer *trainer = NULL;
    cloze_error error;
    options.resume = false;
    if (cloze_trainer_new(&trainer, work->job.model, &options, &error))
        return say_error(&error, NULL);
    cloze_trainer_free(trainer);
    return 0;
}

int trial_check(const tune_job *job, const tune_trial *trial, bool deep, const char **metric)
{
    char *kind = job->kind;
    trial_work *work;
    bool aloud = deep && trial->number == 1 && !job->settings->quiet;
    int code = parse(job, trial, aloud, &work);
    if (code)
        return code;
    if (deep) {
        code = train_begin(&work->job, 1, &kind);
        if (!code)
            code = open_trainer(work);
    } else {
        code = train_name(&work->job, 1, &kind);
        if (!code)
            *metric = metric_of(work);
    }
    forget(work);
    return code;
}

/* ---- running ---- */

static bool goes_on(const train_run *run, const cloze_train_event *event)
{
    const trial_work *work = run->context;
    size_t before = (size_t)(run - work->runs);
    size_t end = (size_t)ceil(work->share * (double)event->steps - 1e-9);
    atomic_store(&work->live->steps, work->count * event->steps);
    atomic_store(&work->live->step, before * event->steps + event->step);
    if (event->moment != CLOZE_TRAIN_STEP && event->moment != CLOZE_TRAIN_BEGUN)
        return true;
    return event->step < end || event->step >= event->steps;
}

static json_t *line_of(const tune_job *job, const tune_trial *trial, size_t rung)
{
    json_t *line = json_pack("{s:s, s:I, s:I}", "event", "trial", "trial",
                             (json_int_t)trial->number, "rung", (json_int_t)rung + 1);
    json_t *settings = json_object();
    for (size_t k = 0; k < job->setting_count; k++)
        json_object_set_new(settings, job->setting[k].option->name, json_string(trial->value[k]));
    json_object_set_new(line, "settings", settings);
    return line;
}

/* What its runs did, all together. */
static void put_work(const trial_work *work, json_t *line)
{
    size_t steps = 0;
    double epochs = 0, seconds = 0;
    bool ended = true;
    for (size_t i = 0; i < work->count; i++) {
        const train_run *run = &work->runs[i];
        steps += run->steps;
        epochs += run->epochs;
        seconds += run->seconds;
        ended = ended && !run->paused;
    }
    json_object_set_new(line, "step", json_integer((json_int_t)steps));
    json_object_set_new(line, "epoch", train_real(epochs));
    json_object_set_new(line, "seconds", train_real(seconds));
    json_object_set_new(line, "ended", json_boolean(ended));
}

/* Means over its runs. */
static void put_measures(const trial_work *work, const char *metric, json_t *line)
{
    cloze_measures dev = work->runs[0].measures[PART_DEV];
    double score = NAN, deviation = 0;
    if (!train_is_measured(work->runs, work->count, PART_DEV))
        dev.count = 0;
    for (size_t k = 0; k < dev.count; k++) {
        double off;
        dev.value[k] = train_mean(work->runs, work->count, PART_DEV, k, &off);
        if (!strcmp(dev.name[k], metric)) {
            score = dev.value[k];
            deviation = off;
        }
    }
    if (isfinite(score))
        json_object_set_new(line, "score", train_real(score));
    else
        json_object_set_new(line, "failed", json_string("what decides could not be measured"));
    if (work->count > 1)
        json_object_set_new(line, "deviation", train_real(deviation));
    json_object_set_new(line, "dev", train_measures_json(&dev));
}

static int make_runs(trial_work *work)
{
    work->count = train_run_count(&work->settings);
    if (!(work->runs = calloc(work->count, sizeof *work->runs)))
        return say_failure(CLOZE_ERROR_MEMORY, "out of memory");
    int code = train_place_runs(&work->job, work->runs, work->count);
    for (size_t i = 0; i < work->count; i++) {
        work->runs[i].goes_on = goes_on;
        work->runs[i].context = work;
    }
    return code;
}

static int learn(const tune_job *job, trial_work *work)
{
    char *kind = job->kind;
    int code = train_begin(&work->job, 1, &kind);
    if (!code)
        code = output_open(&work->job.output, NULL);
    if (!code)
        code = make_runs(work);
    if (!code)
        code = train_do_all(&work->job, work->runs, work->count);
    return output_close(work->job.output, code);
}

int trial_run(const tune_job *job, const tune_trial *trial, size_t rung, double share,
              tune_live *live, json_t **line)
{
    trial_work *work;
    int code = parse(job, trial, false, &work);
    if (code)
        return code;
    work->share = share;
    work->live = live;
    code = learn(job, work);
    *line = line_of(job, trial, rung);
    /* numbers that are no longer finite are an outcome, too */
    bool failed = code == CLOZE_ERROR_FORMAT && atomic_load(&live->steps);
    if (!code || failed)
        put_work(work, *line);
    if (failed)
        json_object_set_new(*line, "failed", json_string(say_held()));
    else if (!code)
        put_measures(work, job->metric, *line);
    forget(work);
    return failed ? 0 : code;
}

/* ---- what is of no more use ---- */

static int remove_one(const char *path, const struct stat *about, int kind, struct FTW *walk)
{
    (void)about, (void)kind;
    if (walk->level && strcmp(path + walk->base, "training.jsonl") != 0)
        remove(path);
    return 0;
}

void trial_strip(const tune_job *job, const tune_trial *trial)
{
    char folder[PATH_SIZE];
    if (!job->settings->tune.keep_models && !trial_folder(job, trial, folder, sizeof folder))
        nftw(folder, remove_one, DESCRIPTORS, FTW_DEPTH | FTW_PHYS);
}
