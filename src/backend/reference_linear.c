/* reference_linear.c - activation(x W' + b), the weight in up to three row blocks. */
#include "backend/reference.h"

/* Output column `out` of the whole weight: its part, and the row within. */
static int part_of(const cz_weight *w, size_t *out)
{
    int part = 0;
    while (*out >= w->part[part]->rows)
        *out -= w->part[part++]->rows;
    return part;
}

static double bias_at(const cz_weight *w, size_t out)
{
    int part = part_of(w, &out);
    return w->bias[part] ? cz_tensor_at(w->bias[part], 0, out) : 0;
}

static bool row_fits(const cz_weight *w, size_t out)
{
    if (!fits(bias_at(w, out)))
        return false;
    int part = part_of(w, &out);
    for (size_t k = 0; k < w->in; k++)
        if (!fits(cz_tensor_at(w->part[part], out, k)))
            return false;
    return true;
}

cloze_status REFERENCE(linear)(const cz_place *place, const cz_linear_call *call)
{
    const cz_weight *w = call->weight;
    (void)place;
    for (size_t o = 0; o < w->out; o++) {
        size_t row = o;
        const cz_tensor *part = w->part[part_of(w, &row)];
        if (!row_fits(w, o))
            return CLOZE_ERROR_FORMAT;
        for (size_t i = 0; i < call->x->rows; i++) {
            double sum = 0;
            for (size_t k = 0; k < w->in; k++)
                sum += at(call->x, i, k) * cz_tensor_at(part, row, k);
            sum += bias_at(w, o);
            if (call->before)
                row_of(call->before, i)[o] = (real)sum;
            row_of(call->out, i)[o] = (real)REFERENCE(activate)(call->activation, sum);
        }
    }
    return CLOZE_OK;
}

/* The gradient before the activation: in d_before, or d_out itself if there is none. */
static const cz_tensor *through_activation(const cz_linear_call *call)
{
    if (call->activation == CZ_IDENTITY)
        return call->d_out;
    for (size_t i = 0; i < call->d_out->rows; i++)
        for (size_t o = 0; o < call->d_out->columns; o++)
            row_of(call->d_before, i)[o] =
                (real)(at(call->d_out, i, o) *
                       REFERENCE(slope)(call->activation, at(call->before, i, o)));
    return call->d_before;
}

static void part_backward(const cz_linear_call *call, const cz_tensor *d, int part, size_t first)
{
    const cz_tensor *x = call->x;
    for (size_t o = 0; o < call->weight->part[part]->rows; o++) {
        double bias = 0;
        for (size_t i = 0; i < x->rows; i++)
            bias += at(d, i, first + o);
        if (call->d_bias[part])
            row_of(call->d_bias[part], 0)[o] += (real)bias;
        for (size_t k = 0; call->d_part[part] && k < x->columns; k++) {
            double sum = 0;
            for (size_t i = 0; i < x->rows; i++)
                sum += at(d, i, first + o) * at(x, i, k);
            row_of(call->d_part[part], o)[k] += (real)sum;
        }
    }
}

static void input_backward(const cz_linear_call *call, const cz_tensor *d)
{
    const cz_weight *w = call->weight;
    for (size_t i = 0; i < call->d_x->rows; i++)
        for (size_t k = 0; k < w->in; k++) {
            double sum = 0;
            size_t first = 0;
            for (int part = 0; part < w->parts; first += w->part[part++]->rows)
                for (size_t o = 0; o < w->part[part]->rows; o++)
                    sum += at(d, i, first + o) * cz_tensor_at(w->part[part], o, k);
            row_of(call->d_x, i)[k] += (real)sum;
        }
}

cloze_status REFERENCE(linear_backward)(const cz_place *place, const cz_linear_call *call)
{
    const cz_tensor *d = through_activation(call);
    size_t first = 0;
    (void)place;
    if (call->d_x)
        input_backward(call, d);
    for (int part = 0; part < call->weight->parts; part++) {
        part_backward(call, d, part, first);
        first += call->weight->part[part]->rows;
    }
    return CLOZE_OK;
}
