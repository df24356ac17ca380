/*
 * places.c - which row of its sequence each column means. A task is one sequence and column, whose
 * logits are gathered into scratch, so that the kernels of rows do the rest.
 */
#include "loss.h"
#include "numbers.h"

typedef struct places_job {
    const cz_place *place;
    const cz_kernels *kernels;
    const cz_places_call *call;
    double total, factor;
} places_job;

/* Task i is column i % columns of sequence i / columns. */
static size_t gather(const cz_places_call *call, size_t i, float *room)
{
    size_t columns = call->logits->columns, s = i / columns;
    for (size_t k = 0; k < call->packing->length[s]; k++)
        room[k] = cz_f32_row(call->logits, call->packing->begin[s] + k)[i % columns];
    return call->packing->length[s];
}

/* False when a place is not one of its sequence. */
static bool prepare(places_job *job)
{
    const cz_places_call *call = job->call;
    size_t columns = call->logits->columns, count = 0;
    for (size_t i = 0; i < call->packing->count * columns; i++) {
        if (call->place[i] == SIZE_MAX)
            continue;
        if (call->place[i] >= call->packing->length[i / columns])
            return false;
        count++;
    }
    job->total = call->total > 0 ? call->total : (double)count;
    return true;
}

static double place_loss(const void *context, size_t i, float *room)
{
    const places_job *job = context;
    if (job->call->place[i] == SIZE_MAX)
        return 0;
    size_t n = gather(job->call, i, room);
    float top = job->kernels->highest(room, n);
    return (double)top + cz_logarithm((double)job->kernels->exp_sum(room, n, top, NULL)) -
           (double)room[job->call->place[i]];
}

cloze_status cz_cpu_places(const cz_place *place, const cz_places_call *call)
{
    places_job job = { .place = place, .kernels = kernels_of(place), .call = call };
    double sum;
    if (!prepare(&job))
        return CLOZE_ERROR_ARGUMENT;
    cloze_status status = cz_sum_of_losses(place, call->packing->count * call->logits->columns,
                                           call->packing->longest, place_loss, &job, &sum);
    if (!status)
        *cz_f32(call->loss) = (float)(job.total > 0 ? sum / job.total : 0);
    return status;
}

static void places_backward_task(void *context, size_t i, size_t worker)
{
    const places_job *job = context;
    const cz_places_call *call = job->call;
    size_t columns = call->logits->columns, begin = call->packing->begin[i / columns];
    float *p = scratch_of(job->place, worker);
    if (call->place[i] == SIZE_MAX)
        return;
    size_t n = gather(call, i, p);
    float sum = job->kernels->exp_sum(p, n, job->kernels->highest(p, n), p);
    float factor = (float)job->factor, inverse = 1.0f / sum;
    for (size_t k = 0; k < n; k++)
        cz_f32_row(call->d_logits, begin + k)[i % columns] +=
            factor * (p[k] * inverse - (k == call->place[i] ? 1.0f : 0.0f));
}

cloze_status cz_cpu_places_backward(const cz_place *place, const cz_places_call *call)
{
    places_job job = { .place = place, .kernels = kernels_of(place), .call = call };
    if (!prepare(&job))
        return CLOZE_ERROR_ARGUMENT;
    if (place->scratch_size < call->packing->longest * sizeof(float))
        return CLOZE_ERROR_LIMIT;
    if (!call->d_logits || !(job.total > 0))
        return CLOZE_OK;
    job.factor = (double)*cz_f32(call->d_loss) / job.total;
    cz_pool_run(place->pool, call->packing->count * call->logits->columns, places_backward_task,
                &job);
    return CLOZE_OK;
}
