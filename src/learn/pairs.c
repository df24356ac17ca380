/* pairs.c - see pairs.h. */
#include "learn/pairs.h"

#include "base/memory.h"
#include "base/random.h"

enum { FIRST_SLOTS = 4096 };

bool cz_pairs_init(cz_pairs *pairs, const cloze_allocator *allocator)
{
    *pairs = (cz_pairs){ .allocator = allocator, .factor = cz_system_seed() | 1, .round = 1 };
    pairs->slots = cz_allocate_zero(allocator, FIRST_SLOTS, sizeof *pairs->slots);
    pairs->slots_capacity = pairs->slots ? FIRST_SLOTS : 0;
    return pairs->slots != NULL;
}

void cz_pairs_clear(cz_pairs *pairs)
{
    cz_release(pairs->allocator, pairs->items);
    cz_release(pairs->allocator, pairs->slots);
    cz_release(pairs->allocator, pairs->fresh);
    cz_release(pairs->allocator, pairs->formed);
    cz_release(pairs->allocator, pairs->places);
    cz_release(pairs->allocator, pairs->queue);
    *pairs = (cz_pairs){ .allocator = pairs->allocator };
}

static size_t place_of(const cz_pairs *pairs, uint64_t key)
{
    uint64_t hash = (key ^ key >> 29) * pairs->factor;
    hash = (hash ^ hash >> 32) * 0x9E3779B97F4A7C15u;
    return (size_t)(hash >> 20) & (pairs->slots_capacity - 1);
}

static bool enlarge(cz_pairs *pairs)
{
    size_t capacity;
    uint32_t *slots;
    if (!cz_multiply(pairs->slots_capacity, 2, &capacity) ||
        !(slots = cz_allocate_zero(pairs->allocator, capacity, sizeof *slots)))
        return false;
    cz_release(pairs->allocator, pairs->slots);
    pairs->slots = slots;
    pairs->slots_capacity = capacity;
    for (size_t i = 0; i < pairs->count; i++) {
        size_t at = place_of(pairs, pairs->items[i].key);
        while (slots[at])
            at = (at + 1) & (capacity - 1);
        slots[at] = (uint32_t)i + 1;
    }
    return true;
}

/* The pair's index, or UINT32_MAX without memory. */
static uint32_t index_of(cz_pairs *pairs, uint64_t key)
{
    size_t at = place_of(pairs, key);
    while (pairs->slots[at]) {
        if (pairs->items[pairs->slots[at] - 1].key == key)
            return pairs->slots[at] - 1;
        at = (at + 1) & (pairs->slots_capacity - 1);
    }
    if (pairs->count >= UINT32_MAX - 1 ||
        !cz_grow(pairs->allocator, (void **)&pairs->items, &pairs->capacity, pairs->count + 1,
                 sizeof *pairs->items))
        return UINT32_MAX;
    pairs->items[pairs->count] = (cz_pair){ .key = key };
    pairs->slots[at] = (uint32_t)++pairs->count;
    if (pairs->count > pairs->slots_capacity / 2 && !enlarge(pairs))
        return UINT32_MAX;
    return (uint32_t)pairs->count - 1;
}

static bool note_formed(cz_pairs *pairs, uint32_t index, uint32_t word)
{
    cz_pair *pair = &pairs->items[index];
    if (pair->round == pairs->round && pair->word == word)
        return true;
    if (pair->round != pairs->round) {
        if (!cz_grow(pairs->allocator, (void **)&pairs->fresh, &pairs->fresh_capacity,
                     pairs->fresh_count + 1, sizeof *pairs->fresh))
            return false;
        pair->round = pairs->round;
        pair->fresh = (uint32_t)pairs->fresh_count;
        pairs->fresh[pairs->fresh_count++] = index;
    }
    pair->word = word;
    if (!cz_grow(pairs->allocator, (void **)&pairs->formed, &pairs->formed_capacity,
                 pairs->formed_count + 1, sizeof *pairs->formed))
        return false;
    pairs->formed[pairs->formed_count++] = (cz_formed){ pair->fresh, word };
    return true;
}

bool cz_pairs_change(cz_pairs *pairs, uint32_t left, uint32_t right, int64_t times, uint32_t word)
{
    uint32_t index = index_of(pairs, (uint64_t)left << 32 | right);
    if (index == UINT32_MAX)
        return false;
    pairs->items[index].count += times;
    return times < 0 || note_formed(pairs, index, word);
}

