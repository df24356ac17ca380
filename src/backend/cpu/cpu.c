/*
 * cpu.c - the CPU's device table. Each slot begins at the reference and is overridden by kernels.
 */
#include "backend/backend.h"

#include <string.h>

#define BEGIN_AT_REFERENCE(name)                                                                   \
    static cloze_status name(const cz_place *place, const cz_##name##_call *call)                  \
    {                                                                                              \
        return cz_backend_reference_f32.name(place, call);                                         \
    }                                                                                              \
    static cloze_status name##_backward(const cz_place *place, const cz_##name##_call *call)       \
    {                                                                                              \
        return cz_backend_reference_f32.name##_backward(place, call);                              \
    }
BEGIN_AT_REFERENCE(embed)
BEGIN_AT_REFERENCE(linear)
BEGIN_AT_REFERENCE(norm)
BEGIN_AT_REFERENCE(attention)
BEGIN_AT_REFERENCE(pointwise)
BEGIN_AT_REFERENCE(blend)
BEGIN_AT_REFERENCE(select)
BEGIN_AT_REFERENCE(pool)
BEGIN_AT_REFERENCE(normalize)
BEGIN_AT_REFERENCE(cross_entropy)
BEGIN_AT_REFERENCE(squared_error)

static cloze_status probabilities(const cz_place *place, const cz_probabilities_call *call)
{
    return cz_backend_reference_f32.probabilities(place, call);
}

static size_t scratch(const cz_extent *extent, const void *kernels)
{
    return cz_backend_reference_f32.scratch(extent, kernels);
}

static size_t pack_size(const void *kernels, const cz_weight *weight, bool bf16)
{
    return cz_backend_reference_f32.pack_size(kernels, weight, bf16);
}

static cloze_status pack(const cz_place *place, const cz_weight *weight, bool bf16, void *memory,
                         cz_pack **out, cloze_error *error)
{
    return cz_backend_reference_f32.pack(place, weight, bf16, memory, out, error);
}

#define SLOT(name) .name = name, .name##_backward = name##_backward
const cz_backend cz_backend_cpu = {
    .name = "cpu",
    .type = CZ_F32,
    .scratch = scratch,
    .pack_size = pack_size,
    .pack = pack,
    SLOT(embed),
    SLOT(linear),
    SLOT(norm),
    SLOT(attention),
    SLOT(pointwise),
    SLOT(blend),
    SLOT(select),
    SLOT(pool),
    SLOT(normalize),
    SLOT(cross_entropy),
    SLOT(squared_error),
    .probabilities = probabilities,
};

const void *cz_cpu_kernels(const char *isa)
{
    return !isa || !*isa || !strcmp(isa, "scalar") ? &cz_backend_cpu : NULL;
}

const char *cz_cpu_kernels_name(const void *kernels)
{
    (void)kernels;
    return "scalar";
}
