/* reference_step.c - what learning does to a whole parameter: see backend.h. */
#include "backend/reference.h"

static size_t elements(const cz_tensor *t)
{
    return t->rows * t->columns;
}

static bool fit(const cz_tensor *a, const cz_tensor *b)
{
    return a->rows == b->rows && a->columns == b->columns && a->stride == a->columns &&
           b->stride == b->columns;
}

cloze_status REFERENCE(adamw)(const cz_place *place, const cz_adamw_call *call)
{
    real *value = call->value->data, *first = call->first->data, *second = call->second->data;
    const real *gradient = call->gradient->data;
    (void)place;
    if (!fit(call->gradient, call->value) || !fit(call->gradient, call->first) ||
        !fit(call->gradient, call->second))
        return CLOZE_ERROR_ARGUMENT;
    for (size_t i = 0; i < elements(call->value); i++) {
        double g = call->scale * (double)gradient[i], v = (double)value[i], denominator;
        v *= 1 - call->rate * call->decay;
        first[i] = (real)((double)first[i] + (1 - call->beta1) * (g - (double)first[i]));
        second[i] = (real)(call->beta2 * (double)second[i] + (1 - call->beta2) * g * g);
        denominator = sqrt((double)second[i]) / sqrt(call->correct2) + call->epsilon;
        value[i] = (real)(v - call->rate / call->correct1 * (double)first[i] / denominator);
    }
    return CLOZE_OK;
}

cloze_status REFERENCE(squares)(const cz_place *place, const cz_squares_call *call)
{
    const real *x = call->x->data;
    double sum = 0;
    (void)place;
    if (!fit(call->x, call->x))
        return CLOZE_ERROR_ARGUMENT;
    for (size_t i = 0; i < elements(call->x); i++)
        sum += (double)x[i] * (double)x[i];
    *call->sum = sum;
    return CLOZE_OK;
}

cloze_status REFERENCE(add)(const cz_place *place, const cz_add_call *call)
{
    const real *from = call->from->data;
    real *to = call->to->data;
    (void)place;
    if (!fit(call->from, call->to))
        return CLOZE_ERROR_ARGUMENT;
    for (size_t i = 0; i < elements(call->to); i++)
        to[i] = (real)((double)to[i] + call->factor * (double)from[i]);
    return CLOZE_OK;
}

static float half_of(const cz_tensor *t, size_t i)
{
    return t->type == CZ_BF16 ? cz_bf16_to_f32(((const uint16_t *)t->data)[i])
                              : (float)((const real *)t->data)[i];
}

cloze_status REFERENCE(round)(const cz_place *place, const cz_round_call *call)
{
    (void)place;
    if (!fit(call->from, call->to))
        return CLOZE_ERROR_ARGUMENT;
    for (size_t i = 0; i < elements(call->to); i++) {
        uint16_t half = cz_f32_to_bf16(half_of(call->from, i));
        if (call->to->type == CZ_BF16)
            ((uint16_t *)call->to->data)[i] = half;
        else
            ((real *)call->to->data)[i] = (real)cz_bf16_to_f32(half);
    }
    return CLOZE_OK;
}
