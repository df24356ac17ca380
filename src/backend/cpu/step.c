/*
 * step.c - what learning does to a whole parameter: a step of AdamW, the sum of squares, additions.
 * Elements are cut into pieces by their number alone. The loops are plain, for the compiler's
 * vectors: what they do is bound by memory, and each element's operations are in one order.
 */
#include "cpu.h"

#include <math.h>

/* Elements of a task; most pieces of a sum, and the lanes that a piece is summed in. */
enum { PIECE = 1 << 14, SUMS = 256, SUM_LANES = 8 };

static size_t elements(const cz_tensor *t)
{
    return t->rows * t->columns;
}

static bool fit(const cz_tensor *a, const cz_tensor *b)
{
    return a->rows == b->rows && a->columns == b->columns && a->stride == a->columns &&
           b->stride == b->columns && a->type == CZ_F32 && b->type == CZ_F32;
}

/* ---- AdamW ---- */

typedef struct adamw_job {
    const cz_adamw_call *call;
    size_t count;
    float scale, keep, rest1, beta2, rest2, root2, epsilon, step;
} adamw_job;

static void adamw_piece(const adamw_job *job, const float *restrict gradient, float *restrict value,
                        float *restrict first, float *restrict second, size_t count)
{
    const adamw_job k = *job;
    for (size_t i = 0; i < count; i++) {
        float g = k.scale * gradient[i];
        float m = first[i] + k.rest1 * (g - first[i]);
        float s = k.beta2 * second[i] + k.rest2 * g * g;
        first[i] = m;
        second[i] = s;
        value[i] = value[i] * k.keep - k.step * m / (sqrtf(s) / k.root2 + k.epsilon);
    }
}

static void adamw_task(void *context, size_t task, size_t worker)
{
    const adamw_job *job = context;
    const cz_adamw_call *call = job->call;
    size_t at = task * PIECE;
    (void)worker;
    adamw_piece(job, cz_f32(call->gradient) + at, cz_f32(call->value) + at,
                cz_f32(call->first) + at, cz_f32(call->second) + at, least(PIECE, job->count - at));
}

/* What is one number for all elements is computed in double, as PyTorch's scalars are. */
cloze_status cz_cpu_adamw(const cz_place *place, const cz_adamw_call *call)
{
    adamw_job job = {
        .call = call,
        .count = elements(call->value),
        .scale = (float)call->scale,
        .keep = (float)(1 - call->rate * call->decay),
        .rest1 = (float)(1 - call->beta1),
        .beta2 = (float)call->beta2,
        .rest2 = (float)(1 - call->beta2),
        .root2 = (float)sqrt(call->correct2),
        .epsilon = (float)call->epsilon,
        .step = (float)(call->rate / call->correct1),
    };
    if (!fit(call->gradient, call->value) || !fit(call->gradient, call->first) ||
        !fit(call->gradient, call->second))
        return CLOZE_ERROR_ARGUMENT;
    cz_pool_run(place->pool, parts_of(job.count, PIECE), adamw_task, &job);
    return CLOZE_OK;
}

/* ---- the sum of squares ---- */

typedef struct squares_job {
    const float *x;
    size_t count, piece; /* elements, and of a piece: a multiple of the lanes */
    double sum[SUMS];
} squares_job;

/* Upper half onto lower half, until one is left. */
static double closed(double *sum, size_t count)
{
    for (size_t half = count / 2; half; half /= 2)
        for (size_t i = 0; i < half; i++)
            sum[i] += sum[i + half];
    return sum[0];
}

static void squares_task(void *context, size_t task, size_t worker)
{
    squares_job *job = context;
    const float *x = job->x + task * job->piece;
    size_t count = least(job->piece, job->count - task * job->piece), i = 0;
    double lane[SUM_LANES] = { 0 };
    (void)worker;
    for (; i + SUM_LANES <= count; i += SUM_LANES)
        for (size_t l = 0; l < SUM_LANES; l++)
            lane[l] += (double)x[i + l] * (double)x[i + l];
    for (size_t l = 0; i + l < count; l++)
        lane[l] += (double)x[i + l] * (double)x[i + l];
    job->sum[task] = closed(lane, SUM_LANES);
}

static void close_squares(void *context, size_t task, size_t worker)
{
    squares_job *job = context;
    (void)task, (void)worker;
    closed(job->sum, SUMS);
}

cloze_status cz_cpu_squares(const cz_place *place, const cz_squares_call *call)
{
    squares_job job = { .x = cz_f32(call->x), .count = elements(call->x), .piece = PIECE };
    if (!fit(call->x, call->x))
        return CLOZE_ERROR_ARGUMENT;
    if (parts_of(job.count, PIECE) > SUMS)
        job.piece = parts_of(parts_of(job.count, SUMS), SUM_LANES) * SUM_LANES;
    cz_pool_run(place->pool, parts_of(job.count, job.piece), squares_task, &job);
    cz_pool_run(NULL, 1, close_squares, &job);
    *call->sum = job.sum[0];
    return CLOZE_OK;
}

/* ---- additions ---- */

typedef struct add_job {
    const cz_add_call *call;
    size_t count;
} add_job;

static void add_piece(float factor, const float *restrict from, float *restrict to, size_t count)
{
    for (size_t i = 0; i < count; i++)
        to[i] += factor * from[i];
}

static void add_task(void *context, size_t task, size_t worker)
{
    const add_job *job = context;
    size_t at = task * PIECE;
    (void)worker;
    add_piece((float)job->call->factor, cz_f32(job->call->from) + at, cz_f32(job->call->to) + at,
              least(PIECE, job->count - at));
}

cloze_status cz_cpu_add(const cz_place *place, const cz_add_call *call)
{
    add_job job = { call, elements(call->to) };
    if (!fit(call->from, call->to))
        return CLOZE_ERROR_ARGUMENT;
    cz_pool_run(place->pool, parts_of(job.count, PIECE), add_task, &job);
    return CLOZE_OK;
}
