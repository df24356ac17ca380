/*
 * linear.c - activation(x W' + b), forward: cuts a product into tasks by its shape. Few rows are
 * cut by panels, many by blocks of rows and panels; a panel that is made at use serves all rows.
 */
#include "cpu.h"

#include <stdalign.h>

/* Strips of panels for each worker. How many there are shows in the time, never in the bits. */
enum { STRIPS = 4 };

/* Up to so many rows a bf16 panel is widened in each tile, beyond them once, into scratch. */
enum { HALF_ROWS = 32, HALF_BLOCK = 4 * CZ_BLOCK_ROWS };

typedef struct linear_job {
    const cz_place *place;
    const cz_kernels *kernels;
    const cz_linear_call *call;
    size_t panels, grain, strips; /* panels in all, in a task; tasks side by side */
    size_t block;                 /* rows of a task */
    bool as_it_is;                /* panels need no scratch */
    atomic_bool bad;
} linear_job;

static void multiply_panel(linear_job *job, size_t panel, size_t top, size_t rows, size_t worker,
                           const void *next)
{
    const cz_linear_call *call = job->call;
    const cz_weight *weight = call->weight;
    size_t first = panel * job->kernels->panel;
    alignas(64) float bias[CZ_PANEL_MOST];
    cz_product p = {
        .x = cz_f32_row(call->x, top),
        .x_stride = call->x->stride,
        .rows = rows,
        .depth = weight->in,
        .next = next,
        .finish = {
            .out = cz_f32_row(call->out, top) + first,
            .out_stride = call->out->stride,
            .columns = least(job->kernels->panel, weight->out - first),
            .activation = call->activation,
        },
    };
    if (call->before) {
        p.finish.before = cz_f32_row(call->before, top) + first;
        p.finish.before_stride = call->before->stride;
    }
    p.half = job->as_it_is && cz_panel_is_half(weight);
    p.panel = cz_panel(job->kernels, weight, panel,
                       job->as_it_is ? NULL : scratch_of(job->place, worker));
    if (p.panel && cz_weight_is_biased(weight))
        p.finish.bias = cz_panel_bias(job->kernels, weight, panel, bias);
    if (!p.panel || (cz_weight_is_biased(weight) && !p.finish.bias))
        atomic_store(&job->bad, true);
    else
        job->kernels->multiply(&p);
}

static void linear_task(void *context, size_t task, size_t worker)
{
    linear_job *job = context;
    size_t top = task / job->strips * job->block;
    size_t rows = least(job->block, job->call->x->rows - top);
    size_t panel = task % job->strips * job->grain, end = least(panel + job->grain, job->panels);
    const cz_weight *weight = job->call->weight;
    bool alone = cz_pool_workers(job->place->pool) == 1;
    for (; panel < end; panel++) {
        const void *next = NULL;
        if (job->as_it_is && panel + 1 < (alone ? job->panels : end))
            next = cz_panel(job->kernels, weight, panel + 1, NULL);
        multiply_panel(job, panel, top, rows, worker, next);
    }
}

cloze_status cz_cpu_linear(const cz_place *place, const cz_linear_call *call)
{
    const cz_kernels *kernels = kernels_of(place);
    const cz_weight *weight = call->weight;
    size_t rows = call->x->rows, blocks, strips;
    linear_job job = { .place = place, .kernels = kernels, .call = call };
    atomic_init(&job.bad, false);
    job.as_it_is = weight->pack && (!cz_panel_is_half(weight) || rows <= HALF_ROWS);
    if (!job.as_it_is && place->scratch_size < kernels->panel * weight->in * sizeof(float))
        return CLOZE_ERROR_LIMIT;
    job.panels = cz_panels(kernels, weight);
    job.block = !weight->pack ? rows : cz_panel_is_half(weight) ? HALF_BLOCK : CZ_BLOCK_ROWS;
    blocks = rows ? parts_of(rows, job.block) : 0;
    strips = STRIPS * cz_pool_workers(place->pool);
    job.grain = parts_of(job.panels * blocks, strips);
    job.grain = job.grain < 1 ? 1 : least(job.grain, job.panels);
    job.strips = parts_of(job.panels, job.grain);
    cz_pool_run(place->pool, blocks * job.strips, linear_task, &job);
    return atomic_load(&job.bad) ? CLOZE_ERROR_FORMAT : CLOZE_OK;
}
