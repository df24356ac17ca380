/*
 * explain/faithful.h - what <cloze/faithful.h> is made of: masks that are asked about once, the best and the
 * worst order of units, measures of an order, and a model with random weights.
 */
#ifndef CZ_EXPLAIN_FAITHFUL_H
#define CZ_EXPLAIN_FAITHFUL_H

#include "base/table.h"
#include "explain/explainer.h"

#include <cloze/faithful.h>

/* ---- asked.c: every mask gets a number, and the model is asked about it once ---- */

typedef struct cz_answer {
    double value, chance; /* F; probability of the target */
    bool holds;           /* the model says the target */
} cz_answer;

typedef struct cz_asked {
    cloze_explainer *explainer;
    cloze_absence absence;
    uint8_t **pages; /* of masks [units], 1: present; they never move */
    size_t page_count, page_capacity;
    cz_answer *answers; /* [capacity]; known below `answered` */
    size_t count, capacity, answered;
    cz_table table;
} cz_asked;

cloze_status cz_asked_begin(cz_asked *asked, cloze_explainer *explainer, cloze_absence absence,
                            cloze_error *error);
void cz_asked_clear(cz_asked *asked);
/* The number of a mask, which is copied. */
cloze_status cz_asked_want(cz_asked *asked, const uint8_t *present, size_t *number,
                           cloze_error *error);
/* Asks about all that are not answered yet, in one packed stream. */
cloze_status cz_asked_answer(cz_asked *asked, cloze_error *error);
const uint8_t *cz_asked_mask(const cz_asked *asked, size_t number);

/* ---- bounds.c: the best and the worst order ---- */

typedef struct cz_bounds {
    double lowest, highest; /* AOPC */
    bool exact;
} cz_bounds;

/* width 0: all orders are tried, through all subsets; else so many are kept. */
cloze_status cz_bounds_find(cz_asked *asked, size_t width, cz_bounds *out, cloze_error *error);

/* ---- measures.c ---- */

enum { CZ_MEASURED_SIZES = CLOZE_FAITH_POINTS + 1 + CLOZE_FAITH_THRESHOLDS };

/* Numbers of masks are those of `asked`. */
typedef struct cz_measuring {
    cz_asked asked;
    size_t units, points, thresholds;
    size_t sizes[CZ_MEASURED_SIZES]; /* [points + 1] of the curves, [thresholds] */
    size_t *without, *with; /* [orders, CZ_MEASURED_SIZES] the first so many away, or alone */
    uint8_t *masks;         /* [mask_count, units] of infidelity; */
    size_t *mask_numbers;
    double *mask_values;
    size_t mask_count;
    bool bounded;
    cz_bounds bounds;
} cz_measuring;

/* All has been answered. units [count, units], results [count]. */
void cz_measures_read(cz_measuring *measuring, const double *units, size_t count,
                      cloze_faith_result *results);

/* ---- randomized.c: a model whose last parts are random ---- */

typedef struct cz_randomized cz_randomized;

/* The head that `aim` reads is made anew, too; modules behind the pooling stay. */
cloze_status cz_randomized_new(cz_randomized **out, const cloze_model *model, const cz_aim *aim,
                               uint64_t seed, cloze_error *error);
void cz_randomized_free(cz_randomized *randomized);
/* 1: the head is random; 2: the last layer, too; ...; layers + 2: the embeddings, too. Borrowed, until
 * the next call. */
const cloze_model *cz_randomized_model(cz_randomized *randomized, size_t depth);
/* An explainer of the same input, units and target for another model of the same shape. */
cloze_status cz_explainer_again(cloze_explainer **out, const cloze_explainer *explainer,
                                const cloze_model *model, cloze_error *error);

/* ---- agreement.c ---- */

/* Spearman's and Kendall's (tau-b) correlation; NaN where one side is constant. */
cloze_status cz_rank_correlations(const double *x, const double *y, size_t count,
                                  const cloze_hooks *hooks, double *spearman, double *kendall,
                                  cloze_error *error);

#endif
