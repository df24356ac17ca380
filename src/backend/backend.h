/*
 * backend/backend.h - the device table: everything a device must be able to do, one page.
 *
 * Each operation is a call struct with shapes in comments and two functions, forward and backward.
 * Backward ADDS into every gradient that is not NULL. Formulas: doc/ops.md. Every slot is filled in
 * every table: `cz_backend_reference_f32/f64` (plain loops, the specification) and
 * `cz_backend_cpu`. Numbers are of the table's `type` (weights may also be F16, BF16 where said).
 *
 * Nothing here allocates: scratch memory is the worker's, of the size that `scratch` tells.
 */
#ifndef CZ_BACKEND_BACKEND_H
#define CZ_BACKEND_BACKEND_H

#include "base/random.h"
#include "base/thread.h"
#include "tensor/packing.h"
#include "tensor/tensor.h"

typedef enum cz_activation {
    CZ_IDENTITY = 0,
    CZ_GELU,       /* x Phi(x), exact: "gelu", "gelu_python" */
    CZ_GELU_TANH,  /* 0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))): "gelu_new", "gelu_fast" */
    CZ_GELU_QUICK, /* x sigmoid(1.702 x): "quick_gelu" */
    CZ_RELU,
    CZ_SILU,       /* "silu", "swish" */
    CZ_TANH,
    CZ_SIGMOID,
    CZ_ACTIVATIONS
} cz_activation;

/* Dropout of probability p with a counter-based mask (base/random.h); p == 0: none. `elements`
 * counts within the sample: token * columns + column. `packing` tells which sample a row is of. */
typedef struct cz_dropout {
    float p;
    cz_dropout_key key;
    const cz_packing *packing; /* rows of sample i; NULL: row i is sample i */
    const uint64_t *samples;   /* [packing.count] */
} cz_dropout;

/* What a device has made of a weight to multiply faster: opaque, owned by the model. */
typedef struct cz_pack cz_pack;

enum { CZ_PARTS = 3 };

/* A weight [out, in] as row blocks that lie apart in the file (query, key, value), used as one.
 * Each part is F32, F16, BF16 or F64; each bias may be NULL. */
typedef struct cz_weight {
    size_t in, out;
    int parts;
    const cz_tensor *part[CZ_PARTS]; /* [out_i, in] */
    const cz_tensor *bias[CZ_PARTS]; /* [1, out_i] or NULL */
    const cz_pack *pack;             /* of the whole, or NULL: packed panel by panel at use */
} cz_weight;

static inline bool cz_weight_is_biased(const cz_weight *weight)
{
    return weight->bias[0] || weight->bias[1] || weight->bias[2];
}

/* out = sum over tables of table[index] (word, position, type rows). */
enum { CZ_TABLES = 3 };
typedef struct cz_embed_call {
    int tables;
    const cz_tensor *table[CZ_TABLES];  /* [vocabulary_i, columns] F32, F16, BF16, F64 */
    const uint32_t *index[CZ_TABLES];   /* [n] */
    uint32_t fixed[CZ_TABLES];          /* a row that gets no gradient (padding), or UINT32_MAX */
    cz_tensor *out;                     /* [n, columns] */
    const cz_tensor *d_out;
    cz_tensor *d_table[CZ_TABLES];      /* added by id after a stable sort, or NULL */
} cz_embed_call;

/* out = activation(x W' + b). */
typedef struct cz_linear_call {
    const cz_tensor *x;                 /* [n, in] */
    const cz_weight *weight;            /* [out, in] */
    cz_activation activation;
    cz_tensor *out;                     /* [n, out] */
    cz_tensor *before;                  /* [n, out] before the activation; NULL: not kept */
    const cz_tensor *d_out;
    cz_tensor *d_before;                /* [n, out] room for d_out * activation'; else NULL */
    cz_tensor *d_x;
    cz_tensor *d_part[CZ_PARTS], *d_bias[CZ_PARTS];
    void *room;                         /* backward with d_part: linear_room bytes, 64-byte aligned */
} cz_linear_call;

/* sum = x + dropout(branch); out = norm(sum) * gain + shift. branch NULL: out = norm(x).
 * gain NULL: no norm, out = sum (the residual alone). root_mean_square: no mean is taken. */
