/*
 * isa.h - what the build tells each of the kernel files: CZ_SIMD, the header of the instruction
 * set, and CZ_ISA, its name, which ends the names of everything that is exported.
 */
#ifndef CZ_CPU_ISA_H
#define CZ_CPU_ISA_H

#include "kernels.h"

#define CZ_JOIN(a, b)       a##_##b
#define CZ_JOIN_NAMES(a, b) CZ_JOIN(a, b)
#define CZ_OF_ISA(name)     CZ_JOIN_NAMES(name, CZ_ISA)
#define CZ_QUOTED(name)     #name
#define CZ_NAME_OF(name)    CZ_QUOTED(name)

void CZ_OF_ISA(cz_multiply)(const cz_product *product);
void CZ_OF_ISA(cz_outer)(const cz_outer *outer);
bool CZ_OF_ISA(cz_pack)(const char *const *row, size_t count, size_t depth, float *panel);
void CZ_OF_ISA(cz_widen)(const uint16_t *half, size_t count, float *to);
void CZ_OF_ISA(cz_attend)(const cz_attend *attend);
void CZ_OF_ISA(cz_attend_backward)(const cz_attend *attend);
size_t CZ_OF_ISA(cz_attend_scratch)(size_t size, size_t rows, bool relative, bool gradients);
void CZ_OF_ISA(cz_fourier_rows)(const cz_fourier_pass *pass);
void CZ_OF_ISA(cz_fourier_columns)(const cz_fourier_pass *pass);
void CZ_OF_ISA(cz_fourier_filter)(const struct cz_waves *waves, float *scratch);
size_t CZ_OF_ISA(cz_fourier_scratch)(size_t points);
void CZ_OF_ISA(cz_add_rows)(const float *x, const float *branch, size_t columns, float *sum);
cz_moments CZ_OF_ISA(cz_norm)(const cz_norm_row *row);
void CZ_OF_ISA(cz_norm_backward)(const cz_norm_row *row, cz_moments moments, const float *d_out,
                                 float *d_sum);
void CZ_OF_ISA(cz_activate)(cz_activation kind, const float *x, size_t count, float *out);
void CZ_OF_ISA(cz_slope)(cz_activation kind, const float *x, const float *d, size_t count,
                         float *out);
float CZ_OF_ISA(cz_highest)(const float *x, size_t count);
float CZ_OF_ISA(cz_exp_sum)(const float *x, size_t count, float highest, float *out);
size_t CZ_OF_ISA(cz_peak)(size_t rounds, float *sink);
void CZ_OF_ISA(cz_drop)(const cz_dropout *dropout, uint64_t sample, uint64_t first, size_t count,
                        float *x);
bool CZ_OF_ISA(cz_sum_rows)(const void *const *row, int count, size_t columns, float *out);

#endif
