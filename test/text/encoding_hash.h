/*
 * encoding_hash.h - the hash of encodings that test/golden/text/reference.py computes from the
 * package's, with offsets in code points.
 */
#ifndef TEST_ENCODING_HASH_H
#define TEST_ENCODING_HASH_H

#include <cloze/tokenizer.h>

static inline uint64_t splitmix(uint64_t value)
{
    uint64_t z = value + 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

typedef struct encoding_hash {
    uint64_t sum, count;
} encoding_hash;

static inline void hash_value(encoding_hash *hash, uint64_t value)
{
    hash->sum += (value + 1) * splitmix(hash->count++);
}

/* Adds window 0. The offsets of `encoding` become code points, in place. */
static inline void hash_encoding(encoding_hash *hash, const cloze_encoding *encoding,
                                 cloze_text text)
{
    cloze_tokens tokens = cloze_encoding_tokens(encoding, 0);
    cloze_token_offset *offsets = (cloze_token_offset *)(uintptr_t)tokens.offsets;
    cloze_offsets_to_code_points(text, offsets, tokens.length);
    hash_value(hash, tokens.length);
    for (size_t i = 0; i < tokens.length; i++) {
        hash_value(hash, tokens.ids[i] | (uint64_t)tokens.type_ids[i] << 32 |
                             (uint64_t)tokens.special[i] << 40);
        hash_value(hash, offsets[i].begin | (uint64_t)offsets[i].end << 32);
        hash_value(hash, (uint64_t)(tokens.words[i] + 1));
    }
}

#endif
