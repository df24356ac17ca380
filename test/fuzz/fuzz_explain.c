/*
 * fuzz_explain.c - any text of any task, in units of any kind, by every method: each is explained or refused,
 * numbers are finite, units lie in their texts, and what promises to add up does.
 */
#include "small_model.h"

#include <cloze/counterfactual.h>
#include <cloze/explain.h>
#include <cloze/faithful.h>

#include <math.h>

enum { SPANS = 2, CHOICES = 6 + 3 * SPANS, TOKENS_MOST = POSITIONS };

typedef struct input {
    uint8_t choice[CHOICES];
    cloze_text texts[2];
    cloze_explain_span spans[SPANS];
    cloze_explain_options options;
} input;

static cloze_explain_span span_of(const uint8_t choice[3])
{
    return (cloze_explain_span){ choice[0] % 32, choice[1] % 32,
                                 choice[2] % 3 - (choice[2] > 250) };
}

/* Choices, then a text, a zero byte and a second one. */
static void read_input(input *in, const uint8_t *data, size_t size)
{
    const char *text = (const char *)data + CHOICES;
    const char *zero = memchr(text, 0, size - CHOICES);
    size_t first = zero ? (size_t)(zero - text) : size - CHOICES;
    memcpy(in->choice, data, CHOICES);
    in->texts[0] = (cloze_text){ text, first };
    in->texts[1] = (cloze_text){ zero ? zero + 1 : "", zero ? size - CHOICES - first - 1 : 0 };
    for (size_t i = 0; i < SPANS; i++)
        in->spans[i] = span_of(in->choice + 6 + 3 * i);
    in->options = (cloze_explain_options){
        .task = (cloze_explain_task)(in->choice[0] % 6),
        .value = (cloze_explain_value)(in->choice[0] / 6 % 4),
        .unit = (cloze_explain_unit)(in->choice[1] % 5),
        .spans = in->spans,
        .span_count = in->choice[1] / 5 % (SPANS + 1),
        .side_fixed = { in->choice[2] % 7 == 1, in->choice[2] % 7 == 2 },
        .target = in->choice[2] / 7 % 8 - 2,
        .against = in->choice[2] / 56 % 4 - 1,
        .has_place = in->choice[3] % 3 == 1,
        .place = in->spans[0],
        .max_tokens = in->choice[3] / 3 % 4 ? 0 : 9,
        .batch_tokens = in->choice[3] / 12 % 3 * 20,
    };
}

static void look_at_units(const input *in, const cloze_explainer *explainer)
{
    cloze_explained facts = cloze_explainer_facts(explainer);
    demand(isfinite(facts.value) && facts.units > 0 && facts.tokens <= TOKENS_MOST);
    for (size_t u = 0; u < facts.units; u++) {
        cloze_explain_part part = cloze_explainer_unit(explainer, u);
        demand(part.span.side == 0 || part.span.side == 1);
        demand(part.span.begin <= part.span.end && part.span.end <= in->texts[part.span.side].size);
        demand(part.tokens > 0 && part.first + part.tokens <= facts.tokens);
    }
    for (size_t i = 0; i < facts.tokens; i++) {
        cloze_explain_token token = cloze_explainer_token(explainer, i);
        demand(token.unit < (int64_t)facts.units && token.text.size > 0);
    }
}

static cloze_attribution_options options_of(const input *in, int method)
{
    return (cloze_attribution_options){ .method = (cloze_explain_method)method,
                                        .absence = (cloze_absence)(in->choice[4] % 6),
                                        .has_layer = in->choice[4] / 6 % 5 == 1,
                                        .layer = in->choice[5] % 4 - 1,
                                        .has_head = in->choice[4] / 30 % 3 == 1,
                                        .head = in->choice[5] / 4 % 3,
                                        .highest = in->choice[4] / 90 % 2,
                                        .steps = 1 + in->choice[5] % 3,
                                        .samples = in->choice[5] / 12 % 12,
                                        .seed = in->choice[5] };
}

static void attribute(const input *in, cloze_explainer *explainer, int method)
{
    cloze_attribution_options options = options_of(in, method);
    cloze_explained facts = cloze_explainer_facts(explainer);
    double units[TOKENS_MOST], tokens[TOKENS_MOST], spread[TOKENS_MOST];
    cloze_attribution_report report;
    if (facts.units > 8 && method == CLOZE_METHOD_SHAPLEY)
        options.samples = 2;
    if (cloze_attribute(explainer, &options, units, tokens, spread, &report, NULL))
        return;
    demand(isfinite(report.sum) && report.value == facts.value);
    for (size_t u = 0; u < facts.units; u++)
        demand(isfinite(units[u]) && !(spread[u] < 0));
    if (method == CLOZE_METHOD_SHAPLEY || method == CLOZE_METHOD_KERNEL_SHAP ||
        method == CLOZE_METHOD_PARTITION_SHAP)
        demand(fabs(report.gap) < 1e-6 * (1 + fabs(report.value) + fabs(report.nothing)));
}

static void measure(const input *in, cloze_explainer *explainer)
{
    const cloze_attribution_options method = options_of(in, CLOZE_METHOD_OCCLUSION);
    const cloze_faith_options how = { .absence = method.absence,
                                      .seeds = 1,
                                      .masks = 2,
                                      .resamples = 3,
                                      .points = in->choice[5] % 4,
                                      .no_bounds = cloze_explainer_facts(explainer).units > 6 };
    cloze_evaluation *evaluation = NULL;
    if (cloze_evaluation_new(&evaluation, whole, &method, 1, &how, NULL))
        return;
    if (!cloze_evaluation_add(evaluation, explainer, NULL))
        for (int k = 0; k < CLOZE_FAITH_MEASURES; k++) {
            cloze_faith_summary summary;
            demand(
                !cloze_evaluation_summary(evaluation, 0, (cloze_faith_measure)k, &summary, NULL));
            demand(!isinf(summary.mean));
        }
    cloze_evaluation_free(evaluation);
}

static void change(const input *in, cloze_explainer *explainer)
{
    const cloze_counterfactual_options how = {
        .proposer = in->choice[3] / 36 % 2 ? whole : NULL, .proposals = 2, .tries = 12, .wanted = 2
    };
    cloze_counterfactuals *found = NULL;
    cloze_reduction reduction;
    uint8_t present[TOKENS_MOST];
    if (!cloze_reduce(explainer, NULL, present, &reduction, NULL))
        demand(reduction.units > 0 && isfinite(reduction.value));
    if (!cloze_counterfactuals_find(&found, explainer, &how, NULL))
        for (size_t i = 0; i < cloze_counterfactuals_facts(found).found; i++)
            demand(cloze_counterfactuals_get(found, i).count > 0);
    cloze_counterfactuals_free(found);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cloze_explainer *explainer = NULL;
    input in;
    prepare();
    if (size < CHOICES)
        return 0;
    read_input(&in, data, size);
    if (cloze_explainer_new(&explainer, whole, in.texts[0], in.texts[1], &in.options, NULL))
        return 0;
    look_at_units(&in, explainer);
    for (int method = 0; method <= CLOZE_METHODS; method++)
        attribute(&in, explainer, method);
    measure(&in, explainer);
    change(&in, explainer);
    cloze_explainer_free(explainer);
    return 0;
}
