/* reference_attention_error.c - scores of attention beside a teacher's: see backend.h. */
#include "backend/reference.h"

/* Rows i and j of a sequence, head by head. */
static double score(const cz_tensor *q, const cz_tensor *k, size_t heads, size_t head, size_t i,
                    size_t j)
{
    size_t size = q->columns / heads;
    double sum = 0;
    for (size_t c = head * size; c < (head + 1) * size; c++)
        sum += at(q, i, c) * at(k, j, c);
    return sum;
}

static double apart(const cz_attention_error_call *call, size_t head, size_t i, size_t j)
{
    return call->scale * score(call->q, call->k, call->heads, head, i, j) -
           call->teacher_scale * score(call->teacher_q, call->teacher_k, call->heads, head, i, j);
}

static double total_of(const cz_attention_error_call *call)
{
    double scores = 0;
    for (size_t s = 0; s < call->packing->count; s++)
        scores += (double)call->packing->length[s] * (double)call->packing->length[s];
    return call->total > 0 ? call->total : scores * (double)call->heads;
}

cloze_status REFERENCE(attention_error)(const cz_place *place, const cz_attention_error_call *call)
{
    double sum = 0, total = total_of(call);
    (void)place;
    for (size_t s = 0; s < call->packing->count; s++)
        for (size_t head = 0; head < call->heads; head++)
            for (size_t i = 0; i < call->packing->length[s]; i++)
                for (size_t j = 0; j < call->packing->length[s]; j++) {
                    size_t begin = call->packing->begin[s];
                    double d = apart(call, head, begin + i, begin + j);
                    sum += d * d;
                }
    row_of(call->loss, 0)[0] = (real)(total > 0 ? sum / total : 0);
    return CLOZE_OK;
}

/* What the score of rows i and j sends back to both. */
static void send_back(const cz_attention_error_call *call, size_t head, size_t i, size_t j,
                      double d)
{
    size_t size = call->q->columns / call->heads;
    for (size_t c = head * size; c < (head + 1) * size; c++) {
        if (call->d_q)
            row_of(call->d_q, i)[c] += (real)(d * call->scale * at(call->k, j, c));
        if (call->d_k)
            row_of(call->d_k, j)[c] += (real)(d * call->scale * at(call->q, i, c));
    }
}

cloze_status REFERENCE(attention_error_backward)(const cz_place *place,
                                                 const cz_attention_error_call *call)
{
    double total = total_of(call), factor = total > 0 ? 2 * at(call->d_loss, 0, 0) / total : 0;
    (void)place;
    for (size_t s = 0; s < call->packing->count; s++)
        for (size_t head = 0; head < call->heads; head++)
            for (size_t i = 0; i < call->packing->length[s]; i++)
                for (size_t j = 0; j < call->packing->length[s]; j++) {
                    size_t begin = call->packing->begin[s];
                    send_back(call, head, begin + i, begin + j,
                              factor * apart(call, head, begin + i, begin + j));
                }
    return CLOZE_OK;
}
