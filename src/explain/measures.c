/* measures.c - what is read from the curves of an order, and their names. */
#include "explain/faithful.h"

#include <float.h>
#include <math.h>

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
    [CLOZE_FAITH_INFIDELITY] = { "infidelity", true },
    [CLOZE_FAITH_SENSITIVITY] = { "sensitivity", true },
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

/* ---- one order ---- */

static double area(const double *shares, const double *values, size_t points)
{
    double sum = 0;
    for (size_t k = 1; k <= points; k++)
        sum += (shares[k] - shares[k - 1]) * (values[k] + values[k - 1]) / 2;
    return sum;
}

static void read_thresholds(const cz_measuring *m, const size_t *without, const size_t *with,
                            cloze_faith_result *r)
{
    const cloze_explainer *e = m->asked.explainer;
    double sums[3] = { 0 }, part = 1 / (double)m->thresholds;
    for (size_t t = 0; t < m->thresholds; t++) {
        const cz_answer *away = &m->asked.answers[without[m->points + 1 + t]];
        const cz_answer *alone = &m->asked.answers[with[m->points + 1 + t]];
        r->comprehensiveness[t] = e->value - away->value;
        r->sufficiency[t] = e->value - alone->value;
        r->log_odds[t] = isnan(away->chance)
                             ? NAN
                             : log(fmax(away->chance, DBL_MIN)) - log(fmax(e->chance, DBL_MIN));
        sums[0] += part * r->comprehensiveness[t];
        sums[1] += part * r->sufficiency[t];
        sums[2] += part * r->log_odds[t];
    }
    r->measures[CLOZE_FAITH_COMPREHENSIVENESS] = sums[0];
    r->measures[CLOZE_FAITH_SUFFICIENCY] = sums[1];
    r->measures[CLOZE_FAITH_LOG_ODDS] = sums[2];
}

static void read_curves(const cz_measuring *m, const size_t *without, const size_t *with,
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

static void read_order(const cz_measuring *m, size_t i, cloze_faith_result *r)
{
    const size_t *without = m->without + i * CZ_MEASURED_SIZES,
                 *with = m->with + i * CZ_MEASURED_SIZES;
    *r = (cloze_faith_result){ .lowest = NAN, .highest = NAN, .runs = m->asked.count };
    for (int k = 0; k < CLOZE_FAITH_MEASURES; k++)
        r->measures[k] = NAN;
    read_thresholds(m, without, with, r);
    read_curves(m, without, with, r);
}

/* ---- between the worst and the best order ---- */

/* The mean of F less F with the first k units alone is that of the reverse order's falls, but for both
 * ends: so the bounds of one are those of the other, moved. This is the reverse order's AOPC. */
static double reverse_falls(const cz_measuring *m, const cloze_faith_result *r)
{
    double falls = 0;
    for (size_t k = 0; k < m->points; k++)
        falls += (m->asked.explainer->value - r->insertion[k]) / (double)m->units;
    return falls;
}

/* An order that was measured is one that a beam could have found; so is its reverse. */
static void widen(cz_measuring *m, const cloze_faith_result *results, size_t count)
{
    cz_bounds *bounds = &m->bounds;
    for (size_t i = 0; i < count && !bounds->exact; i++) {
        double falls = results[i].measures[CLOZE_FAITH_AOPC];
        double back = reverse_falls(m, &results[i]);
        bounds->lowest = fmin(bounds->lowest, fmin(falls, back));
        bounds->highest = fmax(bounds->highest, fmax(falls, back));
    }
}

static void normalize(const cz_measuring *m, cloze_faith_result *r)
{
    double range = m->bounds.highest - m->bounds.lowest;
    r->lowest = m->bounds.lowest;
    r->highest = m->bounds.highest;
    r->exact = m->bounds.exact;
    if (!(range > 0))
        return;
    r->measures[CLOZE_FAITH_NORMAL_COMPREHENSIVENESS] =
        (r->measures[CLOZE_FAITH_AOPC] - r->lowest) / range;
    r->measures[CLOZE_FAITH_NORMAL_SUFFICIENCY] = (reverse_falls(m, r) - r->lowest) / range;
}

/* ---- all ---- */

void cz_measures_read(cz_measuring *m, const double *units, size_t count,
                      cloze_faith_result *results)
{
    for (size_t i = 0; i < m->mask_count; i++)
        m->mask_values[i] = m->asked.answers[m->mask_numbers[i]].value;
    for (size_t i = 0; i < count; i++) {
        read_order(m, i, &results[i]);
        results[i].measures[CLOZE_FAITH_INFIDELITY] =
            cz_infidelity(units + i * m->units, m->masks, m->mask_values, m->mask_count, m->units,
                          m->asked.explainer->value, true, NULL);
    }
    if (m->bounded)
        widen(m, results, count);
    for (size_t i = 0; i < count && m->bounded; i++)
        normalize(m, &results[i]);
}
