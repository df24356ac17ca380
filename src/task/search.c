/*
 * search.c - nearest vectors by cosine: blocks of scores are products of normalized blocks, made by
 * the same kernels as the model, and a heap keeps the best. Memory does not grow with pairs.
 */
#include "task/best.h"
#include "task/engine.h"

#include "base/error.h"

#include <math.h>
#include <string.h>

enum { BLOCK = 128 };

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

/* ---- scores ---- */

typedef struct scorer {
    cloze_session *session;
    cz_block memory;
    cz_run run;
    float *left, *right; /* [BLOCK, dimension] normalized */
    float *scores;       /* [BLOCK, BLOCK] */
    size_t dimension;
    bool broken; /* a vector was not made of finite numbers */
} scorer;

static cloze_status scorer_open(scorer *s, cloze_session *session, size_t dimension,
                                cloze_error *error)
{
    const cloze_engine *engine = session->model->engine;
    size_t rows = 2 * BLOCK + 2, numbers, scratch;
    cz_extent extent = {
        BLOCK, 1, dimension > BLOCK ? dimension : BLOCK, 1, 1, false, 0, false, 0
    };
    *s = (scorer){ .session = session, .dimension = dimension };
    if (!dimension || !cz_multiply(rows * sizeof(float), dimension, &numbers) ||
        dimension > CZ_WIDTH_MOST * 8)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "vectors of %zu components", dimension);
    numbers += 2 * BLOCK * BLOCK * sizeof(float);
    scratch = (cz_backend_cpu.scratch(&extent, cz_cpu_kernels(NULL)) + 63) / 64 * 64;
    if (!cz_block_allocate(&session->hooks.allocator,
                           numbers + scratch * session->slot_count + 1024, &s->memory))
        return cz_fail_memory(error, "blocks of vectors", numbers);
    s->left = s->memory.data;
    s->right = s->left + BLOCK * dimension;
    s->scores = s->right + BLOCK * dimension;
    s->run.place = (cz_place){ .pool = engine->pool,
                               .scratch = (char *)s->memory.data + (numbers + 63) / 64 * 64,
                               .scratch_size = scratch,
                               .type = CZ_F32,
                               .kernels = cz_cpu_kernels(NULL) };
    return CLOZE_OK;
}

static size_t load_block(scorer *s, const float *vectors, size_t count, size_t first, float *block)
{
    size_t rows = count - first < BLOCK ? count - first : BLOCK;
    for (size_t i = 0; i < rows; i++) {
        const float *from = vectors + (first + i) * s->dimension;
        double square = 0;
        for (size_t c = 0; c < s->dimension; c++)
            square += (double)from[c] * (double)from[c];
        s->broken |= !isfinite(square);
        double inverse = square > 0 ? 1 / sqrt(square) : 0;
        for (size_t c = 0; c < s->dimension; c++)
            block[i * s->dimension + c] = (float)((double)from[c] * inverse);
    }
    return rows;
}

/* scores [left rows, right rows] = left right' */
static cloze_status score_block(scorer *s, size_t left, size_t right, cloze_error *error)
{
    cz_tensor x = { s->left, left, s->dimension, s->dimension, CZ_F32, false, NULL };
    cz_tensor y = { s->right, right, s->dimension, s->dimension, CZ_F32, false, NULL };
    cz_tensor out = { s->scores, left, right, right, CZ_F32, false, NULL };
    cz_weight weight = { .in = s->dimension, .out = right, .parts = 1, .part = { &y } };
    cz_linear_call call = { .x = &x, .weight = &weight, .out = &out };
    cloze_status status = cz_backend_cpu.linear(&s->run.place, &call);
    if (atomic_exchange(&s->session->cancel, false))
        return cz_fail(error, CLOZE_ERROR_CANCELLED, "cancelled");
    if (status || s->broken)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "a vector is not made of finite numbers");
    return CLOZE_OK;
}

static bool report(const cloze_session *session, size_t done, size_t total)
{
    return !session->progress.report ||
           session->progress.report(session->progress.context, done, total);
}

cloze_status cloze_similar_pairs(cloze_session *session, const float *vectors, size_t count,
                                 size_t dimension, size_t top, cloze_pair *pairs, size_t *found,
                                 cloze_error *error)
{
    scorer s;
    size_t kept = 0;
    cloze_status status = scorer_open(&s, session, dimension, error);
    for (size_t i = 0; i < count && !status; i += BLOCK) {
        size_t left = load_block(&s, vectors, count, i, s.left);
        for (size_t j = i; j < count && !status; j += BLOCK) {
            size_t right = load_block(&s, vectors, count, j, s.right);
            status = score_block(&s, left, right, error);
            for (size_t a = 0; a < left && !status; a++)
                for (size_t b = 0; b < right; b++)
                    if (i + a < j + b)
                        cz_best_offer(pairs, &kept, top,
                                      (cloze_pair){ i + a, j + b, s.scores[a * right + b] });
        }
        if (!status && !report(session, i + left, count))
            status = cz_fail(error, CLOZE_ERROR_CANCELLED, "cancelled");
    }
    cz_block_release(&session->hooks.allocator, &s.memory);
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
    scorer s;
    size_t most = top < corpus_count ? top : corpus_count;
    cloze_status status = scorer_open(&s, session, dimension, error);
    for (size_t i = 0; i < query_count && !status; i += BLOCK) {
        size_t left = load_block(&s, queries, query_count, i, s.left), kept[BLOCK] = { 0 };
        for (size_t j = 0; j < corpus_count && !status; j += BLOCK) {
            size_t right = load_block(&s, corpus, corpus_count, j, s.right);
            status = score_block(&s, left, right, error);
            for (size_t a = 0; a < left && !status; a++)
                for (size_t b = 0; b < right; b++)
                    cz_best_offer(pairs + (i + a) * most, &kept[a], most,
                                  (cloze_pair){ i + a, j + b, s.scores[a * right + b] });
        }
        for (size_t a = 0; a < left && !status; a++)
            cz_best_sort(pairs + (i + a) * most, kept[a]);
        if (!status && !report(session, i + left, query_count))
            status = cz_fail(error, CLOZE_ERROR_CANCELLED, "cancelled");
    }
    cz_block_release(&session->hooks.allocator, &s.memory);
    if (!status)
        *found = query_count * most;
    return status;
}
