/* explain.c - cloze explain: what each part of a text adds to what a model says. */
#include "explain.h"

#include "commands.h"
#include "say.h"

#include <stdlib.h>

static const command_example examples[] = {
    { "cloze explain -m ./sentiment \"A wonderful film\"", "what each word adds to the label" },
    { "cloze explain -m ./sentiment \"A wonderful film\" -M shapley,attention --json",
      "two methods, every number, and a record of how they were made" },
    { "cloze explain -m ./squad \"Where does Evan live?\" -c \"Evan is in The Hague.\" --fixed "
      "pair",
      "which words of the question decide for the answer" },
    { "cloze explain -m ./sentiment --evaluate -f reviews.txt --curves curves.svg",
      "how far each method can be believed" },
    { "cloze explain -m ./sentiment \"A wonderful film\" --attention heads.png",
      "every head of every layer" },
    { "cloze explain -m ./sentiment \"A wonderful film\" --page why.html",
      "everything as one page for the browser" },
    { "cloze explain \"I love pasta\" --pair \"Do you like pizza?\"",
      "what makes two texts similar" },
    { NULL, NULL },
};

static int run(const cli_command *self, int argc, char **argv);

const cli_command command_explain = {
    .name = "explain",
    .operands = "[TEXT ...]",
    .operand_kind = "none",
    .summary = "tell what a prediction rests on",
    .description =
        "Prints for each text what the model says, and what each word adds to it: the text with "
        "its "
        "words on coloured grounds, orange for what adds and blue for what takes away, and bars, "
        "the "
        "largest first. Texts are the arguments, then the lines of the files of -f; with neither, "
        "the "
        "lines of standard input.\n\n"
        "What is explained is one number F, the logit of a label or the like. Methods ask about it "
        "in "
        "different ways and do not always agree; --list-methods tells what each of them answers, "
        "and "
        "doc/explaining.md what none of them can.\n\n"
        "--json prints one line for each text and --csv one row for each number: tokens, units, "
        "the "
        "numbers of every method, what the method says of itself, and a record of model, input, "
        "settings, seed and version. A text that is longer than the model is refused, since a cut "
        "text is another one.\n\n"
        "--evaluate asks the model whether the numbers are true: what becomes of F without the "
        "units that are said to matter, and with these alone; what the same method says of random "
        "weights; how far methods agree. Every figure stands beside that of random numbers.",
    .groups = { &explain_aims, &explain_ways, &explain_truth, &explain_faces, &explain_pictures,
                &input_options, &model_options, &general_options },
    .examples = examples,
    .run = run,
};

static int write(explain_job *job, const cli_explanation *explanation)
{
    if (job->settings->json)
        explain_write_json(job, explanation);
    else if (job->settings->explain.csv)
        explain_write_csv(job, explanation);
    else
        return explain_write_terminal(job, explanation);
    return 0;
}

static int explain_one(explain_job *job, size_t i)
{
    const cloze_text *pairs = input_pairs(job->input);
    cloze_text pair = job->pair.data ? job->pair : pairs ? pairs[i] : (cloze_text){ NULL, 0 };
    cli_explanation explanation = { 0 };
    char where[PATH_SIZE + 32];
    input_where(job->input, i, where, sizeof where);
    job->number++;
    int code = explanation_make(&explanation, job, input_texts(job->input)[i], pair, where);
    if (!code)
        code = write(job, &explanation);
    if (!code)
        code = explain_draw(job, &explanation);
    if (!code && job->settings->explain.page)
        code = explain_write_page(job, &explanation, NULL, 0);
    explanation_clear(&explanation);
    return code;
}

static int explain_all(explain_job *job)
{
    int code = 0;
    if (job->settings->explain.csv)
        explain_write_csv_head(job->output);
    while (!code && input_count(job->input) && !output_failed(job->output)) {
        for (size_t i = 0; i < input_count(job->input) && !code; i++) {
            code = explain_one(job, i);
            output_flush(job->output);
        }
        if (!code)
            code = input_next(job->input);
    }
    return code;
}

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

static int explain_texts(explain_job *job, char **texts, size_t count)
{
    int code = explain_check(job);
    if (!code)
        code = input_open(&job->input, job->settings, texts, count);
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
    if (!code)
        code = output_open(&job->output, job->settings->output);
    if (code)
        return code;
    return job->settings->explain.evaluate ? explain_evaluate(job) : explain_all(job);
}

static int list_methods(explain_job *job)
{
    int code = output_open(&job->output, job->settings->output);
    if (!code)
        explain_list_methods(job->output);
    return code;
}

static int run(const cli_command *self, int argc, char **argv)
{
    cli_settings settings;
    explain_job job = { .settings = &settings };
    int first = 0, code = options_parse(self, argc, argv, &settings, &first);
    if (code < 0) {
        code = settings.explain.list_methods
                   ? list_methods(&job)
                   : explain_texts(&job, argv + first, (size_t)(argc - first));
        code = output_close(job.output, code);
        close_all(&job.opened);
        input_close(job.input);
        free(job.spans);
        free(job.file);
    }
    settings_clear(&settings);
    return code;
}