static bool before(const cz_pair_entry *a, const cz_pair_entry *b)
{
    return a->count != b->count ? a->count > b->count : a->key < b->key;
}

static void sift_up(cz_pairs *pairs, size_t at)
{
    cz_pair_entry entry = pairs->queue[at];
    while (at && before(&entry, &pairs->queue[(at - 1) / 2])) {
        pairs->queue[at] = pairs->queue[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    pairs->queue[at] = entry;
}

/* Lets the entry at the top find its place. */
static void sift_down(cz_pairs *pairs)
{
    cz_pair_entry entry = pairs->queue[0];
    size_t at = 0, child;
    while ((child = 2 * at + 1) < pairs->queue_count) {
        if (child + 1 < pairs->queue_count &&
            before(&pairs->queue[child + 1], &pairs->queue[child]))
            child++;
        if (!before(&pairs->queue[child], &entry))
            break;
        pairs->queue[at] = pairs->queue[child];
        at = child;
    }
    pairs->queue[at] = entry;
}

/* Room in `places` for the words of each fresh pair, in entries behind the queue's last. */
static bool lay_out(cz_pairs *pairs)
{
    size_t places, entries, at = pairs->places_count;
    if (!pairs->fresh_count)
        return true;
    if (!cz_add(pairs->places_count, pairs->formed_count, &places) ||
        !cz_add(pairs->queue_count, pairs->fresh_count, &entries) ||
        !cz_grow(pairs->allocator, (void **)&pairs->places, &pairs->places_capacity, places,
                 sizeof *pairs->places) ||
        !cz_grow(pairs->allocator, (void **)&pairs->queue, &pairs->queue_capacity, entries,
                 sizeof *pairs->queue))
        return false;
    cz_pair_entry *entry = pairs->queue + pairs->queue_count;
    for (size_t i = 0; i < pairs->fresh_count; i++) {
        const cz_pair *pair = &pairs->items[pairs->fresh[i]];
        entry[i] = (cz_pair_entry){ (uint64_t)pair->count, pair->key, 0, pairs->fresh[i], 0 };
    }
    for (size_t i = 0; i < pairs->formed_count; i++)
        entry[pairs->formed[i].fresh].words++;
    for (size_t i = 0; i < pairs->fresh_count; i++) {
        entry[i].begin = at;
        at += entry[i].words;
        entry[i].words = 0;
    }
    for (size_t i = 0; i < pairs->formed_count; i++) {
        cz_pair_entry *own = &entry[pairs->formed[i].fresh];
        pairs->places[own->begin + own->words++] = pairs->formed[i].word;
    }
    pairs->places_count = places;
    return true;
}

bool cz_pairs_enqueue(cz_pairs *pairs)
{
    size_t first = pairs->queue_count;
    if (!lay_out(pairs))
        return false;
    for (size_t i = 0; i < pairs->fresh_count; i++) {
        cz_pair_entry entry = pairs->queue[first + i];
        if (pairs->items[entry.pair].count <= 0)
            continue;
        pairs->queue[pairs->queue_count] = entry;
        sift_up(pairs, pairs->queue_count++);
    }
    pairs->fresh_count = pairs->formed_count = 0;
    pairs->round++;
    return true;
}

bool cz_pairs_next(cz_pairs *pairs, cz_pair_entry *out)
{
    while (pairs->queue_count) {
        uint64_t count = (uint64_t)pairs->items[pairs->queue[0].pair].count;
        if (pairs->queue[0].count == count) {
            *out = pairs->queue[0];
            pairs->queue[0] = pairs->queue[--pairs->queue_count];
            if (pairs->queue_count)
                sift_down(pairs);
            return true;
        }
        pairs->queue[0].count = count;
        sift_down(pairs);
    }
    return false;
}

uint32_t cz_pairs_rank(const cz_pairs *pairs, uint32_t left, uint32_t right)
{
    uint64_t key = (uint64_t)left << 32 | right;
    size_t at = place_of(pairs, key);
    while (pairs->slots[at] && pairs->items[pairs->slots[at] - 1].key != key)
        at = (at + 1) & (pairs->slots_capacity - 1);
    return pairs->slots[at] ? pairs->items[pairs->slots[at] - 1].rank : 0;
}
