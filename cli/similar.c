/*
 * similar.c - cloze similar: the most similar pairs of a list of texts, or for each query the most
 * similar texts of a corpus. All vectors are kept in memory; texts too.
 */
#include "commands.h"
#include "library.h"
#include "say.h"
#include "table.h"

#include <stdlib.h>
#include <string.h>

enum { TOP_DEFAULT = 5 };

static const option_group own = {
    "Comparing",
    (const command_option[]){
        OPTION_TOP("how many pairs, or answers for each query (default: 5)"),
        OPTION("query", 0, OPTION_WORDS, "TEXT", queries,
               "compare this text with all the others; may be repeated"),
        OPTION("query-file", 0, OPTION_WORD, "FILE", query_file, "queries, one a line"),
        OPTION("query-prompt", 0, OPTION_WORD, "NAME", query_prompt,
               "the model's prompt for queries (default: that of --prompt)"),
        OPTIONS_END },
};

static const command_example examples[] = {
    { "cloze similar \"I love pasta\" \"Do you like pizza?\" \"A woman watches TV\"",
      "the most similar pairs" },
    { "cloze similar -f corpus.txt --query \"how do I reset my password\" --top 3",
      "search a file" },
    { NULL, NULL },
};

static int run(const cli_command *self, int argc, char **argv);

const cli_command command_similar = {
    .name = "similar",
    .operands = "[TEXT ...]",
    .operand_kind = "none",
    .summary = "find the most similar texts",
    .description = "Prints the most similar pairs of the texts, best first, with the cosine of "
                   "their vectors. With --query or --query-file it prints for each query the most "
                   "similar of the texts instead. Every pair is looked at; nothing is approximate. "
                   "Texts and vectors are kept in memory.",
    .groups = { &own, &embedding_options, &input_options, &model_options, &general_options },
    .examples = examples,
    .run = run,
};

static int out_of_memory(void)
{
    return say_failure(CLOZE_ERROR_MEMORY, "out of memory");
}

typedef struct similar_job {
    const cli_settings *settings;
    cli_input *input, *query_input;
    const char *query_file[1];
    cli_opened opened;
    cloze_embed_options options, query_options;
    cloze_embed_report report;
    cli_library texts, queries;
    cloze_pair *pairs;
    size_t found;
} similar_job;

static bool has_queries(const cli_settings *settings)
{
    return settings->queries.count || settings->query_file;
}

static int find(similar_job *job)
{
    size_t top = job->settings->top ? job->settings->top : TOP_DEFAULT;
    size_t count = job->texts.count, room, queries = job->queries.count;
    size_t dimension = cloze_embed_dimension(job->opened.model, &job->options);
    cloze_error error;
    cloze_status status;
    if (!has_queries(job->settings)) {
        size_t all = count < 2 ? 0 : count % 2 ? (count - 1) / 2 * count : count / 2 * (count - 1);
        room = top < all ? top : all;
    } else if (__builtin_mul_overflow(queries, top < count ? top : count, &room)) {
        return out_of_memory();
    }
    if (__builtin_mul_overflow(room, sizeof *job->pairs, &room) ||
        !(job->pairs = malloc(room + sizeof *job->pairs)))
        return out_of_memory();
    room /= sizeof *job->pairs;
    if (!room)
        return 0;
    if (has_queries(job->settings))
        status = cloze_search(job->opened.session, job->queries.vectors, queries,
                              job->texts.vectors, count, dimension, top < count ? top : count,
                              job->pairs, &job->found, &error);
    else
        status = cloze_similar_pairs(job->opened.session, job->texts.vectors, count, dimension,
                                     room, job->pairs, &job->found, &error);
    return status ? say_error(&error, NULL) : 0;
}

static cloze_text first_text(const similar_job *job, size_t i)
{
    return library_text(has_queries(job->settings) ? &job->queries : &job->texts,
                        job->pairs[i].first);
}

