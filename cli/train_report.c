/* train_report.c - what came out: a table of the measures of one run, or of several with their mean. */
#include "train.h"

#include <math.h>
#include <string.h>

static const char *const part_names[] = { "train", "dev", "test" };

double train_mean(const train_run *runs, size_t count, data_part part, size_t metric,
                  double *deviation)
{
    double sum = 0, squares = 0, mean;
    for (size_t i = 0; i < count; i++)
        sum += runs[i].measures[part].value[metric];
    mean = sum / (double)count;
    for (size_t i = 0; i < count; i++) {
        double off = runs[i].measures[part].value[metric] - mean;
        squares += off * off;
    }
    *deviation = count > 1 ? sqrt(squares / (double)(count - 1)) : 0;
    return mean;
}

bool train_is_measured(const train_run *runs, size_t count, data_part part)
{
    bool same = runs[0].measures[part].count > 0;
    for (size_t i = 1; i < count && same; i++)
        same = runs[i].measures[part].count == runs[0].measures[part].count;
    return same;
}

static void one_run(cli_output *output, const train_run *run)
{
    const cloze_measures *measures[PARTS] = { NULL, &run->measures[PART_DEV],
                                              &run->measures[PART_TEST] };
    const cloze_measures *names =
        measures[PART_DEV]->count ? measures[PART_DEV] : measures[PART_TEST];
    if (!names->count)
        return;
    output_format(output, "\n%13s", "");
    for (int part = PART_DEV; part < PARTS; part++)
        if (measures[part]->count)
            output_format(output, "  %9s", part_names[part]);
    output_text(output, "\n");
    for (size_t i = 0; i < names->count; i++) {
        output_format(output, "%-13s", names->name[i]);
        for (int part = PART_DEV; part < PARTS; part++)
            if (measures[part]->count)
                output_format(output, "  %9.4f", measures[part]->value[i]);
        output_text(output, "\n");
    }
    output_text(output, "\n");
}

static bool is_shown(const train_kind *kind, const char *name)
{
    for (int i = 0; i < SHOWN_METRICS; i++)
        if (kind->shown[i] && !strcmp(kind->shown[i], name))
            return true;
    return false;
}

/* A row for each run, and the mean and deviation of each column. */
static void several_runs(cli_output *output, const train_kind *kind, const train_run *runs,
                         size_t count, data_part part)
{
    const cloze_measures *names = &runs[0].measures[part];
    double deviation;
    if (!train_is_measured(runs, count, part))
        return;
    output_format(output, "\n%-12s", part_names[part]);
    for (size_t k = 0; k < names->count; k++)
        if (is_shown(kind, names->name[k]))
            output_format(output, "  %9s", names->name[k]);
    for (size_t i = 0; i < count; i++) {
        output_format(output, "\n%-12s", runs[i].title);
        for (size_t k = 0; k < names->count; k++)
            if (is_shown(kind, names->name[k]))
                output_format(output, "  %9.4f", runs[i].measures[part].value[k]);
    }
    output_text(output, "\nmean        ");
    for (size_t k = 0; k < names->count; k++)
        if (is_shown(kind, names->name[k]))
            output_format(output, "  %9.4f", train_mean(runs, count, part, k, &deviation));
    output_text(output, "\ndeviation   ");
    for (size_t k = 0; k < names->count; k++)
        if (is_shown(kind, names->name[k])) {
            train_mean(runs, count, part, k, &deviation);
            output_format(output, "  %9.4f", deviation);
        }
    output_text(output, "\n");
}

static json_t *summary_of(const train_run *runs, size_t count, data_part part)
{
    const cloze_measures *names = &runs[0].measures[part];
    json_t *all = json_object();
    for (size_t k = 0; k < names->count; k++) {
        double deviation, mean = train_mean(runs, count, part, k, &deviation);
        json_object_set_new(
            all, names->name[k],
            json_pack("{s:o, s:o}", "mean", train_real(mean), "deviation", train_real(deviation)));
    }
    return all;
}

void train_report(train_job *job, const train_run *runs, size_t count)
{
    cli_output *output = job->output;
    const train_run *only = &runs[0];
    if (job->settings->json && count > 1) {
        train_log log = { .output = output };
        json_t *line = json_pack("{s:s, s:I}", "event", "summary", "runs", (json_int_t)count);
        for (int part = PART_DEV; part < PARTS; part++)
            if (train_is_measured(runs, count, (data_part)part))
                json_object_set_new(line, part_names[part],
                                    summary_of(runs, count, (data_part)part));
        train_log_write(&log, line);
    }
    if (job->settings->json)
        return;
    if (count > 1) {
        several_runs(output, job->kind, runs, count, PART_DEV);
        several_runs(output, job->kind, runs, count, PART_TEST);
        return;
    }
    one_run(output, only);
    if (only->best_step)
        output_format(output, "%s: the numbers of step %zu of %zu\n", only->folder,
                      job->options.keep_last ? only->steps : only->best_step, only->steps);
    else
        output_format(output, "%s: the numbers of step %zu\n", only->folder, only->steps);
}
