/*
 * ops/ops.h - the operations as a model writes them. Each makes its output in the run, calls the
 * device, and appends its backward to the tape. A NULL weight is the identity where said.
 */
#ifndef CZ_OPS_OPS_H
#define CZ_OPS_OPS_H

#include "run/run.h"

typedef struct cz_adapter cz_adapter;

/* A linear map as a model holds it: parameters, and the same seen as one weight with its pack. */
typedef struct cz_linear_weights {
    const cz_parameter *part[CZ_PARTS], *bias[CZ_PARTS]; /* of `weight.parts` entries; bias NULL */
    cz_weight weight;
    const cz_adapter *adapter[CZ_PARTS]; /* what learns beside a part; NULL: nothing */
} cz_linear_weights;

typedef struct cz_norm_weights {
    const cz_parameter *gain, *shift; /* shift may be NULL */
    double epsilon;
    bool root_mean_square;
} cz_norm_weights;

typedef struct cz_embed_weights {
    int tables;
    const cz_parameter *table[CZ_TABLES];
    uint32_t
        fixed[CZ_TABLES];  /* a row that does not learn (PyTorch's padding_idx), or UINT32_MAX */
    bool still[CZ_TABLES]; /* the whole table does not learn */
} cz_embed_weights;

/* Dropout of one place in the model; p counts only while run->dropout. */
typedef struct cz_dropout_site {
    float p;
    uint32_t site;
} cz_dropout_site;

/* Two thin matrices that learn while the weight beside them stays (Hu et al. 2021): they add
 * scale * up(down(drop(x))) to the part's columns. */
struct cz_adapter {
    const cz_parameter *beside;
    cz_linear_weights down, up; /* [rank, in] [out, rank] */
    double scale;
    cz_dropout_site dropout; /* the lower 16 bits of its site are left to the turn's */
};

typedef struct cz_attention_shape {
    size_t heads, head_size;
    double scale;
    cz_reach reach;
    size_t window;
    cz_dropout_site dropout;
    cz_dropout_site global_dropout; /* of what the globals see */
} cz_attention_shape;

/* What scores get from distances; NULL where there is none of it. */
typedef struct cz_distances {
    const uint32_t *entry; /* [2 * span + 1]; must live as long as the tape */
    size_t span;
    cz_tensor *table;             /* [entries, heads] */
    cz_tensor *of_query, *of_key; /* [entries, heads * head_size], or [entries, head_size] */
} cz_distances;

/* index[i] are arrays of batch->tokens numbers, one per table. */
cz_tensor *cz_embed(cz_run *run, const cz_embed_weights *weights, const uint32_t *const *index,
                    size_t tokens);
/* activation(x W' + b). NULL or empty (out == 0) weights: activation(x). */
cz_tensor *cz_linear(cz_run *run, cz_tensor *x, const cz_linear_weights *weights,
                     cz_activation activation);
/* The same with what adapters add before the activation. `packing` and `samples` as in cz_drop; `turn`
 * tells apart the masks of a map that runs several times. */
cz_tensor *cz_adapted(cz_run *run, const cz_packing *packing, const uint64_t *samples, cz_tensor *x,
                      const cz_linear_weights *weights, cz_activation activation, uint32_t turn);
/* norm(x); NULL weights: the identity. */
cz_tensor *cz_norm(cz_run *run, cz_tensor *x, const cz_norm_weights *weights);
/* norm(x + dropout(branch)); NULL weights: the sum alone. It closes a block of the residual stream:
 * while predicting within a stage the sum is written over x, and what the stage made before it
 * (branch too) is given back and must not be read after the next operation. */
cz_tensor *cz_residual(cz_run *run, const cz_batch *batch, cz_tensor *x, cz_tensor *branch,
                       const cz_norm_weights *weights, cz_dropout_site dropout);
/* qkv [tokens, 3 * heads * head_size]. Taps "attention.probabilities" when somebody looks. */
cz_tensor *cz_self_attention(cz_run *run, const cz_batch *batch, cz_tensor *qkv,
                             const cz_attention_shape *shape, size_t layer);
/* The same with terms of the distance of query and key: see cz_relative in backend.h. What is
 * looked up are tensors of the run, whose gradients flow on. */
cz_tensor *cz_relative_attention(cz_run *run, const cz_batch *batch, cz_tensor *qkv,
                                 const cz_attention_shape *shape, const cz_distances *distances,
                                 size_t layer);
/* The same over a window and the batch's globals, which must be there; and the globals themselves
 * see all of their sequence, by queries [globals, heads * head_size] and keys and values [tokens,
 * 2 * heads * head_size] of their own. */
cz_tensor *cz_global_attention(cz_run *run, const cz_batch *batch, cz_tensor *qkv, cz_tensor *q,
                               cz_tensor *kv, const cz_attention_shape *shape, size_t layer);
/* Queries of one packing look at the keys and values of another: query sequence i at key sequence
 * i. kv [keys, 2 * heads * head_size]. `samples` are those of the queries. */
