/*
 * linear_backward.c - gradients of a linear. First d_before = d_out * activation', then three
 * kinds of tasks, none of which shares a place with another: d_x by panels of its columns, each
 * weight's gradient by tiles of it, summing all tokens in order, each bias' by columns.
 */
#include "cpu.h"

typedef struct backward_job {
    const cz_place *place;
    const cz_kernels *kernels;
    const cz_linear_call *call;
    const cz_tensor *d; /* of what is before the activation */
    int part;
    size_t first;  /* column of d where the part begins */
    size_t panels; /* of the inner columns */
} backward_job;

static void slope_task(void *context, size_t task, size_t worker)
{
    const backward_job *job = context;
    const cz_linear_call *call = job->call;
    size_t end = least((task + 1) * CZ_TASK_ROWS, call->d_out->rows);
    (void)worker;
    for (size_t i = task * CZ_TASK_ROWS; i < end; i++)
        job->kernels->slope(call->activation, cz_f32_row(call->before, i),
                            cz_f32_row(call->d_out, i), call->d_out->columns,
                            cz_f32_row(call->d_before, i));
}

/* All rows of some columns of d_x: the panel is packed once. */
static void input_task(void *context, size_t task, size_t worker)
{
    const backward_job *job = context;
    const cz_weight *weight = job->call->weight;
    size_t first = task * job->kernels->panel,
           count = least(job->kernels->panel, weight->in - first);
    float *panel = scratch_of(job->place, worker);
    cz_panel_of_columns(job->kernels, weight, first, count, panel);
    cz_product p = {
        .x = cz_f32(job->d),
        .x_stride = job->d->stride,
        .rows = job->d->rows,
        .depth = weight->out,
        .panel = panel,
        .finish = { .out = cz_f32(job->call->d_x) + first,
                    .out_stride = job->call->d_x->stride,
                    .columns = count,
                    .add = true },
    };
    job->kernels->multiply(&p);
}

static void weight_task(void *context, size_t task, size_t worker)
{
    const backward_job *job = context;
    const cz_tensor *x = job->call->x, *gradient = job->call->d_part[job->part];
    size_t column = task % job->panels * job->kernels->panel;
    size_t row = task / job->panels * CZ_OUTER_ROWS;
    cz_outer outer = {
        .a = cz_f32(job->d) + job->first + row,
        .a_stride = job->d->stride,
        .b = cz_f32(x) + column,
        .b_stride = x->stride,
        .tokens = x->rows,
        .rows = least(CZ_OUTER_ROWS, gradient->rows - row),
        .columns = least(job->kernels->panel, gradient->columns - column),
        .out = cz_f32_row(gradient, row) + column,
        .out_stride = gradient->stride,
        .scratch = scratch_of(job->place, worker),
    };
    job->kernels->outer(&outer);
}

static void bias_task(void *context, size_t task, size_t worker)
{
    const backward_job *job = context;
    const cz_tensor *gradient = job->call->d_bias[job->part];
    size_t column = task * CZ_TASK_COLUMNS;
    size_t count = least(CZ_TASK_COLUMNS, gradient->columns - column);
    float sum[CZ_TASK_COLUMNS] = { 0 }, *to = cz_f32(gradient) + column;
    (void)worker;
    for (size_t i = 0; i < job->d->rows; i++) {
        const float *d = cz_f32_row(job->d, i) + job->first + column;
        for (size_t c = 0; c < count; c++)
            sum[c] += d[c];
    }
    for (size_t c = 0; c < count; c++)
        to[c] += sum[c];
}

static void part_backward(backward_job *job)
{
    const cz_tensor *gradient = job->call->d_part[job->part];
    const cz_tensor *bias = job->call->d_bias[job->part];
    cz_pool *pool = job->place->pool;
    if (gradient)
        cz_pool_run(pool, parts_of(gradient->rows, CZ_OUTER_ROWS) * job->panels, weight_task, job);
    if (bias)
        cz_pool_run(pool, parts_of(bias->columns, CZ_TASK_COLUMNS), bias_task, job);
}

cloze_status cz_cpu_linear_backward(const cz_place *place, const cz_linear_call *call)
{
    const cz_kernels *kernels = kernels_of(place);
    const cz_weight *weight = call->weight;
    size_t deep = kernels->panel * weight->out, outer = kernels->outer_scratch(CZ_OUTER_ROWS);
    backward_job job = { .place = place, .kernels = kernels, .call = call, .d = call->d_out };
    if (place->scratch_size < (deep > outer ? deep : outer) * sizeof(float))
        return CLOZE_ERROR_LIMIT;
    job.panels = parts_of(weight->in, kernels->panel);
    if (call->activation != CZ_IDENTITY) {
        if (!call->d_before || !call->before)
            return CLOZE_ERROR_ARGUMENT;
        cz_pool_run(place->pool, parts_of(call->d_out->rows, CZ_TASK_ROWS), slope_task, &job);
        job.d = call->d_before;
    }
    if (call->d_x)
        cz_pool_run(place->pool, job.panels, input_task, &job);
    for (job.part = 0; job.part < weight->parts; job.part++) {
        part_backward(&job);
        job.first += weight->part[job.part]->rows;
    }
    return CLOZE_OK;
}
