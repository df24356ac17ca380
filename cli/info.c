/* info.c - cloze info: what a model is, and the memory that it will need. */
#include "commands.h"
#include "open.h"
#include "output.h"
#include "say.h"
#include "table.h"

#include <cloze/answer.h>
#include <cloze/choose.h>
#include <cloze/classify.h>
#include <cloze/fill.h>
#include <cloze/tag.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const option_group own = {
    "Memory",
    (const command_option[]){
        OPTION("max-tokens", 0, OPTION_COUNT, "N", max_tokens,
               "for texts of N tokens at most, as embed's option of this name"),
        OPTIONS_END },
};

static const command_example examples[] = {
    { "cloze info -m sentence-transformers/all-MiniLM-L6-v2", "what a model is" },
    { "cloze info --batch-tokens 4096", "and the memory that embed needs with this option" },
    { NULL, NULL },
};

static int run(const cli_command *self, int argc, char **argv);

const cli_command command_info = {
    .name = "info",
    .operands = "",
    .operand_kind = "none",
    .summary = "tell what a model is, and its memory",
    .description =
        "Prints the model's family, sizes, limits, pooling, the commands that its heads are good "
        "for, labels and prompts. With --batch-tokens N also "
        "the peak memory of `cloze embed` with the same options, in parts: what stays of the "
        "mapped "
        "file, packed weights, tokenizer, the arena for the worst lengths that N allows, tables "
        "and "
        "buffers, and the program itself.",
    .groups = { &own, &model_options, &general_options },
    .examples = examples,
    .run = run,
};

typedef struct part {
    const char *key, *name;
    size_t size;
} part;

enum { PARTS = 7 };

/* Bytes of this process that lie in memory; 0 where the system has no /proc. */
static size_t resident(void)
{
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file) {
        if (fscanf(file, "%*u %lu", &pages) != 1)
            pages = 0;
        fclose(file);
    }
    return (size_t)pages * (size_t)sysconf(_SC_PAGESIZE);
}

/* `program`: what the process took before it opened anything. */
static void memory_parts(cloze_memory memory, size_t program, part parts[PARTS])
{
    parts[0] = (part){ "mapped_weights", "mapped weights", memory.mapped_weights };
    parts[1] = (part){ "packed_weights", "packed weights", memory.packed_weights };
    parts[2] = (part){ "tokenizer", "tokenizer", memory.tokenizer };
    parts[3] = (part){ "arena", "arena", memory.arena };
    parts[4] = (part){ "other", "other", memory.other };
    parts[5] = (part){ "program", "program", program };
    parts[6] = (part){ "total", "in all", 0 };
    for (int i = 0; i < PARTS - 1; i++)
        parts[PARTS - 1].size += parts[i].size;
}

static cloze_text text(const char *words)
{
    return (cloze_text){ words, strlen(words) };
}

/* ---- what the heads of a model are good for ---- */

enum { TASKS = 7 };

/* Names of commands; their count. */
static size_t tasks_of(const cloze_model *model, const char *names[TASKS])
{
    const struct {
        bool has;
        const char *name;
    } all[TASKS] = {
        { true, "embed" },
        { cloze_model_labels(model) > 0, "classify" },
        { cloze_model_tags(model) > 0, "tag" },
        { cloze_model_answers(model), "answer" },
        { cloze_model_fills(model), "fill" },
        { cloze_model_chooses(model), "choose" },
        { cloze_model_orders(model), "nsp" },
    };
    size_t count = 0;
    for (int i = 0; i < TASKS; i++)
        if (all[i].has)
            names[count++] = all[i].name;
    return count;
}

typedef const char *label_of(const cloze_model *model, size_t index);

static void write_list(cli_output *output, const char *key, const cloze_model *model,
                       label_of *label, size_t count)
{
    output_format(output, ", \"%s\": [", key);
    for (size_t i = 0; i < count; i++) {
        output_text(output, i ? ", " : "");
        output_json(output, text(label(model, i)));
    }
    output_text(output, "]");
}

static void write_tasks(cli_output *output, const cloze_model *model)
{
    const char *names[TASKS];
    size_t count = tasks_of(model, names);
    for (size_t i = 0; i < count; i++)
        output_format(output, "%s\"%s\"", i ? ", " : ", \"tasks\": [", names[i]);
    output_text(output, "]");
    write_list(output, "labels", model, cloze_model_label, cloze_model_labels(model));
    write_list(output, "tags", model, cloze_model_tag, cloze_model_tags(model));
}

static void write_json(cli_output *output, const cloze_model *model, const cli_settings *settings,
                       size_t program)
{
    cloze_model_info info = cloze_model_describe(model);
    char pooling[128];
    part parts[PARTS];
    const part sizes[] = {
        { "layers", "", info.layers },         { "hidden", "", info.hidden },
        { "heads", "", info.heads },           { "intermediate", "", info.intermediate },
        { "vocabulary", "", info.vocabulary }, { "max_tokens", "", info.max_tokens },
        { "parameters", "", info.parameters }, { "dimension", "", info.dimension },
    };
    const char *const words[][2] = {
        { "path", info.path },
        { "family", info.family },
        { "architecture", info.architecture },
        { "weights_type", info.weights_type },
        { "pooling", pooling_name(info.pooling, pooling, sizeof pooling) },
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        output_format(output, "%s\"%s\": ", i ? ", " : "{", words[i][0]);
        output_json(output, text(words[i][1]));
    }
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        output_format(output, ", \"%s\": %zu", sizes[i].key, sizes[i].size);
    output_format(output, ", \"normalizes\": %s, \"prompts\": {",
                  info.normalizes ? "true" : "false");
    for (size_t i = 0; i < info.prompts; i++) {
        output_text(output, i ? ", " : "");
        output_json(output, text(cloze_model_prompt_name(model, i)));
        output_text(output, ": ");
        output_json(output, text(cloze_model_prompt_text(model, i)));
    }
    output_text(output, "}");
    write_tasks(output, model);
    if (settings->batch_tokens) {
        memory_parts(cloze_model_memory(model, settings->batch_tokens), program, parts);
        for (int i = 0; i < PARTS; i++)
            output_format(output, "%s\"%s\": %zu", i ? ", " : ", \"memory\": {", parts[i].key,
                          parts[i].size);
        output_text(output, "}");
    }
    output_text(output, "}\n");
}

