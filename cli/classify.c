/*
 * classify.c - cloze classify: the labels of texts, or of pairs of texts, with their scores.
 */
#include "commands.h"
#include "input.h"
#include "open.h"
#include "say.h"
#include "table.h"

#include <stdlib.h>
#include <string.h>

static const option_group own = {
    "Labels",
    (const command_option[]){
        OPTION("top", 'k', OPTION_COUNT, "N", top, "the N best labels of each text (default: 1)"),
        OPTION("all", 0, OPTION_FLAG, NULL, all, "every label, best first"),
        OPTION("threshold", 0, OPTION_REAL, "X", threshold,
               "only labels with a score of at least X; may leave none"),
        OPTION("function", 0, OPTION_CHOICE, "softmax|sigmoid|none", function,
               "how logits become scores (default: what the model is for)"),
        OPTION("max-tokens", 0, OPTION_COUNT, "N", max_tokens,
               "another limit than the model's, up to its positions"),
        OPTION("pair", 0, OPTION_WORD, "TEXT", pair, "a second text for every text"),
        OPTION("pair-field", 0, OPTION_WORD, "NAME", pair_field,
               "take second texts from this field of JSON lines"),
        OPTION("tab", 0, OPTION_FLAG, NULL, tab_pairs, "lines hold two texts with a tab between"),
        OPTIONS_END },
};

static const command_example examples[] = {
    { "cloze classify -m ./sentiment \"A wonderful film\"", "the best label and its score" },
    { "cloze classify -m ./sentiment -f reviews.txt --json", "one JSON line for each review" },
    { "cloze classify -m ./nli \"A man sleeps\" --pair \"Nobody is awake\" --all",
      "a pair of texts, every label" },
    { NULL, NULL },
};

static int run(const cli_command *self, int argc, char **argv);

const cli_command command_classify = {
    .name = "classify",
    .operands = "[TEXT ...]",
    .operand_kind = "none",
    .summary = "tell the labels of texts",
    .description =
        "Prints for each text the best label of the checkpoint's classification head, its score, "
        "and the text. Texts are the arguments, then the lines of the files of -f; with neither, "
        "the lines of standard input.\n\n"
        "--json prints one line for each text, as transformers' text-classification pipeline "
        "returns it: {\"label\": ..., \"score\": ...}, or with --top, --all or --threshold a list "
        "of these. A model without a classification head is refused.",
    .groups = { &own, &input_options, &model_options, &general_options },
    .examples = examples,
    .run = run,
};

typedef struct ranked {
    size_t label;
    float score;
} ranked;

typedef struct classify_job {
    const cli_settings *settings;
    cli_input *input;
    cli_opened opened;
    cloze_classify_options options;
    cloze_embed_report report;
    size_t labels, top;
    bool list;     /* JSON prints a list for each text */
    float *scores; /* of a chunk */
    size_t room;
    ranked *order;     /* [labels] */
    cloze_text *pairs; /* --pair, once for each text of a chunk */
    size_t pairs_room;
    cli_output *output;
} classify_job;

/* Best first; of equals the one with the lower number. */
static int by_score(const void *left, const void *right)
{
    const ranked *a = left, *b = right;
    if (a->score != b->score)
        return a->score < b->score ? 1 : -1;
    return a->label < b->label ? -1 : a->label > b->label;
}

/* The labels to print into job->order; their count. */
static size_t rank(classify_job *job, const float *scores)
{
    size_t count = 0, least = 0;
    for (size_t i = 0; i < job->labels; i++)
        job->order[i] = (ranked){ i, scores[i] };
    qsort(job->order, job->labels, sizeof *job->order, by_score);
    least = job->top < job->labels ? job->top : job->labels;
    while (count < least && (job->settings->threshold < 0 ||
                             (double)job->order[count].score >= job->settings->threshold))
        count++;
    return count;
}

static cloze_text name_of(const classify_job *job, const ranked *item)
{
    const char *name = cloze_model_label(job->opened.model, item->label);
    return (cloze_text){ name, strlen(name) };
}

static void write_json(classify_job *job, size_t count)
{
    output_text(job->output, job->list ? "[" : "");
    for (size_t i = 0; i < count; i++) {
        output_text(job->output, i ? ", {\"label\": " : "{\"label\": ");
        output_json(job->output, name_of(job, &job->order[i]));
        output_text(job->output, ", \"score\": ");
        output_float(job->output, job->order[i].score);
        output_text(job->output, "}");
    }
    output_text(job->output, job->list ? "]\n" : "\n");
}

static size_t widest_label(const classify_job *job)
{
    size_t widest = 0;
    for (size_t i = 0; i < job->labels; i++) {
        size_t width = cell_columns(name_of(job, &(ranked){ i, 0 }));
        widest = width > widest ? width : widest;
    }
    return widest;
}

static void write_lines(classify_job *job, size_t count, cloze_text text, const cloze_text *pair)
{
    size_t width = widest_label(job);
    for (size_t i = 0; i < count || (!i && !count); i++) {
        if (count) {
            output_format(job->output, "%7.4f  ", (double)job->order[i].score);
            output_cell(job->output, name_of(job, &job->order[i]), width, true);
        } else {
            output_format(job->output, "      -  %-*s", (int)width, "");
        }
        output_text(job->output, "  ");
        output_cell(job->output, text, 0, false);
        if (pair && pair->data) {
            output_text(job->output, "  ");
            output_cell(job->output, *pair, 0, false);
        }
        output_text(job->output, "\n");
    }
}

