/*
 * kmeans.c - Lloyd's iteration: every point to its nearest centre, every centre to the mean of its
 * points, until neither changes. Products are made by blocks; means are sums in double, in the order
 * of the points.
 */
#include "task/kmeans.h"

#include "base/error.h"
#include "base/memory.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum { BLOCK = CZ_SCORER_BLOCK, STARTS = 8, ITERATIONS = 300 };

static const double tolerance_default = 1e-4;

/* ---- memory ---- */

static void clear(cz_kmeans *k)
{
    void *blocks[] = { k->points,       k->norms, k->mean,    k->centres, k->next,  k->rounded,
                       k->centre_norms, k->sizes, k->nearest, k->labels,  k->before };
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++)
        cz_release(k->allocator, blocks[i]);
    cz_scorer_close(&k->scorer);
}

static cloze_status allocate(cz_kmeans *k, cloze_error *error)
{
    const cloze_allocator *allocator = k->allocator;
    size_t numbers, centres;
    if (!cz_multiply(k->count, k->dimension, &numbers) ||
        !cz_multiply(k->clusters, k->dimension, &centres))
        return cz_fail_memory(error, "vectors", k->count);
    k->points = cz_allocate(allocator, numbers, sizeof *k->points);
    k->norms = cz_allocate(allocator, k->count, sizeof *k->norms);
    k->mean = cz_allocate_zero(allocator, k->dimension, sizeof *k->mean);
    k->centres = cz_allocate(allocator, centres, sizeof *k->centres);
    k->next = cz_allocate(allocator, centres, sizeof *k->next);
    k->rounded = cz_allocate(allocator, centres, sizeof *k->rounded);
    k->centre_norms = cz_allocate(allocator, k->clusters, sizeof *k->centre_norms);
    k->sizes = cz_allocate(allocator, k->clusters, sizeof *k->sizes);
    k->nearest = cz_allocate(allocator, k->count, sizeof *k->nearest);
    k->labels = cz_allocate(allocator, k->count, sizeof *k->labels);
    k->before = cz_allocate(allocator, k->count, sizeof *k->before);
    if (!k->points || !k->norms || !k->mean || !k->centres || !k->next || !k->rounded ||
        !k->centre_norms || !k->sizes || !k->nearest || !k->labels || !k->before)
        return cz_fail_memory(error, "clusters", numbers);
    return CLOZE_OK;
}

/* Products of the kernels are float32 and at most as large as the longer vector's square. */
static bool can_be_multiplied(double square)
{
    return square < (double)FLT_MAX / 4;
}

/* Distances between centred points suffer less from rounding. */
static cloze_status centre_points(cz_kmeans *k, const float *vectors, cloze_error *error)
{
    for (size_t i = 0; i < k->count; i++)
        for (size_t c = 0; c < k->dimension; c++)
            k->mean[c] += (double)vectors[i * k->dimension + c] / (double)k->count;
    for (size_t i = 0; i < k->count; i++) {
        double square = 0;
        for (size_t c = 0; c < k->dimension; c++) {
            float value = (float)((double)vectors[i * k->dimension + c] - k->mean[c]);
            k->points[i * k->dimension + c] = value;
            square += (double)value * (double)value;
        }
        if (!can_be_multiplied(square))
            return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                           "vector %zu is not made of finite numbers, or of too large ones", i + 1);
        k->norms[i] = square;
    }
    return CLOZE_OK;
}

/* ---- one iteration ---- */

static void round_centres(cz_kmeans *k)
{
    for (size_t j = 0; j < k->clusters; j++) {
        double square = 0;
        for (size_t c = 0; c < k->dimension; c++) {
            float value = (float)k->centres[j * k->dimension + c];
            k->rounded[j * k->dimension + c] = value;
            square += (double)value * (double)value;
        }
        k->centre_norms[j] = square;
    }
}

