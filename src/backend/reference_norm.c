/* reference_norm.c - norm(x + dropout(branch)), with or without a mean, a shift, a norm at all. */
#include "backend/reference.h"

typedef struct row_moments {
    double mean, inverse; /* inverse of the standard deviation */
} row_moments;

static row_moments moments(const cz_norm_call *call, const cz_tensor *sum, size_t row)
{
    double n = (double)sum->columns, total = 0, square = 0;
    for (size_t c = 0; c < sum->columns && !call->root_mean_square; c++)
        total += at(sum, row, c);
    for (size_t c = 0; c < sum->columns; c++) {
        double centred = at(sum, row, c) - total / n;
        square += centred * centred;
    }
    return (row_moments){ total / n, 1 / sqrt(square / n + call->epsilon) };
}

static bool vector_fits(const cz_tensor *vector)
{
    for (size_t c = 0; vector && c < vector->columns; c++)
        if (!fits(cz_tensor_at(vector, 0, c)))
            return false;
    return true;
}

cloze_status REFERENCE(norm)(const cz_place *place, const cz_norm_call *call)
{
    const cz_tensor *sum = call->sum ? call->sum : call->out;
    size_t n = call->x->columns;
    (void)place;
    if (!vector_fits(call->gain) || !vector_fits(call->shift))
        return CLOZE_ERROR_FORMAT;
    for (size_t i = 0; i < call->x->rows; i++) {
        for (size_t c = 0; c < n; c++) {
            double value = at(call->x, i, c);
            if (call->branch)
                value += at(call->branch, i, c) * kept(&call->dropout, i, c, n);
            row_of(sum, i)[c] = (real)value;
        }
        row_moments m = call->gain ? moments(call, sum, i) : (row_moments){ 0, 1 };
        for (size_t c = 0; c < n; c++) {
            double value = (at(sum, i, c) - m.mean) * m.inverse;
            if (call->gain)
                value *= cz_tensor_at(call->gain, 0, c);
            if (call->shift)
                value += cz_tensor_at(call->shift, 0, c);
            row_of(call->out, i)[c] = (real)value;
        }
    }
    return CLOZE_OK;
}

static void row_backward(const cz_norm_call *call, size_t i)
{
    size_t n = call->x->columns;
    row_moments m = call->gain ? moments(call, call->sum, i) : (row_moments){ 0, 1 };
    double plain = 0, along = 0;
    for (size_t c = 0; c < n && call->gain; c++) {
        double g = at(call->d_out, i, c) * cz_tensor_at(call->gain, 0, c);
        plain += call->root_mean_square ? 0 : g;
        along += g * (at(call->sum, i, c) - m.mean) * m.inverse;
    }
    for (size_t c = 0; c < n; c++) {
        double d = at(call->d_out, i, c);
        if (call->gain)
            d = m.inverse * (d * cz_tensor_at(call->gain, 0, c) - plain / (double)n -
                             (at(call->sum, i, c) - m.mean) * m.inverse * along / (double)n);
        if (call->d_x)
            row_of(call->d_x, i)[c] += (real)d;
        if (call->d_branch)
            row_of(call->d_branch, i)[c] += (real)(d * kept(&call->dropout, i, c, n));
    }
}

static void vectors_backward(const cz_norm_call *call, size_t first, size_t count)
{
    double gain[REFERENCE_CHUNK] = { 0 }, shift[REFERENCE_CHUNK] = { 0 };
    for (size_t i = 0; i < call->x->rows; i++) {
        row_moments m = moments(call, call->sum, i);
        for (size_t c = 0; c < count; c++) {
            double d = at(call->d_out, i, first + c);
            gain[c] += d * (at(call->sum, i, first + c) - m.mean) * m.inverse;
            shift[c] += d;
        }
    }
    for (size_t c = 0; c < count; c++) {
        if (call->d_gain)
            row_of(call->d_gain, 0)[first + c] += (real)gain[c];
        if (call->d_shift)
            row_of(call->d_shift, 0)[first + c] += (real)shift[c];
    }
}

cloze_status REFERENCE(norm_backward)(const cz_place *place, const cz_norm_call *call)
{
    size_t n = call->x->columns;
    (void)place;
    for (size_t i = 0; i < call->x->rows && (call->d_x || call->d_branch); i++)
        row_backward(call, i);
    for (size_t c = 0; c < n && (call->d_gain || call->d_shift); c += REFERENCE_CHUNK)
        vectors_backward(call, c, reference_chunk(c, n));
    return CLOZE_OK;
}
