/*
 * peak.c - fused multiply-adds in registers and nothing else: the most that an instruction set can
 * do, against which speed is measured. Twelve chains hide the latency of an FMA.
 */
#include "isa.h"

#include CZ_SIMD

enum { CHAINS = 12, STEPS = 64 };

/* Returns the flop done; `sink` receives a number, so that nothing can be left out. */
size_t CZ_OF_ISA(cz_peak)(size_t rounds, float *sink)
{
    vec sum[CHAINS], factor = vec_set(0.999f), term = vec_set(0.001f), total = vec_set(0.0f);
    float out[LANES];
#pragma GCC unroll 12
    for (int i = 0; i < CHAINS; i++)
        sum[i] = vec_set((float)i);
    for (size_t step = rounds * STEPS; step; step--) {
#pragma GCC unroll 12
        for (int i = 0; i < CHAINS; i++) {
            sum[i] = vec_fma(sum[i], factor, term);
            VEC_PIN(sum[i]);
        }
    }
#pragma GCC unroll 12
    for (int i = 0; i < CHAINS; i++)
        total = vec_add(total, sum[i]);
    vec_store(out, total);
    *sink = out[0];
    return rounds * STEPS * CHAINS * LANES * 2;
}
