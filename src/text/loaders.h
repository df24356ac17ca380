/*
 * text/loaders.h - reading the parts of a tokenizer from files: who reads what. Each fills its part
 * of a tokenizer that is being made; `name` is used in messages.
 */
#ifndef CZ_TEXT_LOADERS_H
#define CZ_TEXT_LOADERS_H

#include "text/parts.h"
#include "text/tokenizer_class.h"

enum { CZ_SEQUENCE_LIMIT = 4 }; /* Sequences in one another */

/* vocabulary_json.c: reads the object model.vocab of a tokenizer.json into `vocabulary` and leaves
 * the document without it in *rest (zero-terminated; release it). */
cloze_status cz_cut_vocabulary(cz_vocabulary *vocabulary, const cloze_allocator *allocator,
                               const char *json, size_t size, const char *name, char **rest,
                               size_t *rest_size, cloze_error *error);
/* The same for a vocab.json, which is the object itself. */
cloze_status cz_read_vocabulary(cz_vocabulary *vocabulary, const cloze_allocator *allocator,
                                const char *json, size_t size, const char *name,
                                cloze_error *error);
/* tokenizer_json.c; `name` is used in messages. */
cloze_status cz_load_json(cloze_tokenizer *tokenizer, const char *json, size_t size,
                          const char *name, cloze_error *error);
/* bpe_json.c: a model of the type BPE, and what a post-processor says of offsets. */
cloze_status cz_load_bpe(cloze_tokenizer *tokenizer, const json_t *object, cloze_error *error);
cloze_status cz_load_trim(cloze_tokenizer *tokenizer, const json_t *processor, cloze_error *error);
/* Room for so many merges; the vocabulary must have the letters of all bytes. */
cloze_status cz_bpe_begin(cloze_tokenizer *tokenizer, size_t merges, cloze_error *error);
cloze_status cz_bpe_add_merge(cloze_tokenizer *tokenizer, const cloze_text half[2], size_t number,
                              bool first_counts, cloze_error *error);
/* template_json.c */
cloze_status cz_load_template(cloze_tokenizer *tokenizer, const json_t *processor,
                              cloze_error *error);
/* vocabulary_file.c: the lines of a vocab.txt. */
cloze_status cz_load_vocabulary(cloze_tokenizer *tokenizer, const char *text, size_t size,
                                const char *name, cloze_error *error);
/* The files beside a vocabulary; each may be NULL. */
typedef struct cz_configs {
    const json_t *config, *special, *added;
} cz_configs;

/* special_tokens.c: adds listed tokens and the class's special ones, whose texts go to `specials`;
 * `extras`: how many <extra_id_N> there are. */
cloze_status cz_load_specials(cloze_tokenizer *tokenizer, const cz_tokenizer_class *class,
                              const cz_configs *files, size_t extras,
                              cloze_text specials[CZ_SPECIALS], cloze_error *error);
/* convert.c: a part as a tokenizer.json would say it, read by one of the functions below. */
typedef cloze_status cz_part_loader(cloze_tokenizer *tokenizer, const json_t *object,
                                    cloze_error *error);
cloze_status cz_load_part(cloze_tokenizer *tokenizer, cz_part_loader *load, const char *json,
                          cloze_error *error);
/* convert.c: a tokenizer from files older than tokenizer.json. */
cloze_status cz_load_old(cloze_tokenizer *tokenizer, const cz_tokenizer_files *files,
                         cloze_error *error);
/* merges_file.c: the lines of a merges.txt behind its first, for a vocabulary that is there. */
cloze_status cz_load_merges(cloze_tokenizer *tokenizer, const char *text, size_t size,
                            cloze_error *error);
/* folder.c: opens what lies at `path`. */
cloze_status cz_load_path(cloze_tokenizer *tokenizer, const char *path, const char *class_name,
                          cloze_error *error);
/* folder.c: cz_roles_read with the configurations of a folder; beside a file nothing is read. */
cloze_status cz_find_roles(cloze_tokenizer *tokenizer, const char *path, cloze_error *error);
/* tokenizer_config.c: reads what a configuration changes in the tokenizer.json that comes next. */
cloze_status cz_adjust_by_config(cloze_tokenizer *tokenizer, const json_t *config,
                                 cloze_error *error);
/* tokenizer_json.c: an object whose integers may be larger than 64 bits. */
cloze_status cz_parse_config(json_t **out, const char *json, size_t size, const char *name,
                             cloze_error *error);

/* tokenizer_json.c: what the readers of parts share. */
cloze_status cz_part_unsupported(cloze_error *error, const char *part, const char *type,
                                 const char *known);
/* The object's "type", or `fallback`. */
cloze_status cz_part_type(const json_t *object, const char *part, const char *fallback,
                          const char **type, cloze_error *error);
/* Members of a Sequence, which are not too many. */
cloze_status cz_part_members(const json_t *object, const char *key, const char *part,
                             const json_t **members, cloze_error *error);
/* A string that must be there, copied into the tokenizer. */
cloze_status cz_part_text(const cloze_tokenizer *tokenizer, const json_t *object, const char *key,
                          char **out, size_t *size, cloze_error *error);

/* normalizer_json.c, splitter_json.c, decoder_json.c */
cloze_status cz_load_normalizer(cloze_tokenizer *tokenizer, const json_t *object,
                                cloze_error *error);
cloze_status cz_load_splitter(cloze_tokenizer *tokenizer, const json_t *object, cloze_error *error);
/* After all parts are read: takes the short way for what is common. */
void cz_settle_splitter(cloze_tokenizer *tokenizer);
/* finder_json.c: { "String": ... } or { "Regex": ... }. */
cloze_status cz_load_finder(cz_finder *finder, const cloze_allocator *allocator,
                            const json_t *pattern, cloze_error *error);
cloze_status cz_load_decoder(cloze_tokenizer *tokenizer, const json_t *object, cloze_error *error);

/* unigram_json.c; the first one takes tokens and scores from the tokenizer's vocabulary. */
cloze_status cz_unigram_from_vocabulary(cloze_tokenizer *tokenizer, int64_t unknown, bool fallback,
                                        cloze_error *error);
cloze_status cz_load_unigram(cloze_tokenizer *tokenizer, const json_t *object, cloze_error *error);
/* The "replacement" of a Metaspace, and where it is put before a text. */
cloze_status cz_load_mark(const json_t *object, uint32_t *mark, cz_prepend *prepend,
                          cloze_error *error);

#endif
