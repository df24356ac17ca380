/*
 * byte_level.c - the pre-tokenizer ByteLevel: words by a known pattern (known.c), whose bytes are the
 * letters of the model. Offsets are those of the characters that a piece has a byte of.
 *
 *   's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
 */
#include "text/parts.h"

/* Where the pieces of a line come from: text[base + i] itself, or normalized characters. */
typedef struct source {
    cloze_text line;                /* what was searched, with the space put before it */
    size_t space;                   /* 1 if a space was put before it */
    const cz_character *characters; /* NULL: the text itself */
    size_t count, base;
    size_t character, byte; /* a place in the characters */
} source;

/* The bytes of the text that the character with byte `at` of the line came from. */
static cloze_token_offset original(source *from, cloze_text text, size_t at)
{
    at = at > from->space ? at - from->space : 0;
    if (!from->characters) {
        size_t begin = from->base + at, end;
        while (begin > from->base && ((unsigned char)text.data[begin] & 0xC0) == 0x80)
            begin--;
        end = begin;
        cz_utf8_read(text.data, &end);
        return (cloze_token_offset){ begin, end };
    }
    while (from->byte > at)
        from->byte -= cz_utf8_size(from->characters[--from->character].code);
    while (from->byte + cz_utf8_size(from->characters[from->character].code) <= at)
        from->byte += cz_utf8_size(from->characters[from->character++].code);
    const cz_character *character = &from->characters[from->character];
    return (cloze_token_offset){ character->begin, character->end };
}

/* Spaces at the beginning or the end of a token, and whether it has nothing else. */
cz_token_spaces cz_token_spaces_of(cloze_text token)
{
    cz_token_spaces spaces = { 0, 0, true };
    for (size_t at = 0; at < token.size;) {
        uint32_t c = cz_utf8_read(token.data, &at);
        bool blank = c == cz_byte_letter(' ') || (cz_unicode_flags_of(c) & CZ_UNICODE_SPACE);
        spaces.trailing = blank ? spaces.trailing + 1 : 0;
        spaces.all = spaces.all && blank;
        spaces.leading += spaces.all;
    }
    return spaces;
}

/* `count` characters on from `at`, not past `end`. */
static uint32_t forward(cloze_text text, uint32_t at, uint32_t end, size_t count)
{
    size_t place = at;
    while (count-- && place < end)
        cz_utf8_read(text.data, &place);
    return place < end ? (uint32_t)place : end;
}

static uint32_t backward(cloze_text text, uint32_t at, uint32_t begin, size_t count)
{
    while (count-- && at > begin)
        at -= (uint32_t)cz_utf8_size(cz_utf8_before(text.data, at));
    return at > begin ? at : begin;
}

void cz_trim_piece(const cloze_tokenizer *tokenizer, cloze_text text, cloze_text token, bool first,
                   cz_piece *piece)
{
    cz_token_spaces spaces = cz_token_spaces_of(token);
    size_t leading = spaces.leading;
    if (!leading && !spaces.trailing)
        return;
    if (leading == 1 && tokenizer->bytes.trims_prefix && (first || !piece->begin))
        leading = 0; /* it may be the space that was put before the text */
    piece->begin = forward(text, piece->begin, piece->end, leading);
    piece->end = backward(text, piece->end, piece->begin, spaces.trailing);
}

static cloze_status append_word(const cloze_tokenizer *tokenizer, cloze_encoding *encoding,
                                source *from, cloze_text text, size_t begin, size_t end,
                                cz_pieces *pieces, cloze_error *error)
{
    cz_word_pieces word;
    cloze_status status = cz_word_split(tokenizer, encoding, from->line.data + begin, end - begin,
                                        end - begin, &word, error);
    size_t at = begin;
    if (status)
        return status;
    if (!cz_pieces_reserve(encoding, pieces, word.count))
        return cz_text_memory(error);
    for (size_t i = 0; i < word.count; i++) {
        cz_piece piece = { .id = word.ids[i], .word = encoding->words };
        piece.begin = (uint32_t)original(from, text, at).begin;
        at = begin + word.ends[i];
        piece.end = (uint32_t)original(from, text, at - 1).end;
        if (tokenizer->bytes.trims)
            cz_trim_piece(tokenizer, text,
                          cz_vocabulary_token_of(&tokenizer->model.vocabulary, piece.id),
                          !pieces->count, &piece);
        pieces->items[pieces->count++] = piece;
    }
    encoding->words++;
    return CLOZE_OK;
}

static cloze_status split(const cloze_tokenizer *tokenizer, cloze_encoding *encoding, source *from,
                          cloze_text text, cz_pieces *pieces, cloze_error *error)
{
    cloze_status status = CLOZE_OK;
    for (size_t at = 0, end; at < from->line.size && !status; at = end) {
        end = tokenizer->bytes.pattern ? cz_word_end(tokenizer->bytes.rules, from->line, at)
                                       : from->line.size;
        status = append_word(tokenizer, encoding, from, text, at, end, pieces, error);
    }
    return status;
}

/* The line goes into encoding->bytes, with a space before it where the tokenizer puts one. */
static bool write_line(const cloze_tokenizer *tokenizer, cloze_encoding *encoding, source *from,
                       const char *raw, size_t size)
{
    uint32_t first = raw ? (unsigned char)raw[0] : from->characters[0].code;
    size_t used;
    from->space = tokenizer->bytes.prefix_space && first != ' ';
    if (raw && !from->space) {
        from->line = (cloze_text){ raw, size };
        return true;
    }
    if (!cz_grow(&encoding->hooks.allocator, (void **)&encoding->bytes, &encoding->bytes_capacity,
                 (raw ? size : from->count * 4) + 1, 1))
        return false;
    encoding->bytes[0] = ' ';
    used = from->space;
    if (raw)
        memcpy(encoding->bytes + used, raw, size);
    else
        for (size_t i = 0; i < from->count; i++)
            used += cz_utf8_put(encoding->bytes + used, from->characters[i].code);
    from->line = (cloze_text){ encoding->bytes, raw ? used + size : used };
    return true;
}

cloze_status cz_split_bytes(const cloze_tokenizer *tokenizer, cloze_encoding *encoding,
                            cloze_text text, const cz_character *characters, size_t count,
                            cz_pieces *pieces, cloze_error *error)
{
    source from = { .characters = characters, .count = count };
    if (!count)
        return CLOZE_OK;
    if (!write_line(tokenizer, encoding, &from, NULL, 0))
        return cz_text_memory(error);
    return split(tokenizer, encoding, &from, text, pieces, error);
}

cloze_status cz_scan_bytes(const cloze_tokenizer *tokenizer, cloze_encoding *encoding,
                           cloze_text text, size_t begin, size_t end, cz_pieces *pieces,
                           cloze_error *error)
{
    source from = { .base = begin };
    if (begin >= end)
        return CLOZE_OK;
    if (!write_line(tokenizer, encoding, &from, text.data + begin, end - begin))
        return cz_text_memory(error);
    return split(tokenizer, encoding, &from, text, pieces, error);
}
