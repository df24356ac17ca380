/*
 * answer.c - cloze answer: questions to the spans of a text that answer them.
 */
#include "commands.h"
#include "say.h"
#include "stream.h"
#include "table.h"
#include "whole_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const option_group own = {
    "Answers",
    (const command_option[]){
        OPTION("context", 'c', OPTION_WORD, "TEXT", pair, "the text to answer from"),
        OPTION("context-file", 'C', OPTION_WORD, "FILE", context_file,
               "the text to answer from is the whole of FILE (- is standard input)"),
        OPTION("context-field", 0, OPTION_WORD, "NAME", pair_field,
               "with --field: every question's own context, from this field of JSON lines"),
        OPTION("tab", 0, OPTION_FLAG, NULL, tab_pairs,
               "lines hold a question and its context with a tab between"),
        OPTION_TOP("the N best answers (default: 1)"),
        OPTION("impossible", 0, OPTION_FLAG, NULL, impossible,
               "that there is no answer may win, too"),
        OPTION("max-answer", 0, OPTION_COUNT, "N", max_answer,
               "tokens of an answer at most (default: 15)"),
        OPTION("max-tokens", 0, OPTION_COUNT, "N", max_tokens,
               "tokens of a window with its question (default: 384, or the model's limit)"),
        OPTION("stride", 0, OPTION_COUNT, "N", stride,
               "tokens that windows share (default: half of a window, at most 128)"),
        OPTION("whole-tokens", 0, OPTION_FLAG, NULL, whole_tokens,
               "answers may begin and end inside a word"),
        OPTION("bytes", 0, OPTION_FLAG, NULL, bytes, "places in bytes, not in code points"),
        OPTIONS_END },
};

static const command_example examples[] = {
    { "cloze answer -m ./squad \"Where does Evan live?\" -c \"While Jaisy lives in Jakarta, Evan "
      "is "
      "in The Hague.\"",
      "one question" },
    { "cloze answer -m ./squad -C report.txt -f questions.txt --top 3 --json",
      "many questions about a long text" },
    { "cloze answer -m ./squad -f dev.jsonl --field question --context-field context",
      "every question with its own context" },
    { NULL, NULL },
};

static int run(const cli_command *self, int argc, char **argv);

const cli_command command_answer = {
    .name = "answer",
    .operands = "[QUESTION ...]",
    .operand_kind = "none",
    .summary = "answer questions from a text",
    .description =
        "Prints the span of the context that answers each question, with its score and its place "
        "(half open, in code points). Questions are the arguments, then the lines of the files of "
        "-f; with neither, the lines of standard input. A context longer than the model is read by "
        "windows that overlap.\n\n"
        "--json prints one line for each question, as transformers' question-answering pipeline "
        "returns it: {\"score\": ..., \"start\": ..., \"end\": ..., \"answer\": ...}, or a list of "
        "these where there is not exactly one. A model without such a head is refused.",
    .groups = { &own, &input_options, &model_options, &general_options },
    .examples = examples,
    .run = run,
};

typedef struct answer_job {
    const cli_settings *settings;
    text_stream stream;
    cloze_answer_options options;
    cloze_text context; /* of all questions; data NULL: each has its own */
    char *file;
    cloze_answer_span *answers; /* [room, top] */
    size_t *found;              /* [room] */
    cloze_text *contexts;       /* [room] `context` again and again */
    size_t room;
} answer_job;

static int out_of_memory(void)
{
    return say_failure(CLOZE_ERROR_MEMORY, "out of memory");
}

static cloze_text shown(cloze_text context, const cloze_answer_span *answer)
{
    return (cloze_text){ context.data + answer->begin, answer->end - answer->begin };
}

static cloze_token_offset place_of(const answer_job *job, cloze_text context,
                                   const cloze_answer_span *answer)
{
    cloze_token_offset place = { answer->begin, answer->end };
    if (!job->settings->bytes)
        cloze_offsets_to_code_points(context, &place, 1);
    return place;
}

static void write_json(answer_job *job, cloze_text context, const cloze_answer_span *answers,
                       size_t count)
{
    cli_output *out = job->stream.output;
    output_text(out, count == 1 ? "" : "[");
    for (size_t i = 0; i < count; i++) {
        cloze_token_offset place = place_of(job, context, &answers[i]);
        output_text(out, i ? ", {\"score\": " : "{\"score\": ");
        output_float(out, answers[i].score);
        output_format(out, ", \"start\": %zu, \"end\": %zu, \"answer\": ", place.begin, place.end);
        output_json(out, shown(context, &answers[i]));
        output_text(out, "}");
    }
    output_text(out, count == 1 ? "\n" : "]\n");
}

