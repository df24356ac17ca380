/*
 * merges.c - BPE: the most frequent pair of neighbours becomes a token, until there are enough.
 *
 * Two merges may make the same token ("a" + "bc", "ab" + "c"); a pair may then be joined twice, as
 * it has two entries in the queue. Of the two the later one counts, as in the package.
 */
#include "learn/learn.h"
#include "learn/pairs.h"

#include "base/memory.h"

#include <string.h>

enum { REPORT_EVERY = 64 };

typedef struct symbol {
    uint32_t id, length; /* length: in characters that it was joined from */
} symbol;

typedef struct word {
    size_t begin; /* in `symbols` */
    uint32_t count;
} word;

typedef struct trainer {
    const cz_learn_settings *settings;
    const cz_texts *counted;
    cz_learned *learned;
    symbol *symbols;
    word *words;
    cz_pairs pairs;
    char *text; /* of the token being made */
    size_t text_capacity;
} trainer;

/* Characters that are not of the alphabet are left out of their words. */
static void write_word(trainer *work, const cz_spelling *spelling, size_t number, size_t *used)
{
    cloze_text text = cz_texts_at(work->counted, number);
    word *out = &work->words[number];
    out->begin = *used;
    for (size_t at = 0; at < text.size;) {
        const uint32_t *ids = at ? spelling->other : spelling->first;
        uint32_t c = cz_learn_character(work->settings, text, &at);
        if (ids[c] != UINT32_MAX)
            work->symbols[(*used)++] = (symbol){ ids[c], 1 };
    }
    out->count = (uint32_t)(*used - out->begin);
}

/* The words as symbols, and the pairs in them. */
static cloze_status begin(trainer *work, cloze_error *error)
{
    const cz_texts *counted = work->counted;
    cz_spelling spelling = { NULL, NULL };
    size_t used = 0;
    cloze_status status =
        cz_spell(work->settings, counted, &work->learned->tokens, &spelling, error);
    work->symbols = cz_allocate(work->settings->allocator, counted->used, sizeof *work->symbols);
    work->words = cz_allocate(work->settings->allocator, counted->count, sizeof *work->words);
    if (!status && (!work->symbols || !work->words))
        status = cz_learn_memory(error);
    for (size_t i = 0; !status && i < counted->count; i++)
        write_word(work, &spelling, i, &used);
    cz_spelling_clear(&spelling, work->settings->allocator);
    for (size_t i = 0; !status && i < counted->count; i++) {
        const symbol *symbols = work->symbols + work->words[i].begin;
        for (uint32_t k = 0; !status && k + 1 < work->words[i].count; k++)
            if (!cz_pairs_change(&work->pairs, symbols[k].id, symbols[k + 1].id,
                                 (int64_t)counted->items[i].count, (uint32_t)i))
                status = cz_learn_memory(error);
    }
    return status || cz_pairs_enqueue(&work->pairs) ? status : cz_learn_memory(error);
}

/* The id of the token that a pair makes, which may have been there. */
static bool put_token(trainer *work, uint32_t left, uint32_t right, uint32_t *id)
{
    cz_texts *tokens = &work->learned->tokens;
    cloze_text prefix = work->settings->prefix, a = cz_texts_at(tokens, left);
    cloze_text b = cz_texts_at(tokens, right);
    if (prefix.size && b.size >= prefix.size && !memcmp(b.data, prefix.data, prefix.size)) {
        b.data += prefix.size;
        b.size -= prefix.size;
    }
    if (!cz_grow(work->settings->allocator, (void **)&work->text, &work->text_capacity,
                 a.size + b.size + 1, 1))
        return false;
    memcpy(work->text, a.data, a.size);
    memcpy(work->text + a.size, b.data, b.size);
    return cz_texts_put(tokens, work->text, a.size + b.size, id);
}