static int out_of_memory(void)
{
    return say_failure(CLOZE_ERROR_MEMORY, "out of memory");
}

static bool make_room(classify_job *job, size_t count)
{
    size_t size;
    if (count > job->room) {
        float *grown;
        if (__builtin_mul_overflow(count, job->labels * sizeof(float), &size) ||
            !(grown = realloc(job->scores, size)))
            return false;
        job->scores = grown;
        job->room = count;
    }
    if (job->settings->pair && count > job->pairs_room) {
        cloze_text *grown = realloc(job->pairs, count * sizeof *grown);
        if (!grown)
            return false;
        for (size_t i = 0; i < count; i++)
            grown[i] = (cloze_text){ job->settings->pair, strlen(job->settings->pair) };
        job->pairs = grown;
        job->pairs_room = count;
    }
    return true;
}

/* The library numbers texts within a call; people want the line of the file. */
static int say_where(const classify_job *job, const cloze_error *error)
{
    static const char subject[] = "text ";
    char where[PATH_SIZE + 32], *end;
    size_t number;
    if (strncmp(error->message, subject, sizeof subject - 1))
        return say_error(error, NULL);
    number = (size_t)strtoull(error->message + sizeof subject - 1, &end, 10);
    if (!number || number > input_count(job->input))
        return say_error(error, NULL);
    input_where(job->input, number - 1, where, sizeof where);
    return say_failure((int)error->status, "%s%s%s", where, *end == ':' ? "" : ": the text", end);
}

static int classify_chunk(classify_job *job)
{
    size_t count = input_count(job->input);
    const cloze_text *texts = input_texts(job->input), *pairs = input_pairs(job->input);
    cloze_embed_report report = { 0 };
    cloze_error error;
    if (!make_room(job, count))
        return out_of_memory();
    pairs = job->settings->pair ? job->pairs : pairs;
    if (cloze_classify(job->opened.session, texts, pairs, count, &job->options, job->scores, NULL,
                       &report, &error))
        return say_where(job, &error);
    job->opened.done += count;
    job->report.texts += report.texts;
    job->report.truncated_texts += report.truncated_texts;
    job->report.truncated_tokens += report.truncated_tokens;
    for (size_t i = 0; i < count; i++) {
        size_t shown = rank(job, job->scores + i * job->labels);
        if (job->settings->json)
            write_json(job, shown);
        else
            write_lines(job, shown, texts[i], pairs ? &pairs[i] : NULL);
    }
    return 0;
}

static int prepare(classify_job *job, char **texts, size_t count)
{
    const cli_settings *settings = job->settings;
    int code = input_open(&job->input, settings, texts, count);
    if (!code)
        code = input_next(job->input);
    if (!code)
        code = open_all(&job->opened, settings,
                        input_is_last(job->input) && input_count(job->input) <= 16);
    if (code)
        return code;
    job->opened.total = input_is_last(job->input) ? input_count(job->input) : 0;
    job->labels = cloze_model_labels(job->opened.model);
    job->options = (cloze_classify_options){ .function = (cloze_score_function)settings->function,
                                             .max_tokens = settings->max_tokens };
    job->list = settings->top || settings->all || settings->threshold >= 0;
    job->top = settings->top                               ? settings->top
               : settings->all || settings->threshold >= 0 ? job->labels
                                                           : 1;
    if (!job->labels)
        return say_failure(CLOZE_ERROR_NOT_FOUND,
                           "%s has no classification head: it was not fine-tuned to tell labels "
                           "apart",
                           model_name(settings));
    job->order = calloc(job->labels, sizeof *job->order);
    return job->order ? output_open(&job->output, settings->output) : out_of_memory();
}

static int check(const cli_settings *settings)
{
    size_t position;
    if (settings->pair_field && !settings->field)
        return say_failure(CLOZE_ERROR_ARGUMENT, "--pair-field needs --field");
    if (settings->pair && (settings->pair_field || settings->tab_pairs))
        return say_failure(CLOZE_ERROR_ARGUMENT,
                           "--pair does not go together with --pair-field or --tab");
    if (settings->pair &&
        !text_is_utf8((cloze_text){ settings->pair, strlen(settings->pair) }, &position))
        return say_failure(CLOZE_ERROR_TEXT, "--pair: byte %zu is not UTF-8", position + 1);
    return 0;
}

static int run(const cli_command *self, int argc, char **argv)
{
    cli_settings settings;
    classify_job job = { .settings = &settings };
    int first = 0, code = options_parse(self, argc, argv, &settings, &first);
    if (code >= 0) {
        settings_clear(&settings);
        return code;
    }
    code = check(&settings);
    if (!code)
        code = prepare(&job, argv + first, (size_t)(argc - first));
    while (!code && input_count(job.input) && !output_failed(job.output)) {
        code = classify_chunk(&job);
        output_flush(job.output);
        if (!code)
            code = input_next(job.input);
    }
    progress_end(&job.opened.progress);
    code = output_close(job.output, code);
    if (!code)
        say_truncated(&job.report, "--max-tokens", settings.quiet);
    close_all(&job.opened);
    input_close(job.input);
    free(job.scores);
    free(job.order);
    free(job.pairs);
    settings_clear(&settings);
    return code;
}
