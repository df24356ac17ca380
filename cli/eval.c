/*
 * eval.c - cloze eval: how good predictions are. They come from a file, or from a model that reads
 * labelled texts.
 */
#include "eval.h"

#include "commands.h"
#include "open.h"
#include "rows.h"
#include "say.h"

#include <cloze/plot.h>

#include <stdlib.h>
#include <string.h>

static const option_group own = {
    "Evaluation",
    (const command_option[]){
        OPTION("kind", 0, OPTION_CHOICE, "labels|sets|numbers|tags|answers", kind,
               "what is compared: one label a text, several, numbers, tags of words, answers to "
               "questions (default: labels; tags and answers where the layout says so)"),
        OPTION("layout", 0, OPTION_CHOICE, "tsv|csv|jsonl|conll|squad", layout,
               "how files are read (default: what their names end with, else tsv)"),
        OPTION("no-header", 0, OPTION_FLAG, NULL, no_header,
               "the first line of tsv and csv is an example; columns have numbers alone"),
        OPTION("gold", 0, OPTION_WORD, "FILE", gold,
               "what is right is in FILE, row by row beside the predictions"),
        OPTION("label-column", 0, OPTION_WORD, "NAME", label_column,
               "the column or field of what is right, by name or number (default: label)"),
        OPTION("prediction-column", 0, OPTION_WORD, "NAME", prediction_column,
               "the column or field of predictions (default: prediction)"),
        OPTION("separator", 0, OPTION_WORD, "C", separator,
               "what stands between the labels of a set in a cell (default: a comma)"),
        OPTION("scheme", 0, OPTION_CHOICE, "lenient|iob1|iob2|ioe1|ioe2|iobes|bilou", scheme,
               "how tags make entities: seqeval's default, or one of its strict schemes"),
        OPTION("squad", 0, OPTION_CHOICE, "1|2", squad,
               "score answers as the script of SQuAD 1.1 or 2.0 (default: what the file says, "
               "else 2)"),
        OPTION("picture", 0, OPTION_WORD, "FILE", picture,
               "draw the matrix of confusion: a .png, .svg or .pdf file"),
        OPTIONS_END },
};

static const option_group with_model = {
    "Labels by a model (-m)",
    (const command_option[]){ OPTION("text-column", 0, OPTION_WORD, "NAME", text_column,
                                     "the column or field of texts (default: text)"),
                              OPTION("pair-column", 0, OPTION_WORD, "NAME", pair_column,
                                     "the column or field of second texts"),
                              OPTION("function", 0, OPTION_CHOICE, "softmax|sigmoid|none", function,
                                     "how logits become scores (default: what the model is for)"),
                              OPTION("threshold", 0, OPTION_SIGNED, "X", threshold,
                                     "the score from which on a label is in a set (default: 0.5)"),
                              OPTION("max-tokens", 0, OPTION_COUNT, "N", max_tokens,
                                     "another limit than the model's, up to its positions"),
                              OPTIONS_END },
};

static const command_example examples[] = {
    { "cloze eval -m ./sentiment reviews.tsv", "the model's labels, columns text and label" },
    { "cloze eval predictions.tsv", "columns called label and prediction" },
    { "cloze eval predictions.txt --gold test.conll --layout conll", "entities, as seqeval" },
    { "cloze eval predictions.json --gold dev-v2.0.json", "answers, as the script of SQuAD" },
    { NULL, NULL },
};

static int run(const cli_command *self, int argc, char **argv);

const cli_command command_eval = {
    .name = "eval",
    .operands = "FILE",
    .operand_kind = "file",
    .summary = "score predictions",
    .description =
        "Prints how good predictions are. Labels: accuracy, Matthews' coefficient, and precision, "
        "recall and F1 of every label, micro, macro and weighted, as scikit-learn, with the matrix "
        "of confusion. Tags: the same of entities, as seqeval. Numbers: Pearson's and Spearman's "
        "correlation. Answers: exact match and F1, as SQuAD's scripts.\n\n"
        "FILE holds predictions, and what is right too unless --gold names another file: columns "
        "of tsv or csv, fields of JSON lines, or words with tags, one a line (conll: what is right "
        "is the column before the last, predictions are the last). SQuAD's own files are read as "
        "its script does: an object of answers by question, and --gold. - is standard input.\n\n"
        "With -m the model labels the texts of FILE itself, as classify does; a model with one "
        "label tells numbers.",
    .groups = { &own, &with_model, &model_options, &general_options },
    .examples = examples,
    .run = run,
};

