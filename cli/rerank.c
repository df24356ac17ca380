/*
 * rerank.c - cloze rerank: passages in the order in which they answer a query. All passages are
 * kept in memory, since the best may come last.
 */
#include "commands.h"
#include "input.h"
#include "open.h"
#include "say.h"
#include "table.h"

#include <stdlib.h>
#include <string.h>

static const option_group own = {
    "Ranking",
    (const command_option[]){
        OPTION("query", 0, OPTION_WORDS, "TEXT", queries,
               "what the passages should answer; may be repeated, each has its own list"),
        OPTION_TOP("the N best passages (default: all)"),
        OPTION("function", 0, OPTION_CHOICE, "softmax|sigmoid|none", function,
               "how logits become scores (default: what the model says, else sigmoid)"),
        OPTION("max-tokens", 0, OPTION_COUNT, "N", max_tokens,
               "another limit than the model's, up to its positions"),
        OPTIONS_END },
};

static const command_example examples[] = {
    { "cloze rerank -m ./cross-encoder --query \"how do I log in\" -f answers.txt --top 3",
      "the three best lines of a file" },
    { NULL, NULL },
};

static int run(const cli_command *self, int argc, char **argv);

const cli_command command_rerank = {
    .name = "rerank",
    .operands = "[PASSAGE ...]",
    .operand_kind = "none",
    .summary = "order passages by a query",
    .description =
        "Prints the passages, best first, with the score that a cross-encoder gives them beside "
        "the "
        "query of --query. Passages are the arguments, then the lines of the files of -f; with "
        "neither, the lines of standard input.\n\n"
        "--json prints one line for each query, as sentence-transformers' CrossEncoder.rank "
        "returns it: [{\"corpus_id\": ..., \"score\": ..., \"text\": ...}, ...]. The model needs a "
        "classification head with one label.",
    .groups = { &own, &input_options, &model_options, &general_options },
    .examples = examples,
    .run = run,
};

typedef struct rerank_job {
    const cli_settings *settings;
    cli_input *input;
    cli_opened opened;
    cloze_embed_report report;
    char *bytes; /* of all passages */
    size_t used, room, count, texts_room;
    cloze_text *texts; /* `data` is set when all are there */
    cloze_ranking *ranking;
    cli_output *output;
} rerank_job;

static int out_of_memory(void)
{
    return say_failure(CLOZE_ERROR_MEMORY, "out of memory");
}

static bool make_room(rerank_job *job, size_t bytes, size_t count)
{
    if (job->used + bytes + 1 > job->room) {
        size_t room = 2 * (job->used + bytes + 1);
        char *grown = realloc(job->bytes, room);
        if (!grown)
            return false;
        job->bytes = grown;
        job->room = room;
    }
    if (job->count + count > job->texts_room) {
        size_t room = 2 * (job->count + count), size;
        cloze_text *grown = NULL;
        if (!__builtin_mul_overflow(room, sizeof *grown, &size))
            grown = realloc(job->texts, size);
        if (!grown)
            return false;
        job->texts = grown;
        job->texts_room = room;
    }
    return true;
}

static int keep_passages(rerank_job *job)
{
    int code = 0;
    while (!code && input_count(job->input)) {
        const cloze_text *texts = input_texts(job->input);
        size_t count = input_count(job->input), bytes = 0;
        for (size_t i = 0; i < count; i++)
            bytes += texts[i].size;
        if (!make_room(job, bytes, count))
            return out_of_memory();
        for (size_t i = 0; i < count; i++) {
            if (texts[i].size)
                memcpy(job->bytes + job->used, texts[i].data, texts[i].size);
            job->used += texts[i].size;
            job->texts[job->count++].size = texts[i].size;
        }
        code = input_next(job->input);
    }
    for (size_t i = 0, at = 0; i < job->count; at += job->texts[i++].size)
        job->texts[i].data = job->bytes + at;
    return code;
}

