/* random.c - see random.h. */
#include "base/random.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

cz_philox cz_philox_at(const uint32_t counter[4], const uint32_t key[2])
{
    uint32_t a = counter[0], b = counter[1], c = counter[2], d = counter[3];
    uint32_t k0 = key[0], k1 = key[1];
    for (int round = 0; round < 10; round++) {
        uint64_t left = (uint64_t)0xD2511F53u * a, right = (uint64_t)0xCD9E8D57u * c;
        uint32_t next_a = (uint32_t)(right >> 32) ^ b ^ k0,
                 next_c = (uint32_t)(left >> 32) ^ d ^ k1;
        b = (uint32_t)right;
        d = (uint32_t)left;
        a = next_a;
        c = next_c;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    return (cz_philox){ { a, b, c, d } };
}

/* Four neighbours share one Philox block. The step is folded into the key, the site into the
 * sample's upper half: samples are below 2^40, sites below 2^24. */
uint32_t cz_dropout_bits(const cz_dropout_key *key, uint64_t sample, uint64_t element)
{
    uint64_t block = element >> 2, who = sample | (uint64_t)key->site << 40;
    uint64_t mixed = key->seed ^ (key->step * 0x9E3779B97F4A7C15u);
    uint32_t counter[4] = { (uint32_t)block, (uint32_t)(block >> 32), (uint32_t)who,
                            (uint32_t)(who >> 32) };
    uint32_t philox_key[2] = { (uint32_t)mixed, (uint32_t)(mixed >> 32) };
    return cz_philox_at(counter, philox_key).word[element & 3];
}

uint64_t cz_system_seed(void)
{
    uint64_t seed = 0;
    FILE *source = fopen("/dev/urandom", "rbe");
    bool read = source && fread(&seed, sizeof seed, 1, source) == 1;
    if (source)
        fclose(source);
    if (!read) {
        struct timespec now;
        clock_gettime(CLOCK_REALTIME, &now);
        seed = (uint64_t)now.tv_nsec * 0x9E3779B97F4A7C15u ^ (uint64_t)now.tv_sec ^
               (uint64_t)getpid() << 32;
    }
    return seed;
}
