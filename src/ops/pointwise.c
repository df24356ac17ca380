/* pointwise.c - element by element: activation, dropout, blends. */
#include "ops/ops.h"

typedef struct pointwise_node {
    cz_pointwise_call call;
    cz_tensor *x, *out;
} pointwise_node;

static void pointwise_backward(cz_run *run, void *argument)
{
    pointwise_node *node = argument;
    node->call.d_out = node->out->gradient;
    node->call.d_x = cz_run_gradient(run, node->x);
    if (node->call.d_x && cz_run_computes(run))
        cz_run_check(run, run->backend->pointwise_backward(&run->place, &node->call), NULL, 0);
}

static cz_tensor *pointwise(cz_run *run, cz_tensor *x, cz_activation activation, cz_dropout dropout)
{
    pointwise_node *node = cz_run_take(run, sizeof *node);
    cz_tensor *out = cz_run_tensor(run, x->rows, x->columns);
    if (cz_run_failed(run))
        return &run->empty;
    *node = (pointwise_node){ { .x = x, .activation = activation, .dropout = dropout, .out = out },
                              x,
                              out };
    if (cz_run_computes(run))
        cz_run_check(run, run->backend->pointwise(&run->place, &node->call), NULL, 0);
    cz_run_record(run, pointwise_backward, out, node);
    return out;
}

cz_tensor *cz_activate(cz_run *run, cz_tensor *x, cz_activation activation)
{
    if (activation == CZ_IDENTITY)
        return x;
    return pointwise(run, x, activation, (cz_dropout){ .p = 0 });
}

cz_tensor *cz_drop(cz_run *run, const cz_packing *packing, const uint64_t *samples, cz_tensor *x,
                   cz_dropout_site dropout)
{
    if (!run->dropout || dropout.p <= 0)
        return x;
    return pointwise(run, x, CZ_IDENTITY,
                     cz_run_dropout(run, dropout.p, dropout.site, packing, samples));
}

typedef struct blend_node {
    cz_blend_call call;
    cz_tensor *x, *y, *out;
} blend_node;

static void blend_backward(cz_run *run, void *argument)
{
    blend_node *node = argument;
    node->call.d_out = node->out->gradient;
    node->call.d_x = cz_run_gradient(run, node->x);
    node->call.d_y = cz_run_gradient(run, node->y);
    if (cz_run_computes(run))
        cz_run_check(run, run->backend->blend_backward(&run->place, &node->call), NULL, 0);
}

cz_tensor *cz_blend(cz_run *run, cz_tensor *x, double a, cz_tensor *y, double b)
{
    blend_node *node = cz_run_take(run, sizeof *node);
    cz_tensor *out = cz_run_tensor(run, x->rows, x->columns);
    if (cz_run_failed(run))
        return &run->empty;
    *node = (blend_node){ { .x = x, .y = y, .a = a, .b = b, .out = out }, x, y, out };
    if (cz_run_computes(run))
        cz_run_check(run, run->backend->blend(&run->place, &node->call), NULL, 0);
    cz_run_record(run, blend_backward, out, node);
    return out;
}
