/* room.c - see room.h. */
#include "room.h"

#include <stdlib.h>
#include <string.h>

enum { SIZE = 24 << 20, GUARD = 0xFF, MARGIN = 64 };

void room_open(room *r, const void *kernels, cz_pool *pool, const cz_extent *extent)
{
    size_t workers = cz_pool_workers(pool);
    memset(r, 0, sizeof *r);
    r->size = SIZE;
    r->memory = aligned_alloc(64, SIZE);
    memset(r->memory, GUARD, SIZE);
    r->state = 88172645463325252u;
    r->place = (cz_place){ .pool = pool, .type = CZ_F32, .kernels = kernels };
    r->place.scratch_size = cz_backend_cpu.scratch(extent, kernels);
    /* The last worker's scratch is guarded too. */
    r->scratch = aligned_alloc(64, workers * r->place.scratch_size + MARGIN);
    memset(r->scratch, GUARD, workers * r->place.scratch_size + MARGIN);
    r->place.scratch = r->scratch;
}

void room_close(room *r)
{
    free(r->memory);
    free(r->scratch);
}

void *room_take(room *r, size_t size)
{
    void *taken = r->memory + r->used + MARGIN;
    r->used += (size + 63) / 64 * 64 + 2 * MARGIN;
    if (r->used > r->size)
        abort();
    return taken;
}

float room_number(room *r)
{
    r->state ^= r->state << 13;
    r->state ^= r->state >> 7;
    r->state ^= r->state << 17;
    return (float)(r->state >> 40) * 0x1p-23f - 1.0f;
}

static cz_tensor *tensor(room *r, void *data, size_t rows, size_t columns, size_t stride,
                         cz_type type)
{
    cz_tensor *t = &r->tensor[r->tensors++];
    if (r->tensors > ROOM_TENSORS)
        abort();
    *t = (cz_tensor){ data, rows, columns, stride, type, false, NULL };
    return t;
}

cz_tensor *room_input(room *r, size_t rows, size_t columns, size_t stride, float around)
{
    float *data = room_take(r, rows * stride * sizeof(float));
    for (size_t i = 0; i < rows; i++)
        for (size_t c = 0; c < columns; c++)
            data[i * stride + c] = around + room_number(r);
    return tensor(r, data, rows, columns, stride, CZ_F32);
}

cz_tensor *room_weight(room *r, size_t rows, size_t columns, cz_type type, bool unaligned)
{
    size_t size = cz_type_size(type);
    char *data = (char *)room_take(r, rows * columns * size + 1) + unaligned;
    for (size_t i = 0; i < rows * columns; i++) {
        float number = room_number(r);
        uint16_t half = type == CZ_F16
                            ? (uint16_t)((r->state & 0x83ff) | 0x3000 | (r->state & 0x400))
                            : cz_f32_to_bf16(number);
        memcpy(data + i * size, size == 2 ? (void *)&half : (void *)&number, size);
    }
    return tensor(r, data, rows, columns, columns, type);
}

cz_tensor *room_output(room *r, size_t rows, size_t columns, size_t stride, bool zero)
{
    float *data = room_take(r, rows * stride * sizeof(float));
    for (size_t i = 0; zero && i < rows; i++)
        memset(data + i * stride, 0, columns * sizeof(float));
    r->output[r->outputs++] = tensor(r, data, rows, columns, stride, CZ_F32);
    return r->output[r->outputs - 1];
}

cz_packing *room_packing(room *r, const size_t *length, size_t count)
{
    cz_packing *p = room_take(r, sizeof *p);
    size_t *begin = room_take(r, (count + 1) * sizeof *begin), at = 0, longest = 0;
    size_t *copy = room_take(r, (count + 1) * sizeof *copy);
    for (size_t i = 0; i < count; i++) {
        begin[i] = at;
        copy[i] = length[i];
        at += length[i];
        longest = length[i] > longest ? length[i] : longest;
    }
    *p = (cz_packing){ count, begin, copy, longest };
    return p;
}

static bool guarded(const char *from, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)from[i] != GUARD)
            return false;
    return true;
}

static bool row_guarded(const cz_tensor *t, size_t row)
{
    const float *from = cz_f32_row(t, row);
    return guarded((const char *)(from + t->columns), (t->stride - t->columns) * sizeof(float));
}

bool room_hash(const room *r, uint64_t *hash)
{
    uint64_t h = 14695981039346656037u;
    size_t workers = cz_pool_workers(r->place.pool);
    bool whole = guarded(r->scratch + workers * r->place.scratch_size, MARGIN);
    for (int i = 0; i < r->outputs; i++) {
        const cz_tensor *t = r->output[i];
        const char *data = t->data;
        size_t size = t->rows * t->stride * sizeof(float);
        whole = whole && guarded(data - MARGIN, MARGIN) && guarded(data + size, MARGIN);
        for (size_t row = 0; row < t->rows; row++) {
            uint32_t bits;
            whole = whole && row_guarded(t, row);
            for (size_t c = 0; c < t->columns; c++) {
                memcpy(&bits, cz_f32_row(t, row) + c, sizeof bits);
                h = (h ^ bits) * 1099511628211u;
                h ^= h >> 29;
            }
        }
    }
    *hash = h;
    return whole;
}
