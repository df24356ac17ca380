/*
 * backend/dropout.h - the one decision that every device makes about an element: kept or dropped.
 */
#ifndef CZ_BACKEND_DROPOUT_H
#define CZ_BACKEND_DROPOUT_H

#include "backend/backend.h"

/* 0, or 1 / (1 - p). Dropped when 32 random bits are below p * 2^32. */
static inline double cz_dropout_factor(const cz_dropout *dropout, uint64_t sample, uint64_t element)
{
    double p = (double)dropout->p;
    if (dropout->p <= 0)
        return 1;
    if ((double)cz_dropout_bits(&dropout->key, sample, element) < p * 4294967296.0)
        return 0;
    return 1 / (1 - p);
}

/* The sample that a row belongs to, and the row's number within it. */
static inline uint64_t cz_dropout_sample(const cz_dropout *dropout, size_t row, size_t *within)
{
    const cz_packing *packing = dropout->packing;
    if (!packing) {
        *within = 0;
        return dropout->samples ? dropout->samples[row] : row;
    }
    size_t low = 0, high = packing->count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (packing->begin[middle] <= row)
            low = middle;
        else
            high = middle;
    }
    *within = row - packing->begin[low];
    return dropout->samples ? dropout->samples[low] : low;
}

#endif
