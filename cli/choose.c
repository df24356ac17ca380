/*
 * choose.c - cloze choose: which of several continuations or answers suits a text.
 */
#include "commands.h"
#include "ranked.h"
#include "say.h"
#include "stream.h"
#include "table.h"

#include <stdlib.h>
#include <string.h>

static const option_group own = {
    "Choices",
    (const command_option[]){ OPTION("choice", 0, OPTION_WORDS, "TEXT", asked,
                                     "something to choose for every text; give two or more"),
                              OPTION("tab", 0, OPTION_FLAG, NULL, tab_pairs,
                                     "lines hold a text and its own choices, with tabs between"),
                              OPTION("max-tokens", 0, OPTION_COUNT, "N", max_tokens,
                                     "another limit than the model's, up to its positions"),
                              OPTIONS_END },
};

static const command_example examples[] = {
    { "cloze choose -m ./swag \"She opened the hood of the car,\" --choice \"then she examined the "
      "engine.\" --choice \"then she ate it.\"",
      "the better continuation first" },
    { "cloze choose -m ./swag --tab -f questions.tsv --json", "every line with its own choices" },
    { NULL, NULL },
};

static int run(const cli_command *self, int argc, char **argv);

const cli_command command_choose = {
    .name = "choose",
    .operands = "[TEXT ...]",
    .operand_kind = "none",
    .summary = "choose what suits a text",
    .description =
        "Prints each text, and below it the choices with their probabilities, best first. The "
        "model has a multiple choice head. Texts are the arguments, then the lines of the files of "
        "-f; with neither, the lines of standard input.\n\n"
        "--json prints one line for each text: a list of {\"choice\": ..., \"index\": ..., "
        "\"score\": ...}, best first; the index counts from 0 in the order given.",
    .groups = { &own, &input_options, &model_options, &general_options },
    .examples = examples,
    .run = run,
};

/* The choices of a chunk, one text behind the other. */
typedef struct choose_job {
    const cli_settings *settings;
    text_stream stream;
    cloze_text *choices;
    float *scores;
    ranked *order;
    size_t *offsets; /* [texts + 1] */
    size_t room, texts_room, count;
} choose_job;

static int out_of_memory(void)
{
    return say_failure(CLOZE_ERROR_MEMORY, "out of memory");
}

static bool add_choice(choose_job *job, cloze_text choice)
{
    if (job->count == job->room) {
        size_t room = job->room ? 2 * job->room : 64;
        cloze_text *choices = realloc(job->choices, room * sizeof *choices);
        job->choices = choices ? choices : job->choices;
        float *scores = realloc(job->scores, room * sizeof *scores);
        job->scores = scores ? scores : job->scores;
        ranked *order = realloc(job->order, room * sizeof *order);
        job->order = order ? order : job->order;
        if (!choices || !scores || !order)
            return false;
        job->room = room;
    }
    job->choices[job->count++] = choice;
    return true;
}

/* What stands between tabs. */
static bool add_own_choices(choose_job *job, cloze_text rest)
{
    const char *at = rest.data, *end = rest.data ? rest.data + rest.size : NULL;
    while (at) {
        const char *tab = at < end ? memchr(at, '\t', (size_t)(end - at)) : NULL;
        if (!add_choice(job, (cloze_text){ at, (size_t)((tab ? tab : end) - at) }))
            return false;
        at = tab ? tab + 1 : NULL;
    }
    return true;
}

static bool gather(choose_job *job, size_t count)
{
    const cloze_text *own_choices = input_pairs(job->stream.input);
    const cli_words *asked = &job->settings->asked;
    bool made = true;
    if (count + 1 > job->texts_room) {
        size_t *grown = realloc(job->offsets, (count + 1) * sizeof *grown);
        if (!grown)
            return false;
        job->offsets = grown;
        job->texts_room = count + 1;
    }
    job->count = job->offsets[0] = 0;
    for (size_t i = 0; i < count && made; i++) {
        for (size_t k = 0; k < asked->count && made; k++)
            made = add_choice(job, (cloze_text){ asked->item[k], strlen(asked->item[k]) });
        if (own_choices && made)
            made = add_own_choices(job, own_choices[i]);
        job->offsets[i + 1] = job->count;
    }
    return made;
}

static void write_one(choose_job *job, size_t number, cloze_text text)
{
    cli_output *out = job->stream.output;
    size_t first = job->offsets[number], count = job->offsets[number + 1] - first;
    bool json = job->settings->json;
    rank_scores(job->scores + first, count, job->order);
    if (!json)
        output_cell(out, text, 0, false);
    output_text(out, json ? "[" : "\n");
    for (size_t k = 0; k < count; k++) {
        cloze_text choice = job->choices[first + job->order[k].number];
        if (json) {
            output_text(out, k ? ", {\"choice\": " : "{\"choice\": ");
            output_json(out, choice);
            output_format(out, ", \"index\": %zu, \"score\": ", job->order[k].number);
            output_float(out, job->order[k].score);
            output_text(out, "}");
            continue;
        }
        output_format(out, "  %7.4f  ", (double)job->order[k].score);
        output_cell(out, choice, 0, false);
        output_text(out, "\n");
    }
    output_text(out, json ? "]\n" : "");
}

static int choose_chunk(void *context)
{
    choose_job *job = context;
    size_t count = input_count(job->stream.input);
    const cloze_text *texts = input_texts(job->stream.input);
    cloze_choose_options options = { .max_tokens = job->settings->max_tokens };
    cloze_embed_report report = { 0 };
    cloze_error error;
    if (!gather(job, count))
        return out_of_memory();
    if (cloze_choose(job->stream.opened.session, texts, count, job->choices, job->offsets, &options,
                     job->scores, &report, &error))
        return say_error(&error, NULL);
    stream_add(&job->stream, &report);
    for (size_t i = 0; i < count; i++)
        write_one(job, i, texts[i]);
    return 0;
}

static int prepare(void *context)
{
    const choose_job *job = context;
    if (!cloze_model_chooses(job->stream.opened.model))
        return say_failure(CLOZE_ERROR_NOT_FOUND,
                           "%s has no multiple choice head: it was not fine-tuned to choose",
                           model_name(job->settings));
    return 0;
}

static int check(const cli_settings *settings)
{
    size_t position;
    if (!settings->asked.count == !settings->tab_pairs)
        return say_failure(CLOZE_ERROR_ARGUMENT, "choose needs choices: --choice, or --tab");
    for (size_t i = 0; i < settings->asked.count; i++) {
        const char *choice = settings->asked.item[i];
        if (!text_is_utf8((cloze_text){ choice, strlen(choice) }, &position))
            return say_failure(CLOZE_ERROR_TEXT, "--choice: byte %zu is not UTF-8", position + 1);
    }
    return 0;
}

static int run(const cli_command *self, int argc, char **argv)
{
    cli_settings settings;
    choose_job job = { .settings = &settings };
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
        code = stream_run(&job.stream, choose_chunk, &job);
    code = stream_close(&job.stream, code, "--max-tokens");
    free(job.choices);
    free(job.scores);
    free(job.order);
    free(job.offsets);
    settings_clear(&settings);
    return code;
}
