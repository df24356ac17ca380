/*
 * tune_report.c - what a search found: a table of all trials, the same as a file and as a picture, and
 * the command that makes the best model again.
 */
#include "tune.h"

#include "say.h"
#include "table.h"
#include "train.h"

#include <cloze/plot.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CELL = 128, COLUMNS_MOST = TUNE_SETTINGS_MOST + 6, LOG_FROM = 20 };

/* ---- the table ---- */

typedef struct table_column {
    const char *title;
    size_t width;
    bool text; /* begins at the left */
} table_column;

static void put_real(const json_t *value, char *out)
{
    if (json_is_number(value))
        snprintf(out, CELL, "%.4f", json_number_value(value));
}

static void put_measure(const tune_trial *trial, const char *name, char *out)
{
    put_real(json_object_get(json_object_get(trial->last, "dev"), name), out);
}

static void put_remark(const tune_job *job, const tune_trial *trial, bool best, char *out)
{
    const char *failed = json_string_value(json_object_get(trial->last, "failed"));
    if (best)
        snprintf(out, CELL, "best");
    else if (failed)
        snprintf(out, CELL, "%.120s", failed);
    else if (trial->rungs < job->rungs)
        snprintf(out, CELL, "stopped at rung %zu of %zu", trial->rungs, job->rungs);
}

static bool shows_loss(const tune_job *job)
{
    return strcmp(job->metric, "loss") != 0;
}

static bool has_several_runs(const tune_job *job)
{
    return train_run_count(job->settings) > 1;
}

static size_t name_columns(const tune_job *job, table_column *out)
{
    size_t count = 0;
    out[count++] = (table_column){ .title = "trial" };
    for (size_t k = 0; k < job->setting_count; k++)
        out[count++] = (table_column){ .title = job->setting[k].option->name };
    out[count++] = (table_column){ .title = "steps" };
    if (shows_loss(job))
        out[count++] = (table_column){ .title = "loss" };
    out[count++] = (table_column){ .title = job->metric };
    if (has_several_runs(job))
        out[count++] = (table_column){ .title = "deviation" };
    out[count++] = (table_column){ .title = "", .text = true };
    return count;
}

static void fill_row(const tune_job *job, const tune_trial *trial, bool best, char cells[][CELL])
{
    size_t count = 0;
    memset(cells, 0, COLUMNS_MOST * sizeof *cells);
    snprintf(cells[count++], CELL, "%zu", trial->number);
    for (size_t k = 0; k < job->setting_count; k++)
        snprintf(cells[count++], CELL, "%.120s", trial->value[k]);
    snprintf(cells[count++], CELL, "%lld",
             (long long)json_integer_value(json_object_get(trial->last, "step")));
    if (shows_loss(job))
        put_measure(trial, "loss", cells[count++]);
    put_measure(trial, job->metric, cells[count++]);
    if (has_several_runs(job))
        put_real(json_object_get(trial->last, "deviation"), cells[count++]);
    put_remark(job, trial, best, cells[count]);
}

static void put_row(cli_output *output, const table_column *columns, size_t count,
                    char cells[][CELL])
{
    for (size_t c = 0; c < count; c++) {
        const char *text = cells ? cells[c] : columns[c].title;
        size_t width = text_columns((cloze_text){ text, strlen(text) });
        if (!*text && c + 1 == count)
            break;
        output_format(output, "%s%*s%s", c ? "  " : "",
                      columns[c].text || width > columns[c].width ? 0
                                                                  : (int)(columns[c].width - width),
                      "", text);
    }
    output_text(output, "\n");
}

static void put_table(const tune_job *job, const size_t *places)
{
    table_column columns[COLUMNS_MOST];
    char cells[COLUMNS_MOST][CELL];
    size_t count = name_columns(job, columns);
    for (size_t i = 0; i <= job->count; i++) {
        if (i < job->count)
            fill_row(job, &job->trials[i], false, cells);
        for (size_t c = 0; c < count; c++) {
            const char *text = i < job->count ? cells[c] : columns[c].title;
            size_t width = text_columns((cloze_text){ text, strlen(text) });
            columns[c].width = width > columns[c].width ? width : columns[c].width;
        }
    }
    put_row(job->output, columns, count, NULL);
    for (size_t i = 0; i < job->count; i++) {
        fill_row(job, &job->trials[places[i]], !i, cells);
        put_row(job->output, columns, count, cells);
    }
}

static int write_file(const tune_job *job, const size_t *places)
{
    table_column columns[COLUMNS_MOST];
    char cells[COLUMNS_MOST][CELL], path[PATH_SIZE + 16];
    size_t count = name_columns(job, columns);
    cli_output *output = NULL;
    snprintf(path, sizeof path, "%s/trials.tsv", job->settings->output);
    int code = output_open(&output, path);
    if (code)
        return code;
    for (size_t c = 0; c < count; c++)
        output_format(output, "%s%s", c ? "\t" : "", c + 1 < count ? columns[c].title : "remark");
    for (size_t i = 0; i < job->count; i++) {
        fill_row(job, &job->trials[places[i]], !i, cells);
        for (size_t c = 0; c < count; c++)
            output_format(output, "%s%s", c ? "\t" : "\n", cells[c]);
    }
    output_text(output, "\n");
    return output_close(output, 0);
}

/* ---- the picture ---- */

