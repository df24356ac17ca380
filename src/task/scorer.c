/* scorer.c - see scorer.h. */
#include "task/scorer.h"

#include "base/error.h"

#include <math.h>

enum { BLOCK = CZ_SCORER_BLOCK };

cloze_status cz_scorer_open(cz_scorer *s, cloze_session *session, size_t dimension,
                            cloze_error *error)
{
    const cloze_engine *engine = session->model->engine;
    size_t rows = 2 * BLOCK + 2, numbers, scratch;
    const cz_extent extent = { .tokens = BLOCK,
                               .longest = 1,
                               .widest = dimension > BLOCK ? dimension : BLOCK,
                               .heads = 1,
                               .head_size = 1 };
    *s = (cz_scorer){ .session = session, .dimension = dimension };
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

void cz_scorer_close(cz_scorer *s)
{
    if (s->session)
        cz_block_release(&s->session->hooks.allocator, &s->memory);
}

void cz_scorer_normalize(cz_scorer *s, const float *from, float *to)
{
    double square = 0, inverse;
    for (size_t c = 0; c < s->dimension; c++)
        square += (double)from[c] * (double)from[c];
    s->broken |= !isfinite(square);
    inverse = square > 0 ? 1 / sqrt(square) : 0;
    for (size_t c = 0; c < s->dimension; c++)
        to[c] = (float)((double)from[c] * inverse);
}

size_t cz_scorer_load(cz_scorer *s, const float *vectors, size_t count, size_t first, float *block)
{
    size_t rows = count - first < BLOCK ? count - first : BLOCK;
    for (size_t i = 0; i < rows; i++)
        cz_scorer_normalize(s, vectors + (first + i) * s->dimension, block + i * s->dimension);
    return rows;
}

cloze_status cz_scorer_dot(cz_scorer *s, const float *left, size_t rows, const float *right,
                           size_t columns, cloze_error *error)
{
    cz_tensor x = {
        (float *)(uintptr_t)left, rows, s->dimension, s->dimension, CZ_F32, false, NULL
    };
    cz_tensor y = {
        (float *)(uintptr_t)right, columns, s->dimension, s->dimension, CZ_F32, false, NULL
    };
    cz_tensor out = { s->scores, rows, columns, columns, CZ_F32, false, NULL };
    cz_weight weight = { .in = s->dimension, .out = columns, .parts = 1, .part = { &y } };
    cz_linear_call call = { .x = &x, .weight = &weight, .out = &out };
    cloze_status status = cz_backend_cpu.linear(&s->run.place, &call);
    if (atomic_exchange(&s->session->cancel, false))
        return cz_fail(error, CLOZE_ERROR_CANCELLED, "cancelled");
    if (status || s->broken)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "a vector is not made of finite numbers");
    return CLOZE_OK;
}

bool cz_scorer_report(const cz_scorer *s, size_t done, size_t total)
{
    const cloze_progress *progress = &s->session->progress;
    return !progress->report || progress->report(progress->context, done, total);
}
