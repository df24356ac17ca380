/* spans.c - see spans.h. */
#include "task/spans.h"

#include "base/memory.h"
#include "task/best.h"

#include <math.h>

static bool may_answer(const cz_spans *spans, const cz_window *window, size_t i)
{
    return window->sequences[i] == 1 || window->ids[i] == spans->class_id;
}

/* Column 0 of the logits is of begins, column 1 of ends; what may not answer has no share. */
static void probabilities(const cz_spans *spans, const cz_window *window, int column, double *out)
{
    double highest = -INFINITY, sum = 0;
    for (size_t i = 0; i < window->length; i++)
        if (may_answer(spans, window, i))
            highest = fmax(highest, (double)window->logits[2 * i + (size_t)column]);
    for (size_t i = 0; i < window->length; i++) {
        double logit = (double)window->logits[2 * i + (size_t)column];
        out[i] = may_answer(spans, window, i) ? exp(logit - highest) : 0;
        sum += out[i];
    }
    for (size_t i = 0; i < window->length && sum > 0; i++)
        out[i] /= sum;
}

/* Room for the spans that are wanted, or for all that the window has; how many, or 0. */
static size_t make_room(cz_spans *spans, size_t length)
{
    size_t most = length < spans->longest ? length : spans->longest;
    if (!cz_multiply(length, most, &most) || most > spans->most)
        most = spans->most;
    return cz_grow(spans->allocator, (void **)&spans->items, &spans->capacity, most,
                   sizeof *spans->items) &&
                   cz_grow(spans->allocator, (void **)&spans->begins, &spans->begins_capacity,
                           length, sizeof *spans->begins) &&
                   cz_grow(spans->allocator, (void **)&spans->ends, &spans->ends_capacity, length,
                           sizeof *spans->ends)
               ? most
               : 0;
}

double cz_spans_score(const cz_spans *spans, size_t i)
{
    return spans->begins[spans->items[i].first] * spans->ends[spans->items[i].second];
}

bool cz_spans_find(cz_spans *spans, const cz_window *window)
{
    size_t kept = make_room(spans, window->length);
    if (!kept)
        return false;
    probabilities(spans, window, 0, spans->begins);
    probabilities(spans, window, 1, spans->ends);
    spans->null_score = spans->begins[0] * spans->ends[0];
    spans->begins[0] = spans->ends[0] = 0;
    spans->count = 0;
    for (size_t i = 0; i < window->length; i++) {
        size_t most = window->length - i;
        most = most < spans->longest ? most : spans->longest;
        for (size_t k = 0; k < most && spans->begins[i] > 0; k++) {
            double score = spans->begins[i] * spans->ends[i + k];
            if (score > 0)
                cz_best_offer(spans->items, &spans->count, kept,
                              (cloze_pair){ i, i + k, (float)score });
        }
    }
    cz_best_sort(spans->items, spans->count);
    return true;
}

void cz_spans_clear(cz_spans *spans)
{
    cz_release(spans->allocator, spans->begins);
    cz_release(spans->allocator, spans->ends);
    cz_release(spans->allocator, spans->items);
}
