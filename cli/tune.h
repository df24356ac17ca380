/*
 * tune.h - the parts of cloze tune: which settings are tried, the trials, how they run beside each
 * other, what is kept of them, what is printed. A trial is a run of cloze train. With several ranks
 * all know the trials, the first one keeps what is found, and hands out.
 */
#ifndef CLI_TUNE_H
#define CLI_TUNE_H

#include "keep.h"
#include "options.h"
#include "output.h"
#include "progress.h"
#include "ranks.h"

#include <jansson.h>
#include <stdatomic.h>
#include <stdio.h>

enum { TUNE_SETTINGS_MOST = 15, TRIALS_MOST = 10000, RUNGS_MOST = 16 };

/* Choices of --search, in order. */
enum { SEARCH_GRID = 1, SEARCH_RANDOM };

extern const option_group tune_options;

/* What --try says of an option of cloze train. */
typedef struct tune_setting {
    const command_option *option;
    const char *flag;    /* "--rate" */
    const char **values; /* [count] those that there are; count 0: any number of a range */
    size_t count;
    double low, high;
    bool logarithmic, whole;
} tune_setting;

typedef struct tune_trial {
    size_t number;                              /* from 1 on */
    const char *value[TUNE_SETTINGS_MOST];      /* of each setting, as the command line has it */
    size_t rungs;                               /* that it has done */
    bool failed;                                /* the last of them came to nothing */
    double score[RUNGS_MOST], loss[RUNGS_MOST]; /* at the end of each rung */
    json_t *last; /* what its last rung made, as trials.jsonl has it; or NULL */
} tune_trial;

typedef struct tune_job {
    const cli_settings *settings;
    char *kind;             /* what is learned */
    const char **arguments; /* [argument_count] of cloze train, for all trials */
    size_t argument_count;
    tune_setting setting[TUNE_SETTINGS_MOST];
    size_t setting_count;
    tune_trial *trials; /* [count] */
    size_t count;
    size_t rungs;
    size_t jobs,
        threads; /* trials at a time in each rank; threads of each, 0: as many as are usual */
    const char *metric;
    bool falls; /* less of it is better */
    cli_ranks ranks;
    FILE *record; /* of ranks other than 0: a claim alone */
    cli_output *output;
    cli_keep keep;
} tune_job;

/* All return exit codes. */

/* ---- tune_space.c ---- */

/* job->setting, of --try. */
int tune_read_settings(tune_job *job);
/* job->trials. */
int tune_draw(tune_job *job);

/* ---- tune_command.c: a trial as a command line ---- */

/* Options of cloze tune that cloze train has, too, are those of all trials. */
int tune_take_options(tune_job *job, const cli_command *self, int argc, char **argv);
/* Of cloze train, with [tune_arguments_most] places; how many there are. */
size_t tune_arguments(const tune_job *job, const tune_trial *trial, const char **out);
size_t tune_arguments_most(const tune_job *job);
/* To be pasted into a shell; free it. NULL when memory is out. */
char *tune_command(const tune_job *job, const tune_trial *trial, const char *folder);

/* ---- tune_trial.c: a trial, in a process of its own ---- */

/* What the others see of it while it runs. */
typedef struct tune_live {
    _Atomic size_t step, steps;
} tune_live;

/* "FOLDER/trial-7". */
int trial_folder(const tune_job *job, const tune_trial *trial, char *out, size_t size);
/* Are its settings possible? Says what is not. `deep`: of the examples and the model, too. *metric is
 * what measures it. */
int trial_check(const tune_job *job, const tune_trial *trial, bool deep, const char **metric);
/* Learns until `share` of all steps are done; *line is what became of it. */
int trial_run(const tune_job *job, const tune_trial *trial, size_t rung, double share,
              tune_live *live, json_t **line);
/* Removes all but training.jsonl. */
void trial_strip(const tune_job *job, const tune_trial *trial);

/* ---- tune_record.c: FOLDER/trials.jsonl ---- */

/* What is searched, in words; free it. NULL when memory is out. */
char *tune_plan(const tune_job *job);
/* Begins it, or reads what is there with --resume. Nobody else may be at it. */
int tune_record_open(tune_job *job);
/* Another rank's: it is at it, too. */
int tune_record_join(tune_job *job);
/* Takes a line of a trial, and writes it. */
int tune_record_add(tune_job *job, json_t *line);

/* ---- tune_rung.c ---- */

size_t rung_count(const tune_job *job);
/* Part of the steps of a run that are done when it ends. */
double rung_share(const tune_job *job, size_t rung);
/* Trials that go on at it: places in job->trials, in their order; how many. All have done the rungs
 * before. */
size_t rung_members(const tune_job *job, size_t rung, size_t *out);
/* Places of all, the best first: those that went further, then by score, loss and number. */
void tune_rank(const tune_job *job, size_t *out);

/* ---- tune_check.c ---- */

/* The settings of all trials; sets what they are measured by. */
int tune_check(tune_job *job);
/* The examples and the model, too, of so many that each value is in one of them. */
int tune_check_deeply(const tune_job *job);

/* ---- tune_workers.c ---- */

typedef struct tune_crew tune_crew;

/* Those of `members` that have not done the rung yet. */
int tune_run_rung(tune_crew *crew, size_t rung, const size_t *members, size_t count);

/* ---- tune_report.c ---- */

int tune_report(tune_job *job);

#endif
