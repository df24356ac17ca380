/* explain_texts.c - from the command line to explained texts, one after the other. */
#include "explain.h"

#include "say.h"

#include <stdlib.h>

/* Only a record wants to know which model it was. */
static int take_digest(explain_job *job)
{
    cloze_error error;
    if (!job->settings->json && !job->settings->explain.csv && !job->settings->explain.page)
        return 0;
    return cloze_model_digest(job->opened.model, job->digest, &error) ? say_error(&error, NULL) : 0;
}

/* A picture or page is of one text. */
static int check_single(const explain_job *job)
{
    const cli_settings *s = job->settings;
    if (!s->picture && !s->explain.attention && !s->explain.page)
        return 0;
    if (input_count(job->input) == 1 && input_is_last(job->input))
        return 0;
    return say_failure(CLOZE_ERROR_ARGUMENT, "a picture or page is of one text; here %s",
                       input_count(job->input) ? "are several" : "is none");
}

int explain_open(explain_job *job, char **texts, size_t count)
{
    int code = input_open(&job->input, job->settings, texts, count);
    if (!code)
        code = input_next(job->input);
    if (!code)
        code = check_single(job);
    if (!code)
        code = open_engine(&job->opened, job->settings);
    if (!code)
        code = open_model(&job->opened, job->settings, false);
    if (!code)
        code = explain_aim(job);
    if (!code)
        code = take_digest(job);
    return code ? code : output_open(&job->output, job->settings->output);
}

/* A text that is empty or too long is told of, and left out. */
static int explain_one(explain_job *job, size_t i, explain_each *each, void *context)
{
    const cloze_text *pairs = input_pairs(job->input);
    cloze_text pair = job->pair.data ? job->pair : pairs ? pairs[i] : (cloze_text){ NULL, 0 };
    cli_explanation explanation = { 0 };
    char where[PATH_SIZE + 32];
    input_where(job->input, i, where, sizeof where);
    job->number++;
    int code = explanation_make(&explanation, job, input_texts(job->input)[i], pair, where);
    if (code == CLOZE_ERROR_TEXT) {
        job->left_out++;
        code = 0;
    } else if (!code) {
        code = each(context, job, &explanation, where);
    }
    explanation_clear(&explanation);
    return code;
}

int explain_all(explain_job *job, explain_each *each, void *context)
{
    int code = 0;
    while (!code && input_count(job->input) && !output_failed(job->output)) {
        for (size_t i = 0; i < input_count(job->input) && !code; i++) {
            code = explain_one(job, i, each, context);
            output_flush(job->output);
        }
        if (!code)
            code = input_next(job->input);
    }
    if (!code && job->left_out && job->left_out == job->number)
        return CLOZE_ERROR_TEXT;
    if (!code && job->left_out)
        say_note(job->settings->quiet, "%zu of %zu texts %s left out", job->left_out, job->number,
                 job->left_out == 1 ? "was" : "were");
    return code;
}

int explain_close(explain_job *job, int code)
{
    code = output_close(job->output, code);
    close_all(&job->opened);
    input_close(job->input);
    free(job->spans);
    free(job->file);
    return code;
}
