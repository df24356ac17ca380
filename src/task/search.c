/*
 * search.c - nearest vectors by cosine: blocks of scores are products of normalized blocks, made by
 * the same kernels as the model, and a heap keeps the best. Memory does not grow with pairs.
 */
#include "task/best.h"
#include "task/scorer.h"

#include "base/error.h"

#include <math.h>

enum { BLOCK = CZ_SCORER_BLOCK };

float cloze_cosine(const float *a, const float *b, size_t dimension)
{
    double dot = 0, aa = 0, bb = 0;
    for (size_t i = 0; i < dimension; i++) {
        dot += (double)a[i] * (double)b[i];
        aa += (double)a[i] * (double)a[i];
        bb += (double)b[i] * (double)b[i];
    }
    return aa > 0 && bb > 0 ? (float)(dot / sqrt(aa * bb)) : 0;
}

cloze_status cloze_similar_pairs(cloze_session *session, const float *vectors, size_t count,
                                 size_t dimension, size_t top, cloze_pair *pairs, size_t *found,
                                 cloze_error *error)
{
    cz_scorer s;
    size_t kept = 0;
    cloze_status status = cz_scorer_open(&s, session, dimension, error);
    for (size_t i = 0; i < count && !status; i += BLOCK) {
        size_t left = cz_scorer_load(&s, vectors, count, i, s.left);
        for (size_t j = i; j < count && !status; j += BLOCK) {
            size_t right = cz_scorer_load(&s, vectors, count, j, s.right);
            status = cz_scorer_dot(&s, s.left, left, s.right, right, error);
            for (size_t a = 0; a < left && !status; a++)
                for (size_t b = 0; b < right; b++)
                    if (i + a < j + b)
                        cz_best_offer(pairs, &kept, top,
                                      (cloze_pair){ i + a, j + b, s.scores[a * right + b] });
        }
        if (!status && !cz_scorer_report(&s, i + left, count))
            status = cz_fail(error, CLOZE_ERROR_CANCELLED, "cancelled");
    }
    cz_scorer_close(&s);
    if (status)
        return status;
    cz_best_sort(pairs, kept);
    *found = kept;
    return CLOZE_OK;
}

cloze_status cloze_search(cloze_session *session, const float *queries, size_t query_count,
                          const float *corpus, size_t corpus_count, size_t dimension, size_t top,
                          cloze_pair *pairs, size_t *found, cloze_error *error)
{
    cz_scorer s;
    size_t most = top < corpus_count ? top : corpus_count;
    cloze_status status = cz_scorer_open(&s, session, dimension, error);
    for (size_t i = 0; i < query_count && !status; i += BLOCK) {
        size_t left = cz_scorer_load(&s, queries, query_count, i, s.left), kept[BLOCK] = { 0 };
        for (size_t j = 0; j < corpus_count && !status; j += BLOCK) {
            size_t right = cz_scorer_load(&s, corpus, corpus_count, j, s.right);
            status = cz_scorer_dot(&s, s.left, left, s.right, right, error);
            for (size_t a = 0; a < left && !status; a++)
                for (size_t b = 0; b < right; b++)
                    cz_best_offer(pairs + (i + a) * most, &kept[a], most,
                                  (cloze_pair){ i + a, j + b, s.scores[a * right + b] });
        }
        for (size_t a = 0; a < left && !status; a++)
            cz_best_sort(pairs + (i + a) * most, kept[a]);
        if (!status && !cz_scorer_report(&s, i + left, query_count))
            status = cz_fail(error, CLOZE_ERROR_CANCELLED, "cancelled");
    }
    cz_scorer_close(&s);
    if (!status)
        *found = query_count * most;
    return status;
}
