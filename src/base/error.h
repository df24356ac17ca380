/*
 * base/error.h - filling a cloze_error.
 */
#ifndef CZ_BASE_ERROR_H
#define CZ_BASE_ERROR_H

#include <cloze/status.h>

/* Fills `error` (may be NULL) and returns `status`, so that `return cz_fail(...)` reads as a
 * line. */
cloze_status cz_fail(cloze_error *error, cloze_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same with the byte position of the trouble. */
cloze_status cz_fail_at(cloze_error *error, cloze_status status, size_t position,
                        const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Out of memory while making `what` of `size` bytes. */
cloze_status cz_fail_memory(cloze_error *error, const char *what, size_t size);

/* Puts "prefix: " before the message that is there (a file name before a reader's complaint). */
void cz_error_prefix(cloze_error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Copies `text` made printable (control bytes and broken UTF-8 as \xNN, cut with "...") into
 * out. */
const char *cz_printable(char *out, size_t out_size, const char *text, size_t size);

void cz_log(const cloze_hooks *hooks, cloze_log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
