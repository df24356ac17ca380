/*
 * classify.c - cloze classify: the labels of texts, or of pairs of texts, with their scores.
 */
#include "commands.h"
#include "ranked.h"
#include "say.h"
#include "stream.h"
#include "table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const option_group own = {
    "Labels",
    (const command_option[]){ OPTION_TOP("the N best labels of each text (default: 1)"),
                              OPTION("all", 0, OPTION_FLAG, NULL, all, "every label, best first"),
                              OPTION("threshold", 0, OPTION_SIGNED, "X", threshold,
                                     "only labels with a score of at least X; may leave none"),
                              OPTION("function", 0, OPTION_CHOICE, "softmax|sigmoid|none", function,
                                     "how logits become scores (default: what the model is for)"),
                              OPTION("max-tokens", 0, OPTION_COUNT, "N", max_tokens,
                                     "another limit than the model's, up to its positions"),
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
    .groups = { &own, &pair_options, &input_options, &model_options, &general_options },
    .examples = examples,
    .run = run,
};

typedef struct classify_job {
    const cli_settings *settings;
    text_stream stream;
    cloze_classify_options options;
    size_t labels, top;
    bool list;     /* JSON prints a list for each text */
    float *scores; /* of a chunk */
    size_t room;
    ranked *order;     /* [labels] */
    cloze_text *pairs; /* --pair, once for each text of a chunk */
    size_t pairs_room;
} classify_job;

/* The labels to print into job->order; their count. */
static size_t rank(classify_job *job, const float *scores)
{
    size_t count = 0, least = 0;
    rank_scores(scores, job->labels, job->order);
    least = job->top < job->labels ? job->top : job->labels;
    while (count < least && (double)job->order[count].score >= job->settings->threshold)
        count++;
    return count;
}

static cloze_text name_of(const classify_job *job, const ranked *item)
{
    const char *name = cloze_model_label(job->stream.opened.model, item->number);
    return (cloze_text){ name, strlen(name) };
}

static void write_json(classify_job *job, size_t count)
{
    output_text(job->stream.output, job->list ? "[" : "");
    for (size_t i = 0; i < count; i++) {
        output_text(job->stream.output, i ? ", {\"label\": " : "{\"label\": ");
        output_json(job->stream.output, name_of(job, &job->order[i]));
        output_text(job->stream.output, ", \"score\": ");
        output_float(job->stream.output, job->order[i].score);
        output_text(job->stream.output, "}");
    }
    output_text(job->stream.output, job->list ? "]\n" : "\n");
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
            output_format(job->stream.output, "%7.4f  ", (double)job->order[i].score);
            output_cell(job->stream.output, name_of(job, &job->order[i]), width, true);
        } else {
            output_format(job->stream.output, "      -  %-*s", (int)width, "");
        }
        output_text(job->stream.output, "  ");
        output_cell(job->stream.output, text, 0, false);
        if (pair && pair->data) {
            output_text(job->stream.output, "  ");
            output_cell(job->stream.output, *pair, 0, false);
        }
        output_text(job->stream.output, "\n");
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

static int classify_chunk(void *context)
{
    classify_job *job = context;
    size_t count = input_count(job->stream.input);
    const cloze_text *texts = input_texts(job->stream.input),
                     *pairs = input_pairs(job->stream.input);
    cloze_embed_report report = { 0 };
    cloze_error error;
    if (!make_room(job, count))
        return out_of_memory();
    pairs = job->settings->pair ? job->pairs : pairs;
    if (cloze_classify(job->stream.opened.session, texts, pairs, count, &job->options, job->scores,
                       NULL, &report, &error))
        return stream_say_error(&job->stream, &error);
    stream_add(&job->stream, &report);
    for (size_t i = 0; i < count; i++) {
        size_t shown = rank(job, job->scores + i * job->labels);
        if (job->settings->json)
            write_json(job, shown);
        else
            write_lines(job, shown, texts[i], pairs ? &pairs[i] : NULL);
    }
    return 0;
}

static int prepare(void *context)
{
    classify_job *job = context;
    const cli_settings *settings = job->settings;
    job->labels = cloze_model_labels(job->stream.opened.model);
    job->options = (cloze_classify_options){ .function = (cloze_score_function)settings->function,
                                             .max_tokens = settings->max_tokens };
    job->list = settings->top || settings->all || isfinite(settings->threshold);
    job->top = settings->top                                    ? settings->top
               : settings->all || isfinite(settings->threshold) ? job->labels
                                                                : 1;
    if (!job->labels)
        return say_failure(CLOZE_ERROR_NOT_FOUND,
                           "%s has no classification head: it was not fine-tuned to tell labels "
                           "apart",
                           model_name(settings));
    job->order = calloc(job->labels, sizeof *job->order);
    return job->order ? 0 : out_of_memory();
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
    job.stream.settings = &settings;
    code = input_check_pairs(&settings);
    if (!code)
        code = stream_open(&job.stream, argv + first, (size_t)(argc - first), prepare, &job);
    if (!code)
        code = stream_run(&job.stream, classify_chunk, &job);
    code = stream_close(&job.stream, code, "--max-tokens");
    free(job.scores);
    free(job.order);
    free(job.pairs);
    settings_clear(&settings);
    return code;
}
