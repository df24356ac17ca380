/*
 * vocabulary.c - token text to id and back.
 *
 * The hash goes byte by byte, so that one walk over a word gives the hashes of all its prefixes;
 * its start and factor are random, so that a file cannot choose collisions.
 */
#include "base/random.h"
#include "text/parts.h"

static uint64_t hash_of(const cz_vocabulary *vocabulary, const char *token, size_t size)
{
    uint64_t hash = vocabulary->start;
    for (size_t i = 0; i < size; i++)
        hash = cz_vocabulary_step(vocabulary->factor, hash, token[i]);
    return hash;
}

bool cz_vocabulary_init(cz_vocabulary *vocabulary, const cloze_allocator *allocator,
                        size_t expected, size_t text_size)
{
    size_t capacity = 64;
    memset(vocabulary, 0, sizeof *vocabulary);
    vocabulary->allocator = allocator;
    if (expected > CZ_VOCABULARY_LIMIT)
        expected = CZ_VOCABULARY_LIMIT;
    while (capacity / 3 * 2 < expected)
        capacity *= 2;
    vocabulary->start = cz_system_seed();
    vocabulary->factor = cz_system_seed() | 1;
    vocabulary->slots = cz_allocate_zero(allocator, capacity, sizeof *vocabulary->slots);
    vocabulary->tokens = cz_allocate(allocator, expected, sizeof *vocabulary->tokens);
    vocabulary->text = cz_allocate(allocator, text_size, 1);
    if (!vocabulary->slots || !vocabulary->tokens || !vocabulary->text) {
        cz_vocabulary_clear(vocabulary);
        return false;
    }
    vocabulary->slots_capacity = capacity;
    vocabulary->tokens_capacity = expected;
    vocabulary->text_capacity = text_size;
    return true;
}

void cz_vocabulary_clear(cz_vocabulary *vocabulary)
{
    cz_release(vocabulary->allocator, vocabulary->slots);
    cz_release(vocabulary->allocator, vocabulary->tokens);
    cz_release(vocabulary->allocator, vocabulary->text);
    cz_release(vocabulary->allocator, vocabulary->scores);
    memset(vocabulary, 0, sizeof *vocabulary);
}

cloze_text cz_vocabulary_token_of(const cz_vocabulary *vocabulary, uint32_t id)
{
    const cz_vocabulary_token *token = id < vocabulary->limit ? &vocabulary->tokens[id] : NULL;
    if (!token || token->size == UINT32_MAX)
        return (cloze_text){ NULL, 0 };
    return (cloze_text){ vocabulary->text + token->begin, token->size };
}

bool cz_vocabulary_find(const cz_vocabulary *vocabulary, uint64_t hash, cloze_text prefix,
                        const char *piece, size_t size, uint32_t *id)
{
    size_t mask = vocabulary->slots_capacity - 1, at = hash & mask;
    uint32_t tag = (uint32_t)(hash >> 32);
    const cz_vocabulary_slot *slot = &vocabulary->slots[at];
    for (; slot->id; at = (at + 1) & mask, slot = &vocabulary->slots[at]) {
        const cz_vocabulary_token *token;
        const char *text;
        if (slot->tag != tag)
            continue;
        token = &vocabulary->tokens[slot->id - 1];
        text = vocabulary->text + token->begin;
        if (token->size == prefix.size + size && !memcmp(text + prefix.size, piece, size) &&
            (!prefix.size || !memcmp(text, prefix.data, prefix.size))) {
            *id = slot->id - 1;
            return true;
        }
    }
    return false;
}

bool cz_vocabulary_get(const cz_vocabulary *vocabulary, const char *token, size_t size,
                       uint32_t *id)
{
    if (!vocabulary->slots_capacity)
        return false;
    return cz_vocabulary_find(vocabulary, hash_of(vocabulary, token, size), (cloze_text){ NULL, 0 },
                              token, size, id);
}

static bool grow_slots(cz_vocabulary *vocabulary)
{
    size_t capacity = vocabulary->slots_capacity * 2;
    cz_vocabulary_slot *slots =
        cz_allocate_zero(vocabulary->allocator, capacity, sizeof *vocabulary->slots);
    if (!slots)
        return false;
    for (size_t i = 0; i < vocabulary->slots_capacity; i++) {
        const cz_vocabulary_slot *slot = &vocabulary->slots[i];
        const cz_vocabulary_token *token;
        size_t at;
        if (!slot->id)
            continue;
        token = &vocabulary->tokens[slot->id - 1];
        at = hash_of(vocabulary, vocabulary->text + token->begin, token->size) & (capacity - 1);
        while (slots[at].id)
            at = (at + 1) & (capacity - 1);
        slots[at] = *slot;
    }
    cz_release(vocabulary->allocator, vocabulary->slots);
    vocabulary->slots = slots;
    vocabulary->slots_capacity = capacity;
    return true;
}

/* Room in `tokens` for `id`, the ids below it that are new marked as absent. */
static bool reach_id(cz_vocabulary *vocabulary, uint32_t id)
{
    if (id < vocabulary->limit)
        return true;
    if (!cz_grow(vocabulary->allocator, (void **)&vocabulary->tokens, &vocabulary->tokens_capacity,
                 (size_t)id + 1, sizeof *vocabulary->tokens))
        return false;
    for (; vocabulary->limit <= id; vocabulary->limit++)
        vocabulary->tokens[vocabulary->limit].size = UINT32_MAX;
    return true;
}

/* The slot that holds the token, or the free one where it belongs. */
static cz_vocabulary_slot *slot_of(const cz_vocabulary *vocabulary, uint64_t hash, const char *text,
                                   size_t size)
{
    size_t mask = vocabulary->slots_capacity - 1, at = hash & mask;
    for (; vocabulary->slots[at].id; at = (at + 1) & mask) {
        const cz_vocabulary_slot *slot = &vocabulary->slots[at];
        const cz_vocabulary_token *token = &vocabulary->tokens[slot->id - 1];
        if (slot->tag == (uint32_t)(hash >> 32) && token->size == size &&
            !memcmp(vocabulary->text + token->begin, text, size))
            break;
    }
    return &vocabulary->slots[at];
}

bool cz_vocabulary_put(cz_vocabulary *vocabulary, const char *token, size_t size, uint32_t id,
                       bool *existed)
{
    uint64_t hash = hash_of(vocabulary, token, size);
    cz_vocabulary_slot *slot;
    if (vocabulary->count >= vocabulary->slots_capacity / 3 * 2 && !grow_slots(vocabulary))
        return false;
    if (!reach_id(vocabulary, id) ||
        !cz_grow(vocabulary->allocator, (void **)&vocabulary->text, &vocabulary->text_capacity,
                 vocabulary->text_size + size, 1))
        return false;
    slot = slot_of(vocabulary, hash, token, size);
    *existed = slot->id != 0;
    if (*existed)
        vocabulary->tokens[slot->id - 1].size = UINT32_MAX;
    else
        vocabulary->count++;
    *slot = (cz_vocabulary_slot){ .tag = (uint32_t)(hash >> 32), .id = id + 1 };
    vocabulary->tokens[id] =
        (cz_vocabulary_token){ .begin = (uint32_t)vocabulary->text_size, .size = (uint32_t)size };
    memcpy(vocabulary->text + vocabulary->text_size, token, size);
    vocabulary->text_size += size;
    if (size > vocabulary->longest)
        vocabulary->longest = size;
    return true;
}
