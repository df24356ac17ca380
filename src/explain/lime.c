/*
 * lime.c - a linear model of F near the input: many random subsets of its units, those near the whole
 * weigh more, a ridge regression over all units (lime's LimeTextExplainer with bow=False and
 * LimeBase with feature_selection="none").
 */
#include "explain/least_squares.h"

#include "base/draw.h"
#include "base/error.h"

#include <math.h>
#include <string.h>

enum { SAMPLES = 5000 };
static const double kernel_width = 25, ridge = 1;

typedef struct lime {
    cz_coalitions sets; /* their weights: how often each was drawn, then times that of the kernel */
    cz_fit_sums sums;
    double *slope; /* [units] */
    double *turn;  /* [units] how a sample turns the slopes */
    double intercept;
} lime;

/* The first sample is the input; each other lacks 1 to all units, every number equally often. */
static cloze_status draw_sets(lime *l, size_t samples, uint64_t seed, cloze_error *error)
{
    const cloze_allocator *allocator = &l->sets.explainer->hooks.allocator;
    size_t units = l->sets.units, number = CZ_EVERYTHING;
    size_t *order = cz_allocate(allocator, units, sizeof *order);
    uint64_t *set = cz_set_new(&l->sets);
    cloze_status status =
        order && set ? CLOZE_OK : cz_fail_memory(error, "samples", units * sizeof *order);
    l->sets.weights[CZ_EVERYTHING] = 1;
    for (size_t i = 1; i < samples && !status; i++) {
        const cz_draw draw = { seed, CZ_DRAW_UNITS, (uint32_t)i };
        size_t absent = 1 + cz_draw_below(&draw, 0, 1, units);
        for (size_t u = 0; u < units; u++)
            order[u] = u;
        cz_draw_order(&draw, order, units);
        memcpy(set, cz_coalition(&l->sets, CZ_EVERYTHING), l->sets.words * sizeof *set);
        for (size_t u = 0; u < absent; u++)
            cz_set_flip(set, order[u]);
        if (!(status = cz_coalitions_add(&l->sets, set, &number, error)))
            l->sets.weights[number] += 1;
    }
    cz_release(allocator, order);
    cz_release(allocator, set);
    return status;
}

/* Near: the cosine to the whole input, as a distance of 0 to 100. */
static double kernel(const lime *l, size_t number)
{
    size_t present = cz_set_size(&l->sets, cz_coalition(&l->sets, number));
    double distance = 100 * (1 - sqrt((double)present / (double)l->sets.units));
    return sqrt(exp(-distance * distance / (kernel_width * kernel_width)));
}

static double rest_of(const lime *l, size_t number)
{
    return l->sets.values[number] - l->intercept -
           cz_set_sum(cz_coalition(&l->sets, number), l->slope, l->sets.units);
}

/* Ridge regression whose intercept is free: around the weighted means. */
static cloze_status fit(lime *l, cloze_error *error)
{
    cz_fit_sums *s = &l->sums;
    cloze_status status = cz_fit_sums_take(s, &l->sets, 0, error);
    if (status)
        return status;
    for (size_t i = 0; i < s->units; i++) {
        for (size_t k = 0; k <= i; k++)
            s->wzz[i * s->units + k] -= s->wz[i] * s->wz[k] / s->w;
        s->wzz[i * s->units + i] += ridge;
        l->slope[i] = s->wzy[i] - s->wz[i] * s->wy / s->w;
    }
    if (!cz_factor(s->wzz, s->units))
        return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                       "LIME has no solution for %zu units: give more samples", s->units);
    cz_factor_solve(s->wzz, s->units, l->slope);
    l->intercept = s->wy / s->w;
    for (size_t i = 0; i < s->units; i++)
        l->intercept -= l->slope[i] * s->wz[i] / s->w;
    return CLOZE_OK;
}

