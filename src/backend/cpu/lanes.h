/*
 * lanes.h - sixteen logical lanes on every instruction set: what sums along a row are made of, so
 * that their order, and with it their bits, is the same everywhere. Built on a simd header.
 */
#ifndef CZ_CPU_LANES_H
#define CZ_CPU_LANES_H

#include CZ_SIMD

enum { ROW = 16, PARTS = ROW / LANES };

typedef struct lanes {
    vec part[PARTS];
} lanes;

#define EACH_PART _Pragma("GCC unroll 16") for (size_t piece = 0; piece < PARTS; piece++)

INLINE lanes lanes_set(float a)
{
    lanes r;
    EACH_PART r.part[piece] = vec_set(a);
    return r;
}

INLINE lanes lanes_load(const void *from)
{
    lanes r;
    EACH_PART r.part[piece] = vec_load((const char *)from + piece * LANES * sizeof(float));
    return r;
}

/* Lanes from n on are zero and their memory is not touched. */
INLINE lanes lanes_load_first(const void *from, size_t n)
{
    lanes r;
    if (n >= ROW)
        return lanes_load(from);
    EACH_PART
    {
        size_t left = n > piece * LANES ? n - piece * LANES : 0;
        r.part[piece] = vec_load_first((const char *)from + piece * LANES * sizeof(float), left);
    }
    return r;
}

INLINE void lanes_store(float *to, lanes a)
{
    EACH_PART vec_store(to + piece * LANES, a.part[piece]);
}

INLINE void lanes_store_first(float *to, lanes a, size_t n)
{
    if (n >= ROW) {
        lanes_store(to, a);
        return;
    }
    EACH_PART
    {
        size_t left = n > piece * LANES ? n - piece * LANES : 0;
        vec_store_first(to + piece * LANES, a.part[piece], left);
    }
}

#define LANES_OF_TWO(name)                                                                         \
    INLINE lanes lanes_##name(lanes a, lanes b)                                                    \
    {                                                                                              \
        EACH_PART a.part[piece] = vec_##name(a.part[piece], b.part[piece]);                        \
        return a;                                                                                  \
    }
LANES_OF_TWO(add)
LANES_OF_TWO(sub)
LANES_OF_TWO(mul)
LANES_OF_TWO(max)
#undef LANES_OF_TWO

INLINE lanes lanes_fma(lanes a, lanes b, lanes c)
{
    EACH_PART a.part[piece] = vec_fma(a.part[piece], b.part[piece], c.part[piece]);
    return a;
}

/* Lanes outside from .. to become `other`. */
INLINE lanes lanes_between(lanes a, size_t from, size_t to, float other)
{
    vec outside = vec_set(other);
    EACH_PART
    {
        vec index = vec_add(vec_index(), vec_set((float)(piece * LANES)));
        a.part[piece] = vec_choose(vec_less(index, vec_set((float)to)), a.part[piece], outside);
        a.part[piece] = vec_choose(vec_less(index, vec_set((float)from)), outside, a.part[piece]);
    }
    return a;
}

INLINE float lanes_sum(lanes a)
{
    return vec_sum16(a.part);
}

INLINE float lanes_highest(lanes a)
{
    return vec_max16(a.part);
}

#endif
