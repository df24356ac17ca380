/*
 * tune.c - cloze tune: which settings of cloze train are best. The parts are in tune.h; here they come
 * one after the other.
 */
#include "tune_crew.h"

#include "commands.h"
#include "interrupt.h"
#include "say.h"
#include "train.h"

#include <cloze/plot.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { JOBS_USUAL = 4, JOBS_MOST = 1024 };

const option_group tune_options = {
    "Search",
    (const command_option[]){
        OPTION("try", 0, OPTION_WORDS, "NAME=VALUES", tune.tries,
               "an option of `cloze train` and its values: epochs=2,3,4, schedule=linear,cosine, "
               "freeze=yes,no; a range: rate=1e-5..1e-4:log, with :5 behind it five numbers of it; "
               "may be repeated"),
        OPTION(
            "search", 0, OPTION_CHOICE, "grid|random", tune.search,
            "all values with all others, or some that the seed draws (default: grid, where there "
            "are values alone and no --trials)"),
        OPTION("trials", 0, OPTION_COUNT, "N", tune.trials, "random: how many (default: 10)"),
        OPTION("halving", 0, OPTION_COUNT, "N", tune.halving,
               "stop poor trials early: the best N-th goes on for N times the steps, and so on"),
        OPTION("jobs", 'j', OPTION_COUNT, "N", tune.jobs,
               "trials at a time, each with its memory (default: one a core, up to 4; one in each "
               "rank)"),
        OPTION("keep-models", 0, OPTION_FLAG, NULL, tune.keep_models,
               "keep the models of all trials, not of the best alone"),
        OPTIONS_END },
};

static const command_example examples[] = {
    { "cloze tune classify -f train.tsv --dev dev.tsv --try rate=2e-5,5e-5,1e-4 --try epochs=2,3 "
      "-o "
      "search",
      "six trials" },
    { "cloze tune classify -f train.tsv --dev-part 0.1 --try rate=1e-5..2e-4:log --try batch=8..64 "
      "--trials 27 --halving 3 -o search",
      "27 drawn; the best 9 go on, then the best 3, then one" },
    { "cloze tune classify -f few.tsv --folds 5 --try epochs=2,4,8 --try freeze=yes,no -o search",
      "each trial is the mean of five folds" },
    { "cloze tune tag -m ./bert -f a.conll --dev b.conll --try freeze=yes,no --try rate=1e-5..1e-3:"
      "log --trials 20 -o search --resume",
      "goes on where it was" },
    { NULL, NULL },
};

static int run(const cli_command *self, int argc, char **argv);

const cli_command command_tune = {
    .name = "tune",
    .operands = "KIND",
    .operand_kind = "classify|multi-label|regress|pair|tag|answer|embed|fill",
    .summary = "search the settings that train the best model",
    .description =
        "Trains models with other settings each, measures all with the same dev examples, and "
        "tells which settings are best. KIND and all options that are not listed under Search "
        "are those of `cloze train`.\n\n"
        "Trials run beside each other, each in a process and with threads of its own, and in "
        "all ranks where mpirun started several; what is found is a function of examples, "
        "settings and seed, whatever ran beside what. With --halving all trials learn for a "
        "part of their steps, each at the schedule of its whole run, the best go on where they "
        "were, and the others end.\n\n"
        "FOLDER gets trials.jsonl (a line for each rung of each trial), trials.tsv and "
        "trials.png (all trials), and a folder for each trial with its training.jsonl; that of "
        "the best is its model. Ctrl-C, or anything worse, loses at most what was learned since "
        "the last state was kept; the same command with --resume goes on, and what was done is "
        "not done again. With --seeds or --folds a trial is several runs, measured by their "
        "mean.\n\n"
        "Prints a table, the best first, and the command of cloze train that makes the best "
        "model again; --json prints lines instead.",
    .groups = { &tune_options, &train_data_options, &train_step_options, &train_part_options,
                &train_loss_options, &train_augment_options, &train_keep_options,
                &train_rank_options, &train_model_options, &train_general_options },
    .examples = examples,
    .run = run,
};

static int check(const tune_job *job, int count, char **operands)
{
    const cli_settings *settings = job->settings;
    const cli_training *train = &settings->train;
    char names[128];
    cloze_error error;
    if (count != 1 || !train_kind_named(operands[0], train))
        return say_failure(CLOZE_ERROR_ARGUMENT, "tune takes what is to be learned: %s",
                           train_kind_names(names, sizeof names, false));
    if (!settings->output || !*settings->output)
        return say_failure(CLOZE_ERROR_ARGUMENT, "-o FOLDER says where the trials go");
    if (!train->dev.count && train->dev_part <= 0 && !train->folds)
        return say_failure(CLOZE_ERROR_ARGUMENT, "trials are compared by dev examples: --dev FILE, "
                                                 "--dev-part 0.1 or --folds 5");
    if (settings->tune.halving == 1)
        return say_failure(CLOZE_ERROR_ARGUMENT, "--halving takes 2 or more");
    if (train->picture && train->picture != PICTURE_NONE &&
        cloze_plot_ready(train->picture == PICTURE_SVG ? "a.svg" : "a.png", &error))
        return say_error(&error, "--picture");
    return 0;
}

