/*
 * task/kmeans.h - a run of k-means: vectors with their mean taken off, centres, who is nearest to
 * which. Shared by the choice of first centres and the iteration.
 */
#ifndef CZ_TASK_KMEANS_H
#define CZ_TASK_KMEANS_H

#include "task/scorer.h"

#include <cloze/cluster.h>

typedef struct cz_kmeans {
    cz_scorer scorer;
    const cloze_allocator *allocator;
    size_t count, dimension, clusters;
    uint64_t seed;
    float *points;          /* [count, dimension] */
    double *norms;          /* [count] squared lengths of points */
    double *mean;           /* [dimension] that was taken off */
    double *centres, *next; /* [clusters, dimension] */
    float *rounded;         /* [clusters, dimension] centres as the kernels take them */
    double *centre_norms;   /* [clusters] of the rounded ones */
    size_t *sizes;          /* [clusters] */
    double *nearest;        /* [count] squared distance to the nearest centre */
    uint32_t *labels, *before;
} cz_kmeans;

/* First centres by k-means++: each is the best of several candidates, which are drawn in proportion
 * to squared distances. */
cloze_status cz_kmeans_seed(cz_kmeans *k, size_t start, cloze_error *error);

#endif
