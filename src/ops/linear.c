/* linear.c - activation(x W' + b), and products of two tensors of the run. */
#include "ops/ops.h"

typedef struct linear_node {
    cz_linear_call call;
    const cz_linear_weights *weights;
    cz_tensor *x, *out;
} linear_node;

/* Back through the device, with the room that it wants for that. */
static void walk_back(cz_run *run, cz_linear_call *call)
{
    size_t room = run->backend->linear_room(run->place.kernels, call);
    if (room)
        call->room = cz_run_tensor(run, 1, (room + sizeof(float) - 1) / sizeof(float))->data;
    if (cz_run_computes(run))
        cz_run_check(run, run->backend->linear_backward(&run->place, call), NULL, 0);
}

static void linear_backward(cz_run *run, void *argument)
{
    linear_node *node = argument;
    cz_linear_call *call = &node->call;
    call->d_out = node->out->gradient;
    call->d_x = cz_run_gradient(run, node->x);
    for (int i = 0; i < node->weights->weight.parts; i++) {
        call->d_part[i] = cz_run_parameter_gradient(run, node->weights->part[i]);
        call->d_bias[i] = cz_run_parameter_gradient(run, node->weights->bias[i]);
    }
    size_t mark = run->numbers.used;
    if (call->activation != CZ_IDENTITY)
        call->d_before = cz_run_tensor(run, node->out->rows, node->out->columns);
    walk_back(run, call);
    run->numbers.used = mark;
}

static void check(cz_run *run, cloze_status status, const cz_linear_weights *weights)
{
    const cz_parameter *all[2 * CZ_PARTS] = { NULL };
    for (int i = 0; i < weights->weight.parts; i++) {
        all[2 * i] = weights->part[i];
        all[2 * i + 1] = weights->bias[i];
    }
    cz_run_check(run, status, all, 2 * CZ_PARTS);
}

cz_tensor *cz_linear(cz_run *run, cz_tensor *x, const cz_linear_weights *weights,
                     cz_activation activation)
{
    linear_node *node;
    cz_tensor *out;
    if (!weights || !weights->weight.out)
        return cz_activate(run, x, activation);
    node = cz_run_take(run, sizeof *node);
    out = cz_run_tensor(run, x->rows, weights->weight.out);
    if (cz_run_failed(run))
        return &run->empty;
    *node = (linear_node){
        .call = { .x = x, .weight = &weights->weight, .activation = activation, .out = out },
        .weights = weights,
        .x = x,
        .out = out,
    };
    if (run->record && activation != CZ_IDENTITY)
        node->call.before = cz_run_tensor(run, out->rows, out->columns);
    if (cz_run_computes(run))
        check(run, run->backend->linear(&run->place, &node->call), weights);
    cz_run_record(run, linear_backward, out, node);
    return out;
}

/* ---- a tensor of the run as the weight ---- */

typedef struct product_node {
    cz_linear_call call;
    cz_weight weight;
    cz_tensor *x, *y, *out;
} product_node;

static void product_backward(cz_run *run, void *argument)
{
    product_node *node = argument;
    cz_linear_call *call = &node->call;
    call->d_out = node->out->gradient;
    call->d_x = cz_run_gradient(run, node->x);
    call->d_part[0] = cz_run_gradient(run, node->y);
    size_t mark = run->numbers.used;
    if (call->d_x || call->d_part[0])
        walk_back(run, call);
    run->numbers.used = mark;
}

cz_tensor *cz_product(cz_run *run, cz_tensor *x, cz_tensor *y)
{
    product_node *node = cz_run_take(run, sizeof *node);
    cz_tensor *out = cz_run_tensor(run, x->rows, y->rows);
    if (x->columns != y->columns)
        cz_run_fail(run, CLOZE_ERROR_ARGUMENT, "rows of %zu cannot be multiplied with rows of %zu",
                    x->columns, y->columns);
    if (cz_run_failed(run))
        return &run->empty;
    *node = (product_node){
        .weight = { .in = y->columns, .out = y->rows, .parts = 1, .part = { y } },
        .x = x,
        .y = y,
        .out = out,
    };
    node->call = (cz_linear_call){ .x = x, .weight = &node->weight, .out = out };
    if (cz_run_computes(run)) {
        cloze_status status = run->backend->linear(&run->place, &node->call);
        if (status == CLOZE_ERROR_FORMAT)
            cz_run_fail(run, status,
                        "what a product multiplies with is not finite: weights are "
                        "damaged or their training diverged");
        cz_run_check(run, status, NULL, 0);
    }
    cz_run_record(run, product_backward, out, node);
    return out;
}
