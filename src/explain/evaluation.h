/* explain/evaluation.h - what is kept of every text of an evaluation. */
#ifndef CZ_EXPLAIN_EVALUATION_H
#define CZ_EXPLAIN_EVALUATION_H

#include "explain/faithful.h"

/* A text: results [contenders], seeds [seeds, CLOZE_FAITH_MEASURES] of the random attributions. */
typedef struct cz_evaluated {
    cloze_faith_result *results;
    bool *known; /* [contenders] */
    double *seeds;
    double *agreement;  /* [contenders, contenders, 2] Spearman, Kendall */
    double *randomized; /* [contenders, stages] */
} cz_evaluated;

struct cloze_evaluation {
    cloze_hooks hooks;
    const cloze_model *model;
    cloze_attribution_options *methods; /* [contenders]; the last is random */
    size_t contenders, seeds, stages, resamples;
    cloze_faith_options options;
    double thresholds[CLOZE_FAITH_THRESHOLDS];
    cz_randomized *randomized; /* made for the first text */
    cz_evaluated *texts;
    size_t count, capacity;
};

/* Fills a text whose arrays are there. */
cloze_status cz_evaluate_text(cloze_evaluation *evaluation, cloze_explainer *explainer,
                              cz_evaluated *text, cloze_error *error);

#endif
