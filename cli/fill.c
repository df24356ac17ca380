/*
 * fill.c - cloze fill: what could stand in the place of a mask.
 */
#include "commands.h"
#include "say.h"
#include "stream.h"
#include "table.h"

#include <stdlib.h>
#include <string.h>

static const option_group own = {
    "Candidates",
    (const command_option[]){ OPTION_TOP("the N best candidates (default: 5)"),
                              OPTION("targets", 0, OPTION_WORDS, "WORD", targets,
                                     "only WORD may stand there; may be repeated"),
                              OPTIONS_END },
};

static const command_example examples[] = {
    { "cloze fill -m ./bert \"The cat sat on the [MASK].\"", "five candidates" },
    { "cloze fill -m ./bert \"[MASK] are animals.\" --targets cats --targets dogs",
      "two candidates beside each other" },
    { "cloze fill -m ./roberta -f masked.txt --top 1 --json", "a JSON list for each line" },
    { NULL, NULL },
};

static int run(const cli_command *self, int argc, char **argv);

const cli_command command_fill = {
    .name = "fill",
    .operands = "[TEXT ...]",
    .operand_kind = "none",
    .summary = "fill in masked words",
    .description =
        "Prints the best candidates for the masks of each text, with their probabilities, and the "
        "text filled in. The mask is the model's own token, usually [MASK] or <mask>; several of a "
        "text are filled independently. Texts are the arguments, then the lines of the files of "
        "-f; with neither, the lines of standard input.\n\n"
        "A target is a token of the vocabulary; of one that is not, the first token counts, and a "
        "remark says which.\n\n"
        "--json prints one line for each text, as transformers' fill-mask pipeline returns it: a "
        "list of {\"score\": ..., \"token\": ..., \"token_str\": ..., \"sequence\": ...}, and a "
        "list of such lists where a text has several masks.",
    .groups = { &own, &input_options, &model_options, &general_options },
    .examples = examples,
    .run = run,
};

typedef struct fill_job {
    const cli_settings *settings;
    text_stream stream;
    cloze_fill_options options;
    uint32_t *targets;
    cloze_fillings *fillings;
} fill_job;

/* The candidate's own text and the text filled in; both are freed with release. */
typedef struct candidate {
    cloze_filling filling;
    cloze_text word, sequence;
    char *owned[2];
} candidate;

static void release(const fill_job *job, candidate *item)
{
    const cloze_tokenizer *tokenizer = cloze_model_tokenizer(job->stream.opened.model);
    for (int i = 0; i < 2; i++)
        if (item->owned[i])
            cloze_tokenizer_release_text(tokenizer, item->owned[i]);
}

static int get(const fill_job *job, size_t text, size_t mask, size_t rank, candidate *out)
{
    const cloze_model *model = job->stream.opened.model;
    cloze_error error;
    *out = (candidate){ .filling = cloze_fillings_get(job->fillings, text, mask, rank) };
    if (cloze_filling_text(model, out->filling.token, &out->owned[0], &out->word.size, &error) ||
        cloze_fillings_sequence(job->fillings, model, text, mask, rank, &out->owned[1],
                                &out->sequence.size, &error)) {
        release(job, out);
        return say_error(&error, NULL);
    }
    out->word.data = out->owned[0];
    out->sequence.data = out->owned[1];
    return 0;
}

static int write_json_mask(fill_job *job, size_t text, size_t mask)
{
    cli_output *out = job->stream.output;
    int code = 0;
    output_text(out, "[");
    for (size_t i = 0; i < cloze_fillings_count(job->fillings) && !code; i++) {
        candidate item;
        if ((code = get(job, text, mask, i, &item)))
            break;
        output_text(out, i ? ", {\"score\": " : "{\"score\": ");
        output_float(out, item.filling.score);
        output_format(out, ", \"token\": %u, \"token_str\": ", (unsigned)item.filling.token);
        output_json(out, item.word);
        output_text(out, ", \"sequence\": ");
        output_json(out, item.sequence);
        output_text(out, "}");
        release(job, &item);
    }
    output_text(out, "]");
    return code;
}

static int write_json(fill_job *job, size_t text)
{
    size_t masks = cloze_fillings_masks(job->fillings, text);
    int code = 0;
    output_text(job->stream.output, masks > 1 ? "[" : "");
    for (size_t i = 0; i < masks && !code; i++) {
        output_text(job->stream.output, i ? ", " : "");
        code = write_json_mask(job, text, i);
    }
    output_text(job->stream.output, masks > 1 ? "]\n" : "\n");
    return code;
}

