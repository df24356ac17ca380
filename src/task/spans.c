/* spans.c - see spans.h. The best are kept in a heap whose root is the worst of them. */
#include "task/spans.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

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

/* The earlier one first among equals, as argmax takes it. */
static bool is_better(const cz_span_found *x, const cz_span_found *y)
{
    if (x->score < y->score || x->score > y->score)
        return x->score > y->score;
    return x->first != y->first ? x->first < y->first : x->last < y->last;
}

static void sink(cz_span_found *heap, size_t count, size_t at)
{
    for (;;) {
        size_t worst = at, left = 2 * at + 1, right = left + 1;
        if (left < count && is_better(&heap[worst], &heap[left]))
            worst = left;
        if (right < count && is_better(&heap[worst], &heap[right]))
            worst = right;
        if (worst == at)
            return;
        cz_span_found moved = heap[at];
        heap[at] = heap[worst];
        heap[worst] = moved;
        at = worst;
    }
}

static bool offer(cz_spans *spans, cz_span_found span)
{
    cz_span_found *heap = spans->items;
    if (spans->count == spans->most) {
        if (is_better(&span, &heap[0])) {
            heap[0] = span;
            sink(heap, spans->count, 0);
        }
        return true;
    }
    if (!cz_grow(spans->allocator, (void **)&spans->items, &spans->capacity, spans->count + 1,
                 sizeof *spans->items))
        return false;
    heap = spans->items;
    size_t at = spans->count++;
    heap[at] = span;
    while (at && is_better(&heap[(at - 1) / 2], &heap[at])) {
        cz_span_found moved = heap[at];
        heap[at] = heap[(at - 1) / 2];
        heap[(at - 1) / 2] = moved;
        at = (at - 1) / 2;
    }
    return true;
}

static int by_score(const void *left, const void *right)
{
    const cz_span_found *x = left, *y = right;
    return is_better(x, y) ? -1 : is_better(y, x);
}

static bool make_room(cz_spans *spans, size_t length)
{
    return cz_grow(spans->allocator, (void **)&spans->begins, &spans->begins_capacity, length,
                   sizeof *spans->begins) &&
           cz_grow(spans->allocator, (void **)&spans->ends, &spans->ends_capacity, length,
                   sizeof *spans->ends);
}

bool cz_spans_find(cz_spans *spans, const cz_window *window)
{
    if (!make_room(spans, window->length))
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
            cz_span_found span = { i, i + k, spans->begins[i] * spans->ends[i + k] };
            if (span.score > 0 && !offer(spans, span))
                return false;
        }
    }
    if (spans->count)
        qsort(spans->items, spans->count, sizeof *spans->items, by_score);
    return true;
}

void cz_spans_clear(cz_spans *spans)
{
    cz_release(spans->allocator, spans->begins);
    cz_release(spans->allocator, spans->ends);
    cz_release(spans->allocator, spans->items);
}
