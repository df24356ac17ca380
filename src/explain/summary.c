/* summary.c - an evaluation over its texts: means, intervals by bootstrap (Efron 1979), agreement. */
#include "explain/evaluation.h"

#include "base/draw.h"
#include "base/error.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

size_t cloze_evaluation_texts(const cloze_evaluation *v)
{
    return v->count;
}

const cloze_faith_result *cloze_evaluation_result(const cloze_evaluation *v, size_t contender,
                                                  size_t text)
{
    if (text >= v->count || contender >= v->contenders || !v->texts[text].known[contender])
        return NULL;
    return &v->texts[text].results[contender];
}

/* ---- bootstrap ---- */

static int by_size(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

/* The interval of the mean of `count` numbers; means [resamples] is room. */
static void interval(const cloze_evaluation *v, const double *numbers, size_t count, double *means,
                     double *low, double *high)
{
    const cz_draw draw = { v->options.seed, CZ_DRAW_RESAMPLE, 0 };
    for (size_t r = 0; r < v->resamples; r++) {
        means[r] = 0;
        for (size_t i = 0; i < count; i++)
            means[r] += numbers[cz_draw_below(&draw, r, (uint32_t)i, count)];
        means[r] /= (double)count;
    }
    qsort(means, v->resamples, sizeof *means, by_size);
    *low = means[(size_t)(0.025 * (double)(v->resamples - 1) + 0.5)];
    *high = means[(size_t)(0.975 * (double)(v->resamples - 1) + 0.5)];
}

static double mean(const double *numbers, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += numbers[i];
    return sum / (double)count;
}

/* ---- one measure of one contender ---- */

/* Numbers of texts that have the measure, and the same of the random attributions' means. */
typedef struct column {
    double *own, *gain, *means;
    size_t count;
    double wins;
} column;

/* The share of seeds that this number is better than. */
static double wins_of(const cloze_evaluation *v, const cz_evaluated *text, size_t measure,
                      double number, double sign)
{
    double wins = 0;
    for (size_t s = 0; s < v->seeds; s++) {
        double other = text->seeds[s * CLOZE_FAITH_MEASURES + measure];
        wins += sign * number > sign * other ? 1 : sign * number < sign * other ? 0 : 0.5;
    }
    return wins / (double)v->seeds;
}

static void collect(const cloze_evaluation *v, size_t contender, cloze_faith_measure measure,
                    column *c)
{
    double sign = cloze_faith_measure_falls(measure) ? -1 : 1;
    for (size_t i = 0; i < v->count; i++) {
        const cz_evaluated *text = &v->texts[i];
        if (!text->known[contender])
            continue;
        double number = text->results[contender].measures[measure];
        double random = text->results[v->contenders - 1].measures[measure];
        if (isnan(number))
            continue;
        c->own[c->count] = number;
        c->gain[c->count++] = sign * (number - random);
        c->wins += wins_of(v, text, measure, number, sign);
    }
    c->wins /= (double)c->count;
}

/* Of one text only the random attributions vary: `own` and `gain` are then of their seeds. */
static void vary_seeds(const cloze_evaluation *v, cloze_faith_measure measure, column *c,
                       double number)
{
    const cz_evaluated *text = &v->texts[0];
    double sign = cloze_faith_measure_falls(measure) ? -1 : 1;
    for (size_t s = 0; s < v->seeds; s++) {
        c->own[s] = text->seeds[s * CLOZE_FAITH_MEASURES + measure];
        c->gain[s] = sign * (number - c->own[s]);
    }
    c->count = v->seeds;
}

static void summarize(const cloze_evaluation *v, size_t contender, cloze_faith_measure measure,
                      column *c, cloze_faith_summary *out)
{
    bool random = contender + 1 == v->contenders, one = v->count == 1;
    bool drawn = measure < CLOZE_FAITH_SENSITIVITY; /* random numbers vary in it */
    collect(v, contender, measure, c);
    *out = (cloze_faith_summary){ c->count, NAN, NAN, NAN, NAN, NAN, NAN, NAN };
    if (!c->count)
        return;
    out->mean = mean(c->own, c->count);
    if (drawn) {
        out->gain = mean(c->gain, c->count);
        out->wins = c->wins;
    }
    if (!one && c->count == 1) /* one text of several says nothing of how they vary */
        return;
    if (one && drawn)
        vary_seeds(v, measure, c, out->mean);
    if (!one || (random && drawn))
        interval(v, c->own, c->count, c->means, &out->low, &out->high);
    if (drawn && !random)
        interval(v, c->gain, c->count, c->means, &out->gain_low, &out->gain_high);
}

cloze_status cloze_evaluation_summary(const cloze_evaluation *v, size_t contender,
                                      cloze_faith_measure measure, cloze_faith_summary *out,
                                      cloze_error *error)
{
    const cloze_allocator *allocator = &v->hooks.allocator;
    size_t room = v->count > v->seeds ? v->count : v->seeds;
    column c = { 0 };
    if (contender >= v->contenders || measure >= CLOZE_FAITH_MEASURES)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "there is no such contender or measure");
    c.own = cz_allocate(allocator, room, sizeof *c.own);
    c.gain = cz_allocate(allocator, room, sizeof *c.gain);
    c.means = cz_allocate(allocator, v->resamples, sizeof *c.means);
    bool good = c.own && c.gain && c.means;
    if (good)
        summarize(v, contender, measure, &c, out);
    cz_release(allocator, c.own);
    cz_release(allocator, c.gain);
    cz_release(allocator, c.means);
    return good ? CLOZE_OK : cz_fail_memory(error, "a summary", v->resamples * sizeof(double));
}

/* ---- agreement, and random weights ---- */

/* A mean that leaves out what is not known. */
typedef struct running {
    double sum;
    size_t count;
} running;

static void take(running *r, double number)
{
    if (isnan(number))
        return;
    r->sum += number;
    r->count++;
}

static double mean_of(const running *r)
{
    return r->count ? r->sum / (double)r->count : (double)NAN;
}

cloze_faith_agreement cloze_evaluation_agreement(const cloze_evaluation *v, size_t a, size_t b)
{
    running spearman = { 0 }, kendall = { 0 };
    for (size_t i = 0; i < v->count && a < v->contenders && b < v->contenders; i++) {
        const double *pair = v->texts[i].agreement + 2 * (a * v->contenders + b);
        take(&spearman, pair[0]);
        take(&kendall, pair[1]);
    }
    return (cloze_faith_agreement){ spearman.count, mean_of(&spearman), mean_of(&kendall) };
}

size_t cloze_evaluation_stages(const cloze_evaluation *v)
{
    return v->stages;
}

double cloze_evaluation_randomized(const cloze_evaluation *v, size_t contender, size_t stage)
{
    running all = { 0 };
    for (size_t i = 0; i < v->count && contender < v->contenders && stage < v->stages; i++)
        take(&all, v->texts[i].randomized[contender * v->stages + stage]);
    return mean_of(&all);
}