cz_tensor *cz_cross_attention(cz_run *run, cz_tensor *q, const cz_packing *queries, cz_tensor *kv,
                              const cz_packing *keys, const uint64_t *samples,
                              const cz_attention_shape *shape, size_t layer);
/* The first `turned` columns of x, whole heads of angles->columns, turned by their places in the
 * sequence; `angles` [longest or more, head_size], in the run's type, lives as long as the tape.
 * Unless the run records, x is written over. */
cz_tensor *cz_rotate(cz_run *run, const cz_packing *packing, cz_tensor *x, const cz_tensor *angles,
                     size_t turned);
/* activation(x[:, :n]) * x[:, n:] of x [rows, 2 n]. */
cz_tensor *cz_gate(cz_run *run, cz_tensor *x, cz_activation activation);
/* Each of factor's [1, groups] groups of columns of x times its number; gradients flow to both. */
cz_tensor *cz_scale(cz_run *run, cz_tensor *x, cz_tensor *factor);
cz_tensor *cz_activate(cz_run *run, cz_tensor *x, cz_activation activation);
/* packing NULL: row i is sample i of `samples`. */
cz_tensor *cz_drop(cz_run *run, const cz_packing *packing, const uint64_t *samples, cz_tensor *x,
                   cz_dropout_site dropout);
cz_tensor *cz_blend(cz_run *run, cz_tensor *x, double a, cz_tensor *y, double b);
/* `rows` must live as long as the tape. */
cz_tensor *cz_select(cz_run *run, cz_tensor *x, const size_t *rows, size_t count);
/* base, but row rows[i] is x's row i: the inverse of select. Rows are distinct and ascending and must
 * live as long as the tape. Unless the run records, base is written over. */
cz_tensor *cz_replace(cz_run *run, cz_tensor *base, cz_tensor *x, const size_t *rows, size_t count);
/* Each row beside those around it, `kernel` (odd) of its sequence in all [rows, columns * kernel]:
 * what a convolution multiplies. */
cz_tensor *cz_neighbours(cz_run *run, const cz_packing *packing, cz_tensor *x, size_t kernel);
/* The real part of the Fourier transform of each sequence, over rows and columns. */
cz_tensor *cz_fourier(cz_run *run, const cz_packing *packing, cz_tensor *x);
/* base, but factor * x is added to its columns from `first` on. base is written over: whoever made it
 * must not read it for its own gradient. */
cz_tensor *cz_add_columns(cz_run *run, cz_tensor *base, size_t first, cz_tensor *x, double factor);
/* A view of `columns` columns beginning at `first`: nothing is copied. */
cz_tensor *cz_columns(cz_run *run, cz_tensor *x, size_t first, size_t columns);
cz_tensor *cz_pool_rows(cz_run *run, cz_tensor *x, const cz_packing *packing, const size_t *skip,
                        cz_pooling_kind kind);
cz_tensor *cz_normalize_rows(cz_run *run, cz_tensor *x);
/* [n, 1]: the cosine of row i of x [n, k] and row i of y [n, k]. */
cz_tensor *cz_cosine(cz_run *run, cz_tensor *x, cz_tensor *y);
/* x y' of x [n, k] and y [m, k]: [n, m]. Built on the device's linear, so the scratch must be made
 * for `widest` of m too, and a y that is not finite fails the run. */
cz_tensor *cz_product(cz_run *run, cz_tensor *x, cz_tensor *y);

/* ---- losses: [1, 1]; what is pointed to lives as long as the tape. A total of zero is the usual
 * mean; one that the caller gives makes parts of a batch add up to the whole. ---- */

/* Labels below zero leave their row out. terms NULL: the plain mean. */
cz_tensor *cz_cross_entropy(cz_run *run, cz_tensor *logits, const int64_t *labels,
                            const cz_entropy_terms *terms);
/* Each class a question of its own: targets [n, classes] from 0 to 1; NaN: that element does not
 * count. positive_weight [classes] or NULL. */
cz_tensor *cz_binary_entropy(cz_run *run, cz_tensor *logits, const cz_tensor *targets,
                             const float *positive_weight, double total);
cz_tensor *cz_squared_error(cz_run *run, cz_tensor *x, const cz_tensor *target, double total);
/* Which row of its sequence each column means: see cz_places_call. `place` [sequences, columns] lives as
 * long as the tape. Total as above. */
cz_tensor *cz_places(cz_run *run, cz_tensor *logits, const cz_packing *packing,
                     const size_t *place, double total);
/* How far the softmax of logits / temperature is from the teacher's, times temperature^2. */
cz_tensor *cz_divergence(cz_run *run, cz_tensor *logits, const cz_tensor *teacher,
                         double temperature, double total);
/* How far scores of attention, before the softmax, are from a teacher's: queries and keys are the
 * first columns of qkv [tokens, 2 * heads * head_size or more], as cz_self_attention takes them. Both
 * have as many heads, of any size. Total 0: the mean over all pairs of a sequence's tokens. */
cz_tensor *cz_attention_error(cz_run *run, const cz_packing *packing, cz_tensor *qkv,
                              const cz_attention_shape *shape, const cz_tensor *teacher,
                              const cz_attention_shape *teacher_shape, double total);

#endif
