/* texts.c - see texts.h: open addressing over numbers, texts one behind the other. */
#include "learn/texts.h"

#include "base/memory.h"
#include "base/random.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_SLOTS = 1024 };

static uint64_t hash_of(uint64_t seed, const char *text, size_t size)
{
    static const uint64_t factor = 0x9E3779B97F4A7C15u;
    uint64_t hash = seed ^ size * 0xD6E8FEB86659FD93u, eight;
    for (; size >= 8; text += 8, size -= 8) {
        memcpy(&eight, text, 8);
        hash = (hash ^ eight) * factor;
        hash ^= hash >> 32;
    }
    eight = 0;
    memcpy(&eight, text, size);
    hash = (hash ^ eight) * factor;
    hash ^= hash >> 32;
    hash *= factor;
    return hash ^ hash >> 32;
}

bool cz_texts_init(cz_texts *texts, const cloze_allocator *allocator)
{
    *texts = (cz_texts){ .allocator = allocator };
    texts->slots = cz_allocate_zero(allocator, FIRST_SLOTS, sizeof *texts->slots);
    texts->slots_capacity = texts->slots ? FIRST_SLOTS : 0;
    texts->seed = cz_system_seed();
    return texts->slots != NULL;
}

void cz_texts_clear(cz_texts *texts)
{
    cz_release(texts->allocator, texts->bytes);
    cz_release(texts->allocator, texts->items);
    cz_release(texts->allocator, texts->slots);
    *texts = (cz_texts){ .allocator = texts->allocator };
}

cloze_text cz_texts_at(const cz_texts *texts, size_t number)
{
    return (cloze_text){ texts->bytes + texts->items[number].begin, texts->items[number].size };
}

/* The slot of a text, or the free one where it belongs. */
static cz_text_slot *slot_of(const cz_texts *texts, uint64_t hash, const char *text, size_t size)
{
    uint32_t tag = (uint32_t)(hash >> 32);
    for (size_t at = (size_t)hash & (texts->slots_capacity - 1);;
         at = (at + 1) & (texts->slots_capacity - 1)) {
        cz_text_slot *slot = &texts->slots[at];
        const cz_counted_text *item;
        if (!slot->number)
            return slot;
        item = &texts->items[slot->number - 1];
        if (slot->tag == tag && item->size == size &&
            !memcmp(texts->bytes + item->begin, text, size))
            return slot;
    }
}

static bool enlarge(cz_texts *texts)
{
    size_t capacity;
    cz_text_slot *slots;
    if (!cz_multiply(texts->slots_capacity, 2, &capacity) ||
        !(slots = cz_allocate_zero(texts->allocator, capacity, sizeof *slots)))
        return false;
    cz_release(texts->allocator, texts->slots);
    texts->slots = slots;
    texts->slots_capacity = capacity;
    for (size_t i = 0; i < texts->count; i++) {
        cloze_text text = cz_texts_at(texts, i);
        uint64_t hash = hash_of(texts->seed, text.data, text.size);
        size_t at = (size_t)hash & (capacity - 1);
        while (slots[at].number)
            at = (at + 1) & (capacity - 1);
        slots[at] = (cz_text_slot){ (uint32_t)(hash >> 32), (uint32_t)i + 1 };
    }
    return true;
}

static bool append(cz_texts *texts, const char *text, size_t size)
{
    size_t needed;
    if (size >= UINT32_MAX || texts->count >= UINT32_MAX - 1 ||
        !cz_add(texts->used, size, &needed) ||
        !cz_grow(texts->allocator, (void **)&texts->bytes, &texts->bytes_capacity, needed + 1, 1) ||
        !cz_grow(texts->allocator, (void **)&texts->items, &texts->capacity, texts->count + 1,
                 sizeof *texts->items))
        return false;
    memcpy(texts->bytes + texts->used, text, size);
    texts->items[texts->count++] = (cz_counted_text){ 0, texts->used, (uint32_t)size };
    texts->used = needed;
    return true;
}

bool cz_texts_put(cz_texts *texts, const char *text, size_t size, uint32_t *number)
{
    uint64_t hash = hash_of(texts->seed, text, size);
    cz_text_slot *slot;
    if (texts->count + 1 > texts->slots_capacity / 4 * 3 && !enlarge(texts))
        return false;
    slot = slot_of(texts, hash, text, size);
    if (!slot->number) {
        if (!append(texts, text, size))
            return false;
        *slot = (cz_text_slot){ (uint32_t)(hash >> 32), (uint32_t)texts->count };
    }
    *number = slot->number - 1;
    return true;
}

bool cz_texts_get(const cz_texts *texts, const char *text, size_t size, uint32_t *number)
{
    const cz_text_slot *slot = slot_of(texts, hash_of(texts->seed, text, size), text, size);
    if (slot->number)
        *number = slot->number - 1;
    return slot->number != 0;
}

/* qsort has no context, so while it works `begin` is an address. */
static int by_bytes(const void *left, const void *right)
{
    const cz_counted_text *a = left, *b = right;
    uint32_t shorter = a->size < b->size ? a->size : b->size;
    int order =
        memcmp((const char *)(uintptr_t)a->begin, (const char *)(uintptr_t)b->begin, shorter);
    if (order)
        return order;
    return a->size < b->size ? -1 : a->size > b->size;
}

void cz_texts_sort(cz_texts *texts)
{
    uintptr_t base = (uintptr_t)texts->bytes;
    cz_release(texts->allocator, texts->slots);
    texts->slots = NULL;
    texts->slots_capacity = 0;
    if (!texts->count)
        return;
    for (size_t i = 0; i < texts->count; i++)
        texts->items[i].begin += base;
    qsort(texts->items, texts->count, sizeof *texts->items, by_bytes);
    for (size_t i = 0; i < texts->count; i++)
        texts->items[i].begin -= base;
}
