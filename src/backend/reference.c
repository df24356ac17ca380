/*
 * reference.c - every operation in plain loops: the specification that the fast tables are held
 * against. Compiled twice, for float and for double (CZ_REAL); sums are always taken in double.
 * Not fast, not threaded, and it never will be.
 */
#include "backend/backend.h"
#include "backend/dropout.h"

#include <math.h>
#include <string.h>

typedef CZ_REAL real;

static real *row_of(const cz_tensor *t, size_t row)
{
    return (real *)t->data + row * t->stride;
}

static double weight_at(const cz_weight *w, size_t out, size_t in)
{
    int part = 0;
    while (out >= w->part[part]->rows)
        out -= w->part[part++]->rows;
    return cz_tensor_at(w->part[part], out, in);
}

static double bias_at(const cz_weight *w, size_t out)
{
    int part = 0;
    if (!w->bias[0])
        return 0;
    while (out >= w->part[part]->rows)
        out -= w->part[part++]->rows;
    return cz_tensor_at(w->bias[part], 0, out);
}

static double sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

static const double root_two_over_pi = 0.79788456080286535588, cubic = 0.044715;

static double activate(cz_activation kind, double x)
{
    switch (kind) {
    case CZ_GELU:
        return 0.5 * x * erfc(-x * 0.70710678118654752440);
    case CZ_GELU_TANH:
        return 0.5 * x * (1 + tanh(root_two_over_pi * (x + cubic * x * x * x)));
    case CZ_GELU_QUICK:
        return x * sigmoid(1.702 * x);
    case CZ_RELU:
        return x > 0 ? x : 0;
    case CZ_SILU:
        return x * sigmoid(x);
    case CZ_TANH:
        return tanh(x);
    case CZ_SIGMOID:
        return sigmoid(x);
    case CZ_IDENTITY:
    case CZ_ACTIVATIONS:
        break;
    }
    return x;
}

static double slope(cz_activation kind, double x)
{
    double s, t, u;
    switch (kind) {
    case CZ_GELU:
        return 0.5 * erfc(-x * 0.70710678118654752440) +
               x * 0.39894228040143267794 * exp(-0.5 * x * x);
    case CZ_GELU_TANH:
        u = root_two_over_pi * (x + cubic * x * x * x);
        t = tanh(u);
        return 0.5 * (1 + t) +
               0.5 * x * (1 - t * t) * root_two_over_pi * (1 + 3 * cubic * x * x);
    case CZ_GELU_QUICK:
        s = sigmoid(1.702 * x);
        return s + 1.702 * x * s * (1 - s);
    case CZ_RELU:
        return x > 0 ? 1 : 0;
    case CZ_SILU:
        s = sigmoid(x);
        return s + x * s * (1 - s);
    case CZ_TANH:
        t = tanh(x);
        return 1 - t * t;
    case CZ_SIGMOID:
        s = sigmoid(x);
        return s * (1 - s);
    case CZ_IDENTITY:
    case CZ_ACTIVATIONS:
        break;
    }
    return 1;
}

/* ---- packing: the reference keeps weights as they are ---- */

static size_t scratch(const cz_extent *extent, const void *kernels)
{
    (void)extent, (void)kernels;
    return 0;
}

static size_t pack_size(const void *kernels, const cz_weight *weight, bool bf16)
{
    (void)kernels, (void)weight, (void)bf16;
    return 0;
}

static cloze_status pack(const cz_place *place, const cz_weight *weight, bool bf16, void *memory,
                         cz_pack **out, cloze_error *error)
{
    (void)place, (void)weight, (void)bf16, (void)memory, (void)error;
    *out = NULL;
    return CLOZE_OK;
}

/* ---- embed ---- */

