/*
 * train_card.c - README.md of what was learned: what the model is for, how good it is, what it was
 * made of, and how. In the layout of the hub's model cards.
 */
#include "train.h"

#include "say.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const part_names[] = { "train", "dev", "test" };

/* Text in a table or a line: what would end it is shown. */
static void put_cell(cli_output *output, const char *text)
{
    for (; *text; text++) {
        if (*text == '|' || *text == '\\' || *text == '`')
            output_text(output, "\\");
        output_write(output, (unsigned char)*text < 0x20 ? " " : text, 1);
    }
}

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}

/* A student made of its teacher's layers was begun with the teacher. */
const char *train_begun_with(const train_job *job)
{
    const cli_settings *settings = job->settings;
    return settings->train.student_layers ? settings->train.teacher : model_name(settings);
}

bool train_begun_with_folder(const train_job *job)
{
    bool made = job->settings->train.student_layers;
    return !strcmp(made ? job->teacher.path : job->model, train_begun_with(job));
}

/* The path of a folder is nobody else's. */
static const char *begun_with(const train_job *job)
{
    const char *name = train_begun_with(job);
    return train_begun_with_folder(job) ? last_part(name) : name;
}

/* ---- the parts of a card ---- */

static void put_front(cli_output *output, const train_job *job)
{
    const char *model = job->anew ? "" : begun_with(job);
    bool embeds = !strcmp(job->kind->task, "sentence-similarity");
    bool adapts = job->options.lora.rank && !job->options.lora.merge;
    output_text(output, "---\n");
    if (!job->anew && !train_begun_with_folder(job)) {
        output_text(output, "base_model: ");
        output_json(output, (cloze_text){ model, strlen(model) });
        output_text(output, "\n");
    }
    output_format(output, "library_name: %s\npipeline_tag: %s\ntags:\n- cloze\n---\n\n",
                  adapts   ? "peft"
                  : embeds ? "sentence-transformers"
                           : "transformers",
                  job->kind->task);
}

static void put_teacher(cli_output *output, const train_job *job)
{
    const cli_training *train = &job->settings->train;
    bool folder = train->teacher && !strcmp(job->teacher.path, train->teacher);
    if (!train->teacher)
        return;
    if (train->student_layers) {
        output_text(output, ", of whose layers it has ");
        put_cell(output, train->student_layers);
        output_text(output, " (counted from 0), and taught by all of them");
        return;
    }
    output_text(output, ", taught by `");
    put_cell(output, folder ? last_part(train->teacher) : train->teacher);
    output_text(output, "`");
}

static void put_measures(cli_output *output, const train_run *run)
{
    const cloze_measures *dev = &run->measures[PART_DEV], *test = &run->measures[PART_TEST];
    const cloze_measures *names = dev->count ? dev : test;
    output_text(output, "## How good it is\n\n");
    if (!names->count) {
        output_text(output, "Nothing was measured.\n\n");
        return;
    }
    output_format(output, "| |%s%s\n|---|%s%s\n", dev->count ? " dev |" : "",
                  test->count ? " test |" : "", dev->count ? "---|" : "",
                  test->count ? "---|" : "");
    for (size_t i = 0; i < names->count; i++) {
        output_format(output, "| %s |", names->name[i]);
        if (dev->count)
            output_format(output, " %.4f |", dev->value[i]);
        if (test->count)
            output_format(output, " %.4f |", test->value[i]);
        output_text(output, "\n");
    }
    if (dev->count && run->best_step && !run->job->options.keep_last)
        output_text(output, "\nThe numbers were chosen by the dev examples, so what those say is a "
                            "little too good.\n");
    output_text(output, "\n");
}

static void put_runs(cli_output *output, const train_run *runs, size_t count)
{
    output_text(output, "## How good it is\n\n");
    for (int part = PART_DEV; part < PARTS; part++) {
        const cloze_measures *names = &runs[0].measures[part];
        if (!train_is_measured(runs, count, (data_part)part))
            continue;
        output_format(output, "| %s |", part_names[part]);
        for (size_t i = 0; i < count; i++)
            output_format(output, " %s |", runs[i].title);
        output_text(output, " mean | deviation |\n|---|---|---|");
        for (size_t i = 0; i < count; i++)
            output_text(output, "---|");
        for (size_t k = 0; k < names->count; k++) {
            double deviation, mean = train_mean(runs, count, (data_part)part, k, &deviation);
            output_format(output, "\n| %s |", names->name[k]);
            for (size_t i = 0; i < count; i++)
                output_format(output, " %.4f |", runs[i].measures[part].value[k]);
            output_format(output, " %.4f | %.4f |", mean, deviation);
        }
        output_text(output, "\n\n");
    }
}

static void put_files(cli_output *output, const char *title, const cli_words *files)
{
    if (!files->count)
        return;
    output_format(output, "- %s:", title);
    for (size_t i = 0; i < files->count; i++) {
        output_text(output, i ? ", `" : " `");
        put_cell(output, last_part(files->item[i]));
        output_text(output, "`");
    }
    output_text(output, "\n");
}

static bool counts_labels(const train_job *job)
{
    return job->data.format.kind == EXAMPLES_LABELS || job->data.format.kind == EXAMPLES_SETS;
}

