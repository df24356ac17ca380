/* norm.c - layer norm, alone or of a residual sum. */
#include "ops/ops.h"

typedef struct norm_node {
    cz_norm_call call;
    const cz_norm_weights *weights; /* NULL: the sum alone */
    cz_tensor *x, *branch, *out;
} norm_node;

static void norm_backward(cz_run *run, void *argument)
{
    norm_node *node = argument;
    cz_norm_call *call = &node->call;
    call->d_out = node->out->gradient;
    call->d_x = cz_run_gradient(run, node->x);
    call->d_branch = cz_run_gradient(run, node->branch);
    if (node->weights) {
        call->d_gain = cz_run_parameter_gradient(run, node->weights->gain);
        call->d_shift = cz_run_parameter_gradient(run, node->weights->shift);
    }
    if (cz_run_computes(run))
        cz_run_check(run, run->backend->norm_backward(&run->place, call), NULL, 0);
}

static cz_tensor *norm_of_sum(cz_run *run, cz_tensor *x, cz_tensor *branch,
                              const cz_norm_weights *weights, cz_dropout dropout)
{
    norm_node *node = cz_run_take(run, sizeof *node);
    cz_tensor *out = branch ? cz_run_successor(run, x) : cz_run_tensor(run, x->rows, x->columns);
    if (cz_run_failed(run))
        return &run->empty;
    *node = (norm_node){
        .call = { .x = x, .branch = branch, .dropout = dropout, .out = out },
        .weights = weights,
        .x = x,
        .branch = branch,
        .out = out,
    };
    if (weights) {
        node->call.gain = &weights->gain->value;
        node->call.shift = weights->shift ? &weights->shift->value : NULL;
        node->call.epsilon = weights->epsilon;
        node->call.root_mean_square = weights->root_mean_square;
        if (run->record)
            node->call.sum = cz_run_tensor(run, x->rows, x->columns);
    }
    if (cz_run_computes(run)) {
        const cz_parameter *parameters[] = { weights ? weights->gain : NULL,
                                             weights ? weights->shift : NULL };
        cz_run_check(run, run->backend->norm(&run->place, &node->call), parameters, 2);
    }
    cz_run_record(run, norm_backward, out, node);
    return out;
}

cz_tensor *cz_norm(cz_run *run, cz_tensor *x, const cz_norm_weights *weights)
{
    if (!weights)
        return x;
    return norm_of_sum(run, x, NULL, weights, (cz_dropout){ .p = 0 });
}

cz_tensor *cz_residual(cz_run *run, const cz_batch *batch, cz_tensor *x, cz_tensor *branch,
                       const cz_norm_weights *weights, cz_dropout_site dropout)
{
    return norm_of_sum(
        run, x, branch, weights,
        cz_run_dropout(run, dropout.p, dropout.site, &batch->packing, batch->samples));
}