static int write_lines(fill_job *job, size_t number, cloze_text text)
{
    cli_output *out = job->stream.output;
    size_t masks = cloze_fillings_masks(job->fillings, number);
    output_cell(out, text, 0, false);
    output_text(out, "\n");
    for (size_t mask = 0; mask < masks; mask++)
        for (size_t i = 0; i < cloze_fillings_count(job->fillings); i++) {
            candidate item;
            int code = get(job, number, mask, i, &item);
            if (code)
                return code;
            if (masks > 1)
                output_format(out, "  %zu.", mask + 1);
            double score = (double)item.filling.score;
            output_format(out, score < 5e-5 ? "  %7.1e  " : "  %7.4f  ", score);
            output_cell(out, item.word, 12, true);
            output_text(out, "  ");
            output_cell(out, item.sequence, 0, false);
            output_text(out, "\n");
            release(job, &item);
        }
    return 0;
}

static int fill_chunk(void *context)
{
    fill_job *job = context;
    size_t count = input_count(job->stream.input);
    const cloze_text *texts = input_texts(job->stream.input);
    cloze_embed_report report = { 0 };
    cloze_error error;
    int code = 0;
    if (cloze_fill(job->stream.opened.session, texts, count, &job->options, job->fillings, &report,
                   &error))
        return stream_say_error(&job->stream, &error);
    stream_add(&job->stream, &report);
    for (size_t i = 0; i < count && !code; i++)
        code = job->settings->json ? write_json(job, i) : write_lines(job, i, texts[i]);
    return code;
}

/* The token of a target, or the first of its tokens; no token: it is left out, with a remark. */
static int find_target(const fill_job *job, const char *word, cloze_encoding *encoding, bool *found,
                       uint32_t *id)
{
    const cloze_tokenizer *tokenizer = cloze_model_tokenizer(job->stream.opened.model);
    cloze_text text = { word, strlen(word) };
    cloze_tokenize_options how = { .no_special_tokens = true, .ids_only = true };
    cloze_error error;
    *found = cloze_tokenizer_id(tokenizer, text, id);
    if (*found)
        return 0;
    if (cloze_tokenize(tokenizer, text, (cloze_text){ NULL, 0 }, &how, encoding, &error))
        return say_error(&error, NULL);
    cloze_tokens tokens = cloze_encoding_tokens(encoding, 0);
    *found = tokens.length > 0;
    if (!*found) {
        say_note(job->settings->quiet, "the target \"%s\" has no token and is left out", word);
        return 0;
    }
    *id = tokens.ids[0];
    text = cloze_tokenizer_token(tokenizer, *id);
    say_note(job->settings->quiet,
             "the target \"%s\" is not in the vocabulary; its first token \"%.*s\" is taken", word,
             (int)text.size, text.data);
    return 0;
}

static int find_targets(fill_job *job)
{
    const cli_words *words = &job->settings->targets;
    cloze_encoding *encoding = NULL;
    cloze_error error;
    int code = 0;
    if (!words->count)
        return 0;
    if (cloze_encoding_new(&encoding, NULL, &error))
        return say_error(&error, NULL);
    job->targets = calloc(words->count, sizeof *job->targets);
    if (!job->targets)
        code = say_failure(CLOZE_ERROR_MEMORY, "out of memory");
    for (size_t i = 0; i < words->count && !code; i++) {
        uint32_t id;
        bool found;
        code = find_target(job, words->item[i], encoding, &found, &id);
        for (size_t k = 0; k < job->options.target_count && found && !code; k++)
            found = job->targets[k] != id;
        if (!code && found)
            job->targets[job->options.target_count++] = id;
    }
    cloze_encoding_free(encoding);
    job->options.targets = job->targets;
    if (!code && !job->options.target_count)
        code = say_failure(CLOZE_ERROR_ARGUMENT, "--targets: no target has a token");
    return code;
}

static int prepare(void *context)
{
    fill_job *job = context;
    cloze_error error;
    if (!cloze_model_fills(job->stream.opened.model))
        return say_failure(CLOZE_ERROR_NOT_FOUND,
                           "%s has no masked language modelling head: it cannot tell words",
                           model_name(job->settings));
    if (cloze_fillings_new(&job->fillings, NULL, &error))
        return say_error(&error, NULL);
    job->options.top = job->settings->top;
    return find_targets(job);
}

static int run(const cli_command *self, int argc, char **argv)
{
    cli_settings settings;
    fill_job job = { .settings = &settings };
    int first = 0, code = options_parse(self, argc, argv, &settings, &first);
    if (code >= 0) {
        settings_clear(&settings);
        return code;
    }
    job.stream.settings = &settings;
    code = stream_open(&job.stream, argv + first, (size_t)(argc - first), prepare, &job);
    if (!code)
        code = stream_run(&job.stream, fill_chunk, &job);
    code = stream_close(&job.stream, code, NULL);
    cloze_fillings_free(job.fillings);
    free(job.targets);
    settings_clear(&settings);
    return code;
}
