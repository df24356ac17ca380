/* seeds.c - see seeds.h. Weights, order and limits are those of the package. */
#include "learn/seeds.h"

#include "base/memory.h"
#include "learn/repeats.h"
#include "text/unicode.h"

#include <math.h>
#include <stdlib.h>

enum { USUAL_SEEDS = 1000000 };

typedef struct character {
    uint64_t count;
    uint32_t code;
} character;

static bool put_seed(cz_seeds *seeds, const uint32_t *codes, uint32_t length, uint64_t weight)
{
    size_t needed;
    if (!cz_add(seeds->used, (size_t)length * 4, &needed) ||
        !cz_grow(seeds->allocator, (void **)&seeds->bytes, &seeds->bytes_capacity, needed, 1) ||
        !cz_grow(seeds->allocator, (void **)&seeds->items, &seeds->capacity, seeds->count + 1,
                 sizeof *seeds->items))
        return false;
    cz_seed *seed = &seeds->items[seeds->count++];
    *seed = (cz_seed){ .begin = seeds->used, .score = (double)weight };
    for (uint32_t i = 0; i < length; i++)
        seeds->used += cz_utf8_put(seeds->bytes + seeds->used, codes[i]);
    seed->size = (uint32_t)(seeds->used - seed->begin);
    return true;
}

static int by_count(const void *left, const void *right)
{
    const character *a = left, *b = right;
    if (a->count != b->count)
        return a->count > b->count ? -1 : 1;
    return a->code > b->code ? -1 : a->code < b->code;
}

/* The characters of the words, the most frequent first. */
static bool put_characters(cz_seeds *seeds, const cz_texts *words, const uint64_t *kept)
{
    uint64_t *counts = cz_allocate_zero(seeds->allocator, CZ_LEARN_CODES, sizeof *counts);
    character *all = cz_allocate(seeds->allocator, CZ_LEARN_CODES, sizeof *all);
    size_t used = 0;
    bool good = counts && all;
    for (size_t i = 0; good && i < words->count; i++) {
        cloze_text word = cz_texts_at(words, i);
        for (size_t at = 0; at < word.size;)
            counts[cz_utf8_read(word.data, &at)] += words->items[i].count;
    }
    for (uint32_t c = 1; good && c < CZ_LEARN_CODES; c++)
        if (counts[c] && kept[c])
            all[used++] = (character){ counts[c], c };
    if (used)
        qsort(all, used, sizeof *all, by_count);
    for (size_t i = 0; good && i < used; i++)
        good = put_seed(seeds, &all[i].code, 1, all[i].count);
    seeds->characters = used;
    cz_release(seeds->allocator, counts);
    cz_release(seeds->allocator, all);
    return good;
}

/* The words one behind the other, each closed by a 0, as is a place that no token may cover. */
static uint32_t *flatten(const cloze_allocator *allocator, const cz_texts *words,
                         const uint64_t *kept, size_t *count)
{
    uint32_t *codes = cz_allocate(allocator, words->used + words->count, sizeof *codes);
    size_t used = 0;
    if (!codes)
        return NULL;
    for (size_t i = 0; i < words->count; i++) {
        cloze_text word = cz_texts_at(words, i);
        for (size_t at = 0; at < word.size;) {
            uint32_t c = cz_utf8_read(word.data, &at);
            codes[used++] = kept[c] ? c : 0;
        }
        codes[used++] = 0;
    }
    *count = used;
    return codes;
}

static bool put_repeats(cz_seeds *seeds, const cz_learn_settings *settings, const cz_texts *words,
                        const uint64_t *kept)
{
    size_t most = settings->size > USUAL_SEEDS / 2 ? settings->size * 2 : USUAL_SEEDS, count = 0;
    uint32_t *codes = flatten(seeds->allocator, words, kept, &count);
    cz_repeats repeats = { .allocator = seeds->allocator };
    bool good = codes && cz_repeats_find(&repeats, seeds->allocator, codes, count,
                                         (uint32_t)settings->longest - 1);
    for (size_t i = 0; good && i < repeats.count && seeds->count < most; i++) {
        const cz_repeat *found = &repeats.items[i];
        good = put_seed(seeds, codes + repeats.suffixes[found->rank], found->length, found->weight);
    }
    cz_repeats_clear(&repeats);
    cz_release(seeds->allocator, codes);
    return good;
}

static void take_logarithms(cz_seeds *seeds)
{
    double sum = 0.0, logarithm;
    for (size_t i = 0; i < seeds->count; i++)
        sum += seeds->items[i].score;
    logarithm = log(sum);
    for (size_t i = 0; i < seeds->count; i++)
        seeds->items[i].score = log(seeds->items[i].score) - logarithm;
}

cloze_status cz_seeds_find(cz_seeds *seeds, const cz_learn_settings *settings,
                           const cz_texts *words, const uint64_t *kept, cloze_error *error)
{
    *seeds = (cz_seeds){ .allocator = settings->allocator };
    if (words->used + words->count >= UINT32_MAX)
        return cz_fail(error, CLOZE_ERROR_LIMIT,
                       "the %zu different words have %zu bytes together; a Unigram takes 4 GB",
                       words->count, words->used);
    if (!put_characters(seeds, words, kept) || !put_repeats(seeds, settings, words, kept))
        return cz_learn_memory(error);
    take_logarithms(seeds);
    return CLOZE_OK;
}

void cz_seeds_clear(cz_seeds *seeds)
{
    cz_release(seeds->allocator, seeds->bytes);
    cz_release(seeds->allocator, seeds->items);
    *seeds = (cz_seeds){ .allocator = seeds->allocator };
}
