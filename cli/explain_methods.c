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

/* Methods as bits. */
enum {
    ATTENTION = 1 << CLOZE_METHOD_ATTENTION,
    INTEGRATED = 1 << CLOZE_METHOD_INTEGRATED_GRADIENTS,
    SMOOTHED = 1 << CLOZE_METHOD_SMOOTHGRAD,
    GRADIENTS =
        1 << CLOZE_METHOD_SALIENCY | 1 << CLOZE_METHOD_INPUT_X_GRADIENT | SMOOTHED | INTEGRATED,
    SETS = 1 << CLOZE_METHOD_LIME | 1 << CLOZE_METHOD_KERNEL_SHAP |
           1 << CLOZE_METHOD_PARTITION_SHAP | 1 << CLOZE_METHOD_SHAPLEY,
    ALL = (1 << CLOZE_METHODS) - 1
};

/* Into a list with commas. */
static void name_methods(unsigned methods, char *out, size_t size)
{
    size_t used = 0;
    for (size_t i = 0; i < CLOZE_METHODS && used < size; i++)
        if (methods >> i & 1)
            used += (size_t)snprintf(out + used, size - used, "%s%s", used ? ", " : "",
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
        name_methods(ALL, known, sizeof known);
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

/* An option that nothing reads is a mistake. */
static int check_ways(const explain_job *job)
{
    const cli_explaining *e = &job->settings->explain;
    bool drawn = e->attention != NULL;
    const struct {
        const char *option;
        unsigned of;
        bool idle; /* given, and of nothing else that is asked for */
    } ways[] = {
        { "--layer", GRADIENTS | ATTENTION, e->layer >= 0 && !drawn },
        { "--head", ATTENTION, e->head >= 0 && !drawn },
        { "--highest", ATTENTION, e->highest && !drawn },
        { "--steps", INTEGRATED, e->steps > 0 },
        { "--bound", INTEGRATED, e->bound > 0 },
        { "--noise", SMOOTHED, e->noise > 0 },
        { "--samples", SMOOTHED | SETS, e->samples > 0 },
        { "--absent", INTEGRATED | SETS | 1 << CLOZE_METHOD_OCCLUSION, e->absence && !e->evaluate },
    };
    unsigned asked = 0;
    char names[400];
    for (size_t i = 0; i < job->method_count; i++)
        asked |= 1U << job->methods[i];
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        if (!ways[i].idle || ways[i].of & asked)
            continue;
        name_methods(ways[i].of, names, sizeof names);
        return say_failure(CLOZE_ERROR_ARGUMENT, "%s is of --method %s", ways[i].option, names);
    }
    if (e->layer >= 0 && e->layer < 1 && asked & ATTENTION && !job->every)
        return say_failure(CLOZE_ERROR_ARGUMENT,
                           "layers of attention are counted from 1; --layer 0 is none");
    return 0;
}

int explain_choose_methods(explain_job *job)
{
    const char *names = job->settings->explain.methods;
    const cli_settings *s = job->settings;
    int code = 0;
    /* Attention alone needs no method. */
    if (!names && s->explain.attention && !s->picture && !s->json && !s->explain.csv)
        return check_ways(job);
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
    return code ? code : check_ways(job);
}
