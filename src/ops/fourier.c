/* fourier.c - mixing of tokens without weights: the real part of each sequence's transform. */
#include "ops/ops.h"

typedef struct fourier_node {
    cz_fourier_call call;
    cz_tensor *x, *out;
} fourier_node;

/* The room in between is made anew: it would otherwise be kept for every layer. */
static void fourier_backward(cz_run *run, void *argument)
{
    fourier_node *node = argument;
    node->call.d_out = node->out->gradient;
    node->call.d_x = cz_run_gradient(run, node->x);
    if (!node->call.d_x)
        return;
    size_t host = run->host.used, numbers = run->numbers.used;
    node->call.work = cz_run_tensor(run, node->x->rows, node->x->columns + 2);
    if (cz_run_computes(run))
        cz_run_check(run, run->backend->fourier_backward(&run->place, &node->call), NULL, 0);
    run->host.used = host;
    run->numbers.used = numbers;
}

cz_tensor *cz_fourier(cz_run *run, const cz_packing *packing, cz_tensor *x)
{
    fourier_node *node = cz_run_take(run, sizeof *node);
    cz_tensor *out = cz_run_tensor(run, x->rows, x->columns);
    size_t host = run->host.used, numbers = run->numbers.used;
    cz_tensor *work = cz_run_tensor(run, x->rows, x->columns + 2);
    if (cz_run_failed(run))
        return &run->empty;
    *node = (fourier_node){ { .x = x, .packing = packing, .work = work, .out = out }, x, out };
    if (cz_run_computes(run))
        cz_run_check(run, run->backend->fourier(&run->place, &node->call), NULL, 0);
    run->host.used = host;
    run->numbers.used = numbers;
    cz_run_record(run, fourier_backward, out, node);
    return out;
}