static void write_json(const rerank_job *job, size_t shown)
{
    output_text(job->output, "[");
    for (size_t i = 0; i < shown; i++) {
        const cloze_ranking *item = &job->ranking[i];
        output_format(job->output, "%s{\"corpus_id\": %zu, \"score\": ", i ? ", " : "",
                      item->passage);
        output_float(job->output, item->score);
        output_text(job->output, ", \"text\": ");
        output_json(job->output, job->texts[item->passage]);
        output_text(job->output, "}");
    }
    output_text(job->output, "]\n");
}

static void write_lines(const rerank_job *job, size_t shown, const char *query)
{
    if (job->settings->queries.count > 1) {
        output_cell(job->output, (cloze_text){ query, strlen(query) }, 0, false);
        output_text(job->output, "\n");
    }
    for (size_t i = 0; i < shown; i++) {
        output_format(job->output, "%7.4f  ", (double)job->ranking[i].score);
        output_cell(job->output, job->texts[job->ranking[i].passage], 0, false);
        output_text(job->output, "\n");
    }
}

static int answer(rerank_job *job, const char *query)
{
    const cli_settings *settings = job->settings;
    cloze_rerank_options options = { (cloze_score_function)settings->function,
                                     settings->max_tokens };
    cloze_embed_report report = { 0 };
    cloze_error error;
    size_t shown = settings->top && settings->top < job->count ? settings->top : job->count;
    if (cloze_rerank(job->opened.session, (cloze_text){ query, strlen(query) }, job->texts,
                     job->count, &options, job->ranking, &report, &error))
        return say_error(&error, NULL);
    job->opened.done += job->count;
    job->report.texts += report.texts;
    job->report.truncated_texts += report.truncated_texts;
    job->report.truncated_tokens += report.truncated_tokens;
    if (settings->json)
        write_json(job, shown);
    else
        write_lines(job, shown, query);
    output_flush(job->output);
    return 0;
}

static int check(const cli_settings *settings)
{
    size_t position;
    if (!settings->queries.count)
        return say_failure(CLOZE_ERROR_ARGUMENT, "rerank needs a query: --query \"...\"");
    for (size_t i = 0; i < settings->queries.count; i++) {
        const char *query = settings->queries.item[i];
        if (!text_is_utf8((cloze_text){ query, strlen(query) }, &position))
            return say_failure(CLOZE_ERROR_TEXT, "--query: byte %zu is not UTF-8", position + 1);
    }
    return 0;
}

static int prepare(rerank_job *job, char **texts, size_t count)
{
    const cli_settings *settings = job->settings;
    int code = input_open(&job->input, settings, texts, count);
    if (!code)
        code = input_next(job->input);
    if (!code)
        code = keep_passages(job);
    if (!code)
        code = open_all(&job->opened, settings, settings->queries.count * job->count <= 16);
    if (code)
        return code;
    job->opened.total = settings->queries.count * job->count;
    job->ranking = calloc(job->count + 1, sizeof *job->ranking);
    return job->ranking ? output_open(&job->output, settings->output) : out_of_memory();
}

static int run(const cli_command *self, int argc, char **argv)
{
    cli_settings settings;
    rerank_job job = { .settings = &settings };
    int first = 0, code = options_parse(self, argc, argv, &settings, &first);
    if (code >= 0) {
        settings_clear(&settings);
        return code;
    }
    code = check(&settings);
    if (!code)
        code = prepare(&job, argv + first, (size_t)(argc - first));
    for (size_t i = 0; !code && i < settings.queries.count && !output_failed(job.output); i++)
        code = answer(&job, settings.queries.item[i]);
    progress_end(&job.opened.progress);
    code = output_close(job.output, code);
    if (!code)
        say_truncated(&job.report, "--max-tokens", settings.quiet);
    close_all(&job.opened);
    input_close(job.input);
    free(job.bytes);
    free(job.texts);
    free(job.ranking);
    settings_clear(&settings);
    return code;
}
