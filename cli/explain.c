/* explain.c - cloze explain: what each part of a text adds to what a model says. */
#include "explain.h"

#include "commands.h"

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
        "settings, seed and version. A text that is longer than the model, or empty, is told of "
        "and "
        "left out, since a cut text is another one.\n\n"
        "--evaluate asks the model whether the numbers are true: what becomes of F without the "
        "units that are said to matter, and with these alone; what the same method says of random "
        "weights; how far methods agree. Every figure stands beside that of random numbers.",
    .groups = { &explain_aims, &explain_units, &explain_ways, &explain_truth, &explain_faces,
                &explain_pictures, &input_options, &model_options, &general_options },
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

static int show(void *context, explain_job *job, const cli_explanation *explanation,
                const char *where)
{
    (void)context, (void)where;
    int code = write(job, explanation);
    if (!code)
        code = explain_draw(job, explanation);
    if (!code && job->settings->explain.page)
        code = explain_write_page(job, explanation, NULL, 0);
    return code;
}

static int explain_texts(explain_job *job, char **texts, size_t count)
{
    int code = explain_check(job);
    if (!code)
        code = explain_open(job, texts, count);
    if (code)
        return code;
    if (job->settings->explain.evaluate)
        return explain_evaluate(job);
    if (job->settings->explain.csv)
        explain_write_csv_head(job->output);
    return explain_all(job, show, NULL);
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
        code = explain_close(&job, code);
    }
    settings_clear(&settings);
    return code;
}
