/* explain.c - cloze explain: what each part of a text adds to what a model says. */
#include "explain.h"

#include "commands.h"
#include "say.h"

#include <stdlib.h>

static const option_group aims = {
    "What is explained",
    (const command_option[]){
        OPTION("task", 0, OPTION_CHOICE, "classify|tag|answer|fill|similar", explain.task,
               "a label, the tag of a word, an answer, a masked word, or the likeness of two texts "
               "(default: what the model is for)"),
        OPTION("pair", 0, OPTION_WORD, "TEXT", pair, "a second text"),
        OPTION("context", 'c', OPTION_WORD, "TEXT", pair, "the same: where an answer lies"),
        OPTION("context-file", 'C', OPTION_WORD, "FILE", context_file,
               "the second text is the whole of FILE"),
        OPTION("pair-field", 0, OPTION_WORD, "NAME", pair_field,
               "take second texts from this field of JSON lines"),
        OPTION("tab", 0, OPTION_FLAG, NULL, tab_pairs, "lines hold two texts with a tab between"),
        OPTION("value", 0, OPTION_CHOICE, "logit|margin|probability", explain.value,
               "the number: a logit, its lead over another one, or a probability (default: logit)"),
        OPTION("label", 0, OPTION_WORD, "NAME", explain.label,
               "the label, tag or token instead of the one that the model says"),
        OPTION("against", 0, OPTION_WORD, "NAME", explain.against,
               "what the margin is over (default: the best other one)"),
        OPTION("at", 0, OPTION_WORD, "PLACE", explain.at,
               "which word, mask or answer: a word of the text, or its bytes BEGIN or BEGIN:END"),
        OPTION("max-tokens", 0, OPTION_COUNT, "N", max_tokens,
               "refuse inputs longer than this (default: what the model takes)"),
        OPTIONS_END },
};

static const option_group ways = {
    "How",
    (const command_option[]){
        OPTION("method", 'M', OPTION_WORD, "NAMES", explain.methods,
               "methods with commas between, or all (default: occlusion)"),
        OPTION("list-methods", 0, OPTION_FLAG, NULL, explain.list_methods,
               "tell what each method answers"),
        OPTION("unit", 'u', OPTION_CHOICE, "word|token|sentence", explain.unit,
               "what gets a number (default: word)"),
        OPTION("span", 0, OPTION_WORDS, "BEGIN:END", explain.spans,
               "bytes of the text (pair:BEGIN:END: of the second) as a unit instead; may be "
               "repeated"),
        OPTION("fixed", 0, OPTION_CHOICE, "text|pair", explain.fixed,
               "nothing of this text is taken away: only the other has units"),
        OPTION("absent", 0, OPTION_CHOICE, "mask|pad|unknown|remove", explain.absence,
               "what stands where a unit is taken away (default: the mask, else padding)"),
        OPTION("layer", 0, OPTION_REAL, "N", explain.layer,
               "of attention, from 1; of gradients: what layer N makes (default: the word "
               "embeddings)"),
        OPTION("head", 0, OPTION_REAL, "N", explain.head,
               "of attention, from 0 (default: the mean of all)"),
        OPTION("highest", 0, OPTION_FLAG, NULL, explain.highest,
               "attention: the highest of the heads instead of their mean"),
        OPTION("steps", 0, OPTION_COUNT, "N", explain.steps,
               "integrated gradients: points at first (default: 50)"),
        OPTION("bound", 0, OPTION_REAL, "X", explain.bound,
               "steps are doubled until the gap is this share of the difference (default: 0.05)"),
        OPTION("samples", 0, OPTION_COUNT, "N", explain.samples,
               "of methods that draw (default: each has its own)"),
        OPTION("noise", 0, OPTION_REAL, "X", explain.noise,
               "smoothgrad: a share of the embeddings' range (default: 0.1)"),
        OPTION("seed", 0, OPTION_NUMBER, "N", seed, "of what is drawn (default: 0)"), OPTIONS_END },
};

static const option_group faces = {
    "What is shown",
    (const command_option[]){
        OPTION("top", 'k', OPTION_COUNT, "N", top,
               "the N largest bars (default: 20, of several methods 10)"),
        OPTION("all", 0, OPTION_FLAG, NULL, all, "all bars"),
        OPTION("colour", 0, OPTION_CHOICE, "auto|always|never", explain.colour,
               "colours in the text (default: on terminals, unless NO_COLOR is set)"),
        OPTION("csv", 0, OPTION_FLAG, NULL, explain.csv,
               "print comma-separated values, one number a row"),
        OPTIONS_END },
};

static const option_group truth = {
    "Is it true?",
    (const command_option[]){
        OPTION("evaluate", 0, OPTION_FLAG, NULL, explain.evaluate,
               "measure how true the methods' numbers are, over all texts, beside random ones "
               "(methods: all by default)"),
        OPTION("rivals", 0, OPTION_COUNT, "N", explain.rivals,
               "random attributions beside each text (default: 20)"),
        OPTION("random-weights", 0, OPTION_CHOICE, "all|cascade|none", explain.randomize,
               "explain a model of random weights, too: all at once, or from the head down "
               "(default: all)"),
        OPTION("beam", 0, OPTION_COUNT, "N", explain.beam,
               "orders kept in the search for the best and the worst one of more than 10 units "
               "(default: 5, none above 32 units)"),
        OPTION("curves", 0, OPTION_WORD, "FILE", explain.curves,
               "draw the curves of deletion and insertion; .png, .svg or .pdf"),
        OPTIONS_END },
};

static const command_example examples[] = {
    { "cloze explain -m ./sentiment \"A wonderful film\"", "what each word adds to the label" },
    { "cloze explain -m ./sentiment \"A wonderful film\" -M shapley,attention --json",
      "two methods, every number, and a record of how they were made" },
    { "cloze explain -m ./squad \"Where does Evan live?\" -c \"Evan is in The Hague.\" --fixed "
      "pair",
      "which words of the question decide for the answer" },
    { "cloze explain -m ./sentiment --evaluate -f reviews.txt --curves curves.svg",
      "how far each method can be believed" },
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
    .groups = { &aims, &ways, &truth, &faces, &input_options, &model_options, &general_options },
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
        explain_write_terminal(job, explanation);
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
    if (!job->settings->json && !job->settings->explain.csv)
        return 0;
    return cloze_model_digest(job->opened.model, job->digest, &error) ? say_error(&error, NULL) : 0;
}

static int explain_texts(explain_job *job, char **texts, size_t count)
{
    int code = explain_check(job);
    if (!code)
        code = input_open(&job->input, job->settings, texts, count);
    if (!code)
        code = input_next(job->input);
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
