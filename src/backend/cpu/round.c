/*
 * round.c - numbers rounded to bfloat16, kept in half the bytes or not, and read again: in loops that the
 * compiler turns into vectors, as fast as memory is.
 */
#include "cpu.h"

#include <string.h>

enum { PIECE = 1 << 14 };

typedef struct round_job {
    const cz_round_call *call;
    size_t count;
} round_job;

static inline uint32_t bits_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* As cz_f32_to_bf16, without a jump. */
static inline uint32_t rounded(uint32_t bits)
{
    uint32_t up = bits + 0x7fffu + (bits >> 16 & 1u);
    return (bits & 0x7fffffffu) > 0x7f800000u ? (bits >> 16 | 0x40u) : up >> 16;
}

static void narrow(const float *restrict from, uint16_t *restrict to, size_t count)
{
    for (size_t i = 0; i < count; i++)
        to[i] = (uint16_t)rounded(bits_of(from[i]));
}

static void widen(const uint16_t *restrict from, float *restrict to, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t bits = (uint32_t)from[i] << 16;
        memcpy(to + i, &bits, sizeof bits);
    }
}

/* `to` may be `from`. */
static void round_off(const float *from, float *to, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t bits = rounded(bits_of(from[i])) << 16;
        memcpy(to + i, &bits, sizeof bits);
    }
}

static void round_task(void *context, size_t task, size_t worker)
{
    const round_job *job = context;
    const cz_tensor *from = job->call->from, *to = job->call->to;
    size_t at = task * PIECE, count = least(PIECE, job->count - at);
    (void)worker;
    if (from->type == CZ_F32 && to->type == CZ_F32)
        round_off(cz_f32(from) + at, cz_f32(to) + at, count);
    else if (from->type == CZ_F32)
        narrow(cz_f32(from) + at, (uint16_t *)to->data + at, count);
    else if (to->type == CZ_F32)
        widen((const uint16_t *)from->data + at, cz_f32(to) + at, count);
    else
        memmove((uint16_t *)to->data + at, (const uint16_t *)from->data + at,
                count * sizeof(uint16_t));
}

cloze_status cz_cpu_round(const cz_place *place, const cz_round_call *call)
{
    round_job job = { call, call->to->rows * call->to->columns };
    bool fits = call->from->rows == call->to->rows && call->from->columns == call->to->columns &&
                call->from->stride == call->from->columns && call->to->stride == call->to->columns;
    bool known = (call->from->type == CZ_F32 || call->from->type == CZ_BF16) &&
                 (call->to->type == CZ_F32 || call->to->type == CZ_BF16);
    if (!fits || !known)
        return CLOZE_ERROR_ARGUMENT;
    cz_pool_run(place->pool, parts_of(job.count, PIECE), round_task, &job);
    return CLOZE_OK;
}
