/*
 * base/random.h - counter-based random numbers: Philox4x32-10 (Salmon et al., SC 2011; the same
 * bits as Random123 and NumPy's Philox4x32 would give for that key and counter).
 */
#ifndef CZ_BASE_RANDOM_H
#define CZ_BASE_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

typedef struct cz_philox {
    uint32_t word[4];
} cz_philox;

cz_philox cz_philox_at(const uint32_t counter[4], const uint32_t key[2]);

/* Names one dropout mask: what is dropped is a function of these and the element's number alone. */
typedef struct cz_dropout_key {
    uint64_t seed, step;
    uint32_t site; /* layer and operation, fixed by the model */
} cz_dropout_key;

/* 32 random bits for element `element` of sample `sample`. */
uint32_t cz_dropout_bits(const cz_dropout_key *key, uint64_t sample, uint64_t element);

/* A number that changes from process to process, for seeding hashes; never for results. */
uint64_t cz_system_seed(void);

#endif