/* How many examples of the training files have each label. */
static int put_labels(cli_output *output, const train_job *job)
{
    const cli_labels *labels = &job->data.labels;
    const cli_examples *read = &job->data.read[PART_TRAIN];
    size_t *counts;
    if (!counts_labels(job))
        return 0;
    if (!(counts = calloc(labels->count + 1, sizeof *counts)))
        return say_failure(CLOZE_ERROR_MEMORY, "out of memory");
    for (size_t i = 0; i < read->count; i++)
        for (size_t k = 0; k < read->item[i].label_count; k++)
            counts[labels->place[read->item[i].labels[k]]]++;
    output_text(output, "\n| label | examples in the training files |\n|---|---|\n");
    for (size_t i = 0; i < labels->count; i++) {
        output_text(output, "| ");
        put_cell(output, labels_name(labels, i));
        output_format(output, " | %zu |\n", counts[i]);
    }
    free(counts);
    return 0;
}

static int put_data(cli_output *output, const train_job *job, const train_run *run)
{
    const cli_settings *settings = job->settings;
    output_text(output, "## What it was made of\n\n");
    put_files(output, "to learn from", &settings->files);
    put_files(output, "dev", &settings->train.dev);
    put_files(output, "test", &settings->train.test);
    if (run && run->intake[PART_TRAIN].items) {
        output_format(output, "\n| | %s | tokens | %s |\n|---|---|---|---|\n",
                      job->anew ? "documents" : "examples",
                      job->anew ? "sequences" : "cut at the limit");
        for (int part = 0; part < PARTS; part++)
            if (run->intake[part].items)
                output_format(output, "| %s | %zu | %zu | %zu |\n", part_names[part],
                              run->intake[part].examples, run->intake[part].tokens,
                              job->anew ? run->intake[part].items : run->intake[part].truncated);
    }
    int code = put_labels(output, job);
    output_text(output, "\n");
    return code;
}

/* What was not given, and matters to everybody who wants to learn the same again. */
static void put_usual(cli_output *output, const train_job *job)
{
    cloze_train_options usual = job->options;
    cloze_train_options_fill(&usual);
    const struct {
        const char *name;
        double value;
    } settings[] = { { "epochs", usual.epochs }, { "batch", (double)usual.batch },
                     { "rate", usual.rate },     { "beta1", usual.beta1 },
                     { "beta2", usual.beta2 },   { "epsilon", usual.epsilon },
                     { "decay", usual.decay },   { "clip", usual.clip } };
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
        if (settings[i].value > 0 && !json_object_get(job->facts, settings[i].name))
            output_format(output, "| %s | %g (default) |\n", settings[i].name, settings[i].value);
    if (!json_object_get(job->facts, "schedule"))
        output_text(output, "| schedule | linear (default) |\n");
}

static void put_settings(cli_output *output, const train_job *job, const train_run *run)
{
    const char *key;
    json_t *value;
    output_text(output, "## How\n\n| setting | value |\n|---|---|\n");
    json_object_foreach(job->facts, key, value)
    {
        char *text;
        if (json_is_object(value) || json_is_array(value) || !strcmp(key, "model") ||
            !strcmp(key, "teacher"))
            continue;
        text = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(6));
        output_format(output, "| %s | ", key);
        put_cell(output, text ? text : "");
        output_text(output, " |\n");
        free(text);
    }
    put_usual(output, job);
    output_format(output, "| seed | %llu |\n",
                  (unsigned long long)(run ? run->seed : job->settings->seed));
    output_text(output, "\nWhat is not in the table was not used, or left at its default; "
                        "`training.jsonl` has every step.\n\n");
    if (run)
        output_format(output,
                      "%zu steps (%.3g epochs) took %.3g seconds; %zu of %zu numbers learned.\n\n",
                      run->steps, run->epochs, run->seconds, run->learning, run->parameters);
    if (run && run->saved)
        output_format(output, "It held %.1f MB of memory instead of %.1f.\n\n",
                      (double)run->memory / 1e6, (double)(run->memory + run->saved) / 1e6);
    output_format(output, "Made with cloze %s.\n", cloze_version());
}

int train_card(train_job *job, const char *folder, const train_run *runs, size_t count)
{
    const train_run *only = count == 1 ? runs : NULL;
    char path[PATH_SIZE + 16];
    cli_output *output = NULL;
    int code;
    snprintf(path, sizeof path, "%s/README.md", folder);
    if ((code = output_open(&output, path)))
        return code;
    if (only)
        put_front(output, job);
    output_text(output, "# ");
    put_cell(output, last_part(folder));
    output_format(output, "\n\nLearned: %s. %s `", job->kind->summary,
                  job->anew ? "Made from nothing as" : "Begun with");
    put_cell(output, job->anew ? job->anew : begun_with(job));
    output_text(output, "`");
    put_teacher(output, job);
    output_text(output, ".\n\n");
    if (only)
        put_measures(output, only);
    else
        put_runs(output, runs, count);
    if (only) {
        output_format(output, "## Use\n\n```\ncloze %s -m ", job->kind->use[0]);
        output_text(output, last_part(folder));
        output_format(output, "%s\n```\n\n", job->kind->use[1]);
    }
    code = put_data(output, job, only);
    put_settings(output, job, only);
    return output_close(output, code);
}