/* Values come from the model's files, so nothing in them may command the terminal. */
static void row(cli_output *output, const char *name, const char *value)
{
    output_format(output, "%-16s", name);
    output_cell(output, text(value), 0, false);
    output_text(output, "\n");
}

static void number_row(cli_output *output, const char *name, size_t value)
{
    output_format(output, "%-16s%zu\n", name, value);
}

/* The first ones: there may be thousands. */
static void label_row(cli_output *output, const char *name, const cloze_model *model,
                      label_of *label, size_t count)
{
    enum { SHOWN = 12 };
    if (!count)
        return;
    output_format(output, "%-16s%zu: ", name, count);
    for (size_t i = 0; i < count && i < SHOWN; i++) {
        output_text(output, i ? ", " : "");
        output_cell(output, text(label(model, i)), 0, false);
    }
    output_text(output, count > SHOWN ? ", ...\n" : "\n");
}

static void task_rows(cli_output *output, const cloze_model *model)
{
    const char *names[TASKS];
    size_t count = tasks_of(model, names);
    output_format(output, "%-16s", "tasks");
    for (size_t i = 0; i < count; i++)
        output_format(output, "%s%s", i ? ", " : "", names[i]);
    output_text(output, "\n");
    label_row(output, "labels", model, cloze_model_label, cloze_model_labels(model));
    label_row(output, "tags", model, cloze_model_tag, cloze_model_tags(model));
}

static void write_memory(cli_output *output, const cloze_model *model, const cli_settings *settings,
                         size_t program)
{
    part parts[PARTS];
    memory_parts(cloze_model_memory(model, settings->batch_tokens), program, parts);
    output_format(output, "\nmemory with --batch-tokens %zu\n", settings->batch_tokens);
    for (int i = 0; i < PARTS; i++)
        output_format(output, "%-16s%9.2f MB\n", parts[i].name, (double)parts[i].size / 1e6);
}

static void write_table(cli_output *output, const cloze_model *model, const cli_settings *settings,
                        const cloze_engine *engine, size_t program)
{
    cloze_model_info info = cloze_model_describe(model);
    char pooling[128], line[256];
    row(output, "path", info.path);
    snprintf(line, sizeof line, "%s%s%s%s", info.family, *info.architecture ? " (" : "",
             info.architecture, *info.architecture ? ")" : "");
    row(output, "family", line);
    if (info.parameters < 1000000)
        snprintf(line, sizeof line, "%zu (%s)", info.parameters, info.weights_type);
    else
        snprintf(line, sizeof line, "%.1f million (%s)", (double)info.parameters / 1e6,
                 info.weights_type);
    row(output, "parameters", line);
    number_row(output, "layers", info.layers);
    number_row(output, "hidden", info.hidden);
    number_row(output, "heads", info.heads);
    number_row(output, "intermediate", info.intermediate);
    number_row(output, "vocabulary", info.vocabulary);
    number_row(output, "max tokens", info.max_tokens);
    number_row(output, "dimension", info.dimension);
    snprintf(line, sizeof line, "%s%s", pooling_name(info.pooling, pooling, sizeof pooling),
             info.normalizes ? ", normalized" : "");
    row(output, "pooling", line);
    task_rows(output, model);
    for (size_t i = 0; i < info.prompts; i++) {
        output_format(output, "%-16s", i ? "" : "prompts");
        output_cell(output, text(cloze_model_prompt_name(model, i)), 0, false);
        output_text(output, ": ");
        output_json(output, text(cloze_model_prompt_text(model, i)));
        output_text(output, "\n");
    }
    snprintf(line, sizeof line, "%s, %u thread%s", cloze_engine_isa(engine),
             cloze_engine_threads(engine), cloze_engine_threads(engine) == 1 ? "" : "s");
    row(output, "runs on", line);
    if (settings->batch_tokens)
        write_memory(output, model, settings, program);
}

static int run(const cli_command *self, int argc, char **argv)
{
    cli_settings settings;
    cli_opened opened = { 0 };
    cli_output *output = NULL;
    size_t program = resident();
    int first = 0, code = options_parse(self, argc, argv, &settings, &first);
    if (code >= 0)
        return code;
    if (first < argc && !settings.model)
        settings.model = argv[first++];
    if (first < argc)
        return say_failure(CLOZE_ERROR_ARGUMENT, "info takes one model, not also \"%s\"",
                           argv[first]);
    /* Without a question about memory nothing needs packing. */
    code = open_engine(&opened, &settings);
    if (!code)
        code = open_model(&opened, &settings, !settings.batch_tokens);
    if (!code)
        code = output_open(&output, settings.output);
    if (!code) {
        if (settings.json)
            write_json(output, opened.model, &settings, program);
        else
            write_table(output, opened.model, &settings, opened.engine, program);
        code = output_close(output, 0);
    }
    close_all(&opened);
    return code;
}