typedef struct cz_norm_call {
    const cz_tensor *x, *branch;        /* [n, columns]; branch or NULL */
    const cz_tensor *gain, *shift;      /* [1, columns]; shift may be NULL */
    double epsilon;
    bool root_mean_square;
    cz_dropout dropout;                 /* of branch */
    cz_tensor *out;                     /* [n, columns]; may be x itself when nothing is recorded */
    cz_tensor *sum;                     /* [n, columns] kept for backward; NULL: not kept */
    const cz_tensor *d_out;
    cz_tensor *d_x, *d_branch, *d_gain, *d_shift;
} cz_norm_call;

/* Which keys a query may see: all, those not after it, or a window of `window` on either side. */
typedef enum cz_reach { CZ_REACH_FULL = 0, CZ_REACH_CAUSAL, CZ_REACH_WINDOW } cz_reach;

/* What scores get from the distance i - j of query and key. Row e of each matrix is for the
 * distances d with entry[span + d] == e; beyond the span the last on that side holds. `of_query`
 * and `of_key` are looked up head by head, or are of one head's size and shared by all. */
typedef struct cz_relative {
    const uint32_t *entry;              /* [2 * span + 1], each below the matrices' rows; NULL: none */
    size_t span;
    const cz_tensor *table;             /* [entries, heads], added to the scaled score; or NULL */
    const cz_tensor *of_query;          /* [entries, heads * size]: q_i . row, before the scale */
    const cz_tensor *of_key;            /* the same with k_j */
    cz_tensor *d_table, *d_of_query, *d_of_key;
} cz_relative;

/* out[i] = sum over j of softmax_j(scale * (q_i . k_j + q_i . of_query[e] + k_j . of_key[e])
 * + table[e]) * v_j with e the entry of i - j, head by head, sequence by sequence.
 * Probabilities are dropped by element head * (nk * nk) + i * nk + j. Rows that see no key are 0.
 * */
typedef struct cz_attention_call {
    const cz_tensor *q, *k, *v;         /* [nq, heads * size] [nk, heads * size] [nk, ...]; may be
                                           column slices of one fused tensor (stride) */
    const cz_packing *queries, *keys;
    size_t heads;
    double scale;                       /* 1 / sqrt(size) by default, the model decides */
    cz_reach reach;
    size_t window;
    const cz_globals *globals;          /* keys that every query sees besides its window; or NULL.
                                           Not beside `relative` */
    cz_relative relative;
    cz_dropout dropout;
    cz_tensor *out;                     /* [nq, heads * size] */
    const cz_tensor *d_out;
    cz_tensor *d_q, *d_k, *d_v;
} cz_attention_call;

/* The probabilities themselves, for whoever asks: a pass beside the normal one. */
typedef struct cz_probabilities_call {
    const cz_attention_call *attention;
    size_t sequence, head;
    cz_tensor *out;                     /* [length of queries, length of keys] */
} cz_probabilities_call;

/* out = activation(x), out = x dropped, or both: activation first. */
typedef struct cz_pointwise_call {
    const cz_tensor *x;                 /* [n, columns] */
    cz_activation activation;
    cz_dropout dropout;
    cz_tensor *out;
    const cz_tensor *d_out;
    cz_tensor *d_x;
} cz_pointwise_call;

/* out = x, but in the first `turned` columns, heads of `angles->columns`, the pairs of a head's
 * halves, c and c + size / 2, are turned by angle c of the row's place in its sequence. */
typedef struct cz_rotate_call {
    const cz_tensor *x;                 /* [n, columns] */
    const cz_packing *packing;
    const cz_tensor *angles;            /* [longest or more, size]: cosines of half, then sines */
    size_t turned;
    cz_tensor *out;                     /* [n, columns]; may be x itself */
    const cz_tensor *d_out;
    cz_tensor *d_x;
} cz_rotate_call;

/* out = activation(x[:, :n]) * x[:, n:] */
typedef struct cz_gate_call {
    const cz_tensor *x;                 /* [rows, 2 n] */
    cz_activation activation;
    cz_tensor *out;                     /* [rows, n] */
    const cz_tensor *d_out;
    cz_tensor *d_x;
} cz_gate_call;

/* out = x, each group of columns times a number of its own. */
typedef struct cz_scale_call {
    const cz_tensor *x;                 /* [rows, groups * n] */
    const cz_tensor *factor;            /* [1, groups] */
    cz_tensor *out;                     /* as x */
    const cz_tensor *d_out;
    cz_tensor *d_x, *d_factor;
} cz_scale_call;

