/* explain_versus.c - the other text or the other model that a picture is drawn against. */
#include "explain.h"

#include "say.h"

#include <cloze/plot.h>

#include <string.h>

/* All that is needed to write them but the numbers. */
static int check_files(const explain_job *job)
{
    const cli_explaining *e = &job->settings->explain;
    const struct {
        const char *option, *path;
    } files[] = { { "--picture", job->settings->picture },
                  { "--attention", e->attention },
                  { "--curves", e->curves },
                  { "--page", e->page } };
    enum { FILES = sizeof files / sizeof *files };
    cloze_error error;
    int code = 0;
    for (int i = 0; i < FILES && !code; i++) {
        if (!files[i].path)
            continue;
        if (files[i].path != e->page && cloze_plot_ready(files[i].path, &error))
            return say_error(&error, files[i].option);
        for (int k = 0; k < i; k++)
            if (files[k].path && !strcmp(files[k].path, files[i].path))
                return say_failure(CLOZE_ERROR_ARGUMENT, "%s and %s: one file cannot be both",
                                   files[k].option, files[i].option);
        code = output_check(files[i].path);
    }
    return code;
}

int explain_check_pictures(const explain_job *job)
{
    const cli_settings *s = job->settings;
    const cli_explaining *e = &s->explain;
    bool drawn = s->picture || e->attention;
    if (drawn && e->evaluate)
        return say_failure(CLOZE_ERROR_ARGUMENT,
                           "--evaluate draws with --curves, not --picture or --attention");
    if ((e->versus || e->versus_model) && !drawn)
        return say_failure(CLOZE_ERROR_ARGUMENT,
                           "--versus and --versus-model are drawn: say --picture or --attention");
    if (e->versus && e->versus_model)
        return say_failure(CLOZE_ERROR_ARGUMENT, "--versus and --versus-model: choose one");
    if ((e->scale || e->colours || e->mute || e->map) && !e->attention)
        return say_failure(CLOZE_ERROR_ARGUMENT,
                           "--map, --scale, --colours and --mute are of --attention");
    if (e->map > 1 && (e->head >= 0 || e->highest))
        return say_failure(CLOZE_ERROR_ARGUMENT, "only --map attention has heads");
    if (e->attention && e->layer >= 0 && e->layer < 1)
        return say_failure(CLOZE_ERROR_ARGUMENT, "layers of --attention count from 1");
    if (e->attention && e->head >= 0 && e->layer < 0)
        return say_failure(CLOZE_ERROR_ARGUMENT, "--head of which layer? --layer tells");
    return check_files(job);
}

static int open_other(explain_job *second, const explain_job *job, cli_settings *settings)
{
    *settings = *job->settings;
    settings->model = job->settings->explain.versus_model;
    settings->revision = NULL;
    second->settings = settings;
    second->opened = (cli_opened){ .engine = job->opened.engine };
    int code = open_model(&second->opened, settings, false);
    second->settings = job->settings;
    return code;
}

int explain_versus(explain_job *second, cli_explanation *out, const explain_job *job,
                   const cli_explanation *explanation)
{
    const cli_explaining *e = &job->settings->explain;
    cli_settings settings;
    cloze_text text = explanation->text;
    int code = 0;
    *second = *job;
    second->options.target = explanation->facts.target;
    second->options.against = explanation->facts.against; /* none is CLOZE_TARGET_BEST */
    if (e->versus)
        text = (cloze_text){ e->versus, strlen(e->versus) };
    if (e->versus_model && !(code = open_other(second, job, &settings)))
        code = explain_same_target(second, job, &explanation->facts);
    if (code)
        return code;
    return explanation_make(out, second, text, explanation->pair,
                            e->versus ? "--versus" : "--versus-model");
}

/* The engine is the first one's. */
void explain_versus_clear(explain_job *second, cli_explanation *out)
{
    explanation_clear(out);
    if (second->settings && second->settings->explain.versus_model)
        cloze_model_free(second->opened.model);
}
