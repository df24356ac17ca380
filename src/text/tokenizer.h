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

/* One from the bytes of a vocab.txt, and of a tokenizer_config.json unless that is NULL. */
cloze_status cz_tokenizer_from_vocabulary(cloze_tokenizer **out, const char *text, size_t size,
                                          const char *config, size_t config_size,
                                          const cloze_hooks *hooks, cloze_error *error);

#endif