static cloze_status embed(const cz_place *place, const cz_embed_call *call)
{
    (void)place;
    for (size_t i = 0; i < call->out->rows; i++)
        for (size_t c = 0; c < call->out->columns; c++) {
            double sum = 0;
            for (int t = 0; t < call->tables; t++)
                sum += cz_tensor_at(call->table[t], call->index[t][i], c);
            if (!isfinite(sum))
                return CLOZE_ERROR_FORMAT;
            row_of(call->out, i)[c] = (real)sum;
        }
    return CLOZE_OK;
}

static cloze_status embed_backward(const cz_place *place, const cz_embed_call *call)
{
    (void)place;
    for (int t = 0; t < call->tables; t++)
        for (size_t i = 0; call->d_table[t] && i < call->d_out->rows; i++)
            for (size_t c = 0; c < call->d_out->columns; c++)
                row_of(call->d_table[t], call->index[t][i])[c] += row_of(call->d_out, i)[c];
    return CLOZE_OK;
}

/* ---- linear ---- */

static cloze_status linear(const cz_place *place, const cz_linear_call *call)
{
    const cz_weight *w = call->weight;
    (void)place;
    for (size_t o = 0; o < w->out; o++) {
        double bias = bias_at(w, o);
        if (!isfinite(bias))
            return CLOZE_ERROR_FORMAT;
        for (size_t k = 0; k < w->in; k++)
            if (!isfinite(weight_at(w, o, k)))
                return CLOZE_ERROR_FORMAT;
        for (size_t i = 0; i < call->x->rows; i++) {
            double sum = 0;
            for (size_t k = 0; k < w->in; k++)
                sum += (double)row_of(call->x, i)[k] * weight_at(w, o, k);
            sum += bias;
            if (call->before)
                row_of(call->before, i)[o] = (real)sum;
            row_of(call->out, i)[o] = (real)activate(call->activation, sum);
        }
    }
    return CLOZE_OK;
}

static double d_before_at(const cz_linear_call *call, size_t i, size_t o)
{
    double d = (double)row_of(call->d_out, i)[o];
    if (call->activation != CZ_IDENTITY)
        d *= slope(call->activation, (double)row_of(call->before, i)[o]);
    return d;
}

static void linear_part_backward(const cz_linear_call *call, int part, size_t first)
{
    const cz_tensor *x = call->x;
    for (size_t o = 0; o < call->weight->part[part]->rows; o++) {
        double bias = 0;
        for (size_t i = 0; i < x->rows; i++)
            bias += d_before_at(call, i, first + o);
        if (call->d_bias[part])
            row_of(call->d_bias[part], 0)[o] += (real)bias;
        for (size_t k = 0; call->d_part[part] && k < x->columns; k++) {
            double sum = 0;
            for (size_t i = 0; i < x->rows; i++)
                sum += d_before_at(call, i, first + o) * (double)row_of(x, i)[k];
            row_of(call->d_part[part], o)[k] += (real)sum;
        }
    }
}

static cloze_status linear_backward(const cz_place *place, const cz_linear_call *call)
{
    const cz_weight *w = call->weight;
    size_t first = 0;
    (void)place;
    for (size_t i = 0; call->d_x && i < call->x->rows; i++)
        for (size_t k = 0; k < w->in; k++) {
            double sum = 0;
            for (size_t o = 0; o < w->out; o++)
                sum += d_before_at(call, i, o) * weight_at(w, o, k);
            row_of(call->d_x, i)[k] += (real)sum;
        }
    for (int part = 0; part < w->parts; part++) {
        linear_part_backward(call, part, first);
        first += w->part[part]->rows;
    }
    return CLOZE_OK;
}

/* ---- norm ---- */

static double dropped(const cz_dropout *dropout, size_t row, size_t column, size_t columns)
{
    size_t within;
    if (dropout->p <= 0)
        return 1;
    uint64_t sample = cz_dropout_sample(dropout, row, &within);
    return cz_dropout_factor(dropout, sample, (uint64_t)within * columns + column);
}

