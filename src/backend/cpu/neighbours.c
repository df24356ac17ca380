/*
 * neighbours.c - rows beside those around them, for convolutions. Copies there; on the way back each
 * row adds up where it was copied to, in the order of the kernel's places.
 */
#include "cpu.h"

/* One row of a sequence that lies in begin .. end. */
typedef void one_row(const cz_neighbours_call *call, size_t row, size_t begin, size_t end);

typedef struct neighbours_job {
    const cz_neighbours_call *call;
    one_row *run;
} neighbours_job;

static void copy_around(const cz_neighbours_call *call, size_t row, size_t begin, size_t end)
{
    size_t kernel = call->kernel, half = kernel / 2;
    for (size_t j = 0; j < kernel; j++) {
        bool there = row + j >= begin + half && row + j < end + half;
        const float *x = there ? cz_f32_row(call->x, row + j - half) : NULL;
        float *out = cz_f32_row(call->out, row) + j;
        for (size_t c = 0; c < call->x->columns; c++)
            out[c * kernel] = x ? x[c] : 0.0f;
    }
}

static void add_around(const cz_neighbours_call *call, size_t row, size_t begin, size_t end)
{
    size_t kernel = call->kernel, half = kernel / 2;
    float *d_x = cz_f32_row(call->d_x, row);
    for (size_t j = 0; j < kernel; j++) {
        if (row + half < begin + j || row + half - j >= end)
            continue;
        const float *d_out = cz_f32_row(call->d_out, row + half - j) + j;
        for (size_t c = 0; c < call->x->columns; c++)
            d_x[c] += d_out[c * kernel];
    }
}

/* Rows first .. last, whatever sequences they are of. */
static void neighbours_task(void *context, size_t task, size_t worker)
{
    const neighbours_job *job = context;
    const cz_packing *packing = job->call->packing;
    size_t first = task * CZ_TASK_ROWS, last = first + CZ_TASK_ROWS;
    (void)worker;
    for (size_t s = 0; s < packing->count; s++) {
        size_t begin = packing->begin[s], end = begin + packing->length[s];
        for (size_t row = begin > first ? begin : first; row < least(end, last); row++)
            job->run(job->call, row, begin, end);
    }
}

static void run_all(const cz_place *place, const cz_neighbours_call *call, one_row *run)
{
    neighbours_job job = { call, run };
    cz_pool_run(place->pool, parts_of(call->x->rows, CZ_TASK_ROWS), neighbours_task, &job);
}

cloze_status cz_cpu_neighbours(const cz_place *place, const cz_neighbours_call *call)
{
    run_all(place, call, copy_around);
    return CLOZE_OK;
}

cloze_status cz_cpu_neighbours_backward(const cz_place *place, const cz_neighbours_call *call)
{
    if (call->d_x)
        run_all(place, call, add_around);
    return CLOZE_OK;
}
