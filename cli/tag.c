/*
 * tag.c - cloze tag: the entities of texts, or the label of every token.
 */
#include "commands.h"
#include "say.h"
#include "stream.h"
#include "table.h"

#include <stdio.h>
#include <string.h>

static const option_group own = {
    "Tags",
    (const command_option[]){
        OPTION("strategy", 0, OPTION_CHOICE, "none|simple|first|average|max", strategy,
               "none: every token by itself; else runs of one entity, where a word keeps the label "
               "of each token (simple, the default), of its first one, of the average or of the "
               "surest"),
        OPTION("ignore", 0, OPTION_WORDS, "LABEL", ignored,
               "leave out LABEL (default: O); may be repeated"),
        OPTION("all", 0, OPTION_FLAG, NULL, all, "leave out nothing"),
        OPTION("long", 0, OPTION_CHOICE, "truncate|error|chunk", long_text,
               "texts longer than the model's limit: cut them and count it, refuse them, or read "
               "them by windows that overlap (the default)"),
        OPTION("stride", 0, OPTION_COUNT, "N", stride,
               "tokens that windows share (default: a quarter of the limit)"),
        OPTION("max-tokens", 0, OPTION_COUNT, "N", max_tokens,
               "another limit than the model's, up to its positions"),
        OPTION("bytes", 0, OPTION_FLAG, NULL, bytes, "places in bytes, not in code points"),
        OPTIONS_END },
};

static const command_example examples[] = {
    { "cloze tag -m ./ner \"Evan lives in Paris\"", "entities, where they stand, and how sure" },
    { "cloze tag -m ./ner -f articles.txt --json", "a JSON list for each line" },
    { "cloze tag -m ./pos --strategy none \"Time flies\"", "the label of every token" },
    { NULL, NULL },
};

static int run(const cli_command *self, int argc, char **argv);

const cli_command command_tag = {
    .name = "tag",
    .operands = "[TEXT ...]",
    .operand_kind = "none",
    .summary = "find names and other entities in texts",
    .description =
        "Prints each text, and below it what the checkpoint's token classification head finds in "
        "it: score, label, the place (half open, in code points), and the text there. Texts are "
        "the arguments, then the lines of the files of -f; with neither, the lines of standard "
        "input.\n\n"
        "--json prints one line for each text, as transformers' token-classification pipeline "
        "returns it: a list of {\"entity_group\": ..., \"score\": ..., \"word\": ..., \"start\": "
        "..., \"end\": ...}, and under --strategy none of {\"entity\": ..., \"score\": ..., "
        "\"index\": ..., ...}. A model without such a head is refused.",
    .groups = { &own, &input_options, &model_options, &general_options },
    .examples = examples,
    .run = run,
};

typedef struct tag_job {
    const cli_settings *settings;
    text_stream stream;
    cloze_tag_options options;
    cloze_entities *entities;
    size_t label_width;
} tag_job;

static cloze_text named(const char *name)
{
    return (cloze_text){ name, strlen(name) };
}

static cloze_token_offset place_of(const tag_job *job, cloze_text text, const cloze_entity *entity)
{
    cloze_token_offset place = { entity->begin, entity->end };
    if (!job->settings->bytes)
        cloze_offsets_to_code_points(text, &place, 1);
    return place;
}

static void write_json(tag_job *job, size_t number, cloze_text text)
{
    bool tokens = job->options.strategy == CLOZE_TAG_NONE;
    cli_output *out = job->stream.output;
    output_text(out, "[");
    for (size_t i = 0; i < cloze_entities_count(job->entities, number); i++) {
        cloze_entity entity = cloze_entities_get(job->entities, number, i);
        cloze_token_offset place = place_of(job, text, &entity);
        output_format(out, "%s{\"%s\": ", i ? ", " : "", tokens ? "entity" : "entity_group");
        output_json(out, named(entity.label));
        output_text(out, ", \"score\": ");
        output_float(out, entity.score);
        if (tokens)
            output_format(out, ", \"index\": %zu", entity.token);
        output_text(out, ", \"word\": ");
        output_json(out, entity.word);
        output_format(out, ", \"start\": %zu, \"end\": %zu}", place.begin, place.end);
    }
    output_text(out, "]\n");
}

