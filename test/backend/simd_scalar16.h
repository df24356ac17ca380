/*
 * simd_scalar16.h - vectors of 16 lanes in plain C, for the tests alone: what the kernels do only
 * where a vector is as wide as a row (one part, tall tiles, the transpose of 16 rows) is held to
 * the scalar bits also on machines without AVX-512. Names and meaning: simd_scalar.h. Unlike there,
 * the compiler chooses what is inlined: with all of it the kernels take minutes to compile.
 */
#ifndef CZ_CPU_SIMD_H
#define CZ_CPU_SIMD_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define INLINE static inline

/* The tiles of simd_avx512.h. */
enum { LANES = 16, TALL1 = 8, TALL2 = 8, TALL3 = 8 };

typedef struct vec {
    float lane[LANES];
} vec;

typedef struct mask {
    bool lane[LANES];
} mask;

typedef struct bits {
    uint32_t lane[LANES];
} bits;

#define EACH_LANE for (int at = 0; at < LANES; at++)

INLINE vec vec_set(float a)
{
    vec r;
    EACH_LANE r.lane[at] = a;
    return r;
}

INLINE vec vec_load(const void *from)
{
    vec r;
    memcpy(&r, from, sizeof r);
    return r;
}

INLINE void vec_store(float *to, vec a)
{
    memcpy(to, &a, sizeof a);
}

INLINE vec vec_load_first(const void *from, size_t n)
{
    vec r = vec_set(0);
    memcpy(&r, from, (n < LANES ? n : LANES) * sizeof(float));
    return r;
}

INLINE void vec_store_first(float *to, vec a, size_t n)
{
    memcpy(to, &a, (n < LANES ? n : LANES) * sizeof(float));
}

INLINE vec vec_load_bf16(const uint16_t *from)
{
    uint32_t wide[LANES];
    EACH_LANE wide[at] = (uint32_t)from[at] << 16;
    return vec_load(wide);
}

#define LANE_BY_LANE(name, parameters, value)                                                      \
    INLINE vec name parameters                                                                     \
    {                                                                                              \
        vec r;                                                                                     \
        EACH_LANE r.lane[at] = value;                                                              \
        return r;                                                                                  \
    }

LANE_BY_LANE(vec_add, (vec a, vec b), a.lane[at] + b.lane[at])
LANE_BY_LANE(vec_sub, (vec a, vec b), a.lane[at] - b.lane[at])
LANE_BY_LANE(vec_mul, (vec a, vec b), a.lane[at] * b.lane[at])
LANE_BY_LANE(vec_div, (vec a, vec b), a.lane[at] / b.lane[at])
LANE_BY_LANE(vec_fma, (vec a, vec b, vec c), fmaf(a.lane[at], b.lane[at], c.lane[at]))
LANE_BY_LANE(vec_max, (vec a, vec b), a.lane[at] > b.lane[at] ? a.lane[at] : b.lane[at])
LANE_BY_LANE(vec_min, (vec a, vec b), a.lane[at] < b.lane[at] ? a.lane[at] : b.lane[at])
LANE_BY_LANE(vec_abs, (vec a), fabsf(a.lane[at]))
LANE_BY_LANE(vec_choose, (mask m, vec yes, vec no), m.lane[at] ? yes.lane[at] : no.lane[at])
LANE_BY_LANE(vec_index, (void), (float)at)

INLINE mask vec_less(vec a, vec b)
{
    mask r;
    EACH_LANE r.lane[at] = a.lane[at] < b.lane[at];
    return r;
}

INLINE vec vec_scale(vec p, vec t)
{
    uint32_t a[LANES], b[LANES];
    memcpy(a, &p, sizeof a);
    memcpy(b, &t, sizeof b);
    EACH_LANE a[at] += b[at] << 23;
    return vec_load(a);
}

INLINE vec vec_reverse(vec a)
{
    vec r;
    EACH_LANE r.lane[at] = a.lane[LANES - 1 - at];
    return r;
}

INLINE void vec_transpose(vec row[LANES])
{
    for (int i = 0; i < LANES; i++)
        for (int j = 0; j < i; j++) {
            float a = row[i].lane[j];
            row[i].lane[j] = row[j].lane[i];
            row[j].lane[i] = a;
        }
}

INLINE float vec_sum16(const vec *part)
{
    vec s = *part;
    for (int half = LANES / 2; half; half /= 2)
        for (int i = 0; i < half; i++)
            s.lane[i] += s.lane[i + half];
    return s.lane[0];
}

INLINE float vec_max16(const vec *part)
{
    vec s = *part;
    for (int half = LANES / 2; half; half /= 2)
        for (int i = 0; i < half; i++)
            s.lane[i] = s.lane[i] > s.lane[i + half] ? s.lane[i] : s.lane[i + half];
    return s.lane[0];
}

INLINE bits bits_set(uint32_t a)
{
    bits r;
    EACH_LANE r.lane[at] = a;
    return r;
}

INLINE bits bits_load(const uint32_t *from)
{
    bits r;
    memcpy(&r, from, sizeof r);
    return r;
}

INLINE bits bits_add(bits a, bits b)
{
    EACH_LANE a.lane[at] += b.lane[at];
    return a;
}

INLINE bits bits_xor(bits a, bits b)
{
    EACH_LANE a.lane[at] ^= b.lane[at];
    return a;
}

INLINE bits bits_multiply(bits a, uint32_t factor, bits *high)
{
    EACH_LANE
    {
        uint64_t product = (uint64_t)a.lane[at] * factor;
        high->lane[at] = (uint32_t)(product >> 32);
        a.lane[at] = (uint32_t)product;
    }
    return a;
}

INLINE void bits_deal(bits word[4])
{
    bits from[4];
    memcpy(from, word, sizeof from);
    EACH_LANE for (int w = 0; w < 4; w++) word[at % 4].lane[at / 4 * 4 + w] = from[w].lane[at];
}

INLINE vec vec_from(bits a, bits limit, vec yes)
{
    EACH_LANE yes.lane[at] = a.lane[at] >= limit.lane[at] ? yes.lane[at] : 0.0f;
    return yes;
}

INLINE void vec_prefetch(const void *at)
{
    (void)at;
}

#define VEC_PIN(a) (void)(a)

#endif
