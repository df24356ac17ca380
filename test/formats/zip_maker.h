/*
 * zip_maker.h - zip files as torch writes them, and with lies in them, for tests. An entry's numbers
 * are right unless a lie is told about them.
 */
#ifndef CZ_TEST_ZIP_MAKER_H
#define CZ_TEST_ZIP_MAKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct zip_entry {
    const char *name, *data;
    size_t size;
    /* What is said beside the truth, added to it; 0: nothing. */
    uint32_t crc, both_crc;         /* in the directory alone, in both places */
    uint32_t packed, whole, offset; /* in the directory */
    uint32_t local_packed, local_whole;
    uint16_t flags, local_flags, method, local_method;
    const char *local_name; /* NULL: the same */
    size_t hole;            /* bytes of nothing before it */
    bool hidden;            /* not in the directory */
    bool streamed;          /* sizes behind the data, with these additions */
    uint32_t streamed_crc, streamed_size;
    bool wide; /* sizes in a 64-bit field */
    uint64_t wide_size;
} zip_entry;

typedef struct zip_end {
    uint16_t count, disk;  /* added to the truth */
    uint32_t begin, bytes; /* of the directory, added to the truth */
    const char *comment;
    size_t hole;  /* before the directory */
    size_t after; /* bytes behind the end */
} zip_end;

/* A block of exactly *size bytes; free it. */
char *make_zip(const zip_entry *entries, size_t count, const zip_end *end, size_t *size);

#endif