static void write_lines(answer_job *job, cloze_text question, cloze_text context,
                        const cloze_answer_span *answers, size_t count)
{
    cli_output *out = job->stream.output;
    output_cell(out, question, 0, false);
    output_text(out, "\n");
    for (size_t i = 0; i < count; i++) {
        cloze_token_offset place = place_of(job, context, &answers[i]);
        char where[64];
        snprintf(where, sizeof where, "%zu:%zu", place.begin, place.end);
        output_format(out, "  %7.4f  %-9s  ", (double)answers[i].score, where);
        if (answers[i].begin == answers[i].end)
            output_text(out, "(no answer)");
        else
            output_cell(out, shown(context, &answers[i]), 0, false);
        output_text(out, "\n");
    }
}

static bool make_room(answer_job *job, size_t count)
{
    size_t size, top = job->options.top;
    if (count <= job->room)
        return true;
    if (__builtin_mul_overflow(count, top * sizeof *job->answers, &size))
        return false;
    free(job->answers);
    free(job->found);
    free(job->contexts);
    job->room = 0;
    job->answers = malloc(size);
    job->found = calloc(count, sizeof *job->found);
    job->contexts = calloc(count, sizeof *job->contexts);
    if (!job->answers || !job->found || !job->contexts)
        return false;
    for (size_t i = 0; i < count; i++)
        job->contexts[i] = job->context;
    job->room = count;
    return true;
}

static int say_blank(const answer_job *job, size_t i)
{
    char where[PATH_SIZE + 32];
    input_where(job->stream.input, i, where, sizeof where);
    return say_failure(CLOZE_ERROR_TEXT,
                       "%s: its context is blank, and holds no answer; with --impossible that may "
                       "be one",
                       where);
}

static int answer_chunk(void *context)
{
    answer_job *job = context;
    const cloze_text *questions = input_texts(job->stream.input);
    size_t count = input_count(job->stream.input), top = job->options.top;
    cloze_embed_report report = { 0 };
    cloze_error error;
    if (!make_room(job, count))
        return out_of_memory();
    const cloze_text *contexts = job->context.data ? job->contexts : input_pairs(job->stream.input);
    if (cloze_answer(job->stream.opened.session, questions, contexts, count, &job->options,
                     job->answers, job->found, &report, &error))
        return stream_say_error(&job->stream, &error);
    stream_add(&job->stream, &report);
    for (size_t i = 0; i < count; i++) {
        const cloze_answer_span *answers = job->answers + i * top;
        if (!job->found[i])
            return say_blank(job, i);
        if (job->settings->json)
            write_json(job, contexts[i], answers, job->found[i]);
        else
            write_lines(job, questions[i], contexts[i], answers, job->found[i]);
    }
    return 0;
}

static int prepare(void *context)
{
    answer_job *job = context;
    const cli_settings *settings = job->settings;
    if (!cloze_model_answers(job->stream.opened.model))
        return say_failure(CLOZE_ERROR_NOT_FOUND,
                           "%s has no question answering head: it was not fine-tuned to find "
                           "answers",
                           model_name(settings));
    return 0;
}

/* ---- the context ---- */

static int find_context(answer_job *job)
{
    const cli_settings *settings = job->settings;
    int sources = (settings->pair != NULL) + (settings->context_file != NULL) +
                  (settings->pair_field != NULL) + settings->tab_pairs;
    size_t position;
    int code = 0;
    if (sources != 1)
        return say_failure(CLOZE_ERROR_ARGUMENT,
                           "answer needs a text to answer from: one of --context, --context-file, "
                           "--context-field and --tab");
    if (settings->pair_field && !settings->field)
        return say_failure(CLOZE_ERROR_ARGUMENT, "--context-field needs --field");
    if (settings->context_file)
        code = read_whole_file(settings->context_file, &job->file, &job->context.size);
    job->context.data = job->file;
    if (settings->pair)
        job->context = (cloze_text){ settings->pair, strlen(settings->pair) };
    if (!code && job->context.data && !text_is_utf8(job->context, &position))
        code = say_failure(CLOZE_ERROR_TEXT, "the context: byte %zu is not UTF-8", position + 1);
    return code;
}

static int run(const cli_command *self, int argc, char **argv)
{
    cli_settings settings;
    answer_job job = { .settings = &settings };
    int first = 0, code = options_parse(self, argc, argv, &settings, &first);
    if (code >= 0) {
        settings_clear(&settings);
        return code;
    }
    job.stream.settings = &settings;
    job.options = (cloze_answer_options){
        .top = settings.top ? settings.top : 1,
        .max_answer = settings.max_answer,
        .max_tokens = settings.max_tokens,
        .stride = settings.stride,
        .impossible = settings.impossible,
        .whole_tokens = settings.whole_tokens,
    };
    code = find_context(&job);
    if (!code)
        code = stream_open(&job.stream, argv + first, (size_t)(argc - first), prepare, &job);
    if (!code)
        code = stream_run(&job.stream, answer_chunk, &job);
    code = stream_close(&job.stream, code, "--max-tokens");
    free(job.answers);
    free(job.found);
    free(job.contexts);
    free(job.file);
    settings_clear(&settings);
    return code;
}
