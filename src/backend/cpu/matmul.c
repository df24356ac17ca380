/*
 * matmul.c - products with packed panels, and the packing. Bias, activation and the copy before it
 * happen while a tile is in the first-level cache. A deep product goes through blocks of k, each
 * continuing the chains where the one before it left them, so that a block of the panel stays near
 * for all rows. Compiled once per instruction set.
 */
#include "curves.h"
#include "isa.h"
#include "tile.h"

#include <stdalign.h>
#include <string.h>

/* Steps of k that all rows do before the next ones; tokens that an outer product takes at once. */
enum { DEPTH = 512, TOKENS = 256 };

_Static_assert((int)CZ_STRIPE % (int)TALL3 == 0, "a stripe is some whole tiles");
_Static_assert((int)CZ_BLOCK_ROWS % (int)TALL3 == 0, "room for the sums of padded rows");
_Static_assert((int)PANEL <= (int)CZ_PANEL_MOST, "room for sums");

static void run_tile(const tile *t, size_t rows, size_t wide)
{
    tile_any(t, rows, wide, false, false, 0);
}

/* While it fetches so many lines for each k. */
static void run_tile_fetching(const tile *t, size_t rows, size_t lines)
{
    if (lines == 1)
        tile_any(t, rows, WIDE, false, false, 1);
    else if (lines == 2)
        tile_any(t, rows, WIDE, false, false, 2);
    else
        tile_any(t, rows, WIDE, false, false, 3);
}

static void run_tile_half(const tile *t, size_t rows, bool fetching)
{
    if (fetching)
        tile_any(t, rows, WIDE, false, true, 2);
    else
        tile_any(t, rows, WIDE, false, true, 0);
}

static void run_tile_down(const tile *t, size_t rows, size_t wide)
{
    tile_any(t, rows, wide, true, false, 0);
}

INLINE void finish_vector(const cz_finish *f, const cz_activation kind, vec sum, size_t row,
                          size_t column, const bool full)
{
    size_t left = full ? LANES : f->columns - column;
    float *out = f->out + row * f->out_stride + column;
    if (f->bias)
        sum = vec_add(sum, vec_load(f->bias + column));
    if (f->before)
        vec_store_first(f->before + row * f->before_stride + column, sum, left);
    sum = activate(kind, sum);
    if (f->add)
        sum = vec_add(vec_load_first(out, left), sum);
    vec_store_first(out, sum, left);
}

INLINE void finish_as(const cz_finish *f, const cz_activation kind, const float *sums, size_t top,
                      size_t rows)
{
    if (f->columns == PANEL) {
        for (size_t i = 0; i < rows; i++)
#pragma GCC unroll 3
            for (size_t c = 0; c < PANEL; c += LANES)
                finish_vector(f, kind, vec_load(sums + i * PANEL + c), top + i, c, true);
        return;
    }
    for (size_t i = 0; i < rows; i++)
        for (size_t c = 0; c < f->columns; c += LANES)
            finish_vector(f, kind, vec_load(sums + i * PANEL + c), top + i, c, false);
}

static void finish(const cz_finish *f, const float *sums, size_t top, size_t rows)
{
    switch (f->activation) {
#define KIND(kind)                                                                                 \
    case kind:                                                                                     \
        finish_as(f, kind, sums, top, rows);                                                       \
        return;
        KIND(CZ_IDENTITY)
        KIND(CZ_GELU)
        KIND(CZ_GELU_TANH)
        KIND(CZ_GELU_QUICK)
        KIND(CZ_RELU)
        KIND(CZ_SILU)
        KIND(CZ_TANH)
        KIND(CZ_SIGMOID)
#undef KIND
    case CZ_ACTIVATIONS:
        return;
    }
}

/* The next panel's memory is fetched while this one is used: as evenly as its tiles allow, for a
 * burst would wait for itself. */
typedef struct fetch {
    const char *at, *end;
    size_t lines; /* for each k */
} fetch;

static fetch fetch_next(const cz_product *p, size_t rows)
{
    size_t tiles = (rows + TALL3 - 1) / TALL3;
    size_t step = PANEL * (p->half ? sizeof(uint16_t) : sizeof(float));
    size_t lines = p->half ? 2 : (step + 64 * tiles - 1) / (64 * tiles);
    const char *next = p->next;
    return (fetch){ next, next ? next + p->depth * step : NULL, lines };
}

