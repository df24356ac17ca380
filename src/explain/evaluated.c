/* evaluated.c - one text of an evaluation: explained by all contenders, measured, shaken, and explained under
 * random weights. */
#include "explain/evaluation.h"

#include "base/error.h"

#include <math.h>
#include <string.h>

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

/* ---- the same text, moved a little ---- */

static cloze_status shake(explaining *x, cloze_error *error)
{
    const cloze_evaluation *v = x->evaluation;
    const cz_sensitivity_options how = { .seed = v->options.seed };
    cloze_status status = CLOZE_OK;
    for (size_t i = 0; i < v->contenders && v->options.sensitivity && !status; i++)
        if (x->text->known[i])
            status = cz_sensitivity(x->explainer, &v->methods[i], row_of(x, i), &how,
                                    &x->text->results[i].measures[CLOZE_FAITH_SENSITIVITY], error);
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

cloze_status cz_evaluate_text(cloze_evaluation *evaluation, cloze_explainer *explainer,
                              cz_evaluated *text, cloze_error *error)
{
    explaining x = { evaluation, explainer, text, NULL,
                     evaluation->contenders - 1 + evaluation->seeds };
    size_t numbers;
    if (!cz_multiply(x.rows, explainer->unit_count, &numbers))
        return cz_fail_memory(error, "attributions", x.rows);
    x.units = cz_allocate(&evaluation->hooks.allocator, numbers, sizeof *x.units);
    cloze_status status =
        x.units ? explain(&x, error) : cz_fail_memory(error, "attributions", numbers);
    if (!status)
        status = measure(&x, error);
    if (!status)
        status = agree(&x, error);
    if (!status)
        status = shake(&x, error);
    if (!status)
        status = randomize(&x, error);
    cz_release(&evaluation->hooks.allocator, x.units);
    return status;
}
