/* encoding.c - see encoding.h. The characters of windows-1252 are those of Unicode's CP1252.TXT. */
#include "encoding.h"

#include "input.h"
#include "say.h"
#include "whole_file.h"

#include <stdlib.h>
#include <string.h>

/* 0x80 to 0x9f; the rest is latin-1. 0: no character. */
static const uint16_t windows1252[32] = {
    0x20ac, 0,      0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017d, 0,      0,      0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
    0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0,      0x017e, 0x0178,
};

static int refuse(const char *bytes, size_t at, const char *name, const char *encoding,
                  const char *advice)
{
    size_t line = 1, begin = 0;
    for (size_t i = 0; i < at; i++)
        if (bytes[i] == '\n') {
            line++;
            begin = i + 1;
        }
    return say_failure(CLOZE_ERROR_TEXT, "%s:%zu: byte %zu of the line is not %s; %s", name, line,
                       at - begin + 1, encoding, advice);
}

static size_t put(char *out, unsigned c)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xc0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3f));
        return 2;
    }
    out[0] = (char)(0xe0 | c >> 12);
    out[1] = (char)(0x80 | (c >> 6 & 0x3f));
    out[2] = (char)(0x80 | (c & 0x3f));
    return 3;
}

static int convert_bytes(char **bytes, size_t *size, int encoding, const char *name)
{
    char *out = NULL;
    size_t room, used = 0;
    if (__builtin_mul_overflow(*size, 3, &room) || !(out = malloc(room + 1)))
        return say_failure(CLOZE_ERROR_MEMORY, "out of memory for %s", name);
    for (size_t i = 0; i < *size; i++) {
        unsigned c = (unsigned char)(*bytes)[i];
        if (encoding == ENCODING_WINDOWS1252 && c >= 0x80 && c < 0xa0 &&
            !(c = windows1252[c - 0x80])) {
            free(out);
            return refuse(*bytes, i, name, "windows-1252", "is the encoding another one?");
        }
        used += put(out + used, c);
    }
    free(*bytes);
    *bytes = out;
    *size = used;
    return 0;
}

int encoding_convert(char **bytes, size_t *size, int encoding, const char *name)
{
    size_t at = 0;
    if (encoding == ENCODING_LATIN1 || encoding == ENCODING_WINDOWS1252)
        return convert_bytes(bytes, size, encoding, name);
    if (*size >= 2 && (!memcmp(*bytes, "\xff\xfe", 2) || !memcmp(*bytes, "\xfe\xff", 2)))
        return say_failure(CLOZE_ERROR_TEXT,
                           "%s is UTF-16; convert it with iconv -f UTF-16 "
                           "-t UTF-8",
                           name);
    if (!text_is_utf8((cloze_text){ *bytes, *size }, &at))
        return refuse(*bytes, at, name, "UTF-8",
                      "old files are read with --encoding latin-1 or windows-1252");
    if (*size >= 3 && !memcmp(*bytes, "\xef\xbb\xbf", 3))
        memmove(*bytes, *bytes + 3, *size -= 3);
    return 0;
}

int read_text_file(const char *path, int encoding, char **bytes, size_t *size)
{
    int code = read_whole_file(path, bytes, size);
    if (!code)
        code = encoding_convert(bytes, size, encoding, strcmp(path, "-") ? path : "standard input");
    if (code) {
        free(*bytes);
        *bytes = NULL;
    }
    return code;
}
