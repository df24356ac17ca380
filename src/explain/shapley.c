/*
 * shapley.c - Shapley's values: the mean, over all orders in which units may come, of what each adds
 * when it comes. Few units: every set once. Many: drawn orders, each with its reverse.
 */
#include "explain/coalitions.h"

#include "base/draw.h"
#include "base/error.h"

#include <string.h>

enum { EXACT_UNITS = 12, PAIRS = 50 };

/* ---- every set ---- */

static void set_of_number(void *context, size_t number, uint8_t *present)
{
    const cloze_explainer *e = context;
    for (size_t u = 0; u < e->unit_count; u++)
        present[u] = number >> u & 1;
}

/* The share of orders in which exactly a given set of `before` units comes before a given unit. */
static double share_of_orders(size_t units, size_t before)
{
    double share = 1 / (double)units;
    for (size_t i = 0; i < before; i++)
        share *= (double)(i + 1) / (double)(units - 1 - i);
    return share;
}

static cloze_status exact(cloze_explainer *e, cloze_absence absence, cz_attribution *out,
                          cloze_error *error)
{
    size_t units = e->unit_count, last = ((size_t)1 << units) - 1;
    double *values = cz_allocate(&e->hooks.allocator, last + 1, sizeof *values);
    if (!values)
        return cz_fail_memory(error, "values of sets", (last + 1) * sizeof *values);
    e->runs_total = last;
    cloze_status status = cz_values_of_masks(e, last, set_of_number, e, absence, values, error);
    values[last] = e->value;
    out->report.nothing = values[0];
    out->report.gap = e->value - values[0];
    for (size_t u = 0; u < units && !status; u++) {
        size_t unit = (size_t)1 << u;
        double sum = 0;
        for (size_t set = 0; set <= last; set++)
            if (!(set & unit))
                sum += share_of_orders(units, (size_t)__builtin_popcountll(set)) *
                       (values[set | unit] - values[set]);
        out->units[u] = sum;
        out->spread[u] = 0;
        out->report.gap -= sum;
    }
    cz_release(&e->hooks.allocator, values);
    return status;
}

/* ---- drawn orders ---- */

typedef struct walk {
    cz_coalitions sets;
    uint64_t seed;
    size_t *order;    /* [units] */
    uint64_t *so_far; /* a set */
    double *adds;     /* [units] what each adds, both ways together */
    bool asked;       /* sets have their values */
} walk;

/* One way through the order. The first time the sets on it are gathered, the second time they are known. */
static cloze_status go(walk *w, bool backwards, cloze_error *error)
{
    size_t units = w->sets.units, before = CZ_NOTHING;
    memset(w->so_far, 0, w->sets.words * sizeof *w->so_far);
    for (size_t i = 0; i < units; i++) {
        size_t unit = w->order[backwards ? units - 1 - i : i], now;
        cz_set_flip(w->so_far, unit);
        cloze_status status = cz_coalitions_add(&w->sets, w->so_far, &now, error);
        if (status)
            return status;
        if (w->asked)
            w->adds[unit] += w->sets.values[now] - w->sets.values[before];
        before = now;
    }
    return CLOZE_OK;
}

static cloze_status go_both_ways(walk *w, size_t pair, cloze_error *error)
{
    const cz_draw draw = { w->seed, CZ_DRAW_UNITS, (uint32_t)pair };
    for (size_t u = 0; u < w->sets.units; u++) {
        w->order[u] = u;
        w->adds[u] = 0;
    }
    cz_draw_order(&draw, w->order, w->sets.units);
    cloze_status status = go(w, false, error);
    return status ? status : go(w, true, error);
}

/* Mean and squared deviations of pairs grow together (Welford 1962). */
static void take(const walk *w, size_t pair, cz_attribution *out)
{
    for (size_t u = 0; u < w->sets.units; u++) {
        double adds = w->adds[u] / 2, change = adds - out->units[u];
        out->units[u] += change / (double)(pair + 1);
        out->spread[u] += change * (adds - out->units[u]);
    }
}

static cloze_status sample(walk *w, size_t pairs, cloze_absence absence, cz_attribution *out,
                           cloze_error *error)
{
    cloze_status status = CLOZE_OK;
    for (size_t pair = 0; pair < pairs && !status; pair++)
        status = go_both_ways(w, pair, error);
    w->sets.explainer->runs_total = w->sets.count - w->sets.asked;
    if (!status)
        status = cz_coalitions_ask(&w->sets, absence, error);
    w->asked = true;
    for (size_t u = 0; u < w->sets.units; u++)
        out->units[u] = out->spread[u] = 0;
    for (size_t pair = 0; pair < pairs && !status; pair++) {
        status = go_both_ways(w, pair, error);
        take(w, pair, out);
    }
    for (size_t u = 0; u < w->sets.units; u++)
        out->spread[u] = cz_interval(out->spread[u], pairs);
    out->report.samples = pairs;
    out->report.exact = false;
    if (!status)
        cz_coalitions_report(&w->sets, out);
    return status;
}

cloze_status cz_shapley(cloze_explainer *e, const cloze_attribution_options *options,
                        cz_attribution *out, cloze_error *error)
{
    const cloze_allocator *allocator = &e->hooks.allocator;
    size_t pairs = options->samples ? options->samples : PAIRS;
    if (!options->samples && e->unit_count <= EXACT_UNITS)
        return exact(e, options->absence, out, error);
    if (pairs > UINT32_MAX)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "%zu pairs of orders: at most %zu", pairs,
                       (size_t)UINT32_MAX);
    walk w = { .seed = options->seed };
    cloze_status status = cz_coalitions_begin(&w.sets, e, error);
    w.order = cz_allocate(allocator, e->unit_count, sizeof *w.order);
    w.adds = cz_allocate(allocator, e->unit_count, sizeof *w.adds);
    w.so_far = cz_set_new(&w.sets);
    if (!status && (!w.order || !w.adds || !w.so_far))
        status = cz_fail_memory(error, "an order of units", e->unit_count * sizeof *w.order);
    if (!status)
        status = sample(&w, pairs, options->absence, out, error);
    cz_release(allocator, w.order);
    cz_release(allocator, w.adds);
    cz_release(allocator, w.so_far);
    cz_coalitions_clear(&w.sets);
    return status;
}
