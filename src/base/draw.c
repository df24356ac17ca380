/* draw.c - see draw.h. */
#include "base/draw.h"

#include "base/random.h"

#include <math.h>

uint64_t cz_draw_bits(const cz_draw *draw, uint64_t thing, uint32_t element)
{
    const uint32_t key[2] = { (uint32_t)draw->seed, (uint32_t)(draw->seed >> 32) };
    const uint32_t counter[4] = { (uint32_t)thing,
                                  (uint32_t)(thing >> 32) ^ (uint32_t)draw->purpose << 24, element,
                                  draw->epoch };
    cz_philox random = cz_philox_at(counter, key);
    return (uint64_t)random.word[0] << 32 | random.word[1];
}

double cz_draw_unit(const cz_draw *draw, uint64_t thing, uint32_t element)
{
    return (double)(cz_draw_bits(draw, thing, element) >> 11) * 0x1p-53;
}

double cz_draw_normal(const cz_draw *draw, uint64_t thing, uint32_t element)
{
    uint64_t bits = cz_draw_bits(draw, thing, element);
    double u = ((double)(bits >> 32) + 1) * 0x1p-32, v = (double)(uint32_t)bits * 0x1p-32;
    return sqrt(-2 * log(u)) * cos(6.283185307179586 * v);
}

size_t cz_draw_below(const cz_draw *draw, uint64_t thing, uint32_t element, size_t count)
{
    return (size_t)(cz_draw_unit(draw, thing, element) * (double)count);
}

void cz_draw_order(const cz_draw *draw, size_t *items, size_t count)
{
    for (size_t i = count; i > 1; i--) {
        size_t other = cz_draw_below(draw, i, 0, i), kept = items[i - 1];
        items[i - 1] = items[other];
        items[other] = kept;
    }
}
