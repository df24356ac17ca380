/* table.c - see table.h. Open addressing with linear probing, at most 2/3 full. */
#include "base/table.h"

#include "base/memory.h"
#include "base/random.h"

#include <string.h>

static uint64_t mix(uint64_t h)
{
    h ^= h >> 32;
    h *= 0xD6E8FEB86659FD93u;
    h ^= h >> 32;
    h *= 0xD6E8FEB86659FD93u;
    return h ^ h >> 32;
}

static uint32_t hash_of(uint64_t seed, const char *key, size_t size)
{
    uint64_t h = seed ^ size * 0x9E3779B97F4A7C15u, word;
    for (; size >= 8; key += 8, size -= 8) {
        memcpy(&word, key, 8);
        h = mix(h ^ word) + 0x9E3779B97F4A7C15u;
    }
    word = 0;
    memcpy(&word, key, size);
    return (uint32_t)mix(h ^ word);
}

static size_t capacity_for(size_t expected)
{
    size_t capacity = 16;
    while (capacity / 3 * 2 < expected)
        capacity *= 2;
    return capacity;
}

bool cz_table_init(cz_table *table, const cloze_allocator *allocator, size_t expected)
{
    size_t capacity;
    if (expected > SIZE_MAX / 64 || expected > UINT32_MAX)
        return false;
    capacity = capacity_for(expected);
    table->entries = cz_allocate_zero(allocator, capacity, sizeof *table->entries);
    table->capacity = table->entries ? capacity : 0;
    table->count = 0;
    table->seed = cz_system_seed();
    return table->entries != NULL;
}

void cz_table_clear(cz_table *table, const cloze_allocator *allocator)
{
    cz_release(allocator, table->entries);
    *table = (cz_table){ NULL, 0, 0, 0 };
}

static cz_table_entry *place_of(const cz_table *table, const char *key, size_t size, uint32_t hash)
{
    size_t at = hash & (table->capacity - 1);
    for (;;) {
        cz_table_entry *entry = &table->entries[at];
        if (!entry->key ||
            (entry->hash == hash && entry->size == size && !memcmp(entry->key, key, size)))
            return entry;
        at = (at + 1) & (table->capacity - 1);
    }
}

static bool enlarge(cz_table *table, const cloze_allocator *allocator)
{
    cz_table larger = *table;
    larger.capacity = table->capacity * 2;
    larger.entries = cz_allocate_zero(allocator, larger.capacity, sizeof *larger.entries);
    if (!larger.entries)
        return false;
    for (size_t i = 0; i < table->capacity; i++) {
        const cz_table_entry *entry = &table->entries[i];
        if (entry->key)
            *place_of(&larger, entry->key, entry->size, entry->hash) = *entry;
    }
    cz_release(allocator, table->entries);
    *table = larger;
    return true;
}

bool cz_table_put(cz_table *table, const cloze_allocator *allocator, const char *key, size_t size,
                  uint32_t value, bool *existed, uint32_t *old)
{
    uint32_t hash;
    cz_table_entry *entry;
    if (size > UINT32_MAX ||
        (table->count + 1 > table->capacity / 3 * 2 && !enlarge(table, allocator)))
        return false;
    key = size > 0 ? key : "";
    hash = hash_of(table->seed, key, size);
    entry = place_of(table, key, size, hash);
    if (existed)
        *existed = entry->key != NULL;
    if (entry->key) {
        if (old)
            *old = entry->value;
        return true;
    }
    *entry = (cz_table_entry){ key, (uint32_t)size, hash, value };
    table->count++;
    return true;
}

bool cz_table_get(const cz_table *table, const char *key, size_t size, uint32_t *value)
{
    const cz_table_entry *entry;
    if (!table->count || size > UINT32_MAX)
        return false;
    key = size > 0 ? key : "";
    entry = place_of(table, key, size, hash_of(table->seed, key, size));
    if (!entry->key)
        return false;
    *value = entry->value;
    return true;
}
