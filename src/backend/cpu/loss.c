/*
 * loss.c - sums of rows' losses, and squared error. What is not cut over threads is a task too:
 * tasks round to nearest whatever the caller's thread does.
 */
#include "loss.h"

typedef struct sum_job {
    const cz_place *place;
    cz_row_loss *loss;
    const void *context;
    double *losses;
    size_t first, count; /* rows of this turn */
    size_t room;         /* rows of a turn */
    double sum;
} sum_job;

static void loss_task(void *context, size_t task, size_t worker)
{
    const sum_job *job = context;
    char *own = (char *)scratch_of(job->place, worker) + cz_shared_size(job->room);
    job->losses[task] = job->loss(job->context, job->first + task, (float *)(void *)own);
}

static void add_losses(void *context, size_t task, size_t worker)
{
    sum_job *job = context;
    (void)task, (void)worker;
    for (size_t i = 0; i < job->count; i++)
        job->sum += job->losses[i];
}

cloze_status cz_sum_of_losses(const cz_place *place, size_t rows, size_t floats, cz_row_loss *loss,
                              const void *context, double *sum)
{
    size_t unit = cz_shared_size(1), own = floats * sizeof(float);
    sum_job job = { .place = place, .loss = loss, .context = context };
    if (place->scratch_size < own + unit)
        return CLOZE_ERROR_LIMIT;
    job.losses = (double *)(void *)place->scratch;
    job.room = (place->scratch_size - own) / unit * (unit / sizeof(double));
    for (; job.first < rows; job.first += job.room) {
        job.count = least(job.room, rows - job.first);
        cz_pool_run(place->pool, job.count, loss_task, &job);
        cz_pool_run(NULL, 1, add_losses, &job);
    }
    *sum = job.sum;
    return CLOZE_OK;
}

/* ---- squared error ---- */

static double total_of(const cz_squared_error_call *call)
{
    return call->total > 0 ? call->total : (double)call->x->rows * (double)call->x->columns;
}

static double squared_error(const void *context, size_t row, float *room)
{
    const cz_squared_error_call *call = context;
    const float *x = cz_f32_row(call->x, row), *target = cz_f32_row(call->target, row);
    double sum = 0;
    (void)room;
    for (size_t c = 0; c < call->x->columns; c++) {
        double d = (double)x[c] - (double)target[c];
        sum += d * d;
    }
    return sum;
}

cloze_status cz_cpu_squared_error(const cz_place *place, const cz_squared_error_call *call)
{
    double sum, total = total_of(call);
    cloze_status status = cz_sum_of_losses(place, call->x->rows, 0, squared_error, call, &sum);
    if (!status)
        *cz_f32(call->loss) = (float)(total > 0 ? sum / total : 0);
    return status;
}

static void squared_error_backward(void *context, size_t i, size_t worker)
{
    const cz_squared_error_call *call = context;
    double factor = 2 * (double)*cz_f32(call->d_loss) / total_of(call);
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
