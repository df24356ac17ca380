/*
 * train/plan.h - in which order the items of an epoch come: shuffled, and rarer labels as often as
 * the most frequent where that is asked for.
 */
#ifndef CZ_TRAIN_PLAN_H
#define CZ_TRAIN_PLAN_H

#include "train/dataset.h"

typedef struct cz_plan {
    const cloze_allocator *allocator;
    uint64_t seed;
    size_t *order; /* [count] items of the epoch; one may come several times */
    size_t count;
    size_t *group_begin, *grouped; /* items by label; NULL: as they are */
    size_t groups, most;
} cz_plan;

/* `labels` 0: no oversampling. */
cloze_status cz_plan_init(cz_plan *plan, const cz_dataset *dataset, size_t labels, uint64_t seed,
                          const cloze_allocator *allocator, cloze_error *error);
void cz_plan_clear(cz_plan *plan);
/* Lays out an epoch. */
void cz_plan_epoch(cz_plan *plan, uint32_t epoch);

#endif
