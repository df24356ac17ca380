/*
 * search.c - cloze search: for each query the most similar lines of files, whose vectors a cache file
 * may keep from one call to the next. Texts and vectors are kept in memory; queries stream.
 */
#include "commands.h"
#include "library.h"
#include "say.h"
#include "table.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { TOP_DEFAULT = 5 };

static const option_group own = {
    "Searching",
    (const command_option[]){
        OPTION_TOP("the N best texts of each query (default: 5)"),
        OPTION("threshold", 0, OPTION_SIGNED, "X", threshold,
               "only texts with a score of at least X; may leave none"),
        OPTION("cache", 0, OPTION_WORD, "FILE", vector_cache,
               "keep the vectors of the texts in FILE, and compute only those that it lacks"),
        OPTION("query-file", 0, OPTION_WORD, "FILE", query_file, "queries, one a line"),
        OPTION("query-prompt", 0, OPTION_WORD, "NAME", query_prompt,
               "the model's prompt for queries (default: that of --prompt)"),
        OPTIONS_END },
};

static const command_example examples[] = {
    { "cloze search -f help.txt \"how do I reset my password\"", "the five best lines of a file" },
    { "cloze search -f notes.jsonl --field body --cache notes.vectors \"rent\"",
      "the first call computes the vectors of the notes, later ones read them" },
    { NULL, NULL },
};

static int run(const cli_command *self, int argc, char **argv);

const cli_command command_search = {
    .name = "search",
    .operands = "[QUERY ...]",
    .operand_kind = "none",
    .summary = "search files by meaning",
    .description =
        "Prints for each query the most similar texts of the files of -f, best first, with the "
        "cosine of their vectors. Queries are the arguments, then the lines of --query-file; with "
        "neither, the lines of standard input, each answered as it comes. Every text is looked at; "
        "nothing is approximate.\n\n"
        "--cache FILE keeps the vectors. It is believed only if it was made by the same model with "
        "the same options and is undamaged; texts may be added and removed freely. It is written "
        "whole or not at all.\n\n"
        "--json prints one line for each query, as sentence-transformers' semantic_search returns "
        "it: [{\"corpus_id\": ..., \"score\": ..., \"text\": ...}, ...].",
    .groups = { &own, &embedding_options, &input_options, &model_options, &general_options },
    .examples = examples,
    .run = run,
};

typedef struct search_job {
    const cli_settings *settings;
    cli_input *texts_input, *query_input;
    cli_settings of_queries;
    const char *query_file[1];
    cli_opened opened;
    cloze_embed_options options, query_options;
    cloze_embed_report report;
    cloze_vector_cache *cache;
    cli_library texts;
    float *queries; /* vectors of a chunk */
    cloze_pair *pairs;
    size_t room, dimension; /* queries that both have room for */
    bool titled;            /* several queries: each is printed before its texts */
    cli_output *output;
} search_job;

static int out_of_memory(void)
{
    return say_failure(CLOZE_ERROR_MEMORY, "out of memory");
}

static size_t top_of(const search_job *job)
{
    size_t top = job->settings->top ? job->settings->top : TOP_DEFAULT;
    return top < job->texts.count ? top : job->texts.count;
}

static bool make_room(search_job *job, size_t count)
{
    size_t vectors, pairs;
    if (count <= job->room)
        return true;
    free(job->queries);
    free(job->pairs);
    job->queries = NULL;
    job->pairs = NULL;
    job->room = 0;
    if (__builtin_mul_overflow(count, job->dimension * sizeof *job->queries, &vectors) ||
        __builtin_mul_overflow(count, (top_of(job) + 1) * sizeof *job->pairs, &pairs) ||
        !(job->queries = malloc(vectors)) || !(job->pairs = malloc(pairs)))
        return false;
    job->room = count;
    return true;
}

/* How many of a query's texts are good enough. */
static size_t shown_of(const search_job *job, const cloze_pair *pairs, size_t count)
{
    size_t shown = 0;
    while (shown < count && (double)pairs[shown].score >= job->settings->threshold)
        shown++;
    return shown;
}

static void write_json(const search_job *job, const cloze_pair *pairs, size_t shown)
{
    output_text(job->output, "[");
    for (size_t i = 0; i < shown; i++) {
        output_format(job->output, "%s{\"corpus_id\": %zu, \"score\": ", i ? ", " : "",
                      pairs[i].second);
        output_float(job->output, pairs[i].score);
        output_text(job->output, ", \"text\": ");
        output_json(job->output, library_text(&job->texts, pairs[i].second));
        output_text(job->output, "}");
    }
    output_text(job->output, "]\n");
}

