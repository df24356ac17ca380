/*
 * zip.c - see zip.h. The directory is read from the end; since entries must follow each other from
 * byte 0 up to the directory, nothing overlaps and nothing is hidden between them.
 */
#include "formats/zip.h"

#include "base/error.h"
#include "base/memory.h"
#include "base/table.h"

#include <string.h>

enum {
    END = 22,
    END64 = 56,
    LOCATOR = 20,
    CENTRAL = 46,
    LOCAL = 30,
    ENTRIES_MOST = 100000,
    NAME_MOST = 1024,
    DEFLATED = 8,
    STREAMED = 8,    /* the sizes follow the data */
    FLAGS = 8 | 2048 /* and names are UTF-8 */
};

typedef struct record {
    const char *name;
    size_t name_size, size, packed, offset, next;
    uint32_t crc, flags, method;
    bool wide; /* sizes of 64 bits */
} record;

static uint64_t number(const char *data, size_t bytes)
{
    uint64_t value = 0;
    for (size_t i = bytes; i-- > 0;)
        value = value << 8 | (unsigned char)data[i];
    return value;
}

static bool is(const char *data, const char *mark)
{
    return !memcmp(data, mark, 4);
}

static cloze_status broken(cloze_error *error, size_t position, const char *what)
{
    return cz_fail_at(error, CLOZE_ERROR_FORMAT, position, "zip: %s", what);
}

/* Where the directory begins and ends, and its number of entries. */
static cloze_status find_directory(const char *data, size_t size, uint64_t *begin, uint64_t *end,
                                   uint64_t *count, cloze_error *error)
{
    if (size < END || !is(data + size - END, "PK\5\6"))
        return broken(error, size, "no end record in the last 22 bytes; the file may be cut short");
    const char *last = data + size - END;
    uint64_t bytes = number(last + 12, 4);
    if (number(last + 4, 4) || number(last + 8, 2) != number(last + 10, 2) || number(last + 20, 2))
        return broken(error, size - END, "several disks, or a comment");
    *count = number(last + 10, 2);
    *begin = number(last + 16, 4);
    *end = size - END;
    if (size >= END + LOCATOR + END64 && is(last - LOCATOR, "PK\6\7")) {
        const char *wide = last - LOCATOR - END64;
        *end = size - END - LOCATOR - END64;
        if (!is(wide, "PK\6\6") || number(last - LOCATOR + 8, 8) != *end ||
            number(wide + 4, 8) != END64 - 12 || number(wide + 16, 8) ||
            number(last - LOCATOR + 4, 4) || number(last - LOCATOR + 16, 4) != 1)
            return broken(error, (size_t)*end, "the 64-bit end record is not where it should be");
        if ((*count != 0xffff && *count != number(wide + 32, 8)) ||
            (bytes != 0xffffffff && bytes != number(wide + 40, 8)) ||
            (*begin != 0xffffffff && *begin != number(wide + 48, 8)) ||
            number(wide + 24, 8) != number(wide + 32, 8))
            return broken(error, (size_t)*end, "the two end records disagree");
        *count = number(wide + 32, 8);
        bytes = number(wide + 40, 8);
        *begin = number(wide + 48, 8);
    }
    if (*begin > *end || *end - *begin != bytes)
        return broken(error, (size_t)*end, "the directory does not end at the end record");
    if (*count > ENTRIES_MOST || *count > bytes / CENTRAL)
        return broken(error, (size_t)*end, "more entries than the directory can hold");
    return CLOZE_OK;
}

/* Replaces what is 0xffffffff by the numbers of the 64-bit extra field. */
static bool widen(const char *extra, size_t size, uint64_t *values[], size_t count, bool *wide)
{
    for (size_t at = 0; at + 4 <= size;) {
        size_t bytes = (size_t)number(extra + at + 2, 2);
        if (bytes > size - at - 4)
            return false;
        if (number(extra + at, 2) == 1) {
            size_t used = 0;
            if (*wide)
                return false;
            *wide = true;
            for (size_t i = 0; i < count; i++) {
                if (*values[i] != 0xffffffff)
                    continue;
                if (used + 8 > bytes)
                    return false;
                *values[i] = number(extra + at + 4 + used, 8);
                used += 8;
            }
        }
        at += 4 + bytes;
    }
    return true;
}

static bool is_plain_name(const char *name, size_t size)
{
    size_t part = 0;
    if (!size || size > NAME_MOST)
        return false;
    for (size_t i = 0; i <= size; i++) {
        if (i < size && ((unsigned char)name[i] < 32 || name[i] == '\\' || name[i] == 127))
            return false;
        if (i < size && name[i] != '/')
            continue;
        size_t length = i - part;
        if (!length || (length == 1 && name[part] == '.') ||
            (length == 2 && name[part] == '.' && name[part + 1] == '.'))
            return false;
        part = i + 1;
    }
    return true;
}

