/*
 * norm.c - residual, dropout and norm of rows in one walk; vectors made one long. Backward: the
 * rows first, which leave their moments in shared scratch, then gain and shift by columns, each
 * summing all rows in order.
 */
#include "backend/dropout.h"
#include "cpu.h"

#include <math.h>
#include <string.h>

typedef struct norm_job {
    const cz_place *place;
    const cz_kernels *kernels;
    const cz_norm_call *call;
    cz_moments *moments; /* [rows], backward */
    bool bad;
} norm_job;

enum { ROOMS = 4 }; /* rows of scratch that a worker uses */

size_t cz_shared_size(size_t rows)
{
    return parts_of(rows * 8, 64) * 64;
}

/* A worker's own rows, behind what is shared. */
static float *room_of(const norm_job *job, size_t worker, int room)
{
    size_t columns = parts_of(job->call->x->columns, 16) * 16;
    char *own = scratch_of(job->place, worker);
    if (job->moments)
        own += cz_shared_size(job->call->x->rows);
    return (float *)(void *)own + (size_t)room * columns;
}

static void drop(const norm_job *job, size_t row, const float *from, float *to)
{
    const cz_dropout *dropout = &job->call->dropout;
    size_t columns = job->call->x->columns, within;
    uint64_t sample = cz_dropout_sample(dropout, row, &within);
    memcpy(to, from, columns * sizeof *to);
    job->kernels->drop(dropout, sample, (uint64_t)within * columns, columns, to);
}

static const float *vector_of(const cz_tensor *t, float *room)
{
    return t ? (const float *)(const void *)cz_floats(t, 0, 0, t->columns, room) : NULL;
}

static cz_norm_row norm_row(const norm_job *job, size_t worker)
{
    const cz_norm_call *call = job->call;
    return (cz_norm_row){
        .gain = vector_of(call->gain, room_of(job, worker, 0)),
        .shift = vector_of(call->shift, room_of(job, worker, 1)),
        .columns = call->x->columns,
        .epsilon = (float)call->epsilon,
        .root_mean_square = call->root_mean_square,
    };
}

static void norm_task(void *context, size_t task, size_t worker)
{
    const norm_job *job = context;
    const cz_norm_call *call = job->call;
    size_t n = call->x->columns, end = least((task + 1) * CZ_TASK_ROWS, call->x->rows);
    float *room = room_of(job, worker, 2);
    cz_norm_row row = norm_row(job, worker);
    for (size_t i = task * CZ_TASK_ROWS; i < end; i++) {
        row.x = cz_f32_row(call->x, i);
        row.branch = call->branch ? cz_f32_row(call->branch, i) : NULL;
        row.out = cz_f32_row(call->out, i);
        row.sum = call->sum ? cz_f32_row(call->sum, i) : row.out;
        if (call->branch && call->dropout.p > 0) {
            drop(job, i, row.branch, room);
            row.branch = room;
        }
        if (call->gain) {
            job->kernels->norm(&row);
            continue;
        }
        job->kernels->add_rows(row.x, row.branch, n, row.sum);
        if (row.sum != row.out)
            memcpy(row.out, row.sum, n * sizeof(float));
    }
}

static bool is_finite(const cz_tensor *t)
{
    float value, bad = 0;
    if (!t)
        return true;
    if (t->type == CZ_F32) {
        for (size_t c = 0; c < t->columns; c++) {
            memcpy(&value, (const char *)t->data + c * sizeof value, sizeof value);
            bad += value * 0.0f;
        }
        return bad == 0.0f;
    }
    for (size_t c = 0; c < t->columns; c++)
        if (!isfinite((float)cz_tensor_at(t, 0, c)))
            return false;
    return true;
}

static bool room_suffices(const norm_job *job, size_t rows)
{
    size_t columns = parts_of(job->call->x->columns, 16) * 16;
    return job->place->scratch_size >= cz_shared_size(rows) + ROOMS * columns * sizeof(float);
}

cloze_status cz_cpu_norm(const cz_place *place, const cz_norm_call *call)
{
    norm_job job = { .place = place, .kernels = kernels_of(place), .call = call };
    if (!room_suffices(&job, 0))
        return CLOZE_ERROR_LIMIT;
    if (!is_finite(call->gain) || !is_finite(call->shift))
        return CLOZE_ERROR_FORMAT;
    cz_pool_run(place->pool, parts_of(call->x->rows, CZ_TASK_ROWS), norm_task, &job);
    return CLOZE_OK;
}

static void add_to(float *to, const float *from, size_t count)
{
    for (size_t c = 0; c < count; c++)
        to[c] += from[c];
}