static void write_lines(const search_job *job, const cloze_pair *pairs, size_t shown,
                        cloze_text query)
{
    if (job->titled) {
        output_cell(job->output, query, 0, false);
        output_text(job->output, "\n");
    }
    for (size_t i = 0; i < shown; i++) {
        output_format(job->output, "%7.4f  ", (double)pairs[i].score);
        output_cell(job->output, library_text(&job->texts, pairs[i].second), 0, false);
        output_text(job->output, "\n");
    }
}

/* Answers the queries of the chunk. */
static int answer(search_job *job)
{
    const cloze_text *queries = input_texts(job->query_input);
    size_t count = input_count(job->query_input), top = top_of(job), found = 0;
    cloze_embed_report report = { 0 };
    cloze_error error;
    if (!make_room(job, count))
        return out_of_memory();
    if (cloze_embed(job->opened.session, queries, count, &job->query_options, job->queries, NULL,
                    &report, &error))
        return say_embed_error(&job->opened, job->query_input, &job->query_options, job->queries,
                               &error);
    job->report.texts += count;
    job->report.truncated_texts += report.truncated_texts;
    job->report.truncated_tokens += report.truncated_tokens;
    if (top && cloze_search(job->opened.session, job->queries, count, job->texts.vectors,
                            job->texts.count, job->dimension, top, job->pairs, &found, &error))
        return say_error(&error, NULL);
    progress_end(&job->opened.progress);
    for (size_t i = 0; i < count; i++) {
        const cloze_pair *pairs = job->pairs + i * top;
        size_t shown = shown_of(job, pairs, top);
        if (job->settings->json)
            write_json(job, pairs, shown);
        else
            write_lines(job, pairs, shown, queries[i]);
    }
    output_flush(job->output);
    return 0;
}

static int open_inputs(search_job *job, char **queries, size_t count)
{
    const cli_settings *settings = job->settings;
    int code;
    if (!settings->files.count)
        return say_failure(CLOZE_ERROR_ARGUMENT, "search needs texts: name a file with -f FILE");
    for (size_t i = 0; i < settings->files.count; i++)
        if (!strcmp(settings->files.item[i], "-") && !count && !settings->query_file)
            return say_failure(CLOZE_ERROR_ARGUMENT,
                               "texts come from standard input, so queries must be arguments or "
                               "in --query-file");
    job->of_queries.quiet = settings->quiet;
    job->query_file[0] = settings->query_file;
    job->of_queries.files = (cli_words){ job->query_file, settings->query_file ? 1 : 0 };
    job->titled = count != 1 || settings->query_file;
    code = input_open(&job->texts_input, settings, NULL, 0);
    if (!code)
        code = input_open(&job->query_input, &job->of_queries, queries, count);
    return code ? code : input_next(job->texts_input);
}

static int prepare(search_job *job, char **queries, size_t count)
{
    const cli_settings *settings = job->settings;
    int code = open_inputs(job, queries, count);
    if (!code)
        code = open_all(&job->opened, settings,
                        input_is_last(job->texts_input) && input_count(job->texts_input) <= 16);
    if (!code)
        code = embed_options(settings, job->opened.model, &job->options);
    if (code)
        return code;
    job->dimension = cloze_embed_dimension(job->opened.model, &job->options);
    job->query_options = job->options;
    if (settings->query_prompt) {
        job->query_options.prompt_name = settings->query_prompt;
        job->query_options.prompt = NULL;
        code = prompt_exists(job->opened.model, settings->query_prompt);
    }
    if (!code)
        code = library_open_cache(&job->cache, settings, &job->opened, &job->options);
    return code ? code : output_open(&job->output, settings->output);
}

static int search(search_job *job)
{
    int code = library_fill(&job->texts, job->texts_input, &job->opened, &job->options, job->cache,
                            &job->report);
    progress_end(&job->opened.progress);
    if (!code)
        code = library_save_cache(job->cache, job->settings, job->texts.count);
    if (!code)
        code = input_next(job->query_input);
    while (!code && input_count(job->query_input) && !output_failed(job->output)) {
        code = answer(job);
        if (!code)
            code = input_next(job->query_input);
    }
    return code;
}

static int run(const cli_command *self, int argc, char **argv)
{
    cli_settings settings;
    search_job job = { .settings = &settings };
    int first = 0, code = options_parse(self, argc, argv, &settings, &first);
    if (code >= 0) {
        settings_clear(&settings);
        return code;
    }
    code = prepare(&job, argv + first, (size_t)(argc - first));
    if (!code)
        code = search(&job);
    progress_end(&job.opened.progress);
    code = output_close(job.output, code);
    if (!code)
        say_truncated(&job.report, "--long", settings.quiet);
    cloze_vector_cache_free(job.cache);
    close_all(&job.opened);
    input_close(job.texts_input);
    input_close(job.query_input);
    library_clear(&job.texts);
    free(job.queries);
    free(job.pairs);
    settings_clear(&settings);
    return code;
}
