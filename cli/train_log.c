/*
 * train_log.c - training.jsonl: a line for everything that happened in a run. A resumed run goes on in
 * it, and what was written of steps behind the one that it resumes at goes.
 */
#include "train.h"

#include "say.h"
#include "whole_file.h"

#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DIGITS = 9 };

json_t *train_real(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

json_t *train_measures_json(const cloze_measures *measures)
{
    json_t *object = json_object();
    for (size_t i = 0; object && i < measures->count; i++)
        json_object_set_new(object, measures->name[i], train_real(measures->value[i]));
    return object;
}

/* What the examples of each part became, as the card tells it. */
static const struct {
    const char *name;
    size_t offset;
} intake_fields[] = { { "examples", offsetof(cloze_intake, examples) },
                      { "items", offsetof(cloze_intake, items) },
                      { "tokens", offsetof(cloze_intake, tokens) },
                      { "truncated", offsetof(cloze_intake, truncated) },
                      { "lost", offsetof(cloze_intake, lost) } };
enum { INTAKE_FIELDS = sizeof intake_fields / sizeof *intake_fields };

static const char *const part_names[PARTS] = { "train", "dev", "test" };

static size_t *field_of(cloze_intake *intake, size_t i)
{
    return (size_t *)(void *)((char *)intake + intake_fields[i].offset);
}

json_t *train_intake_json(const train_run *run)
{
    json_t *all = json_object();
    for (int part = 0; part < PARTS; part++) {
        cloze_intake intake = run->intake[part];
        json_t *own = intake.items ? json_object() : NULL;
        for (size_t i = 0; own && i < INTAKE_FIELDS; i++)
            json_object_set_new(own, intake_fields[i].name,
                                json_integer((json_int_t)*field_of(&intake, i)));
        if (own)
            json_object_set_new(all, part_names[part], own);
    }
    return all;
}

static int name_file(char *path, size_t size, const char *folder)
{
    if ((size_t)snprintf(path, size, "%s/training.jsonl", folder) < size)
        return 0;
    return say_failure(CLOZE_ERROR_LIMIT, "the name of the folder is too long");
}

static int cannot_write(train_log *log)
{
    log->failed = true;
    return say_failure(CLOZE_ERROR_IO, "cannot write %s: %s", log->path, strerror(errno));
}

/* ---- reading ---- */

static int read_lines(const char *path, train_log_each *each, void *context)
{
    char *bytes = NULL;
    size_t size = 0;
    int code = access(path, F_OK) ? 0 : read_whole_file(path, &bytes, &size);
    cell_reader lines = { path, bytes, size, 0, 1, 1 };
    cloze_text line;
    while (!code && bytes && cells_line(&lines, &line)) {
        json_t *event = json_loadb(line.data, line.size, JSON_REJECT_DUPLICATES, NULL);
        if (json_is_object(event))
            each(context, event);
        json_decref(event);
    }
    free(bytes);
    return code;
}

int train_log_read(const char *folder, train_log_each *each, void *context)
{
    char path[PATH_SIZE + 32];
    int code = name_file(path, sizeof path, folder);
    return code ? code : read_lines(path, each, context);
}

static const char *event_name(const json_t *event)
{
    const char *name = json_string_value(json_object_get(event, "event"));
    return name ? name : "";
}

static size_t count_in(const json_t *object, const char *key)
{
    json_int_t value = json_integer_value(json_object_get(object, key));
    return value > 0 ? (size_t)value : 0;
}

static double real_in(const json_t *object, const char *key)
{
    return json_number_value(json_object_get(object, key));
}

/* ---- a run that ended ---- */

typedef struct last_run {
    const json_t *facts; /* as they are now */
    train_run *run;
    char other[64]; /* the first fact that is another one */
    bool any, ended;
} last_run;

static void compare_facts(last_run *ending, const json_t *then)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)ending->facts, key,
                        value) if (!*ending->other &&
                                   !json_equal(value, json_object_get(then, key)))
        snprintf(ending->other, sizeof ending->other, "%.60s", key);
    json_object_foreach((json_t *)(uintptr_t)then, key,
                        value) if (!*ending->other && !json_object_get(ending->facts, key))
        snprintf(ending->other, sizeof ending->other, "%.60s", key);
}

/* Names of measures must last. */
static void take_measures(const json_t *object, cloze_measures *out)
{
    static const char *const names[] = { "loss",    "accuracy", "precision",     "recall",
                                         "f1",      "f1_micro", "f1_weighted",   "matthews",
                                         "pearson", "spearman", "squared_error", "perplexity",
                                         "exact",   "mrr",      "pair_accuracy", "replaced_f1",
                                         "cosine" };
    const char *key;
    json_t *value;
    *out = (cloze_measures){ 0 };
    json_object_foreach((json_t *)(uintptr_t)object, key,
                        value) for (size_t i = 0; i < sizeof names / sizeof *names &&
                                                  out->count < CLOZE_TRAIN_METRICS;
                                    i++) if (!strcmp(names[i], key))
    {
        out->name[out->count] = names[i];
        out->value[out->count++] = json_is_number(value) ? json_number_value(value) : NAN;
    }
}

