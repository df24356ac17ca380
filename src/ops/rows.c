/* rows.c - operations on whole rows and columns: select, neighbours, views, pool, normalize, cosine. */
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
        cz_run_check(run, run->backend->select_backward(&run->place, &node->call), NULL, 0);
}

cz_tensor *cz_select(cz_run *run, cz_tensor *x, const size_t *rows, size_t count)
{
    select_node *node = cz_run_take(run, sizeof *node);
    cz_tensor *out = cz_run_tensor(run, count, x->columns);
    if (cz_run_failed(run))
        return &run->empty;
    *node = (select_node){ { .x = x, .row = rows, .out = out }, x, out };
    if (cz_run_computes(run))
        cz_run_check(run, run->backend->select(&run->place, &node->call), NULL, 0);
    cz_run_record(run, select_backward, out, node);
    return out;
}

typedef struct replace_node {
    cz_replace_call call;
    cz_tensor *base, *x, *out;
} replace_node;

static void replace_backward(cz_run *run, void *argument)
{
    replace_node *node = argument;
    node->call.d_out = node->out->gradient;
    node->call.d_base = cz_run_gradient(run, node->base);
    node->call.d_x = cz_run_gradient(run, node->x);
    if (cz_run_computes(run))
        cz_run_check(run, run->backend->replace_backward(&run->place, &node->call), NULL, 0);
}

cz_tensor *cz_replace(cz_run *run, cz_tensor *base, cz_tensor *x, const size_t *rows, size_t count)
{
    replace_node *node = cz_run_take(run, sizeof *node);
    cz_tensor *out = run->record ? cz_run_tensor(run, base->rows, base->columns) : base;
    if (cz_run_failed(run) || x->rows != count)
        return &run->empty;
    *node = (replace_node){ { .base = base, .x = x, .row = rows, .out = out }, base, x, out };
    if (cz_run_computes(run))
        cz_run_check(run, run->backend->replace(&run->place, &node->call), NULL, 0);
    cz_run_record(run, replace_backward, out, node);
    return out;
}

typedef struct neighbours_node {
    cz_neighbours_call call;
    cz_tensor *x, *out;
} neighbours_node;

static void neighbours_backward(cz_run *run, void *argument)
{
    neighbours_node *node = argument;
    node->call.d_out = node->out->gradient;
    node->call.d_x = cz_run_gradient(run, node->x);
    if (node->call.d_x && cz_run_computes(run))
        cz_run_check(run, run->backend->neighbours_backward(&run->place, &node->call), NULL, 0);
}

cz_tensor *cz_neighbours(cz_run *run, const cz_packing *packing, cz_tensor *x, size_t kernel)
{
    neighbours_node *node = cz_run_take(run, sizeof *node);
    cz_tensor *out = cz_run_tensor(run, x->rows, x->columns * kernel);
    if (cz_run_failed(run))
        return &run->empty;
    *node =
        (neighbours_node){ { .x = x, .packing = packing, .kernel = kernel, .out = out }, x, out };
    if (cz_run_computes(run))
        cz_run_check(run, run->backend->neighbours(&run->place, &node->call), NULL, 0);
    cz_run_record(run, neighbours_backward, out, node);
    return out;
}

typedef struct columns_node {
    cz_tensor view, *x;
    size_t first;
} columns_node;

static void columns_backward(cz_run *run, void *argument)
{
    columns_node *node = argument;
    cz_tensor *d_x = cz_run_gradient(run, node->x), part;
    if (!d_x || !cz_run_computes(run))
        return;
    part = cz_tensor_columns(d_x, node->first, node->view.columns);
    cz_blend_call call = { .a = 1, .d_out = node->view.gradient, .d_x = &part };
    cz_run_check(run, run->backend->blend_backward(&run->place, &call), NULL, 0);
}

cz_tensor *cz_columns(cz_run *run, cz_tensor *x, size_t first, size_t columns)
{
    columns_node *node = cz_run_take(run, sizeof *node);
    if (!node)
        return &run->empty;
    node->view = cz_tensor_columns(x, first, columns);
    node->view.watched = false;
    node->x = x;
    node->first = first;
    cz_run_record(run, columns_backward, &node->view, node);
    return &node->view;
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
        cz_run_check(run, run->backend->pool_backward(&run->place, &node->call), NULL, 0);
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
        cz_run_check(run, run->backend->pool(&run->place, &node->call), NULL, 0);
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
        cz_run_check(run, run->backend->normalize_backward(&run->place, &node->call), NULL, 0);
}

cz_tensor *cz_normalize_rows(cz_run *run, cz_tensor *x)
{
    normalize_node *node = cz_run_take(run, sizeof *node);
    cz_tensor *out = cz_run_tensor(run, x->rows, x->columns);
    if (cz_run_failed(run))
        return &run->empty;
    *node = (normalize_node){ { .x = x, .out = out }, x, out };
    if (cz_run_computes(run))
        cz_run_check(run, run->backend->normalize(&run->place, &node->call), NULL, 0);
    cz_run_record(run, normalize_backward, out, node);
    return out;
}

typedef struct cosine_node {
    cz_cosine_call call;
    cz_tensor *x, *y, *out;
} cosine_node;

static void cosine_backward(cz_run *run, void *argument)
{
    cosine_node *node = argument;
    node->call.d_out = node->out->gradient;
    node->call.d_x = cz_run_gradient(run, node->x);
    node->call.d_y = cz_run_gradient(run, node->y);
    if (cz_run_computes(run))
        cz_run_check(run, run->backend->cosine_backward(&run->place, &node->call), NULL, 0);
}

cz_tensor *cz_cosine(cz_run *run, cz_tensor *x, cz_tensor *y)
{
    cosine_node *node = cz_run_take(run, sizeof *node);
    cz_tensor *out = cz_run_tensor(run, x->rows, 1);
    if (x->rows != y->rows || x->columns != y->columns)
        cz_run_fail(run, CLOZE_ERROR_ARGUMENT, "rows of %zu x %zu have no cosine with %zu x %zu",
                    x->rows, x->columns, y->rows, y->columns);
    if (cz_run_failed(run))
        return &run->empty;
    *node = (cosine_node){ { .x = x, .y = y, .out = out }, x, y, out };
    if (cz_run_computes(run))
        cz_run_check(run, run->backend->cosine(&run->place, &node->call), NULL, 0);
    cz_run_record(run, cosine_backward, out, node);
    return out;
}
