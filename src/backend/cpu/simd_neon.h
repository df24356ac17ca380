/* simd_neon.h - vectors of 4 lanes: arm64. Meaning of each function: simd_scalar.h. */
#ifndef CZ_CPU_SIMD_H
#define CZ_CPU_SIMD_H

#include <arm_neon.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))

enum { LANES = 4, TALL1 = 8, TALL2 = 8, TALL3 = 8 };

typedef float32x4_t vec;
typedef uint32x4_t mask;
typedef uint32x4_t bits;

INLINE vec vec_set(float a)
{
    return vdupq_n_f32(a);
}

/* By bytes: mapped weights may lie at any address. */
INLINE vec vec_load(const void *from)
{
    return vreinterpretq_f32_u8(vld1q_u8(from));
}

INLINE void vec_store(float *to, vec a)
{
    vst1q_f32(to, a);
}

INLINE vec vec_load_first(const void *from, size_t n)
{
    float lane[LANES] = { 0, 0, 0, 0 };
    if (n >= LANES)
        return vec_load(from);
    if (n)
        memcpy(lane, from, n * sizeof *lane);
    return vld1q_f32(lane);
}

INLINE void vec_store_first(float *to, vec a, size_t n)
{
    float lane[LANES];
    if (n >= LANES) {
        vst1q_f32(to, a);
        return;
    }
    vst1q_f32(lane, a);
    if (n)
        memcpy(to, lane, n * sizeof *lane);
}

INLINE vec vec_load_bf16(const uint16_t *from)
{
    return vreinterpretq_f32_u32(vshll_n_u16(vld1_u16(from), 16));
}

INLINE vec vec_add(vec a, vec b)
{
    return vaddq_f32(a, b);
}

INLINE vec vec_sub(vec a, vec b)
{
    return vsubq_f32(a, b);
}

INLINE vec vec_mul(vec a, vec b)
{
    return vmulq_f32(a, b);
}

INLINE vec vec_div(vec a, vec b)
{
    return vdivq_f32(a, b);
}

INLINE vec vec_fma(vec a, vec b, vec c)
{
    return vfmaq_f32(c, a, b);
}

INLINE vec vec_max(vec a, vec b)
{
    return vbslq_f32(vcgtq_f32(a, b), a, b);
}

INLINE vec vec_min(vec a, vec b)
{
    return vbslq_f32(vcltq_f32(a, b), a, b);
}

INLINE vec vec_abs(vec a)
{
    return vabsq_f32(a);
}

INLINE mask vec_less(vec a, vec b)
{
    return vcltq_f32(a, b);
}

INLINE vec vec_choose(mask m, vec yes, vec no)
{
    return vbslq_f32(m, yes, no);
}

INLINE vec vec_scale(vec p, vec t)
{
    uint32x4_t n = vshlq_n_u32(vreinterpretq_u32_f32(t), 23);
    return vreinterpretq_f32_u32(vaddq_u32(vreinterpretq_u32_f32(p), n));
}

INLINE vec vec_index(void)
{
    static const float lane[LANES] = { 0, 1, 2, 3 };
    return vld1q_f32(lane);
}

INLINE vec vec_reverse(vec a)
{
    vec pairs = vrev64q_f32(a);
    return vcombine_f32(vget_high_f32(pairs), vget_low_f32(pairs));
}

INLINE void vec_transpose(vec row[LANES])
{
    float32x4x2_t a = vtrnq_f32(row[0], row[1]), b = vtrnq_f32(row[2], row[3]);
    row[0] = vcombine_f32(vget_low_f32(a.val[0]), vget_low_f32(b.val[0]));
    row[1] = vcombine_f32(vget_low_f32(a.val[1]), vget_low_f32(b.val[1]));
    row[2] = vcombine_f32(vget_high_f32(a.val[0]), vget_high_f32(b.val[0]));
    row[3] = vcombine_f32(vget_high_f32(a.val[1]), vget_high_f32(b.val[1]));
}

INLINE float vec_sum16(const vec *part)
{
    vec low = vaddq_f32(part[0], part[2]), high = vaddq_f32(part[1], part[3]);
    vec s = vaddq_f32(low, high);
    float32x2_t t = vadd_f32(vget_low_f32(s), vget_high_f32(s));
    return vget_lane_f32(t, 0) + vget_lane_f32(t, 1);
}

INLINE float vec_max16(const vec *part)
{
    vec s = vec_max(vec_max(part[0], part[2]), vec_max(part[1], part[3]));
    float32x2_t low = vget_low_f32(s), high = vget_high_f32(s);
    float32x2_t t = vbsl_f32(vcgt_f32(low, high), low, high);
    float a = vget_lane_f32(t, 0), b = vget_lane_f32(t, 1);
    return a > b ? a : b;
}

INLINE bits bits_set(uint32_t a)
{
    return vdupq_n_u32(a);
}

INLINE bits bits_load(const uint32_t *from)
{
    return vld1q_u32(from);
}

INLINE bits bits_add(bits a, bits b)
{
    return vaddq_u32(a, b);
}

INLINE bits bits_xor(bits a, bits b)
{
    return veorq_u32(a, b);
}

INLINE bits bits_multiply(bits a, uint32_t factor, bits *high)
{
    uint32x2_t f = vdup_n_u32(factor);
    uint32x4_t first = vreinterpretq_u32_u64(vmull_u32(vget_low_u32(a), f));
    uint32x4_t second = vreinterpretq_u32_u64(vmull_u32(vget_high_u32(a), f));
    uint32x4x2_t halves = vuzpq_u32(first, second);
    *high = halves.val[1];
    return halves.val[0];
}

INLINE void bits_deal(bits word[4])
{
    uint32x4x2_t a = vtrnq_u32(word[0], word[1]), b = vtrnq_u32(word[2], word[3]);
    word[0] = vcombine_u32(vget_low_u32(a.val[0]), vget_low_u32(b.val[0]));
    word[1] = vcombine_u32(vget_low_u32(a.val[1]), vget_low_u32(b.val[1]));
    word[2] = vcombine_u32(vget_high_u32(a.val[0]), vget_high_u32(b.val[0]));
    word[3] = vcombine_u32(vget_high_u32(a.val[1]), vget_high_u32(b.val[1]));
}

INLINE vec vec_from(bits a, bits limit, vec yes)
{
    return vreinterpretq_f32_u32(vandq_u32(vcgeq_u32(a, limit), vreinterpretq_u32_f32(yes)));
}

INLINE void vec_prefetch(const void *at)
{
    __builtin_prefetch(at, 0, 2);
}

#define VEC_PIN(a) __asm__("" : "+w"(a))

#endif
