/*
 * learn/writing.h - a learned vocabulary as the files that tokenizers are read from.
 */
#ifndef CZ_LEARN_WRITING_H
#define CZ_LEARN_WRITING_H

#include "learn/learn.h"

#include <cloze/vocabulary.h>

/* A text that grows; failures are sticky. */
typedef struct cz_buffer {
    const cloze_allocator *allocator;
    char *data;
    size_t size, capacity;
    bool failed;
} cz_buffer;

void cz_buffer_clear(cz_buffer *buffer);
void cz_buffer_put(cz_buffer *buffer, const char *data, size_t size);
void cz_buffer_say(cz_buffer *buffer, const char *text);
void cz_buffer_number(cz_buffer *buffer, size_t number);
/* The shortest text that is read as this number, which is finite. */
void cz_buffer_real(cz_buffer *buffer, double number);
/* A JSON string with its quotes; the text is UTF-8. */
void cz_buffer_json(cz_buffer *buffer, cloze_text text);
/* recipe.c: what stands around the model of each kind. */
enum { CZ_RECIPE_SPECIALS = 5 };

typedef struct cz_recipe {
    const char *special[CZ_RECIPE_SPECIALS]; /* in the order of their ids */
    uint32_t unknown, class, separator, padding, mask;
    bool mask_takes_space; /* before it */
    const char *prefix;    /* of what continues a word */
    bool bytes;
    bool marks_spaces;
    const char *model; /* members of the model before its vocabulary */
    const char *pre_tokenizer, *decoder;
    const char *tokenizer_class; /* of transformers */
} cz_recipe;

const cz_recipe *cz_recipe_of(cloze_vocabulary_kind kind);

/* The parts of a tokenizer.json around the model; `special` are added tokens, 0: none, and then no
 * post-processor. */
void cz_write_parts(cz_buffer *out, cloze_vocabulary_kind kind, bool lower,
                    const cloze_text *special, size_t special_count);
/* The whole file. */
void cz_write_tokenizer(cz_buffer *out, cloze_vocabulary_kind kind, bool lower,
                        const cloze_text *special, size_t special_count, const cz_learned *learned);
/* A file with nothing learned, whose words are those of the finished tokenizer. */
void cz_write_counter(cz_buffer *out, cloze_vocabulary_kind kind, bool lower);
void cz_write_config(cz_buffer *out, cloze_vocabulary_kind kind, bool lower,
                     const cloze_text *special, size_t special_count);
/* vocabulary.c: the tokenizer.json of a trained vocabulary. */
void cz_vocabulary_json(const cloze_vocabulary *vocabulary, cz_buffer *out);
/* vocab.json, merges.txt and vocab.txt. */
void cz_write_vocabulary(cz_buffer *out, const cz_learned *learned);
void cz_write_merges(cz_buffer *out, const cz_learned *learned);
void cz_write_lines(cz_buffer *out, const cz_learned *learned);

#endif
