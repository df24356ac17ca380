/* keep.c - see keep.h. */
#include "keep.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK = 1 << 18, ALIGNED = 16 };

typedef struct keep_block {
    struct keep_block *before;
    size_t used, room;
    _Alignas(ALIGNED) char bytes[];
} keep_block;

void *keep_room(cli_keep *keep, size_t count, size_t size)
{
    keep_block *block = keep->last;
    size_t needed, whole;
    if (__builtin_mul_overflow(count, size, &needed) ||
        __builtin_add_overflow(needed, ALIGNED - 1, &needed))
        return NULL;
    needed &= ~(size_t)(ALIGNED - 1);
    if (!block || block->room - block->used < needed) {
        size_t room = needed > BLOCK ? needed : BLOCK;
        if (__builtin_add_overflow(room, sizeof *block, &whole) || !(block = malloc(whole)))
            return NULL;
        *block = (keep_block){ .before = keep->last, .room = room };
        keep->last = block;
    }
    block->used += needed;
    return block->bytes + block->used - needed;
}

bool keep_text(cli_keep *keep, cloze_text text, cloze_text *out)
{
    char *copy = text.size < SIZE_MAX ? keep_room(keep, text.size + 1, 1) : NULL;
    if (!copy)
        return false;
    if (text.size)
        memcpy(copy, text.data, text.size);
    copy[text.size] = 0;
    *out = (cloze_text){ copy, text.size };
    return true;
}

void keep_clear(cli_keep *keep)
{
    while (keep->last) {
        keep_block *block = keep->last;
        keep->last = block->before;
        free(block);
    }
}
