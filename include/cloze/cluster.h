/*
 * cloze/cluster.h - groups of similar vectors: k-means, where the number of groups is given and every
 * vector is in one, and communities, where likeness is given and a vector may be in none.
 *
 * Results are a function of vectors and options alone: the same on any number of threads and any
 * instruction set.
 */
#ifndef CLOZE_CLUSTER_H
#define CLOZE_CLUSTER_H

#include <cloze/model.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct cloze_kmeans_options {
    size_t starts;        /* runs from other centres, of which the best is kept; 0: 8 */
    size_t iterations;    /* at most, of each run; 0: 300 */
    double tolerance;     /* a run ends when centres moved less than this share of the variance; 0:
                             1e-4; negative: when nothing changes */
    uint64_t seed;        /* of the choice of first centres */
    const float *initial; /* [clusters, dimension] the first centres of the only run, or NULL */
} cloze_kmeans_options;

typedef struct cloze_kmeans_report {
    double inertia;    /* sum of squared distances to the own centre */
    size_t iterations; /* of the best run */
    size_t start;      /* its number, from 0 */
    size_t clusters;   /* that are not empty; fewer than asked for only where vectors are equal */
} cloze_kmeans_report;

/*
 * labels [count] receives the cluster of each vector of [count, dimension], centres [clusters,
 * dimension] (may be NULL) the means. Method: Lloyd's iteration as scikit-learn's KMeans has it, with
 * empty clusters moved to the farthest vectors; first centres by k-means++ with several candidates
 * for each, drawn with Philox. Distances are computed in float32 of centred vectors, sums in double.
 * `report` may be NULL. Errors: CLOZE_ERROR_ARGUMENT (more clusters than vectors, none, or numbers,
 * of first centres too, that are not finite or whose squares overflow float32),
 * CLOZE_ERROR_CANCELLED.
 */
CLOZE_API cloze_status cloze_kmeans(cloze_session *session, const float *vectors, size_t count,
                                    size_t dimension, size_t clusters,
                                    const cloze_kmeans_options *options, uint32_t *labels,
                                    float *centres, cloze_kmeans_report *report,
                                    cloze_error *error);

typedef struct cloze_community_options {
    double threshold; /* cosine from which on two vectors are alike; 0: 0.75 */
    size_t least;     /* members of a community; 0: 10 */
} cloze_community_options;

/*
 * Communities: vectors that are alike to one in the middle. Community i is members[ends[i - 1] ..
 * ends[i]) (from 0 for the first), the middle first, then by likeness to it; the largest community
 * comes first, and no vector is in two. members and ends have room for [count]; `*found` receives how
 * many communities there are. Method: sentence-transformers' util.community_detection. Time grows
 * with count squared; memory does not.
 */
CLOZE_API cloze_status cloze_communities(cloze_session *session, const float *vectors, size_t count,
                                         size_t dimension, const cloze_community_options *options,
                                         size_t *members, size_t *ends, size_t *found,
                                         cloze_error *error);

#ifdef __cplusplus
}
#endif
#endif
