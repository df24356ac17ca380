/* told.c - see told.h. */
#include "told.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

json_t *told_load(const char *name)
{
    char path[2200], inside[256];
    cloze_error error;
    json_t *root = NULL;
    snprintf(inside, sizeof inside, "explain/%s", name);
    if (cz_json_load(&root, golden_path(path, sizeof path, inside), 1 << 22, NULL, &error))
        fail_msg("%s", error.message);
    return root;
}

static cloze_text text_at(const json_t *json, const char *name)
{
    const json_t *text = json_object_get(json, name);
    return (cloze_text){ text ? json_string_value(text) : "", text ? json_string_length(text) : 0 };
}

static int one_of(const json_t *json, const char *name, const char *const *choices, int count)
{
    const char *chosen = json_string_value(json_object_get(json, name));
    for (int i = 0; i < count; i++)
        if (!strcmp(choices[i], chosen))
            return i;
    fail_msg("%s: %s", name, chosen);
    return 0;
}

static cloze_explain_options options_of(const json_t *json)
{
    static const char *const tasks[] = { "labels", "tags", "answer", "words", "similarity" };
    static const char *const values[] = { "logit", "margin", "probability" };
    const json_t *place = json_object_get(json, "place");
    cloze_explain_options options = {
        .task = (cloze_explain_task)one_of(json, "task", tasks, CLOZE_EXPLAIN_TASKS),
        .value = (cloze_explain_value)one_of(json, "value_of", values, CLOZE_VALUES),
        .target = (int64_t)json_integer_value(json_object_get(json, "target")),
        .against = (int64_t)json_integer_value(json_object_get(json, "against")),
        .has_place = place,
    };
    if (place)
        options.place = (cloze_explain_span){
            (size_t)json_integer_value(json_array_get(place, 0)),
            (size_t)json_integer_value(json_array_get(place, 1)),
            options.task == CLOZE_EXPLAIN_ANSWER,
        };
    return options;
}

static void open_units(told_case *told, const json_t *json, const char *path,
                       cloze_explain_unit unit, const open_options *options)
{
    cloze_error error = { 0 };
    *told = (told_case){ .json = json, .model = json_string_value(json_object_get(json, "model")) };
    cloze_explain_options how = options_of(json);
    how.unit = unit;
    how.batch_tokens = options->batch_tokens;
    open_model(&told->o, path, options);
    if (cloze_explainer_new(&told->explainer, told->o.model, text_at(json, "text"),
                            text_at(json, "pair"), &how, &error))
        fail_msg("%s: %s", told->model, error.message);
    told->facts = cloze_explainer_facts(told->explainer);
    assert_int_equal(told->facts.tokens, json_array_size(json_object_get(json, "tokens")));
}

void told_open_at(told_case *told, const json_t *json, const char *path,
                  const open_options *options)
{
    open_units(told, json, path, CLOZE_UNIT_TOKENS, options);
}

void told_open_words(told_case *told, const json_t *json, const char *path,
                     const open_options *options)
{
    open_units(told, json, path, CLOZE_UNIT_WORDS, options);
}

void told_open(told_case *told, const json_t *json, const open_options *options)
{
    char path[2200];
    golden_path(path, sizeof path, json_string_value(json_object_get(json, "model")));
    told_open_at(told, json, path, options);
}

void told_close(told_case *told)
{
    cloze_explainer_free(told->explainer);
    close_model(&told->o);
}

cloze_absence told_absence(const told_case *told)
{
    static const char *const names[] = { "mask", "padding" };
    return one_of(told->json, "absence", names, 2) ? CLOZE_ABSENT_PADDING : CLOZE_ABSENT_MASK;
}

double told_number(const json_t *object, const char *name)
{
    return json_number_value(json_object_get(object, name));
}

void told_compare(const told_case *told, const char *name, const double *found, size_t count,
                  double bound)
{
    const json_t *wanted = json_object_get(told->json, name);
    double largest = 0;
    assert_int_equal(json_array_size(wanted), count);
    for (size_t i = 0; i < count; i++)
        largest = fmax(largest, fabs(json_number_value(json_array_get(wanted, i))));
    assert_true(largest > 0);
    for (size_t i = 0; i < count; i++) {
        double number = json_number_value(json_array_get(wanted, i));
        if (!(fabs(found[i] - number) <= bound * largest))
            fail_msg("%s, %s: number %zu is %.12g instead of %.12g (%.2g of the largest)",
                     told->model, name, i, found[i], number, fabs(found[i] - number) / largest);
    }
}

cloze_attribution_report told_attribute(const told_case *told,
                                        const cloze_attribution_options *options, double *tokens)
{
    double units[TOLD_TOKENS_MOST], spread[TOLD_TOKENS_MOST], sum = 0;
    cloze_attribution_report report;
    cloze_error error = { 0 };
    assert_true(told->facts.tokens <= TOLD_TOKENS_MOST);
    if (cloze_attribute(told->explainer, options, units, tokens, spread, &report, &error))
        fail_msg("%s: %s", told->model, error.message);
    for (size_t i = 0; i < told->facts.tokens; i++) {
        int64_t unit = cloze_explainer_token(told->explainer, i).unit;
        assert_true(unit < 0 || units[unit] == tokens[i]);
        sum += tokens[i];
    }
    assert_true(fabs(report.sum - sum) <= 1e-12 * (1 + fabs(sum)));
    return report;
}

void told_compare_gradients(const told_case *told, const json_t *root, double bound)
{
    const json_t *json = told->json;
    double tokens[TOLD_TOKENS_MOST];
    size_t count = told->facts.tokens;
    assert_true(fabs(told->facts.value - told_number(json, "value")) <= 1e-5);
    told_attribute(told, &(cloze_attribution_options){ .method = CLOZE_METHOD_SALIENCY }, tokens);
    told_compare(told, "saliency", tokens, count, bound);
    told_attribute(told, &(cloze_attribution_options){ .method = CLOZE_METHOD_INPUT_X_GRADIENT },
                   tokens);
    told_compare(told, "input-x-gradient", tokens, count, bound);
    cloze_attribution_options line = { .method = CLOZE_METHOD_INTEGRATED_GRADIENTS,
                                       .absence = told_absence(told),
                                       .steps = (size_t)told_number(root, "steps"),
                                       .bound = 1e9 };
    cloze_attribution_report report = told_attribute(told, &line, tokens);
    told_compare(told, "words", tokens, count, bound);
    assert_int_equal(report.steps, line.steps);
    assert_true(fabs(report.nothing - told_number(json, "nothing")) <= 1e-5);
    assert_true(fabs(report.gap - (report.value - report.nothing - report.sum)) <= 1e-6);
    line.has_layer = true;
    line.layer = (int64_t)told_number(json, "layer");
    told_attribute(told, &line, tokens);
    told_compare(told, "layer-wise", tokens, count, bound);
    cloze_attribution_options smooth = { .method = CLOZE_METHOD_SMOOTHGRAD,
                                         .samples = (size_t)told_number(root, "samples"),
                                         .noise = told_number(root, "noise"),
                                         .seed = (uint64_t)told_number(root, "seed") };
    assert_false(told_attribute(told, &smooth, tokens).exact);
    told_compare(told, "smoothgrad", tokens, count, bound);
}
