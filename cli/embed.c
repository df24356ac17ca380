/*
 * embed.c - cloze embed: texts to vectors, streaming, in order. Hidden states of single tokens are
 * token_states.c's business.
 */
#include "commands.h"
#include "input.h"
#include "open.h"
#include "say.h"
#include "token_states.h"
#include "vectors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FEW_TEXTS = 100 }; /* as the package says */

static const option_group own = {
    "Output",
    (const command_option[]){
        OPTION("format", 0, OPTION_CHOICE, "jsonl|npy|raw", format,
               "JSON lines (the default), a NumPy array, or bare little-endian float32"),
        OPTION("quantize", 0, OPTION_CHOICE, "int8|binary|ubinary", quantize,
               "smaller numbers as sentence-transformers makes them; int8 takes its ranges from "
               "all the texts and so keeps them in memory"),
        OPTION("no-text", 0, OPTION_FLAG, NULL, no_text, "JSON without the texts"),
        OPTION("tokens", 0, OPTION_FLAG, NULL, tokens,
               "the hidden state of every token instead of one vector a text"),
        OPTIONS_END },
};

static const command_example examples[] = {
    { "cloze embed \"The cat sits outside\"", "one vector as a JSON line" },
    { "cloze embed -f texts.txt --format npy -o vectors.npy",
      "a file, one text a line, for NumPy" },
    { "cloze embed -f reviews.jsonl --field body -o vectors.jsonl", "a field of JSON lines" },
    { "generate | cloze embed -f - --format raw > vectors.f32", "a stream" },
    { NULL, NULL },
};

static int run(const cli_command *self, int argc, char **argv);

const cli_command command_embed = {
    .name = "embed",
    .operands = "[TEXT ...]",
    .operand_kind = "none",
    .summary = "turn texts into vectors",
    .description =
        "Prints one vector for each text, in the order of the texts. Texts are the arguments, then "
        "the lines of the files of -f; with neither, the lines of standard input. An empty line is "
        "an empty text, so that line N and row N belong together.\n\n"
        "The default format is JSON lines: {\"index\": 0, \"text\": \"...\", \"embedding\": "
        "[...]}, with "
        "\"truncated\": N where a text lost N tokens. --json writes one object instead, with the "
        "model, the dimension and the totals around the same entries. Numbers are written so that "
        "they read back as the same float32.\n\n"
        "Texts that are longer than the model's limit are cut, and a remark on standard error says "
        "how many; --long error or --long chunk do otherwise.",
    .groups = { &own, &embedding_options, &input_options, &model_options, &general_options },
    .examples = examples,
    .run = run,
};

typedef struct embed_job {
    const cli_settings *settings;
    cli_input *input;
    cli_opened opened;
    cloze_embed_options options;
    cli_vectors vectors;
    cloze_embed_report report;
    float *rows; /* of a chunk; of everything with int8 */
    size_t row_count, row_capacity;
    size_t *truncated;
    size_t truncated_capacity;
    void *small; /* quantized rows */
    size_t small_capacity;
} embed_job;

static int out_of_memory(void)
{
    return say_failure(CLOZE_ERROR_MEMORY, "out of memory");
}

/* Room for `count` items of `size`; the product is checked. */
static bool reserve(void **block, size_t *capacity, size_t count, size_t size)
{
    size_t bytes;
    void *grown;
    if (__builtin_mul_overflow(count, size, &bytes))
        return false;
    if (bytes <= *capacity)
        return true;
    if (bytes < *capacity * 2)
        bytes = *capacity * 2;
    if (!(grown = realloc(*block, bytes)))
        return false;
    *block = grown;
    *capacity = bytes;
    return true;
}

static void quantize_rows(const embed_job *job, const float *rows, size_t count)
{
    uint8_t *bits = job->small;
    size_t columns = job->vectors.columns;
    if (job->vectors.quantize == QUANTIZE_INT8) {
        cloze_quantize_int8(rows, count, columns, NULL, job->small);
        return;
    }
    cloze_quantize_binary(rows, count, columns, bits);
    if (job->vectors.quantize == QUANTIZE_BINARY) /* the package's int8: 128 less */
        for (size_t i = 0; i < count * vectors_row_bytes(&job->vectors); i++)
            bits[i] ^= 0x80;
}

static int write_rows(embed_job *job, const float *rows, size_t count, const cloze_text *texts,
                      const size_t *truncated)
{
    size_t step = vectors_row_bytes(&job->vectors);
    const char *row = (const char *)rows;
    if (job->vectors.quantize) {
        if (!reserve(&job->small, &job->small_capacity, count, step))
            return out_of_memory();
        quantize_rows(job, rows, count);
        row = job->small;
    }
    for (size_t i = 0; i < count; i++) {
        vector_line line = { .text = texts && !job->settings->no_text ? texts[i]
                                                                      : (cloze_text){ NULL, 0 },
                             .truncated = truncated ? truncated[i] : 0 };
        vectors_put(&job->vectors, &line, row + i * step);
    }
    return 0;
}