/* out = a * x + b * y (y may be NULL): sums, differences, scalings. */
typedef struct cz_blend_call {
    const cz_tensor *x, *y;             /* [n, columns] */
    double a, b;
    cz_tensor *out;
    const cz_tensor *d_out;
    cz_tensor *d_x, *d_y;
} cz_blend_call;

/* out[i] = x[row[i]]. Rows may repeat; d_x adds in the order of i. */
typedef struct cz_select_call {
    const cz_tensor *x;                 /* [n, columns] */
    const size_t *row;                  /* [m] */
    cz_tensor *out;                     /* [m, columns] */
    const cz_tensor *d_out;
    cz_tensor *d_x;
} cz_select_call;

/* out = base, but row[i] is x[i]: the inverse of select. Rows are distinct and ascending. */
typedef struct cz_replace_call {
    const cz_tensor *base, *x;          /* [n, columns] [m, columns] */
    const size_t *row;                  /* [m] */
    cz_tensor *out;                     /* [n, columns]; may be base itself */
    const cz_tensor *d_out;
    cz_tensor *d_base, *d_x;            /* nothing reaches the rows of base that were replaced */
} cz_replace_call;

/* out[t] = the `kernel` rows around t in its sequence, column by column: out[t][c * kernel + j] is
 * x[t + j - kernel / 2][c], or 0 beyond the sequence. A linear map of it is a convolution, its
 * weights as PyTorch stores them. kernel is odd. */
typedef struct cz_neighbours_call {
    const cz_tensor *x;                 /* [n, columns] */
    const cz_packing *packing;
    size_t kernel;
    cz_tensor *out;                     /* [n, columns * kernel] */
    const cz_tensor *d_out;
    cz_tensor *d_x;
} cz_neighbours_call;

/* out = the real part of the Fourier transform of each sequence, over its rows and its columns,
 * without a scale. The transform is symmetric: backward is the same one. */
typedef struct cz_fourier_call {
    const cz_tensor *x;                 /* [n, columns] */
    const cz_packing *packing;
    cz_tensor *work;                    /* [n, columns + 2] room, written both ways */
    cz_tensor *out;                     /* [n, columns] */
    const cz_tensor *d_out;
    cz_tensor *d_x;
} cz_fourier_call;

typedef enum cz_pooling_kind {
    CZ_POOL_FIRST = 0, CZ_POOL_MAX, CZ_POOL_MEAN, CZ_POOL_MEAN_SQRT, CZ_POOL_WEIGHTED, CZ_POOL_LAST
} cz_pooling_kind;

/* out[i] = one row from the rows of sequence i. The empty sequence gives zeros. */
typedef struct cz_pool_call {
    const cz_tensor *x;                 /* [n, columns] */
    const cz_packing *packing;
    const size_t *skip;                 /* [count] leading rows left out (a prompt), or NULL */
    cz_pooling_kind kind;
    cz_tensor *out;                     /* [count, columns] */
    const cz_tensor *d_out;
    cz_tensor *d_x;
} cz_pool_call;

/* out = x / max(|x|, 1e-12), row by row. */
typedef struct cz_normalize_call {
    const cz_tensor *x;                 /* [n, columns] */
    cz_tensor *out;
    const cz_tensor *d_out;
    cz_tensor *d_x;
} cz_normalize_call;

/* out = x_i . y_i / (max(|x_i|, least) max(|y_i|, least)), row by row. */
#define CZ_COSINE_LEAST 1e-8
typedef struct cz_cosine_call {
    const cz_tensor *x, *y;             /* [n, columns] */
    cz_tensor *out;                     /* [n, 1] */
    const cz_tensor *d_out;
    cz_tensor *d_x, *d_y;
} cz_cosine_call;

/* What a row of a cross entropy counts and what the sum is divided by. All zero: the plain mean. */
typedef struct cz_entropy_terms {
    const float *class_weight;          /* [classes] or NULL: 1 each */
    double smoothing;                   /* share of the label that all classes are given, 0 .. 1 */
    double focal;                       /* rows weigh (1 - p)^focal of their label's p */
    double total;                       /* what the sum is divided by; 0: the labelled rows' own
                                           class weights */
} cz_entropy_terms;

