/*
 * embed.c - sums of table rows. Backward is cut by id: a task adds the rows of its ids in the order
 * of the batch.
 */
#include "cpu.h"

enum { SHARES = 16 };

typedef struct embed_job {
    const cz_place *place;
    const cz_kernels *kernels;
    const cz_embed_call *call;
    int table;
    atomic_bool bad;
} embed_job;

static void embed_task(void *context, size_t task, size_t worker)
{
    embed_job *job = context;
    const cz_embed_call *call = job->call;
    size_t n = call->out->columns, end = least((task + 1) * CZ_TASK_ROWS, call->out->rows);
    float *room = scratch_of(job->place, worker);
    for (size_t i = task * CZ_TASK_ROWS; i < end; i++) {
        const void *row[CZ_TABLES];
        for (int t = 0; t < call->tables; t++)
            row[t] = cz_floats(call->table[t], call->index[t][i], 0, n, room + (size_t)t * n);
        if (!job->kernels->sum_rows(row, call->tables, n, cz_f32_row(call->out, i)))
            atomic_store(&job->bad, true);
    }
}

cloze_status cz_cpu_embed(const cz_place *place, const cz_embed_call *call)
{
    embed_job job = { .place = place, .kernels = kernels_of(place), .call = call };
    atomic_init(&job.bad, false);
    if (place->scratch_size < CZ_TABLES * call->out->columns * sizeof(float))
        return CLOZE_ERROR_LIMIT;
    cz_pool_run(place->pool, parts_of(call->out->rows, CZ_TASK_ROWS), embed_task, &job);
    return atomic_load(&job.bad) ? CLOZE_ERROR_FORMAT : CLOZE_OK;
}

static void embed_backward_task(void *context, size_t task, size_t worker)
{
    const embed_job *job = context;
    const cz_embed_call *call = job->call;
    const uint32_t *index = call->index[job->table];
    size_t n = call->d_out->columns;
    (void)worker;
    for (size_t i = 0; i < call->d_out->rows; i++) {
        if (index[i] % SHARES != task || index[i] == call->fixed[job->table])
            continue;
        float *to = cz_f32_row(call->d_table[job->table], index[i]);
        const float *d_out = cz_f32_row(call->d_out, i);
        for (size_t c = 0; c < n; c++)
            to[c] += d_out[c];
    }
}

cloze_status cz_cpu_embed_backward(const cz_place *place, const cz_embed_call *call)
{
    embed_job job = { .place = place, .kernels = kernels_of(place), .call = call };
    for (job.table = 0; job.table < call->tables; job.table++)
        if (call->d_table[job.table])
            cz_pool_run(place->pool, SHARES, embed_backward_task, &job);
    return CLOZE_OK;
}
