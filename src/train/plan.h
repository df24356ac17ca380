/*
 * train/plan.h - in which order the items of an epoch come, shuffled, rarer labels as often as the most
 * frequent where that is asked for; and how this order is cut into the batches of steps.
 */
#ifndef CZ_TRAIN_PLAN_H
#define CZ_TRAIN_PLAN_H

#include "train/dataset.h"

/* A batch takes items in their order while they fit; one that alone has too many tokens is a batch. */
typedef struct cz_plan_limits {
    size_t items, tokens; /* 0: any number */
} cz_plan_limits;

typedef struct cz_plan {
    const cloze_allocator *allocator;
    uint64_t seed;
    cz_plan_limits limits;
    const cz_dataset *dataset;
    size_t *order; /* [count] items of the epoch; one may come several times */
    size_t count;
    size_t *cut; /* [cuts + 1] where the epoch's batches begin in the order, and the end */
    size_t cuts;
    size_t epoch;       /* that is laid out; SIZE_MAX: none */
    size_t *first_step; /* [epochs + 1] of each epoch */
    size_t epochs;
    size_t *group_begin, *grouped; /* items by label; NULL: as they are */
    size_t groups, most;
} cz_plan;

/* `labels` 0: no oversampling. */
cloze_status cz_plan_init(cz_plan *plan, const cz_dataset *dataset, size_t labels,
                          const cz_plan_limits *limits, uint64_t seed,
                          const cloze_allocator *allocator, cloze_error *error);
void cz_plan_clear(cz_plan *plan);
/* Steps of so many epochs, the last of which may be a part; `most` at most. */
cloze_status cz_plan_steps(cz_plan *plan, double epochs, size_t most, size_t *out,
                           cloze_error *error);

/* Lays out the epoch of a step, and tells its batch: items order[first] and on. */
typedef struct cz_plan_batch {
    size_t epoch, first, count;
} cz_plan_batch;
cz_plan_batch cz_plan_at(cz_plan *plan, size_t step);
/* Epochs that so many steps are. */
double cz_plan_epochs(const cz_plan *plan, size_t steps);
/* Is the epoch at its end after so many steps? */
bool cz_plan_ends(const cz_plan *plan, size_t steps);

#endif