static void run_tile_of(const cz_product *p, const tile *t, size_t rows, fetch *next)
{
    bool fetching = next->at < next->end;
    if (p->half)
        run_tile_half(t, rows, fetching);
    else if (fetching)
        run_tile_fetching(t, rows, next->lines);
    else
        run_tile(t, rows, WIDE);
    if (fetching)
        next->at += t->depth * 64 * next->lines;
}

static void multiply_block(const cz_product *p, size_t top, size_t rows)
{
    alignas(64) float sums[CZ_BLOCK_ROWS * PANEL];
    bool whole = p->depth <= DEPTH;
    fetch next = fetch_next(p, rows);
    for (size_t k = 0; k < p->depth || !k; k += DEPTH) {
        size_t depth = p->depth - k < DEPTH ? p->depth - k : DEPTH;
        tile t = {
            .w = p->half ? (const void *)((const uint16_t *)p->panel + k * PANEL)
                         : (const void *)((const float *)p->panel + k * PANEL),
            .x_stride = p->x_stride,
            .w_stride = PANEL,
            .sums_stride = PANEL,
            .depth = depth,
            .first = k == 0,
        };
        for (size_t i = 0, tall; i < rows; i += tall) {
            tall = next_rows(rows - i, TALL3);
            t.x = p->x + (top + i) * p->x_stride + k;
            t.sums = sums + (whole ? 0 : i * PANEL);
            t.next = next.at;
            run_tile_of(p, &t, tall, &next);
            if (k + depth == p->depth)
                finish(&p->finish, t.sums, top + i, tall);
        }
    }
}

void CZ_OF_ISA(cz_multiply)(const cz_product *product)
{
    cz_product p = *product;
    for (size_t top = 0; top < p.rows; top += CZ_BLOCK_ROWS) {
        size_t left = p.rows - top;
        multiply_block(&p, top, left < CZ_BLOCK_ROWS ? left : CZ_BLOCK_ROWS);
        p.next = NULL;
    }
}

/* ---- packing ---- */

bool CZ_OF_ISA(cz_pack)(const char *const *row, size_t count, size_t depth, float *panel)
{
    vec zero = vec_set(0.0f), bad = zero, square[LANES];
    alignas(64) float lane[LANES];
    for (size_t j = 0; j < PANEL; j += LANES)
        for (size_t k = 0; k < depth; k += LANES) {
            size_t left = depth - k < LANES ? depth - k : LANES;
            for (size_t i = 0; i < LANES; i++) {
                const char *from = j + i < count ? row[j + i] + k * sizeof(float) : NULL;
                square[i] = from ? vec_load_first(from, left) : zero;
                bad = vec_fma(square[i], zero, bad); /* becomes NaN and stays so */
            }
            vec_transpose(square);
            for (size_t i = 0; i < left; i++)
                vec_store(panel + (k + i) * PANEL + j, square[i]);
        }
    vec_store(lane, bad);
    for (size_t i = 1; i < LANES; i++)
        lane[0] += lane[i];
    return lane[0] == 0.0f;
}

void CZ_OF_ISA(cz_widen)(const uint16_t *half, size_t count, float *to)
{
    for (size_t i = 0; i < count; i += LANES)
        vec_store(to + i, vec_load_bf16(half + i));
}

/* ---- outer products ---- */

void CZ_OF_ISA(cz_outer)(const cz_outer *o)
{
    alignas(64) float sums[CZ_BLOCK_ROWS * PANEL];
    for (size_t token = 0; token < o->tokens; token += TOKENS) {
        tile t = { .w = o->panel + token * PANEL,
                   .x_stride = CZ_STRIPE,
                   .w_stride = PANEL,
                   .sums_stride = PANEL,
                   .depth = o->tokens - token < TOKENS ? o->tokens - token : TOKENS,
                   .first = token == 0 };
        for (size_t r = 0; r < o->rows; r += TALL3) {
            t.x = o->stripes + r / CZ_STRIPE * o->stripe_step + token * CZ_STRIPE + r % CZ_STRIPE;
            t.sums = sums + r * PANEL;
            run_tile_down(&t, TALL3, WIDE);
        }
    }
    cz_finish f = {
        .out = o->out, .out_stride = o->out_stride, .columns = o->columns, .add = true
    };
    if (o->tokens)
        finish(&f, sums, 0, o->rows);
}
