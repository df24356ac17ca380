/*
 * nsp.c - cloze nsp: whether one text follows another.
 */
#include "commands.h"
#include "say.h"
#include "stream.h"
#include "table.h"

#include <stdlib.h>
#include <string.h>

static const option_group own = {
    "Pairs",
    (const command_option[]){
        OPTION("pair", 0, OPTION_WORD, "TEXT", pair, "the second text of every text"),
        OPTION("pair-field", 0, OPTION_WORD, "NAME", pair_field,
               "take second texts from this field of JSON lines"),
        OPTION("tab", 0, OPTION_FLAG, NULL, tab_pairs, "lines hold two texts with a tab between"),
        OPTION("max-tokens", 0, OPTION_COUNT, "N", max_tokens,
               "another limit than the model's, up to its positions"),
        OPTIONS_END },
};

static const command_example examples[] = {
    { "cloze nsp -m ./bert \"He went to the store.\" --pair \"He bought milk.\"",
      "how likely the second follows the first" },
    { "cloze nsp -m ./albert --tab -f pairs.tsv --json", "sentence order, a JSON line each" },
    { NULL, NULL },
};

static int run(const cli_command *self, int argc, char **argv);

const cli_command command_nsp = {
    .name = "nsp",
    .operands = "[TEXT ...]",
    .operand_kind = "none",
    .summary = "tell whether a text follows another",
    .description =
        "Prints the probability that the second text follows the first. Otherwise it comes from "
        "elsewhere (BERT's next sentence prediction) or before it (ALBERT's sentence order). Texts "
        "are the arguments, then the lines of the files of -f; with neither, the lines of standard "
        "input.\n\n"
        "--json prints {\"label\": \"IS_NEXT\" or \"NOT_NEXT\", \"score\": ...} for each pair, as "
        "a text-classification pipeline would.",
    .groups = { &own, &input_options, &model_options, &general_options },
    .examples = examples,
    .run = run,
};

typedef struct nsp_job {
    const cli_settings *settings;
    text_stream stream;
    float *scores;
    cloze_text *pairs; /* --pair, once for each text of a chunk */
    size_t room;
} nsp_job;

static bool make_room(nsp_job *job, size_t count)
{
    if (count <= job->room)
        return true;
    free(job->scores);
    free(job->pairs);
    job->room = 0;
    job->scores = calloc(count, sizeof *job->scores);
    job->pairs = calloc(count, sizeof *job->pairs);
    if (!job->scores || !job->pairs)
        return false;
    for (size_t i = 0; i < count && job->settings->pair; i++)
        job->pairs[i] = (cloze_text){ job->settings->pair, strlen(job->settings->pair) };
    job->room = count;
    return true;
}

static void write_one(nsp_job *job, float score, cloze_text first, cloze_text second)
{
    cli_output *out = job->stream.output;
    bool follows = score >= 0.5f;
    if (job->settings->json) {
        output_format(out, "{\"label\": \"%s\", \"score\": ", follows ? "IS_NEXT" : "NOT_NEXT");
        output_float(out, follows ? score : 1 - score);
        output_text(out, "}\n");
        return;
    }
    output_format(out, "%7.4f  ", (double)score);
    output_cell(out, first, 0, false);
    output_text(out, "  ");
    output_cell(out, second, 0, false);
    output_text(out, "\n");
}

static int order_chunk(void *context)
{
    nsp_job *job = context;
    size_t count = input_count(job->stream.input);
    const cloze_text *texts = input_texts(job->stream.input);
    cloze_choose_options options = { .max_tokens = job->settings->max_tokens };
    cloze_embed_report report = { 0 };
    cloze_error error;
    if (!make_room(job, count))
        return say_failure(CLOZE_ERROR_MEMORY, "out of memory");
    const cloze_text *pairs = job->settings->pair ? job->pairs : input_pairs(job->stream.input);
    if (cloze_follows(job->stream.opened.session, texts, pairs, count, &options, job->scores,
                      &report, &error))
        return stream_say_error(&job->stream, &error);
    stream_add(&job->stream, &report);
    for (size_t i = 0; i < count; i++)
        write_one(job, job->scores[i], texts[i], pairs[i]);
    return 0;
}

static int prepare(void *context)
{
    const nsp_job *job = context;
    if (!cloze_model_orders(job->stream.opened.model))
        return say_failure(CLOZE_ERROR_NOT_FOUND,
                           "%s has no next sentence or sentence order head: it was not trained to "
                           "tell the order of texts",
                           model_name(job->settings));
    return 0;
}

static int check(const cli_settings *settings)
{
    int sources = (settings->pair != NULL) + (settings->pair_field != NULL) + settings->tab_pairs;
    size_t position;
    if (sources != 1)
        return say_failure(CLOZE_ERROR_ARGUMENT,
                           "nsp needs second texts: one of --pair, --pair-field and --tab");
    if (settings->pair_field && !settings->field)
        return say_failure(CLOZE_ERROR_ARGUMENT, "--pair-field needs --field");
    if (settings->pair &&
        !text_is_utf8((cloze_text){ settings->pair, strlen(settings->pair) }, &position))
        return say_failure(CLOZE_ERROR_TEXT, "--pair: byte %zu is not UTF-8", position + 1);
    return 0;
}

static int run(const cli_command *self, int argc, char **argv)
{
    cli_settings settings;
    nsp_job job = { .settings = &settings };
    int first = 0, code = options_parse(self, argc, argv, &settings, &first);
    if (code >= 0) {
        settings_clear(&settings);
        return code;
    }
    job.stream.settings = &settings;
    code = check(&settings);
    if (!code)
        code = stream_open(&job.stream, argv + first, (size_t)(argc - first), prepare, &job);
    if (!code)
        code = stream_run(&job.stream, order_chunk, &job);
    code = stream_close(&job.stream, code, "--max-tokens");
    free(job.scores);
    free(job.pairs);
    settings_clear(&settings);
    return code;
}
