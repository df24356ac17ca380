/*
 * kmeans_seed.c - first centres of k-means (Arthur and Vassilvitskii, 2007) in the greedy form of
 * scikit-learn: of 2 + log(clusters) candidates the one is taken that leaves the least distance.
 */
#include "task/kmeans.h"

#include "base/error.h"
#include "base/memory.h"
#include "base/random.h"

#include <math.h>
#include <string.h>

enum { BLOCK = CZ_SCORER_BLOCK, TRIALS_MOST = 64 };

/* In [0, 1); a function of these numbers alone. */
static double uniform(const cz_kmeans *k, size_t start, size_t centre, size_t trial)
{
    const uint32_t counter[4] = { (uint32_t)start, (uint32_t)centre, (uint32_t)trial, 0x6b6d };
    const uint32_t key[2] = { (uint32_t)k->seed, (uint32_t)(k->seed >> 32) };
    cz_philox bits = cz_philox_at(counter, key);
    uint64_t number = (uint64_t)bits.word[0] << 21 | bits.word[1] >> 11;
    return (double)number * 0x1p-53;
}

static double squared_distance(const cz_kmeans *k, size_t point, size_t other, float dot)
{
    return fmax(0, k->norms[point] + k->norms[other] - 2 * (double)dot);
}

/* What distances to the nearest centre sum to, were each candidate a centre. */
static cloze_status try_candidates(cz_kmeans *k, const size_t *candidates, size_t trials,
                                   double *sums, cloze_error *error)
{
    cloze_status status = CLOZE_OK;
    for (size_t t = 0; t < trials; t++) {
        memcpy(k->scorer.right + t * k->dimension, k->points + candidates[t] * k->dimension,
               k->dimension * sizeof *k->points);
        sums[t] = 0;
    }
    for (size_t i = 0; i < k->count && !status; i += BLOCK) {
        size_t rows = k->count - i < BLOCK ? k->count - i : BLOCK;
        status = cz_scorer_dot(&k->scorer, k->points + i * k->dimension, rows, k->scorer.right,
                               trials, error);
        for (size_t a = 0; a < rows && !status; a++)
            for (size_t t = 0; t < trials; t++)
                sums[t] +=
                    fmin(k->nearest[i + a], squared_distance(k, i + a, candidates[t],
                                                             k->scorer.scores[a * trials + t]));
    }
    return status;
}

/* Makes a point the centre number `centre`. */
static cloze_status take(cz_kmeans *k, size_t point, size_t centre, cloze_error *error)
{
    cloze_status status = CLOZE_OK;
    const float *row = k->points + point * k->dimension;
    for (size_t c = 0; c < k->dimension; c++)
        k->centres[centre * k->dimension + c] = (double)row[c];
    for (size_t i = 0; i < k->count && !status; i += BLOCK) {
        size_t rows = k->count - i < BLOCK ? k->count - i : BLOCK;
        status = cz_scorer_dot(&k->scorer, k->points + i * k->dimension, rows, row, 1, error);
        for (size_t a = 0; a < rows && !status; a++)
            k->nearest[i + a] =
                fmin(k->nearest[i + a], squared_distance(k, i + a, point, k->scorer.scores[a]));
    }
    return status;
}

/* The first point at which distances so far sum to `share` of all. */
static size_t draw(const cz_kmeans *k, double share)
{
    double sum = 0, so_far = 0;
    for (size_t i = 0; i < k->count; i++)
        sum += k->nearest[i];
    for (size_t i = 0; i < k->count; i++)
        if ((so_far += k->nearest[i]) >= share * sum && so_far > 0)
            return i;
    return k->count - 1;
}

cloze_status cz_kmeans_seed(cz_kmeans *k, size_t start, cloze_error *error)
{
    size_t trials = 2 + (size_t)log((double)k->clusters), candidates[TRIALS_MOST];
    double sums[TRIALS_MOST];
    size_t first = (size_t)(uniform(k, start, 0, 0) * (double)k->count);
    cloze_status status;
    for (size_t i = 0; i < k->count; i++)
        k->nearest[i] = (double)INFINITY;
    status = take(k, first, 0, error);
    for (size_t centre = 1; centre < k->clusters && !status; centre++) {
        size_t best = 0;
        for (size_t t = 0; t < trials; t++)
            candidates[t] = draw(k, uniform(k, start, centre, t));
        status = try_candidates(k, candidates, trials, sums, error);
        for (size_t t = 1; t < trials && !status; t++)
            best = sums[t] < sums[best] ? t : best;
        if (!status)
            status = take(k, candidates[best], centre, error);
    }
    return status;
}
