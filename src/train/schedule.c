/* schedule.c - see schedule.h. */
#include "train/schedule.h"

#include <math.h>

static const double pi = 3.14159265358979323846;

/* Warm-up, a plateau, a decay (Zhai et al. 2022; Hu et al. 2024): the last `decay_ratio` of all steps
 * go down. */
static double stable(const cz_schedule *schedule, size_t step)
{
    double decay = floor(schedule->decay_ratio * (double)schedule->steps);
    double left = (double)schedule->steps - (double)step;
    return decay > 0 && left < decay ? left / decay : 1;
}

double cz_schedule_at(const cz_schedule *schedule, size_t step)
{
    size_t after = schedule->steps > schedule->warmup ? schedule->steps - schedule->warmup : 1;
    if (step < schedule->warmup)
        return (double)step / (double)schedule->warmup;
    double done = (double)(step - schedule->warmup) / (double)after;
    done = done > 1 ? 1 : done;
    switch (schedule->kind) {
    case CLOZE_SCHEDULE_LINEAR:
        return 1 - done;
    case CLOZE_SCHEDULE_COSINE:
        return fmax(0, 0.5 * (1 + cos(pi * schedule->cycles * 2 * done)));
    case CLOZE_SCHEDULE_RESTARTS:
        return done >= 1 ? 0 : fmax(0, 0.5 * (1 + cos(pi * fmod(schedule->cycles * done, 1))));
    case CLOZE_SCHEDULE_POLYNOMIAL:
        return pow(1 - done, schedule->power);
    case CLOZE_SCHEDULE_STABLE:
        return stable(schedule, step);
    case CLOZE_SCHEDULE_CONSTANT:
        break;
    }
    return 1;
}
