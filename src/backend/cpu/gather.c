/*
 * gather.c - rows chosen and rows pooled. Backward of a choice is cut by columns, so that repeated
 * rows are added in their order; pooling is cut by sequence both ways.
 */
#include "cpu.h"

#include <math.h>
#include <string.h>

typedef struct select_job {
    const cz_select_call *call;
} select_job;

static void select_task(void *context, size_t task, size_t worker)
{
    const cz_select_call *call = ((const select_job *)context)->call;
    size_t end = least((task + 1) * CZ_TASK_ROWS, call->out->rows);
    (void)worker;
    for (size_t i = task * CZ_TASK_ROWS; i < end; i++)
        memcpy(cz_f32_row(call->out, i), cz_f32_row(call->x, call->row[i]),
               call->out->columns * sizeof(float));
}

cloze_status cz_cpu_select(const cz_place *place, const cz_select_call *call)
{
    select_job job = { call };
    cz_pool_run(place->pool, parts_of(call->out->rows, CZ_TASK_ROWS), select_task, &job);
    return CLOZE_OK;
}

static void select_backward_task(void *context, size_t task, size_t worker)
{
    const cz_select_call *call = ((const select_job *)context)->call;
    size_t column = task * CZ_TASK_COLUMNS;
    size_t count = least(CZ_TASK_COLUMNS, call->d_out->columns - column);
    (void)worker;
    for (size_t i = 0; i < call->d_out->rows; i++) {
        const float *d_out = cz_f32_row(call->d_out, i) + column;
        float *d_x = cz_f32_row(call->d_x, call->row[i]) + column;
        for (size_t c = 0; c < count; c++)
            d_x[c] += d_out[c];
    }
}

cloze_status cz_cpu_select_backward(const cz_place *place, const cz_select_call *call)
{
    select_job job = { call };
    if (call->d_x)
        cz_pool_run(place->pool, parts_of(call->d_out->columns, CZ_TASK_COLUMNS),
                    select_backward_task, &job);
    return CLOZE_OK;
}

typedef struct replace_job {
    const cz_replace_call *call;
} replace_job;

static void replace_task(void *context, size_t task, size_t worker)
{
    const cz_replace_call *call = ((const replace_job *)context)->call;
    size_t column = task * CZ_TASK_COLUMNS;
    size_t size = least(CZ_TASK_COLUMNS, call->out->columns - column) * sizeof(float);
    (void)worker;
    for (size_t i = 0; call->out != call->base && i < call->out->rows; i++)
        memcpy(cz_f32_row(call->out, i) + column, cz_f32_row(call->base, i) + column, size);
    for (size_t i = 0; i < call->x->rows; i++)
        memcpy(cz_f32_row(call->out, call->row[i]) + column, cz_f32_row(call->x, i) + column, size);
}

cloze_status cz_cpu_replace(const cz_place *place, const cz_replace_call *call)
{
    replace_job job = { call };
    cz_pool_run(place->pool, parts_of(call->out->columns, CZ_TASK_COLUMNS), replace_task, &job);
    return CLOZE_OK;
}

static void replace_backward_task(void *context, size_t task, size_t worker)
{
    const cz_replace_call *call = ((const replace_job *)context)->call;
    size_t column = task * CZ_TASK_COLUMNS, next = 0;
    size_t count = least(CZ_TASK_COLUMNS, call->d_out->columns - column);
    (void)worker;
    for (size_t i = 0; i < call->d_out->rows; i++) {
        bool replaced = next < call->x->rows && call->row[next] == i;
        const cz_tensor *to = replaced ? call->d_x : call->d_base;
        size_t row = replaced ? next++ : i;
        const float *d_out = cz_f32_row(call->d_out, i) + column;
        float *d = to ? cz_f32_row(to, row) + column : NULL;
        for (size_t c = 0; d && c < count; c++)
            d[c] += d_out[c];
    }
}

