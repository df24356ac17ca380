/*
 * rotate.c - rotary positions. A pair costs a few multiplications and memory is what it waits for, so
 * plain loops do; every element is a product, a product and a sum, each rounded, on every machine.
 */
#include "cpu.h"

typedef struct rotate_job {
    const cz_rotate_call *call;
    const cz_tensor *x;
    cz_tensor *to;
    float direction;
    bool add;
} rotate_job;

static void turn_head(const float *cosines, const float *sines, float direction, size_t half,
                      const float *x, float *to)
{
    for (size_t c = 0; c < half; c++) {
        float sine = sines[c] * direction, low = x[c], high = x[half + c];
        to[c] = low * cosines[c] - high * sine;
        to[half + c] = high * cosines[c] + low * sine;
    }
}

static void add_head(const float *cosines, const float *sines, float direction, size_t half,
                     const float *x, float *to)
{
    for (size_t c = 0; c < half; c++) {
        float sine = sines[c] * direction, low = x[c], high = x[half + c];
        to[c] += low * cosines[c] - high * sine;
        to[half + c] += high * cosines[c] + low * sine;
    }
}

static void turn_row(const rotate_job *job, size_t row, size_t place)
{
    const cz_rotate_call *call = job->call;
    const float *x = cz_f32_row(job->x, row), *cosines = cz_f32_row(call->angles, place);
    float *to = cz_f32_row(job->to, row);
    size_t size = call->angles->columns, half = size / 2;
    for (size_t c = 0; c < call->turned; c += size)
        (job->add ? add_head : turn_head)(cosines, cosines + half, job->direction, half, x + c,
                                          to + c);
    for (size_t c = call->turned; c < job->x->columns; c++)
        to[c] = job->add ? to[c] + x[c] : x[c];
}

/* A task is a sequence's rows, some at a time: place task % slots of sequence task / slots. */
static size_t slots_of(const cz_rotate_call *call)
{
    size_t longest = 0;
    for (size_t s = 0; s < call->packing->count; s++)
        longest = call->packing->length[s] > longest ? call->packing->length[s] : longest;
    return parts_of(longest, CZ_TASK_ROWS);
}

static void rotate_task(void *context, size_t task, size_t worker)
{
    const rotate_job *job = context;
    const cz_packing *packing = job->call->packing;
    size_t slots = slots_of(job->call), s = task / slots, first = task % slots * CZ_TASK_ROWS;
    size_t end = least(first + CZ_TASK_ROWS, packing->length[s]);
    (void)worker;
    for (size_t place = first; place < end; place++)
        turn_row(job, packing->begin[s] + place, place);
}

static void rotate_all(const cz_place *place, const rotate_job *job)
{
    rotate_job copy = *job;
    size_t tasks = job->call->packing->count * slots_of(job->call);
    if (tasks)
        cz_pool_run(place->pool, tasks, rotate_task, &copy);
}

cloze_status cz_cpu_rotate(const cz_place *place, const cz_rotate_call *call)
{
    rotate_all(place, &(rotate_job){ call, call->x, call->out, 1.0f, false });
    return CLOZE_OK;
}

cloze_status cz_cpu_rotate_backward(const cz_place *place, const cz_rotate_call *call)
{
    if (call->d_x)
        rotate_all(place, &(rotate_job){ call, call->d_out, call->d_x, -1.0f, true });
    return CLOZE_OK;
}
