/*
 * score.c - cloze score: how likely texts are to a masked language model.
 */
#include "commands.h"
#include "say.h"
#include "stream.h"
#include "table.h"

#include <math.h>
#include <stdlib.h>

static const option_group own = {
    "Scores",
    (const command_option[]){
        OPTION("whole-words", 0, OPTION_FLAG, NULL, whole_words,
               "with a token, mask the later ones of its word, so that a long word is not told by "
               "its own pieces"),
        OPTIONS_END },
};

static const command_example examples[] = {
    { "cloze score -m ./bert \"The cat sat on the mat.\" \"The cat sat on the mad.\"",
      "which of two is the likelier text" },
    { "cloze score -m ./bert -f sentences.txt --json", "a JSON line for each text" },
    { NULL, NULL },
};

static int run(const cli_command *self, int argc, char **argv);

const cli_command command_score = {
    .name = "score",
    .operands = "[TEXT ...]",
    .operand_kind = "none",
    .summary = "tell how likely texts are",
    .description =
        "Prints for each text its pseudo-log-likelihood, its pseudo-perplexity, and the text. The "
        "first is the sum of the natural logarithms of the probability of each token where that "
        "token is masked (Salazar et al., 2020); the second is exp(-sum / tokens), so that texts "
        "of different length can be compared. Texts are the arguments, then the lines of the files "
        "of -f; with neither, the lines of standard input.\n\n"
        "--json prints {\"score\": ..., \"tokens\": ..., \"perplexity\": ...} for each text.",
    .groups = { &own, &input_options, &model_options, &general_options },
    .examples = examples,
    .run = run,
};

typedef struct score_job {
    const cli_settings *settings;
    text_stream stream;
    cloze_likelihood *likelihoods;
    size_t room;
} score_job;

static double perplexity(const cloze_likelihood *item)
{
    return item->tokens ? exp(-item->sum / (double)item->tokens) : 1;
}

static void write_one(const score_job *job, const cloze_likelihood *item, cloze_text text)
{
    cli_output *out = job->stream.output;
    if (job->settings->json) {
        output_text(out, "{\"score\": ");
        output_float(out, (float)item->sum);
        output_format(out, ", \"tokens\": %zu, \"perplexity\": ", item->tokens);
        output_float(out, (float)perplexity(item));
        output_text(out, "}\n");
        return;
    }
    output_format(out, "%10.4f  %10.4g  ", item->sum, perplexity(item));
    output_cell(out, text, 0, false);
    output_text(out, "\n");
}

static int score_chunk(void *context)
{
    score_job *job = context;
    size_t count = input_count(job->stream.input);
    const cloze_text *texts = input_texts(job->stream.input);
    cloze_likelihood_options options = { .whole_words = job->settings->whole_words };
    cloze_embed_report report = { 0 };
    cloze_error error;
    if (count > job->room) {
        free(job->likelihoods);
        job->likelihoods = calloc(count, sizeof *job->likelihoods);
        job->room = job->likelihoods ? count : 0;
        if (!job->likelihoods)
            return say_failure(CLOZE_ERROR_MEMORY, "out of memory");
    }
    if (cloze_likelihoods(job->stream.opened.session, texts, count, &options, job->likelihoods,
                          &report, &error))
        return stream_say_error(&job->stream, &error);
    stream_add(&job->stream, &report);
    for (size_t i = 0; i < count; i++)
        write_one(job, &job->likelihoods[i], texts[i]);
    return 0;
}

static int prepare(void *context)
{
    const score_job *job = context;
    if (!cloze_model_fills(job->stream.opened.model))
        return say_failure(CLOZE_ERROR_NOT_FOUND,
                           "%s has no masked language modelling head: it cannot tell words",
                           model_name(job->settings));
    return 0;
}

static int run(const cli_command *self, int argc, char **argv)
{
    cli_settings settings;
    score_job job = { .settings = &settings };
    int first = 0, code = options_parse(self, argc, argv, &settings, &first);
    if (code >= 0) {
        settings_clear(&settings);
        return code;
    }
    job.stream.settings = &settings;
    code = stream_open(&job.stream, argv + first, (size_t)(argc - first), prepare, &job);
    if (!code)
        code = stream_run(&job.stream, score_chunk, &job);
    code = stream_close(&job.stream, code, NULL);
    free(job.likelihoods);
    settings_clear(&settings);
    return code;
}
