/*
 * base/utf8.h - well-formed UTF-8 (no overlong forms, no surrogates, nothing above U+10FFFF).
 */
#ifndef CZ_BASE_UTF8_H
#define CZ_BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* Bytes of the well-formed sequence at `text`, which has `left` bytes (at least one); 0 if none. */
size_t cz_utf8_length(const char *text, size_t left);
/* Writes the sequence of a code point that is not a surrogate; returns its bytes, 1 to 4. */
size_t cz_utf8_write(char *out, uint32_t point);

#endif
