/*
 * kernel_sets.c - as shap's KernelExplainer chooses them: sizes are taken in pairs (few units, and all
 * but few) as long as all sets of a pair fit into what is left of the samples, since these weigh most;
 * the rest is drawn, each set with its complement, and what comes again counts again.
 */
#include "explain/kernel_sets.h"

#include "base/draw.h"
#include "base/error.h"

#include <math.h>
#include <string.h>

typedef struct choosing {
    cz_kernel_sets *kernel;
    size_t left;         /* samples */
    size_t sizes;        /* 1 to sizes; larger ones are complements */
    size_t complete;     /* sizes of which all sets are taken */
    double *size_weight; /* [sizes] of size s at s - 1; they sum to 1 */
    uint64_t *set, *rest;
    size_t *order; /* [units] */
} choosing;

static void weigh_sizes(choosing *c)
{
    double units = (double)c->kernel->sets.units, sum = 0;
    for (size_t s = 1; s <= c->sizes; s++) {
        double weight = (units - 1) / ((double)s * (units - (double)s));
        c->size_weight[s - 1] = s <= c->kernel->paired_sizes ? 2 * weight : weight;
        sum += c->size_weight[s - 1];
    }
    for (size_t s = 0; s < c->sizes; s++)
        c->size_weight[s] /= sum;
}

static double sets_of_size(size_t units, size_t size)
{
    double sets = 1;
    for (size_t i = 0; i < size; i++)
        sets *= (double)(units - i) / (double)(i + 1);
    return round(sets);
}

static bool has_complement(const choosing *c, size_t size)
{
    return size <= c->kernel->paired_sizes;
}

/* Adds `set`; if it was there already, its weight grows. */
static cloze_status weigh_in(choosing *c, const uint64_t *set, double weight, bool *is_new,
                             cloze_error *error)
{
    cz_coalitions *sets = &c->kernel->sets;
    size_t before = sets->count, number;
    cloze_status status = cz_coalitions_add(sets, set, &number, error);
    if (status)
        return status;
    sets->weights[number] += weight;
    *is_new = sets->count > before;
    c->left -= *is_new;
    return CLOZE_OK;
}

/* ---- all sets of a size ---- */

static bool next_combination(size_t *chosen, size_t size, size_t units)
{
    size_t i = size;
    while (i && chosen[i - 1] == units - size + i - 1)
        i--;
    if (!i)
        return false;
    chosen[i - 1]++;
    for (size_t k = i; k < size; k++)
        chosen[k] = chosen[k - 1] + 1;
    return true;
}

static cloze_status take_all_of(choosing *c, size_t size, double weight, cloze_error *error)
{
    size_t units = c->kernel->sets.units;
    cloze_status status = CLOZE_OK;
    bool is_new;
    for (size_t i = 0; i < size; i++)
        c->order[i] = i;
    do {
        memset(c->set, 0, c->kernel->sets.words * sizeof *c->set);
        for (size_t i = 0; i < size; i++)
            cz_set_flip(c->set, c->order[i]);
        status = weigh_in(c, c->set, weight, &is_new, error);
        cz_set_rest(&c->kernel->sets, c->set, c->rest);
        if (!status && has_complement(c, size))
            status = weigh_in(c, c->rest, weight, &is_new, error);
    } while (!status && next_combination(c->order, size, units));
    return status;
}

static cloze_status take_complete_sizes(choosing *c, cloze_error *error)
{
    size_t units = c->kernel->sets.units;
    double share_left = 1;
    for (size_t size = 1; size <= c->sizes; size++) {
        double weight = c->size_weight[size - 1];
        double sets = sets_of_size(units, size) * (has_complement(c, size) ? 2 : 1);
        if ((double)c->left * weight / share_left / sets < 1 - 1e-8)
            break;
        cloze_status status = take_all_of(c, size, weight / sets, error);
        if (status)
            return status;
        share_left -= weight;
        c->complete = size;
    }
    return CLOZE_OK;
}

/* ---- drawn sets ---- */

