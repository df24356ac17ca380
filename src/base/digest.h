/*
 * base/digest.h - SHA-256 and SHA-1 (FIPS 180-4), for comparing downloads with what a hub states.
 * SHA-1 is there because git names files by it; it is no protection against an attacker.
 */
#ifndef CZ_BASE_DIGEST_H
#define CZ_BASE_DIGEST_H

#include <stddef.h>
#include <stdint.h>

typedef enum cz_digest_kind { CZ_SHA1, CZ_SHA256 } cz_digest_kind;

enum { CZ_DIGEST_HEX = 65 };

typedef struct cz_digest {
    cz_digest_kind kind;
    uint32_t state[8];
    uint64_t size;
    unsigned char block[64];
} cz_digest;

void cz_digest_begin(cz_digest *digest, cz_digest_kind kind);
void cz_digest_add(cz_digest *digest, const void *data, size_t size);
/* Lower-case hexadecimal, 40 or 64 digits and a zero. */
void cz_digest_end(cz_digest *digest, char out[CZ_DIGEST_HEX]);

#endif