static double explained_share(const lime *l)
{
    double mean = l->sums.wy / l->sums.w, left = 0, all = 0;
    for (size_t i = 0; i < l->sets.count; i++) {
        double rest = rest_of(l, i), whole = l->sets.values[i] - mean;
        left += l->sets.weights[i] * rest * rest;
        all += l->sets.weights[i] * whole * whole;
    }
    return 1 - left / all;
}

/*
 * How far other samples would have moved the slopes (the sandwich of White 1980): each sample pulls by
 * w (z - mean) rest, and the pulls vary around their mean.
 */
static void set_spread(lime *l, size_t samples, double *spread)
{
    size_t units = l->sets.units;
    double drawn = (double)samples - 1, reach = cz_student(samples - 2);
    memset(spread, 0, units * sizeof *spread);
    for (size_t i = 0; i < l->sets.count; i++) {
        double near = kernel(l, i), times = l->sets.weights[i] / near;
        const uint64_t *set = cz_coalition(&l->sets, i);
        if (i == CZ_EVERYTHING || !(times > 0))
            continue;
        double pull = near * rest_of(l, i);
        for (size_t u = 0; u < units; u++)
            l->turn[u] = pull * ((cz_set_has(set, u) ? 1 : 0) - l->sums.wz[u] / l->sums.w);
        cz_factor_solve(l->sums.wzz, units, l->turn);
        for (size_t u = 0; u < units; u++)
            spread[u] += times * l->turn[u] * l->turn[u];
    }
    /* The pulls of all samples add up to what the ridge holds; the input itself is not drawn. */
    for (size_t u = 0; u < units; u++)
        l->turn[u] =
            ridge * l->slope[u] - rest_of(l, CZ_EVERYTHING) * (1 - l->sums.wz[u] / l->sums.w);
    cz_factor_solve(l->sums.wzz, units, l->turn);
    for (size_t u = 0; u < units; u++)
        spread[u] = reach * sqrt(fmax(0, spread[u] - l->turn[u] * l->turn[u] / drawn) * drawn /
                                 (drawn - 1));
}

static cloze_status explain(lime *l, size_t samples, const cloze_attribution_options *options,
                            cz_attribution *out, cloze_error *error)
{
    cloze_status status = draw_sets(l, samples, options->seed, error);
    l->sets.explainer->runs_total = l->sets.count - l->sets.asked;
    if (!status)
        status = cz_coalitions_ask(&l->sets, options->absence, error);
    for (size_t i = 0; i < l->sets.count && !status; i++)
        l->sets.weights[i] *= kernel(l, i);
    if (!status)
        status = fit(l, error);
    if (status)
        return status;
    set_spread(l, samples, out->spread);
    out->report.nothing = l->sets.values[CZ_NOTHING];
    out->report.samples = samples;
    out->report.intercept = l->intercept;
    out->report.fit = explained_share(l);
    out->report.exact = false;
    return CLOZE_OK;
}

cloze_status cz_lime(cloze_explainer *e, const cloze_attribution_options *options,
                     cz_attribution *out, cloze_error *error)
{
    const cloze_allocator *allocator = &e->hooks.allocator;
    size_t samples = options->samples ? options->samples : SAMPLES;
    lime l = { .slope = out->units };
    if (samples < 2 || samples > UINT32_MAX)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "LIME with %zu samples: give 2 to %zu", samples,
                       (size_t)UINT32_MAX);
    cloze_status status = cz_coalitions_begin(&l.sets, e, error);
    l.turn = cz_allocate(allocator, e->unit_count, sizeof *l.turn);
    if (!status && !l.turn)
        status = cz_fail_memory(error, "slopes", e->unit_count * sizeof *l.turn);
    if (!status)
        status = explain(&l, samples, options, out, error);
    cz_release(allocator, l.turn);
    cz_fit_sums_clear(&l.sums, allocator);
    cz_coalitions_clear(&l.sets);
    return status;
}