static void take_intake(const json_t *data, train_run *run)
{
    for (int part = 0; part < PARTS; part++)
        for (size_t i = 0; i < INTAKE_FIELDS; i++)
            *field_of(&run->intake[part], i) =
                count_in(json_object_get(data, part_names[part]), intake_fields[i].name);
}

static void look_for_end(void *context, const json_t *event)
{
    last_run *ending = context;
    train_run *run = ending->run;
    ending->any = true;
    if (!strcmp(event_name(event), "begin"))
        compare_facts(ending, json_object_get(event, "settings"));
    if (strcmp(event_name(event), "end"))
        return;
    ending->ended = true;
    run->steps = count_in(event, "step");
    run->best_step = count_in(event, "best_step");
    run->epochs = real_in(event, "epoch");
    run->seconds = real_in(event, "seconds");
    run->parameters = count_in(event, "parameters");
    run->learning = count_in(event, "learning");
    run->memory = count_in(event, "memory");
    run->saved = count_in(event, "memory_saved");
    take_intake(json_object_get(event, "data"), run);
    take_measures(json_object_get(event, "dev"), &run->measures[PART_DEV]);
    take_measures(json_object_get(event, "test"), &run->measures[PART_TEST]);
}

int train_log_end(train_run *run, bool *ended)
{
    last_run ending = { .facts = run->job->facts, .run = run };
    int code = train_log_read(run->folder, look_for_end, &ending);
    *ended = ending.ended;
    if (!code && !ending.any && !run->fold)
        say_note(run->job->settings->quiet, "%s has no run to go on with: this one is its first",
                 run->folder);
    if (code || !*ending.other)
        return code;
    return say_failure(CLOZE_ERROR_ARGUMENT,
                       "the run in %s was begun with another setting of \"%s\": give it the same "
                       "one to resume, or begin in another folder",
                       run->folder, ending.other);
}

/* ---- going on ---- */

typedef struct kept_part {
    FILE *file;
    size_t step;
    train_log *log;
} kept_part;

static void write_line(FILE *file, const json_t *event)
{
    json_dumpf(event, file, JSON_REAL_PRECISION(DIGITS));
    fputc('\n', file);
}

static void keep_line(void *context, const json_t *event)
{
    kept_part *rest = context;
    bool best = json_is_true(json_object_get(event, "best"));
    if (count_in(event, "step") > rest->step || !strcmp(event_name(event), "end"))
        return;
    rest->log->seconds_before = real_in(event, "seconds");
    rest->log->best_step = best ? count_in(event, "step") : rest->log->best_step;
    write_line(rest->file, event);
}

/* The lines up to `step` in a file that takes the place of the old one. */
static int drop_lines(train_log *log, size_t step)
{
    char path[PATH_SIZE + 40];
    kept_part rest = { .step = step, .log = log };
    int code;
    snprintf(path, sizeof path, "%s.new", log->path);
    if (!(rest.file = fopen(path, "w")))
        return cannot_write(log);
    code = read_lines(log->path, keep_line, &rest);
    if ((ferror(rest.file) | fclose(rest.file)) && !code)
        code = cannot_write(log);
    if (!code && rename(path, log->path))
        code = cannot_write(log);
    if (code)
        unlink(path);
    return code;
}

int train_log_open(train_log *log, const train_run *run, size_t step)
{
    int code;
    if (!*run->folder || !ranks_lead(&run->job->ranks))
        return 0;
    if ((code = name_file(log->path, sizeof log->path, run->folder)))
        return code;
    if (step && (code = drop_lines(log, step)))
        return code;
    log->file = fopen(log->path, step ? "a" : "w");
    return log->file ? 0 : cannot_write(log);
}

void train_log_write(train_log *log, json_t *event)
{
    char *line = json_dumps(event, JSON_REAL_PRECISION(DIGITS));
    if (!line) {
        if (!log->failed)
            say_failure(CLOZE_ERROR_MEMORY, "out of memory");
        log->failed = true;
    } else {
        if (log->file && (fprintf(log->file, "%s\n", line) < 0 || fflush(log->file)) &&
            !log->failed)
            cannot_write(log);
        if (log->output) {
            output_format(log->output, "%s\n", line);
            output_flush(log->output);
        }
    }
    free(line);
    json_decref(event);
}

int train_log_close(train_log *log, int code)
{
    if (log->file && fclose(log->file) && !code && !log->failed)
        code = cannot_write(log);
    log->file = NULL;
    return code ? code : log->failed ? (int)CLOZE_ERROR_IO : 0;
}
