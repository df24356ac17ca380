/*
 * numbers.c - predicted numbers beside gold ones: correlation of values (Pearson) and of ranks
 * (Spearman), where equal numbers share the mean of their ranks, and mean errors.
 */
#include "base/error.h"
#include "base/memory.h"

#include <cloze/metrics.h>

#include <math.h>
#include <stdlib.h>

typedef struct ranked {
    double value;
    size_t index;
} ranked;

static int by_value(const void *left, const void *right)
{
    const ranked *a = left, *b = right;
    return a->value < b->value ? -1 : a->value > b->value;
}

static void rank(const double *values, size_t count, ranked *order, double *ranks)
{
    for (size_t i = 0; i < count; i++)
        order[i] = (ranked){ values[i], i };
    qsort(order, count, sizeof *order, by_value);
    for (size_t i = 0, end; i < count; i = end) {
        for (end = i + 1; end < count && !by_value(&order[i], &order[end]); end++)
            ;
        for (size_t k = i; k < end; k++)
            ranks[order[k].index] = ((double)i + (double)(end - 1)) / 2 + 1;
    }
}

static double mean(const double *values, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += values[i] / (double)count;
    return sum;
}

/* The largest distance from the mean; 0 where all are equal, which rounding could hide. */
static double spread(const double *values, size_t count, double middle)
{
    double largest = 0;
    bool varies = false;
    for (size_t i = 0; i < count; i++) {
        varies |= values[i] < values[0] || values[i] > values[0];
        largest = fmax(largest, fabs(values[i] - middle));
    }
    return varies ? largest : 0;
}

/* Distances are scaled by the largest, so that squares neither overflow nor vanish. */
static double correlation(const double *x, const double *y, size_t count)
{
    double x_mean = mean(x, count), y_mean = mean(y, count), xx = 0, yy = 0, xy = 0, r;
    double x_scale = spread(x, count, x_mean), y_scale = spread(y, count, y_mean);
    if (!(x_scale > 0 && y_scale > 0))
        return (double)NAN;
    for (size_t i = 0; i < count; i++) {
        double a = (x[i] - x_mean) / x_scale, b = (y[i] - y_mean) / y_scale;
        xx += a * a;
        yy += b * b;
        xy += a * b;
    }
    r = xy / (sqrt(xx) * sqrt(yy));
    return fmax(-1, fmin(1, r));
}

cloze_status cloze_agree(const double *predicted, const double *gold, size_t count,
                         const cloze_hooks *hooks, cloze_agreement *out, cloze_error *error)
{
    const cloze_allocator *allocator = hooks ? &hooks->allocator : NULL;
    cloze_agreement found = { 0 };
    ranked *order;
    double *ranks;
    size_t numbers;
    for (size_t i = 0; i < count; i++)
        if (!isfinite(predicted[i]) || !isfinite(gold[i]))
            return cz_fail(error, CLOZE_ERROR_ARGUMENT, "number %zu is not finite", i + 1);
    if (!cz_multiply(2, count, &numbers))
        return cz_fail_memory(error, "ranks", count);
    order = cz_allocate(allocator, count, sizeof *order);
    ranks = cz_allocate(allocator, numbers, sizeof *ranks);
    if (!order || !ranks) {
        cz_release(allocator, order);
        cz_release(allocator, ranks);
        return cz_fail_memory(error, "ranks", count);
    }
    rank(predicted, count, order, ranks);
    rank(gold, count, order, ranks + count);
    found.pearson = correlation(predicted, gold, count);
    found.spearman = correlation(ranks, ranks + count, count);
    for (size_t i = 0; i < count; i++) {
        double difference = predicted[i] - gold[i];
        found.squared_error += difference * difference / (double)count;
        found.absolute_error += fabs(difference) / (double)count;
    }
    cz_release(allocator, order);
    cz_release(allocator, ranks);
    *out = found;
    return CLOZE_OK;
}
