/* text/pieces_file.h - a SentencePiece model as a tokenizer of a class. */
#ifndef CZ_TEXT_PIECES_FILE_H
#define CZ_TEXT_PIECES_FILE_H

#include "text/loaders.h"
#include "text/sentencepiece.h"

typedef struct cz_pieces_source {
    cz_sentencepiece file;
    const cz_tokenizer_class *class;
    bool lower, accents, punctuation; /* by the configuration */
    const char *scheme;               /* of marks before a text */
    size_t extras;
} cz_pieces_source;

/* The model and what is around it; `file` and `class` are set, the rest is read from `config`. */
cloze_status cz_pieces_load(cloze_tokenizer *tokenizer, cz_pieces_source *from,
                            const json_t *config, cloze_error *error);
/* pieces_merges.c: the merges of a BPE, once its pieces are the tokenizer's vocabulary. */
cloze_status cz_pieces_merges(cloze_tokenizer *tokenizer, const cz_sentencepiece *file,
                              cloze_error *error);
/* Adds control pieces, which are special, and those that a user defined; after cz_added_begin. */
cloze_status cz_pieces_add(cloze_tokenizer *tokenizer, const cz_pieces_source *from,
                           cloze_error *error);

#endif
