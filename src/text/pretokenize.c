/*
 * pretokenize.c - normalized characters to words, and words to pieces with offsets: the long way.
 *
 * A common pre-tokenizer is three yes-or-no rules about single characters and neighbours
 * (cz_splitter): each rule only splits further, so the order in which a file lists them does not
 * matter. Any other one is the tokenizer's cuts (split.c).
 */
#include "text/parts.h"

/* Appends the pieces of one word. */
static cloze_status append_word(const cloze_tokenizer *tokenizer, cloze_encoding *encoding,
                                const cz_character *characters, size_t count, cz_pieces *pieces,
                                cloze_error *error)
{
    size_t size = 0, at = 0, byte = 0;
    cz_word_pieces word;
    cloze_status status;
    if (count <= tokenizer->model.word_limit) {
        if (!cz_grow(&encoding->hooks.allocator, (void **)&encoding->bytes,
                     &encoding->bytes_capacity, count * 4, 1))
            return cz_text_memory(error);
        for (size_t i = 0; i < count; i++)
            size += cz_utf8_put(encoding->bytes + size, characters[i].code);
    }
    status = cz_word_split(tokenizer, encoding, encoding->bytes, size, count, &word, error);
    if (status)
        return status;
    if (!cz_pieces_reserve(encoding, pieces, word.count))
        return cz_text_memory(error);
    for (size_t i = 0; i < word.count; i++) {
        cz_piece piece = { .id = word.ids[i],
                           .begin = characters[at].begin,
                           .word = encoding->words };
        if (i + 1 == word.count)
            at = count;
        for (; byte < word.ends[i] && at < count; at++)
            byte += cz_utf8_size(characters[at].code);
        piece.end = characters[at - 1].end;
        pieces->items[pieces->count++] = piece;
    }
    encoding->words++;
    return CLOZE_OK;
}

cloze_status cz_split_words(const cloze_tokenizer *tokenizer, cloze_encoding *encoding,
                            const cz_character *characters, size_t count, cz_pieces *pieces,
                            cloze_error *error)
{
    const cz_splitter *splitter = &tokenizer->splitter;
    const cloze_text untrimmed = { NULL, 0 }; /* where offsets are trimmed there are cuts */
    unsigned drops = splitter->spaces ? CZ_UNICODE_SPACE : 0;
    unsigned alone = splitter->punctuation ? CZ_UNICODE_PUNCTUATION : 0;
    unsigned group = splitter->groups ? CZ_UNICODE_WORD : 0;
    for (size_t i = 0; i < count;) {
        unsigned flags = cz_unicode_flags_of(characters[i].code);
        size_t begin = i++;
        cloze_status status;
        if (flags & drops)
            continue;
        if (!(flags & alone)) {
            unsigned kind = flags & group;
            while (i < count) {
                flags = cz_unicode_flags_of(characters[i].code);
                if ((flags & (drops | alone)) || (flags & group) != kind)
                    break;
                i++;
            }
        }
        status =
            tokenizer->unigram || tokenizer->bpe.used
                ? cz_split_marked(tokenizer, encoding, untrimmed, characters + begin, i - begin,
                                  pieces, error)
                : append_word(tokenizer, encoding, characters + begin, i - begin, pieces, error);
        if (status)
            return status;
    }
    return CLOZE_OK;
}

/* Appends the pieces of a word of letters to a byte-level BPE; each letter is a byte of the word. */
static cloze_status append_letters(const cloze_tokenizer *tokenizer, cloze_encoding *encoding,
                                   const cz_character *characters, size_t count, cz_pieces *pieces,
                                   cloze_error *error)
{
    cz_word_pieces word;
    cloze_status status;
    size_t at = 0;
    if (!cz_grow(&encoding->hooks.allocator, (void **)&encoding->bytes, &encoding->bytes_capacity,
                 count, 1))
        return cz_text_memory(error);
    for (size_t i = 0; i < count; i++)
        encoding->bytes[i] = (char)cz_letter_byte(characters[i].code);
    status = cz_word_split(tokenizer, encoding, encoding->bytes, count, count, &word, error);
    if (status)
        return status;
    if (!cz_pieces_reserve(encoding, pieces, word.count))
        return cz_text_memory(error);
    for (size_t i = 0; i < word.count; i++) {
        pieces->items[pieces->count++] = (cz_piece){ .id = word.ids[i],
                                                     .begin = characters[at].begin,
                                                     .end = characters[word.ends[i] - 1].end,
                                                     .word = encoding->words };
        at = word.ends[i];
    }
    encoding->words++;
    return CLOZE_OK;
}

cloze_status cz_split_by_cuts(const cloze_tokenizer *tokenizer, cloze_encoding *encoding,
                              cloze_text text, const cz_character *characters, size_t count,
                              cz_pieces *pieces, cloze_error *error)
{
    cz_cutting *cutting = &encoding->cutting;
    bool marked = tokenizer->unigram || (tokenizer->bpe.used && !tokenizer->bpe.by_bytes);
    cloze_status status =
        cz_cut_all(&tokenizer->cuts, &encoding->hooks.allocator, characters, count, cutting, error);
    for (size_t i = 0; i < cutting->words.count && !status; i++) {
        const cz_character *word = cutting->characters.items + cutting->words.items[i].begin;
        size_t length = cutting->words.items[i].end - cutting->words.items[i].begin;
        size_t first = pieces->count;
        if (marked)
            status = cz_split_marked(tokenizer, encoding, text, word, length, pieces, error);
        else if (tokenizer->bpe.used)
            status = append_letters(tokenizer, encoding, word, length, pieces, error);
        else
            status = append_word(tokenizer, encoding, word, length, pieces, error);
        for (size_t k = first; k < pieces->count && tokenizer->bytes.trims && !marked; k++)
            cz_trim_piece(tokenizer, text,
                          cz_vocabulary_token_of(&tokenizer->model.vocabulary, pieces->items[k].id),
                          k == 0, &pieces->items[k]);
    }
    return status;
}

cloze_status cz_tokenize_slowly(const cloze_tokenizer *tokenizer, cloze_encoding *encoding,
                                cloze_text text, size_t begin, size_t end, cz_pieces *pieces,
                                cloze_error *error)
{
    cloze_status status =
        cz_normalize(&tokenizer->normalizer, &encoding->hooks.allocator, text.data, begin, end,
                     &encoding->characters, &encoding->room, error);
    if (status)
        return status;
    return cz_split_words(tokenizer, encoding, encoding->characters.items,
                          encoding->characters.count, pieces, error);
}
