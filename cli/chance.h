/* chance.h - random numbers of a seed: the same on every machine (SplitMix64, Steele et al. 2014). */
#ifndef CLI_CHANCE_H
#define CLI_CHANCE_H

#include <stddef.h>
#include <stdint.h>

typedef struct cli_chance {
    uint64_t state;
} cli_chance;

/* A stream of its own for each `stream` of a seed. */
cli_chance chance_of(uint64_t seed, uint64_t stream);
uint64_t chance_bits(cli_chance *chance);
/* From 0 to count - 1, each as likely; count > 0. */
size_t chance_below(cli_chance *chance, size_t count);
/* From 0 to 1, without 1. */
double chance_part(cli_chance *chance);
void chance_shuffle(cli_chance *chance, size_t *items, size_t count);

#endif
