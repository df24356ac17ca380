/*
 * counterfactual.c - which words would have to be others for the model to say something else, and how few
 * are enough for it to say the same?
 *
 * cc counterfactual.c -o counterfactual $(pkg-config --cflags --libs cloze)
 * ./counterfactual MODEL PROPOSER TEXT   MODEL: a classifier; PROPOSER: a model that fills masks
 */
#include <cloze/cloze.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_found(const cloze_model *model, const cloze_counterfactuals *found)
{
    cloze_counterfactual_facts facts = cloze_counterfactuals_facts(found);
    printf("%zu found, %zu texts tried\n", facts.found, facts.tried);
    for (size_t i = 0; i < facts.found; i++) {
        cloze_counterfactual one = cloze_counterfactuals_get(found, i);
        printf("%.4f -> %.4f  %s  %.*s\n", facts.probability, one.probability,
               one.says < 0 ? "none" : cloze_model_label(model, (size_t)one.says),
               (int)one.text.size, one.text.data);
    }
}

static bool print_reduced(cloze_explainer *explainer, cloze_error *error)
{
    size_t units = cloze_explainer_facts(explainer).units;
    unsigned char *present = calloc(units, 1);
    cloze_reduction reduction;
    bool good = present && !cloze_reduce(explainer, NULL, present, &reduction, error);
    for (size_t i = 0; good && i < units; i++) {
        cloze_text word = cloze_explainer_unit(explainer, i).text;
        if (present[i])
            printf("%.*s ", (int)word.size, word.data);
    }
    if (good)
        printf("%s enough, probability %.4f\n", reduction.units == 1 ? "is" : "are",
               reduction.probability);
    free(present);
    return good;
}

int main(int argc, char **argv)
{
    cloze_model *model = NULL, *proposer = NULL;
    cloze_explainer *explainer = NULL;
    cloze_counterfactuals *found = NULL;
    cloze_error error = { CLOZE_ERROR_ARGUMENT, 0, "usage: counterfactual MODEL PROPOSER TEXT" };
    cloze_text text = { argc == 4 ? argv[3] : "", argc == 4 ? strlen(argv[3]) : 0 };
    cloze_text none = { NULL, 0 };
    bool good = argc == 4 && !cloze_model_open(&model, argv[1], NULL, &error) &&
                !cloze_model_open(&proposer, argv[2], NULL, &error);
    cloze_counterfactual_options options = { .proposer = proposer };
    good = good && !cloze_explainer_new(&explainer, model, text, none, NULL, &error) &&
           !cloze_counterfactuals_find(&found, explainer, &options, &error);
    if (good)
        print_found(model, found);
    good = good && print_reduced(explainer, &error);
    if (!good)
        fprintf(stderr, "counterfactual: %s\n", error.message);
    cloze_counterfactuals_free(found);
    cloze_explainer_free(explainer);
    cloze_model_free(proposer);
    cloze_model_free(model);
    return good ? 0 : 1;
}
