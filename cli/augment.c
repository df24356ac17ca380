/*
 * augment.c - see augment.h. A text is a list of pieces, each a word with the white space before it;
 * a way of changing it works on the list, and the list is written out again.
 */
#include "augment.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct piece {
    cloze_text space, word;
} piece;

typedef struct text_draft {
    piece *piece; /* with room for as many again */
    size_t count, changes;
    cloze_text end; /* white space behind the last word */
    cli_keep *keep;
    cli_chance chance;
    const cli_synonyms *synonyms;
    const augment_filler *filler;
} text_draft;

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static size_t count_words(cloze_text text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.size; i++)
        count += !is_space(text.data[i]) && (!i || is_space(text.data[i - 1]));
    return count;
}

static void cut(text_draft *draft, cloze_text text)
{
    for (size_t at = 0, word; at < text.size;) {
        for (word = at; word < text.size && is_space(text.data[word]);)
            word++;
        draft->end = (cloze_text){ text.data + at, word - at };
        if (word == text.size)
            break;
        for (at = word; at < text.size && !is_space(text.data[at]);)
            at++;
        draft->piece[draft->count++] = (piece){ draft->end, { text.data + word, at - word } };
        draft->end.size = 0;
    }
}

static bool join(const text_draft *draft, cloze_text *out)
{
    size_t size = draft->end.size, used = 0;
    char *text;
    for (size_t i = 0; i < draft->count; i++)
        size += draft->piece[i].space.size + draft->piece[i].word.size;
    if (!(text = keep_room(draft->keep, size + 1, 1)))
        return false;
    for (size_t i = 0; i <= draft->count; i++) {
        cloze_text parts[2] = { draft->end };
        if (i < draft->count) {
            parts[0] = draft->piece[i].space;
            parts[1] = draft->piece[i].word;
        }
        for (int k = 0; k < 2; k++) {
            if (parts[k].size)
                memcpy(text + used, parts[k].data, parts[k].size);
            used += parts[k].size;
        }
    }
    text[size] = 0;
    *out = (cloze_text){ text, size };
    return true;
}

/* ---- one word ---- */

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (unsigned char)c >= 0x80;
}

/* What is left of a word without the punctuation around it. */
static cloze_text core_of(cloze_text word)
{
    while (word.size && !is_letter(*word.data)) {
        word.data++;
        word.size--;
    }
    while (word.size && !is_letter(word.data[word.size - 1]))
        word.size--;
    return word;
}

static bool has_synonym(const text_draft *draft, cloze_text word)
{
    cli_chance chance = { 0 };
    cloze_text other;
    return synonyms_find(draft->synonyms, core_of(word), &chance, &other);
}

/* `word` with another core: punctuation and a capital stay. NULL when memory is out. */
static bool with_core(text_draft *draft, cloze_text word, cloze_text core, cloze_text *out)
{
    cloze_text old = core_of(word);
    size_t before = (size_t)(old.data - word.data), after = word.size - before - old.size;
    size_t size = before + core.size + after;
    char *made = keep_room(draft->keep, size + 1, 1);
    if (!made)
        return false;
    memcpy(made, word.data, before);
    memcpy(made + before, core.data, core.size);
    memcpy(made + before + core.size, old.data + old.size, after);
    made[size] = 0;
    if (old.size && *old.data >= 'A' && *old.data <= 'Z' && made[before] >= 'a' &&
        made[before] <= 'z')
        made[before] = (char)(made[before] - 'a' + 'A');
    *out = (cloze_text){ made, size };
    return true;
}

/* ---- the ways ---- */

/* Each word goes with the chance `rate`; one always stays. */
static bool drop_words(text_draft *draft, double rate)
{
    size_t kept = 0, last = chance_below(&draft->chance, draft->count);
    piece only = draft->piece[last];
    for (size_t i = 0; i < draft->count; i++)
        if (chance_part(&draft->chance) >= rate)
            draft->piece[kept++] = draft->piece[i];
    draft->changes = draft->count - kept;
    if (!kept)
        draft->piece[kept++] = only;
    draft->piece[0].space.size = 0;
    draft->count = kept;
    return true;
}

static size_t times(const text_draft *draft, double rate)
{
    double wanted = floor(rate * (double)draft->count);
    return wanted > 1 ? (size_t)wanted : 1;
}

static bool swap_words(text_draft *draft, double rate)
{
    size_t wanted = draft->count > 1 ? times(draft, rate) : 0;
    for (size_t n = 0; n < wanted; n++) {
        size_t a = chance_below(&draft->chance, draft->count);
        size_t b = chance_below(&draft->chance, draft->count - 1);
        cloze_text word = draft->piece[a].word;
        b += b >= a;
        draft->piece[a].word = draft->piece[b].word;
        draft->piece[b].word = word;
        draft->changes++;
    }
    return true;
}

/* Numbers of the words that have synonyms, shuffled. */
static size_t *choose(text_draft *draft, size_t *count)
{
    size_t *chosen = keep_room(draft->keep, draft->count, sizeof *chosen);
    *count = 0;
    for (size_t i = 0; chosen && i < draft->count; i++)
        if (!draft->synonyms || has_synonym(draft, draft->piece[i].word))
            chosen[(*count)++] = i;
    if (chosen)
        chance_shuffle(&draft->chance, chosen, *count);
    return chosen;
}

