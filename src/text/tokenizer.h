/*
 * text/tokenizer.h - the door of this room for other rooms and for fuzzers; the public one is
 * cloze/tokenizer.h.
 */
#ifndef CZ_TEXT_TOKENIZER_H
#define CZ_TEXT_TOKENIZER_H

#include <cloze/tokenizer.h>

/* Bytes of memory that the tokenizer holds. */
size_t cz_tokenizer_bytes(const cloze_tokenizer *tokenizer);

/* A tokenizer from the bytes of a tokenizer.json. */
cloze_status cz_tokenizer_from_json(cloze_tokenizer **out, const char *json, size_t size,
                                    const cloze_hooks *hooks, cloze_error *error);

/* The texts of files older than tokenizer.json; data NULL: it is not there. */
typedef struct cz_tokenizer_files {
    cloze_text lines;              /* vocab.txt */
    cloze_text vocabulary, merges; /* vocab.json, merges.txt */
    cloze_text pieces;             /* a SentencePiece model */
    cloze_text config, special, added; /* tokenizer_config.json, special_tokens_map.json,
                                          added_tokens.json */
    cloze_text model;              /* config.json */
    const char *class_name;        /* if no file names one; or NULL */
} cz_tokenizer_files;

cloze_status cz_tokenizer_from_files(cloze_tokenizer **out, const cz_tokenizer_files *files,
                                     const cloze_hooks *hooks, cloze_error *error);

/* One from the bytes of a vocab.txt, and of a tokenizer_config.json unless that is NULL. */
cloze_status cz_tokenizer_from_vocabulary(cloze_tokenizer **out, const char *text, size_t size,
                                          const char *config, size_t config_size,
                                          const cloze_hooks *hooks, cloze_error *error);

/* Whether tokens that continue a word carry a prefix, as WordPiece's "##". */
bool cz_tokenizer_marks_words(const cloze_tokenizer *tokenizer);
/* Texts of tokens to text, as the package's decoder joins them; else as cloze_tokenizer_decode. */
cloze_status cz_tokenizer_join(const cloze_tokenizer *tokenizer, const cloze_text *pieces,
                               size_t count, char **out, size_t *size, cloze_error *error);
/* cloze_tokenizer_decode, and then what transformers does if the folder asks for
 * "clean_up_tokenization_spaces". */
cloze_status cz_tokenizer_decode_clean(const cloze_tokenizer *tokenizer, const uint32_t *ids,
                                       size_t count, bool skip_special, char **out, size_t *size,
                                       cloze_error *error);
/* False: there is no memory for the word. */
typedef bool cz_take_word(void *context, const char *word, size_t size);

/* Gives each word of `text` to `take` as the model would get it: normalized, and bytes as they are
 * where the model is of bytes. A tokenizer without added tokens gives all of the text. */
cloze_status cz_tokenizer_words(const cloze_tokenizer *tokenizer, cloze_encoding *encoding,
                                cloze_text text, cz_take_word *take, void *context,
                                cloze_error *error);

/* The letter that stands for a byte in the tokens of a byte-level BPE. */
uint32_t cz_byte_letter(unsigned char byte);

#endif
