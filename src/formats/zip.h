/*
 * formats/zip.h - strict reading of the zip files that torch writes: entries one after the other
 * without a hole, each local header and data descriptor equal to its central record. What two
 * readers could understand differently is refused. Nothing is ever inflated: a packed entry can be
 * seen and not read. Method: PKWARE's APPNOTE.
 */
#ifndef CZ_FORMATS_ZIP_H
#define CZ_FORMATS_ZIP_H

#include <cloze/status.h>

typedef struct cz_zip_entry {
    const char *name; /* in the file, not zero-terminated */
    size_t name_size;
    const char *data; /* in the file; NULL if it is packed */
    size_t size;
    uint32_t crc;  /* as the file states it: cz_zip_check_crc reads the bytes */
    bool is_packed;
} cz_zip_entry;

typedef struct cz_zip {
    cz_zip_entry *entries; /* in the order of the file */
    size_t count;
} cz_zip;

/* Lists the entries (100,000 at most, names of 1024 bytes) of the `size` bytes at `data`, which must outlive the list. No entry is read. */
cloze_status cz_zip_read(cz_zip *out, const char *data, size_t size,
                         const cloze_allocator *allocator, cloze_error *error);
void cz_zip_clear(cz_zip *zip, const cloze_allocator *allocator);
cloze_status cz_zip_check_crc(const cz_zip_entry *entry, cloze_error *error); /* of a plain one */

#endif
