/* rows.c - operations on whole rows: select, pool, normalize. */
#include "ops/ops.h"

typedef struct select_node {
    cz_select_call call;
    cz_tensor *x, *out;
} select_node;

static void select_backward(cz_run *run, void *argument)
{
    select_node *node = argument;
    node->call.d_out = node->out->gradient;
    node->call.d_x = cz_run_gradient(run, node->x);
    if (node->call.d_x && cz_run_computes(run))
        cz_run_check(run, run->backend->select_backward(&run->place, &node->call), NULL);
}

cz_tensor *cz_select(cz_run *run, cz_tensor *x, const size_t *rows, size_t count)
{
    select_node *node = cz_run_take(run, sizeof *node);
    cz_tensor *out = cz_run_tensor(run, count, x->columns);
    if (cz_run_failed(run))
        return &run->empty;
    *node = (select_node){ { .x = x, .row = rows, .out = out }, x, out };
    if (cz_run_computes(run))
        cz_run_check(run, run->backend->select(&run->place, &node->call), NULL);
    cz_run_record(run, select_backward, out, node);
    return out;
}

typedef struct pool_node {
    cz_pool_call call;
    cz_tensor *x, *out;
} pool_node;

static void pool_backward(cz_run *run, void *argument)
{
    pool_node *node = argument;
    node->call.d_out = node->out->gradient;
    node->call.d_x = cz_run_gradient(run, node->x);
    if (node->call.d_x && cz_run_computes(run))
        cz_run_check(run, run->backend->pool_backward(&run->place, &node->call), NULL);
}

cz_tensor *cz_pool_rows(cz_run *run, cz_tensor *x, const cz_packing *packing, const size_t *skip,
                        cz_pooling_kind kind)
{
    pool_node *node = cz_run_take(run, sizeof *node);
    cz_tensor *out = cz_run_tensor(run, packing->count, x->columns);
    if (cz_run_failed(run))
        return &run->empty;
    *node = (pool_node){ { .x = x, .packing = packing, .skip = skip, .kind = kind, .out = out },
                         x,
                         out };
    if (cz_run_computes(run))
        cz_run_check(run, run->backend->pool(&run->place, &node->call), NULL);
    cz_run_record(run, pool_backward, out, node);
    return out;
}

typedef struct normalize_node {
    cz_normalize_call call;
    cz_tensor *x, *out;
} normalize_node;

static void normalize_backward(cz_run *run, void *argument)
{
    normalize_node *node = argument;
    node->call.d_out = node->out->gradient;
    node->call.d_x = cz_run_gradient(run, node->x);
    if (node->call.d_x && cz_run_computes(run))
        cz_run_check(run, run->backend->normalize_backward(&run->place, &node->call), NULL);
}

cz_tensor *cz_normalize_rows(cz_run *run, cz_tensor *x)
{
    normalize_node *node = cz_run_take(run, sizeof *node);
    cz_tensor *out = cz_run_tensor(run, x->rows, x->columns);
    if (cz_run_failed(run))
        return &run->empty;
    *node = (normalize_node){ { .x = x, .out = out }, x, out };
    if (cz_run_computes(run))
        cz_run_check(run, run->backend->normalize(&run->place, &node->call), NULL);
    cz_run_record(run, normalize_backward, out, node);
    return out;
}