/* Of a pair both sets come at once, so its size is drawn half as often. */
static size_t draw_size(const choosing *c, const cz_draw *draw)
{
    double all = 0, sum = 0;
    for (size_t s = c->complete + 1; s <= c->sizes; s++)
        all += c->size_weight[s - 1] / (has_complement(c, s) ? 2 : 1);
    double at = cz_draw_unit(draw, 0, 1) * all;
    for (size_t s = c->complete + 1; s < c->sizes; s++) {
        sum += c->size_weight[s - 1] / (has_complement(c, s) ? 2 : 1);
        if (at < sum)
            return s;
    }
    return c->sizes;
}

static cloze_status draw_one(choosing *c, const cz_draw *draw, cloze_error *error)
{
    cz_coalitions *sets = &c->kernel->sets;
    size_t size = draw_size(c, draw), number;
    bool is_new;
    for (size_t u = 0; u < sets->units; u++)
        c->order[u] = u;
    cz_draw_order(draw, c->order, sets->units);
    memset(c->set, 0, sets->words * sizeof *c->set);
    for (size_t i = 0; i < size; i++)
        cz_set_flip(c->set, c->order[i]);
    cloze_status status = weigh_in(c, c->set, 1, &is_new, error);
    if (status || !c->left || !has_complement(c, size))
        return status;
    if (is_new) {
        cz_set_rest(sets, c->set, c->rest);
        return weigh_in(c, c->rest, 1, &is_new, error);
    }
    /* It was drawn before, and its complement came right after it. */
    status = cz_coalitions_add(sets, c->set, &number, error);
    sets->weights[number + 1] += 1;
    return status;
}

static cloze_status draw_rest(choosing *c, uint64_t seed, cloze_error *error)
{
    cz_coalitions *sets = &c->kernel->sets;
    double weight_left = 0, drawn = 0;
    size_t most = 4 * c->left;
    cloze_status status = CLOZE_OK;
    for (size_t i = 0; i < most && c->left && !status; i++) {
        const cz_draw draw = { seed, CZ_DRAW_UNITS, (uint32_t)i };
        status = draw_one(c, &draw, error);
    }
    for (size_t s = c->complete; s < c->sizes; s++)
        weight_left += c->size_weight[s];
    for (size_t i = c->kernel->first_drawn; i < sets->count; i++)
        drawn += sets->weights[i];
    c->kernel->draw = weight_left / drawn;
    for (size_t i = c->kernel->first_drawn; i < sets->count; i++)
        sets->weights[i] *= c->kernel->draw;
    return status;
}

static cloze_status choose(choosing *c, uint64_t seed, cloze_error *error)
{
    weigh_sizes(c);
    cloze_status status = take_complete_sizes(c, error);
    c->kernel->first_drawn = c->kernel->sets.count;
    c->kernel->complete = c->complete == c->sizes;
    if (!status && c->complete < c->sizes && c->left)
        status = draw_rest(c, seed, error);
    return status;
}

cloze_status cz_kernel_sets_make(cz_kernel_sets *kernel, cloze_explainer *e, size_t samples,
                                 uint64_t seed, cloze_error *error)
{
    const cloze_allocator *allocator = &e->hooks.allocator;
    size_t units = e->unit_count;
    choosing c = { .kernel = kernel, .left = samples, .sizes = units / 2 };
    *kernel = (cz_kernel_sets){ .paired_sizes = (units - 1) / 2 };
    cloze_status status = cz_coalitions_begin(&kernel->sets, e, error);
    if (status)
        return status;
    if (units <= 30 && c.left > ((size_t)1 << units) - 2)
        c.left = ((size_t)1 << units) - 2;
    c.size_weight = cz_allocate(allocator, c.sizes, sizeof *c.size_weight);
    c.order = cz_allocate(allocator, units, sizeof *c.order);
    c.set = cz_set_new(&kernel->sets);
    c.rest = cz_set_new(&kernel->sets);
    if (c.size_weight && c.order && c.set && c.rest)
        status = choose(&c, seed, error);
    else
        status = cz_fail_memory(error, "sets of units", units * sizeof *c.order);
    cz_release(allocator, c.size_weight);
    cz_release(allocator, c.order);
    cz_release(allocator, c.set);
    cz_release(allocator, c.rest);
    return status;
}
