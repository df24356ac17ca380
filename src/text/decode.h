/*
 * text/decode.h - the steps of a decoder, each of which makes strings from strings: a string for
 * each token at first, whatever is left at last.
 */
#ifndef CZ_TEXT_DECODE_H
#define CZ_TEXT_DECODE_H

#include "text/normalize.h"
#include "text/split.h"

enum { CZ_DECODE_LIMIT = 16 };

typedef enum cz_decode_kind {
    CZ_DECODE_WORDPIECE, /* text[0]: the prefix of what continues a word */
    CZ_DECODE_BYTES,     /* ByteLevel */
    CZ_DECODE_MARKS,     /* Metaspace */
    CZ_DECODE_SUFFIX,    /* BPEDecoder; text[0]: the suffix */
    CZ_DECODE_FALLBACK,  /* ByteFallback */
    CZ_DECODE_FUSE,
    CZ_DECODE_STRIP,
    CZ_DECODE_REPLACE,
    CZ_DECODE_CTC /* text[0], text[1]: padding and the end of a word */
} cz_decode_kind;

typedef struct cz_decode_step {
    cz_decode_kind kind;
    bool cleanup;
    uint32_t code; /* the mark, or the character that is stripped */
    cz_prepend prepend;
    size_t start, stop; /* characters that are stripped at most */
    struct {
        char *data;
        size_t size;
    } text[2];
    cz_edit edit;
} cz_decode_step;

typedef struct cz_decoder {
    cz_decode_step steps[CZ_DECODE_LIMIT];
    size_t count;
} cz_decoder;

/* Strings one behind the other. */
typedef struct cz_strings {
    char *data;
    size_t size, capacity;
    size_t *ends;
    size_t count, ends_capacity;
} cz_strings;

/* False: memory is out. */
bool cz_strings_append(cz_strings *strings, const cloze_allocator *allocator, const char *text,
                       size_t size);
/* Ends a string where the data ends. */
bool cz_strings_end(cz_strings *strings, const cloze_allocator *allocator);
bool cz_strings_put(cz_strings *strings, const cloze_allocator *allocator, const char *text,
                    size_t size);
/* A space between the strings. */
bool cz_strings_space(cz_strings *strings, const cloze_allocator *allocator);
void cz_strings_clear(cz_strings *strings, const cloze_allocator *allocator);

cloze_status cz_decode_step_apply(const cz_decode_step *step, cz_strings *strings,
                                  const cloze_allocator *allocator, cz_allowance *allowance,
                                  cloze_error *error);
size_t cz_decoder_bytes(const cz_decoder *decoder);
void cz_decoder_clear(cz_decoder *decoder, const cloze_allocator *allocator);

/* Replaces `from` by `to`, which is not longer, in data[begin, size); the new size. */
size_t cz_replace_text(char *data, size_t begin, size_t size, const char *from, const char *to);

#endif
