/* methods.c - the table of methods, and what all of them share. */
#include "explain/explainer.h"

#include "base/error.h"

#include <math.h>
#include <string.h>

typedef struct entry {
    const char *name;
    cz_method *attribute; /* NULL: not in this build */
    bool takes_away;      /* units, or begins where all are absent */
} entry;

static const entry methods[CLOZE_METHODS] = {
    [CLOZE_METHOD_SALIENCY] = { "saliency", cz_saliency },
    [CLOZE_METHOD_INPUT_X_GRADIENT] = { "input-x-gradient", cz_input_x_gradient },
    [CLOZE_METHOD_SMOOTHGRAD] = { "smoothgrad", cz_smoothgrad },
    [CLOZE_METHOD_INTEGRATED_GRADIENTS] = { "integrated-gradients", cz_integrated_gradients, true },
    [CLOZE_METHOD_OCCLUSION] = { "occlusion", cz_occlusion, true },
    [CLOZE_METHOD_LIME] = { "lime", cz_lime, true },
    [CLOZE_METHOD_KERNEL_SHAP] = { "kernel-shap", cz_kernel_shap, true },
    [CLOZE_METHOD_PARTITION_SHAP] = { "partition-shap", cz_partition_shap, true },
    [CLOZE_METHOD_SHAPLEY] = { "shapley", cz_shapley, true },
    [CLOZE_METHOD_ATTENTION] = { "attention", cz_attention },
    [CLOZE_METHOD_ROLLOUT] = { "rollout", cz_rollout },
    [CLOZE_METHOD_FLOW] = { "flow", cz_flow },
    [CLOZE_METHOD_VALUE_ZEROING] = { "value-zeroing", cz_value_zeroing },
    [CLOZE_METHOD_GRADIENT_ATTENTION] = { "gradient-attention", cz_gradient_attention },
    [CLOZE_METHOD_RANDOM] = { "random", cz_random_attribution },
};

const char *cloze_explain_method_name(cloze_explain_method method)
{
    return method < CLOZE_METHODS ? methods[method].name : NULL;
}

cloze_explain_method cloze_explain_method_named(const char *name)
{
    size_t i = 0;
    while (i < CLOZE_METHODS && strcmp(methods[i].name, name))
        i++;
    return (cloze_explain_method)i;
}

void cz_units_of_tokens(const cloze_explainer *explainer, cz_attribution *out)
{
    for (size_t u = 0; u < explainer->unit_count; u++)
        out->units[u] = 0;
    for (size_t i = 0; i < explainer->length; i++)
        if (explainer->unit_of[i] != SIZE_MAX)
            out->units[explainer->unit_of[i]] += out->tokens[i];
}

static cloze_status attribute(cloze_explainer *e, const cloze_attribution_options *options,
                              cz_attribution *out, cloze_error *error)
{
    cz_method *chosen = methods[options->method].attribute;
    for (size_t i = 0; i < e->length; i++)
        out->tokens[i] = NAN;
    for (size_t u = 0; u < e->unit_count; u++)
        out->spread[u] = NAN;
    out->report = (cloze_attribution_report){ .value = e->value,
                                              .nothing = NAN,
                                              .gap = NAN,
                                              .intercept = NAN,
                                              .fit = NAN,
                                              .bound = NAN,
                                              .noise = NAN,
                                              .exact = true };
    if (methods[options->method].takes_away)
        out->report.absence = cz_absence_of(e, options->absence);
    e->runs_done = e->runs_total = 0;
    cloze_status status = chosen(e, options, out, error);
    double sum = 0;
    for (size_t u = 0; u < e->unit_count && !status; u++)
        sum += out->units[u];
    for (size_t i = 0; i < e->length && !status; i++)
        if (e->unit_of[i] == SIZE_MAX && !isnan(out->tokens[i]))
            sum += out->tokens[i];
    out->report.sum = sum;
    out->report.runs = e->runs_done;
    return status;
}

cloze_status cloze_attribute(cloze_explainer *explainer, const cloze_attribution_options *options,
                             double *units, double *tokens, double *spread,
                             cloze_attribution_report *report, cloze_error *error)
{
    const cloze_allocator *allocator = &explainer->hooks.allocator;
    size_t length = explainer->length, count = explainer->unit_count;
    cz_attribution out = { .units = units };
    if (options->method >= CLOZE_METHODS || !methods[options->method].attribute)
        return cz_fail(error, CLOZE_ERROR_ARGUMENT, "there is no method %d", (int)options->method);
    out.tokens = tokens ? tokens : cz_allocate(allocator, length, sizeof *tokens);
    out.spread = spread ? spread : cz_allocate(allocator, count, sizeof *spread);
    cloze_status status = out.tokens && out.spread
                              ? attribute(explainer, options, &out, error)
                              : cz_fail_memory(error, "an attribution", length * sizeof *tokens);
    if (!status && report)
        *report = out.report;
    if (!tokens)
        cz_release(allocator, out.tokens);
    if (!spread)
        cz_release(allocator, out.spread);
    return status;
}
