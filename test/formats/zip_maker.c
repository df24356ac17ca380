/* zip_maker.c - see zip_maker.h. */
#include "zip_maker.h"

#include <stdlib.h>
#include <string.h>

typedef struct writer {
    char *data;
    size_t size;
} writer;

static void put(writer *out, const void *data, size_t size)
{
    out->data = realloc(out->data, out->size + size + 1);
    if (!out->data)
        abort();
    if (size)
        memcpy(out->data + out->size, data, size);
    out->size += size;
}

static void put_number(writer *out, uint64_t value, size_t bytes)
{
    unsigned char text[8];
    for (size_t i = 0; i < bytes; i++)
        text[i] = (unsigned char)(value >> 8 * i);
    put(out, text, bytes);
}

static void put_nothing(writer *out, size_t count)
{
    for (size_t i = 0; i < count; i++)
        put(out, "", 1);
}

static uint32_t crc_of(const char *data, size_t size)
{
    uint32_t crc = 0xffffffffu;
    for (size_t i = 0; i < size; i++) {
        crc ^= (unsigned char)data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
    }
    return ~crc;
}

static uint32_t stated_crc(const zip_entry *entry)
{
    return crc_of(entry->data, entry->size) + entry->both_crc;
}

static void put_local(writer *out, const zip_entry *entry)
{
    const char *name = entry->local_name ? entry->local_name : entry->name;
    uint16_t flags = (uint16_t)(entry->flags + entry->local_flags + (entry->streamed ? 8 : 0));
    size_t stated = entry->streamed ? 0 : entry->size;
    put(out, "PK\3\4", 4);
    put_number(out, 0, 2);
    put_number(out, flags, 2);
    put_number(out, (uint16_t)(entry->method + entry->local_method), 2);
    put_number(out, 0, 4);
    put_number(out, entry->streamed ? 0 : stated_crc(entry), 4);
    put_number(out, stated + entry->local_packed, 4);
    put_number(out, stated + entry->local_whole, 4);
    put_number(out, strlen(name), 2);
    put_number(out, 0, 2);
    put(out, name, strlen(name));
    put(out, entry->data, entry->size);
    if (!entry->streamed)
        return;
    put(out, "PK\7\10", 4);
    put_number(out, stated_crc(entry) + entry->streamed_crc, 4);
    put_number(out, entry->size + entry->streamed_size, 4);
    put_number(out, entry->size + entry->streamed_size, 4);
}

static void put_central(writer *out, const zip_entry *entry, size_t offset)
{
    put(out, "PK\1\2", 4);
    put_number(out, 0, 4);
    put_number(out, (uint16_t)(entry->flags + (entry->streamed ? 8 : 0)), 2);
    put_number(out, entry->method, 2);
    put_number(out, 0, 4);
    put_number(out, stated_crc(entry) + entry->crc, 4);
    put_number(out, entry->wide ? 0xffffffff : entry->size + entry->packed, 4);
    put_number(out, entry->wide ? 0xffffffff : entry->size + entry->whole, 4);
    put_number(out, strlen(entry->name), 2);
    put_number(out, entry->wide ? 20 : 0, 2);
    put_nothing(out, 2 + 2 + 2 + 4); /* comment, disk, attributes */
    put_number(out, offset + entry->offset, 4);
    put(out, entry->name, strlen(entry->name));
    if (entry->wide) {
        put_number(out, 1, 2);
        put_number(out, 16, 2);
        put_number(out, entry->size + entry->wide_size, 8);
        put_number(out, entry->size + entry->wide_size, 8);
    }
}

char *make_zip(const zip_entry *entries, size_t count, const zip_end *end, size_t *size)
{
    static const zip_end honest;
    writer out = { 0 };
    size_t offsets[16], listed = 0, begin;
    const zip_end *last = end ? end : &honest;
    const char *comment = last->comment ? last->comment : "";
    for (size_t i = 0; i < count; i++) {
        put_nothing(&out, entries[i].hole);
        offsets[i] = out.size;
        put_local(&out, &entries[i]);
    }
    put_nothing(&out, last->hole);
    begin = out.size;
    for (size_t i = 0; i < count; i++)
        if (!entries[i].hidden) {
            put_central(&out, &entries[i], offsets[i]);
            listed++;
        }
    size_t bytes = out.size - begin;
    put(&out, "PK\5\6", 4);
    put_number(&out, last->disk, 2);
    put_number(&out, last->disk, 2);
    put_number(&out, listed + last->count, 2);
    put_number(&out, listed + last->count, 2);
    put_number(&out, bytes + last->bytes, 4);
    put_number(&out, begin + last->begin, 4);
    put_number(&out, strlen(comment), 2);
    put(&out, comment, strlen(comment));
    put_nothing(&out, last->after);
    *size = out.size;
    return realloc(out.data, out.size);
}
