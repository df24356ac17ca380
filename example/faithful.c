/*
 * faithful.c - can an explanation be believed? Methods side by side, beside random numbers.
 *
 * cc faithful.c -o faithful $(pkg-config --cflags --libs cloze)
 * ./faithful MODEL TEXT TEXT ...   MODEL: a folder of a classifier, or a hub name that is in the cache
 */
#include <cloze/cloze.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

static const cloze_attribution_options methods[] = { { .method = CLOZE_METHOD_OCCLUSION },
                                                     { .method = CLOZE_METHOD_SALIENCY } };
enum { METHODS = sizeof methods / sizeof *methods };

static cloze_status add(cloze_evaluation *evaluation, const cloze_model *model, const char *text,
                        cloze_error *error)
{
    cloze_explainer *explainer = NULL;
    cloze_text given = { text, strlen(text) }, none = { NULL, 0 };
    cloze_status status = cloze_explainer_new(&explainer, model, given, none, NULL, error);
    if (!status)
        status = cloze_evaluation_add(evaluation, explainer, error);
    cloze_explainer_free(explainer);
    return status;
}

/* Comprehensiveness: how far the logit falls without the words that are said to matter. */
static void print(const cloze_evaluation *evaluation)
{
    for (size_t i = 0; i <= METHODS; i++) {
        cloze_faith_summary found;
        const char *name =
            cloze_explain_method_name(i < METHODS ? methods[i].method : CLOZE_METHOD_RANDOM);
        if (cloze_evaluation_summary(evaluation, i, CLOZE_FAITH_COMPREHENSIVENESS, &found, NULL))
            continue;
        printf("%-10s comprehensiveness %7.4f", name, found.mean);
        if (i < METHODS)
            printf(", better than random by %.4f", found.gain);
        if (i < METHODS && isfinite(found.gain_low)) /* one text has no interval */
            printf(" (%.4f to %.4f)", found.gain_low, found.gain_high);
        printf("\n");
    }
}

int main(int argc, char **argv)
{
    cloze_model *model = NULL;
    cloze_evaluation *evaluation = NULL;
    cloze_error error = { CLOZE_ERROR_ARGUMENT, 0, "usage: faithful MODEL TEXT ..." };
    bool good = argc > 2 && !cloze_model_open(&model, argv[1], NULL, &error) &&
                !cloze_evaluation_new(&evaluation, model, methods, METHODS, NULL, &error);
    for (int i = 2; good && i < argc; i++)
        good = !add(evaluation, model, argv[i], &error);
    if (good)
        print(evaluation);
    else
        fprintf(stderr, "faithful: %s\n", error.message);
    cloze_evaluation_free(evaluation);
    cloze_model_free(model);
    return good ? 0 : 1;
}
