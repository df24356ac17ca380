/*
 * reference.c - every operation in plain loops: the specification that the fast tables are held
 * against. Compiled twice, for float and for double (CZ_REAL); sums are always taken in double,
 * curves are those of the C library. Not fast, not threaded, and it never will be.
 */
#include "backend/reference.h"

/* Weights stay as they are: nothing is packed, nothing needs scratch memory. */

static size_t scratch(const cz_extent *extent, const void *kernels)
{
    (void)extent, (void)kernels;
    return 0;
}

static size_t linear_room(const void *kernels, const cz_linear_call *call)
{
    (void)kernels, (void)call;
    return 0;
}

static size_t pack_size(const void *kernels, const cz_weight *weight, bool bf16)
{
    (void)kernels, (void)weight, (void)bf16;
    return 0;
}

static cloze_status pack(const cz_place *place, const cz_weight *weight, bool bf16, void *memory,
                         cz_pack **out, cloze_error *error)
{
    (void)place, (void)weight, (void)bf16, (void)memory, (void)error;
    *out = NULL;
    return CLOZE_OK;
}

#define SLOTS(name) .name = REFERENCE(name), .name##_backward = REFERENCE(name##_backward)

const cz_backend REFERENCE_TABLE = {
    .name = "reference",
    .type = sizeof(real) == sizeof(double) ? CZ_F64 : CZ_F32,
    .scratch = scratch,
    .linear_room = linear_room,
    .pack_size = pack_size,
    .pack = pack,
    SLOTS(embed),
    SLOTS(linear),
    SLOTS(norm),
    SLOTS(attention),
    SLOTS(pointwise),
    SLOTS(rotate),
    SLOTS(gate),
    SLOTS(scale),
    SLOTS(blend),
    SLOTS(select),
    SLOTS(replace),
    SLOTS(neighbours),
    SLOTS(fourier),
    SLOTS(pool),
    SLOTS(normalize),
    SLOTS(cosine),
    SLOTS(cross_entropy),
    SLOTS(binary_entropy),
    SLOTS(squared_error),
    SLOTS(divergence),
    SLOTS(places),
    SLOTS(attention_error),
    .probabilities = REFERENCE(probabilities),
    .adamw = REFERENCE(adamw),
    .squares = REFERENCE(squares),
    .add = REFERENCE(add),
    .round = REFERENCE(round),
};
