/* evaluation.c - methods side by side: every text is explained by all, and all are measured together. */
#include "explain/evaluation.h"

#include "base/error.h"

#include <math.h>
#include <string.h>

enum { SEEDS = 20, RESAMPLES = 2000 };

static cloze_status copy_options(cloze_evaluation *v, const cloze_faith_options *options,
                                 cloze_error *error)
{
    v->options = *options;
    if (options->randomization > CLOZE_RANDOMIZE_CASCADE)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "there is no such randomization");
    if (options->thresholds) {
        if (options->threshold_count > CLOZE_FAITH_THRESHOLDS)
            return cz_fail(error, CLOZE_ERROR_ARGUMENT, "there are up to %d thresholds",
                           CLOZE_FAITH_THRESHOLDS);
        memcpy(v->thresholds, options->thresholds,
               options->threshold_count * sizeof *v->thresholds);
        v->options.thresholds = v->thresholds;
    }
    v->seeds = options->seeds ? options->seeds : SEEDS;
    v->resamples = options->resamples ? options->resamples : RESAMPLES;
    if (options->randomization == CLOZE_RANDOMIZE_ALL)
        v->stages = 1;
    else if (options->randomization == CLOZE_RANDOMIZE_CASCADE)
        v->stages = v->model->network->config.layers + 2;
    return CLOZE_OK;
}

cloze_status cloze_evaluation_new(cloze_evaluation **out, const cloze_model *model,
                                  const cloze_attribution_options *methods, size_t count,
                                  const cloze_faith_options *options, cloze_error *error)
{
    static const cloze_faith_options usual = { 0 };
    const cloze_allocator *allocator = &model->hooks.allocator;
    cloze_evaluation *v = cz_allocate_zero(allocator, 1, sizeof *v);
    if (!v)
        return cz_fail_memory(error, "an evaluation", sizeof *v);
    v->hooks = model->hooks;
    v->model = model;
    v->contenders = count + 1;
    v->methods = cz_allocate_zero(allocator, v->contenders, sizeof *v->methods);
    cloze_status status = v->methods ? copy_options(v, options ? options : &usual, error)
                                     : cz_fail_memory(error, "methods", count * sizeof *methods);
    if (status) {
        cloze_evaluation_free(v);
        return status;
    }
    for (size_t i = 0; i < count; i++)
        v->methods[i] = methods[i];
    v->methods[count].method = CLOZE_METHOD_RANDOM;
    v->methods[count].seed = v->options.seed;
    *out = v;
    return CLOZE_OK;
}

static void forget(const cloze_allocator *allocator, cz_evaluated *text)
{
    cz_release(allocator, text->results);
    cz_release(allocator, text->known);
    cz_release(allocator, text->seeds);
    cz_release(allocator, text->agreement);
    cz_release(allocator, text->randomized);
}

void cloze_evaluation_free(cloze_evaluation *v)
{
    if (!v)
        return;
    cloze_allocator copy = v->hooks.allocator;
    const cloze_allocator *allocator = &copy;
    for (size_t i = 0; i < v->count; i++)
        forget(allocator, &v->texts[i]);
    cz_release(allocator, v->texts);
    cz_release(allocator, v->methods);
    cz_randomized_free(v->randomized);
    cz_release(allocator, v);
}

/* ---- a text ---- */

/* The numbers of all contenders, [contenders - 1 + seeds, units]; those not known are not written. */
typedef struct explaining {
    cloze_evaluation *evaluation;
    cloze_explainer *explainer;
    cz_evaluated *text;
    double *units;
    size_t rows; /* contenders - 1 + seeds */
} explaining;

static double *row_of(const explaining *x, size_t row)
{
    return x->units + row * x->explainer->unit_count;
}

static bool make_text(const cloze_evaluation *v, cz_evaluated *text)
{
    const cloze_allocator *allocator = &v->hooks.allocator;
    size_t pairs = v->contenders * v->contenders;
    text->results = cz_allocate(allocator, v->contenders, sizeof *text->results);
    text->known = cz_allocate_zero(allocator, v->contenders, sizeof *text->known);
    text->seeds = cz_allocate(allocator, v->seeds, CLOZE_FAITH_MEASURES * sizeof *text->seeds);
    text->agreement = cz_allocate(allocator, pairs, 2 * sizeof *text->agreement);
    text->randomized = cz_allocate(allocator, v->contenders * v->stages, sizeof *text->randomized);
    if (!text->results || !text->known || !text->seeds || !text->agreement || !text->randomized)
        return false;
    for (size_t i = 0; i < 2 * pairs; i++)
        text->agreement[i] = NAN;
    for (size_t i = 0; i < v->contenders * v->stages; i++)
        text->randomized[i] = NAN;
    return true;
}

