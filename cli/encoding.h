/* encoding.h - text files that are not UTF-8, converted as they are read. */
#ifndef CLI_ENCODING_H
#define CLI_ENCODING_H

#include <stddef.h>

/* Choices of --encoding, in order; 0 is UTF-8, too. */
enum { ENCODING_UTF8 = 1, ENCODING_LATIN1, ENCODING_WINDOWS1252 };

/*
 * Makes *bytes, which are replaced, UTF-8 without a byte order mark. A byte that means nothing in
 * the encoding is refused by line. Exit code; *bytes stays the caller's to free.
 */
int encoding_convert(char **bytes, size_t *size, int encoding, const char *name);
/* A whole file, converted. Exit code; the caller frees *bytes, which is NULL on failure. */
int read_text_file(const char *path, int encoding, char **bytes, size_t *size);

#endif
