/* memory.c - see memory.h. */
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static bool is_malloc(const cloze_allocator *allocator)
{
    return !allocator || !allocator->allocate;
}

void *cz_allocate(const cloze_allocator *allocator, size_t count, size_t size)
{
    size_t bytes;
    if (!cz_multiply(count, size, &bytes))
        return NULL;
    if (!bytes)
        bytes = 1;
    return is_malloc(allocator) ? malloc(bytes) : allocator->allocate(allocator->context, bytes);
}

void *cz_allocate_zero(const cloze_allocator *allocator, size_t count, size_t size)
{
    size_t bytes;
    void *block;
    if (!cz_multiply(count, size, &bytes))
        return NULL;
    if (is_malloc(allocator))
        return calloc(bytes ? bytes : 1, 1);
    block = cz_allocate(allocator, bytes, 1);
    if (block)
        memset(block, 0, bytes);
    return block;
}

void *cz_resize(const cloze_allocator *allocator, void *block, size_t count, size_t size)
{
    size_t bytes;
    if (!block)
        return cz_allocate(allocator, count, size);
    if (!cz_multiply(count, size, &bytes))
        return NULL;
    if (!bytes)
        bytes = 1;
    return is_malloc(allocator) ? realloc(block, bytes)
                                : allocator->resize(allocator->context, block, bytes);
}

void cz_release(const cloze_allocator *allocator, void *block)
{
    if (!block)
        return;
    if (is_malloc(allocator))
        free(block);
    else
        allocator->release(allocator->context, block);
}

char *cz_copy_text(const cloze_allocator *allocator, const char *text, size_t size)
{
    size_t with_zero;
    char *copy;
    if (!cz_add(size, 1, &with_zero) || !(copy = cz_allocate(allocator, with_zero, 1)))
        return NULL;
    if (size)
        memcpy(copy, text, size);
    copy[size] = 0;
    return copy;
}

bool cz_grow(const cloze_allocator *allocator, void **items, size_t *capacity, size_t needed,
             size_t size)
{
    size_t room = *capacity;
    void *block;
    if (needed <= room)
        return true;
    if (!cz_multiply(room, 2, &room) || room < needed)
        room = needed;
    if (room < 16)
        room = 16;
    block = cz_resize(allocator, *items, room, size);
    if (!block)
        return false;
    *items = block;
    *capacity = room;
    return true;
}

enum { HUGE_PAGE = 2 << 20, HUGE_FROM = 4 << 20 };

bool cz_block_allocate(const cloze_allocator *allocator, size_t size, cz_block *block)
{
    size_t alignment = size >= HUGE_FROM ? HUGE_PAGE : CZ_ARENA_ALIGNMENT, room;
    void *base;
    if (!cz_add(size, alignment, &room) || !(base = cz_allocate(allocator, room, 1)))
        return false;
    block->base = base;
    block->data = (void *)(((uintptr_t)base + alignment - 1) & ~(uintptr_t)(alignment - 1));
    block->size = size;
#ifdef MADV_HUGEPAGE
    if (size >= HUGE_FROM)
        (void)madvise(block->data, size / HUGE_PAGE * HUGE_PAGE, MADV_HUGEPAGE);
#endif
    return true;
}

void cz_block_release(const cloze_allocator *allocator, cz_block *block)
{
    cz_release(allocator, block->base);
    *block = (cz_block){ NULL, NULL, 0 };
}

void *cz_arena_take(cz_arena *arena, size_t count, size_t size)
{
    size_t bytes, end;
    char *counted = (char *)(uintptr_t)CZ_ARENA_ALIGNMENT;
    if (!cz_multiply(count, size, &bytes) || !cz_align_up(bytes, CZ_ARENA_ALIGNMENT, &bytes) ||
        !cz_add(arena->used, bytes, &end) || (arena->data && end > arena->size))
        return NULL;
    char *taken = arena->data ? arena->data + arena->used : counted;
    arena->used = end;
    if (end > arena->peak)
        arena->peak = end;
    return taken;
}
