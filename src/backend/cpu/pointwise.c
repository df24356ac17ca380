/* pointwise.c - activation, dropout, blends: element by element, some rows a task. */
#include "backend/dropout.h"
#include "cpu.h"

typedef struct pointwise_job {
    const cz_place *place;
    const cz_kernels *kernels;
    const cz_pointwise_call *call;
} pointwise_job;

static void drop_in_place(const pointwise_job *job, size_t row, float *x)
{
    const cz_dropout *dropout = &job->call->dropout;
    size_t columns = job->call->x->columns, within;
    uint64_t sample = cz_dropout_sample(dropout, row, &within);
    job->kernels->drop(dropout, sample, (uint64_t)within * columns, columns, x);
}

static void pointwise_task(void *context, size_t task, size_t worker)
{
    const pointwise_job *job = context;
    const cz_pointwise_call *call = job->call;
    size_t n = call->x->columns, end = least((task + 1) * CZ_TASK_ROWS, call->x->rows);
    (void)worker;
    for (size_t i = task * CZ_TASK_ROWS; i < end; i++) {
        job->kernels->activate(call->activation, cz_f32_row(call->x, i), n,
                               cz_f32_row(call->out, i));
        if (call->dropout.p > 0)
            drop_in_place(job, i, cz_f32_row(call->out, i));
    }
}

cloze_status cz_cpu_pointwise(const cz_place *place, const cz_pointwise_call *call)
{
    pointwise_job job = { place, kernels_of(place), call };
    cz_pool_run(place->pool, parts_of(call->x->rows, CZ_TASK_ROWS), pointwise_task, &job);
    return CLOZE_OK;
}

static void pointwise_backward_task(void *context, size_t task, size_t worker)
{
    const pointwise_job *job = context;
    const cz_pointwise_call *call = job->call;
    size_t n = call->x->columns, end = least((task + 1) * CZ_TASK_ROWS, call->x->rows);
    float *room = scratch_of(job->place, worker);
    for (size_t i = task * CZ_TASK_ROWS; i < end; i++) {
        float *d_x = cz_f32_row(call->d_x, i);
        job->kernels->slope(call->activation, cz_f32_row(call->x, i), cz_f32_row(call->d_out, i), n,
                            room);
        if (call->dropout.p > 0)
            drop_in_place(job, i, room);
        for (size_t c = 0; c < n; c++)
            d_x[c] += room[c];
    }
}

cloze_status cz_cpu_pointwise_backward(const cz_place *place, const cz_pointwise_call *call)
{
    pointwise_job job = { place, kernels_of(place), call };
    if (place->scratch_size < call->x->columns * sizeof(float))
        return CLOZE_ERROR_LIMIT;
    if (call->d_x)
        cz_pool_run(place->pool, parts_of(call->x->rows, CZ_TASK_ROWS), pointwise_backward_task,
                    &job);
    return CLOZE_OK;
}

typedef struct blend_job {
    const cz_blend_call *call;
} blend_job;

static void blend_task(void *context, size_t task, size_t worker)
{
    const cz_blend_call *call = ((const blend_job *)context)->call;
    size_t n = call->x->columns, end = least((task + 1) * CZ_TASK_ROWS, call->x->rows);
    float a = (float)call->a, b = (float)call->b;
    (void)worker;
    for (size_t i = task * CZ_TASK_ROWS; i < end; i++) {
        const float *x = cz_f32_row(call->x, i), *y = call->y ? cz_f32_row(call->y, i) : NULL;
        float *out = cz_f32_row(call->out, i);
        for (size_t c = 0; c < n; c++)
            out[c] = y ? a * x[c] + b * y[c] : a * x[c];
    }
}

cloze_status cz_cpu_blend(const cz_place *place, const cz_blend_call *call)
{
    blend_job job = { call };
    cz_pool_run(place->pool, parts_of(call->x->rows, CZ_TASK_ROWS), blend_task, &job);
    return CLOZE_OK;
}

static void add_scaled(float *to, const float *from, float factor, size_t count)
{
    for (size_t c = 0; c < count; c++)
        to[c] += factor * from[c];
}

static void blend_backward_task(void *context, size_t task, size_t worker)
{
    const cz_blend_call *call = ((const blend_job *)context)->call;
    size_t n = call->d_out->columns, end = least((task + 1) * CZ_TASK_ROWS, call->d_out->rows);
    (void)worker;
    for (size_t i = task * CZ_TASK_ROWS; i < end; i++) {
        const float *d_out = cz_f32_row(call->d_out, i);
        if (call->d_x)
            add_scaled(cz_f32_row(call->d_x, i), d_out, (float)call->a, n);
        if (call->d_y)
            add_scaled(cz_f32_row(call->d_y, i), d_out, (float)call->b, n);
    }
}

cloze_status cz_cpu_blend_backward(const cz_place *place, const cz_blend_call *call)
{
    blend_job job = { call };
    cz_pool_run(place->pool, parts_of(call->d_out->rows, CZ_TASK_ROWS), blend_backward_task, &job);
    return CLOZE_OK;
}
