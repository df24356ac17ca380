/* coalitions.c - see coalitions.h. */
#include "explain/coalitions.h"

#include "base/error.h"

#include <string.h>

static uint64_t hash_of(const uint64_t *set, size_t words)
{
    uint64_t hash = 0;
    for (size_t i = 0; i < words; i++) {
        hash = (hash ^ set[i]) * UINT64_C(0x9e3779b97f4a7c15);
        hash ^= hash >> 32;
    }
    return hash;
}

static size_t slot_of(const cz_coalitions *c, const uint64_t *set)
{
    size_t at = (size_t)hash_of(set, c->words) & (c->slot_count - 1);
    while (c->slots[at] &&
           memcmp(cz_coalition(c, c->slots[at] - 1), set, c->words * sizeof *set) != 0)
        at = (at + 1) & (c->slot_count - 1);
    return at;
}

static bool more_slots(cz_coalitions *c)
{
    const cloze_allocator *allocator = &c->explainer->hooks.allocator;
    size_t slot_count = c->slot_count ? 2 * c->slot_count : 256;
    uint32_t *slots = cz_allocate_zero(allocator, slot_count, sizeof *slots);
    if (!slots)
        return false;
    cz_release(allocator, c->slots);
    c->slots = slots;
    c->slot_count = slot_count;
    for (size_t i = 0; i < c->count; i++)
        slots[slot_of(c, cz_coalition(c, i))] = (uint32_t)(i + 1);
    return true;
}

static bool make_room(cz_coalitions *c)
{
    const cloze_allocator *allocator = &c->explainer->hooks.allocator;
    size_t bits;
    return c->count < UINT32_MAX - 1 && cz_multiply(c->count + 1, c->words, &bits) &&
           cz_grow(allocator, (void **)&c->bits, &c->bits_capacity, bits, sizeof *c->bits) &&
           cz_grow(allocator, (void **)&c->values, &c->values_capacity, c->count + 1,
                   sizeof *c->values) &&
           cz_grow(allocator, (void **)&c->weights, &c->weights_capacity, c->count + 1,
                   sizeof *c->weights) &&
           (2 * (c->count + 1) <= c->slot_count || more_slots(c));
}

cloze_status cz_coalitions_add(cz_coalitions *c, const uint64_t *set, size_t *number,
                               cloze_error *error)
{
    if (!make_room(c))
        return cz_fail_memory(error, "sets of units", (c->count + 1) * c->words * sizeof *set);
    size_t slot = slot_of(c, set);
    if (!c->slots[slot]) {
        memcpy(c->bits + c->count * c->words, set, c->words * sizeof *set);
        c->weights[c->count] = 0;
        c->slots[slot] = (uint32_t)++c->count;
    }
    *number = c->slots[slot] - 1;
    return CLOZE_OK;
}

cloze_status cz_coalitions_begin(cz_coalitions *c, cloze_explainer *explainer, cloze_error *error)
{
    *c = (cz_coalitions){ .explainer = explainer,
                          .units = explainer->unit_count,
                          .words = (explainer->unit_count + 63) / 64 };
    uint64_t *nothing = cz_set_new(c), *everything = cz_set_new(c);
    size_t number;
    cloze_status status = CLOZE_OK;
    if (!nothing || !everything)
        status = cz_fail_memory(error, "sets of units", c->words * sizeof *nothing);
    if (!status) {
        cz_set_rest(c, nothing, everything);
        status = cz_coalitions_add(c, everything, &number, error);
    }
    if (!status)
        status = cz_coalitions_add(c, nothing, &number, error);
    if (!status) {
        c->values[CZ_EVERYTHING] = explainer->value;
        c->asked = 1;
    }
    cz_release(&explainer->hooks.allocator, nothing);
    cz_release(&explainer->hooks.allocator, everything);
    return status;
}

void cz_coalitions_clear(cz_coalitions *c)
{
    const cloze_allocator *allocator = &c->explainer->hooks.allocator;
    cz_release(allocator, c->bits);
    cz_release(allocator, c->values);
    cz_release(allocator, c->weights);
    cz_release(allocator, c->slots);
}

void cz_coalitions_show(void *context, size_t number, uint8_t *present)
{
    const cz_coalitions *c = context;
    const uint64_t *set = cz_coalition(c, c->asked + number);
    for (size_t u = 0; u < c->units; u++)
        present[u] = cz_set_has(set, u);
}

cloze_status cz_coalitions_ask(cz_coalitions *c, cloze_absence absence, cloze_error *error)
{
    cloze_status status = cz_values_of_masks(c->explainer, c->count - c->asked, cz_coalitions_show,
                                             c, absence, c->values + c->asked, error);
    if (!status)
        c->asked = c->count;
    return status;
}

uint64_t *cz_set_new(const cz_coalitions *c)
{
    return cz_allocate_zero(&c->explainer->hooks.allocator, c->words, sizeof(uint64_t));
}

void cz_set_rest(const cz_coalitions *c, const uint64_t *from, uint64_t *to)
{
    size_t last = c->units % 64;
    for (size_t i = 0; i < c->words; i++)
        to[i] = ~from[i];
    if (last)
        to[c->words - 1] &= (UINT64_C(1) << last) - 1;
}

double cz_set_sum(const uint64_t *set, const double *numbers, size_t units)
{
    double sum = 0;
    for (size_t u = 0; u < units; u++)
        if (cz_set_has(set, u))
            sum += numbers[u];
    return sum;
}

size_t cz_set_size(const cz_coalitions *c, const uint64_t *set)
{
    size_t size = 0;
    for (size_t i = 0; i < c->words; i++)
        size += (size_t)__builtin_popcountll(set[i]);
    return size;
}

void cz_coalitions_report(const cz_coalitions *c, cz_attribution *out)
{
    double sum = 0;
    for (size_t u = 0; u < c->units; u++)
        sum += out->units[u];
    out->report.nothing = c->values[CZ_NOTHING];
    out->report.gap = out->report.value - out->report.nothing - sum;
}
