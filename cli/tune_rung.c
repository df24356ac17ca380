/*
 * tune_rung.c - successive halving (Jamieson and Talwalkar 2016): all trials learn for a part of their
 * steps, the best of them go on for so many times more, until few are left that learn to the end. Who
 * goes on is a function of scores alone, whatever ran beside what.
 */
#include "tune.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

/* How many are left at a rung. */
static size_t left_at(const tune_job *job, size_t rung)
{
    size_t count = job->count;
    for (size_t i = 0; i < rung; i++)
        count /= job->settings->tune.halving;
    return count;
}

size_t rung_count(const tune_job *job)
{
    size_t rungs = 1;
    while (job->settings->tune.halving && rungs < RUNGS_MOST && left_at(job, rungs))
        rungs++;
    return rungs;
}

double rung_share(const tune_job *job, size_t rung)
{
    return pow((double)job->settings->tune.halving, -(double)(job->rungs - 1 - rung));
}

static bool has_score(const tune_trial *trial, size_t rung)
{
    return trial->rungs > rung + trial->failed;
}

/* By what they had reached at the end of a rung; few examples make many scores equal. */
static bool is_better(const tune_job *job, const tune_trial *a, const tune_trial *b, size_t rung)
{
    bool known = has_score(a, rung);
    if (known != has_score(b, rung))
        return known;
    if (known && (a->score[rung] < b->score[rung] || a->score[rung] > b->score[rung]))
        return (a->score[rung] < b->score[rung]) == job->falls;
    if (known && (a->loss[rung] < b->loss[rung] || a->loss[rung] > b->loss[rung]))
        return a->loss[rung] < b->loss[rung];
    return a->number < b->number;
}

/* Those that have got further are better; of as many rungs, the last tells. */
static bool is_further(const tune_job *job, const tune_trial *a, const tune_trial *b)
{
    size_t own = a->rungs - a->failed, other = b->rungs - b->failed;
    if (own != other)
        return own > other;
    return own ? is_better(job, a, b, own - 1) : a->number < b->number;
}

/* By insertion: of few, and stable. */
static void sort(const tune_job *job, size_t *places, size_t count, size_t rung)
{
    for (size_t i = 1; i < count; i++) {
        size_t place = places[i], at = i;
        const tune_trial *own = &job->trials[place];
        for (; at > 0; at--) {
            const tune_trial *other = &job->trials[places[at - 1]];
            if (!(rung == SIZE_MAX ? is_further(job, own, other)
                                   : is_better(job, own, other, rung)))
                break;
            places[at] = places[at - 1];
        }
        places[at] = place;
    }
}

static int by_place(const void *left, const void *right)
{
    const size_t *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

size_t rung_members(const tune_job *job, size_t rung, size_t *out)
{
    size_t count = job->count;
    for (size_t i = 0; i < count; i++)
        out[i] = i;
    for (size_t done = 0; done < rung; done++) {
        sort(job, out, count, done);
        count = left_at(job, done + 1) < count ? left_at(job, done + 1) : count;
        while (count && !has_score(&job->trials[out[count - 1]], done))
            count--;
    }
    qsort(out, count, sizeof *out, by_place);
    return count;
}

void tune_rank(const tune_job *job, size_t *out)
{
    for (size_t i = 0; i < job->count; i++)
        out[i] = i;
    sort(job, out, job->count, SIZE_MAX);
}
