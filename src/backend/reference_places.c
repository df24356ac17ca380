/* reference_places.c - which row of its sequence each column means: a cross entropy along columns. */
#include "backend/reference.h"

static size_t answered(const cz_places_call *call)
{
    size_t columns = call->logits->columns, count = 0;
    for (size_t i = 0; i < call->packing->count * columns; i++)
        count += call->place[i] != SIZE_MAX;
    return count;
}

static double total_of(const cz_places_call *call)
{
    return call->total > 0 ? call->total : (double)answered(call);
}

static bool places_are_rows(const cz_places_call *call)
{
    for (size_t s = 0; s < call->packing->count; s++)
        for (size_t c = 0; c < call->logits->columns; c++) {
            size_t place = call->place[s * call->logits->columns + c];
            if (place != SIZE_MAX && place >= call->packing->length[s])
                return false;
        }
    return true;
}

static double highest_of(const cz_places_call *call, size_t s, size_t c)
{
    double top = -INFINITY;
    for (size_t i = 0; i < call->packing->length[s]; i++)
        top = fmax(top, at(call->logits, call->packing->begin[s] + i, c));
    return top;
}

static double exp_sum(const cz_places_call *call, size_t s, size_t c, double top)
{
    double sum = 0;
    for (size_t i = 0; i < call->packing->length[s]; i++)
        sum += exp(at(call->logits, call->packing->begin[s] + i, c) - top);
    return sum;
}

cloze_status REFERENCE(places)(const cz_place *place, const cz_places_call *call)
{
    double sum = 0, total = total_of(call);
    (void)place;
    if (!places_are_rows(call))
        return CLOZE_ERROR_ARGUMENT;
    for (size_t s = 0; s < call->packing->count; s++)
        for (size_t c = 0; c < call->logits->columns; c++) {
            size_t row = call->place[s * call->logits->columns + c];
            if (row == SIZE_MAX)
                continue;
            double top = highest_of(call, s, c);
            sum += top + log(exp_sum(call, s, c, top)) -
                   at(call->logits, call->packing->begin[s] + row, c);
        }
    row_of(call->loss, 0)[0] = (real)(total > 0 ? sum / total : 0);
    return CLOZE_OK;
}

cloze_status REFERENCE(places_backward)(const cz_place *place, const cz_places_call *call)
{
    double total = total_of(call), d = total > 0 ? at(call->d_loss, 0, 0) / total : 0;
    (void)place;
    for (size_t s = 0; call->d_logits && s < call->packing->count; s++)
        for (size_t c = 0; c < call->logits->columns; c++) {
            size_t row = call->place[s * call->logits->columns + c];
            if (row == SIZE_MAX)
                continue;
            double top = highest_of(call, s, c), sum = exp_sum(call, s, c, top);
            for (size_t i = 0; i < call->packing->length[s]; i++) {
                size_t at_row = call->packing->begin[s] + i;
                double p = exp(at(call->logits, at_row, c) - top) / sum;
                row_of(call->d_logits, at_row)[c] += (real)(d * (p - (i == row)));
            }
        }
    return CLOZE_OK;
}
