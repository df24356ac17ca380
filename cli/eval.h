/*
 * eval.h - the parts of cloze eval: what was predicted and what is right come in pairs, are counted,
 * and reported.
 */
#ifndef CLI_EVAL_H
#define CLI_EVAL_H

#include "output.h"
#include "settings.h"

#include <cloze/metrics.h>

/* Choices of --kind, in order. */
enum { KIND_LABELS = 1, KIND_SETS, KIND_NUMBERS, KIND_TAGS, KIND_ANSWERS };

/* Sums over questions; percents are made of them when they are reported. */
typedef struct eval_sums {
    size_t count;
    double exact, f1;
} eval_sums;

typedef struct eval_answers {
    eval_sums all, with_answer, without_answer;
} eval_answers;

typedef struct eval_numbers {
    double *predicted, *gold;
    size_t count, room;
} eval_numbers;

typedef struct eval_job {
    const cli_settings *settings;
    int kind, layout;
    cloze_tally *tally; /* labels, sets and tags */
    eval_numbers numbers;
    eval_answers answers;
    cloze_squad_version squad;
} eval_job;

/* Each returns an exit code after saying what was wrong. */
int eval_rows(eval_job *job, const char *path);  /* predictions from a file */
int eval_squad(eval_job *job, const char *path); /* an object of answers beside SQuAD's own file */
int eval_model(eval_job *job, const char *path); /* predictions by the model of -m */

/* One pair counted. `where` is for messages. */
int eval_number(eval_job *job, double predicted, double gold);
int eval_answer(eval_job *job, cloze_text predicted, const cloze_text *gold, size_t count,
                const char *where);

/* Writes the file of --picture. */
int eval_picture(const eval_job *job);
int eval_report(const eval_job *job, cli_output *output);

#endif
