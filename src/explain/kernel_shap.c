/*
 * kernel_shap.c - Shapley's values as the weighted sum of what is present that is nearest to F, and adds up
 * to it. With every set among those asked about they are exact.
 */
#include "explain/kernel_sets.h"
#include "explain/least_squares.h"

#include "base/error.h"

#include <math.h>
#include <string.h>

typedef struct solving {
    cz_kernel_sets kernel;
    cz_fit_sums sums; /* its wzz becomes a factor */
    double *values;   /* [units] */
    double *ones;     /* [units] the equations' solution for a right side of ones, */
    double ones_sum;  /* and its sum */
    double *turn;     /* [units] */
    double *pull;     /* [units] of all draws together */
} solving;

/* x := what solves the equations among numbers that sum to `total`. */
static void solve(const solving *s, double total, double *x)
{
    size_t units = s->sums.units;
    double sum = 0;
    cz_factor_solve(s->sums.wzz, units, x);
    for (size_t u = 0; u < units; u++)
        sum += x[u];
    for (size_t u = 0; u < units; u++)
        x[u] += s->ones[u] * (total - sum) / s->ones_sum;
}

static cloze_status fit(solving *s, cloze_error *error)
{
    const cz_coalitions *sets = &s->kernel.sets;
    double nothing = sets->values[CZ_NOTHING], total = sets->values[CZ_EVERYTHING] - nothing;
    size_t units = sets->units;
    cloze_status status = cz_fit_sums_take(&s->sums, sets, nothing, error);
    if (status)
        return status;
    if (units == 1) {
        s->values[0] = total;
        return CLOZE_OK;
    }
    if (!cz_factor(s->sums.wzz, units))
        return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                       "KernelSHAP: %zu sets say too little about %zu units: give more samples",
                       sets->count - 2, units);
    for (size_t u = 0; u < units; u++)
        s->ones[u] = 1;
    cz_factor_solve(s->sums.wzz, units, s->ones);
    s->ones_sum = 0;
    for (size_t u = 0; u < units; u++)
        s->ones_sum += s->ones[u];
    memcpy(s->values, s->sums.wzy, units * sizeof *s->values);
    solve(s, total, s->values);
    return CLOZE_OK;
}

/* ---- how far other draws would have moved the values ---- */

/* Of draw `i`, which is a set or a set and its complement: pull [units] of one draw. */
static size_t pull_of(const solving *s, size_t i, double *pull)
{
    const cz_coalitions *sets = &s->kernel.sets;
    bool pair =
        i + 1 < sets->count && cz_set_size(sets, cz_coalition(sets, i)) <= s->kernel.paired_sizes;
    size_t count = pair ? 2 : 1;
    memset(pull, 0, sets->units * sizeof *pull);
    for (size_t k = i; k < i + count; k++) {
        const uint64_t *set = cz_coalition(sets, k);
        double rest =
            sets->values[k] - sets->values[CZ_NOTHING] - cz_set_sum(set, s->values, sets->units);
        for (size_t u = 0; u < sets->units; u++)
            pull[u] += cz_set_has(set, u) ? s->kernel.draw * rest : 0;
    }
    return count;
}

/*
 * The sandwich of White 1980 over draws: a draw pulls by w z rest. Weights are divided by how many sets were
 * drawn in all, so a draw counts by how far it lies from the mean pull of as many sets.
 */
static void set_spread(const solving *s, double *spread)
{
    const cz_coalitions *sets = &s->kernel.sets;
    size_t units = sets->units, width;
    double drawn = 0, drawn_sets = 0;
    memset(s->pull, 0, units * sizeof *s->pull);
    memset(spread, 0, units * sizeof *spread);
    for (size_t i = s->kernel.first_drawn; i < sets->count; i += width) {
        double times = sets->weights[i] / s->kernel.draw;
        width = pull_of(s, i, s->turn);
        for (size_t u = 0; u < units; u++)
            s->pull[u] += times * s->turn[u];
        drawn += times;
        drawn_sets += times * (double)width;
    }
    for (size_t i = s->kernel.first_drawn; i < sets->count; i += width) {
        double times = sets->weights[i] / s->kernel.draw;
        width = pull_of(s, i, s->turn);
        for (size_t u = 0; u < units; u++)
            s->turn[u] -= s->pull[u] * (double)width / drawn_sets;
        solve(s, 0, s->turn);
        for (size_t u = 0; u < units; u++)
            spread[u] += times * s->turn[u] * s->turn[u];
    }
    double reach = drawn >= 2 ? cz_student((size_t)round(drawn) - 1) : NAN;
    for (size_t u = 0; u < units; u++)
        spread[u] = reach * sqrt(spread[u] * drawn / (drawn - 1));
}

static cloze_status explain(solving *s, const cloze_attribution_options *options,
                            cz_attribution *out, cloze_error *error)
{
    cz_coalitions *sets = &s->kernel.sets;
    sets->explainer->runs_total = sets->count - sets->asked;
    cloze_status status = cz_coalitions_ask(sets, options->absence, error);
    if (!status)
        status = fit(s, error);
    if (status)
        return status;
    out->report.exact = s->kernel.complete;
    if (s->kernel.complete)
        memset(out->spread, 0, sets->units * sizeof *out->spread);
    else
        set_spread(s, out->spread);
    out->report.intercept = sets->values[CZ_NOTHING];
    cz_coalitions_report(sets, out);
    return CLOZE_OK;
}

cloze_status cz_kernel_shap(cloze_explainer *e, const cloze_attribution_options *options,
                            cz_attribution *out, cloze_error *error)
{
    const cloze_allocator *allocator = &e->hooks.allocator;
    size_t units = e->unit_count, samples = options->samples;
    solving s = { .values = out->units };
    out->report.samples = samples ? samples : 2 * units + 2048;
    if (samples > UINT32_MAX / 4)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "KernelSHAP with %zu samples: at most %zu",
                       samples, (size_t)(UINT32_MAX / 4));
    cloze_status status =
        cz_kernel_sets_make(&s.kernel, e, out->report.samples, options->seed, error);
    s.ones = cz_allocate(allocator, units, sizeof *s.ones);
    s.turn = cz_allocate(allocator, units, sizeof *s.turn);
    s.pull = cz_allocate(allocator, units, sizeof *s.pull);
    if (!status && (!s.ones || !s.turn || !s.pull))
        status = cz_fail_memory(error, "equations", units * sizeof *s.ones);
    if (!status)
        status = explain(&s, options, out, error);
    cz_release(allocator, s.ones);
    cz_release(allocator, s.turn);
    cz_release(allocator, s.pull);
    cz_fit_sums_clear(&s.sums, allocator);
    cz_coalitions_clear(&s.kernel.sets);
    return status;
}