/* loss = sum over rows with label >= 0 of class_weight[label] * -log softmax(logits)[label],
 * divided by the total; label < 0: row ignored. No such row, or none that weighs: loss 0.
 * Smoothing mixes in the mean over classes c of class_weight[c] * -log softmax(logits)[c]; it does
 * not go with focal. */
typedef struct cz_cross_entropy_call {
    const cz_tensor *logits;            /* [n, classes] */
    const int64_t *labels;              /* [n] */
    cz_entropy_terms terms;
    cz_tensor *loss;                    /* [1, 1] */
    const cz_tensor *d_loss;
    cz_tensor *d_logits;
} cz_cross_entropy_call;

/* loss = sum of (x - target)^2 over all elements / total. */
typedef struct cz_squared_error_call {
    const cz_tensor *x, *target;        /* [n, columns] */
    double total;                       /* 0: the elements */
    cz_tensor *loss;                    /* [1, 1] */
    const cz_tensor *d_loss;
    cz_tensor *d_x;
} cz_squared_error_call;

/* loss = sum over elements of target * positive_weight * -log s + (1 - target) * -log (1 - s), s the
 * sigmoid of the logit, / total. A target that is NaN does not count; no other: loss 0. */
typedef struct cz_binary_entropy_call {
    const cz_tensor *logits, *targets;  /* [n, classes]; targets 0 .. 1 */
    const float *positive_weight;       /* [classes] or NULL: 1 each */
    double total;                       /* 0: the elements that count */
    cz_tensor *loss;                    /* [1, 1] */
    const cz_tensor *d_loss;
    cz_tensor *d_logits;
} cz_binary_entropy_call;

/* loss = temperature^2 * sum over rows of KL(softmax(teacher / temperature) || softmax(logits /
 * temperature)) / total. A class that the teacher forbids (minus infinity) adds nothing. */
typedef struct cz_divergence_call {
    const cz_tensor *logits, *teacher;  /* [n, classes] */
    double temperature, total;          /* total 0: the rows */
    cz_tensor *loss;                    /* [1, 1] */
    const cz_tensor *d_loss;
    cz_tensor *d_logits;
} cz_divergence_call;

/* loss = the sum over sequences and columns of -log softmax(the column's logits in the sequence)[place]
 * / total. */
typedef struct cz_places_call {
    const cz_tensor *logits;            /* [n, columns] */
    const cz_packing *packing;
    const size_t *place;                /* [count, columns] rows within the sequence; SIZE_MAX: the
                                           column is not asked there */
    double total;                       /* 0: the places that are asked */
    cz_tensor *loss;                    /* [1, 1] */
    const cz_tensor *d_loss;
    cz_tensor *d_logits;
} cz_places_call;

/* loss = the sum over sequences, heads and all pairs i, j of a sequence's rows of (scale * q_i . k_j -
 * the teacher's own)^2 / total: scores before the softmax, whatever the attention lets them see. */
typedef struct cz_attention_error_call {
    const cz_tensor *q, *k;             /* [n, heads * size] */
    const cz_tensor *teacher_q, *teacher_k; /* [n, heads * its size] */
    const cz_packing *packing;
    size_t heads;
    double scale, teacher_scale;
    double total;                       /* 0: the scores */
    cz_tensor *loss;                    /* [1, 1] */
    const cz_tensor *d_loss;
    cz_tensor *d_q, *d_k;
} cz_attention_error_call;

/* What learning does to a whole parameter: no way back, nothing on the tape. Tensors are of the
 * table's type, of one shape and without gaps (stride = columns). */

/* A step of AdamW, in the order of PyTorch's: g = scale * gradient; value *= 1 - rate * decay;
 * first += (1 - beta1) (g - first); second = beta2 * second + (1 - beta2) g^2;
 * value -= rate / correct1 * first / (sqrt(second) / sqrt(correct2) + epsilon). */
typedef struct cz_adamw_call {
    const cz_tensor *gradient;
    cz_tensor *value, *first, *second;
    double rate, beta1, beta2, epsilon, decay;
    double scale;                       /* of the gradient: clipping, or 1 */
    double correct1, correct2;          /* 1 - beta^step, or 1 */
} cz_adamw_call;

/* sum = the squares of all elements, summed in double. */
typedef struct cz_squares_call {
    const cz_tensor *x;
    double *sum;
} cz_squares_call;

