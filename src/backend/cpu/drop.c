/*
 * drop.c - dropout of consecutive elements: the decisions of backend/dropout.h, 16 Philox blocks
 * (of four elements each) at a time in loops that the compiler turns into vectors. Compiled once
 * per instruction set.
 */
#include "isa.h"

#include <math.h>
#include <string.h>

enum { BLOCKS = 16, WORDS = 4, ROUNDS = 10 };

typedef struct counters {
    uint32_t word[WORDS][BLOCKS];
} counters;

/* High and low halves of factor * a. */
static void multiply(uint32_t factor, const uint32_t *restrict a, uint32_t *restrict high,
                     uint32_t *restrict low)
{
#pragma GCC unroll 1
    for (size_t i = 0; i < BLOCKS; i++) {
        uint64_t product = (uint64_t)factor * a[i];
        high[i] = (uint32_t)(product >> 32);
        low[i] = (uint32_t)product;
    }
}

static void turn(counters *c, uint32_t k0, uint32_t k1)
{
    uint32_t left[2][BLOCKS], right[2][BLOCKS];
    multiply(0xD2511F53u, c->word[0], left[0], left[1]);
    multiply(0xCD9E8D57u, c->word[2], right[0], right[1]);
#pragma GCC unroll 1
    for (size_t i = 0; i < BLOCKS; i++) {
        c->word[0][i] = right[0][i] ^ c->word[1][i] ^ k0;
        c->word[2][i] = left[0][i] ^ c->word[3][i] ^ k1;
    }
    memcpy(c->word[1], right[1], sizeof right[1]);
    memcpy(c->word[3], left[1], sizeof left[1]);
}

/* As cz_dropout_bits of base/random.h, for elements 4 * block on. */
static void bits_of(const cz_dropout_key *key, uint64_t sample, uint64_t block,
                    uint32_t bits[WORDS * BLOCKS])
{
    uint64_t who = sample | (uint64_t)key->site << 40;
    uint64_t mixed = key->seed ^ (key->step * 0x9E3779B97F4A7C15u);
    uint32_t k0 = (uint32_t)mixed, k1 = (uint32_t)(mixed >> 32);
    counters c;
    for (size_t i = 0; i < BLOCKS; i++) {
        c.word[0][i] = (uint32_t)(block + i);
        c.word[1][i] = (uint32_t)((block + i) >> 32);
        c.word[2][i] = (uint32_t)who;
        c.word[3][i] = (uint32_t)(who >> 32);
    }
    for (int round = 0; round < ROUNDS; round++) {
        turn(&c, k0, k1);
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    for (size_t i = 0; i < BLOCKS; i++)
        for (size_t w = 0; w < WORDS; w++)
            bits[i * WORDS + w] = c.word[w][i];
}

/* x[i] is element first + i of the sample. */
void CZ_OF_ISA(cz_drop)(const cz_dropout *dropout, uint64_t sample, uint64_t first, size_t count,
                        float *x)
{
    double p = (double)dropout->p;
    float keep = (float)(1 / (1 - p));
    uint32_t bits[WORDS * BLOCKS], limit = p < 1 ? (uint32_t)ceil(p * 4294967296.0) : 0;
    for (size_t i = 0; i < count;) {
        size_t skip = (size_t)((first + i) % WORDS), some = WORDS * BLOCKS - skip;
        some = some < count - i ? some : count - i;
        bits_of(&dropout->key, sample, (first + i) / WORDS, bits);
        for (size_t j = 0; j < some; j++)
            x[i + j] *= bits[skip + j] < limit || p >= 1 ? 0.0f : keep;
        i += some;
    }
}
