/*
 * faithful.c - what happens to F when units go and come in the order of an attribution: curves, and the
 * measures that are read from them.
 */
#include "explain/faithful.h"

#include "base/error.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double eraser_thresholds[] = { 0.01, 0.05, 0.1, 0.2, 0.5 };

enum { BEAM = 5, SIZES = CLOZE_FAITH_POINTS + 1 + CLOZE_FAITH_THRESHOLDS };

static const struct {
    const char *name;
    bool falls;
} measures[CLOZE_FAITH_MEASURES] = {
    [CLOZE_FAITH_COMPREHENSIVENESS] = { "comprehensiveness", false },
    [CLOZE_FAITH_SUFFICIENCY] = { "sufficiency", true },
    [CLOZE_FAITH_LOG_ODDS] = { "log-odds", true },
    [CLOZE_FAITH_AOPC] = { "aopc", false },
    [CLOZE_FAITH_NORMAL_COMPREHENSIVENESS] = { "normal-comprehensiveness", false },
    [CLOZE_FAITH_NORMAL_SUFFICIENCY] = { "normal-sufficiency", true },
    [CLOZE_FAITH_DELETION] = { "deletion", true },
    [CLOZE_FAITH_INSERTION] = { "insertion", false },
    [CLOZE_FAITH_FLIP] = { "flip", true },
    [CLOZE_FAITH_RANDOMIZED] = { "randomized", true },
};

const char *cloze_faith_measure_name(cloze_faith_measure measure)
{
    return measure < CLOZE_FAITH_MEASURES ? measures[measure].name : NULL;
}

bool cloze_faith_measure_falls(cloze_faith_measure measure)
{
    return measure < CLOZE_FAITH_MEASURES && measures[measure].falls;
}

/* ---- how many units go ---- */

typedef struct measuring {
    cz_asked asked;
    size_t units, points, thresholds;
    size_t sizes[SIZES];    /* [points + 1] of the curves, [thresholds] */
    size_t *without, *with; /* [orders, SIZES] numbers of masks: the first so many away, or alone */
    bool bounded;
    cz_bounds bounds;
} measuring;

static size_t units_of_share(double share, size_t units)
{
    /* A share of 0.1 of 30 units is 3, whatever the product rounds to. */
    double count = ceil(share * (double)units - 1e-9);
    return count > (double)units ? units : (size_t)count;
}

static cloze_status choose_sizes(measuring *m, const cloze_faith_options *options,
                                 cloze_error *error)
{
    const double *shares = options->thresholds ? options->thresholds : eraser_thresholds;
    size_t most = options->points ? options->points : CLOZE_FAITH_POINTS;
    m->thresholds = options->thresholds ? options->threshold_count
                                        : sizeof eraser_thresholds / sizeof *eraser_thresholds;
    if (most > CLOZE_FAITH_POINTS || !m->thresholds || m->thresholds > CLOZE_FAITH_THRESHOLDS)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                       "curves have up to %d points, and 1 to %d thresholds", CLOZE_FAITH_POINTS,
                       CLOZE_FAITH_THRESHOLDS);
    m->points = m->units < most ? m->units : most;
    for (size_t k = 0; k <= m->points; k++)
        m->sizes[k] = (k * m->units + m->points / 2) / m->points;
    for (size_t t = 0; t < m->thresholds; t++) {
        if (!(shares[t] > 0 && shares[t] <= 1))
            return cz_fail(error, CLOZE_ERROR_ARGUMENT,
                           "a threshold is a share of the units, above 0 and up to 1");
        m->sizes[m->points + 1 + t] = units_of_share(shares[t], m->units);
    }
    return CLOZE_OK;
}

/* ---- orders ---- */

typedef struct place {
    double value;
    size_t unit;
} place;

static int by_value(const void *left, const void *right)
{
    const place *a = left, *b = right;
    if (a->value < b->value || a->value > b->value)
        return a->value < b->value ? 1 : -1;
    return (a->unit > b->unit) - (a->unit < b->unit);
}