cloze_status cz_cpu_replace_backward(const cz_place *place, const cz_replace_call *call)
{
    replace_job job = { call };
    cz_pool_run(place->pool, parts_of(call->d_out->columns, CZ_TASK_COLUMNS), replace_backward_task,
                &job);
    return CLOZE_OK;
}

/* ---- pooling ---- */

typedef struct pool_job {
    const cz_pool_call *call;
} pool_job;

static size_t counted(const cz_pool_call *call, size_t s, size_t *first)
{
    size_t length = call->packing->length[s];
    size_t skip = call->skip ? least(call->skip[s], length) : 0;
    *first = call->packing->begin[s] + skip;
    return length - skip;
}

/* The share of row i of n in the pooled row. */
static double share(cz_pooling_kind kind, size_t i, size_t n)
{
    double count = (double)n;
    switch (kind) {
    case CZ_POOL_FIRST:
        return i == 0;
    case CZ_POOL_LAST:
        return i + 1 == n;
    case CZ_POOL_MEAN:
        return 1 / count;
    case CZ_POOL_MEAN_SQRT:
        return 1 / sqrt(count);
    case CZ_POOL_WEIGHTED:
        return ((double)i + 1) / (count * (count + 1) / 2);
    case CZ_POOL_MAX:
        break;
    }
    return 0;
}

static size_t highest(const cz_pool_call *call, size_t first, size_t n, size_t c)
{
    size_t best = 0;
    for (size_t i = 1; i < n; i++)
        if (cz_f32_row(call->x, first + i)[c] > cz_f32_row(call->x, first + best)[c])
            best = i;
    return best;
}

static void pool_columns(const cz_pool_call *call, size_t s, size_t column, size_t count)
{
    size_t first, n = counted(call, s, &first);
    double sum[CZ_TASK_COLUMNS] = { 0 };
    float *out = cz_f32_row(call->out, s) + column;
    for (size_t i = 0; i < n; i++) {
        const float *x = cz_f32_row(call->x, first + i) + column;
        double part = share(call->kind, i, n);
        for (size_t c = 0; part > 0 && c < count; c++)
            sum[c] += part * (double)x[c];
    }
    for (size_t c = 0; c < count; c++)
        out[c] = call->kind == CZ_POOL_MAX && n
                     ? cz_f32_row(call->x, first + highest(call, first, n, column + c))[column + c]
                     : (float)sum[c];
}

static void pool_task(void *context, size_t s, size_t worker)
{
    const cz_pool_call *call = ((const pool_job *)context)->call;
    size_t n = call->x->columns;
    (void)worker;
    for (size_t column = 0; column < n; column += CZ_TASK_COLUMNS)
        pool_columns(call, s, column, least(CZ_TASK_COLUMNS, n - column));
}

cloze_status cz_cpu_pool(const cz_place *place, const cz_pool_call *call)
{
    pool_job job = { call };
    cz_pool_run(place->pool, call->packing->count, pool_task, &job);
    return CLOZE_OK;
}

static void pool_backward_task(void *context, size_t s, size_t worker)
{
    const cz_pool_call *call = ((const pool_job *)context)->call;
    size_t first, n = counted(call, s, &first), columns = call->x->columns;
    const float *d_out = cz_f32_row(call->d_out, s);
    (void)worker;
    for (size_t i = 0; i < n; i++) {
        float *d_x = cz_f32_row(call->d_x, first + i);
        double part = share(call->kind, i, n);
        for (size_t c = 0; part > 0 && c < columns; c++)
            d_x[c] += (float)(part * (double)d_out[c]);
    }
    for (size_t c = 0; call->kind == CZ_POOL_MAX && n && c < columns; c++)
        cz_f32_row(call->d_x, first + highest(call, first, n, c))[c] += d_out[c];
}

cloze_status cz_cpu_pool_backward(const cz_place *place, const cz_pool_call *call)
{
    pool_job job = { call };
    if (call->d_x)
        cz_pool_run(place->pool, call->packing->count, pool_backward_task, &job);
    return CLOZE_OK;
}
