/* decode.c - ids to text: pieces are joined, and the spaces that splitting added are taken out. */
#include "text/parts.h"

typedef struct growing {
    char *data;
    size_t size, capacity;
} growing;

static bool append(const cloze_allocator *allocator, growing *out, const char *text, size_t size)
{
    size_t needed;
    if (!cz_add(out->size, size, &needed) ||
        !cz_grow(allocator, (void **)&out->data, &out->capacity, needed, 1))
        return false;
    if (size)
        memcpy(out->data + out->size, text, size);
    out->size = needed;
    return true;
}

size_t cz_replace_text(char *data, size_t begin, size_t size, const char *from, const char *to)
{
    size_t from_size = strlen(from), to_size = strlen(to), out = begin;
    for (size_t i = begin; i < size;) {
        if (size - i >= from_size && !memcmp(data + i, from, from_size)) {
            memcpy(data + out, to, to_size);
            out += to_size;
            i += from_size;
        } else {
            data[out++] = data[i++];
        }
    }
    return out;
}

/* The package's list, in its order, within one piece (with the space before it). */
static size_t clean_up(char *data, size_t begin, size_t size)
{
    static const char *const pairs[][2] = {
        { " .", "." },   { " ?", "?" },     { " !", "!" },     { " ,", "," },
        { " ' ", "'" },  { " n't", "n't" }, { " 'm", "'m" },   { " do not", " don't" },
        { " 's", "'s" }, { " 've", "'ve" }, { " 're", "'re" },
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        size = cz_replace_text(data, begin, size, pairs[i][0], pairs[i][1]);
    return size;
}

static bool append_piece(const cloze_tokenizer *tokenizer, growing *out, cloze_text piece,
                         bool first)
{
    const cloze_allocator *allocator = &tokenizer->hooks.allocator;
    const cz_decoder *decoder = &tokenizer->decoder;
    size_t begin = out->size;
    bool continues = decoder->wordpiece && piece.size >= decoder->prefix_size &&
                     !memcmp(piece.data, decoder->prefix, decoder->prefix_size);
    if (!first && continues) {
        piece.data += decoder->prefix_size;
        piece.size -= decoder->prefix_size;
    } else if (!first && !append(allocator, out, " ", 1)) {
        return false;
    }
    if (!append(allocator, out, piece.data, piece.size))
        return false;
    if (decoder->wordpiece && decoder->cleanup && out->size > begin)
        out->size = clean_up(out->data, begin, out->size);
    return true;
}

/* The bytes that the letters of a token stand for; the token itself if a character is no letter. */
static bool append_bytes(const cloze_tokenizer *tokenizer, growing *out, cloze_text piece)
{
    size_t begin = out->size;
    for (size_t at = 0; at < piece.size;) {
        int byte = cz_letter_byte(cz_utf8_read(piece.data, &at));
        char c = (char)byte;
        if (byte < 0) {
            out->size = begin;
            return append(&tokenizer->hooks.allocator, out, piece.data, piece.size);
        }
        if (!append(&tokenizer->hooks.allocator, out, &c, 1))
            return false;
    }
    return true;
}

/* A token whose marks are spaces; the first one's go, unless none was put before a text. */
static bool append_marked(const cloze_tokenizer *tokenizer, growing *out, cloze_text piece,
                          bool first)
{
    const cz_metaspace *metaspace = &tokenizer->metaspace;
    bool drops = first && metaspace->decoded_prepend != CZ_PREPEND_NEVER;
    for (size_t at = 0; at < piece.size;) {
        size_t begin = at;
        bool mark = cz_utf8_read(piece.data, &at) == metaspace->decoded;
        if (mark && drops)
            continue;
        if (!append(&tokenizer->hooks.allocator, out, mark ? " " : piece.data + begin,
                    mark ? 1 : at - begin))
            return false;
    }
    return true;
}

static bool append_token(const cloze_tokenizer *tokenizer, growing *out, cloze_text piece,
                         bool first)
{
    if (tokenizer->bytes.decodes)
        return append_bytes(tokenizer, out, piece);
    if (tokenizer->metaspace.decodes)
        return append_marked(tokenizer, out, piece, first);
    return append_piece(tokenizer, out, piece, first);
}

/* What is not UTF-8 becomes U+FFFD, one for each longest beginning of a character. */
static bool mend(const cloze_allocator *allocator, growing *text)
{
    growing out = { NULL, 0, 0 };
    size_t at = 0, size = text->size;
    bool made = true;
    if (cz_utf8_check(text->data, size) == size)
        return true;
    while (made && at < size) {
        size_t good = cz_utf8_check(text->data + at, size - at);
        made = append(allocator, &out, text->data + at, good);
        at += good;
        if (!made || at == size)
            break;
        at += cz_utf8_broken(text->data + at, size - at);
        made = append(allocator, &out, "\xEF\xBF\xBD", 3);
    }
    cz_release(allocator, text->data);
    *text = out;
    return made;
}

/* Hands out what was gathered, unless something was not. */
static cloze_status hand_out(const cloze_tokenizer *tokenizer, growing *text, bool made,
                             size_t count, char **out, size_t *size, cloze_error *error)
{
    if (made && tokenizer->bytes.decodes)
        made = mend(&tokenizer->hooks.allocator, text);
    if (!made || !append(&tokenizer->hooks.allocator, text, "", 1)) {
        cz_release(&tokenizer->hooks.allocator, text->data);
        return cz_fail(error, CLOZE_ERROR_MEMORY, "out of memory while decoding %zu ids", count);
    }
    *out = text->data;
    *size = text->size - 1;
    return CLOZE_OK;
}

cloze_status cloze_tokenizer_decode(const cloze_tokenizer *tokenizer, const uint32_t *ids,
                                    size_t count, bool skip_special, char **out, size_t *size,
                                    cloze_error *error)
{
    growing text = { NULL, 0, 0 };
    bool first = true, made = true;
    for (size_t i = 0; i < count && made; i++) {
        cloze_text piece = cloze_tokenizer_token(tokenizer, ids[i]);
        const cz_added_token *added =
            piece.data ? cz_added_by_text(&tokenizer->added, piece) : NULL;
        if (!piece.data || (skip_special && added && added->special))
            continue;
        made = append_token(tokenizer, &text, piece, first);
        first = false;
    }
    return hand_out(tokenizer, &text, made, count, out, size, error);
}

cloze_status cz_tokenizer_join(const cloze_tokenizer *tokenizer, const cloze_text *pieces,
                               size_t count, char **out, size_t *size, cloze_error *error)
{
    growing text = { NULL, 0, 0 };
    bool made = true;
    for (size_t i = 0; i < count && made; i++)
        made = append_token(tokenizer, &text, pieces[i], i == 0);
    return hand_out(tokenizer, &text, made, count, out, size, error);
}

void cloze_tokenizer_release_text(const cloze_tokenizer *tokenizer, char *text)
{
    cz_release(&tokenizer->hooks.allocator, text);
}