static void moments(const cz_norm_call *call, const cz_tensor *sum, size_t row, double *mean,
                    double *inverse)
{
    size_t n = sum->columns;
    double total = 0, square = 0;
    for (size_t c = 0; c < n && !call->root_mean_square; c++)
        total += (double)row_of(sum, row)[c];
    *mean = total / (double)n;
    for (size_t c = 0; c < n; c++) {
        double centred = (double)row_of(sum, row)[c] - *mean;
        square += centred * centred;
    }
    *inverse = 1 / sqrt(square / (double)n + call->epsilon);
}

static cloze_status norm(const cz_place *place, const cz_norm_call *call)
{
    size_t n = call->x->columns;
    (void)place;
    for (size_t i = 0; i < call->x->rows; i++) {
        const cz_tensor *sum = call->sum ? call->sum : call->out;
        double mean, inverse;
        for (size_t c = 0; c < n; c++) {
            double value = (double)row_of(call->x, i)[c];
            if (call->branch)
                value += (double)row_of(call->branch, i)[c] * dropped(&call->dropout, i, c, n);
            row_of(sum, i)[c] = (real)value;
        }
        if (!call->gain) {
            if (sum != call->out)
                memcpy(row_of(call->out, i), row_of(sum, i), n * sizeof(real));
            continue;
        }
        moments(call, sum, i, &mean, &inverse);
        for (size_t c = 0; c < n; c++) {
            double value = ((double)row_of(sum, i)[c] - mean) * inverse *
                           cz_tensor_at(call->gain, 0, c);
            if (call->shift)
                value += cz_tensor_at(call->shift, 0, c);
            row_of(call->out, i)[c] = (real)value;
        }
    }
    return CLOZE_OK;
}

/* d of the sum: through the norm if there is one. */
static double d_sum_at(const cz_norm_call *call, size_t i, size_t c, double mean, double inverse)
{
    size_t n = call->x->columns;
    double d = (double)row_of(call->d_out, i)[c], plain = 0, along = 0, hat;
    if (!call->gain)
        return d;
    for (size_t j = 0; j < n; j++) {
        double g = (double)row_of(call->d_out, i)[j] * cz_tensor_at(call->gain, 0, j);
        plain += g;
        along += g * ((double)row_of(call->sum, i)[j] - mean) * inverse;
    }
    hat = ((double)row_of(call->sum, i)[c] - mean) * inverse;
    if (call->root_mean_square)
        plain = 0;
    return inverse * (d * cz_tensor_at(call->gain, 0, c) - plain / (double)n -
                      hat * along / (double)n);
}

static cloze_status norm_backward(const cz_place *place, const cz_norm_call *call)
{
    size_t n = call->x->columns;
    (void)place;
    for (size_t i = 0; i < call->x->rows; i++) {
        double mean = 0, inverse = 1;
        if (call->gain)
            moments(call, call->sum, i, &mean, &inverse);
        for (size_t c = 0; c < n; c++) {
            double d = d_sum_at(call, i, c, mean, inverse);
            double hat = call->gain ? ((double)row_of(call->sum, i)[c] - mean) * inverse : 0;
            double d_out = (double)row_of(call->d_out, i)[c];
            if (call->d_x)
                row_of(call->d_x, i)[c] += (real)d;
            if (call->d_branch)
                row_of(call->d_branch, i)[c] += (real)(d * dropped(&call->dropout, i, c, n));
            if (call->d_gain)
                row_of(call->d_gain, 0)[c] += (real)(d_out * hat);
            if (call->d_shift)
                row_of(call->d_shift, 0)[c] += (real)d_out;
        }
    }
    return CLOZE_OK;
}

/* ---- attention ---- */

static bool sees(const cz_attention_call *call, size_t i, size_t j)
{
    if (call->reach == CZ_REACH_CAUSAL)
        return j <= i;
    if (call->reach == CZ_REACH_WINDOW)
        return i <= j + call->window && j <= i + call->window;
    return true;
}

