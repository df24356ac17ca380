/*
 * base/table.h - a hash table from byte strings to 32-bit numbers. Keys are borrowed. The hash is
 * seeded per table (base/random.h's system seed), so that a file cannot choose collisions.
 */
#ifndef CZ_BASE_TABLE_H
#define CZ_BASE_TABLE_H

#include <cloze/status.h>

typedef struct cz_table_entry {
    const char *key; /* NULL: free */
    uint32_t size, hash, value;
} cz_table_entry;

typedef struct cz_table {
    cz_table_entry *entries;
    size_t capacity, count; /* capacity is a power of two */
    uint64_t seed;
} cz_table;

bool cz_table_init(cz_table *table, const cloze_allocator *allocator, size_t expected);
void cz_table_clear(cz_table *table, const cloze_allocator *allocator);
/* Adds or finds; *existed tells which, and *old then receives the value found. False: memory is
 * out, or the key is longer than UINT32_MAX. An empty key may be NULL. */
bool cz_table_put(cz_table *table, const cloze_allocator *allocator, const char *key, size_t size,
                  uint32_t value, bool *existed, uint32_t *old);
bool cz_table_get(const cz_table *table, const char *key, size_t size, uint32_t *value);

#endif
