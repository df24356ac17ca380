/*
 * task/scorer.h - dot products of blocks of vectors, by the same kernels as the model: what searching
 * and clustering compute most of the time. The same bits on any number of threads.
 */
#ifndef CZ_TASK_SCORER_H
#define CZ_TASK_SCORER_H

#include "task/engine.h"

enum { CZ_SCORER_BLOCK = 128 };

typedef struct cz_scorer {
    cloze_session *session;
    cz_block memory;
    cz_run run;
    float *left, *right; /* [CZ_SCORER_BLOCK, dimension] the caller's, to load blocks into */
    float *scores;       /* [CZ_SCORER_BLOCK, CZ_SCORER_BLOCK] */
    size_t dimension;
    bool broken; /* a loaded vector was not made of finite numbers */
} cz_scorer;

/* Close it whatever comes back. */
cloze_status cz_scorer_open(cz_scorer *scorer, cloze_session *session, size_t dimension,
                            cloze_error *error);
void cz_scorer_close(cz_scorer *scorer);

/* One vector made of length 1; zeros stay. */
void cz_scorer_normalize(cz_scorer *scorer, const float *from, float *to);
/* At most a block of rows of vectors [count, dimension] from `first` on, made of length 1; how many
 * they are. */
size_t cz_scorer_load(cz_scorer *scorer, const float *vectors, size_t count, size_t first,
                      float *block);
/* scores [rows, columns] = left right', at most a block of each. Fails when cancelled, or when what
 * was loaded is not finite. */
cloze_status cz_scorer_dot(cz_scorer *scorer, const float *left, size_t rows, const float *right,
                           size_t columns, cloze_error *error);
/* False: the host wants to stop. */
bool cz_scorer_report(const cz_scorer *scorer, size_t done, size_t total);

#endif