static void write_lines(tag_job *job, size_t number, cloze_text text)
{
    cli_output *out = job->stream.output;
    output_cell(out, text, 0, false);
    output_text(out, "\n");
    for (size_t i = 0; i < cloze_entities_count(job->entities, number); i++) {
        cloze_entity entity = cloze_entities_get(job->entities, number, i);
        cloze_token_offset place = place_of(job, text, &entity);
        char shown[64];
        snprintf(shown, sizeof shown, "%zu:%zu", place.begin, place.end);
        output_format(out, "  %7.4f  ", (double)entity.score);
        output_cell(out, named(entity.label), job->label_width, true);
        output_format(out, "  %-9s  ", shown);
        output_cell(out, (cloze_text){ text.data + entity.begin, entity.end - entity.begin }, 0,
                    false);
        output_text(out, "\n");
    }
}

static int tag_chunk(void *context)
{
    tag_job *job = context;
    size_t count = input_count(job->stream.input);
    const cloze_text *texts = input_texts(job->stream.input);
    cloze_embed_report report = { 0 };
    cloze_error error;
    if (cloze_tag(job->stream.opened.session, texts, count, &job->options, job->entities, NULL,
                  &report, &error))
        return stream_say_error(&job->stream, &error);
    stream_add(&job->stream, &report);
    for (size_t i = 0; i < count; i++) {
        if (job->settings->json)
            write_json(job, i, texts[i]);
        else
            write_lines(job, i, texts[i]);
    }
    return 0;
}

static bool is_label(const cloze_model *model, const char *label)
{
    for (size_t i = 0; i < cloze_model_tags(model); i++) {
        const char *name = cloze_model_tag(model, i), *dash = strchr(name, '-');
        if (!strcmp(name, label) || (dash && !strcmp(dash + 1, label)))
            return true;
    }
    return false;
}

static int prepare(void *context)
{
    static const char *const nothing = NULL;
    tag_job *job = context;
    const cli_settings *settings = job->settings;
    const cloze_model *model = job->stream.opened.model;
    int strategy = settings->strategy ? settings->strategy - 1 : CLOZE_TAG_SIMPLE;
    int longer = settings->long_text ? settings->long_text - 1 : CLOZE_LONG_CHUNK;
    cloze_error error;
    if (!cloze_model_tags(model))
        return say_failure(CLOZE_ERROR_NOT_FOUND,
                           "%s has no token classification head: it was not fine-tuned to label "
                           "tokens",
                           model_name(settings));
    for (size_t i = 0; i < settings->ignored.count; i++)
        if (!is_label(model, settings->ignored.item[i]))
            return say_failure(CLOZE_ERROR_NOT_FOUND, "--ignore: the model has no label \"%s\"",
                               settings->ignored.item[i]);
    job->options = (cloze_tag_options){ .strategy = (cloze_tag_strategy)strategy,
                                        .long_text = (cloze_long_text)longer,
                                        .max_tokens = settings->max_tokens,
                                        .stride = settings->stride };
    if (settings->all) {
        job->options.ignored = &nothing;
    } else if (settings->ignored.count) {
        job->options.ignored = settings->ignored.item;
        job->options.ignored_count = settings->ignored.count;
    }
    for (size_t i = 0; i < cloze_model_tags(model); i++) {
        size_t width = cell_columns(named(cloze_model_tag(model, i)));
        job->label_width = width > job->label_width ? width : job->label_width;
    }
    if (cloze_entities_new(&job->entities, NULL, &error))
        return say_error(&error, NULL);
    return 0;
}

static int run(const cli_command *self, int argc, char **argv)
{
    cli_settings settings;
    tag_job job = { .settings = &settings };
    int first = 0, code = options_parse(self, argc, argv, &settings, &first);
    if (code >= 0) {
        settings_clear(&settings);
        return code;
    }
    job.stream.settings = &settings;
    code = 0;
    if (settings.all && settings.ignored.count)
        code = say_failure(CLOZE_ERROR_ARGUMENT, "--all does not go together with --ignore");
    if (!code)
        code = stream_open(&job.stream, argv + first, (size_t)(argc - first), prepare, &job);
    if (!code)
        code = stream_run(&job.stream, tag_chunk, &job);
    code = stream_close(&job.stream, code, "--max-tokens");
    cloze_entities_free(job.entities);
    settings_clear(&settings);
    return code;
}