/* Every point to its nearest centre, of equals the one with the lower number. */
static cloze_status assign(cz_kmeans *k, cloze_error *error)
{
    const float *scores = k->scorer.scores;
    cloze_status status = CLOZE_OK;
    round_centres(k);
    for (size_t i = 0; i < k->count && !status; i += BLOCK) {
        size_t rows = k->count - i < BLOCK ? k->count - i : BLOCK;
        for (size_t a = 0; a < rows; a++)
            k->nearest[i + a] = (double)INFINITY;
        for (size_t j = 0; j < k->clusters && !status; j += BLOCK) {
            size_t columns = k->clusters - j < BLOCK ? k->clusters - j : BLOCK;
            status = cz_scorer_dot(&k->scorer, k->points + i * k->dimension, rows,
                                   k->rounded + j * k->dimension, columns, error);
            for (size_t a = 0; a < rows && !status; a++)
                for (size_t b = 0; b < columns; b++) {
                    double distance = k->centre_norms[j + b] - 2 * (double)scores[a * columns + b];
                    if (distance < k->nearest[i + a]) {
                        k->nearest[i + a] = distance;
                        k->labels[i + a] = (uint32_t)(j + b);
                    }
                }
        }
    }
    return status;
}

static double distance_to(const cz_kmeans *k, size_t point, const double *centre)
{
    const float *row = k->points + point * k->dimension;
    double sum = 0;
    for (size_t c = 0; c < k->dimension; c++) {
        double difference = (double)row[c] - centre[c];
        sum += difference * difference;
    }
    return sum;
}

/* An empty cluster takes the point that is farthest from its centre, away from where it was. */
static void fill_empty(cz_kmeans *k)
{
    bool measured = false;
    for (size_t j = 0; j < k->clusters; j++) {
        size_t far = 0;
        if (k->sizes[j])
            continue;
        for (size_t i = 0; i < k->count && !measured; i++)
            k->nearest[i] = distance_to(k, i, k->centres + k->labels[i] * k->dimension);
        measured = true;
        for (size_t i = 1; i < k->count; i++)
            far = k->nearest[i] > k->nearest[far] ? i : far;
        if (!(k->nearest[far] > 0))
            return;
        k->nearest[far] = -1; /* taken */
        k->sizes[k->labels[far]]--;
        k->sizes[j] = 1;
        for (size_t c = 0; c < k->dimension; c++) {
            double value = (double)k->points[far * k->dimension + c];
            k->next[k->labels[far] * k->dimension + c] -= value;
            k->next[j * k->dimension + c] = value;
        }
    }
}

/* The means of the points into `next`; a cluster that stays empty goes where the largest is. */
static void move_centres(cz_kmeans *k)
{
    size_t largest = 0;
    memset(k->next, 0, k->clusters * k->dimension * sizeof *k->next);
    memset(k->sizes, 0, k->clusters * sizeof *k->sizes);
    for (size_t i = 0; i < k->count; i++) {
        double *sum = k->next + k->labels[i] * k->dimension;
        for (size_t c = 0; c < k->dimension; c++)
            sum[c] += (double)k->points[i * k->dimension + c];
        k->sizes[k->labels[i]]++;
    }
    fill_empty(k);
    for (size_t j = 0; j < k->clusters; j++) {
        largest = k->sizes[j] > k->sizes[largest] ? j : largest;
        for (size_t c = 0; c < k->dimension && k->sizes[j]; c++)
            k->next[j * k->dimension + c] /= (double)k->sizes[j];
    }
    for (size_t j = 0; j < k->clusters; j++)
        if (!k->sizes[j])
            memcpy(k->next + j * k->dimension, k->next + largest * k->dimension,
                   k->dimension * sizeof *k->next);
}

static double moved(const cz_kmeans *k)
{
    double sum = 0;
    for (size_t i = 0; i < k->clusters * k->dimension; i++)
        sum += (k->centres[i] - k->next[i]) * (k->centres[i] - k->next[i]);
    return sum;
}

/* ---- one run ---- */

typedef struct outcome {
    double inertia;
    size_t iterations;
} outcome;