static cloze_text text_of(const char *text)
{
    return (cloze_text){ text, strlen(text) };
}

static bool are_numbers(const tune_job *job, size_t k)
{
    option_kind kind = job->setting[k].option->kind;
    return kind == OPTION_REAL || kind == OPTION_NUMBER || kind == OPTION_COUNT;
}

/* Numbers that lie far apart are seen on a logarithmic axis. */
static void number_axis(tune_job *job, size_t k, cloze_plot_axis *axis, double *values)
{
    double low = INFINITY, high = 0;
    for (size_t i = 0; i < job->count; i++) {
        values[i] = strtod(job->trials[i].value[k], NULL);
        low = values[i] < low ? values[i] : low;
        high = values[i] > high ? values[i] : high;
    }
    axis->logarithmic = job->setting[k].logarithmic || (low > 0 && high / low >= LOG_FROM);
}

static bool name_axis(tune_job *job, size_t k, cloze_plot_axis *axis, double *values)
{
    const tune_setting *setting = &job->setting[k];
    cloze_text *names = keep_room(&job->keep, setting->count, sizeof *names);
    if (!names)
        return false;
    for (size_t v = 0; v < setting->count; v++)
        names[v] = text_of(setting->values[v]);
    for (size_t i = 0; i < job->count; i++)
        for (size_t v = 0; v < setting->count; v++)
            if (!strcmp(job->trials[i].value[k], setting->values[v]))
                values[i] = (double)v;
    axis->names = names;
    axis->name_count = setting->count;
    return true;
}

static double reached(const tune_trial *trial)
{
    size_t rungs = trial->rungs - trial->failed;
    return rungs ? trial->score[rungs - 1] : NAN;
}

static int draw(tune_job *job, const tune_trial *best, const char *path, cloze_error *error)
{
    cloze_plot_axis axes[TUNE_SETTINGS_MOST + 1] = { 0 };
    cloze_trial_plot plot = { .count = job->count,
                              .axes = axes,
                              .axis_count = job->setting_count + 1,
                              .ringed = best->number,
                              .title = text_of("trials") };
    for (size_t k = 0; k <= job->setting_count; k++) {
        double *values = keep_room(&job->keep, job->count, sizeof *values);
        bool last = k == job->setting_count;
        if (!values)
            return CLOZE_ERROR_MEMORY;
        axes[k].values = values;
        axes[k].title = text_of(last ? job->metric : job->setting[k].option->name);
        for (size_t i = 0; i < job->count && last; i++)
            values[i] = reached(&job->trials[i]);
        if (!last && are_numbers(job, k))
            number_axis(job, k, &axes[k], values);
        else if (!last && !name_axis(job, k, &axes[k], values))
            return CLOZE_ERROR_MEMORY;
    }
    return (int)cloze_plot_trials(&plot, path, error);
}

static int make_picture(tune_job *job, const tune_trial *best)
{
    const cli_settings *settings = job->settings;
    cloze_error error = { CLOZE_ERROR_MEMORY, 0, "out of memory" };
    char path[PATH_SIZE + 16];
    if (settings->train.picture == PICTURE_NONE)
        return 0;
    snprintf(path, sizeof path, "%s/trials.%s", settings->output, train_picture_ending(settings));
    if (!draw(job, best, path, &error))
        return 0;
    if (error.status == CLOZE_ERROR_MEMORY || settings->train.picture)
        return say_error(&error, NULL);
    say_note(settings->quiet, "there is no picture of the trials: %s", error.message);
    return 0;
}

/* ---- all ---- */

static int put_best(tune_job *job, const tune_trial *best)
{
    char folder[PATH_SIZE], again[PATH_SIZE];
    char *command = NULL;
    int code = trial_folder(job, best, folder, sizeof folder);
    if (!code &&
        (size_t)snprintf(again, sizeof again, "%s/best", job->settings->output) >= sizeof again)
        code = say_failure(CLOZE_ERROR_LIMIT, "the name of the folder is too long");
    if (!code && !(command = tune_command(job, best, again)))
        code = say_failure(CLOZE_ERROR_MEMORY, "out of memory");
    if (!code && job->settings->json) {
        json_t *line = json_pack("{s:s, s:I, s:o, s:s, s:s}", "event", "best", "trial",
                                 (json_int_t)best->number, "score", train_real(reached(best)),
                                 "folder", folder, "command", command);
        char *text = line ? json_dumps(line, JSON_REAL_PRECISION(9)) : NULL;
        output_format(job->output, "%s\n", text ? text : "");
        free(text);
        json_decref(line);
    } else if (!code) {
        output_format(job->output, "\n%s: the best of %zu trials, %s %.4f; made again by\n", folder,
                      job->count, job->metric, reached(best));
        output_format(job->output, "%s\n", command);
    }
    free(command);
    return code;
}

int tune_report(tune_job *job)
{
    size_t *places = calloc(job->count, sizeof *places);
    int code;
    if (!places)
        return say_failure(CLOZE_ERROR_MEMORY, "out of memory");
    tune_rank(job, places);
    const tune_trial *best = &job->trials[places[0]];
    if (!job->settings->json)
        put_table(job, places);
    code = write_file(job, places);
    if (!code)
        code = make_picture(job, best);
    if (!code)
        code = put_best(job, best);
    free(places);
    return code;
}