static cloze_status want_order(measuring *m, const place *order, size_t *without, size_t *with,
                               uint8_t *present, cloze_error *error)
{
    cloze_status status = CLOZE_OK;
    for (size_t i = 0; i < m->points + 1 + m->thresholds && !status; i++) {
        for (size_t k = 0; k < m->units; k++)
            present[order[k].unit] = k >= m->sizes[i];
        status = cz_asked_want(&m->asked, present, &without[i], error);
        for (size_t k = 0; k < m->units; k++)
            present[order[k].unit] = k < m->sizes[i];
        if (!status)
            status = cz_asked_want(&m->asked, present, &with[i], error);
    }
    return status;
}

static cloze_status want_orders(measuring *m, const double *units, size_t count, cloze_error *error)
{
    const cloze_allocator *allocator = &m->asked.explainer->hooks.allocator;
    place *order = cz_allocate(allocator, m->units, sizeof *order);
    uint8_t *present = cz_allocate(allocator, m->units, 1);
    cloze_status status =
        order && present ? CLOZE_OK : cz_fail_memory(error, "an order", m->units * sizeof *order);
    for (size_t i = 0; i < count && !status; i++) {
        for (size_t u = 0; u < m->units; u++) {
            order[u] = (place){ units[i * m->units + u], u };
            if (!isfinite(order[u].value))
                status = cz_fail(error, CLOZE_ERROR_ARGUMENT,
                                 "number %zu of attribution %zu is not finite", u + 1, i + 1);
        }
        if (status)
            break;
        qsort(order, m->units, sizeof *order, by_value);
        status = want_order(m, order, m->without + i * SIZES, m->with + i * SIZES, present, error);
    }
    cz_release(allocator, order);
    cz_release(allocator, present);
    return status;
}

/* ---- bounds ---- */

static cloze_status find_bounds(measuring *m, const cloze_faith_options *options,
                                cloze_error *error)
{
    bool few = m->units <= CLOZE_FAITH_EXACT_UNITS;
    size_t beam = few ? 0 : options->beam ? options->beam : BEAM;
    m->bounded = !options->no_bounds && m->points == m->units &&
                 (few || options->beam || m->units <= CLOZE_FAITH_BEAM_UNITS);
    return m->bounded ? cz_bounds_find(&m->asked, beam, &m->bounds, error) : CLOZE_OK;
}

/* An order that was measured is one that a beam could have found. */
static void widen(cz_bounds *bounds, const cloze_faith_result *results, size_t count)
{
    for (size_t i = 0; i < count && !bounds->exact; i++) {
        bounds->lowest = fmin(bounds->lowest, results[i].measures[CLOZE_FAITH_AOPC]);
        bounds->highest = fmax(bounds->highest, results[i].measures[CLOZE_FAITH_AOPC]);
    }
}

/* The mean of F less F with the first k units alone is that of the reverse order's falls, but for both
 * ends: so the bounds of one are those of the other, moved. */
static void normalize(const measuring *m, cloze_faith_result *r)
{
    double whole = m->asked.explainer->value, range = m->bounds.highest - m->bounds.lowest;
    double nothing = (whole - r->insertion[0]) / (double)m->units, alone = 0;
    r->lowest = m->bounds.lowest;
    r->highest = m->bounds.highest;
    r->exact = m->bounds.exact;
    if (!(range > 0))
        return;
    for (size_t k = 1; k <= m->points; k++)
        alone += (whole - r->insertion[k]) / (double)m->units;
    r->measures[CLOZE_FAITH_NORMAL_COMPREHENSIVENESS] =
        (r->measures[CLOZE_FAITH_AOPC] - r->lowest) / range;
    r->measures[CLOZE_FAITH_NORMAL_SUFFICIENCY] = (alone + nothing - r->lowest) / range;
}

/* ---- measures ---- */

static double area(const double *shares, const double *values, size_t points)
{
    double sum = 0;
    for (size_t k = 1; k <= points; k++)
        sum += (shares[k] - shares[k - 1]) * (values[k] + values[k - 1]) / 2;
    return sum;
}

