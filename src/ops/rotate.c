/* rotate.c - rotary positions, gates and scaled groups of columns: what is done to rows between products. */
#include "ops/ops.h"

typedef struct rotate_node {
    cz_rotate_call call;
    cz_tensor *x, *out;
} rotate_node;

static void rotate_backward(cz_run *run, void *argument)
{
    rotate_node *node = argument;
    node->call.d_out = node->out->gradient;
    node->call.d_x = cz_run_gradient(run, node->x);
    if (node->call.d_x && cz_run_computes(run))
        cz_run_check(run, run->backend->rotate_backward(&run->place, &node->call), NULL, 0);
}

cz_tensor *cz_rotate(cz_run *run, const cz_packing *packing, cz_tensor *x, const cz_tensor *angles,
                     size_t turned)
{
    rotate_node *node = cz_run_take(run, sizeof *node);
    cz_tensor *out = run->record ? cz_run_tensor(run, x->rows, x->columns) : x;
    if (cz_run_failed(run))
        return &run->empty;
    *node = (rotate_node){
        { .x = x, .packing = packing, .angles = angles, .turned = turned, .out = out }, x, out
    };
    if (cz_run_computes(run))
        cz_run_check(run, run->backend->rotate(&run->place, &node->call), NULL, 0);
    cz_run_record(run, rotate_backward, out, node);
    return out;
}

typedef struct gate_node {
    cz_gate_call call;
    cz_tensor *x, *out;
} gate_node;

static void gate_backward(cz_run *run, void *argument)
{
    gate_node *node = argument;
    node->call.d_out = node->out->gradient;
    node->call.d_x = cz_run_gradient(run, node->x);
    if (node->call.d_x && cz_run_computes(run))
        cz_run_check(run, run->backend->gate_backward(&run->place, &node->call), NULL, 0);
}

cz_tensor *cz_gate(cz_run *run, cz_tensor *x, cz_activation activation)
{
    gate_node *node = cz_run_take(run, sizeof *node);
    cz_tensor *out = cz_run_tensor(run, x->rows, x->columns / 2);
    if (cz_run_failed(run))
        return &run->empty;
    *node = (gate_node){ { .x = x, .activation = activation, .out = out }, x, out };
    if (cz_run_computes(run))
        cz_run_check(run, run->backend->gate(&run->place, &node->call), NULL, 0);
    cz_run_record(run, gate_backward, out, node);
    return out;
}

typedef struct scale_node {
    cz_scale_call call;
    cz_tensor *x, *factor, *out;
} scale_node;

static void scale_backward(cz_run *run, void *argument)
{
    scale_node *node = argument;
    cz_scale_call *call = &node->call;
    call->d_out = node->out->gradient;
    call->d_x = cz_run_gradient(run, node->x);
    call->d_factor = cz_run_gradient(run, node->factor);
    if ((call->d_x || call->d_factor) && cz_run_computes(run))
        cz_run_check(run, run->backend->scale_backward(&run->place, call), NULL, 0);
}

cz_tensor *cz_scale(cz_run *run, cz_tensor *x, cz_tensor *factor)
{
    scale_node *node = cz_run_take(run, sizeof *node);
    cz_tensor *out = cz_run_tensor(run, x->rows, x->columns);
    if (!factor->columns || x->columns % factor->columns)
        cz_run_fail(run, CLOZE_ERROR_ARGUMENT, "%zu columns are not %zu groups", x->columns,
                    factor->columns);
    if (cz_run_failed(run))
        return &run->empty;
    *node = (scale_node){ { .x = x, .factor = factor, .out = out }, x, factor, out };
    if (cz_run_computes(run))
        cz_run_check(run, run->backend->scale(&run->place, &node->call), NULL, 0);
    cz_run_record(run, scale_backward, out, node);
    return out;
}