/* One chunk: its vectors behind those that are kept, and out unless all must be there first. */
static int embed_chunk(embed_job *job, bool keep)
{
    size_t count = input_count(job->input), columns = job->vectors.columns, row_size;
    cloze_embed_report report = { 0 };
    cloze_error error;
    float *rows;
    if (__builtin_mul_overflow(columns, sizeof(float), &row_size) ||
        !reserve((void **)&job->rows, &job->row_capacity, job->row_count + count, row_size) ||
        !reserve((void **)&job->truncated, &job->truncated_capacity, job->row_count + count,
                 sizeof(size_t)))
        return out_of_memory();
    rows = job->rows + job->row_count * columns;
    if (cloze_embed(job->opened.session, input_texts(job->input), count, &job->options, rows,
                    job->truncated + job->row_count, &report, &error))
        return say_embed_error(&job->opened, job->input, &job->options, rows, &error);
    job->opened.done += report.texts;
    job->report.texts += report.texts;
    job->report.tokens += report.tokens;
    job->report.truncated_texts += report.truncated_texts;
    job->report.truncated_tokens += report.truncated_tokens;
    if (keep) {
        job->row_count += count;
        return 0;
    }
    return write_rows(job, rows, count, input_texts(job->input), job->truncated);
}

static int stream(embed_job *job, cli_output *output)
{
    bool keep = job->vectors.quantize == QUANTIZE_INT8, tokens = job->settings->tokens;
    token_states *states = NULL;
    char summary[256];
    int code = 0;
    vectors_begin(&job->vectors,
                  input_is_last(job->input) && !tokens ? input_count(job->input) : 0);
    if (tokens)
        code = token_states_new(&states, job->opened.model, job->opened.session, &job->options);
    while (!code && input_count(job->input) && !output_failed(output)) {
        if (tokens)
            code = token_states_write(states, job->input, &job->vectors, &job->report,
                                      !job->settings->no_text);
        else
            code = embed_chunk(job, keep);
        if (!keep && !code)
            output_flush(output);
        if (!code)
            code = input_next(job->input);
    }
    token_states_free(states);
    if (!code && keep)
        code = write_rows(job, job->rows, job->row_count, NULL, job->truncated);
    snprintf(summary, sizeof summary,
             "\"texts\": %zu, \"tokens\": %zu, \"truncated_texts\": %zu, \"truncated_tokens\": %zu",
             job->report.texts, job->report.tokens, job->report.truncated_texts,
             job->report.truncated_tokens);
    if (!code)
        vectors_end(&job->vectors, summary);
    return code;
}

/* All bytes of the first chunk are at least as many as its tokens, but for the special ones. */
static bool fits_one_batch(const embed_job *job)
{
    size_t batch = job->settings->batch_tokens ? job->settings->batch_tokens : 1024, tokens = 0;
    if (!input_is_last(job->input))
        return false;
    for (size_t i = 0; i < input_count(job->input); i++)
        tokens += input_texts(job->input)[i].size + 2;
    return tokens <= batch;
}

static int check(const cli_settings *settings)
{
    if (settings->tokens && settings->quantize)
        return say_failure(CLOZE_ERROR_ARGUMENT, "--tokens and --quantize do not go together");
    if (settings->tokens &&
        (settings->pooling || settings->truncate_dimension || settings->no_normalize))
        return say_failure(CLOZE_ERROR_ARGUMENT,
                           "--tokens prints states that were not pooled: --pooling, "
                           "--truncate-dim and --no-normalize do not apply");
    if (settings->tokens && settings->long_text == 3)
        return say_failure(CLOZE_ERROR_ARGUMENT, "--tokens and --long chunk do not go together");
    if (settings->json && settings->format > FORMAT_JSONL)
        return say_failure(CLOZE_ERROR_ARGUMENT, "--json and --format %s do not go together",
                           settings->format == FORMAT_NPY ? "npy" : "raw");
    return 0;
}

static int prepare(embed_job *job, char **texts, size_t count)
{
    int code = input_open(&job->input, job->settings, texts, count);
    if (!code)
        code = input_next(job->input);
    if (!code)
        code = open_all(&job->opened, job->settings, fits_one_batch(job));
    if (!code)
        code = embed_options(job->settings, job->opened.model, &job->options);
    if (code)
        return code;
    job->opened.total = input_is_last(job->input) ? input_count(job->input) : 0;
    job->vectors.format = job->settings->format ? job->settings->format : FORMAT_JSONL;
    job->vectors.quantize = job->settings->quantize;
    job->vectors.document = job->settings->json;
    job->vectors.model = model_name(job->settings);
    job->vectors.columns = job->settings->tokens
                               ? cloze_model_describe(job->opened.model).hidden
                               : cloze_embed_dimension(job->opened.model, &job->options);
    return 0;
}

static int run(const cli_command *self, int argc, char **argv)
{
    cli_settings settings;
    embed_job job = { .settings = &settings };
    int first = 0, code = options_parse(self, argc, argv, &settings, &first);
    if (code < 0)
        code = check(&settings);
    else
        goto done;
    if (!code)
        code = prepare(&job, argv + first, (size_t)(argc - first));
    if (!code)
        code = output_open(&job.vectors.output, settings.output);
    if (!code) {
        code = stream(&job, job.vectors.output);
        progress_end(&job.opened.progress);
        code = output_close(job.vectors.output, code);
    }
    if (!code && settings.quantize == QUANTIZE_INT8 && job.report.texts < FEW_TEXTS)
        say_note(settings.quiet,
                 "int8 ranges come from these %zu texts alone; they mean more with %d or more",
                 job.report.texts, FEW_TEXTS);
    if (!code)
        say_truncated(&job.report, "--long", settings.quiet);
    close_all(&job.opened);
    input_close(job.input);
    free(job.rows);
    free(job.truncated);
    free(job.small);
done:
    settings_clear(&settings);
    return code;
}
