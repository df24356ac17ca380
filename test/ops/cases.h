/*
 * test/ops/cases.h - one list of cases for every operation: ragged shapes, empty sequences, odd
 * widths. The same list serves the gradient test (finite differences in double) and the agreement
 * of every backend with the reference in double.
 */
#ifndef TEST_OPS_CASES_H
#define TEST_OPS_CASES_H

#include "ops/ops.h"

enum { CASE_VALUES = 8 };

typedef struct op_stand op_stand;

/* A matrix of random numbers that the case reads: an input of the run, or a parameter. */
typedef struct op_value {
    size_t rows, columns;
    bool parameter;
    double around; /* the middle of the numbers: 1 for a gain */
    bool constant; /* no gradient is made for it */
} op_value;

typedef struct op_case {
    char name[120];
    cz_tensor *(*build)(op_stand *stand);
    op_value value[CASE_VALUES];
    int values;

    /* What the builders read, each its own. */
    const cz_packing *packing, *keys;
    const uint64_t *samples;
    const cz_globals *globals;
    const size_t *skip, *rows;
    const int64_t *labels;
    cz_entropy_terms terms;
    const float *positive_weight;
    double total, temperature;
    cz_activation activation;
    cz_pooling_kind kind;
    cz_reach reach;
    size_t heads, count;
    float p;
    double scale; /* of the scores; 0: an ordinary one */
    bool bias, shift, root_mean_square;
    bool
        crowded; /* a gradient lies where another operation's room was: what is behind it is not clean */
} op_case;

/* A case set up on a backend. */
struct op_stand {
    const op_case *c;
    cz_run run;
    cz_tensor value[CASE_VALUES], gradient[CASE_VALUES], *gradients[CASE_VALUES];
    cz_parameter parameter[CASE_VALUES];
    cz_tensor *input[CASE_VALUES], *out;
    cz_linear_weights linear;
    cz_adapter adapter;
    cz_norm_weights norm;
    cz_embed_weights embed;
    cz_batch batch;
    cz_attention_shape attention;
    char *host, *numbers, *scratch;
};

size_t op_case_count(void);
op_case op_case_at(size_t number);

/* `kernels` is NULL but for the CPU. */
void stand_open(op_stand *stand, const op_case *c, const cz_backend *backend, const void *kernels);
void stand_close(op_stand *stand);
/* Runs the operation; with `record` the gradients too, of the sum of out times fixed weights. */
void stand_run(op_stand *stand, bool record);
/* That sum. */
double stand_sum(const op_stand *stand);
double stand_get(const op_stand *stand, int value, size_t element);
void stand_set(op_stand *stand, int value, size_t element, double number);
/* The gradient of a value; zero where nothing flowed back. */
double stand_gradient(const op_stand *stand, int value, size_t element);

/* A number in (-1, 1) for (stream, element). */
double test_number(uint64_t stream, uint64_t element);

#endif
