/* chance.c - see chance.h. */
#include "chance.h"

static uint64_t mixed(uint64_t z)
{
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

uint64_t chance_bits(cli_chance *chance)
{
    return mixed(chance->state += 0x9e3779b97f4a7c15u);
}

cli_chance chance_of(uint64_t seed, uint64_t stream)
{
    return (cli_chance){ mixed(mixed(seed + 1) ^ stream * 0x9e3779b97f4a7c15u) };
}

/* Numbers above the last whole multiple of `count` are drawn anew. */
size_t chance_below(cli_chance *chance, size_t count)
{
    uint64_t most = UINT64_MAX - (UINT64_MAX % count + 1) % count, bits;
    do
        bits = chance_bits(chance);
    while (bits > most);
    return (size_t)(bits % count);
}

double chance_part(cli_chance *chance)
{
    return (double)(chance_bits(chance) >> 11) * 0x1p-53;
}

void chance_shuffle(cli_chance *chance, size_t *items, size_t count)
{
    for (size_t i = count; i > 1; i--) {
        size_t other = chance_below(chance, i), item = items[i - 1];
        items[i - 1] = items[other];
        items[other] = item;
    }
}
