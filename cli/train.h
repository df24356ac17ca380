/*
 * train.h - the parts of cloze train: what is learned, from which examples, how; one run or several;
 * what is shown, written and kept of each.
 */
#ifndef CLI_TRAIN_H
#define CLI_TRAIN_H

#include "augment.h"
#include "examples.h"
#include "filler.h"
#include "open.h"
#include "options.h"
#include "output.h"
#include "ranks.h"

#include <cloze/train.h>

#include <jansson.h>
#include <stdio.h>

enum { SHOWN_METRICS = 4, LOSSES_SHOWN = 256 };

/* Choices of --picture, in order. */
enum { PICTURE_PNG = 1, PICTURE_SVG, PICTURE_NONE };

/* What the operand of train names. */
typedef struct train_kind {
    const char *name, *summary;
    example_kind examples;
    cloze_learning learning;
    bool pairs, labels, augments;
    bool distils;                     /* a teacher can tell it */
    const char *shown[SHOWN_METRICS]; /* of a measurement while it learns */
    const char *metrics;              /* all that --metric knows, between spaces */
    const char *task;                 /* what the hub calls it */
    const char *use[2];               /* the command that uses it, and what comes after -m FOLDER */
} train_kind;

extern const option_group train_data_options, train_step_options, train_part_options,
    train_loss_options, train_keep_options, train_augment_options, train_rank_options,
    train_model_options, train_general_options;

/* NULL if it is none. */
const train_kind *train_kind_named(const char *name, const cli_training *train);
/* "classify, multi-label, ..." */
const char *train_kind_names(char *out, size_t size, bool distils);

typedef enum data_part { PART_TRAIN = 0, PART_DEV, PART_TEST, PARTS } data_part;

typedef struct train_data {
    example_format format;
    cli_labels labels;
    cli_examples read[PARTS];
    uint32_t *place; /* [read[PART_TRAIN].count] a data_part, or a fold */
    cli_synonyms synonyms;
    cli_filler filler;
    augment_rates rates;
} train_data;

/* What a smaller model learns from. */
typedef struct train_teacher {
    char path[PATH_SIZE];
    cli_opened opened;      /* its engine is the job's */
    size_t told;            /* numbers that it is asked for of each text; 0: it is not asked */
    size_t *layers, *match; /* [layer_count] of --layers, [match_count] of --match; or NULL */
    size_t layer_count, match_count;
    char student[PATH_SIZE]; /* a temporary folder for what is made of its layers; empty: none */
    int claim;               /* of that folder, a descriptor; 0 or less: none */
} train_teacher;

typedef struct train_run train_run;

typedef struct train_job {
    const cli_settings *settings;
    const train_kind *kind;
    const char
        *anew; /* what a model is that is made from nothing; NULL: it is begun with another */
    int (*give)(train_run *run, cloze_trainer *trainer); /* what is learned from; exit code */
    bool distils;                                        /* from a teacher */
    char model[PATH_SIZE];                               /* its folder */
    char name[PATH_SIZE]; /* the same, or its name in the hub; or empty */
    cli_opened opened;    /* its engine */
    cli_ranks ranks;
    cli_output *output;
    train_data data;
    train_teacher teacher; /* of distill */
    cloze_train_options options;
    const char **label_names; /* [options.label_count] */
    float *label_weights;
    json_t *facts; /* what a run is made of, as training.jsonl keeps it */
} train_job;

/* One of several runs, or the only one. */
struct train_run {
    train_job *job;
    char folder[PATH_SIZE]; /* empty: nothing is kept */
    char title[64];         /* empty: the only run */
    size_t fold;            /* with --folds */
    uint64_t seed;
    cloze_intake intake[PARTS];
    cloze_measures measures[PARTS]; /* of what was saved; none where count is 0 */
    size_t steps, best_step;        /* done, and the one whose numbers were saved; 0: the last */
    double epochs, seconds;
    size_t parameters, learning, memory, saved; /* the last two in bytes */
    struct train_view *view;
    /* Asked after each event; false stops the run where it is, its state is kept, and the dev examples
     * are measured with the numbers of then. May be NULL. */
    bool (*goes_on)(const train_run *run, const cloze_train_event *event);
    void *context;
    bool paused; /* it was stopped so */
};

/* A command that makes runs: train, or distill, which has a teacher. Exit code. */
int train_command(const cli_command *self, int argc, char **argv, bool distils);

/* ---- before a run; each returns an exit code ---- */

/* The kind, and whether the settings go together, for a job that has its settings. */
int train_name(train_job *job, int count, char **operands);
/* All of these. End the job whatever comes back. */
int train_begin(train_job *job, int count, char **operands);
void train_end(train_job *job);
int train_check(const cli_settings *settings, const train_kind *kind);
int train_read(train_job *job);
/* Labels in the model's order where they are the model's, and weights, and all other options. */
int train_prepare(train_job *job);
/* LoRA's settings: those that do not go together; those of a trainer. */
int train_lora_check(const cli_training *train);
int train_lora(train_job *job);
void train_data_clear(train_data *data);
/* What all kinds of training have in common: ranges of numbers, what goes with what. */
int train_check_common(const cli_settings *settings, const train_kind *kind);
void train_fill_options(train_job *job);
/* Settings under the names of their options; those that are not given are left out. */
void train_put_settings(json_t *facts, const train_job *job);

