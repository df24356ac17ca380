/*
 * test_scarce.c - explaining with little memory: whichever allocation fails, and all behind it, the call says
 * so and keeps nothing.
 */
#include "scarce.h"

#include "folder.h"

#include "explain/explainer.h"

#include <cloze/behaviour.h>
#include <cloze/counterfactual.h>
#include <cloze/faithful.h>
#include <cloze/probe.h>

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { UNITS_MOST = 8, HEADS_MOST = 64 };

static const cloze_explain_options usual = { .target = CLOZE_TARGET_BEST,
                                             .against = CLOZE_TARGET_BEST };

static cloze_text text_of(const char *text)
{
    return (cloze_text){ text, strlen(text) };
}

static cloze_status attribute(cloze_explainer *explainer, cloze_explain_method method)
{
    const cloze_attribution_options options = { .method = method,
                                                .steps = 2,
                                                .samples = method == CLOZE_METHOD_SHAPLEY ? 0 : 8 };
    double units[UNITS_MOST];
    return cloze_attribute(explainer, &options, units, NULL, NULL, NULL, NULL);
}

static cloze_status use_methods(cloze_session *session, const cloze_hooks *hooks)
{
    cloze_explainer *explainer = NULL;
    (void)hooks;
    cloze_status status = cloze_explainer_new(&explainer, session->model, text_of("a cat sits"),
                                              text_of("a dog"), &usual, NULL);
    for (int method = 0; method < CLOZE_METHODS && !status; method++)
        status = attribute(explainer, (cloze_explain_method)method);
    cloze_explainer_free(explainer);
    return status;
}

static bool see_weights(void *context, size_t layer, size_t heads, size_t tokens,
                        const float *weights)
{
    (void)context, (void)layer, (void)heads, (void)tokens, (void)weights;
    return true;
}

static bool see_matrix(void *context, size_t layer, size_t tokens, const double *matrix)
{
    (void)context, (void)layer, (void)tokens, (void)matrix;
    return true;
}

static cloze_status use_maps(cloze_session *session, const cloze_hooks *hooks)
{
    cloze_explain_options options = usual;
    cloze_explainer *x = NULL;
    double heads[HEADS_MOST], layers[HEADS_MOST];
    (void)hooks;
    options.unit = CLOZE_UNIT_SENTENCES;
    cloze_status status =
        cloze_explainer_new(&x, session->model, text_of("a cat"), text_of(""), &options, NULL);
    if (!status)
        status = cloze_explainer_attention(x, see_weights, NULL, NULL);
    if (!status)
        status = cloze_explainer_rollout(x, see_matrix, NULL, NULL);
    if (!status)
        status = cloze_explainer_value_zeroing(x, see_matrix, NULL, NULL);
    if (!status)
        status = cloze_explainer_gradient_attention(x, see_matrix, NULL, NULL);
    for (int way = 0; way < 2 && !status; way++)
        status = cloze_head_importance(x, (cloze_importance)way, heads, layers, NULL);
    cloze_explainer_free(x);
    return status;
}

static cloze_status use_evaluation(cloze_session *session, const cloze_hooks *hooks)
{
    static const cloze_attribution_options methods[] = { { .method = CLOZE_METHOD_OCCLUSION },
                                                         { .method = CLOZE_METHOD_SALIENCY } };
    static const cloze_faith_options how = { .seeds = 2,
                                             .masks = 3,
                                             .resamples = 9,
                                             .randomization = CLOZE_RANDOMIZE_ALL,
                                             .sensitivity = true };
    cloze_faith_summary summary;
    cloze_evaluation *v = NULL;
    cloze_explainer *x = NULL;
    (void)hooks;
    cloze_status status =
        cloze_explainer_new(&x, session->model, text_of("a cat"), text_of(""), &usual, NULL);
    if (!status)
        status = cloze_evaluation_new(&v, session->model, methods, 2, &how, NULL);
    if (!status)
        status = cloze_evaluation_add(v, x, NULL);
    if (!status)
        status = cloze_evaluation_summary(v, 0, CLOZE_FAITH_AOPC, &summary, NULL);
    cloze_evaluation_free(v);
    cloze_explainer_free(x);
    return status;
}

static cloze_status use_edits(cloze_session *session, const cloze_hooks *hooks)
{
    const cloze_counterfactual_options how = { .proposer = session->model,
                                               .proposals = 2,
                                               .tries = 9 };
    cloze_explain_options options = usual;
    cloze_counterfactuals *found = NULL;
    cloze_reduction reduction;
    cloze_explainer *x = NULL;
    uint8_t present[UNITS_MOST];
    (void)hooks;
    options.task = CLOZE_EXPLAIN_WORDS;
    cloze_status status = cloze_explainer_new(&x, session->model, text_of("the [MASK] sits"),
                                              text_of(""), &options, NULL);
    if (!status)
        status = cloze_counterfactuals_find(&found, x, &how, NULL);
    cloze_counterfactuals_free(found);
    if (!status)
        status = cloze_reduce(x, NULL, present, &reduction, NULL);
    cloze_explainer_free(x);
    return status;
}

static cloze_status use_checks(cloze_session *session, const cloze_hooks *hooks)
{
    static const cloze_check checks[] = { { .change = CLOZE_CHANGE_TYPO },
                                          { .change = CLOZE_CHANGE_NUMBERS } };
    const cloze_text texts[] = { text_of("James has 4 cats"), text_of("it is not good") };
    const cloze_behaviour_texts given = { .texts = texts, .count = 2 };
    const cloze_behaviour_options how = { .changes.hooks = hooks, .copies = 2 };
    cloze_behaviour *behaviour = NULL;
    cloze_status status = cloze_behaviour_check(&behaviour, session, &given, checks, 2, &how, NULL);
    cloze_behaviour_free(behaviour);
    return status;
}

static cloze_status use_probe(cloze_session *session, const cloze_hooks *hooks)
{
    enum { LAYERS_MOST = 8 };
    const cloze_probe_example examples[] = { { .text = text_of("a cat"), .label = 0 },
                                             { .text = text_of("a dog sits"), .label = 1 },
                                             { .text = text_of("the cat"), .label = 0 },
                                             { .text = text_of("the dog"), .label = 1 } };
    cloze_probe_result results[LAYERS_MOST];
    double most;
    (void)hooks;
    return cloze_probe(session, examples, 4, NULL, results, &most, NULL);
}

static void try_all(const char *name, scarce_use *use)
{
    char path[2200];
    scarce_try_all(golden_path(path, sizeof path, name), use);
}

static void test_methods(void **state)
{
    (void)state;
    try_all("classify/inference", use_methods);
}

static void test_maps(void **state)
{
    (void)state;
    try_all("classify/sentiment", use_maps);
}

static void test_evaluation(void **state)
{
    (void)state;
    try_all("classify/sentiment", use_evaluation);
}

static void test_edits(void **state)
{
    (void)state;
    try_all("fill/pieces", use_edits);
}

static void test_checks(void **state)
{
    (void)state;
    try_all("classify/sentiment", use_checks);
}

static void test_probe(void **state)
{
    (void)state;
    try_all("classify/sentiment", use_probe);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_methods),    cmocka_unit_test(test_maps),
        cmocka_unit_test(test_evaluation), cmocka_unit_test(test_edits),
        cmocka_unit_test(test_checks),     cmocka_unit_test(test_probe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
