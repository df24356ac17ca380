/*
 * zip_crc.c - the checksum of a zip file's entry. Method: CRC-32, eight bytes a step through eight
 * tables ("slicing by 8", Kounavis and Berry 2005), which are made anew: that takes microseconds.
 */
#include "formats/zip.h"

#include "base/error.h"

enum { SLICES = 8 };

typedef struct tables {
    uint32_t of[SLICES][256];
} tables;

static void make_tables(tables *t)
{
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t crc = i;
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
        t->of[0][i] = crc;
    }
    for (uint32_t i = 0; i < 256; i++)
        for (int s = 1; s < SLICES; s++)
            t->of[s][i] = t->of[s - 1][i] >> 8 ^ t->of[0][t->of[s - 1][i] & 255];
}

static uint32_t four(const unsigned char *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static uint32_t checksum(const unsigned char *at, size_t size)
{
    tables t;
    uint32_t crc = 0xffffffff;
    make_tables(&t);
    for (; size >= SLICES; size -= SLICES, at += SLICES) {
        uint32_t low = crc ^ four(at), high = four(at + 4);
        crc = t.of[7][low & 255] ^ t.of[6][low >> 8 & 255] ^ t.of[5][low >> 16 & 255] ^
              t.of[4][low >> 24] ^ t.of[3][high & 255] ^ t.of[2][high >> 8 & 255] ^
              t.of[1][high >> 16 & 255] ^ t.of[0][high >> 24];
    }
    for (; size; size--, at++)
        crc = crc >> 8 ^ t.of[0][(crc ^ *at) & 255];
    return ~crc;
}

cloze_status cz_zip_check_crc(const cz_zip_entry *entry, cloze_error *error)
{
    if (checksum((const unsigned char *)entry->data, entry->size) == entry->crc)
        return CLOZE_OK;
    return cz_fail(error, CLOZE_ERROR_FORMAT,
                   "zip: the checksum of an entry is wrong: the file is "
                   "damaged; download it again");
}
