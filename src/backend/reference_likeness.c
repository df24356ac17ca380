/* reference_likeness.c - cosines of rows, and what teaches by likeness: see backend.h. */
#include "backend/reference.h"

static double dot(const cz_tensor *a, const cz_tensor *b, size_t row)
{
    double sum = 0;
    for (size_t c = 0; c < a->columns; c++)
        sum += at(a, row, c) * at(b, row, c);
    return sum;
}

cloze_status REFERENCE(cosine)(const cz_place *place, const cz_cosine_call *call)
{
    (void)place;
    for (size_t i = 0; i < call->x->rows; i++) {
        double x = sqrt(dot(call->x, call->x, i)), y = sqrt(dot(call->y, call->y, i));
        double bounds = fmax(x, CZ_COSINE_LEAST) * fmax(y, CZ_COSINE_LEAST);
        row_of(call->out, i)[0] = (real)(dot(call->x, call->y, i) / bounds);
    }
    return CLOZE_OK;
}

/* The gradient of one of both, d_x += d (y / |y| - cosine x / |x|) / |x|, as PyTorch has it below
 * the bound: its slope counts, but the length in the denominator is the bound. */
static void turn(const cz_cosine_call *call, size_t i, const cz_tensor *x, const cz_tensor *y,
                 cz_tensor *d_x)
{
    double length = sqrt(dot(x, x, i)), other = fmax(sqrt(dot(y, y, i)), CZ_COSINE_LEAST);
    double bound = fmax(length, CZ_COSINE_LEAST), d = at(call->d_out, i, 0);
    double cosine = dot(x, y, i) / (bound * other);
    for (size_t c = 0; c < x->columns; c++) {
        double along = length > 0 ? cosine * at(x, i, c) / length : 0;
        row_of(d_x, i)[c] += (real)(d * (at(y, i, c) / other - along) / bound);
    }
}

cloze_status REFERENCE(cosine_backward)(const cz_place *place, const cz_cosine_call *call)
{
    (void)place;
    for (size_t i = 0; i < call->x->rows; i++) {
        if (call->d_x)
            turn(call, i, call->x, call->y, call->d_x);
        if (call->d_y)
            turn(call, i, call->y, call->x, call->d_y);
    }
    return CLOZE_OK;
}

/* ---- a teacher's probabilities ---- */

/* log softmax(x / temperature) of an element is (x - top) / temperature - this. */
static double log_sum(const cz_tensor *x, size_t row, double temperature, double *top)
{
    double sum = 0;
    *top = at(x, row, 0);
    for (size_t c = 1; c < x->columns; c++)
        *top = fmax(*top, at(x, row, c));
    for (size_t c = 0; c < x->columns; c++)
        sum += exp((at(x, row, c) - *top) / temperature);
    return log(sum);
}

static double divergence_total(const cz_divergence_call *call)
{
    return call->total > 0 ? call->total : (double)call->logits->rows;
}

cloze_status REFERENCE(divergence)(const cz_place *place, const cz_divergence_call *call)
{
    double sum = 0, total = divergence_total(call), t = call->temperature;
    (void)place;
    for (size_t i = 0; i < call->logits->rows; i++) {
        double top_x, top_y, log_x = log_sum(call->logits, i, t, &top_x);
        double log_y = log_sum(call->teacher, i, t, &top_y);
        for (size_t c = 0; c < call->logits->columns; c++) {
            double x = (at(call->logits, i, c) - top_x) / t - log_x;
            double y = (at(call->teacher, i, c) - top_y) / t - log_y;
            if (y != -(double)INFINITY)
                sum += exp(y) * (y - x);
        }
    }
    row_of(call->loss, 0)[0] = (real)(total > 0 ? t * t * sum / total : 0);
    return CLOZE_OK;
}

cloze_status REFERENCE(divergence_backward)(const cz_place *place, const cz_divergence_call *call)
{
    double t = call->temperature, d = t * at(call->d_loss, 0, 0) / divergence_total(call);
    (void)place;
    for (size_t i = 0; call->d_logits && i < call->logits->rows; i++) {
        double top_x, top_y, log_x = log_sum(call->logits, i, t, &top_x);
        double log_y = log_sum(call->teacher, i, t, &top_y);
        for (size_t c = 0; c < call->logits->columns; c++) {
            double p = exp((at(call->logits, i, c) - top_x) / t - log_x);
            double q = exp((at(call->teacher, i, c) - top_y) / t - log_y);
            row_of(call->d_logits, i)[c] += (real)(d * (p - q));
        }
    }
    return CLOZE_OK;
}
