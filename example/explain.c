/*
 * explain.c - why a classifier says so: what each word adds to the logit of its label.
 *
 * cc explain.c -o explain $(pkg-config --cflags --libs cloze)
 * ./explain MODEL TEXT [METHOD]   MODEL: a folder of a classifier, or a hub name that is in the cache;
 *                                 METHOD: occlusion (the default), shapley, integrated-gradients, ...
 */
#include <cloze/cloze.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static cloze_status print(cloze_explainer *explainer, const cloze_attribution_options *how,
                          cloze_error *error)
{
    cloze_explained facts = cloze_explainer_facts(explainer);
    cloze_attribution_report report;
    double *units = calloc(facts.units + 1, sizeof *units);
    cloze_status status = CLOZE_ERROR_MEMORY;
    if (units)
        status = cloze_attribute(explainer, how, units, NULL, NULL, &report, error);
    for (size_t i = 0; i < facts.units && !status; i++) {
        cloze_explain_part word = cloze_explainer_unit(explainer, i);
        printf("%+9.4f  %.*s\n", units[i], (int)word.text.size, word.text.data);
    }
    if (!status)
        printf("F %.4f, sum %.4f, %zu runs of the model\n", report.value, report.sum, report.runs);
    free(units);
    return status;
}

int main(int argc, char **argv)
{
    cloze_attribution_options how = { .method = CLOZE_METHOD_OCCLUSION };
    cloze_model *model = NULL;
    cloze_explainer *explainer = NULL;
    cloze_text text = { argc > 2 ? argv[2] : "", argc > 2 ? strlen(argv[2]) : 0 },
               none = { NULL, 0 };
    cloze_error error = { CLOZE_ERROR_ARGUMENT, 0, "usage: explain MODEL TEXT [METHOD]" };
    if (argc > 3)
        how.method = cloze_explain_method_named(argv[3]);
    bool good = argc > 2 && !cloze_model_open(&model, argv[1], NULL, &error) &&
                !cloze_explainer_new(&explainer, model, text, none, NULL, &error);
    if (good)
        printf("%s\n", cloze_model_label(model, (size_t)cloze_explainer_facts(explainer).target));
    good = good && !print(explainer, &how, &error);
    if (!good)
        fprintf(stderr, "explain: %s\n", error.message);
    cloze_explainer_free(explainer);
    cloze_model_free(model);
    return good ? 0 : 1;
}
