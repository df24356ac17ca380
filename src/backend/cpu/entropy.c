/*
 * entropy.c - cross entropy. One row a task; exponentials in float by the instruction set's
 * kernels, logarithms and sums of a row's terms in double, in order.
 */
#include "loss.h"
#include "numbers.h"

#include <math.h>

typedef struct entropy_job {
    const cz_place *place;
    const cz_kernels *kernels;
    const cz_cross_entropy_call *call;
    double weights;       /* of all classes */
    double share;         /* that smoothing gives to each class */
    double total, factor; /* what the sum is divided by; of the gradient */
} entropy_job;

static double weight_of(const entropy_job *job, size_t c)
{
    const float *weight = job->call->terms.class_weight;
    return weight ? (double)weight[c] : 1;
}

/* Weights and total; false when a label is not one of the classes. */
static bool prepare(entropy_job *job)
{
    const cz_cross_entropy_call *call = job->call;
    size_t classes = call->logits->columns;
    double labelled = 0;
    for (size_t i = 0; i < call->logits->rows; i++) {
        if (call->labels[i] >= 0 && (uint64_t)call->labels[i] >= classes)
            return false;
        labelled += call->labels[i] >= 0 ? weight_of(job, (size_t)call->labels[i]) : 0;
    }
    for (size_t c = 0; c < classes; c++)
        job->weights += weight_of(job, c);
    job->share = call->terms.smoothing / (double)classes;
    job->total = call->terms.total > 0 ? call->terms.total : labelled;
    return true;
}

/* ---- focal: what the others have, p near one too ---- */

typedef struct focus {
    double others; /* 1 - p of the label */
    double nll;    /* -log p */
    float sum;     /* of the exponentials, which are in the room */
} focus;

static focus focus_of(const entropy_job *job, size_t row, float *room)
{
    const float *logits = cz_f32_row(job->call->logits, row);
    size_t n = job->call->logits->columns, label = (size_t)job->call->labels[row];
    float top = job->kernels->highest(logits, n);
    focus f = { .sum = job->kernels->exp_sum(logits, n, top, room) };
    double rest = 0;
    for (size_t c = 0; c < n; c++)
        rest += c == label ? 0 : (double)room[c];
    f.others = rest / (rest + (double)room[label]);
    if (f.others < 0.25)
        f.nll = -cz_logarithm_of_more(-f.others);
    else
        f.nll = (double)top + cz_logarithm((double)f.sum) - (double)logits[label];
    return f;
}

/* ---- the loss ---- */

static double log_sum_exp(const entropy_job *job, const float *logits)
{
    size_t n = job->call->logits->columns;
    float top = job->kernels->highest(logits, n);
    return (double)top + cz_logarithm((double)job->kernels->exp_sum(logits, n, top, NULL));
}

static double entropy_row(const void *context, size_t i, float *room)
{
    const entropy_job *job = context;
    const cz_entropy_terms *terms = &job->call->terms;
    const float *logits = cz_f32_row(job->call->logits, i);
    int64_t label = job->call->labels[i];
    double all, loss;
    if (label < 0)
        return 0;
    if (terms->focal > 0) {
        focus f = focus_of(job, i, room);
        return weight_of(job, (size_t)label) * cz_power(f.others, terms->focal) * f.nll;
    }
    all = log_sum_exp(job, logits);
    loss = weight_of(job, (size_t)label) * (all - (double)logits[(size_t)label]);
    if (terms->smoothing > 0) {
        loss *= 1 - terms->smoothing;
        for (size_t c = 0; c < job->call->logits->columns; c++)
            if (weight_of(job, c) > 0) /* else the logit may be infinite */
                loss += job->share * weight_of(job, c) * (all - (double)logits[c]);
    }
    return loss;
}

cloze_status cz_cpu_cross_entropy(const cz_place *place, const cz_cross_entropy_call *call)
{
    entropy_job job = { .place = place, .kernels = kernels_of(place), .call = call };
    size_t rows = call->logits->rows, room = call->terms.focal > 0 ? call->logits->columns : 0;
    double sum;
    if (!prepare(&job))
        return CLOZE_ERROR_ARGUMENT;
    cloze_status status = cz_sum_of_losses(place, rows, room, entropy_row, &job, &sum);
    if (!status)
        *cz_f32(call->loss) = (float)(job.total > 0 ? sum / job.total : 0);
    return status;
}

/* ---- its gradient ---- */

/* d += factor * (whole * p - what the row's labels say); p is in the room, times sum. */
static void focal_backward(const entropy_job *job, size_t i, focus f, const float *p, float *d)
{
    const cz_cross_entropy_call *call = job->call;
    size_t label = (size_t)call->labels[i];
    double gamma = call->terms.focal, ratio = f.others > 0 ? f.nll / f.others : 1;
    double slope = cz_power(f.others, gamma) * (1 + gamma * (1 - f.others) * ratio);
    double factor = job->factor * weight_of(job, label) * slope;
    float each = (float)(factor / (double)f.sum);
    for (size_t c = 0; c < call->logits->columns; c++)
        if (c != label)
            d[c] += each * p[c];
    d[label] -= (float)(factor * f.others);
}

static void smooth_backward(const entropy_job *job, size_t i, float sum, const float *p, float *d)
{
    const cz_cross_entropy_call *call = job->call;
    size_t label = (size_t)call->labels[i];
    double own = (1 - call->terms.smoothing) * weight_of(job, label);
    double whole = own + job->share * job->weights;
    for (size_t c = 0; c < call->logits->columns; c++) {
        double said = job->share * weight_of(job, c) + (c == label ? own : 0);
        d[c] += (float)(job->factor * (whole * ((double)p[c] / (double)sum) - said));
    }
}

static void entropy_backward_task(void *context, size_t i, size_t worker)
{
    const entropy_job *job = context;
    const cz_cross_entropy_call *call = job->call;
    size_t n = call->logits->columns;
    int64_t label = call->labels[i];
    const float *logits = cz_f32_row(call->logits, i);
    float *d = cz_f32_row(call->d_logits, i), *p = scratch_of(job->place, worker);
    if (label < 0)
        return;
    if (call->terms.focal > 0) {
        focal_backward(job, i, focus_of(job, i, p), p, d);
        return;
    }
    float sum = job->kernels->exp_sum(logits, n, job->kernels->highest(logits, n), p);
    if (call->terms.smoothing > 0) {
        smooth_backward(job, i, sum, p, d);
        return;
    }
    float inverse = 1.0f / sum, factor = (float)(job->factor * weight_of(job, (size_t)label));
    for (size_t c = 0; c < n; c++)
        d[c] += factor * (p[c] * inverse - (c == (size_t)label ? 1.0f : 0.0f));
}

cloze_status cz_cpu_cross_entropy_backward(const cz_place *place, const cz_cross_entropy_call *call)
{
    entropy_job job = { .place = place, .kernels = kernels_of(place), .call = call };
    if (!prepare(&job))
        return CLOZE_ERROR_ARGUMENT;
    if (place->scratch_size < call->logits->columns * sizeof(float))
        return CLOZE_ERROR_LIMIT;
    if (!call->d_logits || !(job.total > 0))
        return CLOZE_OK;
    job.factor = (double)*cz_f32(call->d_loss) / job.total;
    cz_pool_run(place->pool, call->logits->rows, entropy_backward_task, &job);
    return CLOZE_OK;
}
