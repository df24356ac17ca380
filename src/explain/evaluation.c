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
    for (size_t i = 0; i < count; i++)
        if (methods[i].method >= CLOZE_METHODS)
            return cz_fail(error, CLOZE_ERROR_ARGUMENT, "there is no method %d",
                           (int)methods[i].method);
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

/* ---- texts ---- */

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

cloze_status cloze_evaluation_add(cloze_evaluation *v, cloze_explainer *explainer,
                                  cloze_error *error)
{
    const cloze_allocator *allocator = &v->hooks.allocator;
    cz_evaluated text = { 0 };
    if (explainer->model != v->model)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "the explainer is of another model");
    cloze_status status =
        make_text(v, &text) &&
                cz_grow(allocator, (void **)&v->texts, &v->capacity, v->count + 1, sizeof *v->texts)
            ? cz_evaluate_text(v, explainer, &text, error)
            : cz_fail_memory(error, "a text", v->contenders * sizeof *text.results);
    if (status) {
        forget(allocator, &text);
        return status;
    }
    v->texts[v->count++] = text;
    return CLOZE_OK;
}
