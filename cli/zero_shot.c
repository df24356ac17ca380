/*
 * zero_shot.c - cloze zero-shot: labels that the model was never trained on.
 */
#include "commands.h"
#include "ranked.h"
#include "say.h"
#include "stream.h"
#include "table.h"

#include <stdlib.h>
#include <string.h>

static const option_group own = {
    "Labels",
    (const command_option[]){
        OPTION("label", 'l', OPTION_WORDS, "LABEL", asked,
               "a label that a text may have; give two or more"),
        OPTION("several", 0, OPTION_FLAG, NULL, several,
               "a text may have several of them: each is judged by itself"),
        OPTION("hypothesis", 0, OPTION_WORD, "TEXT", hypothesis,
               "what is judged, with {} for the label (default: \"This example is {}.\")"),
        OPTION("entailment", 0, OPTION_WORD, "LABEL", entailment,
               "the model's own label for \"it follows\" (default: that beginning with entail)"),
        OPTION("max-tokens", 0, OPTION_COUNT, "N", max_tokens,
               "another limit than the model's, up to its positions"),
        OPTIONS_END },
};

static const command_example examples[] = {
    { "cloze zero-shot -m ./nli -l sport -l politics -l weather \"It rains all day\"",
      "three labels, best first" },
    { "cloze zero-shot -m ./nli --several -l urgent -l polite -f mails.txt --json",
      "labels that do not exclude one another" },
    { NULL, NULL },
};

static int run(const cli_command *self, int argc, char **argv);

const cli_command command_zero_shot = {
    .name = "zero-shot",
    .operands = "[TEXT ...]",
    .operand_kind = "none",
    .summary = "judge texts by labels of your own",
    .description =
        "Prints each text, and below it the labels asked for, best first. The model is one of "
        "natural language inference: it tells whether \"This example is LABEL.\" follows from the "
        "text. Texts are the arguments, then the lines of the files of -f; with neither, the lines "
        "of standard input.\n\n"
        "--json prints one line for each text, as transformers' zero-shot-classification pipeline "
        "returns it: {\"sequence\": ..., \"labels\": [...], \"scores\": [...]}.",
    .groups = { &own, &input_options, &model_options, &general_options },
    .examples = examples,
    .run = run,
};

typedef struct zero_shot_job {
    const cli_settings *settings;
    text_stream stream;
    cloze_zero_shot_options options;
    cloze_text *labels; /* [asked] */
    size_t asked;
    float *scores; /* [room, asked] */
    size_t room;
    ranked *order; /* [asked] */
} zero_shot_job;

static int out_of_memory(void)
{
    return say_failure(CLOZE_ERROR_MEMORY, "out of memory");
}

static void write_json(zero_shot_job *job, cloze_text text)
{
    cli_output *out = job->stream.output;
    output_text(out, "{\"sequence\": ");
    output_json(out, text);
    output_text(out, ", \"labels\": [");
    for (size_t i = 0; i < job->asked; i++) {
        output_text(out, i ? ", " : "");
        output_json(out, job->labels[job->order[i].number]);
    }
    output_text(out, "], \"scores\": [");
    for (size_t i = 0; i < job->asked; i++) {
        output_text(out, i ? ", " : "");
        output_float(out, job->order[i].score);
    }
    output_text(out, "]}\n");
}

static void write_lines(zero_shot_job *job, cloze_text text)
{
    cli_output *out = job->stream.output;
    output_cell(out, text, 0, false);
    output_text(out, "\n");
    for (size_t i = 0; i < job->asked; i++) {
        output_format(out, "  %7.4f  ", (double)job->order[i].score);
        output_cell(out, job->labels[job->order[i].number], 0, false);
        output_text(out, "\n");
    }
}

static bool make_room(zero_shot_job *job, size_t count)
{
    size_t size;
    if (count <= job->room)
        return true;
    free(job->scores);
    job->scores = NULL;
    job->room = 0;
    if (!__builtin_mul_overflow(count, job->asked * sizeof *job->scores, &size))
        job->scores = malloc(size);
    job->room = job->scores ? count : 0;
    return job->scores;
}

static int judge_chunk(void *context)
{
    zero_shot_job *job = context;
    size_t count = input_count(job->stream.input);
    const cloze_text *texts = input_texts(job->stream.input);
    cloze_embed_report report = { 0 };
    cloze_error error;
    if (!make_room(job, count))
        return out_of_memory();
    if (cloze_zero_shot(job->stream.opened.session, texts, count, job->labels, job->asked,
                        &job->options, job->scores, &report, &error))
        return stream_say_error(&job->stream, &error);
    stream_add(&job->stream, &report);
    for (size_t i = 0; i < count; i++) {
        rank_scores(job->scores + i * job->asked, job->asked, job->order);
        if (job->settings->json)
            write_json(job, texts[i]);
        else
            write_lines(job, texts[i]);
    }
    return 0;
}

static int find_labels(zero_shot_job *job)
{
    const cli_words *words = &job->settings->asked;
    size_t position;
    if (!words->count)
        return say_failure(CLOZE_ERROR_ARGUMENT, "zero-shot needs labels: -l sport -l politics");
    job->asked = words->count;
    job->labels = calloc(job->asked, sizeof *job->labels);
    job->order = calloc(job->asked, sizeof *job->order);
    if (!job->labels || !job->order)
        return out_of_memory();
    for (size_t i = 0; i < job->asked; i++) {
        job->labels[i] = (cloze_text){ words->item[i], strlen(words->item[i]) };
        if (!text_is_utf8(job->labels[i], &position))
            return say_failure(CLOZE_ERROR_TEXT, "--label: byte %zu is not UTF-8", position + 1);
    }
    return 0;
}

static int run(const cli_command *self, int argc, char **argv)
{
    cli_settings settings;
    zero_shot_job job = { .settings = &settings };
    int first = 0, code = options_parse(self, argc, argv, &settings, &first);
    if (code >= 0) {
        settings_clear(&settings);
        return code;
    }
    job.stream.settings = &settings;
    job.options = (cloze_zero_shot_options){ .hypothesis = settings.hypothesis,
                                             .several = settings.several,
                                             .entailment = settings.entailment,
                                             .max_tokens = settings.max_tokens };
    code = find_labels(&job);
    if (!code)
        code = stream_open(&job.stream, argv + first, (size_t)(argc - first), NULL, NULL);
    if (!code)
        code = stream_run(&job.stream, judge_chunk, &job);
    code = stream_close(&job.stream, code, "--max-tokens");
    free(job.labels);
    free(job.order);
    free(job.scores);
    settings_clear(&settings);
    return code;
}