static void read_thresholds(const measuring *m, const size_t *without, const size_t *with,
                            cloze_faith_result *r)
{
    const cloze_explainer *e = m->asked.explainer;
    double sums[3] = { 0 }, part = 1 / (double)m->thresholds;
    for (size_t t = 0; t < m->thresholds; t++) {
        const cz_answer *away = &m->asked.answers[without[m->points + 1 + t]];
        const cz_answer *alone = &m->asked.answers[with[m->points + 1 + t]];
        r->comprehensiveness[t] = e->value - away->value;
        r->sufficiency[t] = e->value - alone->value;
        r->log_odds[t] =
            isnan(away->chance) ? NAN : log(fmax(away->chance, DBL_MIN)) - log(e->chance);
        sums[0] += part * r->comprehensiveness[t];
        sums[1] += part * r->sufficiency[t];
        sums[2] += part * r->log_odds[t];
    }
    r->measures[CLOZE_FAITH_COMPREHENSIVENESS] = sums[0];
    r->measures[CLOZE_FAITH_SUFFICIENCY] = sums[1];
    r->measures[CLOZE_FAITH_LOG_ODDS] = sums[2];
}

static void read_curves(const measuring *m, const size_t *without, const size_t *with,
                        cloze_faith_result *r)
{
    const cz_answer *answers = m->asked.answers;
    double whole = m->asked.explainer->value, falls = 0;
    r->points = m->points;
    for (size_t k = 0; k <= m->points; k++) {
        r->shares[k] = (double)m->sizes[k] / (double)m->units;
        r->deletion[k] = answers[without[k]].value;
        r->insertion[k] = answers[with[k]].value;
        falls += k ? (whole - r->deletion[k]) / (double)m->points : 0;
        if (k && !r->flip && answers[without[k]].holds != answers[without[0]].holds)
            r->flip = m->sizes[k];
    }
    r->measures[CLOZE_FAITH_AOPC] = falls;
    r->measures[CLOZE_FAITH_DELETION] = area(r->shares, r->deletion, m->points);
    r->measures[CLOZE_FAITH_INSERTION] = area(r->shares, r->insertion, m->points);
    if (cz_aim_decides(&m->asked.explainer->aim))
        r->measures[CLOZE_FAITH_FLIP] = r->flip ? (double)r->flip / (double)m->units : 1;
}

static void read_order(const measuring *m, size_t i, cloze_faith_result *r)
{
    const size_t *without = m->without + i * SIZES, *with = m->with + i * SIZES;
    *r = (cloze_faith_result){ .lowest = NAN, .highest = NAN, .runs = m->asked.count };
    for (int k = 0; k < CLOZE_FAITH_MEASURES; k++)
        r->measures[k] = NAN;
    read_thresholds(m, without, with, r);
    read_curves(m, without, with, r);
}

static cloze_status measure(measuring *m, const double *units, size_t count,
                            const cloze_faith_options *options, cloze_faith_result *results,
                            cloze_error *error)
{
    cloze_status status = choose_sizes(m, options, error);
    if (!status)
        status = want_orders(m, units, count, error);
    if (!status)
        status = cz_asked_answer(&m->asked, error);
    if (!status)
        status = find_bounds(m, options, error);
    if (status)
        return status;
    for (size_t i = 0; i < count; i++)
        read_order(m, i, &results[i]);
    if (m->bounded)
        widen(&m->bounds, results, count);
    for (size_t i = 0; i < count && m->bounded; i++)
        normalize(m, &results[i]);
    return CLOZE_OK;
}

cloze_status cloze_faith_of(cloze_explainer *explainer, const double *units, size_t count,
                            const cloze_faith_options *options, cloze_faith_result *results,
                            cloze_error *error)
{
    static const cloze_faith_options usual = { 0 };
    const cloze_allocator *allocator = &explainer->hooks.allocator;
    measuring m = { .units = explainer->unit_count };
    size_t numbers;
    if (!cz_multiply(count, SIZES, &numbers))
        return cz_fail_memory(error, "orders", count);
    m.without = cz_allocate(allocator, numbers, sizeof *m.without);
    m.with = cz_allocate(allocator, numbers, sizeof *m.with);
    explainer->runs_done = explainer->runs_total = 0;
    options = options ? options : &usual;
    cloze_status status = m.without && m.with
                              ? cz_asked_begin(&m.asked, explainer, options->absence, error)
                              : cz_fail_memory(error, "orders", numbers * sizeof *m.with);
    if (!status) {
        status = measure(&m, units, count, options, results, error);
        cz_asked_clear(&m.asked);
    }
    cz_release(allocator, m.without);
    cz_release(allocator, m.with);
    return status;
}
