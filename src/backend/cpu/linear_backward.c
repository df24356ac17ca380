/*
 * linear_backward.c - gradients of a linear. First d_before = d_out * activation'. Where weights
 * learn, d and x are then laid out once, as outer products read them. Last come three kinds of tasks,
 * none of which shares a place with another: d_x by panels of its columns, each weight's gradient by
 * tiles of it, summing all tokens in order, each bias' by columns.
 */
#include "cpu.h"

/* Stripes that a task lays out at once. */
enum { LAID_STRIPES = 8 };

typedef struct backward_part {
    size_t column, stripe; /* of d where it begins, and its first stripe */
    size_t blocks;         /* of rows of its gradient; 0: it does not learn */
    size_t bias_tasks;
} backward_part;

typedef struct backward_job {
    const cz_place *place;
    const cz_kernels *kernels;
    const cz_linear_call *call;
    const cz_tensor *d; /* of what is before the activation */
    size_t inner;       /* panels of x's columns */
    float *panels, *stripes;
    size_t stripe_step;
    backward_part part[CZ_PARTS];
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

/* ---- laying out ---- */

static size_t stripes_of(const cz_linear_call *call, int part)
{
    return call->d_part[part] ? parts_of(call->d_part[part]->rows, CZ_STRIPE) : 0;
}

size_t cz_cpu_linear_room(const void *table, const cz_linear_call *call)
{
    const cz_kernels *kernels = table ? table : &cz_kernels_scalar;
    size_t stripes = 0, tokens = call->x->rows;
    for (int part = 0; part < call->weight->parts; part++)
        stripes += stripes_of(call, part);
    if (!stripes)
        return 0;
    size_t panels = parts_of(call->weight->in, kernels->panel) * kernels->panel * tokens;
    return (panels + stripes * cz_stripe_step(tokens)) * sizeof(float);
}

static void lay_panel(const backward_job *job, size_t panel)
{
    const cz_tensor *x = job->call->x;
    size_t wide = job->kernels->panel, first = panel * wide;
    cz_lay_panel(cz_f32(x) + first, x->stride, x->rows, least(wide, x->columns - first), wide,
                 job->panels + first * x->rows);
}

/* Some stripes of a part of d. */
static void lay_stripes(const backward_job *job, int part, size_t task)
{
    size_t first = task * LAID_STRIPES, column = first * CZ_STRIPE;
    size_t columns = job->call->d_part[part]->rows;
    cz_lay_stripes(cz_f32(job->d) + job->part[part].column + column, job->d->stride, job->d->rows,
                   least(LAID_STRIPES * CZ_STRIPE, columns - column),
                   job->stripes + (job->part[part].stripe + first) * job->stripe_step);
}

static void lay_task(void *context, size_t task, size_t worker)
{
    const backward_job *job = context;
    (void)worker;
    if (task < job->inner) {
        lay_panel(job, task);
        return;
    }
    task -= job->inner;
    for (int part = 0; part < job->call->weight->parts; part++) {
        size_t own = parts_of(stripes_of(job->call, part), LAID_STRIPES);
        if (task < own) {
            lay_stripes(job, part, task);
            return;
        }
        task -= own;
    }
}

/* ---- tasks ---- */

/* All rows of some columns of d_x: the panel is packed once. */
static void input_task(const backward_job *job, size_t task, size_t worker)
{
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

static void weight_task(const backward_job *job, int part, size_t task)
{
    const cz_tensor *gradient = job->call->d_part[part];
    size_t wide = job->kernels->panel, panel = task % job->inner;
    size_t row = task / job->inner * CZ_BLOCK_ROWS, column = panel * wide;
    size_t stripe = job->part[part].stripe + row / CZ_STRIPE;
    cz_outer outer = {
        .stripes = job->stripes + stripe * job->stripe_step,
        .stripe_step = job->stripe_step,
        .panel = job->panels + panel * wide * job->d->rows,
        .tokens = job->d->rows,
        .rows = least(CZ_BLOCK_ROWS, gradient->rows - row),
        .columns = least(wide, gradient->columns - column),
        .out = cz_f32_row(gradient, row) + column,
        .out_stride = gradient->stride,
    };
    job->kernels->outer(&outer);
}

static void bias_task(const backward_job *job, int part, size_t task)
{
    const cz_tensor *gradient = job->call->d_bias[part];
    size_t column = task * CZ_TASK_COLUMNS;
    size_t count = least(CZ_TASK_COLUMNS, gradient->columns - column);
    float sum[CZ_TASK_COLUMNS] = { 0 }, *to = cz_f32(gradient) + column;
    for (size_t i = 0; i < job->d->rows; i++) {
        const float *d = cz_f32_row(job->d, i) + job->part[part].column + column;
        for (size_t c = 0; c < count; c++)
            sum[c] += d[c];
    }
    for (size_t c = 0; c < count; c++)
        to[c] += sum[c];
}

static void any_task(void *context, size_t task, size_t worker)
{
    const backward_job *job = context;
    size_t inputs = job->call->d_x ? job->inner : 0;
    if (task < inputs) {
        input_task(job, task, worker);
        return;
    }
    task -= inputs;
    for (int part = 0; part < job->call->weight->parts; part++) {
        size_t weights = job->part[part].blocks * job->inner;
        size_t biases = job->part[part].bias_tasks;
        if (task < weights) {
            weight_task(job, part, task);
            return;
        }
        if (task < weights + biases) {
            bias_task(job, part, task - weights);
            return;
        }
        task -= weights + biases;
    }
}

/* What there is to do, in numbers of tasks. */
static void plan(backward_job *job, size_t *lays, size_t *tasks)
{
    const cz_linear_call *call = job->call;
    size_t column = 0, stripe = 0;
    *lays = 0;
    *tasks = call->d_x ? job->inner : 0;
    for (int i = 0; i < call->weight->parts; i++) {
        backward_part *part = &job->part[i];
        size_t stripes = stripes_of(call, i);
        *part = (backward_part){ .column = column, .stripe = stripe };
        column += call->weight->part[i]->rows;
        stripe += stripes;
        if (call->d_part[i])
            part->blocks = parts_of(call->d_part[i]->rows, CZ_BLOCK_ROWS);
        if (call->d_bias[i])
            part->bias_tasks = parts_of(call->d_bias[i]->columns, CZ_TASK_COLUMNS);
        *lays += parts_of(stripes, LAID_STRIPES);
        *tasks += part->blocks * job->inner + part->bias_tasks;
    }
    if (stripe)
        *lays += job->inner;
}

cloze_status cz_cpu_linear_backward(const cz_place *place, const cz_linear_call *call)
{
    const cz_kernels *kernels = kernels_of(place);
    const cz_weight *weight = call->weight;
    backward_job job = { .place = place, .kernels = kernels, .call = call, .d = call->d_out };
    size_t lays, tasks, wide = kernels->panel;
    if (place->scratch_size < wide * weight->out * sizeof(float))
        return CLOZE_ERROR_LIMIT;
    job.inner = parts_of(weight->in, wide);
    plan(&job, &lays, &tasks);
    if ((lays && !call->room) ||
        (call->activation != CZ_IDENTITY && (!call->d_before || !call->before)))
        return CLOZE_ERROR_ARGUMENT;
    if (call->activation != CZ_IDENTITY) {
        cz_pool_run(place->pool, parts_of(call->d_out->rows, CZ_TASK_ROWS), slope_task, &job);
        job.d = call->d_before;
    }
    if (lays) {
        job.stripe_step = cz_stripe_step(call->x->rows);
        job.panels = call->room;
        job.stripes = job.panels + job.inner * wide * call->x->rows;
        cz_pool_run(place->pool, lays, lay_task, &job);
    }
    cz_pool_run(place->pool, tasks, any_task, &job);
    return CLOZE_OK;
}
