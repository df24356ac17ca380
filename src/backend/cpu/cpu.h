/*
 * cpu.h - inside the CPU's room: the place's kernels and scratch, and the slots of each file.
 */
#ifndef CZ_CPU_CPU_H
#define CZ_CPU_CPU_H

#include "kernels.h"

#include <stdatomic.h>

static inline const cz_kernels *kernels_of(const cz_place *place)
{
    return place->kernels ? place->kernels : &cz_kernels_scalar;
}

static inline void *scratch_of(const cz_place *place, size_t worker)
{
    return place->scratch + worker * place->scratch_size;
}

static inline size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static inline size_t parts_of(size_t count, size_t unit)
{
    return (count + unit - 1) / unit;
}

/* Rows that a task takes of an operation which is cut by rows, columns that one takes by column. */
enum { CZ_TASK_ROWS = 16, CZ_TASK_COLUMNS = 64 };

/* count numbers of a tensor's row as floats: where they lie if they are F32, else in `room`. */
const char *cz_floats(const cz_tensor *t, size_t row, size_t first, size_t count, float *room);

/* The scratch that shared rows (one number of 8 bytes each) take before a worker's own. */
size_t cz_shared_size(size_t rows);

/* pack.c */
size_t cz_cpu_pack_size(const void *kernels, const cz_weight *weight, bool bf16);
cloze_status cz_cpu_pack(const cz_place *place, const cz_weight *weight, bool bf16, void *memory,
                         cz_pack **out, cloze_error *error);
size_t cz_panels(const cz_kernels *kernels, const cz_weight *weight);
/* A panel ready to be multiplied, made in `room` [in, panel] unless it is kept. NULL: not finite.
 * A bf16 panel is widened there, or with room NULL given as it is. */
const void *cz_panel(const cz_kernels *kernels, const cz_weight *weight, size_t panel, float *room);
/* Kept panels are of one type. */
bool cz_panel_is_half(const cz_weight *weight);
/* Its bias, padded with zeros, in `room` [panel] unless kept; NULL when there is none. */
const float *cz_panel_bias(const cz_kernels *kernels, const cz_weight *weight, size_t panel,
                           float *room);
/* Columns first .. first + count of all rows: [out, panel]. */
void cz_panel_of_columns(const cz_kernels *kernels, const cz_weight *weight, size_t first,
                         size_t count, float *room);

/* mix.c: floats of scratch for sequences of up to `longest` rows. */
size_t cz_mix_scratch(const cz_kernels *kernels, size_t columns, size_t longest);

/* attention_error.c: floats of scratch for heads of `size` and sequences of up to `longest` rows. */
size_t cz_attention_error_scratch(const cz_kernels *kernels, size_t size, size_t longest);

/* layout.c. Numbers from a stripe of so many rows to the next: no multiple of a power of two, for
 * those would fall into few sets of the cache. */
size_t cz_stripe_step(size_t rows);
/* [rows, columns] as a panel [rows, wide]; what is not there is zero. */
void cz_lay_panel(const float *from, size_t stride, size_t rows, size_t columns, size_t wide,
                  float *to);
/* The same as stripes [rows, CZ_STRIPE]. */
void cz_lay_stripes(const float *from, size_t stride, size_t rows, size_t columns, float *to);

/* linear_backward.c */
size_t cz_cpu_linear_room(const void *kernels, const cz_linear_call *call);

#define CZ_SLOT(name)                                                                              \
    cloze_status cz_cpu_##name(const cz_place *place, const cz_##name##_call *call);               \
    cloze_status cz_cpu_##name##_backward(const cz_place *place, const cz_##name##_call *call);
CZ_SLOT(embed)           /* embed.c */
CZ_SLOT(linear)          /* linear.c, linear_backward.c */
CZ_SLOT(norm)            /* norm.c */
CZ_SLOT(attention)       /* heads.c */
CZ_SLOT(pointwise)       /* pointwise.c */
CZ_SLOT(rotate)          /* rotate.c */
CZ_SLOT(scale)           /* gate.c */
CZ_SLOT(gate)            /* gate.c */
CZ_SLOT(blend)           /* pointwise.c */
CZ_SLOT(select)          /* gather.c */
CZ_SLOT(replace)         /* gather.c */
CZ_SLOT(neighbours)      /* neighbours.c */
CZ_SLOT(fourier)         /* mix.c */
CZ_SLOT(pool)            /* gather.c */
CZ_SLOT(normalize)       /* norm.c */
CZ_SLOT(cosine)          /* cosine.c */
CZ_SLOT(cross_entropy)   /* entropy.c */
CZ_SLOT(binary_entropy)  /* binary.c */
CZ_SLOT(squared_error)   /* loss.c */
CZ_SLOT(divergence)      /* divergence.c */
CZ_SLOT(places)          /* places.c */
CZ_SLOT(attention_error) /* attention_error.c */
#undef CZ_SLOT
cloze_status cz_cpu_probabilities(const cz_place *place, const cz_probabilities_call *call);
cloze_status cz_cpu_adamw(const cz_place *place, const cz_adamw_call *call);     /* step.c */
cloze_status cz_cpu_squares(const cz_place *place, const cz_squares_call *call); /* step.c */
cloze_status cz_cpu_add(const cz_place *place, const cz_add_call *call);         /* step.c */
cloze_status cz_cpu_round(const cz_place *place, const cz_round_call *call);     /* round.c */

#endif
