/* trie.c - see trie.h. */
#include "base/trie.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

/* The texts below one node: texts[begin, end), which agree in the first `depth` bytes. */
typedef struct branch {
    size_t begin, end, depth;
} branch;

typedef struct builder {
    const cz_trie_text *texts;
    branch *branches; /* by node */
    size_t capacity;
} builder;

static int by_bytes(const void *left, const void *right)
{
    const cz_trie_text *a = left, *b = right;
    size_t shorter = a->size < b->size ? a->size : b->size;
    int order = shorter ? memcmp(a->text, b->text, shorter) : 0;
    if (order)
        return order;
    if (a->size != b->size)
        return a->size < b->size ? -1 : 1;
    return a->id < b->id ? -1 : a->id > b->id;
}

void cz_trie_sort(cz_trie_text *texts, size_t count)
{
    if (count)
        qsort(texts, count, sizeof *texts, by_bytes);
}

static bool add_node(cz_trie *trie, builder *work, uint8_t label, branch below)
{
    if (trie->count >= UINT32_MAX - 1 ||
        !cz_grow(trie->allocator, (void **)&trie->nodes, &trie->capacity, trie->count + 1,
                 sizeof *trie->nodes) ||
        !cz_grow(trie->allocator, (void **)&work->branches, &work->capacity, trie->count + 1,
                 sizeof *work->branches))
        return false;
    work->branches[trie->count] = below;
    trie->nodes[trie->count++] = (cz_trie_node){ .id = CZ_TRIE_NONE, .label = label };
    return true;
}

/* The children of node `at`, behind all nodes that there are. */
static bool add_children(cz_trie *trie, builder *work, size_t at)
{
    branch all = work->branches[at];
    size_t begin = all.begin, first = trie->count;
    if (begin < all.end && work->texts[begin].size == all.depth)
        trie->nodes[at].id = work->texts[begin++].id;
    while (begin < all.end) {
        uint8_t label = (uint8_t)work->texts[begin].text[all.depth];
        size_t end = begin + 1;
        while (end < all.end && (uint8_t)work->texts[end].text[all.depth] == label)
            end++;
        if (!add_node(trie, work, label, (branch){ begin, end, all.depth + 1 }))
            return false;
        begin = end;
    }
    trie->nodes[at].children = (uint32_t)first;
    trie->nodes[at].count = (uint16_t)(trie->count - first);
    return true;
}

static bool build(cz_trie *trie, builder *work, size_t count)
{
    if (!add_node(trie, work, 0, (branch){ 0, count, 0 }))
        return false;
    for (size_t at = 0; at < trie->count; at++)
        if (!add_children(trie, work, at))
            return false;
    for (uint32_t i = 0; i < trie->nodes[0].count; i++) {
        uint32_t child = trie->nodes[0].children + i;
        trie->first[trie->nodes[child].label] = child;
    }
    return true;
}

bool cz_trie_build(cz_trie *trie, const cloze_allocator *allocator, const cz_trie_text *texts,
                   size_t count)
{
    builder work = { texts, NULL, 0 };
    bool good;
    memset(trie, 0, sizeof *trie);
    trie->allocator = allocator;
    good = build(trie, &work, count);
    cz_release(allocator, work.branches);
    return good;
}

void cz_trie_clear(cz_trie *trie)
{
    const cloze_allocator *allocator = trie->allocator;
    cz_release(allocator, trie->nodes);
    memset(trie, 0, sizeof *trie);
    trie->allocator = allocator;
}

uint32_t cz_trie_find(const cz_trie *trie, const char *text, size_t size)
{
    const cz_trie_node *node = trie->count ? &trie->nodes[0] : NULL;
    for (size_t i = 0; i < size && node; i++)
        node = cz_trie_next(trie, node, (uint8_t)text[i]);
    return node ? node->id : CZ_TRIE_NONE;
}
