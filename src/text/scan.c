/*
 * scan.c - the short way: words of plain ASCII are found byte by byte and looked up without being
 * copied. Where a byte needs more (anything but ASCII, a control character), the text from the
 * beginning of its word to the next certain boundary goes the long way.
 *
 * A boundary is certain where a word ends whatever the neighbours are, and no mark can be
 * reordered across: before an ASCII space or punctuation, and behind a character that no step
 * changes and that is a word or a gap by itself.
 */
#include "text/parts.h"

static cz_byte_class class_of(const cz_splitter *splitter, uint32_t c)
{
    unsigned flags = cz_unicode_flags_of(c);
    if (splitter->spaces && (flags & CZ_UNICODE_SPACE))
        return CZ_BYTE_SPACE;
    if (splitter->punctuation && (flags & CZ_UNICODE_PUNCTUATION))
        return CZ_BYTE_ALONE;
    return splitter->groups && !(flags & CZ_UNICODE_WORD) ? CZ_BYTE_GROUP : CZ_BYTE_WORD;
}

/* What each byte is, found by normalizing it alone. On entry all bytes are CZ_BYTE_SLOW. */
void cz_scan_prepare(cloze_tokenizer *tokenizer)
{
    if (tokenizer->normalizer.whole || tokenizer->unigram || tokenizer->bpe.used)
        return; /* never asked for */
    for (int byte = 0; byte < 0x80; byte++) {
        cz_character items[2][8];
        cz_characters one = { items[0], 0, 8 };
        cz_allowance allowance = { 0, 0 };
        cz_normal_room room = { .spare = { items[1], 0, 8 }, .allowance = &allowance };
        char c = (char)byte;
        uint32_t code;
        if (cz_normalize(&tokenizer->normalizer, NULL, &c, 0, 1, &one, &room, NULL) ||
            one.count != 1)
            continue;
        code = one.items[0].code;
        if (c >= 'A' && c <= 'Z' && code == (uint32_t)c + 32)
            tokenizer->lower_mask = 0x2020202020202020u;
        else if (code != (uint32_t)c && code != ' ')
            continue;
        if (code == ' ' && c != ' ' && !tokenizer->splitter.spaces)
            continue;
        tokenizer->byte_class[byte] = (uint8_t)class_of(&tokenizer->splitter, code);
    }
}

/* The first certain boundary behind `at`. */
static size_t boundary(const cloze_tokenizer *tokenizer, cloze_text text, size_t at, size_t end)
{
    const cz_splitter *splitter = &tokenizer->splitter;
    unsigned gaps = (splitter->spaces ? CZ_UNICODE_SPACE : 0u) |
                    (splitter->punctuation ? CZ_UNICODE_PUNCTUATION : 0u) |
                    (splitter->spaces && tokenizer->normalizer.chinese ? CZ_UNICODE_CHINESE : 0u);
    while (at < end) {
        unsigned char byte = (unsigned char)text.data[at];
        unsigned flags;
        if (byte < 0x80) {
            uint8_t kind = tokenizer->byte_class[byte];
            if (kind == CZ_BYTE_SPACE || kind == CZ_BYTE_ALONE)
                return at;
            at++;
            continue;
        }
        flags = cz_unicode_flags_of(cz_utf8_read(text.data, &at));
        if ((flags & gaps) && !(flags & (CZ_UNICODE_CONTROL | CZ_UNICODE_CHANGES)))
            return at;
    }
    return end;
}

cloze_status cz_scan(const cloze_tokenizer *tokenizer, cloze_encoding *encoding, cloze_text text,
                     size_t begin, size_t end, cz_pieces *pieces, cloze_error *error)
{
    const uint8_t *classes = tokenizer->byte_class;
    const unsigned char *bytes = (const unsigned char *)text.data;
    cloze_status status = CLOZE_OK;
    for (size_t at = begin; at < end && !status;) {
        uint8_t kind = classes[bytes[at]];
        size_t from = at;
        if (kind == CZ_BYTE_SPACE) {
            at++;
            continue;
        }
        if (kind == CZ_BYTE_ALONE)
            at++;
        else
            while (at < end && classes[bytes[at]] == kind && kind != CZ_BYTE_SLOW)
                at++;
        if (kind != CZ_BYTE_ALONE && at < end && classes[bytes[at]] == CZ_BYTE_SLOW) {
            at = boundary(tokenizer, text, at, end);
            status = cz_tokenize_slowly(tokenizer, encoding, text, from, at, pieces, error);
        } else {
            status = cz_wordpiece_ascii(tokenizer, encoding, text, from, at, pieces, error);
        }
    }
    return status;
}
