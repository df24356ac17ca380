/*
 * train/schedule.h - the rate of each step as a factor of the given one, as
 * transformers.optimization schedules it.
 */
#ifndef CZ_TRAIN_SCHEDULE_H
#define CZ_TRAIN_SCHEDULE_H

#include <cloze/train.h>

typedef struct cz_schedule {
    cloze_schedule kind;
    size_t steps, warmup;
    double cycles, power, decay_ratio;
} cz_schedule;

/* The factor of step `step`, counted from 0. */
double cz_schedule_at(const cz_schedule *schedule, size_t step);

#endif
