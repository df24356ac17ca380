/*
 * metaspace.c - words whose spaces became a mark (U+2581), each word beginning with one, and their
 * pieces in a Unigram or a BPE, by way of the encoding's cache.
 *
 * A mark that is put before a text has the place of the first character, as in the package.
 */
#include "text/parts.h"

/* A span of characters as the Metaspace pre-tokenizer sees it. */
typedef struct marked {
    const cz_character *characters;
    size_t count;  /* with the mark in front */
    uint32_t mark; /* 0: spaces stay */
    bool prefixed;
} marked;

static cz_character character_at(const marked *span, size_t at)
{
    cz_character c = span->characters[span->prefixed && at ? at - 1 : at];
    if ((span->prefixed && !at) || (span->mark && c.code == ' '))
        c.code = span->mark;
    return c;
}

static bool reserve(cloze_encoding *encoding, size_t count)
{
    const cloze_allocator *allocator = &encoding->hooks.allocator;
    return cz_grow(allocator, (void **)&encoding->word_ids, &encoding->word_ids_capacity, count,
                   sizeof *encoding->word_ids) &&
           cz_grow(allocator, (void **)&encoding->word_ends, &encoding->word_ends_capacity, count,
                   sizeof *encoding->word_ends);
}

cloze_status cz_unigram_word(const cloze_tokenizer *tokenizer, cloze_encoding *encoding,
                             const char *word, size_t size, cz_word_pieces *out, cloze_error *error)
{
    const cz_unigram_piece *pieces;
    size_t count;
    cloze_status status;
    encoding->unigram.steps = &encoding->allowance.steps;
    status = cz_unigram_split(tokenizer->unigram, &encoding->hooks.allocator, &encoding->unigram,
                              word, size, &count, error);
    if (status)
        return status;
    if (!reserve(encoding, count + 1))
        return cz_text_memory(error);
    pieces = encoding->unigram.pieces;
    for (size_t i = 0; i < count; i++) {
        encoding->word_ids[i] = pieces[i].id;
        encoding->word_ends[i] = pieces[i].end;
    }
    *out = (cz_word_pieces){ encoding->word_ids, encoding->word_ends, count };
    return CLOZE_OK;
}

/* The character that has byte `wanted` of a word; *at and *byte are one before it and its place. */
static cz_character character_with(const marked *span, size_t end, size_t wanted, size_t *at,
                                   size_t *byte)
{
    for (size_t size; *at + 1 < end; ++*at, *byte += size) {
        size = cz_utf8_size(character_at(span, *at).code);
        if (*byte + size > wanted)
            break;
    }
    return character_at(span, *at);
}

/* Takes the spaces of a piece out of its offsets. The unknown token of a Unigram is what stands in
 * the text: `written`. */
static void trim(const cloze_tokenizer *tokenizer, cloze_text text, cloze_text written, bool first,
                 cz_piece *piece)
{
    bool known = !tokenizer->unigram || tokenizer->unigram->unknown != piece->id;
    cz_trim_piece(tokenizer, text,
                  known ? cz_vocabulary_token_of(&tokenizer->model.vocabulary, piece->id) : written,
                  first, piece);
}

/* Appends the pieces of the word span[begin, end). */
static cloze_status append_word(const cloze_tokenizer *tokenizer, cloze_encoding *encoding,
                                cloze_text text, const marked *span, size_t begin, size_t end,
                                cz_pieces *pieces, cloze_error *error)
{
    size_t size = 0, at = begin, byte = 0, done = 0;
    uint32_t first = 0;
    cz_word_pieces word;
    cloze_status status;
    if (!cz_grow(&encoding->hooks.allocator, (void **)&encoding->bytes, &encoding->bytes_capacity,
                 (end - begin) * 4, 1))
        return cz_text_memory(error);
    for (size_t i = begin; i < end; i++)
        size += cz_utf8_put(encoding->bytes + size, character_at(span, i).code);
    status = cz_word_split(tokenizer, encoding, encoding->bytes, size, end - begin, &word, error);
    if (status)
        return status;
    if (!cz_pieces_reserve(encoding, pieces, word.count))
        return cz_text_memory(error);
    for (size_t i = 0; i < word.count; i++) {
        cz_piece piece = { .id = word.ids[i], .word = encoding->words };
        cloze_text written = { encoding->bytes + done, word.ends[i] - done };
        if (i == 0 || word.ends[i] > done) /* else it is another byte of the same characters */
            first = character_with(span, end, done, &at, &byte).begin;
        done = word.ends[i];
        piece.begin = first;
        piece.end = character_with(span, end, done - 1, &at, &byte).end;
        if (tokenizer->bytes.trims)
            trim(tokenizer, text, written, !pieces->count, &piece);
        pieces->items[pieces->count++] = piece;
    }
    encoding->words++;
    return CLOZE_OK;
}

cloze_status cz_split_marked(const cloze_tokenizer *tokenizer, cloze_encoding *encoding,
                             cloze_text text, const cz_character *characters, size_t count,
                             cz_pieces *pieces, cloze_error *error)
{
    const cz_metaspace *metaspace = &tokenizer->metaspace;
    marked span = { .characters = characters, .count = count };
    cloze_status status = CLOZE_OK;
    if (!count)
        return CLOZE_OK;
    if (metaspace->used) {
        span.mark = metaspace->mark;
        span.prefixed = character_at(&span, 0).code != metaspace->mark &&
                        (metaspace->prepend == CZ_PREPEND_ALWAYS ||
                         (metaspace->prepend == CZ_PREPEND_FIRST && !characters[0].begin));
        span.count += span.prefixed;
    }
    for (size_t begin = 0, end; begin < span.count && !status; begin = end) {
        end = begin + 1;
        while (end < span.count && (!metaspace->used || metaspace->whole ||
                                    character_at(&span, end).code != metaspace->mark))
            end++;
        status = append_word(tokenizer, encoding, text, &span, begin, end, pieces, error);
    }
    return status;
}
