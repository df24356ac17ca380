/*
 * room.h - memory for the calls of a test: random inputs, guarded outputs, and what they hash to.
 */
#ifndef TEST_BACKEND_ROOM_H
#define TEST_BACKEND_ROOM_H

#include "backend/backend.h"

enum { ROOM_OUTPUTS = 16, ROOM_TENSORS = 48 };

typedef struct room {
    char *memory;
    size_t used, size;
    cz_tensor tensor[ROOM_TENSORS];
    int tensors;
    cz_tensor *output[ROOM_OUTPUTS];
    int outputs;
    uint64_t state; /* of the random numbers */
    cz_place place;
    char *scratch;
} room;

void room_open(room *r, const void *kernels, cz_pool *pool, const cz_extent *extent);
void room_close(room *r);
void *room_take(room *r, size_t size);
/* A number in (-1, 1) that every machine makes alike. */
float room_number(room *r);
/* Random numbers around a middle; `stride` at least columns, with rubbish between. */
cz_tensor *room_input(room *r, size_t rows, size_t columns, size_t stride, float around);
/* The same in F16 or BF16 (or F32), at an address that suits no type when `unaligned`. */
cz_tensor *room_weight(room *r, size_t rows, size_t columns, cz_type type, bool unaligned);
/* Zeros (for gradients) or rubbish, with guards around and between rows. */
cz_tensor *room_output(room *r, size_t rows, size_t columns, size_t stride, bool zero);
cz_packing *room_packing(room *r, const size_t *length, size_t count);
/* Hash of all outputs; false if a guard was hurt. */
bool room_hash(const room *r, uint64_t *hash);

#endif
