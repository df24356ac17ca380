/*
 * drop.c - dropout of consecutive elements: the decisions of backend/dropout.h, by as many blocks of
 * Philox (four elements each) as a vector has lanes. Compiled once per instruction set.
 */
#include "isa.h"

#include CZ_SIMD

#include <math.h>

enum { WORDS = 4, ROUNDS = 10, GROUP = WORDS * LANES };

/* Which block of a group is in each lane, such that dealt words are in order. */
#define PLACE(i) LANES / WORDS *((i) % WORDS) + (i) / WORDS
static const uint32_t place[] = { PLACE(0),  PLACE(1),  PLACE(2),  PLACE(3), PLACE(4),  PLACE(5),
                                  PLACE(6),  PLACE(7),  PLACE(8),  PLACE(9), PLACE(10), PLACE(11),
                                  PLACE(12), PLACE(13), PLACE(14), PLACE(15) };
#undef PLACE

/* What is the same for all elements of a sample; as cz_dropout_bits of base/random.h. */
typedef struct stream {
    uint32_t key[2], who[2];
} stream;

static stream stream_of(const cz_dropout_key *key, uint64_t sample)
{
    uint64_t who = sample | (uint64_t)key->site << 40;
    uint64_t mixed = key->seed ^ (key->step * 0x9E3779B97F4A7C15u);
    return (stream){ { (uint32_t)mixed, (uint32_t)(mixed >> 32) },
                     { (uint32_t)who, (uint32_t)(who >> 32) } };
}

/* The numbers of the blocks from `block` on, low and high halves. */
INLINE void count_blocks(uint64_t block, bits word[WORDS])
{
    uint32_t high[LANES];
    word[0] = bits_add(bits_load(place), bits_set((uint32_t)block));
    word[1] = bits_set((uint32_t)(block >> 32));
    if ((uint32_t)block <= UINT32_MAX - LANES)
        return;
    for (size_t i = 0; i < LANES; i++)
        high[i] = (uint32_t)((block + place[i]) >> 32);
    word[1] = bits_load(high);
}

/* Factors of the elements of LANES blocks from `block` on. */
INLINE void factors_of(const stream *s, uint64_t block, bits limit, vec keep, vec factor[WORDS])
{
    bits word[WORDS];
    uint32_t key0 = s->key[0], key1 = s->key[1];
    count_blocks(block, word);
    word[2] = bits_set(s->who[0]);
    word[3] = bits_set(s->who[1]);
#pragma GCC unroll 10
    for (int round = 0; round < ROUNDS; round++) {
        bits high0, high2;
        bits low0 = bits_multiply(word[0], 0xD2511F53u, &high0);
        bits low2 = bits_multiply(word[2], 0xCD9E8D57u, &high2);
        word[0] = bits_xor(bits_xor(high2, word[1]), bits_set(key0));
        word[2] = bits_xor(bits_xor(high0, word[3]), bits_set(key1));
        word[1] = low2;
        word[3] = low0;
        key0 += 0x9E3779B9u;
        key1 += 0xBB67AE85u;
    }
    bits_deal(word);
#pragma GCC unroll 4
    for (int w = 0; w < WORDS; w++)
        factor[w] = vec_from(word[w], limit, keep);
}

/* x[i] is element first + i of the sample. */
void CZ_OF_ISA(cz_drop)(const cz_dropout *dropout, uint64_t sample, uint64_t first, size_t count,
                        float *x)
{
    double p = (double)dropout->p;
    bits limit = bits_set(p < 1 ? (uint32_t)ceil(p * 4294967296.0) : 0);
    vec keep = vec_set(p < 1 ? (float)(1 / (1 - p)) : 0.0f);
    stream s = stream_of(&dropout->key, sample);
    for (size_t i = 0; i < count;) {
        size_t skip = (size_t)((first + i) % WORDS), some = GROUP - skip;
        vec factor[WORDS];
        some = some < count - i ? some : count - i;
        factors_of(&s, (first + i) / WORDS, limit, keep, factor);
        if (some == GROUP) {
#pragma GCC unroll 4
            for (size_t w = 0; w < WORDS; w++)
                vec_store(x + i + w * LANES, vec_mul(vec_load(x + i + w * LANES), factor[w]));
        } else {
            float each[GROUP];
            for (size_t w = 0; w < WORDS; w++)
                vec_store(each + w * LANES, factor[w]);
            for (size_t j = 0; j < some; j++)
                x[i + j] *= each[skip + j];
        }
        i += some;
    }
}
