/*
 * base/checksum.h - a sum over bytes that tells whether a disk has lost some. It is no digest: whoever
 * wants to can find other bytes of the same sum (digest.h). Some gigabytes a second.
 */
#ifndef CZ_BASE_CHECKSUM_H
#define CZ_BASE_CHECKSUM_H

#include <stddef.h>
#include <stdint.h>

typedef struct cz_checksum {
    uint64_t lane[4];
} cz_checksum;

cz_checksum cz_checksum_begin(void);
/* The same bytes in other parts give another sum. */
void cz_checksum_add(cz_checksum *to, const void *data, size_t size);

#endif