static bool replace_words(text_draft *draft, double rate)
{
    size_t count, *chosen = choose(draft, &count), wanted = times(draft, rate);
    if (!chosen)
        return false;
    for (size_t n = 0; n < count && n < wanted; n++) {
        piece *at = &draft->piece[chosen[n]];
        cloze_text core;
        if (synonyms_find(draft->synonyms, core_of(at->word), &draft->chance, &core) &&
            !with_core(draft, at->word, core, &at->word))
            return false;
        draft->changes++;
    }
    return true;
}

/* A synonym of some word, or some word without its punctuation, before another one. */
static bool insert_words(text_draft *draft, double rate)
{
    static const cloze_text blank = { " ", 1 };
    size_t count, *chosen = choose(draft, &count), wanted = times(draft, rate);
    if (!chosen)
        return false;
    for (size_t n = 0; n < count && n < wanted; n++) {
        cloze_text core = core_of(draft->piece[chosen[n]].word);
        size_t at = chance_below(&draft->chance, draft->count + 1);
        if (draft->synonyms)
            synonyms_find(draft->synonyms, core, &draft->chance, &core);
        if (!core.size)
            continue;
        memmove(draft->piece + at + 1, draft->piece + at,
                (draft->count - at) * sizeof *draft->piece);
        for (size_t k = 0; k < count; k++)
            chosen[k] += chosen[k] >= at;
        draft->piece[at] = (piece){ at ? blank : draft->piece[1].space, core };
        if (!at)
            draft->piece[1].space = blank;
        draft->count++;
        draft->changes++;
    }
    return true;
}

static int by_number(const void *a, const void *b)
{
    size_t x = *(const size_t *)a, y = *(const size_t *)b;
    return (x > y) - (x < y);
}

/* Numbers of some words that have letters, ascending. */
static size_t *choose_words(text_draft *draft, double rate, size_t *count)
{
    size_t *chosen = keep_room(draft->keep, draft->count, sizeof *chosen);
    size_t wanted = times(draft, rate);
    *count = 0;
    for (size_t i = 0; chosen && i < draft->count; i++)
        if (core_of(draft->piece[i].word).size)
            chosen[(*count)++] = i;
    if (!chosen)
        return NULL;
    chance_shuffle(&draft->chance, chosen, *count);
    *count = *count < wanted ? *count : wanted;
    qsort(chosen, *count, sizeof *chosen, by_number);
    return chosen;
}

static bool mask_words(text_draft *draft, const size_t *chosen, size_t count, cloze_text *words,
                       cloze_text *masked)
{
    bool good = true;
    for (size_t n = 0; n < count && good; n++) {
        cloze_text *word = &draft->piece[chosen[n]].word;
        words[n] = *word;
        good = with_core(draft, words[n], draft->filler->mask, word);
    }
    good = good && join(draft, masked);
    for (size_t n = 0; n < count && good; n++)
        draft->piece[chosen[n]].word = words[n];
    return good;
}

/* Words become what a model would say in their place, when it sees all but them. */
static bool fill_words(text_draft *draft, double rate)
{
    const augment_filler *filler = draft->filler;
    size_t count, *chosen = choose_words(draft, rate, &count);
    cloze_text masked, *words = keep_room(draft->keep, 3 * count + 1, sizeof *words);
    cloze_text *cores = words + count, *made = cores + count;
    if (!chosen || !words || !mask_words(draft, chosen, count, words, &masked))
        return false;
    for (size_t n = 0; n < count; n++)
        cores[n] = core_of(words[n]);
    if (count &&
        !filler->fill(filler->context, draft->keep, masked, cores, count, &draft->chance, made))
        return false;
    for (size_t n = 0; n < count; n++)
        if (made[n].data) {
            if (!with_core(draft, words[n], made[n], &draft->piece[chosen[n]].word))
                return false;
            draft->changes++;
        }
    return true;
}

/* ---- all ---- */

enum { WAYS = 5 };

typedef bool change_words(text_draft *draft, double rate);

bool augment_text(cli_keep *keep, cloze_text text, const augment_rates *rates,
                  const augment_source *source, uint64_t seed, size_t copy, cloze_text *out)
{
    const double rate[WAYS] = { rates->drop, rates->swap, rates->insert,
                                source->synonyms ? rates->replace : 0,
                                source->filler ? rates->fill : 0 };
    change_words *const ways[WAYS] = { drop_words, swap_words, insert_words, replace_words,
                                       fill_words };
    text_draft draft = { .keep = keep,
                         .chance = chance_of(seed, copy + 1),
                         .synonyms = source->synonyms,
                         .filler = source->filler };
    size_t words = count_words(text), open[WAYS], count = 0, way;
    *out = text;
    for (size_t i = 0; i < WAYS; i++)
        if (rate[i] > 0)
            open[count++] = i;
    if (!count || !words)
        return true;
    if (words > SIZE_MAX / 2 || !(draft.piece = calloc(2 * words, sizeof *draft.piece)))
        return false;
    cut(&draft, text);
    /* copies take turns, each text beginning with another way */
    way = open[(size_t)(seed % count + copy % count) % count];
    bool good = ways[way](&draft, rate[way]);
    if (good && draft.changes)
        good = join(&draft, out);
    free(draft.piece);
    return good;
}
