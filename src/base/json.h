/*
 * base/json.h - strict reading of JSON (jansson underneath) and streaming writing.
 *
 * Reading refuses duplicate keys, more than 64 levels or 2^23 values, broken UTF-8, NUL in strings and trailing
 * bytes; errors carry the byte position. The typed getters tell absent from wrong: an absent
 * member leaves `*out` as it was and succeeds; a member of another type or outside the range is
 * CLOZE_ERROR_FORMAT naming the member.
 */
#ifndef CZ_BASE_JSON_H
#define CZ_BASE_JSON_H

#include <cloze/status.h>
#include <jansson.h>
#include <stdio.h>

enum { CZ_JSON_DEPTH = 64, CZ_JSON_VALUES = 1 << 23 };

/* The caller frees the result with json_decref. `name` is used in messages. */
cloze_status cz_json_parse(json_t **out, const char *text, size_t size, const char *name,
                           cloze_error *error);
/* Reads a file of at most `limit` bytes into memory of `allocator`; the values are jansson's
 * own. */
cloze_status cz_json_load(json_t **out, const char *path, size_t limit,
                          const cloze_allocator *allocator, cloze_error *error);

cloze_status cz_json_size(const json_t *object, const char *key, size_t least, size_t most,
                          size_t *out, cloze_error *error);
cloze_status cz_json_integer(const json_t *object, const char *key, int64_t least, int64_t most,
                             int64_t *out, cloze_error *error);
cloze_status cz_json_real(const json_t *object, const char *key, double *out, cloze_error *error);
cloze_status cz_json_flag(const json_t *object, const char *key, bool *out, cloze_error *error);
/* Borrowed from the object; JSON null counts as absent. Null counts as absent in all getters. */
cloze_status cz_json_string(const json_t *object, const char *key, const char **out,
                            cloze_error *error);

/* Writes `text` as a JSON string with quotes; bytes that are not UTF-8 become U+FFFD. */
void cz_json_write_string(FILE *out, const char *text, size_t size);

#endif
