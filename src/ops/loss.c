/* loss.c - losses: one number from many. */
#include "ops/ops.h"

typedef struct cross_entropy_node {
    cz_cross_entropy_call call;
    cz_tensor *logits, *loss;
} cross_entropy_node;

static void cross_entropy_backward(cz_run *run, void *argument)
{
    cross_entropy_node *node = argument;
    node->call.d_loss = node->loss->gradient;
    node->call.d_logits = cz_run_gradient(run, node->logits);
    if (node->call.d_logits && cz_run_computes(run))
        cz_run_check(run, run->backend->cross_entropy_backward(&run->place, &node->call), NULL, 0);
}

cz_tensor *cz_cross_entropy(cz_run *run, cz_tensor *logits, const int64_t *labels)
{
    cross_entropy_node *node = cz_run_take(run, sizeof *node);
    cz_tensor *loss = cz_run_tensor(run, 1, 1);
    for (size_t i = 0; i < logits->rows && !cz_run_failed(run); i++)
        if (labels[i] >= 0 && (size_t)labels[i] >= logits->columns)
            cz_run_fail(run, CLOZE_ERROR_ARGUMENT, "label %lld of row %zu is not below %zu",
                        (long long)labels[i], i, logits->columns);
    if (cz_run_failed(run))
        return &run->empty;
    *node =
        (cross_entropy_node){ { .logits = logits, .labels = labels, .loss = loss }, logits, loss };
    if (cz_run_computes(run))
        cz_run_check(run, run->backend->cross_entropy(&run->place, &node->call), NULL, 0);
    cz_run_record(run, cross_entropy_backward, loss, node);
    return loss;
}

typedef struct squared_error_node {
    cz_squared_error_call call;
    cz_tensor *x, *loss;
} squared_error_node;

static void squared_error_backward(cz_run *run, void *argument)
{
    squared_error_node *node = argument;
    node->call.d_loss = node->loss->gradient;
    node->call.d_x = cz_run_gradient(run, node->x);
    if (node->call.d_x && cz_run_computes(run))
        cz_run_check(run, run->backend->squared_error_backward(&run->place, &node->call), NULL, 0);
}

cz_tensor *cz_squared_error(cz_run *run, cz_tensor *x, const cz_tensor *target)
{
    squared_error_node *node = cz_run_take(run, sizeof *node);
    cz_tensor *loss = cz_run_tensor(run, 1, 1);
    if (cz_run_failed(run))
        return &run->empty;
    *node = (squared_error_node){ { .x = x, .target = target, .loss = loss }, x, loss };
    if (cz_run_computes(run))
        cz_run_check(run, run->backend->squared_error(&run->place, &node->call), NULL, 0);
    cz_run_record(run, squared_error_backward, loss, node);
    return loss;
}