/* to += factor * from. */
typedef struct cz_add_call {
    const cz_tensor *from;
    cz_tensor *to;
    double factor;
} cz_add_call;

/* to = from, rounded to bfloat16 (to nearest even; what is not a number stays so). Each of the two is of
 * the table's type or BF16, and without gaps; they may be the same numbers. */
typedef struct cz_round_call {
    const cz_tensor *from;
    cz_tensor *to;
} cz_round_call;

/* Where a call runs: threads, and scratch memory of `scratch_size` bytes for each worker. A call
 * that meets a weight that is not finite (checked as it is packed, or as a row is used) returns
 * CLOZE_ERROR_FORMAT. */
typedef struct cz_place {
    cz_pool *pool;                      /* NULL: this thread alone */
    char *scratch;                      /* [workers][scratch_size], 64-byte aligned */
    size_t scratch_size;
    cz_type type;
    const void *kernels;                /* the CPU table's chosen ISA */
} cz_place;

/* The largest shapes that a run will meet, for the scratch. */
typedef struct cz_extent {
    size_t tokens, longest;             /* rows, and rows of one sequence */
    size_t widest;                      /* largest in or out of a linear */
    size_t heads, head_size;
    bool gradients;
    size_t mixed;                       /* columns of a Fourier transform; 0: none is made */
    bool relative;                      /* attention with terms of distance */
    size_t globals;                     /* keys of a sequence that are seen besides a window */
    bool compares;                      /* scores of attention with a teacher's */
} cz_extent;

typedef struct cz_backend {
    const char *name;
    cz_type type;
    size_t (*scratch)(const cz_extent *extent, const void *kernels); /* bytes for one worker */
    /* Bytes of room that the backward of a linear wants; call->x, weight and d_part count. */
    size_t (*linear_room)(const void *kernels, const cz_linear_call *call);

    /* Packing: bytes needed, and filling `memory` (64-byte aligned). Fails on a weight that is not
     * finite. bf16: keep rounded halves. */
    size_t (*pack_size)(const void *kernels, const cz_weight *weight, bool bf16);
    cloze_status (*pack)(const cz_place *place, const cz_weight *weight, bool bf16, void *memory,
                         cz_pack **out, cloze_error *error);

#define CZ_OPERATION(name)                                                                         \
    cloze_status (*name)(const cz_place *, const cz_##name##_call *);                              \
    cloze_status (*name##_backward)(const cz_place *, const cz_##name##_call *);
    CZ_OPERATION(embed)
    CZ_OPERATION(linear)
    CZ_OPERATION(norm)
    CZ_OPERATION(attention)
    CZ_OPERATION(pointwise)
    CZ_OPERATION(rotate)
    CZ_OPERATION(gate)
    CZ_OPERATION(scale)
    CZ_OPERATION(blend)
    CZ_OPERATION(select)
    CZ_OPERATION(replace)
    CZ_OPERATION(neighbours)
    CZ_OPERATION(fourier)
    CZ_OPERATION(pool)
    CZ_OPERATION(normalize)
    CZ_OPERATION(cosine)
    CZ_OPERATION(cross_entropy)
    CZ_OPERATION(binary_entropy)
    CZ_OPERATION(squared_error)
    CZ_OPERATION(divergence)
    CZ_OPERATION(places)
    CZ_OPERATION(attention_error)
#undef CZ_OPERATION
    cloze_status (*probabilities)(const cz_place *, const cz_probabilities_call *);
    cloze_status (*adamw)(const cz_place *, const cz_adamw_call *);
    cloze_status (*squares)(const cz_place *, const cz_squares_call *);
    cloze_status (*add)(const cz_place *, const cz_add_call *);
    cloze_status (*round)(const cz_place *, const cz_round_call *);
} cz_backend;

extern const cz_backend cz_backend_reference_f32, cz_backend_reference_f64, cz_backend_cpu;

/* The kernel table of an instruction set: NULL or "" means the best that this machine has and
 * the CLOZE_ISA environment variable allows. NULL result: unknown or not to be had here. */
const void *cz_cpu_kernels(const char *isa);
const char *cz_cpu_kernels_name(const void *kernels);
/* Fused multiply-adds in registers on this thread, for measuring; returns the flop done. */
size_t cz_cpu_peak(const void *kernels, size_t rounds);

#endif
