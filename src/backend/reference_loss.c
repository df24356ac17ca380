/* reference_loss.c - losses: one number from many. */
#include "backend/reference.h"

static double highest_of(const cz_tensor *logits, size_t row)
{
    double top = at(logits, row, 0);
    for (size_t c = 1; c < logits->columns; c++)
        top = fmax(top, at(logits, row, c));
    return top;
}

static double exp_sum(const cz_tensor *logits, size_t row, double top)
{
    double sum = 0;
    for (size_t c = 0; c < logits->columns; c++)
        sum += exp(at(logits, row, c) - top);
    return sum;
}

static double log_sum_exp(const cz_tensor *logits, size_t row)
{
    double top = highest_of(logits, row);
    return top + log(exp_sum(logits, row, top));
}

static size_t labelled(const cz_cross_entropy_call *call)
{
    size_t count = 0;
    for (size_t i = 0; i < call->logits->rows; i++)
        count += call->labels[i] >= 0;
    return count;
}

cloze_status REFERENCE(cross_entropy)(const cz_place *place, const cz_cross_entropy_call *call)
{
    size_t count = labelled(call);
    double sum = 0;
    (void)place;
    for (size_t i = 0; i < call->logits->rows; i++)
        if (call->labels[i] >= 0)
            sum += log_sum_exp(call->logits, i) - at(call->logits, i, (size_t)call->labels[i]);
    row_of(call->loss, 0)[0] = (real)(count ? sum / (double)count : 0);
    return CLOZE_OK;
}

cloze_status REFERENCE(cross_entropy_backward)(const cz_place *place,
                                               const cz_cross_entropy_call *call)
{
    size_t count = labelled(call);
    double d = at(call->d_loss, 0, 0);
    (void)place;
    for (size_t i = 0; call->d_logits && i < call->logits->rows; i++) {
        if (call->labels[i] < 0)
            continue;
        double top = highest_of(call->logits, i), sum = exp_sum(call->logits, i, top);
        for (size_t c = 0; c < call->logits->columns; c++) {
            double p = exp(at(call->logits, i, c) - top) / sum;
            double hit = (size_t)call->labels[i] == c;
            row_of(call->d_logits, i)[c] += (real)(d * (p - hit) / (double)count);
        }
    }
    return CLOZE_OK;
}

cloze_status REFERENCE(squared_error)(const cz_place *place, const cz_squared_error_call *call)
{
    double sum = 0, count = (double)call->x->rows * (double)call->x->columns;
    (void)place;
    for (size_t i = 0; i < call->x->rows; i++)
        for (size_t c = 0; c < call->x->columns; c++) {
            double d = at(call->x, i, c) - at(call->target, i, c);
            sum += d * d;
        }
    row_of(call->loss, 0)[0] = (real)(count > 0 ? sum / count : 0);
    return CLOZE_OK;
}

cloze_status REFERENCE(squared_error_backward)(const cz_place *place,
                                               const cz_squared_error_call *call)
{
    double count = (double)call->x->rows * (double)call->x->columns;
    double d = 2 * at(call->d_loss, 0, 0) / count;
    (void)place;
    for (size_t i = 0; call->d_x && i < call->x->rows; i++)
        for (size_t c = 0; c < call->x->columns; c++)
            row_of(call->d_x, i)[c] += (real)(d * (at(call->x, i, c) - at(call->target, i, c)));
    return CLOZE_OK;
}