static cloze_status iterate(cz_kmeans *k, size_t most, double tolerance, outcome *out,
                            cloze_error *error)
{
    bool settled = false, still = false;
    cloze_status status = CLOZE_OK;
    out->iterations = 0;
    memset(k->before, 0xff, k->count * sizeof *k->before);
    while (!status && !settled && !still && out->iterations < most) {
        double *other = k->centres;
        status = assign(k, error);
        if (status)
            break;
        out->iterations++;
        move_centres(k);
        settled = !memcmp(k->labels, k->before, k->count * sizeof *k->labels);
        still = moved(k) <= tolerance;
        k->centres = k->next;
        k->next = other;
        memcpy(k->before, k->labels, k->count * sizeof *k->labels);
        if (!cz_scorer_report(&k->scorer, 0, k->count))
            status = cz_fail(error, CLOZE_ERROR_CANCELLED, "cancelled");
    }
    if (!status && !settled)
        status = assign(k, error);
    out->inertia = 0;
    for (size_t i = 0; i < k->count && !status; i++)
        out->inertia += distance_to(k, i, k->centres + k->labels[i] * k->dimension);
    return status;
}

static void keep(const cz_kmeans *k, uint32_t *labels, float *centres)
{
    memcpy(labels, k->labels, k->count * sizeof *labels);
    for (size_t j = 0; centres && j < k->clusters; j++)
        for (size_t c = 0; c < k->dimension; c++)
            centres[j * k->dimension + c] = (float)(k->centres[j * k->dimension + c] + k->mean[c]);
}

static size_t count_clusters(const cz_kmeans *k, const uint32_t *labels)
{
    size_t found = 0;
    memset(k->sizes, 0, k->clusters * sizeof *k->sizes);
    for (size_t i = 0; i < k->count; i++)
        found += !k->sizes[labels[i]]++;
    return found;
}

static cloze_status set_centres(cz_kmeans *k, const float *initial, cloze_error *error)
{
    for (size_t j = 0; j < k->clusters; j++) {
        double square = 0;
        for (size_t c = 0; c < k->dimension; c++) {
            double value = (double)initial[j * k->dimension + c] - k->mean[c];
            k->centres[j * k->dimension + c] = value;
            square += value * value;
        }
        if (!can_be_multiplied(square))
            return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                           "first centre %zu is not made of finite numbers, or of too large ones",
                           j + 1);
    }
    return CLOZE_OK;
}

static cloze_status run_all(cz_kmeans *k, const cloze_kmeans_options *options, uint32_t *labels,
                            float *centres, cloze_kmeans_report *best, cloze_error *error)
{
    size_t starts = options->starts ? options->starts : STARTS;
    size_t most = options->iterations ? options->iterations : ITERATIONS;
    double tolerance = options->tolerance == 0 ? tolerance_default : options->tolerance;
    double variance = 0;
    cloze_status status = CLOZE_OK;
    for (size_t i = 0; i < k->count; i++)
        variance += k->norms[i] / ((double)k->count * (double)k->dimension);
    if (tolerance > 0)
        tolerance *= variance;
    best->inertia = (double)INFINITY;
    for (size_t start = 0; start < (options->initial ? 1 : starts) && !status; start++) {
        outcome found;
        status = options->initial ? set_centres(k, options->initial, error)
                                  : cz_kmeans_seed(k, start, error);
        if (!status)
            status = iterate(k, most, tolerance, &found, error);
        if (status || !(found.inertia < best->inertia))
            continue;
        *best = (cloze_kmeans_report){ found.inertia, found.iterations, start, 0 };
        keep(k, labels, centres);
    }
    if (!status)
        best->clusters = count_clusters(k, labels);
    return status;
}

cloze_status cloze_kmeans(cloze_session *session, const float *vectors, size_t count,
                          size_t dimension, size_t clusters, const cloze_kmeans_options *options,
                          uint32_t *labels, float *centres, cloze_kmeans_report *report,
                          cloze_error *error)
{
    static const cloze_kmeans_options none;
    cz_kmeans k = { .allocator = &session->hooks.allocator,
                    .count = count,
                    .dimension = dimension,
                    .clusters = clusters,
                    .seed = options ? options->seed : 0 };
    cloze_kmeans_report best;
    cloze_status status;
    if (!clusters || clusters > count || clusters >= UINT32_MAX)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "%zu clusters cannot be made of %zu vectors",
                       clusters, count);
    status = cz_scorer_open(&k.scorer, session, dimension, error);
    if (!status)
        status = allocate(&k, error);
    if (!status)
        status = centre_points(&k, vectors, error);
    if (!status)
        status = run_all(&k, options ? options : &none, labels, centres, &best, error);
    clear(&k);
    if (!status && report)
        *report = best;
    return status;
}