static int start(eval_job *job)
{
    cloze_tally_options options = {
        .scheme = (cloze_tag_scheme)(job->settings->scheme ? job->settings->scheme - 1 : 0)
    };
    cloze_error error;
    return cloze_tally_new(&job->tally, &options, &error) ? say_error(&error, NULL) : 0;
}

/* Kind and layout follow from each other where one is not given. */
static int choose(eval_job *job, const char *path)
{
    const cli_settings *settings = job->settings;
    cloze_error error;
    bool standard = !strcmp(path, "-");
    job->layout = settings->layout             ? settings->layout
                  : standard && settings->gold ? rows_layout(settings->gold)
                                               : rows_layout(path);
    job->kind = settings->kind                ? settings->kind
                : job->layout == LAYOUT_CONLL ? KIND_TAGS
                : job->layout == LAYOUT_SQUAD ? KIND_ANSWERS
                                              : KIND_LABELS;
    if (settings->separator && strlen(settings->separator) != 1)
        return say_failure(CLOZE_ERROR_ARGUMENT, "--separator takes one character, not \"%s\"",
                           settings->separator);
    if (settings->picture && job->kind != KIND_LABELS)
        return say_failure(CLOZE_ERROR_ARGUMENT, "--picture draws the matrix of --kind labels");
    if (settings->picture && cloze_plot_ready(settings->picture, &error))
        return say_error(&error, NULL);
    int writable = settings->picture ? output_check(settings->picture) : 0;
    if (writable)
        return writable;
    if (job->layout == LAYOUT_CONLL && job->kind != KIND_TAGS)
        return say_failure(CLOZE_ERROR_ARGUMENT, "the layout conll is for --kind tags");
    if (job->layout == LAYOUT_SQUAD && job->kind != KIND_ANSWERS)
        return say_failure(CLOZE_ERROR_ARGUMENT,
                           "a .json file is read as SQuAD's, for --kind answers; JSON lines are "
                           "read with --layout jsonl");
    if (job->layout == LAYOUT_SQUAD && !settings->gold)
        return say_failure(CLOZE_ERROR_ARGUMENT,
                           "answers to SQuAD need the questions: --gold FILE");
    if (settings->model && settings->gold)
        return say_failure(CLOZE_ERROR_ARGUMENT, "--gold does not go together with -m: texts and "
                                                 "labels are in one file");
    if (settings->model && job->kind > KIND_NUMBERS)
        return say_failure(CLOZE_ERROR_ARGUMENT, "-m is for --kind labels, sets and numbers");
    job->squad = settings->squad == 1 ? CLOZE_SQUAD_1 : CLOZE_SQUAD_2;
    return 0;
}

static int run(const cli_command *self, int argc, char **argv)
{
    cli_settings settings;
    eval_job job = { .settings = &settings };
    cli_output *output = NULL;
    int first = 0, code = options_parse(self, argc, argv, &settings, &first);
    if (code >= 0) {
        settings_clear(&settings);
        return code;
    }
    if (argc - first != 1)
        code = say_failure(CLOZE_ERROR_ARGUMENT, "eval takes one file; see `cloze help eval`");
    else
        code = choose(&job, argv[first]);
    if (code > 0) {
        settings_clear(&settings);
        return code;
    }
    code = start(&job);
    if (!code)
        code = output_open(&output, settings.output);
    if (!code)
        code = settings.model               ? eval_model(&job, argv[first])
               : job.layout == LAYOUT_SQUAD ? eval_squad(&job, argv[first])
                                            : eval_rows(&job, argv[first]);
    if (!code && settings.picture)
        code = eval_picture(&job);
    if (!code)
        code = eval_report(&job, output);
    code = output_close(output, code);
    cloze_tally_free(job.tally);
    free(job.numbers.predicted);
    free(job.numbers.gold);
    settings_clear(&settings);
    return code;
}
