/*
 * repeats.c - see repeats.h: multikey quicksort (Bentley and Sedgewick 1997, "Fast Algorithms for
 * Sorting and Searching Strings") of suffixes, then one walk over what neighbours have in common.
 */
#include "learn/repeats.h"

#include "base/memory.h"
#include "base/random.h"

#include <stdlib.h>

enum { FEW = 12, DEEPEST = 256 }; /* DEEPEST: codes that are compared */

/* The suffixes from `first` on agree in `depth` codes. */
typedef struct interval {
    uint32_t first, depth;
} interval;

typedef struct sorter {
    const uint32_t *codes;
    uint32_t limit;  /* codes that count */
    uint64_t random; /* so that no corpus knows the pivots; the order does not depend on them */
} sorter;

/* Codes that two suffixes have in common, the 0 at the end of their words among them. */
static uint32_t common(const sorter *work, uint32_t a, uint32_t b)
{
    const uint32_t *left = work->codes + a, *right = work->codes + b;
    uint32_t length = 0;
    while (length < work->limit && left[length] == right[length])
        if (!left[length++])
            break;
    return length;
}

static bool is_before(const sorter *work, uint32_t a, uint32_t b, uint32_t depth)
{
    const uint32_t *left = work->codes + a, *right = work->codes + b;
    while (depth < work->limit && left[depth] == right[depth] && left[depth])
        depth++;
    return depth < work->limit && left[depth] < right[depth];
}

static void insert_all(const sorter *work, uint32_t *suffixes, size_t count, uint32_t depth)
{
    for (size_t i = 1; i < count; i++) {
        uint32_t moved = suffixes[i];
        size_t at = i;
        for (; at && is_before(work, moved, suffixes[at - 1], depth); at--)
            suffixes[at] = suffixes[at - 1];
        suffixes[at] = moved;
    }
}

static uint32_t pivot_of(sorter *work, const uint32_t *suffixes, size_t count, uint32_t depth)
{
    uint32_t three[3];
    for (int i = 0; i < 3; i++) {
        work->random = work->random * 6364136223846793005u + 1442695040888963407u;
        three[i] = work->codes[suffixes[(size_t)(work->random >> 33) % count] + depth];
    }
    if (three[0] > three[1]) {
        uint32_t other = three[0];
        three[0] = three[1];
        three[1] = other;
    }
    return three[2] < three[0] ? three[0] : three[2] > three[1] ? three[1] : three[2];
}

static void swap(uint32_t *suffixes, size_t a, size_t b)
{
    uint32_t other = suffixes[a];
    suffixes[a] = suffixes[b];
    suffixes[b] = other;
}

/* Recursion goes one code deeper, or into the smaller of two parts. */
static void sort(sorter *work, uint32_t *suffixes, size_t count, uint32_t depth)
{
    while (count > FEW && depth < work->limit) {
        uint32_t pivot = pivot_of(work, suffixes, count, depth);
        size_t below = 0, above = count;
        for (size_t at = 0; at < above;) {
            uint32_t code = work->codes[suffixes[at] + depth];
            if (code < pivot)
                swap(suffixes, below++, at++);
            else if (code > pivot)
                swap(suffixes, at, --above);
            else
                at++;
        }
        if (pivot)
            sort(work, suffixes + below, above - below, depth + 1);
        if (below < count - above) {
            sort(work, suffixes, below, depth);
            suffixes += above;
            count -= above;
        } else {
            sort(work, suffixes + above, count - above, depth);
            count = below;
        }
    }
    if (count <= FEW && depth < work->limit)
        insert_all(work, suffixes, count, depth);
}

/* The suffixes [first, end) begin with the same text. */
static bool emit(cz_repeats *repeats, const sorter *work, interval found, size_t end)
{
    const uint32_t *text = work->codes + repeats->suffixes[found.first];
    if (found.depth < 2 || found.depth == work->limit || !text[found.depth - 1])
        return true;
    if (!cz_grow(repeats->allocator, (void **)&repeats->items, &repeats->capacity,
                 repeats->count + 1, sizeof *repeats->items))
        return false;
    repeats->items[repeats->count++] =
        (cz_repeat){ (uint64_t)(end - found.first) * found.depth, found.first, found.depth };
    return true;
}

/* Intervals of suffixes that have more in common than their neighbours. */
static bool collect(cz_repeats *repeats, const sorter *work)
{
    interval stack[DEEPEST + 1] = { { 0, 0 } };
    size_t top = 0;
    for (size_t i = 1; i <= repeats->suffix_count; i++) {
        uint32_t first = (uint32_t)i - 1, depth = 0;
        if (i < repeats->suffix_count)
            depth = common(work, repeats->suffixes[i - 1], repeats->suffixes[i]);
        while (stack[top].depth > depth) {
            if (!emit(repeats, work, stack[top], i))
                return false;
            first = stack[top--].first;
        }
        if (stack[top].depth < depth)
            stack[++top] = (interval){ first, depth };
    }
    return true;
}

/* Of suffixes in order a longer text follows those that it begins with. */
static int by_weight(const void *left, const void *right)
{
    const cz_repeat *a = left, *b = right;
    if (a->weight != b->weight)
        return a->weight > b->weight ? -1 : 1;
    if (a->rank != b->rank)
        return a->rank > b->rank ? -1 : 1;
    return a->length > b->length ? -1 : a->length < b->length;
}

bool cz_repeats_find(cz_repeats *repeats, const cloze_allocator *allocator, const uint32_t *codes,
                     size_t count, uint32_t longest)
{
    sorter work = { codes, longest + 1, cz_system_seed() };
    *repeats = (cz_repeats){ .allocator = allocator };
    repeats->suffixes = cz_allocate(allocator, count, sizeof *repeats->suffixes);
    if (!repeats->suffixes)
        return false;
    for (size_t i = 0; i < count; i++)
        if (codes[i])
            repeats->suffixes[repeats->suffix_count++] = (uint32_t)i;
    sort(&work, repeats->suffixes, repeats->suffix_count, 0);
    if (!collect(repeats, &work))
        return false;
    if (repeats->count)
        qsort(repeats->items, repeats->count, sizeof *repeats->items, by_weight);
    return true;
}

void cz_repeats_clear(cz_repeats *repeats)
{
    cz_release(repeats->allocator, repeats->suffixes);
    cz_release(repeats->allocator, repeats->items);
    *repeats = (cz_repeats){ .allocator = repeats->allocator };
}
