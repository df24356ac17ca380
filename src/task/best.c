/* best.c - see best.h. */
#include "task/best.h"

static bool is_better(const cloze_pair *a, const cloze_pair *b)
{
    if (a->score < b->score || a->score > b->score)
        return a->score > b->score;
    return a->first != b->first ? a->first < b->first : a->second < b->second;
}

static void sink(cloze_pair *heap, size_t count, size_t at)
{
    for (;;) {
        size_t worst = at, left = 2 * at + 1, right = left + 1;
        if (left < count && is_better(&heap[worst], &heap[left]))
            worst = left;
        if (right < count && is_better(&heap[worst], &heap[right]))
            worst = right;
        if (worst == at)
            return;
        cloze_pair kept = heap[at];
        heap[at] = heap[worst];
        heap[worst] = kept;
        at = worst;
    }
}

void cz_best_offer(cloze_pair *heap, size_t *count, size_t top, cloze_pair pair)
{
    if (*count == top) {
        if (top && is_better(&pair, &heap[0])) {
            heap[0] = pair;
            sink(heap, top, 0);
        }
        return;
    }
    size_t at = (*count)++;
    heap[at] = pair;
    while (at && is_better(&heap[(at - 1) / 2], &heap[at])) {
        cloze_pair kept = heap[at];
        heap[at] = heap[(at - 1) / 2];
        heap[(at - 1) / 2] = kept;
        at = (at - 1) / 2;
    }
}

void cz_best_sort(cloze_pair *heap, size_t count)
{
    while (count > 1) {
        cloze_pair worst = heap[0];
        heap[0] = heap[--count];
        heap[count] = worst;
        sink(heap, count, 0);
    }
}
