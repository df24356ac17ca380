/*
 * binary.c - binary cross entropy of logits: one row a task; e^-|x| in float by the instruction
 * set's kernels, everything else of an element in double.
 */
#include "loss.h"
#include "numbers.h"

#include <math.h>

typedef struct binary_job {
    const cz_place *place;
    const cz_kernels *kernels;
    const cz_binary_entropy_call *call;
    double factor; /* of the gradient */
} binary_job;

static double weight_of(const cz_binary_entropy_call *call, size_t c)
{
    return call->positive_weight ? (double)call->positive_weight[c] : 1;
}

static double total_of(const cz_binary_entropy_call *call)
{
    size_t count = 0;
    if (call->total > 0)
        return call->total;
    for (size_t i = 0; i < call->targets->rows; i++) {
        const float *target = cz_f32_row(call->targets, i);
        for (size_t c = 0; c < call->targets->columns; c++)
            count += isnan(target[c]) ? 0 : 1;
    }
    return (double)count;
}

/* room[c] = e^-|x[c]| */
static void shrink(const binary_job *job, const float *x, float *room)
{
    size_t n = job->call->logits->columns;
    for (size_t c = 0; c < n; c++)
        room[c] = -fabsf(x[c]);
    job->kernels->exp_sum(room, n, 0, room);
}

static double binary_row(const void *context, size_t i, float *room)
{
    const binary_job *job = context;
    const float *x = cz_f32_row(job->call->logits, i), *target = cz_f32_row(job->call->targets, i);
    double loss = 0;
    shrink(job, x, room);
    for (size_t c = 0; c < job->call->logits->columns; c++) {
        double t = (double)target[c], more = cz_logarithm_of_more((double)room[c]);
        double below = x[c] < 0 ? -(double)x[c] : 0, above = x[c] < 0 ? 0 : (double)x[c];
        if (!isnan(t))
            loss += weight_of(job->call, c) * t * (below + more) + (1 - t) * (above + more);
    }
    return loss;
}

cloze_status cz_cpu_binary_entropy(const cz_place *place, const cz_binary_entropy_call *call)
{
    binary_job job = { .place = place, .kernels = kernels_of(place), .call = call };
    double sum, total = total_of(call);
    cloze_status status =
        cz_sum_of_losses(place, call->logits->rows, call->logits->columns, binary_row, &job, &sum);
    if (!status)
        *cz_f32(call->loss) = (float)(total > 0 ? sum / total : 0);
    return status;
}

static void binary_backward_task(void *context, size_t i, size_t worker)
{
    const binary_job *job = context;
    const cz_binary_entropy_call *call = job->call;
    const float *x = cz_f32_row(call->logits, i), *target = cz_f32_row(call->targets, i);
    float *d = cz_f32_row(call->d_logits, i), *room = scratch_of(job->place, worker);
    shrink(job, x, room);
    for (size_t c = 0; c < call->logits->columns; c++) {
        double t = (double)target[c], e = (double)room[c], large = 1 / (1 + e), small = e * large;
        double yes = x[c] < 0 ? small : large, no = x[c] < 0 ? large : small;
        if (!isnan(t))
            d[c] += (float)(job->factor * ((1 - t) * yes - weight_of(call, c) * t * no));
    }
}

cloze_status cz_cpu_binary_entropy_backward(const cz_place *place,
                                            const cz_binary_entropy_call *call)
{
    binary_job job = { .place = place, .kernels = kernels_of(place), .call = call };
    if (place->scratch_size < call->logits->columns * sizeof(float))
        return CLOZE_ERROR_LIMIT;
    double total = total_of(call);
    if (!call->d_logits || !(total > 0))
        return CLOZE_OK;
    job.factor = (double)*cz_f32(call->d_loss) / total;
    cz_pool_run(place->pool, call->logits->rows, binary_backward_task, &job);
    return CLOZE_OK;
}
