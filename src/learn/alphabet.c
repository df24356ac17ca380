/*
 * alphabet.c - the characters of the words: which are kept, and the tokens that they begin as.
 *
 * Characters that begin a token of their own get ids by code point. With a prefix, those that
 * continue a word get further ids, by code point as well.
 */
#include "learn/learn.h"

#include "base/memory.h"
#include "text/tokenizer.h"
#include "text/unicode.h"

#include <stdlib.h>
#include <string.h>

typedef struct character {
    uint64_t count;
    uint32_t code;
} character;

uint32_t cz_learn_character(const cz_learn_settings *settings, cloze_text word, size_t *at)
{
    if (settings->bytes)
        return cz_byte_letter((unsigned char)word.data[(*at)++]);
    return cz_utf8_read(word.data, at);
}

uint64_t *cz_count_characters(const cz_learn_settings *settings, const cz_texts *words)
{
    uint64_t *counts = cz_allocate_zero(settings->allocator, CZ_LEARN_CODES, sizeof *counts);
    if (!counts)
        return NULL;
    for (size_t i = 0; i < words->count; i++) {
        cloze_text word = cz_texts_at(words, i);
        for (size_t at = 0; at < word.size;)
            counts[cz_learn_character(settings, word, &at)] += words->items[i].count;
    }
    for (size_t at = 0; at < settings->characters.size;)
        counts[cz_utf8_read(settings->characters.data, &at)] = UINT64_MAX;
    for (unsigned byte = 0; settings->bytes && byte < 256; byte++)
        counts[cz_byte_letter((unsigned char)byte)] = UINT64_MAX;
    return counts;
}

/* The rarest first; of equals those with larger codes. */
static int by_count(const void *left, const void *right)
{
    const character *a = left, *b = right;
    if (a->count != b->count)
        return a->count < b->count ? -1 : 1;
    return a->code > b->code ? -1 : a->code < b->code;
}

bool cz_limit_alphabet(const cz_learn_settings *settings, uint64_t *counts)
{
    size_t different = 0, used = 0;
    character *all;
    for (uint32_t c = 0; c < CZ_LEARN_CODES; c++)
        different += counts[c] != 0;
    if (different <= settings->alphabet)
        return true;
    if (!(all = cz_allocate(settings->allocator, different, sizeof *all)))
        return false;
    for (uint32_t c = 0; c < CZ_LEARN_CODES; c++)
        if (counts[c])
            all[used++] = (character){ counts[c], c };
    qsort(all, used, sizeof *all, by_count);
    for (size_t i = 0; i < different - settings->alphabet; i++)
        counts[all[i].code] = 0;
    cz_release(settings->allocator, all);
    return true;
}

static bool put_character(cz_texts *tokens, cloze_text prefix, uint32_t code, uint32_t *id)
{
    char text[64];
    size_t size = prefix.size;
    if (size)
        memcpy(text, prefix.data, size);
    size += cz_utf8_put(text + size, code);
    return cz_texts_put(tokens, text, size, id);
}

/* Marks in `other` the known characters that continue a word. */
static void find_others(const cz_learn_settings *settings, const cz_texts *words,
                        cz_spelling *spelling)
{
    for (size_t i = 0; i < words->count; i++) {
        cloze_text word = cz_texts_at(words, i);
        for (size_t at = 0; at < word.size;) {
            bool begins = !at;
            uint32_t c = cz_learn_character(settings, word, &at);
            if (!begins && spelling->first[c] != UINT32_MAX)
                spelling->other[c] = 0;
        }
    }
}

/* A special token of one character is known like one of the alphabet. */
static bool put_special(const cz_learn_settings *settings, cz_texts *tokens, cz_spelling *spelling)
{
    for (size_t i = 0; i < settings->special_count; i++) {
        cloze_text text = settings->special[i];
        size_t at = 0;
        uint32_t id, code = cz_utf8_read(text.data, &at);
        if (!cz_texts_put(tokens, text.data, text.size, &id))
            return false;
        if (at == text.size)
            spelling->first[code] = id;
    }
    return true;
}

static bool spell(const cz_learn_settings *settings, const cz_texts *words, const uint64_t *counts,
                  cz_texts *tokens, cz_spelling *spelling)
{
    static const cloze_text none;
    for (uint32_t c = 0; c < CZ_LEARN_CODES; c++)
        spelling->first[c] = spelling->other[c] = UINT32_MAX;
    if (!put_special(settings, tokens, spelling))
        return false;
    for (uint32_t c = 0; c < CZ_LEARN_CODES; c++)
        if (counts[c] && !put_character(tokens, none, c, &spelling->first[c]))
            return false;
    find_others(settings, words, spelling);
    for (uint32_t c = 0; c < CZ_LEARN_CODES; c++)
        if (spelling->other[c] != UINT32_MAX &&
            !put_character(tokens, settings->prefix, c, &spelling->other[c]))
            return false;
    return true;
}

cloze_status cz_spell(const cz_learn_settings *settings, const cz_texts *words, cz_texts *tokens,
                      cz_spelling *spelling, cloze_error *error)
{
    const cloze_allocator *allocator = settings->allocator;
    uint64_t *counts = cz_count_characters(settings, words);
    bool good;
    spelling->first = cz_allocate(allocator, CZ_LEARN_CODES, sizeof *spelling->first);
    spelling->other = cz_allocate(allocator, CZ_LEARN_CODES, sizeof *spelling->other);
    good = counts && spelling->first && spelling->other && cz_limit_alphabet(settings, counts) &&
           spell(settings, words, counts, tokens, spelling);
    cz_release(allocator, counts);
    return good ? CLOZE_OK : cz_learn_memory(error);
}

void cz_spelling_clear(cz_spelling *spelling, const cloze_allocator *allocator)
{
    cz_release(allocator, spelling->first);
    cz_release(allocator, spelling->other);
    *spelling = (cz_spelling){ NULL, NULL };
}