static cloze_status read_central(const char *data, size_t at, size_t end, record *out,
                                 cloze_error *error)
{
    const char *head = data + at;
    if (end - at < CENTRAL || !is(head, "PK\1\2"))
        return broken(error, at, "no directory record here");
    size_t extra = (size_t)number(head + 30, 2);
    uint64_t size = number(head + 24, 4), packed = number(head + 20, 4),
             offset = number(head + 42, 4);
    uint64_t *values[] = { &size, &packed, &offset };
    out->name_size = (size_t)number(head + 28, 2);
    out->name = head + CENTRAL;
    if (out->name_size + extra > end - at - CENTRAL || number(head + 32, 4))
        return broken(error, at, "a record runs over its directory, or has a comment or disk");
    out->flags = (uint32_t)number(head + 8, 2);
    out->method = (uint32_t)number(head + 10, 2);
    out->crc = (uint32_t)number(head + 16, 4);
    out->wide = false;
    if (!widen(out->name + out->name_size, extra, values, 3, &out->wide))
        return broken(error, at, "a broken 64-bit field");
    out->size = (size_t)size;
    out->packed = (size_t)packed;
    out->offset = (size_t)offset;
    out->next = at + CENTRAL + out->name_size + extra;
    if (!is_plain_name(out->name, out->name_size))
        return broken(error, at, "the name of an entry is not a plain path below the archive");
    if (out->flags & ~(uint32_t)FLAGS)
        return broken(error, at, "an encrypted entry, or flags that are not known");
    if (out->method ? out->method != DEFLATED : out->size != out->packed)
        return broken(error, at, "a stored entry of two sizes, or a packing that is not known");
    return CLOZE_OK;
}

/* The local header at out->offset says the same; *end is where the next entry must begin. */
static cloze_status read_local(const char *data, size_t limit, const record *central,
                               cz_zip_entry *entry, size_t *end, cloze_error *error)
{
    size_t at = central->offset, left = limit - at;
    const char *head = data + at;
    if (left < LOCAL || !is(head, "PK\3\4"))
        return broken(error, at, "no entry where the directory says");
    size_t extra = (size_t)number(head + 28, 2), before = LOCAL + central->name_size + extra;
    uint64_t size = number(head + 22, 4), packed = number(head + 18, 4);
    uint64_t *values[] = { &size, &packed };
    bool wide = false, empty = !number(head + 14, 4) && !size && !packed;
    if (number(head + 26, 2) != central->name_size || before > left ||
        memcmp(head + LOCAL, central->name, central->name_size) != 0 ||
        number(head + 6, 2) != central->flags || number(head + 8, 2) != central->method)
        return broken(error, at, "an entry and its directory record differ");
    if (!widen(head + LOCAL + central->name_size, extra, values, 2, &wide))
        return broken(error, at, "a broken 64-bit field");
    bool same =
        number(head + 14, 4) == central->crc && size == central->size && packed == central->packed;
    if (!same && !(central->flags & STREAMED && empty))
        return broken(error, at, "the sizes of an entry and of its directory record differ");
    if (central->packed > left - before)
        return broken(error, at, "an entry is longer than the file");
    *entry = (cz_zip_entry){ .name = central->name,
                             .name_size = central->name_size,
                             .data = central->method ? NULL : head + before,
                             .size = central->size,
                             .crc = central->crc,
                             .is_packed = central->method };
    size_t after = before + central->packed;
    if (central->flags & STREAMED) {
        size_t bytes = central->wide && left - after >= 24 ? 8 : 4;
        const char *tail = head + after;
        if (left - after < 8 + 2 * bytes || !is(tail, "PK\7\10") ||
            number(tail + 4, 4) != central->crc || number(tail + 8, bytes) != central->packed ||
            number(tail + 8 + bytes, bytes) != central->size)
            return broken(error, at + after, "the sizes behind an entry differ");
        after += 8 + 2 * bytes;
    }
    *end = at + after;
    return CLOZE_OK;
}

static cloze_status read_entries(cz_zip *zip, const char *data, size_t begin, size_t end,
                                 size_t count, cz_table *names, const cloze_allocator *allocator,
                                 cloze_error *error)
{
    size_t at = begin, expected = 0;
    for (size_t i = 0; i < count; i++) {
        record central = { 0 };
        bool existed = false;
        uint32_t old;
        cloze_status status = read_central(data, at, end, &central, error);
        if (status)
            return status;
        if (central.offset != expected || central.offset > begin)
            return broken(error, at, "entries overlap, leave a hole or are out of order");
        status = read_local(data, begin, &central, &zip->entries[i], &expected, error);
        if (status)
            return status;
        if (!cz_table_put(names, allocator, central.name, central.name_size, (uint32_t)i, &existed,
                          &old))
            return cz_fail_memory(error, "a table of names", count);
        if (existed)
            return broken(error, at, "two entries have the same name");
        zip->count = i + 1;
        at = central.next;
    }
    return at == end && expected == begin ? CLOZE_OK
                                          : broken(error, at, "bytes that belong to no entry");
}

cloze_status cz_zip_read(cz_zip *out, const char *data, size_t size,
                         const cloze_allocator *allocator, cloze_error *error)
{
    uint64_t begin = 0, end = 0, count = 0;
    cz_zip zip = { 0 };
    cz_table names = { 0 };
    cloze_status status = find_directory(data, size, &begin, &end, &count, error);
    if (status)
        return status;
    zip.entries = cz_allocate(allocator, (size_t)count, sizeof *zip.entries);
    if (!zip.entries)
        return cz_fail_memory(error, "a list of entries", (size_t)count * sizeof *zip.entries);
    if (!cz_table_init(&names, allocator, (size_t)count))
        status = cz_fail_memory(error, "a table of names", (size_t)count);
    if (!status)
        status = read_entries(&zip, data, (size_t)begin, (size_t)end, (size_t)count, &names,
                              allocator, error);
    cz_table_clear(&names, allocator);
    if (status)
        cz_zip_clear(&zip, allocator);
    else
        *out = zip;
    return status;
}

void cz_zip_clear(cz_zip *zip, const cloze_allocator *allocator)
{
    cz_release(allocator, zip->entries);
    *zip = (cz_zip){ 0 };
}
