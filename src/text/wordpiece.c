/*
 * wordpiece.c - one word to pieces: the longest entry of the vocabulary that begins the word, then
 * the longest that goes on after the prefix "##", and so on; a word that cannot be covered, or that
 * is too long, is unknown as a whole. A WordLevel knows whole words only.
 *
 * Short words go through a cache of the encoding, as most words repeat; a miss walks the word once
 * per piece, over hashes of all prefixes. The cache never changes a result.
 */
#include "text/parts.h"

static uint64_t place_of(const uint64_t key[3])
{
    uint64_t hash = key[0] * 0x9E3779B97F4A7C15u;
    hash ^= (key[1] + (key[0] >> 29)) * 0xC2B2AE3D27D4EB4Fu;
    hash ^= key[2] * 0x165667B19E3779F9u;
    hash ^= hash >> 32;
    return (hash * 0xD6E8FEB86659FD93u >> 40) % CZ_CACHE_SIZE;
}

static bool reserve_scratch(cloze_encoding *encoding, size_t pieces, size_t hashes)
{
    const cloze_allocator *allocator = &encoding->hooks.allocator;
    return cz_grow(allocator, (void **)&encoding->word_ids, &encoding->word_ids_capacity, pieces,
                   sizeof *encoding->word_ids) &&
           cz_grow(allocator, (void **)&encoding->word_ends, &encoding->word_ends_capacity, pieces,
                   sizeof *encoding->word_ends) &&
           cz_grow(allocator, (void **)&encoding->hashes, &encoding->hashes_capacity, hashes,
                   sizeof *encoding->hashes);
}

/* The longest entry prefix + word[begin, end): its end, or begin if there is none. */
static size_t longest_match(const cz_vocabulary *vocabulary, cloze_text prefix, uint64_t *hashes,
                            const char *word, size_t begin, size_t size, uint32_t *id)
{
    uint64_t hash = vocabulary->start;
    size_t most = vocabulary->longest < prefix.size ? 0 : vocabulary->longest - prefix.size;
    size_t length = size - begin < most ? size - begin : most;
    for (size_t i = 0; i < prefix.size; i++)
        hash = cz_vocabulary_step(vocabulary->factor, hash, prefix.data[i]);
    for (size_t i = 0; i < length; i++) {
        hash = cz_vocabulary_step(vocabulary->factor, hash, word[begin + i]);
        hashes[i] = hash;
    }
    for (; length; length--) {
        bool inside = begin + length < size && ((unsigned char)word[begin + length] & 0xC0) == 0x80;
        if (!inside &&
            cz_vocabulary_find(vocabulary, hashes[length - 1], prefix, word + begin, length, id))
            return begin + length;
    }
    return begin;
}

static cloze_status unknown(const cz_wordpiece *model, cloze_encoding *encoding, size_t size,
                            cz_word_pieces *out, cloze_error *error)
{
    if (!cz_vocabulary_get(&model->vocabulary, model->unknown, model->unknown_size,
                           encoding->word_ids)) {
        char shown[80];
        return cz_fail(error, CLOZE_ERROR_TEXT,
                       "a word is not in the vocabulary, and neither is the unknown token \"%s\"",
                       cz_printable(shown, sizeof shown, model->unknown, model->unknown_size));
    }
    encoding->word_ends[0] = (uint32_t)size;
    *out = (cz_word_pieces){ encoding->word_ids, encoding->word_ends, 1 };
    return CLOZE_OK;
}

static cloze_status whole_word(const cz_wordpiece *model, cloze_encoding *encoding,
                               const char *word, size_t size, cz_word_pieces *out,
                               cloze_error *error)
{
    if (!cz_vocabulary_get(&model->vocabulary, word, size, encoding->word_ids))
        return unknown(model, encoding, size, out, error);
    encoding->word_ends[0] = (uint32_t)size;
    *out = (cz_word_pieces){ encoding->word_ids, encoding->word_ends, 1 };
    return CLOZE_OK;
}

/* What looking for the longest entry costs; a word that the cache takes is too short to matter. */
static bool pay(cloze_encoding *encoding, size_t word, size_t left, size_t longest)
{
    return word <= CZ_CACHE_WORD ||
           cz_allowance_pay(&encoding->allowance.steps, left < longest ? left : longest);
}

