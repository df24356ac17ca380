/*
 * reference_fourier.c - the real part of the two-dimensional Fourier transform of each sequence:
 * rows first, into `work` (real parts, then imaginary), then columns. Angles are reduced to one
 * turn in integers.
 */
#include "backend/reference.h"

static double angle_of(size_t j, size_t k, size_t n)
{
    return 2 * 3.14159265358979323846 * (double)(j * k % n) / (double)n;
}

/* Row `row` of x, its first half: the rest is the conjugate of it. */
static void transform_row(const cz_tensor *x, const cz_tensor *work, size_t row)
{
    size_t n = x->columns, half = n / 2 + 1;
    for (size_t k = 0; k < half; k++) {
        double re = 0, im = 0;
        for (size_t j = 0; j < n; j++) {
            re += at(x, row, j) * cos(angle_of(j, k, n));
            im -= at(x, row, j) * sin(angle_of(j, k, n));
        }
        row_of(work, row)[k] = (real)re;
        row_of(work, row)[half + k] = (real)im;
    }
}

/* Element (m, k) of the sequence that begins at `first`. */
static double element(const cz_tensor *work, size_t first, size_t length, size_t m, size_t k,
                      size_t columns)
{
    size_t half = columns / 2 + 1;
    double sum = 0;
    if (k >= half)
        return element(work, first, length, m ? length - m : 0, columns - k, columns);
    for (size_t t = 0; t < length; t++)
        sum += at(work, first + t, k) * cos(angle_of(t, m, length)) +
               at(work, first + t, half + k) * sin(angle_of(t, m, length));
    return sum;
}

static void transform(const cz_packing *packing, const cz_tensor *x, const cz_tensor *work,
                      const cz_tensor *to, bool add)
{
    for (size_t s = 0; s < packing->count; s++) {
        size_t first = packing->begin[s], length = packing->length[s];
        for (size_t t = 0; t < length; t++)
            transform_row(x, work, first + t);
        for (size_t m = 0; m < length; m++)
            for (size_t k = 0; k < x->columns; k++) {
                real *out = &row_of(to, first + m)[k];
                double value = element(work, first, length, m, k, x->columns);
                *out = add ? *out + (real)value : (real)value;
            }
    }
}

cloze_status REFERENCE(fourier)(const cz_place *place, const cz_fourier_call *call)
{
    (void)place;
    transform(call->packing, call->x, call->work, call->out, false);
    return CLOZE_OK;
}

/* The transform is symmetric, so the way back is the way there. */
cloze_status REFERENCE(fourier_backward)(const cz_place *place, const cz_fourier_call *call)
{
    (void)place;
    if (call->d_x)
        transform(call->packing, call->d_out, call->work, call->d_x, true);
    return CLOZE_OK;
}
