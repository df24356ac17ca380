/*
 * base/trie.h - a set of byte strings as a tree of their beginnings: which of them begin at a place
 * of a text is found in one walk. Built once, it does not change.
 *
 * Nodes lie level by level and the children of one side by side, so that building is one walk over
 * the sorted strings, linear in their bytes whatever they are.
 */
#ifndef CZ_BASE_TRIE_H
#define CZ_BASE_TRIE_H

#include <cloze/status.h>

enum { CZ_TRIE_FEW = 8 };
#define CZ_TRIE_NONE UINT32_MAX

typedef struct cz_trie_node {
    uint32_t children; /* index of the first; they are sorted by label */
    uint32_t id;       /* of the string that ends here, or CZ_TRIE_NONE */
    uint16_t count;    /* of children */
    uint8_t label;     /* the byte that leads here */
} cz_trie_node;

typedef struct cz_trie {
    const cloze_allocator *allocator;
    cz_trie_node *nodes; /* nodes[0] is the root */
    size_t count, capacity;
    uint32_t first[256]; /* child of the root by byte, 0: none */
} cz_trie;

typedef struct cz_trie_text {
    const char *text;
    size_t size; /* not 0 */
    uint32_t id;
} cz_trie_text;

/* Sorts by bytes; of equal ones that with the smaller id first. */
void cz_trie_sort(cz_trie_text *texts, size_t count);
/* From sorted texts that differ. False: memory is out, or there are too many; clear it then, too. */
bool cz_trie_build(cz_trie *trie, const cloze_allocator *allocator, const cz_trie_text *texts,
                   size_t count);
void cz_trie_clear(cz_trie *trie);

/* The node behind that of one byte, or NULL. */
static inline const cz_trie_node *cz_trie_first(const cz_trie *trie, uint8_t label)
{
    uint32_t first = trie->first[label];
    return first ? &trie->nodes[first] : NULL;
}

static inline const cz_trie_node *cz_trie_next(const cz_trie *trie, const cz_trie_node *node,
                                               uint8_t label)
{
    const cz_trie_node *children = trie->nodes + node->children;
    uint32_t low = 0, high = node->count;
    while (high - low > CZ_TRIE_FEW) {
        uint32_t middle = low + (high - low) / 2;
        if (children[middle].label <= label)
            low = middle;
        else
            high = middle;
    }
    for (; low < high; low++)
        if (children[low].label == label)
            return &children[low];
    return NULL;
}

/* The id of a string, or CZ_TRIE_NONE. */
uint32_t cz_trie_find(const cz_trie *trie, const char *text, size_t size);

#endif