static cloze_status split(const cz_wordpiece *model, cloze_encoding *encoding, const char *word,
                          size_t size, size_t characters, cz_word_pieces *out, cloze_error *error)
{
    const cz_vocabulary *vocabulary = &model->vocabulary;
    cloze_text prefix = { NULL, 0 };
    size_t count = 0, at = 0;
    if (characters > model->word_limit)
        characters = 0;
    if (!reserve_scratch(encoding, characters + 1, vocabulary->longest + 1))
        return cz_text_memory(error);
    if (model->whole)
        return whole_word(model, encoding, word, size, out, error);
    if (!characters)
        return unknown(model, encoding, size, out, error);
    while (at < size) {
        if (!pay(encoding, size, size - at, vocabulary->longest))
            return cz_fail_at(error, CLOZE_ERROR_LIMIT, at,
                              "the long tokens of the vocabulary take too many steps on this text");
        size_t end = longest_match(vocabulary, prefix, encoding->hashes, word, at, size,
                                   &encoding->word_ids[count]);
        if (end == at)
            return unknown(model, encoding, size, out, error);
        encoding->word_ends[count++] = (uint32_t)end;
        at = end;
        prefix = (cloze_text){ model->prefix, model->prefix_size };
    }
    *out = (cz_word_pieces){ encoding->word_ids, encoding->word_ends, count };
    return CLOZE_OK;
}

/* Keeps the pieces of a word in its place of the cache, if they fit. */
static void keep(cz_cache_entry *entry, const uint64_t key[3], size_t size,
                 const cz_word_pieces *pieces)
{
    if (pieces->count > CZ_CACHE_PIECES)
        return;
    memcpy(entry->key, key, sizeof entry->key);
    entry->size = (uint8_t)size;
    entry->count = (uint8_t)pieces->count;
    for (size_t i = 0; i < pieces->count; i++) {
        entry->ids[i] = pieces->ids[i];
        entry->ends[i] = (uint8_t)pieces->ends[i];
    }
}

static bool holds(const cz_cache_entry *entry, const uint64_t key[3], size_t size)
{
    return !((entry->key[0] ^ key[0]) | (entry->key[1] ^ key[1]) | (entry->key[2] ^ key[2])) &&
           entry->size == size;
}

/* The model's own way, whichever it is. */
static cloze_status split_word(const cloze_tokenizer *tokenizer, cloze_encoding *encoding,
                               const char *word, size_t size, size_t characters,
                               cz_word_pieces *out, cloze_error *error)
{
    if (tokenizer->bpe.used)
        return cz_bpe_split(tokenizer, encoding, word, size, out, error);
    if (tokenizer->unigram)
        return cz_unigram_word(tokenizer, encoding, word, size, out, error);
    return split(&tokenizer->model, encoding, word, size, characters, out, error);
}

cloze_status cz_word_split(const cloze_tokenizer *tokenizer, cloze_encoding *encoding,
                           const char *word, size_t size, size_t characters, cz_word_pieces *out,
                           cloze_error *error)
{
    uint64_t key[3] = { 0 };
    cz_cache_entry *entry;
    cloze_status status;
    if (encoding->take)
        return cz_give_word(encoding, word, size, out, error);
    if (!size || size > CZ_CACHE_WORD || tokenizer->bpe.dropout > 0)
        return split_word(tokenizer, encoding, word, size, characters, out, error);
    memcpy(key, word, size);
    entry = &encoding->cache[place_of(key)];
    if (!holds(entry, key, size)) {
        status = split_word(tokenizer, encoding, word, size, characters, out, error);
        if (!status)
            keep(entry, key, size, out);
        return status;
    }
    for (size_t i = 0; i < entry->count; i++)
        encoding->word_ends[i] = entry->ends[i];
    *out = (cz_word_pieces){ entry->ids, encoding->word_ends, entry->count };
    return CLOZE_OK;
}

/* Upper case to lower where mask has 0x20; all eight bytes are ASCII. */
static uint64_t lower_eight(uint64_t bytes, uint64_t mask)
{
    uint64_t from_a = bytes + 0x3F3F3F3F3F3F3F3Fu, past_z = bytes + 0x2525252525252525u;
    return bytes | ((from_a & ~past_z & 0x8080808080808080u) >> 2 & mask);
}

