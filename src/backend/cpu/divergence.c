/*
 * divergence.c - how far a student's probabilities are from a teacher's: one row a task;
 * exponentials in float by the instruction set's kernels, sums of a row's terms in double.
 */
#include "loss.h"
#include "numbers.h"

#include <math.h>

typedef struct divergence_job {
    const cz_place *place;
    const cz_kernels *kernels;
    const cz_divergence_call *call;
    double factor; /* of the gradient */
} divergence_job;

/* A row's probabilities, times their sum. */
typedef struct softened {
    double top, sum;
    const float *part;
} softened;

static softened soften(const divergence_job *job, const cz_tensor *logits, size_t row, float *room)
{
    size_t n = logits->columns;
    const float *x = cz_f32_row(logits, row);
    float top = job->kernels->highest(x, n), cool = (float)(1 / job->call->temperature);
    for (size_t c = 0; c < n; c++)
        room[c] = (x[c] - top) * cool;
    return (softened){ (double)top, (double)job->kernels->exp_sum(room, n, 0, room), room };
}

static double total_of(const cz_divergence_call *call)
{
    return call->total > 0 ? call->total : (double)call->logits->rows;
}

static double divergence_row(const void *context, size_t i, float *room)
{
    const divergence_job *job = context;
    const cz_divergence_call *call = job->call;
    const float *x = cz_f32_row(call->logits, i), *teacher = cz_f32_row(call->teacher, i);
    softened p = soften(job, call->logits, i, room);
    softened q = soften(job, call->teacher, i, room + call->logits->columns);
    double sums = cz_logarithm(p.sum) - cz_logarithm(q.sum), loss = 0;
    for (size_t c = 0; c < call->logits->columns; c++) {
        double apart = ((double)teacher[c] - q.top) - ((double)x[c] - p.top);
        if (teacher[c] != -INFINITY)
            loss += (double)q.part[c] / q.sum * (apart / call->temperature + sums);
    }
    return loss * call->temperature * call->temperature;
}

cloze_status cz_cpu_divergence(const cz_place *place, const cz_divergence_call *call)
{
    divergence_job job = { .place = place, .kernels = kernels_of(place), .call = call };
    double sum, total = total_of(call);
    cloze_status status = cz_sum_of_losses(place, call->logits->rows, 2 * call->logits->columns,
                                           divergence_row, &job, &sum);
    if (!status)
        *cz_f32(call->loss) = (float)(total > 0 ? sum / total : 0);
    return status;
}

static void divergence_backward_task(void *context, size_t i, size_t worker)
{
    const divergence_job *job = context;
    const cz_divergence_call *call = job->call;
    float *d = cz_f32_row(call->d_logits, i), *room = scratch_of(job->place, worker);
    softened p = soften(job, call->logits, i, room);
    softened q = soften(job, call->teacher, i, room + call->logits->columns);
    double of_p = job->factor / p.sum, of_q = job->factor / q.sum;
    for (size_t c = 0; c < call->logits->columns; c++)
        d[c] += (float)(of_p * (double)p.part[c] - of_q * (double)q.part[c]);
}

cloze_status cz_cpu_divergence_backward(const cz_place *place, const cz_divergence_call *call)
{
    divergence_job job = { .place = place, .kernels = kernels_of(place), .call = call };
    if (place->scratch_size < 2 * call->logits->columns * sizeof(float))
        return CLOZE_ERROR_LIMIT;
    if (!call->d_logits)
        return CLOZE_OK;
    job.factor = (double)*cz_f32(call->d_loss) * call->temperature / total_of(call);
    cz_pool_run(place->pool, call->logits->rows, divergence_backward_task, &job);
    return CLOZE_OK;
}
