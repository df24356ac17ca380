/*
 * bits.h - one list of calls of the CPU table: ragged shapes, every operation both ways. A call's
 * outputs are hashed, and the bytes around them guarded, so that instruction sets, machines and
 * numbers of threads can be held to the same bits. Needs neither cmocka nor files.
 */
#ifndef TEST_BACKEND_BITS_H
#define TEST_BACKEND_BITS_H

#include "backend/backend.h"

typedef struct bits_result {
    uint64_t hash;
    const char *fault; /* NULL, or what went wrong: a status, a guard */
} bits_result;

size_t bits_count(void);
/* `name` receives a few words. */
bits_result bits_run(size_t number, const void *kernels, cz_pool *pool, char name[80]);

#endif
