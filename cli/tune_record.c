/*
 * tune_record.c - FOLDER/trials.jsonl: what is searched, then a line for each rung of each trial. A
 * search goes on where the lines end, whatever became of the processes that wrote them.
 */
#include "tune.h"

#include "cells.h"
#include "say.h"
#include "train.h"
#include "whole_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { DIGITS = 9, LOCK_TRIES = 50, LOCK_PAUSE = 200000000 };

static int path_of(const tune_job *job, char *out, size_t size)
{
    if ((size_t)snprintf(out, size, "%s/trials.jsonl", job->settings->output) < size)
        return 0;
    return say_failure(CLOZE_ERROR_LIMIT, "the name of the folder is too long");
}

static int cannot_write(const char *path)
{
    return say_failure(CLOZE_ERROR_IO, "cannot write %s: %s", path, strerror(errno));
}

/* ---- what is searched ---- */

/* What the trials are a function of; not how many run at a time. */
static json_t *plan_of(const tune_job *job)
{
    const cli_tuning *tune = &job->settings->tune;
    json_t *plan = json_object(), *words = json_array(), *tries = json_array();
    for (size_t i = 0; i < job->argument_count; i++)
        json_array_append_new(words, json_string(job->arguments[i]));
    for (size_t i = 0; i < tune->tries.count; i++)
        json_array_append_new(tries, json_string(tune->tries.item[i]));
    json_object_set_new(plan, "event", json_string("search"));
    json_object_set_new(plan, "kind", json_string(job->kind));
    json_object_set_new(plan, "arguments", words);
    json_object_set_new(plan, "tries", tries);
    json_object_set_new(plan, "trials", json_integer((json_int_t)job->count));
    json_object_set_new(plan, "halving", json_integer((json_int_t)tune->halving));
    json_object_set_new(plan, "metric", json_string(job->metric));
    return plan;
}

char *tune_plan(const tune_job *job)
{
    json_t *plan = plan_of(job);
    char *text = plan ? json_dumps(plan, 0) : NULL;
    json_decref(plan);
    return text;
}

/* ---- lines ---- */

static void write_line(tune_job *job, const json_t *line, bool tells)
{
    char *text = json_dumps(line, JSON_REAL_PRECISION(DIGITS));
    if (text && job->record) {
        fprintf(job->record, "%s\n", text);
        fflush(job->record);
    }
    if (text && tells && job->settings->json) {
        output_format(job->output, "%s\n", text);
        output_flush(job->output);
    }
    free(text);
}

static size_t count_in(const json_t *object, const char *key)
{
    json_int_t value = json_integer_value(json_object_get(object, key));
    return value > 0 ? (size_t)value : 0;
}

/* False if the line is none of a trial whose turn it is. */
static bool take(tune_job *job, json_t *line)
{
    const json_t *score = json_object_get(line, "score");
    size_t number = count_in(line, "trial"), rung = count_in(line, "rung");
    if (!number || number > job->count || !rung || rung > job->rungs)
        return false;
    tune_trial *trial = &job->trials[number - 1];
    if (rung != trial->rungs + 1 || trial->failed)
        return false;
    trial->rungs = rung;
    trial->failed = !json_is_number(score);
    trial->score[rung - 1] = json_number_value(score);
    trial->loss[rung - 1] =
        json_number_value(json_object_get(json_object_get(line, "dev"), "loss"));
    json_decref(trial->last);
    trial->last = json_incref(line);
    return true;
}

int tune_record_add(tune_job *job, json_t *line)
{
    char path[PATH_SIZE];
    /* as it will be read: in so many digits */
    char *text = json_dumps(line, JSON_REAL_PRECISION(DIGITS));
    json_t *read = text ? json_loads(text, 0, NULL) : NULL;
    bool taken = read && take(job, read);
    free(text);
    if (taken)
        write_line(job, read, true);
    json_decref(read);
    if (!taken)
        return say_failure(CLOZE_ERROR_MEMORY, "out of memory");
    if (!ferror(job->record))
        return 0;
    path_of(job, path, sizeof path);
    return cannot_write(path);
}

/* ---- opening ---- */

/* A line that was cut off is no line, and what comes next begins another. */
static int read_lines(tune_job *job, const char *path, const json_t *plan, bool *begun)
{
    char *bytes = NULL;
    size_t size = 0;
    int code = read_whole_file(path, &bytes, &size);
    cell_reader lines = { path, bytes, size, 0, 1, 1 };
    cloze_text text;
    if (size && bytes[size - 1] != '\n')
        fputc('\n', job->record);
    while (!code && cells_line(&lines, &text)) {
        json_t *line = json_loadb(text.data, text.size, JSON_REJECT_DUPLICATES, NULL);
        if (line && !*begun && !json_equal(line, plan))
            code = say_failure(CLOZE_ERROR_ARGUMENT,
                               "the search in %s was begun with other settings: give it the same "
                               "ones to resume, or begin in another folder",
                               job->settings->output);
        else if (line && *begun)
            take(job, line);
        *begun = *begun || line;
        json_decref(line);
    }
    free(bytes);
    return code;
}

/*
 * Whoever begins is alone for a moment; then all at it, their trials too, share the claim. Trials of a
 * search that was killed hold it until they have stopped.
 */
static int lock(const tune_job *job, int how)
{
    const struct timespec pause = { .tv_nsec = LOCK_PAUSE };
    for (int i = 0; i < LOCK_TRIES; i++) {
        if (!flock(fileno(job->record), how | LOCK_NB))
            return 0;
        if (errno != EWOULDBLOCK)
            return 0; /* a file system without locks */
        nanosleep(&pause, NULL);
    }
    return say_failure(CLOZE_ERROR_ARGUMENT, "another search is at work in %s",
                       job->settings->output);
}

int tune_record_open(tune_job *job)
{
    const cli_settings *settings = job->settings;
    char path[PATH_SIZE];
    json_t *plan;
    bool begun = false;
    int code = path_of(job, path, sizeof path);
    if (code)
        return code;
    if (!access(path, F_OK) && !settings->train.resume)
        return say_failure(CLOZE_ERROR_ARGUMENT,
                           "%s has a search already: --resume goes on with it, or take another "
                           "folder",
                           settings->output);
    if ((mkdir(settings->output, 0777) && errno != EEXIST) || !(job->record = fopen(path, "a")))
        return cannot_write(path);
    if (!(plan = plan_of(job)))
        return say_failure(CLOZE_ERROR_MEMORY, "out of memory");
    code = lock(job, LOCK_EX);
    if (!code)
        code = read_lines(job, path, plan, &begun);
    if (!code && !begun)
        write_line(job, plan, false);
    json_decref(plan);
    if (code || ferror(job->record))
        return code ? code : cannot_write(path);
    return lock(job, LOCK_SH);
}

int tune_record_join(tune_job *job)
{
    char path[PATH_SIZE];
    int code = path_of(job, path, sizeof path);
    if (!code && !(job->record = fopen(path, "r")))
        code = say_failure(CLOZE_ERROR_IO,
                           "cannot read %s: %s; all ranks work in one folder, which each must see",
                           path, strerror(errno));
    return code ? code : lock(job, LOCK_SH);
}
