/*
 * train.c - cloze train: a model learns from labelled texts. The parts are in train.h; here they come
 * one after the other, for one run or for several.
 */
#include "train.h"

#include "commands.h"
#include "interrupt.h"
#include "say.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const command_example examples[] = {
    { "cloze train classify -m google-bert/bert-base-uncased -f train.csv --dev dev.csv -o spam",
      "columns text and label; then: cloze classify -m spam \"...\"" },
    { "cloze train classify -f reviews --dev-part 0.1 --epochs 5 --patience 2 -o sentiment",
      "reviews/pos and reviews/neg hold text files; stop when it gets no better" },
    { "cloze train classify -m ./bert -f train.jsonl --folds 5 --balance --rate 3e-5",
      "five folds, rare labels weigh more; mean and deviation, nothing kept" },
    { "cloze train tag -m ./bert -f train.conll --dev dev.conll --test test.conll -o names",
      "words with their tags in columns" },
    { "cloze train pair -m ./bert -f mnli.tsv --dev-part 0.05 -o inference --resume",
      "two texts, and on again where it was stopped" },
    { "cloze train classify -f few.tsv --freeze --augment 4 --synonyms words.txt -o quick",
      "only a head, and more texts made of few" },
    { NULL, NULL },
};

static int run(const cli_command *self, int argc, char **argv);

const cli_command command_train = {
    .name = "train",
    .operands = "KIND",
    .operand_kind = "classify|multi-label|regress|pair|tag|answer|embed|fill",
    .summary = "fine-tune a model on labelled texts",
    .description =
        "Teaches a model to tell what examples tell, and saves it as a folder that cloze and "
        "transformers open. KIND is what is learned: classify (one label for a text), multi-label "
        "(any number of labels), regress (a number), pair (one label for two texts), tag (a label "
        "for each word), answer (where a text answers a question), embed (vectors of texts that "
        "belong together), fill (masked words, from plain text). A head that the model lacks is "
        "made; one that tells the same labels apart is kept.\n\n"
        "Examples are columns of tsv or csv, fields of JSON lines, words with tags (conll), "
        "SQuAD's json, or a folder of text files for each label. What is wrong in them is told by "
        "file and line before anything is learned.\n\n"
        "With dev examples the best numbers are saved, else the last. A run is a function of "
        "model, "
        "examples, settings and seed: threads do not matter, nor how often it was stopped and "
        "resumed. FOLDER gets the model, training.jsonl (all that happened), training.png (its "
        "curves) and README.md (what the model was made of and how good it is).\n\n"
        "Prints a row for each measurement and a table at the end; --json prints lines instead, as "
        "training.jsonl has them.",
    .groups = { &train_data_options, &train_step_options, &train_part_options, &train_loss_options,
                &train_augment_options, &train_keep_options, &train_rank_options,
                &train_model_options, &train_general_options },
    .examples = examples,
    .run = run,
};

static int make_folder(const char *path)
{
    if (!mkdir(path, 0777) || errno == EEXIST)
        return 0;
    return say_failure(CLOZE_ERROR_IO, "cannot make the folder %s: %s", path, strerror(errno));
}

size_t train_run_count(const cli_settings *settings)
{
    const cli_training *train = &settings->train;
    return train->folds ? train->folds : train->seeds ? train->seeds : 1;
}

static int place_run(train_job *job, train_run *out, size_t i)
{
    const cli_training *train = &job->settings->train;
    const char *folder = job->settings->output;
    const char *what = train->folds ? "fold" : train->seeds ? "seed" : NULL;
    int size = 0;
    *out = (train_run){ .job = job, .fold = i, .seed = job->settings->seed };
    if (train->seeds)
        out->seed += i;
    if (what)
        snprintf(out->title, sizeof out->title, "%s %zu", what,
                 train->folds ? i + 1 : (size_t)out->seed);
    if (folder && what)
        size = snprintf(out->folder, sizeof out->folder, "%s/%s-%zu", folder, what,
                        train->folds ? i + 1 : (size_t)out->seed);
    else if (folder)
        size = snprintf(out->folder, sizeof out->folder, "%s", folder);
    if (size < 0 || (size_t)size >= sizeof out->folder)
        return say_failure(CLOZE_ERROR_LIMIT, "the name of the folder is too long");
    return 0;
}

