/*
 * base/draw.h - random numbers that are functions of what they are for: nothing depends on how many
 * were drawn before, so a resumed run draws the same.
 */
#ifndef CZ_BASE_DRAW_H
#define CZ_BASE_DRAW_H

#include <stddef.h>
#include <stdint.h>

typedef enum cz_draw_purpose {
    CZ_DRAW_ORDER = 1,  /* of an epoch's items */
    CZ_DRAW_SAMPLE,     /* which items of a rare label come once more */
    CZ_DRAW_MASK,       /* which tokens are masked */
    CZ_DRAW_TOKEN,      /* what stands in their place */
    CZ_DRAW_LENGTH,     /* how long a sequence of a corpus shall be */
    CZ_DRAW_PART,       /* which documents are held out */
    CZ_DRAW_NEXT,       /* which text follows another */
    CZ_DRAW_REPLACE,    /* what a generator says */
    CZ_DRAW_NOISE,      /* of embeddings */
    CZ_DRAW_UNITS,      /* which units of a text are absent */
    CZ_DRAW_ATTRIBUTION, /* numbers without a reason */
    CZ_DRAW_RESAMPLE,    /* what a bootstrap takes */
    CZ_DRAW_HALF,        /* which half of the units is absent */
    CZ_DRAW_CONTROL,     /* labels without a reason, for things that have one */
    CZ_DRAW_CHANGE       /* how a text is changed */
} cz_draw_purpose;

typedef struct cz_draw {
    uint64_t seed;
    cz_draw_purpose purpose;
    uint32_t epoch;
} cz_draw;

/* 64 random bits for element `element` of thing `thing`. */
uint64_t cz_draw_bits(const cz_draw *draw, uint64_t thing, uint32_t element);
/* From 0 to 1, without 1. */
double cz_draw_unit(const cz_draw *draw, uint64_t thing, uint32_t element);
/* From a normal distribution with deviation 1 (Box and Muller). */
double cz_draw_normal(const cz_draw *draw, uint64_t thing, uint32_t element);
/* One of `count` numbers. */
size_t cz_draw_below(const cz_draw *draw, uint64_t thing, uint32_t element, size_t count);
/* Puts `count` items into an order of this draw (Fisher and Yates). */
void cz_draw_order(const cz_draw *draw, size_t *items, size_t count);

#endif
