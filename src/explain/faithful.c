/*
 * faithful.c - which inputs the measures of an attribution need: its units go and come in their order, and by
 * halves.
 */
#include "explain/faithful.h"

#include "base/draw.h"
#include "base/error.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double eraser_thresholds[] = { 0.01, 0.05, 0.1, 0.2, 0.5 };

enum { BEAM = 5, MASKS = 50 };

/* ---- how many units go ---- */

static size_t units_of_share(double share, size_t units)
{
    /* A share of 0.1 of 30 units is 3, whatever the product rounds to. */
    double count = ceil(share * (double)units - 1e-9);
    return count > (double)units ? units : (size_t)count;
}

static cloze_status choose_sizes(cz_measuring *m, const cloze_faith_options *options,
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

static cloze_status want_order(cz_measuring *m, const place *order, size_t *without, size_t *with,
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

static cloze_status want_orders(cz_measuring *m, const double *units, size_t count,
                                cloze_error *error)
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
        status = want_order(m, order, m->without + i * CZ_MEASURED_SIZES,
                            m->with + i * CZ_MEASURED_SIZES, present, error);
    }
    cz_release(allocator, order);
    cz_release(allocator, present);
    return status;
}

/* ---- bounds ---- */

static cloze_status find_bounds(cz_measuring *m, const cloze_faith_options *options,
                                cloze_error *error)
{
    bool few = m->units <= CLOZE_FAITH_EXACT_UNITS;
    size_t beam = few ? 0 : options->beam ? options->beam : BEAM;
    m->bounded = !options->no_bounds && m->points == m->units &&
                 (few || options->beam || m->units <= CLOZE_FAITH_BEAM_UNITS);
    return m->bounded ? cz_bounds_find(&m->asked, beam, &m->bounds, error) : CLOZE_OK;
}

/* ---- masks of infidelity ---- */

/* Each unit is away in half of them. */
static cloze_status want_masks(cz_measuring *m, const cloze_faith_options *options,
                               cloze_error *error)
{
    const cz_draw draw = { options->seed, CZ_DRAW_HALF, 0 };
    cloze_status status = CLOZE_OK;
    for (size_t i = 0; i < m->mask_count && !status; i++) {
        uint8_t *present = m->masks + i * m->units;
        for (size_t u = 0; u < m->units; u++)
            present[u] = cz_draw_below(&draw, i, (uint32_t)u, 2) != 0;
        status = cz_asked_want(&m->asked, present, &m->mask_numbers[i], error);
    }
    return status;
}

static cloze_status measure(cz_measuring *m, const double *units, size_t count,
                            const cloze_faith_options *options, cloze_faith_result *results,
                            cloze_error *error)
{
    cloze_status status = choose_sizes(m, options, error);
    if (!status)
        status = want_orders(m, units, count, error);
    if (!status)
        status = want_masks(m, options, error);
    if (!status)
        status = cz_asked_answer(&m->asked, error);
    if (!status)
        status = find_bounds(m, options, error);
    if (!status)
        cz_measures_read(m, units, count, results);
    return status;
}

static bool make_room(cz_measuring *m, const cloze_allocator *allocator, size_t count)
{
    size_t orders;
    if (!cz_multiply(count, CZ_MEASURED_SIZES, &orders))
        return false;
    m->without = cz_allocate(allocator, orders, sizeof *m->without);
    m->with = cz_allocate(allocator, orders, sizeof *m->with);
    m->masks = cz_allocate(allocator, m->mask_count, m->units);
    m->mask_numbers = cz_allocate(allocator, m->mask_count, sizeof *m->mask_numbers);
    m->mask_values = cz_allocate(allocator, m->mask_count, sizeof *m->mask_values);
    return m->without && m->with && m->masks && m->mask_numbers && m->mask_values;
}

static void give_back(cz_measuring *m, const cloze_allocator *allocator)
{
    cz_release(allocator, m->without);
    cz_release(allocator, m->with);
    cz_release(allocator, m->masks);
    cz_release(allocator, m->mask_numbers);
    cz_release(allocator, m->mask_values);
}

cloze_status cloze_faith_of(cloze_explainer *explainer, const double *units, size_t count,
                            const cloze_faith_options *options, cloze_faith_result *results,
                            cloze_error *error)
{
    static const cloze_faith_options usual = { 0 };
    const cloze_allocator *allocator = &explainer->hooks.allocator;
    cz_measuring m = { .units = explainer->unit_count };
    options = options ? options : &usual;
    m.mask_count = options->masks ? options->masks : MASKS;
    explainer->runs_done = explainer->runs_total = 0;
    cloze_status status = make_room(&m, allocator, count)
                              ? cz_asked_begin(&m.asked, explainer, options->absence, error)
                              : cz_fail_memory(error, "orders", count * sizeof *m.with);
    if (!status) {
        status = measure(&m, units, count, options, results, error);
        cz_asked_clear(&m.asked);
    }
    give_back(&m, allocator);
    return status;
}
