/*
 * mix.c - cuts the Fourier transform of sequences into tasks: blocks of a sequence's rows, then
 * blocks of its columns. The tables of the rows are shared, those of a sequence's length are made
 * by each of its tasks. Backward is the same transform, added.
 */
#include "cpu.h"
#include "waves.h"

enum { ROWS = 64, COLUMNS = 64 };

typedef struct mix_job {
    const cz_place *place;
    const cz_kernels *kernels;
    const cz_packing *packing;
    const cz_tensor *from, *work, *to;
    cz_waves waves; /* of a row */
    size_t group;   /* tasks of a sequence at most */
    bool add;
} mix_job;

static size_t tables_size(size_t length)
{
    return parts_of(cz_waves_size(length), 16) * 16;
}

size_t cz_mix_scratch(const cz_kernels *kernels, size_t columns, size_t longest)
{
    size_t most = longest > columns ? longest : columns;
    return tables_size(columns) + tables_size(longest) +
           kernels->fourier_scratch(cz_waves_points(most));
}

/* Behind what is shared. */
static float *own_of(const mix_job *job, size_t worker)
{
    return (float *)scratch_of(job->place, worker) + tables_size(job->from->columns);
}

static void make_tables(void *context, size_t task, size_t worker)
{
    mix_job *job = context;
    (void)task;
    cz_waves_make(&job->waves, job->from->columns, scratch_of(job->place, worker));
    job->kernels->fourier_filter(&job->waves, own_of(job, worker));
}

static void rows_task(void *context, size_t task, size_t worker)
{
    const mix_job *job = context;
    size_t s = task / job->group, first = task % job->group * ROWS;
    size_t length = job->packing->length[s], row = job->packing->begin[s] + first;
    cz_fourier_pass pass = {
        .waves = &job->waves,
        .from = cz_f32_row(job->from, row),
        .from_stride = job->from->stride,
        .to = cz_f32_row(job->work, row),
        .to_stride = job->work->stride,
        .rows = first < length ? least(ROWS, length - first) : 0,
        .columns = job->from->columns,
        .scratch = own_of(job, worker),
    };
    job->kernels->fourier_rows(&pass);
}

static void columns_task(void *context, size_t task, size_t worker)
{
    const mix_job *job = context;
    size_t s = task / job->group, first = task % job->group * COLUMNS;
    size_t length = job->packing->length[s], row = job->packing->begin[s];
    float *own = own_of(job, worker), *behind = own + tables_size(length);
    cz_waves waves;
    if (!length)
        return;
    cz_waves_make(&waves, length, own);
    job->kernels->fourier_filter(&waves, behind);
    cz_fourier_pass pass = {
        .waves = &waves,
        .from = cz_f32_row(job->work, row),
        .from_stride = job->work->stride,
        .to = cz_f32_row(job->to, row),
        .to_stride = job->to->stride,
        .rows = length,
        .columns = job->from->columns,
        .first = first,
        .last = least(first + COLUMNS, job->from->columns / 2 + 1),
        .add = job->add,
        .scratch = behind,
    };
    job->kernels->fourier_columns(&pass);
}

static cloze_status mix(const cz_place *place, const cz_packing *packing, const cz_tensor *from,
                        const cz_tensor *work, const cz_tensor *to, bool add)
{
    const cz_kernels *kernels = kernels_of(place);
    mix_job job = { .place = place,
                    .kernels = kernels,
                    .packing = packing,
                    .from = from,
                    .work = work,
                    .to = to,
                    .add = add };
    size_t longest = 0;
    for (size_t s = 0; s < packing->count; s++)
        longest = packing->length[s] > longest ? packing->length[s] : longest;
    if (!longest || !from->columns)
        return CLOZE_OK;
    if (place->scratch_size < cz_mix_scratch(kernels, from->columns, longest) * sizeof(float))
        return CLOZE_ERROR_LIMIT;
    cz_pool_run(NULL, 1, make_tables, &job);
    job.group = parts_of(longest, ROWS);
    cz_pool_run(place->pool, packing->count * job.group, rows_task, &job);
    job.group = parts_of(from->columns / 2 + 1, COLUMNS);
    cz_pool_run(place->pool, packing->count * job.group, columns_task, &job);
    return CLOZE_OK;
}

cloze_status cz_cpu_fourier(const cz_place *place, const cz_fourier_call *call)
{
    return mix(place, call->packing, call->x, call->work, call->out, false);
}

cloze_status cz_cpu_fourier_backward(const cz_place *place, const cz_fourier_call *call)
{
    if (!call->d_x)
        return CLOZE_OK;
    return mix(place, call->packing, call->d_out, call->work, call->d_x, true);
}
