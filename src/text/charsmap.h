/*
 * text/charsmap.h - a precompiled character map: SentencePiece's normalization rules as a double
 * array (Darts) of keys and a pool of replacements, applied as the `tokenizers` package's
 * Precompiled normalizer does, and not as SentencePiece does: grapheme by grapheme, each replaced
 * by what the map has for its shortest beginning.
 */
#ifndef CZ_TEXT_CHARSMAP_H
#define CZ_TEXT_CHARSMAP_H

#include "base/error.h"
#include "text/parts.h"

typedef struct cz_charsmap {
    uint32_t *units; /* the double array */
    size_t unit_count;
    char *pool; /* replacements, each ends with a zero byte */
    size_t pool_size;
    const cloze_allocator *allocator;
    bool rare; /* no ASCII character but control characters begins a key */
} cz_charsmap;

/* Takes a copy of the map `bytes`. Refused: a size that lies, a step or a replacement that points
 * outside, a pool that is not UTF-8. On failure the map is clear. */
cloze_status cz_charsmap_init(cz_charsmap *map, const cloze_allocator *allocator, const char *bytes,
                              size_t size, cloze_error *error);
/* The same from base64, as a tokenizer.json has it. */
cloze_status cz_charsmap_decode(cz_charsmap *map, const cloze_allocator *allocator,
                                const char *text, size_t size, cloze_error *error);
void cz_charsmap_clear(cz_charsmap *map);
size_t cz_charsmap_bytes(const cz_charsmap *map);

/* The replacement of the shortest key that `text` begins with; false if there is none. */
bool cz_charsmap_find(const cz_charsmap *map, const char *text, size_t size, cloze_text *to);

/* Replaces what the map knows in `characters`; `spare` is a second buffer. What becomes more than
 * `most` characters is cut there, so that it can be told and refused. False: memory is out. */
bool cz_charsmap_apply(const cz_charsmap *map, const cloze_allocator *allocator,
                       cz_characters *characters, cz_characters *spare, size_t most);

#endif
