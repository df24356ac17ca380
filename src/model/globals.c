/*
 * globals.c - which tokens of a batch see everything although its layers look near: those that the
 * head which reads the batch turns on.
 */
#include "model/family.h"
#include "model/network.h"

bool cz_head_has_globals(const cz_network *network, cz_head_kind kind)
{
    return network->head[kind].out.weight.out && network->config.family->head[kind].globals;
}

/* Places first .. last of a sequence; the whole is never more than its length. */
typedef struct span {
    size_t first, last;
} span;

static span span_of(cz_global_rule rule, uint32_t separator, const uint32_t *ids, size_t length)
{
    size_t asked = 0;
    if (rule == CZ_GLOBALS_FIRST)
        return (span){ 0, length ? 1 : 0 };
    while (asked < length && ids[asked] != separator)
        asked++;
    if (asked == length)
        return (span){ 0, 0 }; /* there are no two texts */
    if (rule == CZ_GLOBALS_ASKED)
        return (span){ 0, asked };
    return (span){ asked + 2 < length ? asked + 2 : length, length };
}

cz_globals cz_head_globals(const cz_network *network, cz_head_kind kind, const cz_batch *batch,
                           size_t *row, size_t *begin, size_t *length)
{
    const cz_packing *packing = &batch->packing;
    cz_global_rule rule = network->config.family->head[kind].globals;
    size_t count = 0, longest = 0;
    for (size_t s = 0; s < packing->count; s++) {
        const uint32_t *ids = batch->ids + packing->begin[s];
        span own = { 0, 0 };
        if (rule)
            own = span_of(rule, network->config.separator, ids, packing->length[s]);
        begin[s] = count;
        length[s] = own.last - own.first;
        longest = length[s] > longest ? length[s] : longest;
        for (size_t i = own.first; i < own.last; i++)
            row[count++] = packing->begin[s] + i;
    }
    return (cz_globals){ { packing->count, begin, length, longest }, row, count };
}