/* The word's bytes in lower case, zeros behind. */
static void load_key(cloze_text text, size_t begin, size_t size, uint64_t mask, uint64_t key[3])
{
    uint64_t first = 0, second = 0, third = 0;
    if (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ && text.size - begin >= CZ_CACHE_WORD) {
        memcpy(&first, text.data + begin, 8);
        if (size <= 8) {
            first &= UINT64_MAX >> (64 - 8 * size);
        } else {
            memcpy(&second, text.data + begin + 8, 8);
            memcpy(&third, text.data + begin + 16, 8);
            second &= size < 16 ? UINT64_MAX >> (128 - 8 * size) : UINT64_MAX;
            third &= size <= 16 ? 0 : UINT64_MAX >> (192 - 8 * size);
        }
    } else {
        uint64_t bytes[3] = { 0 };
        memcpy(bytes, text.data + begin, size);
        first = bytes[0];
        second = bytes[1];
        third = bytes[2];
    }
    key[0] = lower_eight(first, mask);
    key[1] = second ? lower_eight(second, mask) : 0;
    key[2] = third ? lower_eight(third, mask) : 0;
}

/* A word that the cache does not take. */
static cloze_status append_long(const cloze_tokenizer *tokenizer, cloze_encoding *encoding,
                                cloze_text text, size_t begin, size_t end, cz_pieces *pieces,
                                cloze_error *error)
{
    size_t size = end - begin, from = begin;
    cz_word_pieces word;
    cloze_status status;
    if (!cz_grow(&encoding->hooks.allocator, (void **)&encoding->bytes, &encoding->bytes_capacity,
                 size, 1))
        return cz_text_memory(error);
    for (size_t i = 0; i < size; i++) {
        char c = text.data[begin + i];
        encoding->bytes[i] = (char)(c >= 'A' && c <= 'Z' && tokenizer->lower_mask ? c + 32 : c);
    }
    status = split(&tokenizer->model, encoding, encoding->bytes, size, size, &word, error);
    if (status)
        return status;
    if (!cz_pieces_reserve(encoding, pieces, word.count))
        return cz_text_memory(error);
    for (size_t i = 0; i < word.count; i++) {
        pieces->items[pieces->count++] = (cz_piece){ .id = word.ids[i],
                                                     .begin = (uint32_t)from,
                                                     .end = (uint32_t)begin + word.ends[i],
                                                     .word = encoding->words };
        from = begin + word.ends[i];
    }
    encoding->words++;
    return CLOZE_OK;
}

cloze_status cz_wordpiece_ascii(const cloze_tokenizer *tokenizer, cloze_encoding *encoding,
                                cloze_text text, size_t begin, size_t end, cz_pieces *pieces,
                                cloze_error *error)
{
    size_t size = end - begin;
    uint32_t from = (uint32_t)begin, word = encoding->words;
    uint64_t key[3];
    cz_cache_entry *entry;
    cz_piece *out;
    if (encoding->take)
        return cz_give_ascii(tokenizer, encoding, text, begin, end, error);
    if (size > CZ_CACHE_WORD)
        return append_long(tokenizer, encoding, text, begin, end, pieces, error);
    load_key(text, begin, size, tokenizer->lower_mask, key);
    entry = &encoding->cache[place_of(key)];
    if (!holds(entry, key, size)) {
        char bytes[CZ_CACHE_WORD];
        cz_word_pieces made;
        cloze_status status;
        memcpy(bytes, key, sizeof bytes);
        status = split(&tokenizer->model, encoding, bytes, size, size, &made, error);
        if (status)
            return status;
        if (made.count > CZ_CACHE_PIECES)
            return append_long(tokenizer, encoding, text, begin, end, pieces, error);
        keep(entry, key, size, &made);
    }
    if (pieces->capacity - pieces->count < CZ_CACHE_PIECES &&
        !cz_pieces_reserve(encoding, pieces, CZ_CACHE_PIECES))
        return cz_text_memory(error);
    out = pieces->items + pieces->count;
    for (size_t i = 0; i < entry->count; i++) {
        uint32_t to = (uint32_t)begin + entry->ends[i];
        out[i] = (cz_piece){ .id = entry->ids[i], .begin = from, .end = to, .word = word };
        from = to;
    }
    pieces->count += entry->count;
    encoding->words = word + 1;
    return CLOZE_OK;
}