/* The random attributions of further seeds are further rows. */
static cloze_attribution_options method_of(const cloze_evaluation *v, size_t row)
{
    size_t last = v->contenders - 1;
    cloze_attribution_options method = v->methods[row < last ? row : last];
    method.seed += row < last ? 0 : row - last;
    return method;
}

static cloze_status explain(explaining *x, cloze_error *error)
{
    cloze_status status = CLOZE_OK;
    for (size_t i = 0; i < x->rows && !status; i++) {
        cloze_attribution_options method = method_of(x->evaluation, i);
        status = cloze_attribute(x->explainer, &method, row_of(x, i), NULL, NULL, NULL, error);
        if (i < x->evaluation->contenders)
            x->text->known[i] = !status;
        if (status == CLOZE_ERROR_UNSUPPORTED)
            status = CLOZE_OK;
        if (status)
            cz_error_prefix(error, "%s", cloze_explain_method_name(method.method));
    }
    return status;
}

/* ---- measures ---- */

/* Sums first, so that the mean of equal numbers is that number. */
static void add_up(cloze_faith_result *sum, const cloze_faith_result *one)
{
    for (size_t k = 0; k < CLOZE_FAITH_MEASURES; k++)
        sum->measures[k] += one->measures[k];
    for (size_t t = 0; t < CLOZE_FAITH_THRESHOLDS; t++) {
        sum->comprehensiveness[t] += one->comprehensiveness[t];
        sum->sufficiency[t] += one->sufficiency[t];
        sum->log_odds[t] += one->log_odds[t];
    }
    for (size_t k = 0; k <= one->points; k++) {
        sum->deletion[k] += one->deletion[k];
        sum->insertion[k] += one->insertion[k];
    }
}

static void divide(cloze_faith_result *sum, double count)
{
    for (size_t k = 0; k < CLOZE_FAITH_MEASURES; k++)
        sum->measures[k] /= count;
    for (size_t t = 0; t < CLOZE_FAITH_THRESHOLDS; t++) {
        sum->comprehensiveness[t] /= count;
        sum->sufficiency[t] /= count;
        sum->log_odds[t] /= count;
    }
    for (size_t k = 0; k <= sum->points; k++) {
        sum->deletion[k] /= count;
        sum->insertion[k] /= count;
    }
}

static void keep_results(explaining *x, const cloze_faith_result *all)
{
    const cloze_evaluation *v = x->evaluation;
    cz_evaluated *text = x->text;
    size_t last = v->contenders - 1, next = 0;
    for (size_t i = 0; i < last; i++)
        if (text->known[i])
            text->results[i] = all[next++];
    const cloze_faith_result *random = all + next;
    cloze_faith_result *mean = &text->results[last];
    *mean = (cloze_faith_result){ .points = random->points,
                                  .lowest = random->lowest,
                                  .highest = random->highest,
                                  .exact = random->exact,
                                  .runs = random->runs };
    memcpy(mean->shares, random->shares, sizeof mean->shares);
    for (size_t s = 0; s < v->seeds; s++) {
        add_up(mean, &random[s]);
        memcpy(text->seeds + s * CLOZE_FAITH_MEASURES, random[s].measures,
               sizeof random[s].measures);
    }
    divide(mean, (double)v->seeds);
}

/* Rows of methods that the model cannot give are left out. */
static cloze_status measure(explaining *x, cloze_error *error)
{
    const cloze_evaluation *v = x->evaluation;
    const cloze_allocator *allocator = &v->hooks.allocator;
    size_t units = x->explainer->unit_count, count = 0;
    cloze_faith_result *all = cz_allocate(allocator, x->rows, sizeof *all);
    double *rows = cz_allocate(allocator, x->rows, units * sizeof *rows);
    for (size_t i = 0; i < x->rows && rows; i++)
        if (i >= v->contenders || x->text->known[i])
            memcpy(rows + count++ * units, row_of(x, i), units * sizeof *rows);
    cloze_status status = all && rows
                              ? cloze_faith_of(x->explainer, rows, count, &v->options, all, error)
                              : cz_fail_memory(error, "results", x->rows * sizeof *all);
    if (!status)
        keep_results(x, all);
    cz_release(allocator, all);
    cz_release(allocator, rows);
    return status;
}

