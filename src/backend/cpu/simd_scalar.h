/*
 * simd_scalar.h - vectors of one lane in plain C: the yardstick that every other instruction set
 * equals bit for bit, and the path of machines that have no header of their own.
 *
 * Names and meaning are the same in all simd headers. vec_max(a, b) is a > b ? a : b, so a NaN in b
 * passes; vec_min likewise with <.
 */
#ifndef CZ_CPU_SIMD_H
#define CZ_CPU_SIMD_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))

/* Rows of a tile that is 1, 2 or 3 vectors wide. */
enum { LANES = 1, TALL1 = 4, TALL2 = 4, TALL3 = 4 };

typedef float vec;
typedef bool mask;
typedef uint32_t bits; /* as many lanes */

INLINE vec vec_set(float a)
{
    return a;
}

INLINE vec vec_load(const void *from)
{
    float a;
    memcpy(&a, from, sizeof a);
    return a;
}

INLINE void vec_store(float *to, vec a)
{
    *to = a;
}

/* Only the first n lanes are touched, the others are zero; n may exceed LANES. */
INLINE vec vec_load_first(const void *from, size_t n)
{
    return n ? vec_load(from) : 0.0f;
}

INLINE void vec_store_first(float *to, vec a, size_t n)
{
    if (n)
        *to = a;
}

INLINE vec vec_load_bf16(const uint16_t *from)
{
    uint32_t wide = (uint32_t)*from << 16;
    return vec_load(&wide);
}

INLINE vec vec_add(vec a, vec b)
{
    return a + b;
}

INLINE vec vec_sub(vec a, vec b)
{
    return a - b;
}

INLINE vec vec_mul(vec a, vec b)
{
    return a * b;
}

INLINE vec vec_div(vec a, vec b)
{
    return a / b;
}

/* a * b + c with one rounding. */
INLINE vec vec_fma(vec a, vec b, vec c)
{
    return fmaf(a, b, c);
}

INLINE vec vec_max(vec a, vec b)
{
    return a > b ? a : b;
}

INLINE vec vec_min(vec a, vec b)
{
    return a < b ? a : b;
}

INLINE vec vec_abs(vec a)
{
    return fabsf(a);
}

INLINE mask vec_less(vec a, vec b)
{
    return a < b;
}

INLINE vec vec_choose(mask m, vec yes, vec no)
{
    return m ? yes : no;
}

/* The bits of p plus those of t shifted by 23: p * 2^n where n is in the low mantissa of t. */
INLINE vec vec_scale(vec p, vec t)
{
    uint32_t a, b;
    memcpy(&a, &p, sizeof a);
    memcpy(&b, &t, sizeof b);
    a += b << 23;
    memcpy(&p, &a, sizeof p);
    return p;
}

/* 0, 1, 2, ... */
INLINE vec vec_index(void)
{
    return 0.0f;
}

/* The last lane first. */
INLINE vec vec_reverse(vec a)
{
    return a;
}

INLINE void vec_transpose(vec row[LANES])
{
    (void)row;
}

/* The closing tree of 16 lanes: i + (i + 8), then + 4, + 2, + 1. */
INLINE float vec_sum16(const vec *part)
{
    float s[8];
    for (int i = 0; i < 8; i++)
        s[i] = part[i] + part[i + 8];
    for (int half = 4; half; half /= 2)
        for (int i = 0; i < half; i++)
            s[i] += s[i + half];
    return s[0];
}

/* The highest of 16 lanes by the same tree; any tree would do but for NaN. */
INLINE float vec_max16(const vec *part)
{
    float s[8];
    for (int i = 0; i < 8; i++)
        s[i] = vec_max(part[i], part[i + 8]);
    for (int half = 4; half; half /= 2)
        for (int i = 0; i < half; i++)
            s[i] = vec_max(s[i], s[i + half]);
    return s[0];
}

INLINE bits bits_set(uint32_t a)
{
    return a;
}

INLINE bits bits_load(const uint32_t *from)
{
    return *from;
}

INLINE bits bits_add(bits a, bits b)
{
    return a + b;
}

INLINE bits bits_xor(bits a, bits b)
{
    return a ^ b;
}

/* The low half of the product; *high is the other. */
INLINE bits bits_multiply(bits a, uint32_t factor, bits *high)
{
    uint64_t product = (uint64_t)a * factor;
    *high = (uint32_t)(product >> 32);
    return (uint32_t)product;
}

/* Transposes 4 x 4 within each four lanes: lane 4 l + j of word w becomes lane 4 l + w of word j.
 * A single lane stays. */
INLINE void bits_deal(bits word[4])
{
    (void)word;
}

/* `yes` where a >= limit, else 0. */
INLINE vec vec_from(bits a, bits limit, vec yes)
{
    return a >= limit ? yes : 0.0f;
}

INLINE void vec_prefetch(const void *at)
{
    (void)at;
}

/* Keeps a loaded vector in its register. */
#define VEC_PIN(a) (void)(a)

#endif
