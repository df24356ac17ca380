/* explain_methods.c - the methods by name, and what each answers. */
#include "explain.h"

#include "say.h"
#include "table.h"

#include <stdio.h>
#include <string.h>

static const char *const answers[CLOZE_METHODS] = {
    [CLOZE_METHOD_SALIENCY] = "where would a tiny change move the number most? (no sign)",
    [CLOZE_METHOD_INPUT_X_GRADIENT] =
        "saliency with a sign: what does each token add, by its slope?",
    [CLOZE_METHOD_SMOOTHGRAD] = "the same as a mean over noisy inputs, so that it jumps less",
    [CLOZE_METHOD_INTEGRATED_GRADIENTS] =
        "what does each token add on the way from nothing to the text? Adds up, and tells the gap",
    [CLOZE_METHOD_OCCLUSION] = "how far does the number fall without this part?",
    [CLOZE_METHOD_LIME] = "which parts does a simple model near this text lean on?",
    [CLOZE_METHOD_KERNEL_SHAP] = "each part's fair share (Shapley), from a weighted regression",
    [CLOZE_METHOD_PARTITION_SHAP] = "fair shares within a tree of neighbours (Owen); adds up",
    [CLOZE_METHOD_SHAPLEY] =
        "each part's fair share: exact up to 12 parts, else sampled with intervals",
    [CLOZE_METHOD_ATTENTION] = "what does the row that decides look at? Not what it makes of it",
    [CLOZE_METHOD_ROLLOUT] = "where does attention lead through all layers?",
    [CLOZE_METHOD_FLOW] = "how much can flow from a token through all layers?",
    [CLOZE_METHOD_VALUE_ZEROING] = "whose content does the deciding row need, layer by layer?",
    [CLOZE_METHOD_GRADIENT_ATTENTION] = "which attention matters for this number?",
    [CLOZE_METHOD_RANDOM] = "nothing: numbers without a reason, to compare the others with",
};

void explain_list_methods(cli_output *output)
{
    for (size_t i = 0; i < CLOZE_METHODS; i++) {
        const char *name = cloze_explain_method_name((cloze_explain_method)i);
        output_cell(output, (cloze_text){ name, strlen(name) }, 22, true);
        output_format(output, "%s\n", answers[i]);
    }
}

const char *explain_method_answer(cloze_explain_method method)
{
    return answers[method];
}

/* Into a list with commas. */
static void name_all(char *out, size_t size)
{
    size_t used = 0;
    for (size_t i = 0; i < CLOZE_METHODS && used < size; i++)
        used += (size_t)snprintf(out + used, size - used, "%s%s", i ? ", " : "",
                                 cloze_explain_method_name((cloze_explain_method)i));
}

static int add_method(explain_job *job, const char *name, size_t size)
{
    char copy[64], known[400];
    cloze_explain_method method = CLOZE_METHODS;
    if (size < sizeof copy) {
        memcpy(copy, name, size);
        copy[size] = 0;
        method = cloze_explain_method_named(copy);
    }
    if (method == CLOZE_METHODS) {
        name_all(known, sizeof known);
        return say_failure(CLOZE_ERROR_ARGUMENT,
                           "there is no method \"%.*s\"; there are %s, and all",
                           (int)(size < 100 ? size : 100), name, known);
    }
    for (size_t i = 0; i < job->method_count; i++)
        if (job->methods[i] == method)
            return say_failure(CLOZE_ERROR_ARGUMENT, "--method names %s twice", copy);
    job->methods[job->method_count++] = method;
    return 0;
}

int explain_choose_methods(explain_job *job)
{
    const char *names = job->settings->explain.methods;
    const cli_settings *s = job->settings;
    int code = 0;
    /* Attention alone needs no method. */
    if (!names && s->explain.attention && !s->picture && !s->json && !s->explain.csv)
        return 0;
    if (!names)
        names =
            job->settings->explain.evaluate || job->settings->explain.page ? "all" : "occlusion";
    job->every = !strcmp(names, "all");
    for (size_t i = 0; i < CLOZE_METHODS && job->every; i++)
        job->methods[job->method_count++] = (cloze_explain_method)i;
    while (!job->every && names && !code) {
        size_t size = strcspn(names, ",");
        code = add_method(job, names, size);
        names = names[size] ? names + size + 1 : NULL;
    }
    return code;
}