static double score(const cz_attention_call *call, size_t s, size_t head, size_t i, size_t j)
{
    size_t size = call->q->columns / call->heads, at = head * size;
    const real *q = row_of(call->q, call->queries->begin[s] + i) + at;
    const real *k = row_of(call->k, call->keys->begin[s] + j) + at;
    double sum = 0;
    for (size_t c = 0; c < size; c++)
        sum += (double)q[c] * (double)k[c];
    return sum * call->scale;
}

/* log of the sum of exp of what row i sees; -infinity if it sees nothing. */
static double log_sum_of(const cz_attention_call *call, size_t s, size_t head, size_t i)
{
    double top = -INFINITY, sum = 0;
    for (size_t j = 0; j < call->keys->length[s]; j++)
        if (sees(call, i, j))
            top = fmax(top, score(call, s, head, i, j));
    for (size_t j = 0; j < call->keys->length[s]; j++)
        if (sees(call, i, j))
            sum += exp(score(call, s, head, i, j) - top);
    return sum > 0 ? top + log(sum) : -INFINITY;
}

static double probability(const cz_attention_call *call, size_t s, size_t head, size_t i, size_t j,
                          double log_sum)
{
    return sees(call, i, j) ? exp(score(call, s, head, i, j) - log_sum) : 0;
}

static double dropped_pair(const cz_attention_call *call, size_t s, size_t head, size_t i,
                           size_t j)
{
    uint64_t nq = call->queries->length[s], nk = call->keys->length[s];
    uint64_t sample = call->dropout.samples ? call->dropout.samples[s] : s;
    return cz_dropout_factor(&call->dropout, sample, head * nq * nk + i * nk + j);
}

static cloze_status attention(const cz_place *place, const cz_attention_call *call)
{
    size_t size = call->q->columns / call->heads;
    (void)place;
    for (size_t s = 0; s < call->queries->count; s++)
        for (size_t head = 0; head < call->heads; head++)
            for (size_t i = 0; i < call->queries->length[s]; i++) {
                size_t row = call->queries->begin[s] + i;
                real *out = row_of(call->out, row) + head * size;
                double log_sum = log_sum_of(call, s, head, i);
                if (call->log_sum)
                    row_of(call->log_sum, row)[head] = (real)log_sum;
                for (size_t c = 0; c < size; c++) {
                    double sum = 0;
                    for (size_t j = 0; j < call->keys->length[s]; j++)
                        if (sees(call, i, j))
                            sum += probability(call, s, head, i, j, log_sum) *
                                   dropped_pair(call, s, head, i, j) *
                                   (double)row_of(call->v, call->keys->begin[s] + j)[head * size + c];
                    out[c] = (real)sum;
                }
            }
    return CLOZE_OK;
}

static void attention_row_backward(const cz_attention_call *call, size_t s, size_t head, size_t i)
{
    size_t size = call->q->columns / call->heads, at = head * size;
    size_t row = call->queries->begin[s] + i;
    double log_sum = log_sum_of(call, s, head, i), along = 0;
    const real *d_out = row_of(call->d_out, row) + at, *out = row_of(call->out, row) + at;
    for (size_t c = 0; c < size; c++)
        along += (double)d_out[c] * (double)out[c];
    for (size_t j = 0; j < call->keys->length[s]; j++) {
        size_t key = call->keys->begin[s] + j;
        double p = probability(call, s, head, i, j, log_sum), d_p = 0, d_score, kept;
        if (!sees(call, i, j))
            continue;
        kept = dropped_pair(call, s, head, i, j);
        for (size_t c = 0; c < size; c++)
            d_p += (double)d_out[c] * (double)row_of(call->v, key)[at + c];
        d_score = p * (d_p * kept - along) * call->scale;
        for (size_t c = 0; c < size; c++) {
            if (call->d_v)
                row_of(call->d_v, key)[at + c] += (real)(p * kept * (double)d_out[c]);
            if (call->d_q)
                row_of(call->d_q, row)[at + c] += (real)(d_score * (double)row_of(call->k, key)[at + c]);
            if (call->d_k)
                row_of(call->d_k, key)[at + c] += (real)(d_score * (double)row_of(call->q, row)[at + c]);
        }
    }
}