static void write_json(const similar_job *job, cli_output *output)
{
    bool search = has_queries(job->settings);
    for (size_t i = 0; i < job->found; i++) {
        const cloze_pair *pair = &job->pairs[i];
        output_text(output, "{\"score\": ");
        output_float(output, pair->score);
        output_format(output, ", \"%s\": %zu, \"%s\": %zu, \"%s\": ", search ? "query_id" : "i",
                      pair->first, search ? "corpus_id" : "j", pair->second,
                      search ? "query" : "first");
        output_json(output, first_text(job, i));
        output_format(output, ", \"%s\": ", search ? "text" : "second");
        output_json(output, library_text(&job->texts, pair->second));
        output_text(output, "}\n");
    }
}

/* Scores and both texts in columns; texts are cut on a terminal that is too narrow for them. */
static void write_table(const similar_job *job, cli_output *output)
{
    size_t terminal = output_columns(output), left = 0, right = 0, room;
    for (size_t i = 0; i < job->found; i++) {
        size_t a = cell_columns(first_text(job, i));
        size_t b = cell_columns(library_text(&job->texts, job->pairs[i].second));
        left = a > left ? a : left;
        right = b > right ? b : right;
    }
    if (terminal && terminal > 12 && left + right + 11 > terminal) {
        room = (terminal - 11) / 2;
        left = right < room ? terminal - 11 - right : left < room ? left : room;
        right = terminal - 11 - left;
    }
    for (size_t i = 0; i < job->found; i++) {
        output_format(output, "%7.4f  ", (double)job->pairs[i].score);
        output_cell(output, first_text(job, i), left, true);
        output_text(output, "  ");
        output_cell(output, library_text(&job->texts, job->pairs[i].second), right, false);
        output_text(output, "\n");
    }
}

static int prepare(similar_job *job, char **texts, size_t count)
{
    const cli_settings *settings = job->settings;
    int code = input_open(&job->input, settings, texts, count);
    if (!code)
        code = input_next(job->input);
    if (!code && has_queries(settings)) {
        struct cli_settings of_queries = { .quiet = settings->quiet };
        job->query_file[0] = settings->query_file;
        of_queries.files = (cli_words){ job->query_file, settings->query_file ? 1 : 0 };
        code = input_open(&job->query_input, &of_queries,
                          (char **)(uintptr_t)settings->queries.item, settings->queries.count);
        if (!code)
            code = input_next(job->query_input);
    }
    if (!code)
        code = open_all(&job->opened, settings,
                        input_is_last(job->input) && input_count(job->input) <= 16 &&
                            !has_queries(settings));
    if (!code)
        code = embed_options(settings, job->opened.model, &job->options);
    if (code)
        return code;
    job->query_options = job->options;
    if (settings->query_prompt) {
        job->query_options.prompt_name = settings->query_prompt;
        job->query_options.prompt = NULL;
        code = prompt_exists(job->opened.model, settings->query_prompt);
    }
    return code;
}

static int compute(similar_job *job)
{
    int code =
        library_fill(&job->texts, job->input, &job->opened, &job->options, NULL, &job->report);
    if (!code && job->query_input)
        code = library_fill(&job->queries, job->query_input, &job->opened, &job->query_options,
                            NULL, &job->report);
    if (!code)
        code = find(job);
    progress_end(&job->opened.progress);
    return code;
}

static int run(const cli_command *self, int argc, char **argv)
{
    cli_settings settings;
    similar_job job = { .settings = &settings };
    cli_output *output = NULL;
    int first = 0, code = options_parse(self, argc, argv, &settings, &first);
    if (code >= 0) {
        settings_clear(&settings);
        return code;
    }
    code = prepare(&job, argv + first, (size_t)(argc - first));
    if (!code)
        code = output_open(&output, settings.output);
    if (!code && (code = compute(&job)))
        code = output_close(output, code);
    else if (!code) {
        if (settings.json)
            write_json(&job, output);
        else
            write_table(&job, output);
        code = output_close(output, 0);
    }
    if (!code && !has_queries(&settings) && job.texts.count < 2)
        say_note(settings.quiet, "there are not two texts to compare");
    if (!code)
        say_truncated(&job.report, "--long", settings.quiet);
    close_all(&job.opened);
    input_close(job.input);
    input_close(job.query_input);
    library_clear(&job.texts);
    library_clear(&job.queries);
    free(job.pairs);
    settings_clear(&settings);
    return code;
}
