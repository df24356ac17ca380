/* reference_pointwise.c - element by element: activations, dropout, blends. */
#include "backend/reference.h"

static const double root_half = 0.70710678118654752440, root_two_over_pi = 0.79788456080286535588,
                    one_over_root_two_pi = 0.39894228040143267794, cubic = 0.044715, quick = 1.702;

static double sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

double REFERENCE(activate)(cz_activation kind, double x)
{
    switch (kind) {
    case CZ_GELU:
        return 0.5 * x * erfc(-x * root_half);
    case CZ_GELU_TANH:
        return 0.5 * x * (1 + tanh(root_two_over_pi * (x + cubic * x * x * x)));
    case CZ_GELU_QUICK:
        return x * sigmoid(quick * x);
    case CZ_RELU:
        return x <= 0 ? 0 : x; /* what is not a number stays so */
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

double REFERENCE(slope)(cz_activation kind, double x)
{
    double s, t;
    switch (kind) {
    case CZ_GELU:
        return 0.5 * erfc(-x * root_half) + x * one_over_root_two_pi * exp(-0.5 * x * x);
    case CZ_GELU_TANH:
        t = tanh(root_two_over_pi * (x + cubic * x * x * x));
        return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * root_two_over_pi * (1 + 3 * cubic * x * x);
    case CZ_GELU_QUICK:
        s = sigmoid(quick * x);
        return s + quick * x * s * (1 - s);
    case CZ_RELU:
        return x > 0;
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

cloze_status REFERENCE(pointwise)(const cz_place *place, const cz_pointwise_call *call)
{
    size_t n = call->x->columns;
    (void)place;
    for (size_t i = 0; i < call->x->rows; i++)
        for (size_t c = 0; c < n; c++)
            row_of(call->out, i)[c] =
                (real)(REFERENCE(activate)(call->activation, at(call->x, i, c)) *
                       kept(&call->dropout, i, c, n));
    return CLOZE_OK;
}

cloze_status REFERENCE(pointwise_backward)(const cz_place *place, const cz_pointwise_call *call)
{
    size_t n = call->x->columns;
    (void)place;
    for (size_t i = 0; call->d_x && i < call->x->rows; i++)
        for (size_t c = 0; c < n; c++)
            row_of(call->d_x, i)[c] +=
                (real)(at(call->d_out, i, c) * kept(&call->dropout, i, c, n) *
                       REFERENCE(slope)(call->activation, at(call->x, i, c)));
    return CLOZE_OK;
}

cloze_status REFERENCE(blend)(const cz_place *place, const cz_blend_call *call)
{
    (void)place;
    for (size_t i = 0; i < call->x->rows; i++)
        for (size_t c = 0; c < call->x->columns; c++) {
            double value = call->a * at(call->x, i, c);
            if (call->y)
                value += call->b * at(call->y, i, c);
            row_of(call->out, i)[c] = (real)value;
        }
    return CLOZE_OK;
}

cloze_status REFERENCE(blend_backward)(const cz_place *place, const cz_blend_call *call)
{
    (void)place;
    for (size_t i = 0; i < call->d_out->rows; i++)
        for (size_t c = 0; c < call->d_out->columns; c++) {
            if (call->d_x)
                row_of(call->d_x, i)[c] += (real)(call->a * at(call->d_out, i, c));
            if (call->d_y)
                row_of(call->d_y, i)[c] += (real)(call->b * at(call->d_out, i, c));
        }
    return CLOZE_OK;
}

cloze_status REFERENCE(gate)(const cz_place *place, const cz_gate_call *call)
{
    size_t n = call->out->columns;
    (void)place;
    for (size_t i = 0; i < call->x->rows; i++)
        for (size_t c = 0; c < n; c++)
            row_of(call->out, i)[c] =
                (real)(REFERENCE(activate)(call->activation, at(call->x, i, c)) *
                       at(call->x, i, n + c));
    return CLOZE_OK;
}

cloze_status REFERENCE(gate_backward)(const cz_place *place, const cz_gate_call *call)
{
    size_t n = call->d_out->columns;
    (void)place;
    for (size_t i = 0; call->d_x && i < call->x->rows; i++)
        for (size_t c = 0; c < n; c++) {
            double x = at(call->x, i, c), d = at(call->d_out, i, c);
            row_of(call->d_x, i)[c] +=
                (real)(d * at(call->x, i, n + c) * REFERENCE(slope)(call->activation, x));
            row_of(call->d_x, i)[n + c] += (real)(d * REFERENCE(activate)(call->activation, x));
        }
    return CLOZE_OK;
}

cloze_status REFERENCE(scale)(const cz_place *place, const cz_scale_call *call)
{
    size_t width = call->x->columns / call->factor->columns;
    (void)place;
    for (size_t i = 0; i < call->x->rows; i++)
        for (size_t c = 0; c < call->x->columns; c++)
            row_of(call->out, i)[c] = (real)(at(call->x, i, c) * at(call->factor, 0, c / width));
    return CLOZE_OK;
}

cloze_status REFERENCE(scale_backward)(const cz_place *place, const cz_scale_call *call)
{
    size_t width = call->x->columns / call->factor->columns;
    (void)place;
    for (size_t g = 0; g < call->factor->columns; g++) {
        double sum = 0;
        for (size_t i = 0; i < call->x->rows; i++)
            for (size_t c = g * width; c < (g + 1) * width; c++) {
                double d = at(call->d_out, i, c);
                if (call->d_x)
                    row_of(call->d_x, i)[c] += (real)(d * at(call->factor, 0, g));
                sum += d * at(call->x, i, c);
            }
        if (call->d_factor)
            row_of(call->d_factor, 0)[g] += (real)sum;
    }
    return CLOZE_OK;
}
