/*
 * gate.c - gated feed-forward: an activation of one half of a row times the other, some rows a task; and
 * groups of columns times a number each, a group a task.
 */
#include "cpu.h"

typedef struct gate_job {
    const cz_place *place;
    const cz_kernels *kernels;
    const cz_gate_call *call;
} gate_job;

static void gate_task(void *context, size_t task, size_t worker)
{
    const gate_job *job = context;
    const cz_gate_call *call = job->call;
    size_t n = call->out->columns, end = least((task + 1) * CZ_TASK_ROWS, call->x->rows);
    (void)worker;
    for (size_t i = task * CZ_TASK_ROWS; i < end; i++) {
        const float *x = cz_f32_row(call->x, i);
        float *out = cz_f32_row(call->out, i);
        job->kernels->activate(call->activation, x, n, out);
        for (size_t c = 0; c < n; c++)
            out[c] *= x[n + c];
    }
}

cloze_status cz_cpu_gate(const cz_place *place, const cz_gate_call *call)
{
    gate_job job = { place, kernels_of(place), call };
    cz_pool_run(place->pool, parts_of(call->x->rows, CZ_TASK_ROWS), gate_task, &job);
    return CLOZE_OK;
}

static void gate_backward_task(void *context, size_t task, size_t worker)
{
    const gate_job *job = context;
    const cz_gate_call *call = job->call;
    size_t n = call->d_out->columns, end = least((task + 1) * CZ_TASK_ROWS, call->x->rows);
    float *room = scratch_of(job->place, worker);
    for (size_t i = task * CZ_TASK_ROWS; i < end; i++) {
        const float *x = cz_f32_row(call->x, i), *d = cz_f32_row(call->d_out, i);
        float *d_x = cz_f32_row(call->d_x, i);
        job->kernels->slope(call->activation, x, d, n, room);
        for (size_t c = 0; c < n; c++)
            d_x[c] += room[c] * x[n + c];
        job->kernels->activate(call->activation, x, n, room);
        for (size_t c = 0; c < n; c++)
            d_x[n + c] += room[c] * d[c];
    }
}

cloze_status cz_cpu_gate_backward(const cz_place *place, const cz_gate_call *call)
{
    gate_job job = { place, kernels_of(place), call };
    if (place->scratch_size < call->d_out->columns * sizeof(float))
        return CLOZE_ERROR_LIMIT;
    if (call->d_x)
        cz_pool_run(place->pool, parts_of(call->x->rows, CZ_TASK_ROWS), gate_backward_task, &job);
    return CLOZE_OK;
}

typedef struct scale_job {
    const cz_scale_call *call;
    size_t width;
} scale_job;

static void scale_task(void *context, size_t task, size_t worker)
{
    const scale_job *job = context;
    const cz_scale_call *call = job->call;
    float factor = cz_f32(call->factor)[task];
    (void)worker;
    for (size_t i = 0; i < call->x->rows; i++) {
        const float *x = cz_f32_row(call->x, i) + task * job->width;
        float *out = cz_f32_row(call->out, i) + task * job->width;
        for (size_t c = 0; c < job->width; c++)
            out[c] = factor * x[c];
    }
}

cloze_status cz_cpu_scale(const cz_place *place, const cz_scale_call *call)
{
    scale_job job = { call, call->x->columns / call->factor->columns };
    cz_pool_run(place->pool, call->factor->columns, scale_task, &job);
    return CLOZE_OK;
}

static void scale_backward_task(void *context, size_t task, size_t worker)
{
    const scale_job *job = context;
    const cz_scale_call *call = job->call;
    float factor = cz_f32(call->factor)[task];
    double sum = 0;
    (void)worker;
    for (size_t i = 0; i < call->x->rows; i++) {
        const float *x = cz_f32_row(call->x, i) + task * job->width;
        const float *d = cz_f32_row(call->d_out, i) + task * job->width;
        float *d_x = call->d_x ? cz_f32_row(call->d_x, i) + task * job->width : NULL;
        for (size_t c = 0; c < job->width; c++) {
            if (d_x)
                d_x[c] += factor * d[c];
            sum += (double)d[c] * (double)x[c];
        }
    }
    if (call->d_factor)
        cz_f32(call->d_factor)[task] += (float)sum;
}

cloze_status cz_cpu_scale_backward(const cz_place *place, const cz_scale_call *call)
{
    scale_job job = { call, call->x->columns / call->factor->columns };
    cz_pool_run(place->pool, call->factor->columns, scale_backward_task, &job);
    return CLOZE_OK;
}
