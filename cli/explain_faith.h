/*
 * explain_faith.h - cloze explain --evaluate: methods measured over all texts (explain_evaluate.c), and the faces
 * of that: tables on a terminal, JSON and CSV, curves. A face reads an evaluation and computes no more
 * than means.
 */
#ifndef CLI_EXPLAIN_FAITH_H
#define CLI_EXPLAIN_FAITH_H

#include "explain.h"

#include <cloze/faithful.h>

typedef struct explain_trial {
    explain_job *job;
    cloze_faith_options options;
    cloze_evaluation *evaluation;
    cloze_attribution_options methods[CLOZE_METHODS]; /* [count]; the contender behind is random */
    size_t count;
    size_t units;        /* of all texts */
    size_t exact, found; /* texts whose bounds are of all orders; of those that beams found */
} explain_trial;

/* How sure it is that a contender is better or worse than random ones. */
typedef enum explain_verdict { VERDICT_WORSE = -1, VERDICT_OPEN, VERDICT_BETTER } explain_verdict;

/* Name of a contender. */
const char *trial_name(const explain_trial *trial, size_t contender);
/* Nothing is known where memory is out. */
cloze_faith_summary trial_summary(const explain_trial *trial, size_t contender,
                                  cloze_faith_measure measure);
explain_verdict trial_verdict(const explain_trial *trial, const cloze_faith_summary *summary);
/* F at a share of units, the mean over texts. */
double trial_curve(const explain_trial *trial, size_t contender, bool insertion, double share);

/* ---- explain_faith.c ---- */

void trial_write_tables(const explain_trial *trial);

/* ---- explain_faith_records.c ---- */

void trial_write_json_text(const explain_trial *trial, const cli_explanation *explanation);
void trial_write_json(const explain_trial *trial);
void trial_write_csv_head(const explain_trial *trial);
void trial_write_csv_text(const explain_trial *trial, const cli_explanation *explanation);
void trial_write_csv(const explain_trial *trial);

/* ---- explain_curves.c ---- */

/* Exit code. */
int trial_draw(const explain_trial *trial, const char *path);

/* ---- explain_faith_page.c ---- */

/* --page with the figures of this text. Exit code. */
int trial_write_page(const explain_trial *trial, const cli_explanation *explanation);

#endif
