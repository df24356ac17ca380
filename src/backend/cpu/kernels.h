/*
 * kernels.h - the kernel table of an instruction set. Kernels are written once over a simd header
 * and compiled once per instruction set; all tables give the same bits.
 *
 * The law: an element of a product is one chain of fused multiply-adds over ascending k that begins
 * at zero, the bias added last; a sum along a row has 16 lanes, counted from the row's (or the
 * sequence's) begin, and one closing tree. Nothing here allocates or knows of threads.
 */
#ifndef CZ_CPU_KERNELS_H
#define CZ_CPU_KERNELS_H

#include "backend/backend.h"

/* Most columns of a panel, and most rows that a product takes at once, on any instruction set. */
enum { CZ_PANEL_MOST = 48, CZ_BLOCK_ROWS = 64, CZ_STRIPE = 8 };

/* What is done with the elements of a product: out = or += activation(sum + bias). */
typedef struct cz_finish {
    float *out, *before; /* before: the sum with bias, or NULL */
    size_t out_stride, before_stride;
    size_t columns;    /* of the panel that are real */
    const float *bias; /* [panel], or NULL */
    cz_activation activation;
    bool add;
} cz_finish;

/* rows of x times one panel of a packed weight. */
typedef struct cz_product {
    const float *x;
    size_t x_stride, rows, depth;
    const void *panel; /* [depth, panel width] */
    bool half;         /* the panel is bf16 */
    const void *next;  /* memory wanted next, of the same size: fetched meanwhile; or NULL */
    cz_finish finish;
} cz_product;

/* d[o, c] += sum over i of a[i, o] * b[i, c]: the gradient of a weight, a and b laid out before. */
typedef struct cz_outer {
    const float *stripes; /* of CZ_STRIPE columns of a: [tokens, CZ_STRIPE] each */
    size_t stripe_step;   /* numbers from a stripe to the next */
    const float *panel;   /* of b: [tokens, panel] */
    size_t tokens, rows, columns; /* at most CZ_BLOCK_ROWS, and a panel's */
    float *out;
    size_t out_stride;
} cz_outer;

/* One head of one sequence; pointers are at the sequence's first row and the head's column. */
typedef struct cz_attend {
    const float *q, *k, *v;
    size_t q_stride, k_stride, v_stride;
    size_t size, queries, keys;
    size_t first, last; /* the queries of this task */
    float scale;
    cz_reach reach;
    size_t window;
    const size_t *global;  /* [globals] rows; key j is row global_from + j: seen by all, once */
    size_t globals, global_from;
    const uint32_t *entry; /* as in cz_relative; NULL: no terms of distance */
    size_t span;
    const float *table, *of_query, *of_key; /* at the head's column; each may be NULL */
    size_t table_stride, of_query_stride, of_key_stride;
    const cz_dropout *dropout; /* NULL: none */
    uint64_t sample, element;  /* the sample's number, and the element of query 0 and key 0 */
    float *out;
    size_t out_stride;
    float *probabilities; /* [queries, keys] made instead of out; NULL as a rule */
    float *scratch;
    /* backward, for all queries at once */
    const float *d_out;
    size_t d_out_stride;
    float *d_q, *d_k, *d_v; /* each may be NULL */
    size_t d_q_stride, d_k_stride, d_v_stride;
    float *d_table, *d_of_query, *d_of_key; /* the same; nobody else adds into them meanwhile */
    size_t d_table_stride, d_of_query_stride, d_of_key_stride;
} cz_attend;

/* Keys are laid out from a multiple of CZ_KEYS on, which is one of every panel and of 16: the lanes
 * of a sum count from the sequence's first key wherever the copy begins. Globals come before. */
enum { CZ_KEYS = 48 };

static inline size_t cz_columns_ahead(size_t globals)
{
    return (globals + CZ_KEYS - 1) / CZ_KEYS * CZ_KEYS;
}

/* Transforms of a sequence's rows, or of its columns first .. last of the rows' first half. */
typedef struct cz_fourier_pass {
    const struct cz_waves *waves;
    const float *from;
    float *to; /* rows: [rows, columns + 2], the real parts, then the imaginary */
    size_t from_stride, to_stride;
    size_t rows, columns;
    size_t first, last; /* columns only, as is `add` */
    bool add;
    float *scratch;
} cz_fourier_pass;

/* One row of a norm. x + branch goes to sum; out may be NULL when only the moments are wanted. */
typedef struct cz_norm_row {
    const float *x, *branch; /* branch may be NULL */
    const float *gain, *shift;
    size_t columns;
    float epsilon;
    bool root_mean_square;
    float *sum, *out;
} cz_norm_row;

typedef struct cz_moments {
    float mean, inverse;
} cz_moments;

typedef struct cz_kernels {
    const char *name;
    size_t lanes, panel;

    void (*multiply)(const cz_product *product);
    void (*outer)(const cz_outer *outer);

    /* row [count] of depth floats each (any address) become columns of a panel; false: not
     * finite */
    bool (*pack)(const char *const *row, size_t count, size_t depth, float *panel);
    void (*widen)(const uint16_t *half, size_t count, float *to);

    void (*attend)(const cz_attend *attend);
    void (*attend_backward)(const cz_attend *attend);
    /* Floats; `rows` is the longer of queries and keys, with cz_columns_ahead of the globals. */
    size_t (*attend_scratch)(size_t size, size_t rows, bool relative, bool gradients);

    void (*fourier_rows)(const cz_fourier_pass *pass);
    void (*fourier_columns)(const cz_fourier_pass *pass);
    void (*fourier_filter)(const struct cz_waves *waves, float *scratch);
    size_t (*fourier_scratch)(size_t points); /* floats */

    /* sum = x + branch (NULL: x alone); may be in place */
    void (*add_rows)(const float *x, const float *branch, size_t columns, float *sum);
    cz_moments (*norm)(const cz_norm_row *row);
    /* d_sum of a row of which the moments are known */
    void (*norm_backward)(const cz_norm_row *row, cz_moments moments, const float *d_out,
                          float *d_sum);
    void (*activate)(cz_activation kind, const float *x, size_t count, float *out);
    /* out = d * activation'(x) */
    void (*slope)(cz_activation kind, const float *x, const float *d, size_t count, float *out);
    /* the highest, and the sum of exp(x - highest); out (may be NULL) receives the exponentials */
    float (*highest)(const float *x, size_t count);
    float (*exp_sum)(const float *x, size_t count, float highest, float *out);
    /* x[i] is dropped, or scaled, as element first + i of the sample */
    void (*drop)(const cz_dropout *dropout, uint64_t sample, uint64_t first, size_t count,
                 float *x);
    /* out = sum of rows at any address; false: not finite */
    bool (*sum_rows)(const void *const *row, int count, size_t columns, float *out);
    /* flop of that many rounds of fused multiply-adds in registers: the peak, for measuring */
    size_t (*peak)(size_t rounds, float *sink);
} cz_kernels;

extern const cz_kernels cz_kernels_scalar;
#if defined(__x86_64__)
extern const cz_kernels cz_kernels_avx2, cz_kernels_avx512;
#elif defined(__aarch64__)
extern const cz_kernels cz_kernels_neon;
#endif

#endif
