/*
 * text/sentencepiece.h - a strict reader of SentencePiece's model files (protocol buffers, schema
 * sentencepiece_model.proto), as far as a tokenizer needs them.
 */
#ifndef CZ_TEXT_SENTENCEPIECE_H
#define CZ_TEXT_SENTENCEPIECE_H

#include "base/error.h"

typedef enum cz_sentencepiece_kind {
    CZ_SENTENCEPIECE_NORMAL = 1,
    CZ_SENTENCEPIECE_UNKNOWN,
    CZ_SENTENCEPIECE_CONTROL,
    CZ_SENTENCEPIECE_USER_DEFINED,
    CZ_SENTENCEPIECE_UNUSED,
    CZ_SENTENCEPIECE_BYTE
} cz_sentencepiece_kind;

typedef enum cz_sentencepiece_model {
    CZ_SENTENCEPIECE_UNIGRAM = 1,
    CZ_SENTENCEPIECE_BPE
} cz_sentencepiece_model;

typedef struct cz_sentencepiece_piece {
    cloze_text text; /* in the file's bytes */
    float score;
    cz_sentencepiece_kind kind;
} cz_sentencepiece_piece;

typedef struct cz_sentencepiece {
    cz_sentencepiece_piece *pieces;
    size_t count, capacity;
    cz_sentencepiece_model model;
    int32_t unknown_id;
    cloze_text unknown; /* the piece that trainer_spec names */
    bool byte_fallback;
    bool space_behind; /* treat_whitespace_as_suffix */
    cloze_text map;    /* precompiled character map; size 0: none */
    bool dummy_prefix, remove_spaces, escape_spaces;
} cz_sentencepiece;

/* Reads `bytes`, which must stay as long as *file is used. Refused: what is cut short or states a
 * wrong length, a known field of another type, pieces that are empty of sense (not UTF-8, too
 * long, a score that is not finite), models that are neither Unigram nor BPE. */
cloze_status cz_sentencepiece_read(cz_sentencepiece *file, const cloze_allocator *allocator,
                                   const char *bytes, size_t size, cloze_error *error);
void cz_sentencepiece_clear(cz_sentencepiece *file, const cloze_allocator *allocator);

#endif
