/*
 * behave.c - what a cut found in a word, and what lies between, becomes words. The stretches come
 * without gaps, in order; an empty one is a place where an expression matched nothing.
 */
#include "text/split.h"

bool cz_stretches_put(const cloze_allocator *allocator, cz_stretches *stretches, size_t begin,
                      size_t end, bool found)
{
    if (!cz_grow(allocator, (void **)&stretches->items, &stretches->capacity, stretches->count + 1,
                 sizeof *stretches->items))
        return false;
    stretches->items[stretches->count++] = (cz_stretch){ begin, end, found };
    return true;
}

/* Whether this stretch joins the word begun before it, when `last` is what came before. */
static bool joins(cz_behavior behavior, bool found, bool last)
{
    if (behavior == CZ_CONTIGUOUS)
        return found == last;
    return (behavior == CZ_MERGED_WITH_PREVIOUS || behavior == CZ_MERGED_WITH_NEXT) && found &&
           !last;
}

/* Merging with the next is merging with the previous from the end on. */
bool cz_behave(const cloze_allocator *allocator, const cz_stretches *found, cz_behavior behavior,
               cz_stretches *words)
{
    size_t first = words->count, kept = first;
    bool backward = behavior == CZ_MERGED_WITH_NEXT, last = false;
    for (size_t i = 0; i < found->count; i++) {
        cz_stretch at = found->items[backward ? found->count - 1 - i : i];
        if (behavior == CZ_REMOVED && at.found)
            continue;
        if (words->count > first && joins(behavior, at.found, last)) {
            if (backward)
                words->items[words->count - 1].begin = at.begin;
            else
                words->items[words->count - 1].end = at.end;
        } else if (!cz_stretches_put(allocator, words, at.begin, at.end, false)) {
            return false;
        }
        last = at.found;
    }
    for (size_t i = first, j = words->count; backward && i + 1 < j; i++) {
        cz_stretch kept_one = words->items[i];
        words->items[i] = words->items[--j];
        words->items[j] = kept_one;
    }
    for (size_t i = first; i < words->count; i++)
        if (words->items[i].begin < words->items[i].end)
            words->items[kept++] = words->items[i];
    words->count = kept;
    return true;
}
