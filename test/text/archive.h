/*
 * archive.h - files of the data folder, and members of its zip archives ("folder/file.zip!member").
 * Only what the tests need of zip: no encryption, no 64-bit sizes. Without zlib members are absent.
 */
#ifndef TEST_ARCHIVE_H
#define TEST_ARCHIVE_H

#include "vocabularies.h"

#ifdef HAVE_ZLIB
#include <zlib.h>

static inline uint32_t read_little(const unsigned char *p, size_t bytes)
{
    uint32_t value = 0;
    for (size_t i = bytes; i-- > 0;)
        value = value << 8 | p[i];
    return value;
}

static inline char *inflate_member(const unsigned char *data, size_t packed, size_t size,
                                   unsigned method)
{
    char *out = malloc(size + 1);
    z_stream stream = { .next_in = (Bytef *)(uintptr_t)data, .avail_in = (uInt)packed };
    bool good;
    if (!out)
        return NULL;
    if (method == 0) {
        memcpy(out, data, size);
        return out;
    }
    stream.next_out = (Bytef *)out;
    stream.avail_out = (uInt)size;
    good = inflateInit2(&stream, -MAX_WBITS) == Z_OK;
    good = good && inflate(&stream, Z_FINISH) == Z_STREAM_END && stream.total_out == size;
    inflateEnd(&stream);
    if (!good) {
        free(out);
        return NULL;
    }
    return out;
}

/* The member that the central directory lists as `name`. */
static inline char *read_member(const unsigned char *zip, size_t zip_size, const char *name,
                                size_t *size)
{
    size_t length = strlen(name);
    for (size_t at = 0; at + 46 + length <= zip_size; at++) {
        const unsigned char *entry = zip + at, *local;
        size_t offset, packed, skip;
        if (memcmp(entry, "PK\1\2", 4) || read_little(entry + 28, 2) != length ||
            memcmp(entry + 46, name, length))
            continue;
        offset = read_little(entry + 42, 4);
        packed = read_little(entry + 20, 4);
        *size = read_little(entry + 24, 4);
        if (offset + 30 > zip_size)
            return NULL;
        local = zip + offset;
        skip = 30 + read_little(local + 26, 2) + read_little(local + 28, 2);
        if (offset + skip + packed > zip_size)
            return NULL;
        return inflate_member(local + skip, packed, *size, read_little(entry + 10, 2));
    }
    return NULL;
}
#endif

/* To be freed; NULL if it is not there. */
static inline char *read_data(const char *name, size_t *size)
{
    char path[8192], *member, *file, *data = NULL;
    snprintf(path, sizeof path, "%s/%s", getenv("CLOZE_DATA"), name);
    member = strstr(path, ".zip!");
    if (!member)
        return read_whole(path, size);
    member += 4;
    *member++ = 0;
    file = read_whole(path, size);
#ifdef HAVE_ZLIB
    if (file)
        data = read_member((const unsigned char *)file, *size, member, size);
#endif
    free(file);
    return data;
}

#endif
