/*
 * task/cache.h - a cache of vectors in memory, shared by its two files.
 */
#ifndef CZ_TASK_CACHE_H
#define CZ_TASK_CACHE_H

#include "task/fingerprint.h"

#include <cloze/cache.h>

enum { CZ_TEXT_DIGEST = 32 };

struct cloze_vector_cache {
    cloze_session *session;
    cloze_embed_options options; /* its strings are ours */
    char *prompt_name, *prompt, *path;
    unsigned char key[CZ_FINGERPRINT];
    cloze_cache_state state;
    size_t dimension, count, capacity; /* rows, and room for them */
    size_t stored, found;              /* rows that the file holds */
    unsigned char *texts;              /* [capacity, CZ_TEXT_DIGEST] */
    int64_t *lost;                     /* [capacity] tokens that were cut off */
    float *vectors;                    /* [capacity, dimension] */
    float *probe;                      /* [dimension] */
    uint32_t *slots;                   /* a hash table of rows + 1; 0: free */
    size_t slot_count;                 /* a power of two, more than twice the rows */
    uint64_t seed;
};

/* Room for `count` rows, and for finding them. */
cloze_status cz_cache_reserve(cloze_vector_cache *cache, size_t count, cloze_error *error);
/* The row of a digest, or `count` and, with `add`, a new row behind the last. */
size_t cz_cache_row(cloze_vector_cache *cache, const unsigned char *digest, bool add);

/* Fills rows from the file and sets the state; all rows are believed or none. */
cloze_status cz_cache_read(cloze_vector_cache *cache, cloze_error *error);
cloze_status cz_cache_write(const cloze_vector_cache *cache, cloze_error *error);

#endif
