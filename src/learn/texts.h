/*
 * learn/texts.h - a growing set of byte strings, numbered in the order in which they came, each
 * with a count: the words of a corpus, or the tokens of a vocabulary. The hash is seeded per set, so
 * that a corpus cannot choose collisions.
 */
#ifndef CZ_LEARN_TEXTS_H
#define CZ_LEARN_TEXTS_H

#include <cloze/status.h>

typedef struct cz_counted_text {
    uint64_t count;
    size_t begin; /* in `bytes` */
    uint32_t size;
} cz_counted_text;

typedef struct cz_text_slot {
    uint32_t tag;    /* upper bits of the hash */
    uint32_t number; /* number + 1; 0: free */
} cz_text_slot;

typedef struct cz_texts {
    const cloze_allocator *allocator;
    char *bytes;
    size_t used, bytes_capacity;
    cz_counted_text *items;
    size_t count, capacity;
    cz_text_slot *slots;
    size_t slots_capacity; /* a power of two; 0 once sorted */
    uint64_t seed;
} cz_texts;

bool cz_texts_init(cz_texts *texts, const cloze_allocator *allocator);
void cz_texts_clear(cz_texts *texts);
/* The number of a text, which is added with the count 0 if it is new. False: memory is out, or
 * there are too many. */
bool cz_texts_put(cz_texts *texts, const char *text, size_t size, uint32_t *number);
bool cz_texts_get(const cz_texts *texts, const char *text, size_t size, uint32_t *number);
cloze_text cz_texts_at(const cz_texts *texts, size_t number);
/* Numbers them anew in the order of their bytes; nothing can be put or got after it. */
void cz_texts_sort(cz_texts *texts);

#endif