static cloze_status attention_backward(const cz_place *place, const cz_attention_call *call)
{
    (void)place;
    for (size_t s = 0; s < call->queries->count; s++)
        for (size_t head = 0; head < call->heads; head++)
            for (size_t i = 0; i < call->queries->length[s]; i++)
                attention_row_backward(call, s, head, i);
    return CLOZE_OK;
}

static cloze_status probabilities(const cz_place *place, const cz_probabilities_call *call)
{
    const cz_attention_call *a = call->attention;
    (void)place;
    for (size_t i = 0; i < a->queries->length[call->sequence]; i++) {
        double log_sum = log_sum_of(a, call->sequence, call->head, i);
        for (size_t j = 0; j < a->keys->length[call->sequence]; j++)
            row_of(call->out, i)[j] =
                (real)probability(a, call->sequence, call->head, i, j, log_sum);
    }
    return CLOZE_OK;
}

/* ---- element by element ---- */

static cloze_status pointwise(const cz_place *place, const cz_pointwise_call *call)
{
    size_t n = call->x->columns;
    (void)place;
    for (size_t i = 0; i < call->x->rows; i++)
        for (size_t c = 0; c < n; c++)
            row_of(call->out, i)[c] = (real)(activate(call->activation, (double)row_of(call->x, i)[c]) *
                                             dropped(&call->dropout, i, c, n));
    return CLOZE_OK;
}

static cloze_status pointwise_backward(const cz_place *place, const cz_pointwise_call *call)
{
    size_t n = call->x->columns;
    (void)place;
    for (size_t i = 0; call->d_x && i < call->x->rows; i++)
        for (size_t c = 0; c < n; c++)
            row_of(call->d_x, i)[c] +=
                (real)((double)row_of(call->d_out, i)[c] * dropped(&call->dropout, i, c, n) *
                       slope(call->activation, (double)row_of(call->x, i)[c]));
    return CLOZE_OK;
}

static cloze_status blend(const cz_place *place, const cz_blend_call *call)
{
    (void)place;
    for (size_t i = 0; i < call->x->rows; i++)
        for (size_t c = 0; c < call->x->columns; c++) {
            double value = call->a * (double)row_of(call->x, i)[c];
            if (call->y)
                value += call->b * (double)row_of(call->y, i)[c];
            row_of(call->out, i)[c] = (real)value;
        }
    return CLOZE_OK;
}

static cloze_status blend_backward(const cz_place *place, const cz_blend_call *call)
{
    (void)place;
    for (size_t i = 0; i < call->d_out->rows; i++)
        for (size_t c = 0; c < call->d_out->columns; c++) {
            double d = (double)row_of(call->d_out, i)[c];
            if (call->d_x)
                row_of(call->d_x, i)[c] += (real)(call->a * d);
            if (call->d_y)
                row_of(call->d_y, i)[c] += (real)(call->b * d);
        }
    return CLOZE_OK;
}

/* ---- rows ---- */

static cloze_status select_rows(const cz_place *place, const cz_select_call *call)
{
    (void)place;
    for (size_t i = 0; i < call->out->rows; i++)
        memcpy(row_of(call->out, i), row_of(call->x, call->row[i]),
               call->out->columns * sizeof(real));
    return CLOZE_OK;
}

static cloze_status select_backward(const cz_place *place, const cz_select_call *call)
{
    (void)place;
    for (size_t i = 0; call->d_x && i < call->d_out->rows; i++)
        for (size_t c = 0; c < call->d_out->columns; c++)
            row_of(call->d_x, call->row[i])[c] += row_of(call->d_out, i)[c];
    return CLOZE_OK;
}

/* Rows of sequence s that count, and the share of row i among them (all kinds but the maximum). */
static size_t counted(const cz_pool_call *call, size_t s, size_t *first)
{
    size_t skip = call->skip ? call->skip[s] : 0, length = call->packing->length[s];
    skip = skip < length ? skip : length;
    *first = call->packing->begin[s] + skip;
    return length - skip;
}