int train_place_runs(train_job *job, train_run *runs, size_t count)
{
    int code = 0;
    for (size_t i = 0; i < count && !code; i++)
        code = place_run(job, &runs[i], i);
    return code;
}

int train_do_all(train_job *job, train_run *runs, size_t count)
{
    const cli_settings *settings = job->settings;
    bool leads = ranks_lead(&job->ranks), paused = false;
    int code = 0;
    if (settings->output && count > 1 && leads)
        code = make_folder(settings->output);
    for (size_t i = 0; i < count && !code; i++) {
        if (*runs[i].title && !settings->json && !settings->quiet)
            output_format(job->output, "%s%s\n", i ? "\n" : "", runs[i].title);
        code = train_do(&runs[i]);
        paused = paused || runs[i].paused;
        if (!code && *runs[i].folder && leads && !runs[i].paused)
            code = train_card(job, runs[i].folder, &runs[i], 1);
        code = ranks_agree(&job->ranks, code);
    }
    if (!code && settings->output && count > 1 && leads && !paused)
        code = train_card(job, settings->output, runs, count);
    return code;
}

static int do_all(train_job *job)
{
    size_t count = train_run_count(job->settings);
    train_run *runs = calloc(count, sizeof *runs);
    int code = runs ? 0 : say_failure(CLOZE_ERROR_MEMORY, "out of memory");
    if (!code)
        code = train_place_runs(job, runs, count);
    if (!code)
        code = train_do_all(job, runs, count);
    if (!code && ranks_lead(&job->ranks))
        train_report(job, runs, count);
    free(runs);
    return code;
}

void train_end(train_job *job)
{
    train_data_clear(&job->data);
    distill_close(job);
    close_all(&job->opened);
    free(job->label_names);
    free(job->label_weights);
    json_decref(job->facts);
}

int train_name(train_job *job, int count, char **operands)
{
    char names[128];
    train_kind_names(names, sizeof names, job->distils);
    if (count != 1)
        return say_failure(CLOZE_ERROR_ARGUMENT, "%s takes what is to be learned: %s%s",
                           job->distils ? "distill" : "train", names,
                           count ? "; files come with -f" : "");
    job->kind = train_kind_named(operands[0], &job->settings->train);
    if (!job->kind || (job->distils && !job->kind->distils))
        return say_failure(CLOZE_ERROR_ARGUMENT, "\"%s\" cannot be learned%s; what can is %s",
                           operands[0], job->distils ? " from a teacher" : "", names);
    int code = job->distils ? distill_check(job->settings, job->kind) : 0;
    return code ? code : train_check(job->settings, job->kind);
}

int train_begin(train_job *job, int count, char **operands)
{
    int code = train_name(job, count, operands);
    job->give = train_give;
    if (!code && job->distils)
        code = distill_open(job);
    if (!code)
        code = train_read(job);
    return code ? code : train_prepare(job);
}

int train_command(const cli_command *self, int argc, char **argv, bool distils)
{
    cli_settings settings;
    int first = 0, code = options_parse(self, argc, argv, &settings, &first);
    train_job *job;
    if (code >= 0) {
        settings_clear(&settings);
        return code;
    }
    if (!(job = calloc(1, sizeof *job))) {
        settings_clear(&settings);
        return say_failure(CLOZE_ERROR_MEMORY, "out of memory");
    }
    job->settings = &settings;
    job->distils = distils;
    code = ranks_join(&job->ranks, &settings);
    if (!code)
        code = ranks_agree(&job->ranks, train_begin(job, argc - first, argv + first));
    if (!code)
        code = output_open(&job->output, NULL);
    if (!code)
        code = do_all(job);
    code = output_close(job->output, code);
    code = ranks_leave(&job->ranks, code);
    train_end(job);
    free(job);
    settings_clear(&settings);
    return code;
}

static int run(const cli_command *self, int argc, char **argv)
{
    return train_command(self, argc, argv, false);
}
