/*
 * split.c - the cuts of a pre-tokenizer, applied in order. Cuts that look at single characters run
 * over them; a Split writes each word as a line first and counts its matches back to characters.
 */
#include "text/split.h"

#include "text/unicode.h"

#include <string.h>

static cloze_status no_memory(cloze_error *error)
{
    return cz_fail(error, CLOZE_ERROR_MEMORY, "out of memory while splitting a text into words");
}

/* What a cut takes a single character for. */
static bool is_found(const cz_cut *cut, uint32_t code)
{
    switch (cut->kind) {
    case CZ_CUT_SPACES:
        return cz_unicode_flags_of(code) & CZ_UNICODE_SPACE;
    case CZ_CUT_PUNCTUATION:
        return cz_unicode_flags_of(code) & CZ_UNICODE_PUNCTUATION;
    case CZ_CUT_DIGITS:
        return cz_unicode_is_numeric(code);
    default:
        return code == cut->code;
    }
}

static bool find_characters(const cz_cut *cut, const cloze_allocator *allocator,
                            const cz_character *items, cz_stretch word, cz_stretches *found)
{
    for (size_t begin = word.begin, at; begin < word.end; begin = at) {
        bool is = is_found(cut, items[begin].code);
        at = begin + 1;
        while (!is && at < word.end && !is_found(cut, items[at].code))
            at++;
        if (!cz_stretches_put(allocator, found, begin, at, is))
            return false;
    }
    return true;
}

/* Runs of \w and of what is neither \w nor white space, which is found. */
static bool find_words(const cloze_allocator *allocator, const cz_character *items, cz_stretch word,
                       cz_stretches *found)
{
    unsigned both = CZ_UNICODE_WORD | CZ_UNICODE_SPACE;
    for (size_t begin = word.begin, at; begin < word.end; begin = at) {
        unsigned kind = cz_unicode_flags_of(items[begin].code) & both;
        at = begin + 1;
        while (at < word.end && (cz_unicode_flags_of(items[at].code) & both) == kind)
            at++;
        if (!cz_stretches_put(allocator, found, begin, at, kind == CZ_UNICODE_SPACE))
            return false;
    }
    return true;
}

/* A word begins where the script changes; characters of every script never begin one. */
static bool find_scripts(const cloze_allocator *allocator, const cz_character *items,
                         cz_stretch word, cz_stretches *found)
{
    size_t begin = word.begin;
    unsigned last = 0;
    bool begun = false;
    for (size_t at = word.begin; at < word.end; at++) {
        unsigned script = cz_unicode_script_of(items[at].code);
        if (!script || script == last)
            continue;
        if (begun && !cz_stretches_put(allocator, found, begin, at, false))
            return false;
        begin = at;
        begun = true;
        last = script;
    }
    return !begun || cz_stretches_put(allocator, found, begin, word.end, false);
}

static bool find_lengths(const cz_cut *cut, const cloze_allocator *allocator, cz_stretch word,
                         cz_stretches *found)
{
    for (size_t begin = word.begin; begin < word.end;) {
        size_t size = word.end - begin < cut->length ? word.end - begin : cut->length;
        if (!cz_stretches_put(allocator, found, begin, begin + size, false))
            return false;
        begin += size;
    }
    return true;
}

static cloze_status find_matches(const cz_cut *cut, const cloze_allocator *allocator,
                                 cz_cutting *cutting, cz_stretch word, cloze_error *error)
{
    const cz_character *items = cutting->characters.items;
    cz_stretches *found = &cutting->found;
    cz_place at = { 0, word.begin };
    cloze_text line;
    cz_search search;
    size_t begin = 0, end = 0, last = word.begin;
    bool more = true;
    if (!cz_characters_write(allocator, items + word.begin, word.end - word.begin, &cutting->line,
                             &cutting->line_capacity, &line))
        return no_memory(error);
    search = cz_search_of(line, &cutting->matching, allocator, &cutting->allowance->steps);
    while (more) {
        cloze_status status = cz_find_next(&cut->finder, &search, &begin, &end, &more, error);
        if (status)
            return status;
        cz_place_move(&at, items, more ? begin : line.size);
        if (at.character > last &&
            !cz_stretches_put(allocator, found, last, at.character, cut->inverted))
            return no_memory(error);
        last = at.character;
        if (!more)
            break;
        cz_place_move(&at, items, end);
        if (!cz_stretches_put(allocator, found, last, at.character, !cut->inverted))
            return no_memory(error);
        last = at.character;
    }
    return CLOZE_OK;
}

static cloze_status cut_word(const cz_cut *cut, const cloze_allocator *allocator,
                             cz_cutting *cutting, cz_stretch word, cloze_error *error)
{
    const cz_character *items = cutting->characters.items;
    cz_stretches *found = &cutting->found;
    cloze_status status = CLOZE_OK;
    bool made = true;
    found->count = 0;
    switch (cut->kind) {
    case CZ_CUT_SCRIPTS:
        made = find_scripts(allocator, items, word, found);
        break;
    case CZ_CUT_WORDS:
        made = find_words(allocator, items, word, found);
        break;
    case CZ_CUT_LENGTH:
        made = find_lengths(cut, allocator, word, found);
        break;
    case CZ_CUT_FOUND:
    case CZ_CUT_BYTES:
        status = find_matches(cut, allocator, cutting, word, error);
        break;
    default:
        made = find_characters(cut, allocator, items, word, found);
        break;
    }
    if (status)
        return status;
    return made && cz_behave(allocator, found, cut->behavior, &cutting->next) ? CLOZE_OK
                                                                              : no_memory(error);
}

