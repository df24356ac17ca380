/* adapt.c - linear maps with adapters beside them, and the sum that they need. */
#include "ops/ops.h"

typedef struct add_node {
    cz_tensor *base, *x;
    size_t first;
    double factor;
} add_node;

static void add_backward(cz_run *run, void *argument)
{
    const add_node *node = argument;
    cz_tensor part = cz_tensor_columns(node->base->gradient, node->first, node->x->columns);
    cz_blend_call call = { .a = node->factor,
                           .d_out = &part,
                           .d_x = cz_run_gradient(run, node->x) };
    if (call.d_x && cz_run_computes(run))
        cz_run_check(run, run->backend->blend_backward(&run->place, &call), NULL, 0);
}

cz_tensor *cz_add_columns(cz_run *run, cz_tensor *base, size_t first, cz_tensor *x, double factor)
{
    add_node *node = cz_run_take(run, sizeof *node);
    if (!node)
        return &run->empty;
    *node = (add_node){ base, x, first, factor };
    cz_tensor part = cz_tensor_columns(base, first, x->columns);
    cz_blend_call call = { .x = &part, .y = x, .a = 1, .b = factor, .out = &part };
    if (cz_run_computes(run))
        cz_run_check(run, run->backend->blend(&run->place, &call), NULL, 0);
    cz_run_record(run, add_backward, base, node);
    return base;
}

static bool is_adapted(const cz_linear_weights *weights)
{
    for (int i = 0; i < CZ_PARTS; i++)
        if (weights->adapter[i])
            return true;
    return false;
}

cz_tensor *cz_adapted(cz_run *run, const cz_packing *packing, const uint64_t *samples, cz_tensor *x,
                      const cz_linear_weights *weights, cz_activation activation, uint32_t turn)
{
    size_t first = 0;
    if (!is_adapted(weights))
        return cz_linear(run, x, weights, activation);
    cz_tensor *out = cz_linear(run, x, weights, CZ_IDENTITY);
    for (int i = 0; i < weights->weight.parts; first += weights->weight.part[i++]->rows) {
        const cz_adapter *adapter = weights->adapter[i];
        if (!adapter)
            continue;
        cz_dropout_site dropout = { adapter->dropout.p, adapter->dropout.site | turn };
        cz_tensor *thin = cz_drop(run, packing, samples, x, dropout);
        thin = cz_linear(run, thin, &adapter->down, CZ_IDENTITY);
        thin = cz_linear(run, thin, &adapter->up, CZ_IDENTITY);
        out = cz_add_columns(run, out, first, thin, adapter->scale);
    }
    return cz_activate(run, out, activation);
}
