/*
 * tile.h - the inner product of everything: a few rows of x times a panel of one to three vectors.
 * Shapes are compiled one by one so that the sums are registers. Each element is one chain over
 * ascending k, so the shape of the tile does not show in the bits.
 */
#ifndef CZ_CPU_TILE_H
#define CZ_CPU_TILE_H

#include CZ_SIMD

enum { WIDE = 3, PANEL = WIDE * LANES };

typedef struct tile {
    const float *x; /* row i, step k: x[i * x_stride + k], or "down": x[i + k * x_stride] */
    const float *w; /* [depth, w_stride]; "half": bf16 instead */
    float *sums;    /* [rows, sums_stride], whole vectors */
    size_t x_stride, w_stride, sums_stride, depth;
    bool first;       /* begin at zero, not at sums */
    const char *next; /* memory to fetch meanwhile, `lines` of 64 bytes for each k, or NULL */
} tile;

INLINE void tile_shape(const tile *t, const size_t rows, const size_t wide, const bool down,
                       const bool half, const size_t lines)
{
    vec sum[8][WIDE], w[WIDE];
    const float *x = t->x, *panel = t->w;
    const uint16_t *half_panel = (const void *)t->w;
    const char *next = t->next;
    const size_t x_stride = t->x_stride, w_stride = t->w_stride, sums_stride = t->sums_stride;

#pragma GCC unroll 8
    for (size_t i = 0; i < rows; i++)
#pragma GCC unroll 3
        for (size_t v = 0; v < wide; v++)
            sum[i][v] = t->first ? vec_set(0.0f) : vec_load(t->sums + i * sums_stride + v * LANES);
    for (size_t k = t->depth; k; k--) {
#pragma GCC unroll 3
        for (size_t v = 0; v < wide; v++) {
            w[v] = half ? vec_load_bf16(half_panel + v * LANES) : vec_load(panel + v * LANES);
            /* Pinned, or the compiler loads it again as the memory operand of every FMA. */
            VEC_PIN(w[v]);
        }
#pragma GCC unroll 3
        for (size_t line = 0; line < lines; line++)
            vec_prefetch(next + line * 64);
        if (lines)
            next += lines * 64;
#pragma GCC unroll 8
        for (size_t i = 0; i < rows; i++) {
            vec one = vec_set(down ? x[i] : x[i * x_stride]);
#pragma GCC unroll 3
            for (size_t v = 0; v < wide; v++)
                sum[i][v] = vec_fma(one, w[v], sum[i][v]);
        }
        x += down ? x_stride : 1;
        if (half)
            half_panel += w_stride;
        else
            panel += w_stride;
    }
#pragma GCC unroll 8
    for (size_t i = 0; i < rows; i++)
#pragma GCC unroll 3
        for (size_t v = 0; v < wide; v++)
            vec_store(t->sums + i * sums_stride + v * LANES, sum[i][v]);
}

INLINE size_t tallest(size_t wide)
{
    return wide == 1 ? TALL1 : wide == 2 ? TALL2 : TALL3;
}

/* Five rows are 3 + 2, not 4 + 1: a single row has too few chains to hide the latency of an FMA. */
INLINE size_t next_rows(size_t left, size_t tall)
{
    return left <= tall ? left : left < 2 * tall ? (left + 1) / 2 : tall;
}

#define SHAPE(r, n)                                                                                \
    case r * 4 + n:                                                                                \
        if (r <= (n == 1 ? TALL1 : n == 2 ? TALL2 : TALL3))                                        \
            tile_shape(t, r, n, down, half, lines);                                                \
        return;
#define SHAPES(n)                                                                                  \
    SHAPE(1, n) SHAPE(2, n) SHAPE(3, n) SHAPE(4, n) SHAPE(5, n) SHAPE(6, n) SHAPE(7, n) SHAPE(8, n)

INLINE void tile_any(const tile *t, size_t rows, size_t wide, const bool down, const bool half,
                     const size_t lines)
{
    switch (rows * 4 + wide) {
        SHAPES(1)
        SHAPES(2)
        SHAPES(3)
    default:
        return;
    }
}

#undef SHAPES
#undef SHAPE

#endif
