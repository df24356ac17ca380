/*
 * run/run.h - one computation: memory, tape, stages, taps, switches.
 *
 * Three independent switches: `record` (a tape is kept, gradients can flow), `parameter_gradients`
 * (they reach the weights too) and `dropout`. Predicting is none of them, explaining is record,
 * learning is all three. Errors are sticky: a failed operation returns the run's empty tensor, the
 * rest falls through, and one check at the end (run->error.status) tells. There is no `if` about
 * errors in a model.
 *
 * A stage (one layer: body and weights) is the unit of arena rewind when predicting, of
 * recomputation when memory is short, and of taps.
 *
 * A run whose `numbers` arena has no memory is a counting run: operations take room but the device
 * is not called, so the exact need of a computation is known before it is allocated.
 */
#ifndef CZ_RUN_RUN_H
#define CZ_RUN_RUN_H

#include "backend/backend.h"
#include "base/memory.h"
#include <stdatomic.h>

typedef struct cz_run cz_run;
typedef struct cz_node cz_node;

/* A weight that may learn: its value, and its number in the run's list of gradients. Where the file
 * weaves several matrices into one, in blocks of rows that take turns, each is a parameter. */
typedef struct cz_parameter {
    cz_tensor value;
    size_t index;
    const char *name; /* as in the file */
    size_t turn, turns, block; /* turns 0: the stored tensor as it is */
    size_t kernel; /* of a convolution, stored [rows, columns / kernel, kernel]; 0: of none */
    size_t depth;  /* 0: the embeddings, then the layers from 1 on, then what follows them */
    bool of_head;   /* stands beside the encoder, not under its prefix, */
    int head;       /* and belongs to this head */
    bool is_matrix; /* no bias, and nothing of a norm */
    bool of_adapter; /* learns beside a weight that stays, */
    bool whole;      /* or as a whole beside those that do */
    bool of_lesson;  /* learns as long as a teacher teaches, and is no part of the model */
} cz_parameter;

/* The rows of a gradient that may be other than zero: what was looked up of a table, or all. */
typedef struct cz_touched {
    uint64_t *rows; /* bits */
    bool all;
} cz_touched;

/* A point where a caller looks or replaces. The tensor is live: what is wanted later must be
 * copied, what is written is used by everything after. Attention probabilities are the exception:
 * they are made for the looker, sequence by sequence, [heads * queries, keys]. */
typedef struct cz_tap_point {
    const char *name; /* "embeddings", "layer", "attention.probabilities", "attention.projections",
                         "pooler"; with tap_parts "embeddings.sum" and "attention.context", too */
    size_t layer, sequence;
    bool again; /* a stage runs a second time for its gradient: replace as before, count nothing */
} cz_tap_point;
typedef void cz_tap(void *context, const cz_tap_point *point, cz_tensor *tensor);

/* While predicting within a stage: where the residual stream lies. What is added to the stream is
 * written over it, in `home`, and everything taken since `numbers` is given back. */
typedef struct cz_frame {
    cz_tensor *stream; /* the stage's input, then home */
    cz_tensor *home;   /* where the stage's result will lie; NULL: not in such a stage */
    size_t numbers;
} cz_frame;

struct cz_run {
    const cz_backend *backend;
    cz_place place;
    cz_arena host;    /* nodes, tensor heads, calls */
    cz_arena numbers; /* the device's memory: every tensor's data */
    cz_arena bench;   /* with `halves`: the same while a stage runs or is walked back */
    bool record, parameter_gradients, dropout;
    bool recompute; /* stages keep only their input and output while recording */
    bool halves; /* what stages make is rounded to bfloat16 once they are through, for the way back;
                       what is kept of it takes half the bytes */
    uint64_t seed, step;
    cz_tensor *const *gradients; /* [parameters] where parameter gradients are added; entries may be
                                    NULL; same type as the run, F64 or F32 */
    cz_touched *const *touched;  /* [parameters] is kept up to date, entries may be NULL; or NULL */
    cz_tap *tap;
    void *tap_context;
    bool tap_attention;   /* the tap wants attention probabilities too, */
    bool tap_projections; /* or queries, keys and values [tokens, 3 * heads * head_size] as they meet, and
                             "attention.global_projections", keys and values as globals see them, */
    bool tap_parts;       /* or the sum of the embeddings' tables, and what the heads of a layer make */
    bool tap_counts;      /* or to be told of tensors while counting, when they hold no numbers */
    /* [layers] factors of what each head of attention makes [1, heads], NULL: 1; or NULL. Those that
     * are watched get gradients (Michel, Levy, Neubig 2019). */
    cz_tensor *const *head_factors;
    atomic_bool *cancel;
    cloze_error error; /* sticky */
    cz_node *tape;     /* newest first */
    cz_tensor empty;   /* what a failed operation returns */
    cz_frame frame;    /* of the innermost stage */
    cz_tensor *result; /* of the last stage while predicting: the next may write over it */
    bool again;        /* a stage is being recomputed */
};