/* The model that was begun with, as it was named; whether that is a folder. */
const char *train_begun_with(const train_job *job);
bool train_begun_with_folder(const train_job *job);

/* ---- the teacher of distill ---- */

int distill_check(const cli_settings *settings, const train_kind *kind);
/* The teacher, its labels and a student of its layers. Exit code. */
int distill_open(train_job *job);
void distill_close(train_job *job);
/* A student of the teacher's layers in a folder for it, which is then the model. Exit code. */
int distill_make_student(train_job *job);
void distill_forget_student(train_teacher *teacher);
void distill_options(train_job *job);
/* Vectors of teacher and student have as many numbers, or this is refused. Exit code. */
int distill_check_vectors(const train_job *job, const cloze_trainer *trainer);
/* Asks the teacher of examples, whose `values` then lie in room [count, told]. Exit code. */
int distill_ask(train_job *job, cloze_example *examples, size_t count, float *room);

/* ---- a run ---- */

int train_give(train_run *run, cloze_trainer *trainer);
int train_do(train_run *run);
/* As many as --folds or --seeds say, else one. */
size_t train_run_count(const cli_settings *settings);
/* Which run each is among all, and where its things go. Exit code. */
int train_place_runs(train_job *job, train_run *runs, size_t count);
/* One after the other, and the cards of those that ended. Exit code. */
int train_do_all(train_job *job, train_run *runs, size_t count);

/* What a folder was before a run; NONE: with something in it, or not named. */
typedef enum train_place { PLACE_NONE, PLACE_EMPTY, PLACE_ABSENT } train_place;
train_place train_look(const char *folder);
/* Empties the folder of a run that failed, unless it can be resumed. */
void train_forget(const char *folder, train_place before);

/* ---- training.jsonl ---- */

typedef struct train_log {
    FILE *file;         /* NULL: there is no folder */
    cli_output *output; /* with --json, lines go there, too */
    char path[PATH_SIZE];
    double seconds_before; /* of earlier parts of a resumed run */
    size_t best_step;
    bool failed;
} train_log;

/* Begins a file, or goes on in one, without what it says of steps behind `step`. Exit code. */
int train_log_open(train_log *log, const train_run *run, size_t step);
/* One line; `event` is freed. */
void train_log_write(train_log *log, json_t *event);
int train_log_close(train_log *log, int code);
/* Calls `each` for the lines of a run's file; a line that is no object is left out. Exit code. */
typedef void train_log_each(void *context, const json_t *event);
int train_log_read(const char *folder, train_log_each *each, void *context);
/* What the last run in a folder ended with. *ended is false if it did not, or is not there. It was
 * begun with the same facts, or this is refused. Exit code. */
int train_log_end(train_run *run, bool *ended);
json_t *train_measures_json(const cloze_measures *measures);
json_t *train_intake_json(const train_run *run);
/* A number in as many digits as it needs; null if it is not finite. */
json_t *train_real(double value);

/* ---- what people see ---- */

typedef struct train_view {
    train_run *run;
    train_log *log;
    cli_progress progress;
    cloze_measures measures; /* MEASURED; whether they are the best comes later */
    size_t measured_step;    /* 0: none waits */
    double measured_epoch;
    bool measured_best, headed;
    double begun, last, loss, loss_weight; /* times; the smoothed loss */
    double row_loss;
    size_t row_steps, first_step, row_epochs;
    double spent, tokens; /* lately */
    /* [loss_count] the mean of each so many steps; of the last one so far */
    double losses[LOSSES_SHOWN];
    size_t loss_count, loss_each, loss_steps;
} train_view;

void train_view_begin(train_view *view, train_run *run, train_log *log);
bool train_view_event(train_view *view, const cloze_train_event *event);
/* How much of a smoothed loss stays at each of so many steps. */
double train_smoothing(double steps);
void train_view_end(train_view *view);

/* The mean of a measure over runs, and its sample deviation. */
double train_mean(const train_run *runs, size_t count, data_part part, size_t metric,
                  double *deviation);
/* Whether all runs measured the same things. */
bool train_is_measured(const train_run *runs, size_t count, data_part part);
/* The table of one run, or of several with their mean. */
void train_report(train_job *job, const train_run *runs, size_t count);
/* FOLDER/README.md. Exit code. */
int train_card(train_job *job, const char *folder, const train_run *runs, size_t count);
/* FOLDER/training.png or .svg, as training.jsonl says. Exit code. */
int train_picture(const train_run *run);
const char *train_picture_ending(const cli_settings *settings);

#endif
