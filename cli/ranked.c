/* ranked.c - see ranked.h. */
#include "ranked.h"

#include <stdlib.h>

static int by_score(const void *left, const void *right)
{
    const ranked *a = left, *b = right;
    if (a->score < b->score || a->score > b->score)
        return a->score < b->score ? 1 : -1;
    return a->number < b->number ? -1 : a->number > b->number;
}

void rank_scores(const float *scores, size_t count, ranked *order)
{
    for (size_t i = 0; i < count; i++)
        order[i] = (ranked){ i, scores[i] };
    if (count)
        qsort(order, count, sizeof *order, by_score);
}