static double share(cz_pooling_kind kind, size_t i, size_t n)
{
    double count = (double)n;
    switch (kind) {
    case CZ_POOL_FIRST:
        return i == 0;
    case CZ_POOL_LAST:
        return i + 1 == n;
    case CZ_POOL_MEAN:
        return 1 / count;
    case CZ_POOL_MEAN_SQRT:
        return 1 / sqrt(count);
    case CZ_POOL_WEIGHTED:
        return ((double)i + 1) / (count * (count + 1) / 2);
    case CZ_POOL_MAX:
        break;
    }
    return 0;
}

static size_t highest(const cz_pool_call *call, size_t first, size_t n, size_t c)
{
    size_t best = 0;
    for (size_t i = 1; i < n; i++)
        if (row_of(call->x, first + i)[c] > row_of(call->x, first + best)[c])
            best = i;
    return best;
}

static cloze_status pool_rows(const cz_place *place, const cz_pool_call *call)
{
    (void)place;
    for (size_t s = 0; s < call->packing->count; s++) {
        size_t first, n = counted(call, s, &first);
        for (size_t c = 0; c < call->x->columns; c++) {
            double sum = 0;
            if (call->kind == CZ_POOL_MAX && n)
                sum = (double)row_of(call->x, first + highest(call, first, n, c))[c];
            for (size_t i = 0; i < n; i++)
                if (share(call->kind, i, n) != 0)
                    sum += share(call->kind, i, n) * (double)row_of(call->x, first + i)[c];
            row_of(call->out, s)[c] = (real)sum;
        }
    }
    return CLOZE_OK;
}

static cloze_status pool_backward(const cz_place *place, const cz_pool_call *call)
{
    (void)place;
    for (size_t s = 0; call->d_x && s < call->packing->count; s++) {
        size_t first, n = counted(call, s, &first);
        for (size_t c = 0; c < call->x->columns; c++) {
            double d = (double)row_of(call->d_out, s)[c];
            if (call->kind == CZ_POOL_MAX && n)
                row_of(call->d_x, first + highest(call, first, n, c))[c] += (real)d;
            for (size_t i = 0; i < n; i++)
                row_of(call->d_x, first + i)[c] += (real)(share(call->kind, i, n) * d);
        }
    }
    return CLOZE_OK;
}

static double length_of(const cz_tensor *x, size_t row)
{
    double square = 0;
    for (size_t c = 0; c < x->columns; c++)
        square += (double)row_of(x, row)[c] * (double)row_of(x, row)[c];
    return sqrt(square);
}

static cloze_status normalize(const cz_place *place, const cz_normalize_call *call)
{
    (void)place;
    for (size_t i = 0; i < call->x->rows; i++) {
        double length = fmax(length_of(call->x, i), 1e-12);
        for (size_t c = 0; c < call->x->columns; c++)
            row_of(call->out, i)[c] = (real)((double)row_of(call->x, i)[c] / length);
    }
    return CLOZE_OK;
}

static cloze_status normalize_backward(const cz_place *place, const cz_normalize_call *call)
{
    (void)place;
    for (size_t i = 0; call->d_x && i < call->x->rows; i++) {
        double length = length_of(call->x, i), along = 0;
        for (size_t c = 0; c < call->x->columns; c++)
            along += (double)row_of(call->d_out, i)[c] * (double)row_of(call->x, i)[c];
        for (size_t c = 0; c < call->x->columns; c++) {
            double d = (double)row_of(call->d_out, i)[c];
            if (length > 1e-12)
                d = (d - along * (double)row_of(call->x, i)[c] / (length * length)) / length;
            else
                d /= 1e-12;
            row_of(call->d_x, i)[c] += (real)d;
        }
    }
    return CLOZE_OK;
}

/* ---- losses ---- */

