/* cosine.c - the cosine of two rows, one row a task, in double. */
#include "cpu.h"

#include <math.h>

typedef struct angle {
    double length_x, length_y, bound_x, bound_y, cosine;
} angle;

static angle angle_of(const cz_cosine_call *call, size_t i)
{
    const float *x = cz_f32_row(call->x, i), *y = cz_f32_row(call->y, i);
    double xx = 0, yy = 0, xy = 0;
    for (size_t c = 0; c < call->x->columns; c++) {
        xx += (double)x[c] * (double)x[c];
        yy += (double)y[c] * (double)y[c];
        xy += (double)x[c] * (double)y[c];
    }
    angle a = { .length_x = sqrt(xx), .length_y = sqrt(yy) };
    a.bound_x = a.length_x < CZ_COSINE_LEAST ? CZ_COSINE_LEAST : a.length_x;
    a.bound_y = a.length_y < CZ_COSINE_LEAST ? CZ_COSINE_LEAST : a.length_y;
    a.cosine = xy / (a.bound_x * a.bound_y);
    return a;
}

static void cosine_task(void *context, size_t i, size_t worker)
{
    const cz_cosine_call *call = context;
    (void)worker;
    *cz_f32_row(call->out, i) = (float)angle_of(call, i).cosine;
}

cloze_status cz_cpu_cosine(const cz_place *place, const cz_cosine_call *call)
{
    cz_cosine_call mine = *call;
    cz_pool_run(place->pool, call->x->rows, cosine_task, &mine);
    return CLOZE_OK;
}

static void cosine_backward_task(void *context, size_t i, size_t worker)
{
    const cz_cosine_call *call = context;
    const float *x = cz_f32_row(call->x, i), *y = cz_f32_row(call->y, i);
    float *d_x = call->d_x ? cz_f32_row(call->d_x, i) : NULL;
    float *d_y = call->d_y ? cz_f32_row(call->d_y, i) : NULL;
    angle a = angle_of(call, i);
    double d = (double)*cz_f32_row(call->d_out, i), cross = d / (a.bound_x * a.bound_y);
    double back_x = a.length_x > 0 ? d * a.cosine / (a.length_x * a.bound_x) : 0;
    double back_y = a.length_y > 0 ? d * a.cosine / (a.length_y * a.bound_y) : 0;
    (void)worker;
    for (size_t c = 0; d_x && c < call->x->columns; c++)
        d_x[c] += (float)(cross * (double)y[c] - back_x * (double)x[c]);
    for (size_t c = 0; d_y && c < call->x->columns; c++)
        d_y[c] += (float)(cross * (double)x[c] - back_y * (double)y[c]);
}

cloze_status cz_cpu_cosine_backward(const cz_place *place, const cz_cosine_call *call)
{
    cz_cosine_call mine = *call;
    if (call->d_x || call->d_y)
        cz_pool_run(place->pool, call->x->rows, cosine_backward_task, &mine);
    return CLOZE_OK;
}
