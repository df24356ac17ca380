/*
 * base/memory.h - allocation through the host's allocator, checked arithmetic, and arenas.
 *
 * Sizes that come from a file, a request or a flag go through the checked functions; nothing else
 * multiplies or adds them. An allocator of NULL, or one whose functions are NULL, is malloc.
 */
#ifndef CZ_BASE_MEMORY_H
#define CZ_BASE_MEMORY_H

#include <cloze/status.h>

/* *out = a op b; false on overflow, *out untouched. */
static inline bool cz_add(size_t a, size_t b, size_t *out)
{
    size_t sum;
    if (__builtin_add_overflow(a, b, &sum))
        return false;
    *out = sum;
    return true;
}

static inline bool cz_multiply(size_t a, size_t b, size_t *out)
{
    size_t product;
    if (__builtin_mul_overflow(a, b, &product))
        return false;
    *out = product;
    return true;
}

/* Rounds up to a multiple of `unit` (a power of two). */
static inline bool cz_align_up(size_t a, size_t unit, size_t *out)
{
    size_t sum;
    if (!cz_add(a, unit - 1, &sum))
        return false;
    *out = sum & ~(unit - 1);
    return true;
}

/* count * size bytes, NULL when that overflows or memory is out. A zero count gives a block too. */
void *cz_allocate(const cloze_allocator *allocator, size_t count, size_t size);
void *cz_allocate_zero(const cloze_allocator *allocator, size_t count, size_t size);
void *cz_resize(const cloze_allocator *allocator, void *block, size_t count, size_t size);
void cz_release(const cloze_allocator *allocator, void *block);
char *cz_copy_text(const cloze_allocator *allocator, const char *text, size_t size);

/* Makes room for `needed` items in a growing array, doubling; false when memory is out. */
bool cz_grow(const cloze_allocator *allocator, void **items, size_t *capacity, size_t needed,
             size_t size);

/* Aligned blocks of some MB: 64-byte aligned, on huge pages where the system has them. */
typedef struct cz_block {
    void *base; /* what the allocator gave */
    void *data; /* aligned */
    size_t size;
} cz_block;

bool cz_block_allocate(const cloze_allocator *allocator, size_t size, cz_block *block);
void cz_block_release(const cloze_allocator *allocator, cz_block *block);

/*
 * An arena of one block: taking moves a mark, rewinding moves it back. `peak` is the highest mark
 * so far. An arena whose data is NULL counts only, so the need of a computation can be measured
 * without the memory (cz_arena_take then returns a non-NULL pointer that must not be touched).
 */
typedef struct cz_arena {
    char *data;
    size_t size, used, peak;
} cz_arena;

enum { CZ_ARENA_ALIGNMENT = 64 };

/* NULL when it does not fit. */
void *cz_arena_take(cz_arena *arena, size_t count, size_t size);

#endif