/* Cores are shared by the trials that run at a time; mpirun shares them between ranks. */
static void share_cores(tune_job *job)
{
    const cli_settings *settings = job->settings;
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    size_t cores = online > 0 ? (size_t)online : 1;
    size_t usual = settings->threads ? cores / settings->threads : cores;
    usual = usual > JOBS_USUAL ? JOBS_USUAL : usual;
    usual = job->ranks.way.count > 1 ? 1 : usual;
    job->jobs = settings->tune.jobs ? settings->tune.jobs : usual ? usual : 1;
    job->jobs = job->jobs > job->count ? job->count : job->jobs;
    job->jobs = job->jobs > JOBS_MOST ? JOBS_MOST : job->jobs;
    job->threads = settings->threads;
    if (!job->threads && job->jobs > 1)
        job->threads = cores > job->jobs ? cores / job->jobs : 1;
}

/* Those that do not go on keep only what happened in them. */
static void strip_others(const tune_job *job, const size_t *members, size_t count)
{
    for (size_t i = 0, next = 0; i < job->count; i++) {
        if (next < count && members[next] == i)
            next++;
        else
            trial_strip(job, &job->trials[i]);
    }
}

static int say_all_failed(const tune_job *job)
{
    const char *why = json_string_value(json_object_get(job->trials[0].last, "failed"));
    return say_failure(CLOZE_ERROR_FORMAT, "no trial came to anything; the first: %s",
                       why ? why : "nothing is known");
}

static int run_rungs(tune_job *job)
{
    tune_crew crew;
    size_t *members = calloc(job->count, sizeof *members);
    int ranks = job->ranks.way.count;
    int code = crew_open(&crew, job, ranks > 1 ? (size_t)ranks : 1);
    if (!code && !members)
        code = say_failure(CLOZE_ERROR_MEMORY, "out of memory");
    for (size_t rung = 0; rung < job->rungs && !code; rung++) {
        size_t count = rung_members(job, rung, members);
        strip_others(job, members, count);
        code = count ? tune_run_rung(&crew, rung, members, count) : say_all_failed(job);
    }
    crew_dismiss(&crew);
    crew_close(&crew);
    if (!code) {
        tune_rank(job, members);
        if (job->trials[members[0]].rungs == job->trials[members[0]].failed)
            code = say_all_failed(job);
        else
            strip_others(job, members, 1);
    }
    free(members);
    if (code == EXIT_INTERRUPTED)
        say_note(job->settings->quiet, "stopped; --resume goes on from there");
    return code;
}

/* What is searched, and whether that is possible; all ranks find the same. */
static int prepare(tune_job *job, const cli_command *self, int argc, char **argv, int first)
{
    int code = check(job, argc - first, argv + first);
    if (!code && !(job->kind = strdup(argv[first])))
        code = say_failure(CLOZE_ERROR_MEMORY, "out of memory");
    if (!code)
        code = tune_read_settings(job);
    if (!code)
        code = tune_take_options(job, self, argc, argv);
    if (!code)
        code = tune_draw(job);
    if (code)
        return code;
    job->rungs = rung_count(job);
    share_cores(job);
    return tune_check(job);
}

static int compare_ranks(tune_job *job)
{
    char *plan = tune_plan(job);
    int code = plan ? 0 : say_failure(CLOZE_ERROR_MEMORY, "out of memory");
    code = ranks_agree(&job->ranks, code);
    if (!code)
        code = tune_agree(job, plan);
    free(plan);
    return code;
}

static int begin(tune_job *job)
{
    int code = tune_check_deeply(job);
    if (!code)
        code = output_open(&job->output, NULL);
    return code ? code : tune_record_open(job);
}

static int search(tune_job *job, const cli_command *self, int argc, char **argv, int first)
{
    cli_ranks *ranks = &job->ranks;
    bool leads = ranks_lead(ranks);
    int code = ranks_agree(ranks, prepare(job, self, argc, argv, first));
    if (!code)
        code = compare_ranks(job);
    if (!code)
        code = ranks_agree(ranks, leads ? begin(job) : 0);
    if (!code)
        code = ranks_agree(ranks, leads ? 0 : tune_record_join(job));
    if (!code)
        code = ranks_agree(ranks, leads ? run_rungs(job) : tune_serve(job));
    if (!code && leads)
        code = tune_report(job);
    return output_close(job->output, code);
}

static void forget(tune_job *job)
{
    for (size_t i = 0; job->trials && i < job->count; i++)
        json_decref(job->trials[i].last);
    if (job->record)
        fclose(job->record);
    keep_clear(&job->keep);
    free(job->trials);
    free(job->arguments);
    free(job->kind);
}

static int run(const cli_command *self, int argc, char **argv)
{
    cli_settings settings;
    int first = 0, code = options_parse(self, argc, argv, &settings, &first);
    if (code < 0) {
        tune_job job = { .settings = &settings };
        code = ranks_join(&job.ranks, &settings);
        if (!code)
            code = search(&job, self, argc, argv, first);
        code = ranks_leave(&job.ranks, code);
        forget(&job);
    }
    settings_clear(&settings);
    return code;
}