static cloze_status agree(explaining *x, cloze_error *error)
{
    const cloze_evaluation *v = x->evaluation;
    cloze_status status = CLOZE_OK;
    for (size_t a = 0; a < v->contenders && !status; a++)
        for (size_t b = 0; b < v->contenders && !status; b++) {
            double *pair = x->text->agreement + 2 * (a * v->contenders + b);
            if (x->text->known[a] && x->text->known[b])
                status = cz_rank_correlations(row_of(x, a), row_of(x, b), x->explainer->unit_count,
                                              &v->hooks, &pair[0], &pair[1], error);
        }
    return status;
}

/* ---- the same text under random weights ---- */

static cloze_status compare(explaining *x, cloze_explainer *other, size_t stage, cloze_error *error)
{
    const cloze_evaluation *v = x->evaluation;
    const cloze_allocator *allocator = &v->hooks.allocator;
    size_t units = x->explainer->unit_count;
    double *numbers = cz_allocate(allocator, units, sizeof *numbers), kendall;
    cloze_status status =
        numbers ? CLOZE_OK : cz_fail_memory(error, "an attribution", units * sizeof *numbers);
    for (size_t i = 0; i < v->contenders && !status; i++) {
        if (!x->text->known[i])
            continue;
        status = cloze_attribute(other, &v->methods[i], numbers, NULL, NULL, NULL, error);
        if (!status)
            status =
                cz_rank_correlations(row_of(x, i), numbers, units, &v->hooks,
                                     &x->text->randomized[i * v->stages + stage], &kendall, error);
    }
    cz_release(allocator, numbers);
    return status;
}

static cloze_status randomize(explaining *x, cloze_error *error)
{
    cloze_evaluation *v = x->evaluation;
    const cloze_explainer *e = x->explainer;
    size_t deepest = v->model->network->config.layers + 2;
    cloze_status status = CLOZE_OK;
    if (v->stages && !v->randomized)
        status = cz_randomized_new(&v->randomized, v->model, &e->aim, v->options.seed, error);
    for (size_t s = 0; s < v->stages && !status; s++) {
        cloze_explainer *other = NULL;
        const cloze_model *model = cz_randomized_model(v->randomized, deepest - v->stages + 1 + s);
        status = cz_explainer_again(&other, e, model, error);
        if (!status)
            status = compare(x, other, s, error);
        cloze_explainer_free(other);
    }
    for (size_t i = 0; i < v->contenders && v->stages && !status; i++)
        x->text->results[i].measures[CLOZE_FAITH_RANDOMIZED] =
            x->text->randomized[(i + 1) * v->stages - 1];
    return status;
}

static cloze_status add(explaining *x, cloze_error *error)
{
    cloze_status status = explain(x, error);
    if (!status)
        status = measure(x, error);
    if (!status)
        status = agree(x, error);
    return status ? status : randomize(x, error);
}

cloze_status cloze_evaluation_add(cloze_evaluation *v, cloze_explainer *explainer,
                                  cloze_error *error)
{
    const cloze_allocator *allocator = &v->hooks.allocator;
    cz_evaluated text = { 0 };
    explaining x = { v, explainer, &text, NULL, v->contenders - 1 + v->seeds };
    size_t numbers;
    if (explainer->model != v->model)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "the explainer is of another model");
    if (!cz_multiply(x.rows, explainer->unit_count, &numbers) ||
        !cz_grow(allocator, (void **)&v->texts, &v->capacity, v->count + 1, sizeof *v->texts))
        return cz_fail_memory(error, "a text", x.rows);
    x.units = cz_allocate(allocator, numbers, sizeof *x.units);
    cloze_status status = x.units && make_text(v, &text)
                              ? add(&x, error)
                              : cz_fail_memory(error, "a text", numbers * sizeof *x.units);
    cz_release(allocator, x.units);
    if (status) {
        forget(allocator, &text);
        return status;
    }
    v->texts[v->count++] = text;
    return CLOZE_OK;
}