static void norm_backward_task(void *context, size_t task, size_t worker)
{
    const norm_job *job = context;
    const cz_norm_call *call = job->call;
    size_t n = call->x->columns, end = least((task + 1) * CZ_TASK_ROWS, call->x->rows);
    float *d_sum = room_of(job, worker, 2), *other = room_of(job, worker, 3);
    cz_norm_row row = norm_row(job, worker);
    for (size_t i = task * CZ_TASK_ROWS; i < end; i++) {
        const float *d_out = cz_f32_row(call->d_out, i), *d = d_out;
        if (call->gain) {
            row.x = cz_f32_row(call->sum, i);
            row.sum = other;
            job->moments[i] = job->kernels->norm(&row);
            job->kernels->norm_backward(&row, job->moments[i], d_out, d_sum);
            d = d_sum;
        }
        if (call->d_x)
            add_to(cz_f32_row(call->d_x, i), d, n);
        if (call->d_branch && call->dropout.p > 0) {
            drop(job, i, d, other);
            d = other;
        }
        if (call->d_branch)
            add_to(cz_f32_row(call->d_branch, i), d, n);
    }
}

static void gain_task(void *context, size_t task, size_t worker)
{
    const norm_job *job = context;
    const cz_norm_call *call = job->call;
    size_t column = task * CZ_TASK_COLUMNS;
    size_t count = least(CZ_TASK_COLUMNS, call->x->columns - column);
    float gain[CZ_TASK_COLUMNS] = { 0 }, shift[CZ_TASK_COLUMNS] = { 0 };
    (void)worker;
    for (size_t i = 0; i < call->x->rows; i++) {
        const float *d = cz_f32_row(call->d_out, i) + column;
        const float *sum = cz_f32_row(call->sum, i) + column;
        cz_moments m = job->moments[i];
        for (size_t c = 0; c < count; c++) {
            gain[c] += d[c] * ((sum[c] - m.mean) * m.inverse);
            shift[c] += d[c];
        }
    }
    if (call->d_gain)
        add_to(cz_f32(call->d_gain) + column, gain, count);
    if (call->d_shift)
        add_to(cz_f32(call->d_shift) + column, shift, count);
}

cloze_status cz_cpu_norm_backward(const cz_place *place, const cz_norm_call *call)
{
    norm_job job = { .place = place, .kernels = kernels_of(place), .call = call };
    size_t rows = call->x->rows;
    job.moments = (cz_moments *)(void *)place->scratch;
    if (!room_suffices(&job, rows))
        return CLOZE_ERROR_LIMIT;
    if (call->gain && !call->sum)
        return CLOZE_ERROR_ARGUMENT;
    cz_pool_run(place->pool, parts_of(rows, CZ_TASK_ROWS), norm_backward_task, &job);
    if (call->gain && (call->d_gain || call->d_shift))
        cz_pool_run(place->pool, parts_of(call->x->columns, CZ_TASK_COLUMNS), gain_task, &job);
    return CLOZE_OK;
}

/* ---- vectors of length one ---- */

typedef struct normalize_job {
    const cz_normalize_call *call;
} normalize_job;

static double length_of(const float *x, size_t columns)
{
    double square = 0;
    for (size_t c = 0; c < columns; c++)
        square += (double)x[c] * (double)x[c];
    return sqrt(square);
}

static void normalize_task(void *context, size_t i, size_t worker)
{
    const cz_normalize_call *call = ((const normalize_job *)context)->call;
    const float *x = cz_f32_row(call->x, i);
    float *out = cz_f32_row(call->out, i);
    double length = length_of(x, call->x->columns);
    (void)worker;
    length = length < 1e-12 ? 1e-12 : length;
    for (size_t c = 0; c < call->x->columns; c++)
        out[c] = (float)((double)x[c] / length);
}

cloze_status cz_cpu_normalize(const cz_place *place, const cz_normalize_call *call)
{
    normalize_job job = { call };
    cz_pool_run(place->pool, call->x->rows, normalize_task, &job);
    return CLOZE_OK;
}

static void normalize_backward_task(void *context, size_t i, size_t worker)
{
    const cz_normalize_call *call = ((const normalize_job *)context)->call;
    size_t n = call->x->columns;
    const float *x = cz_f32_row(call->x, i), *d_out = cz_f32_row(call->d_out, i);
    float *d_x = cz_f32_row(call->d_x, i);
    double length = length_of(x, n), along = 0;
    (void)worker;
    for (size_t c = 0; c < n; c++)
        along += (double)d_out[c] * (double)x[c];
    for (size_t c = 0; c < n; c++) {
        double d = (double)d_out[c];
        if (length <= 1e-12)
            d_x[c] += (float)(d / 1e-12);
        else
            d_x[c] += (float)((d - along * (double)x[c] / (length * length)) / length);
    }
}

cloze_status cz_cpu_normalize_backward(const cz_place *place, const cz_normalize_call *call)
{
    normalize_job job = { call };
    if (call->d_x)
        cz_pool_run(place->pool, call->x->rows, normalize_backward_task, &job);
    return CLOZE_OK;
}