static double log_sum_exp(const cz_tensor *logits, size_t row)
{
    double top = -INFINITY, sum = 0;
    for (size_t c = 0; c < logits->columns; c++)
        top = fmax(top, (double)row_of(logits, row)[c]);
    for (size_t c = 0; c < logits->columns; c++)
        sum += exp((double)row_of(logits, row)[c] - top);
    return top + log(sum);
}

static size_t labelled(const cz_cross_entropy_call *call)
{
    size_t count = 0;
    for (size_t i = 0; i < call->logits->rows; i++)
        count += call->labels[i] >= 0;
    return count;
}

static cloze_status cross_entropy(const cz_place *place, const cz_cross_entropy_call *call)
{
    size_t count = labelled(call);
    double sum = 0;
    (void)place;
    for (size_t i = 0; i < call->logits->rows; i++)
        if (call->labels[i] >= 0)
            sum += log_sum_exp(call->logits, i) -
                   (double)row_of(call->logits, i)[(size_t)call->labels[i]];
    row_of(call->loss, 0)[0] = (real)(count ? sum / (double)count : 0);
    return CLOZE_OK;
}

static cloze_status cross_entropy_backward(const cz_place *place, const cz_cross_entropy_call *call)
{
    size_t count = labelled(call);
    double d = (double)row_of(call->d_loss, 0)[0];
    (void)place;
    for (size_t i = 0; call->d_logits && i < call->logits->rows; i++) {
        if (call->labels[i] < 0)
            continue;
        double log_sum = log_sum_exp(call->logits, i);
        for (size_t c = 0; c < call->logits->columns; c++) {
            double p = exp((double)row_of(call->logits, i)[c] - log_sum);
            double hit = (size_t)call->labels[i] == c;
            row_of(call->d_logits, i)[c] += (real)(d * (p - hit) / (double)count);
        }
    }
    return CLOZE_OK;
}

static cloze_status squared_error(const cz_place *place, const cz_squared_error_call *call)
{
    double sum = 0, count = (double)call->x->rows * (double)call->x->columns;
    (void)place;
    for (size_t i = 0; i < call->x->rows; i++)
        for (size_t c = 0; c < call->x->columns; c++) {
            double d = (double)row_of(call->x, i)[c] - (double)row_of(call->target, i)[c];
            sum += d * d;
        }
    row_of(call->loss, 0)[0] = (real)(count > 0 ? sum / count : 0);
    return CLOZE_OK;
}

static cloze_status squared_error_backward(const cz_place *place, const cz_squared_error_call *call)
{
    double d = (double)row_of(call->d_loss, 0)[0];
    double count = (double)call->x->rows * (double)call->x->columns;
    (void)place;
    for (size_t i = 0; call->d_x && i < call->x->rows; i++)
        for (size_t c = 0; c < call->x->columns; c++)
            row_of(call->d_x, i)[c] +=
                (real)(2 * d / count *
                       ((double)row_of(call->x, i)[c] - (double)row_of(call->target, i)[c]));
    return CLOZE_OK;
}

const cz_backend CZ_REFERENCE = {
    .name = "reference",
    .type = sizeof(real) == sizeof(double) ? CZ_F64 : CZ_F32,
    .scratch = scratch,
    .pack_size = pack_size,
    .pack = pack,
    .embed = embed,
    .embed_backward = embed_backward,
    .linear = linear,
    .linear_backward = linear_backward,
    .norm = norm,
    .norm_backward = norm_backward,
    .attention = attention,
    .attention_backward = attention_backward,
    .pointwise = pointwise,
    .pointwise_backward = pointwise_backward,
    .blend = blend,
    .blend_backward = blend_backward,
    .select = select_rows,
    .select_backward = select_backward,
    .pool = pool_rows,
    .pool_backward = pool_backward,
    .normalize = normalize,
    .normalize_backward = normalize_backward,
    .cross_entropy = cross_entropy,
    .cross_entropy_backward = cross_entropy_backward,
    .squared_error = squared_error,
    .squared_error_backward = squared_error_backward,
    .probabilities = probabilities,
};
