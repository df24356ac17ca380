/* layout.c - matrices as outer products read them: panels, and stripes. */
#include "cpu.h"

#include <string.h>

size_t cz_stripe_step(size_t rows)
{
    return rows * CZ_STRIPE + 16;
}

void cz_lay_panel(const float *from, size_t stride, size_t rows, size_t columns, size_t wide,
                  float *to)
{
    for (size_t i = 0; i < rows; i++, from += stride, to += wide) {
        memcpy(to, from, columns * sizeof *to);
        for (size_t c = columns; c < wide; c++)
            to[c] = 0.0f;
    }
}

void cz_lay_stripes(const float *from, size_t stride, size_t rows, size_t columns, float *to)
{
    size_t step = cz_stripe_step(rows), whole = columns / CZ_STRIPE, left = columns % CZ_STRIPE;
    for (size_t i = 0; i < rows; i++, from += stride, to += CZ_STRIPE) {
        for (size_t s = 0; s < whole; s++)
            memcpy(to + s * step, from + s * CZ_STRIPE, CZ_STRIPE * sizeof *to);
        for (size_t c = 0; left && c < CZ_STRIPE; c++)
            to[whole * step + c] = c < left ? from[whole * CZ_STRIPE + c] : 0.0f;
    }
}
