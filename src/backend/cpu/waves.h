/*
 * waves.h - the tables of a Fourier transform of some length: its radices, the powers of its root
 * of unity, and for lengths with a large prime factor the chirp of a convolution (Bluestein). Made
 * in double from polynomials of our own, cheap enough to be made at every use, so nothing is kept.
 */
#ifndef CZ_CPU_WAVES_H
#define CZ_CPU_WAVES_H

#include <stdbool.h>
#include <stddef.h>

/* A prime factor above CZ_RADIX_MOST makes a convolution; fewer radices than CZ_RADICES reach any
 * length. */
enum { CZ_RADIX_MOST = 61, CZ_RADICES = 64 };

typedef struct cz_waves {
    size_t length; /* of what is transformed */
    size_t points; /* of the transform that runs: length, or more for a convolution */
    size_t radix[CZ_RADICES];
    int radices;
    float *root;   /* [points][2] exp(-2 pi i j / points) */
    float *chirp;  /* [length][2] exp(-pi i j^2 / length); NULL: no convolution */
    float *filter; /* [points][2] transform of the chirp's conjugate / points; the kernel fills it */
} cz_waves;

/* Floats that the tables of any length up to `longest` need. */
size_t cz_waves_size(size_t longest);
/* The points of the transform of the worst length up to `longest`. */
size_t cz_waves_points(size_t longest);
/* `memory` holds cz_waves_size(length) floats; length > 0. */
void cz_waves_make(cz_waves *waves, size_t length, float *memory);

#endif