/* ---- for operations (ops/) ---- */

/* Room for a tensor of the run's type; uninitialised. The empty tensor on failure. */
cz_tensor *cz_run_tensor(cz_run *run, size_t rows, size_t columns);
/* Host memory that lives as long as the tape does. NULL on failure. */
void *cz_run_take(cz_run *run, size_t size);
bool cz_run_failed(const cz_run *run);
/* False in a counting run and after a failure: then the device must not be called. */
bool cz_run_computes(const cz_run *run);
/* Room for what takes the place of x in the residual stream, of x's shape: while predicting within
 * a stage it is x's own, and what the stage took since is given back; else a new tensor. */
cz_tensor *cz_run_successor(cz_run *run, cz_tensor *x);
/* Turns a device's bad status into the run's error. CLOZE_ERROR_FORMAT names the first of the
 * parameters (entries may be NULL) that is not finite. */
void cz_run_check(cz_run *run, cloze_status status, const cz_parameter *const *parameters,
                  size_t count);
/* Fails the run if its caller wants it to stop. */
void cz_run_poll(cz_run *run);
/* The device's dropout for a place in the model, none unless the run drops. */
cz_dropout cz_run_dropout(const cz_run *run, float p, uint32_t site, const cz_packing *packing,
                          const uint64_t *samples);
void cz_run_fail(cz_run *run, cloze_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The zeroed-on-first-use gradient of a watched tensor; NULL if it is not watched. */
cz_tensor *cz_run_gradient(cz_run *run, cz_tensor *tensor);
/* Where the gradient of a parameter goes, or NULL. */
cz_tensor *cz_run_parameter_gradient(const cz_run *run, const cz_parameter *parameter);
/* The same where only these rows of it get any. */
cz_tensor *cz_run_rows_gradient(const cz_run *run, const cz_parameter *parameter,
                                const uint32_t *rows, size_t count);

typedef void cz_backward(cz_run *run, void *call);
/* Appends to the tape if recording; marks `out` watched. `call` must live in the run. */
void cz_run_record(cz_run *run, cz_backward *backward, cz_tensor *out, void *call);

/* ---- for models ---- */

typedef cz_tensor *cz_stage_body(cz_run *run, const void *self, const cz_batch *batch,
                                 cz_tensor *x);

/*
 * Runs `body`. Predicting: everything the body took is given back but its result, which takes the
 * place of x if x was the result of a stage (x is then gone), so memory does not grow with the
 * number of stages. Recording: the body's operations are kept, or (run->recompute) one node that
 * runs the body again when the gradient comes back; dropout masks are the same since they are
 * functions of their counter. With run->halves the body runs on the bench, where the next stage will,
 * and what it made is kept as bfloat16 and put back there for its gradient; only the result stays as it
 * is. Recomputed or kept, gradients are the same then too. `outside` [count] are watched tensors from outside that the body
 * reads besides x. x may be NULL: a body that begins from the batch alone. `self` and `batch` must
 * live as long as the tape. Stages may lie within stages.
 */
cz_tensor *cz_stage(cz_run *run, cz_stage_body *body, const void *self, const cz_batch *batch,
                    cz_tensor *x, cz_tensor *const *outside, size_t count);

/* Calls the tap, if any, with a live tensor. */
void cz_run_tap(cz_run *run, const char *name, size_t layer, size_t sequence, cz_tensor *tensor);

/* ---- for callers ---- */

/* Forgets tape and memory, keeps switches. */
void cz_run_reset(cz_run *run);
/* A tensor over the caller's own numbers; watched if its gradient is wanted. */
cz_tensor *cz_run_input(cz_run *run, void *data, size_t rows, size_t columns, bool watched);
/* Sets the gradient of `loss` [1, 1] to one and walks the tape back. */
void cz_run_backward(cz_run *run, cz_tensor *loss);
/* The same from any tensor, whose gradient the caller has filled (cz_run_gradient). */
void cz_run_walk_back(cz_run *run);

#endif
