/*
 * cpu.c - the CPU's device table, and the scratch that a worker of it needs. Operations are cut
 * into tasks by their shape and call the kernels of the place's instruction set.
 */
#include "cpu.h"

static size_t most(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* In the order of the slots: a panel made at use (or of W' for the input's gradient); a head of the
 * longest sequence; rows of a norm behind what rows share. */
static size_t scratch(const cz_extent *extent, const void *table)
{
    const cz_kernels *kernels = table ? table : &cz_kernels_scalar;
    size_t row = parts_of(extent->widest, 16) * 16 * sizeof(float);
    size_t need = most(extent->widest * kernels->panel * sizeof(float), 4 * row);
    size_t keys = extent->longest + cz_columns_ahead(extent->globals);
    size_t head =
        kernels->attend_scratch(extent->head_size, keys, extent->relative, extent->gradients);
    need = most(need, head * sizeof(float));
    need = most(need, cz_shared_size(1) + extent->longest * sizeof(float));
    if (extent->mixed)
        need = most(need, cz_mix_scratch(kernels, extent->mixed, extent->longest) * sizeof(float));
    if (extent->compares)
        need = most(need, cz_shared_size(1) + cz_attention_error_scratch(kernels, extent->head_size,
                                                                         extent->longest) *
                                                  sizeof(float));
    if (extent->gradients)
        need = most(need, cz_shared_size(extent->tokens) + 4 * row);
    return parts_of(need, 64) * 64;
}

#define SLOT(name) .name = cz_cpu_##name, .name##_backward = cz_cpu_##name##_backward

const cz_backend cz_backend_cpu = {
    .name = "cpu",
    .type = CZ_F32,
    .scratch = scratch,
    .linear_room = cz_cpu_linear_room,
    .pack_size = cz_cpu_pack_size,
    .pack = cz_cpu_pack,
    SLOT(embed),
    SLOT(linear),
    SLOT(norm),
    SLOT(attention),
    SLOT(pointwise),
    SLOT(rotate),
    SLOT(gate),
    SLOT(scale),
    SLOT(blend),
    SLOT(select),
    SLOT(replace),
    SLOT(neighbours),
    SLOT(fourier),
    SLOT(pool),
    SLOT(normalize),
    SLOT(cosine),
    SLOT(cross_entropy),
    SLOT(binary_entropy),
    SLOT(squared_error),
    SLOT(divergence),
    SLOT(places),
    SLOT(attention_error),
    .probabilities = cz_cpu_probabilities,
    .adamw = cz_cpu_adamw,
    .squares = cz_cpu_squares,
    .add = cz_cpu_add,
    .round = cz_cpu_round,
};