static bool keep_merge(trainer *work, uint32_t pair, uint32_t left, uint32_t right)
{
    cz_learned *learned = work->learned;
    if (!cz_grow(work->settings->allocator, (void **)&learned->merges, &learned->merges_capacity,
                 learned->merge_count + 1, sizeof *learned->merges))
        return false;
    learned->merges[learned->merge_count++] = (cz_learned_merge){ left, right };
    work->pairs.items[pair].rank = (uint32_t)learned->merge_count;
    return true;
}

/* Two neighbours lose what was between them and win what is there now, unless that is too long. */
static bool replace_pair(trainer *work, uint32_t number, symbol left, symbol right, symbol old_left,
                         symbol old_right)
{
    int64_t times = (int64_t)work->counted->items[number].count;
    if (!cz_pairs_change(&work->pairs, old_left.id, old_right.id, -times, number))
        return false;
    if ((size_t)left.length + right.length >= work->settings->longest)
        return true;
    return cz_pairs_change(&work->pairs, left.id, right.id, times, number);
}

static bool join_in_word(trainer *work, uint32_t number, uint32_t left, uint32_t right, uint32_t id)
{
    word *own = &work->words[number];
    symbol *symbols = work->symbols + own->begin;
    uint32_t made = 0;
    for (uint32_t at = 0; at < own->count; at++) {
        symbol first = symbols[at], second, joined;
        if (first.id != left || at + 1 == own->count || symbols[at + 1].id != right) {
            symbols[made++] = first;
            continue;
        }
        second = symbols[++at];
        joined = (symbol){ id, first.length + second.length };
        if (made &&
            !replace_pair(work, number, symbols[made - 1], joined, symbols[made - 1], first))
            return false;
        if (at + 1 < own->count &&
            !replace_pair(work, number, joined, symbols[at + 1], second, symbols[at + 1]))
            return false;
        symbols[made++] = joined;
    }
    own->count = made;
    return true;
}

static bool join(trainer *work, const cz_pair_entry *entry)
{
    uint32_t left = (uint32_t)(entry->key >> 32), right = (uint32_t)entry->key, id;
    if (!put_token(work, left, right, &id) || !keep_merge(work, entry->pair, left, right))
        return false;
    for (uint32_t i = 0; i < entry->words; i++)
        if (!join_in_word(work, work->pairs.places[entry->begin + i], left, right, id))
            return false;
    return cz_pairs_enqueue(&work->pairs);
}

static cloze_status join_all(trainer *work, cloze_error *error)
{
    const cz_learn_settings *settings = work->settings;
    const cz_texts *tokens = &work->learned->tokens;
    cz_pair_entry entry;
    cloze_status status = CLOZE_OK;
    for (size_t i = 0; !status && tokens->count < settings->size; i++) {
        if (i % REPORT_EVERY == 0)
            status = cz_learn_report(settings, tokens->count, settings->size, error);
        if (status)
            break;
        if (!cz_pairs_next(&work->pairs, &entry) || entry.count < 1 ||
            entry.count < settings->min_frequency)
            break;
        if (!join(work, &entry))
            status = cz_learn_memory(error);
    }
    return status;
}

/* Of merges of the same pair the last stays. */
static void drop_repeated(trainer *work)
{
    cz_learned *learned = work->learned;
    size_t kept = 0;
    for (size_t i = 0; i < learned->merge_count; i++)
        if (cz_pairs_rank(&work->pairs, learned->merges[i].left, learned->merges[i].right) == i + 1)
            learned->merges[kept++] = learned->merges[i];
    learned->merge_count = kept;
}

cloze_status cz_learn_merges(const cz_learn_settings *settings, const cz_texts *words,
                             cz_learned *learned, cloze_error *error)
{
    trainer work = { .settings = settings, .counted = words, .learned = learned };
    cloze_status status = CLOZE_OK;
    if (!cz_pairs_init(&work.pairs, settings->allocator))
        return cz_learn_memory(error);
    status = begin(&work, error);
    if (!status)
        status = join_all(&work, error);
    if (!status)
        drop_repeated(&work);
    cz_pairs_clear(&work.pairs);
    cz_release(settings->allocator, work.symbols);
    cz_release(settings->allocator, work.words);
    cz_release(settings->allocator, work.text);
    return status;
}