static void swap_words(cz_cutting *cutting)
{
    cz_stretches kept = cutting->words;
    cutting->words = cutting->next;
    cutting->next = kept;
    cutting->next.count = 0;
}

/* Whether a mark, or a space, is put before the word that begins with `first`. */
static bool is_prefixed(const cz_cut *cut, cz_character first)
{
    uint32_t code = cut->kind == CZ_CUT_MARKS && first.code == ' ' ? cut->code : first.code;
    return code != cut->code && (cut->prepend == CZ_PREPEND_ALWAYS ||
                                 (cut->prepend == CZ_PREPEND_FIRST && !first.begin));
}

/* Marks in the place of spaces, and before words; or a space before words. */
static bool put_marks(const cz_cut *cut, const cloze_allocator *allocator, cz_cutting *cutting)
{
    cz_characters *made = &cutting->spare;
    made->count = 0;
    if (!cz_characters_reserve(allocator, made, cutting->characters.count + cutting->words.count))
        return false;
    for (size_t i = 0; i < cutting->words.count; i++) {
        cz_stretch *word = &cutting->words.items[i];
        const cz_character *items = cutting->characters.items;
        size_t begin = made->count;
        if (is_prefixed(cut, items[word->begin])) {
            made->items[made->count] = items[word->begin];
            made->items[made->count++].code = cut->code;
        }
        for (size_t k = word->begin; k < word->end; k++) {
            cz_character c = items[k];
            if (cut->kind == CZ_CUT_MARKS && c.code == ' ')
                c.code = cut->code;
            made->items[made->count++] = c;
        }
        *word = (cz_stretch){ begin, made->count, false };
    }
    cz_characters_swap(&cutting->characters, made);
    return true;
}

/* Each character of the words by the letters of its bytes; what no word has goes. */
static bool put_letters(const cloze_allocator *allocator, cz_cutting *cutting)
{
    const cz_characters *from = &cutting->characters;
    size_t at = 0;
    if (!cz_characters_reserve(allocator, &cutting->spare, from->count * 4))
        return false;
    for (size_t i = 0; i < cutting->words.count; i++) {
        cz_stretch *word = &cutting->words.items[i];
        size_t begin = at;
        for (size_t k = word->begin; k < word->end; k++)
            at += cz_character_letters(from->items[k], cutting->spare.items + at);
        *word = (cz_stretch){ begin, at, false };
    }
    cutting->spare.count = at;
    cz_characters_swap(&cutting->characters, &cutting->spare);
    return true;
}

static cloze_status apply(const cz_cut *cut, const cloze_allocator *allocator, cz_cutting *cutting,
                          cloze_error *error)
{
    cloze_status status = CLOZE_OK;
    size_t before = cutting->characters.count;
    bool changes = cut->kind == CZ_CUT_MARKS || cut->kind == CZ_CUT_BYTES;
    if (changes && !put_marks(cut, allocator, cutting))
        return no_memory(error);
    if (!changes || !cut->whole) {
        for (size_t i = 0; i < cutting->words.count && !status; i++)
            status = cut_word(cut, allocator, cutting, cutting->words.items[i], error);
        swap_words(cutting);
    }
    if (!status && cut->kind == CZ_CUT_BYTES && !put_letters(allocator, cutting))
        status = no_memory(error);
    return status ? status
                  : cz_allowance_grow(cutting->allowance, before, cutting->characters.count, error);
}

cloze_status cz_cut_all(const cz_cuts *cuts, const cloze_allocator *allocator,
                        const cz_character *characters, size_t count, cz_cutting *cutting,
                        cloze_error *error)
{
    cloze_status status = CLOZE_OK;
    cutting->words.count = cutting->next.count = 0;
    if (!count)
        return CLOZE_OK;
    if (!cz_characters_reserve(allocator, &cutting->characters, count) ||
        !cz_stretches_put(allocator, &cutting->words, 0, count, false))
        return no_memory(error);
    memcpy(cutting->characters.items, characters, count * sizeof *characters);
    cutting->characters.count = count;
    for (size_t i = 0; i < cuts->count && !status; i++)
        status = apply(&cuts->items[i], allocator, cutting, error);
    return status;
}

void cz_cuts_clear(cz_cuts *cuts, const cloze_allocator *allocator)
{
    for (size_t i = 0; i < cuts->count; i++)
        cz_finder_clear(&cuts->items[i].finder, allocator);
    cuts->count = 0;
}

void cz_cutting_clear(cz_cutting *cutting, const cloze_allocator *allocator)
{
    cz_release(allocator, cutting->characters.items);
    cz_release(allocator, cutting->spare.items);
    cz_release(allocator, cutting->words.items);
    cz_release(allocator, cutting->found.items);
    cz_release(allocator, cutting->next.items);
    cz_release(allocator, cutting->line);
    cz_matching_clear(&cutting->matching);
}
