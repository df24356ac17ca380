/* simd_avx512.h - vectors of 16 lanes: AVX-512 F, VL, DQ, BW. Functions: simd_scalar.h. */
#ifndef CZ_CPU_SIMD_H
#define CZ_CPU_SIMD_H

#include <immintrin.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))

enum { LANES = 16, TALL1 = 8, TALL2 = 8, TALL3 = 8 };

typedef __m512 vec;
typedef __mmask16 mask;
typedef __m512i bits;

INLINE vec vec_set(float a)
{
    return _mm512_set1_ps(a);
}

INLINE vec vec_load(const void *from)
{
    return _mm512_loadu_ps(from);
}

INLINE void vec_store(float *to, vec a)
{
    _mm512_storeu_ps(to, a);
}

INLINE __mmask16 first_lanes(size_t n)
{
    return (__mmask16)(n < LANES ? (1u << n) - 1u : 0xffffu);
}

INLINE vec vec_load_first(const void *from, size_t n)
{
    return _mm512_maskz_loadu_ps(first_lanes(n), from);
}

INLINE void vec_store_first(float *to, vec a, size_t n)
{
    _mm512_mask_storeu_ps(to, first_lanes(n), a);
}

INLINE vec vec_load_bf16(const uint16_t *from)
{
    __m512i wide = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const void *)from));
    return _mm512_castsi512_ps(_mm512_slli_epi32(wide, 16));
}

INLINE vec vec_add(vec a, vec b)
{
    return _mm512_add_ps(a, b);
}

INLINE vec vec_sub(vec a, vec b)
{
    return _mm512_sub_ps(a, b);
}

INLINE vec vec_mul(vec a, vec b)
{
    return _mm512_mul_ps(a, b);
}

INLINE vec vec_div(vec a, vec b)
{
    return _mm512_div_ps(a, b);
}

INLINE vec vec_fma(vec a, vec b, vec c)
{
    return _mm512_fmadd_ps(a, b, c);
}

INLINE vec vec_max(vec a, vec b)
{
    return _mm512_max_ps(a, b);
}

INLINE vec vec_min(vec a, vec b)
{
    return _mm512_min_ps(a, b);
}

INLINE vec vec_abs(vec a)
{
    return _mm512_andnot_ps(_mm512_set1_ps(-0.0f), a);
}

INLINE mask vec_less(vec a, vec b)
{
    return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ);
}

INLINE vec vec_choose(mask m, vec yes, vec no)
{
    return _mm512_mask_blend_ps(m, no, yes);
}

INLINE vec vec_scale(vec p, vec t)
{
    __m512i n = _mm512_slli_epi32(_mm512_castps_si512(t), 23);
    return _mm512_castsi512_ps(_mm512_add_epi32(_mm512_castps_si512(p), n));
}

INLINE vec vec_index(void)
{
    return _mm512_setr_ps(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
}

INLINE vec vec_reverse(vec a)
{
    const __m512i order = _mm512_setr_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    return _mm512_permutexvar_ps(order, a);
}

/* 4 x 4 blocks within 128-bit lanes, then the blocks themselves. */
INLINE void vec_transpose(vec row[LANES])
{
    vec t[16];
    for (int i = 0; i < 8; i++) {
        t[2 * i] = _mm512_unpacklo_ps(row[2 * i], row[2 * i + 1]);
        t[2 * i + 1] = _mm512_unpackhi_ps(row[2 * i], row[2 * i + 1]);
    }
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < 2; j++) {
            row[4 * i + 2 * j] = _mm512_shuffle_ps(t[4 * i + j], t[4 * i + 2 + j], 0x44);
            row[4 * i + 2 * j + 1] = _mm512_shuffle_ps(t[4 * i + j], t[4 * i + 2 + j], 0xee);
        }
    for (int i = 0; i < 4; i++) {
        t[i] = _mm512_shuffle_f32x4(row[i], row[4 + i], 0x88);
        t[4 + i] = _mm512_shuffle_f32x4(row[i], row[4 + i], 0xdd);
        t[8 + i] = _mm512_shuffle_f32x4(row[8 + i], row[12 + i], 0x88);
        t[12 + i] = _mm512_shuffle_f32x4(row[8 + i], row[12 + i], 0xdd);
    }
    for (int i = 0; i < 4; i++) {
        row[i] = _mm512_shuffle_f32x4(t[i], t[8 + i], 0x88);
        row[8 + i] = _mm512_shuffle_f32x4(t[i], t[8 + i], 0xdd);
        row[4 + i] = _mm512_shuffle_f32x4(t[4 + i], t[12 + i], 0x88);
        row[12 + i] = _mm512_shuffle_f32x4(t[4 + i], t[12 + i], 0xdd);
    }
}

INLINE float vec_sum16(const vec *part)
{
    __m256 s = _mm256_add_ps(_mm512_castps512_ps256(*part), _mm512_extractf32x8_ps(*part, 1));
    __m128 t = _mm_add_ps(_mm256_castps256_ps128(s), _mm256_extractf128_ps(s, 1));
    t = _mm_add_ps(t, _mm_movehl_ps(t, t));
    return _mm_cvtss_f32(_mm_add_ss(t, _mm_movehdup_ps(t)));
}

INLINE float vec_max16(const vec *part)
{
    __m256 s = _mm256_max_ps(_mm512_castps512_ps256(*part), _mm512_extractf32x8_ps(*part, 1));
    __m128 t = _mm_max_ps(_mm256_castps256_ps128(s), _mm256_extractf128_ps(s, 1));
    t = _mm_max_ps(t, _mm_movehl_ps(t, t));
    return _mm_cvtss_f32(_mm_max_ss(t, _mm_movehdup_ps(t)));
}

INLINE bits bits_set(uint32_t a)
{
    return _mm512_set1_epi32((int)a);
}

INLINE bits bits_load(const uint32_t *from)
{
    return _mm512_loadu_si512(from);
}

INLINE bits bits_add(bits a, bits b)
{
    return _mm512_add_epi32(a, b);
}

INLINE bits bits_xor(bits a, bits b)
{
    return _mm512_xor_si512(a, b);
}

INLINE bits bits_multiply(bits a, uint32_t factor, bits *high)
{
    bits f = bits_set(factor), even = _mm512_mul_epu32(a, f);
    bits odd = _mm512_mul_epu32(_mm512_srli_epi64(a, 32), f);
    *high = _mm512_mask_blend_epi32(0xaaaa, _mm512_srli_epi64(even, 32), odd);
    return _mm512_mask_blend_epi32(0xaaaa, even, _mm512_slli_epi64(odd, 32));
}

INLINE void bits_deal(bits word[4])
{
    bits a = _mm512_unpacklo_epi32(word[0], word[1]), b = _mm512_unpackhi_epi32(word[0], word[1]);
    bits c = _mm512_unpacklo_epi32(word[2], word[3]), d = _mm512_unpackhi_epi32(word[2], word[3]);
    word[0] = _mm512_unpacklo_epi64(a, c);
    word[1] = _mm512_unpackhi_epi64(a, c);
    word[2] = _mm512_unpacklo_epi64(b, d);
    word[3] = _mm512_unpackhi_epi64(b, d);
}

INLINE vec vec_from(bits a, bits limit, vec yes)
{
    return _mm512_maskz_mov_ps(_mm512_cmpge_epu32_mask(a, limit), yes);
}

INLINE void vec_prefetch(const void *at)
{
    _mm_prefetch(at, _MM_HINT_T1);
}

#define VEC_PIN(a) __asm__("" : "+v"(a))

#endif
