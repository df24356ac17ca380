/* simd_avx2.h - vectors of 8 lanes: AVX2 and FMA. Meaning of each function: simd_scalar.h. */
#ifndef CZ_CPU_SIMD_H
#define CZ_CPU_SIMD_H

#include <immintrin.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline))

enum { LANES = 8, TALL1 = 6, TALL2 = 6, TALL3 = 4 };

typedef __m256 vec;
typedef __m256 mask;
typedef __m256i bits;

INLINE vec vec_set(float a)
{
    return _mm256_set1_ps(a);
}

INLINE vec vec_load(const void *from)
{
    return _mm256_loadu_ps(from);
}

INLINE void vec_store(float *to, vec a)
{
    _mm256_storeu_ps(to, a);
}

INLINE __m256i first_lanes(size_t n)
{
    __m256i lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(n < LANES ? (int)n : LANES), lane);
}

INLINE vec vec_load_first(const void *from, size_t n)
{
    return n < LANES ? _mm256_maskload_ps(from, first_lanes(n)) : _mm256_loadu_ps(from);
}

INLINE void vec_store_first(float *to, vec a, size_t n)
{
    if (n < LANES)
        _mm256_maskstore_ps(to, first_lanes(n), a);
    else
        _mm256_storeu_ps(to, a);
}

INLINE vec vec_load_bf16(const uint16_t *from)
{
    __m256i wide = _mm256_cvtepu16_epi32(_mm_loadu_si128((const void *)from));
    return _mm256_castsi256_ps(_mm256_slli_epi32(wide, 16));
}

INLINE vec vec_add(vec a, vec b)
{
    return _mm256_add_ps(a, b);
}

INLINE vec vec_sub(vec a, vec b)
{
    return _mm256_sub_ps(a, b);
}

INLINE vec vec_mul(vec a, vec b)
{
    return _mm256_mul_ps(a, b);
}

INLINE vec vec_div(vec a, vec b)
{
    return _mm256_div_ps(a, b);
}

INLINE vec vec_fma(vec a, vec b, vec c)
{
    return _mm256_fmadd_ps(a, b, c);
}

INLINE vec vec_max(vec a, vec b)
{
    return _mm256_max_ps(a, b);
}

INLINE vec vec_min(vec a, vec b)
{
    return _mm256_min_ps(a, b);
}

INLINE vec vec_abs(vec a)
{
    return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), a);
}

INLINE mask vec_less(vec a, vec b)
{
    return _mm256_cmp_ps(a, b, _CMP_LT_OQ);
}

INLINE vec vec_choose(mask m, vec yes, vec no)
{
    return _mm256_blendv_ps(no, yes, m);
}

INLINE vec vec_scale(vec p, vec t)
{
    __m256i n = _mm256_slli_epi32(_mm256_castps_si256(t), 23);
    return _mm256_castsi256_ps(_mm256_add_epi32(_mm256_castps_si256(p), n));
}

INLINE vec vec_index(void)
{
    return _mm256_setr_ps(0, 1, 2, 3, 4, 5, 6, 7);
}

INLINE vec vec_reverse(vec a)
{
    return _mm256_permutevar8x32_ps(a, _mm256_setr_epi32(7, 6, 5, 4, 3, 2, 1, 0));
}

INLINE void vec_transpose(vec row[LANES])
{
    vec t[8];
    for (int i = 0; i < 4; i++) {
        t[2 * i] = _mm256_unpacklo_ps(row[2 * i], row[2 * i + 1]);
        t[2 * i + 1] = _mm256_unpackhi_ps(row[2 * i], row[2 * i + 1]);
    }
    for (int i = 0; i < 2; i++)
        for (int j = 0; j < 2; j++) {
            row[4 * i + 2 * j] = _mm256_shuffle_ps(t[4 * i + j], t[4 * i + 2 + j], 0x44);
            row[4 * i + 2 * j + 1] = _mm256_shuffle_ps(t[4 * i + j], t[4 * i + 2 + j], 0xee);
        }
    for (int i = 0; i < 4; i++) {
        t[i] = _mm256_permute2f128_ps(row[i], row[4 + i], 0x20);
        t[4 + i] = _mm256_permute2f128_ps(row[i], row[4 + i], 0x31);
    }
    for (int i = 0; i < 8; i++)
        row[i] = t[i];
}

INLINE float vec_sum16(const vec *part)
{
    vec s = _mm256_add_ps(part[0], part[1]);
    __m128 t = _mm_add_ps(_mm256_castps256_ps128(s), _mm256_extractf128_ps(s, 1));
    t = _mm_add_ps(t, _mm_movehl_ps(t, t));
    return _mm_cvtss_f32(_mm_add_ss(t, _mm_movehdup_ps(t)));
}

INLINE float vec_max16(const vec *part)
{
    vec s = _mm256_max_ps(part[0], part[1]);
    __m128 t = _mm_max_ps(_mm256_castps256_ps128(s), _mm256_extractf128_ps(s, 1));
    t = _mm_max_ps(t, _mm_movehl_ps(t, t));
    return _mm_cvtss_f32(_mm_max_ss(t, _mm_movehdup_ps(t)));
}

INLINE bits bits_set(uint32_t a)
{
    return _mm256_set1_epi32((int)a);
}

INLINE bits bits_load(const uint32_t *from)
{
    return _mm256_loadu_si256((const void *)from);
}

INLINE bits bits_add(bits a, bits b)
{
    return _mm256_add_epi32(a, b);
}

INLINE bits bits_xor(bits a, bits b)
{
    return _mm256_xor_si256(a, b);
}

INLINE bits bits_multiply(bits a, uint32_t factor, bits *high)
{
    bits f = bits_set(factor), even = _mm256_mul_epu32(a, f);
    bits odd = _mm256_mul_epu32(_mm256_srli_epi64(a, 32), f);
    *high = _mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xaa);
    return _mm256_blend_epi32(even, _mm256_slli_epi64(odd, 32), 0xaa);
}

INLINE void bits_deal(bits word[4])
{
    bits a = _mm256_unpacklo_epi32(word[0], word[1]), b = _mm256_unpackhi_epi32(word[0], word[1]);
    bits c = _mm256_unpacklo_epi32(word[2], word[3]), d = _mm256_unpackhi_epi32(word[2], word[3]);
    word[0] = _mm256_unpacklo_epi64(a, c);
    word[1] = _mm256_unpackhi_epi64(a, c);
    word[2] = _mm256_unpacklo_epi64(b, d);
    word[3] = _mm256_unpackhi_epi64(b, d);
}

INLINE vec vec_from(bits a, bits limit, vec yes)
{
    bits from = _mm256_cmpeq_epi32(_mm256_max_epu32(a, limit), a);
    return _mm256_and_ps(_mm256_castsi256_ps(from), yes);
}

INLINE void vec_prefetch(const void *at)
{
    _mm_prefetch(at, _MM_HINT_T1);
}

#define VEC_PIN(a) __asm__("" : "+x"(a))

#endif
