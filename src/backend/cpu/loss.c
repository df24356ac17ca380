/*
 * loss.c - cross-entropy and squared error. Each row's loss goes to shared scratch and the rows are
 * summed in order, in double. What is not cut over threads is a task too: tasks round to nearest
 * whatever the caller's thread does.
 */
#include "cpu.h"
#include "numbers.h"

typedef struct entropy_job {
    const cz_place *place;
    const cz_kernels *kernels;
    const cz_cross_entropy_call *call;
    double *losses;
    size_t first, count; /* rows of this turn, and labelled rows of all */
    double sum;
    double factor; /* of the gradient */
} entropy_job;

static double log_sum_exp(const entropy_job *job, const float *logits)
{
    size_t n = job->call->logits->columns;
    float top = job->kernels->highest(logits, n);
    return (double)top + cz_logarithm((double)job->kernels->exp_sum(logits, n, top, NULL));
}

static void entropy_task(void *context, size_t task, size_t worker)
{
    const entropy_job *job = context;
    size_t i = job->first + task;
    int64_t label = job->call->labels[i];
    const float *logits = cz_f32_row(job->call->logits, i);
    (void)worker;
    job->losses[task] = label < 0 ? 0 : log_sum_exp(job, logits) - (double)logits[(size_t)label];
}

static void add_losses(void *context, size_t task, size_t worker)
{
    entropy_job *job = context;
    size_t rows = job->call->logits->rows, room = job->place->scratch_size / sizeof(double);
    (void)task, (void)worker;
    for (size_t i = 0; i < least(room, rows - job->first); i++)
        job->sum += job->losses[i];
    *cz_f32(job->call->loss) = (float)(job->count ? job->sum / (double)job->count : 0);
}

/* Labelled rows; false when a label is not one of the classes. */
static bool count_labels(const cz_cross_entropy_call *call, size_t *count)
{
    *count = 0;
    for (size_t i = 0; i < call->logits->rows; i++) {
        if (call->labels[i] >= 0 && (uint64_t)call->labels[i] >= call->logits->columns)
            return false;
        *count += call->labels[i] >= 0;
    }
    return true;
}

cloze_status cz_cpu_cross_entropy(const cz_place *place, const cz_cross_entropy_call *call)
{
    entropy_job job = { .place = place, .kernels = kernels_of(place), .call = call };
    size_t rows = call->logits->rows, room = place->scratch_size / sizeof(double);
    if (!count_labels(call, &job.count))
        return CLOZE_ERROR_ARGUMENT;
    if (!room)
        return CLOZE_ERROR_LIMIT;
    job.losses = (double *)(void *)place->scratch;
    *cz_f32(call->loss) = 0;
    for (; job.first < rows; job.first += room) {
        cz_pool_run(place->pool, least(room, rows - job.first), entropy_task, &job);
        cz_pool_run(NULL, 1, add_losses, &job);
    }
    return CLOZE_OK;
}

static void entropy_backward_task(void *context, size_t i, size_t worker)
{
    const entropy_job *job = context;
    const cz_cross_entropy_call *call = job->call;
    size_t n = call->logits->columns;
    int64_t label = call->labels[i];
    const float *logits = cz_f32_row(call->logits, i);
    float *d = cz_f32_row(call->d_logits, i), *p = scratch_of(job->place, worker);
    if (label < 0)
        return;
    float sum = job->kernels->exp_sum(logits, n, job->kernels->highest(logits, n), p);
    float inverse = 1.0f / sum, factor = (float)job->factor;
    for (size_t c = 0; c < n; c++)
        d[c] += factor * (p[c] * inverse - (c == (size_t)label ? 1.0f : 0.0f));
}

cloze_status cz_cpu_cross_entropy_backward(const cz_place *place, const cz_cross_entropy_call *call)
{
    entropy_job job = { .place = place, .kernels = kernels_of(place), .call = call };
    size_t count;
    if (!count_labels(call, &count))
        return CLOZE_ERROR_ARGUMENT;
    if (place->scratch_size < call->logits->columns * sizeof(float))
        return CLOZE_ERROR_LIMIT;
    if (!call->d_logits || !count)
        return CLOZE_OK;
    job.factor = (double)*cz_f32(call->d_loss) / (double)count;
    cz_pool_run(place->pool, call->logits->rows, entropy_backward_task, &job);
    return CLOZE_OK;
}

/* ---- squared error ---- */

static double elements(const cz_squared_error_call *call)
{
    return (double)call->x->rows * (double)call->x->columns;
}

static void squared_error(void *context, size_t task, size_t worker)
{
    const cz_squared_error_call *call = context;
    double sum = 0, count = elements(call);
    (void)task, (void)worker;
    for (size_t i = 0; i < call->x->rows; i++) {
        const float *x = cz_f32_row(call->x, i), *target = cz_f32_row(call->target, i);
        for (size_t c = 0; c < call->x->columns; c++) {
            double d = (double)x[c] - (double)target[c];
            sum += d * d;
        }
    }
    *cz_f32(call->loss) = (float)(count > 0 ? sum / count : 0);
}

cloze_status cz_cpu_squared_error(const cz_place *place, const cz_squared_error_call *call)
{
    cz_squared_error_call mine = *call;
    (void)place;
    cz_pool_run(NULL, 1, squared_error, &mine);
    return CLOZE_OK;
}

static void squared_error_backward(void *context, size_t i, size_t worker)
{
    const cz_squared_error_call *call = context;
    double factor = 2 * (double)*cz_f32(call->d_loss) / elements(call);
    const float *x = cz_f32_row(call->x, i), *target = cz_f32_row(call->target, i);
    float *d_x = cz_f32_row(call->d_x, i);
    (void)worker;
    for (size_t c = 0; c < call->x->columns; c++)
        d_x[c] += (float)(factor * ((double)x[c] - (double)target[c]));
}

cloze_status cz_cpu_squared_error_backward(const cz_place *place, const cz_squared_error_call *call)
{
    cz_squared_error_call mine = *call;
    if (call->d_x)
        cz_pool_run(place->pool, call->x->rows, squared_error_backward, &mine);
    return CLOZE_OK;
}
