/* convert.c - cloze convert: a model's folder anew, its weights in one safetensors file. */
#include "commands.h"
#include "interrupt.h"
#include "open.h"
#include "output.h"
#include "progress.h"
#include "say.h"

#include <cloze/convert.h>

#include <string.h>

static const option_group own = {
    "Conversion",
    (const command_option[]){ OPTION("dtype", 0, OPTION_CHOICE, "f32|f16|bf16", dtype,
                                     "the type of the numbers (default: as they are stored)"),
                              OPTION("no-mmap", 0, OPTION_FLAG, NULL, no_mmap,
                                     "read the weights instead of mapping them"),
                              OPTIONS_END },
};

static const command_example examples[] = {
    { "cloze convert old-model new-model", "pytorch_model.bin becomes model.safetensors" },
    { "cloze convert ORG/NAME small --dtype bf16", "half the bytes of a model in the cache" },
    { NULL, NULL },
};

static int run(const cli_command *self, int argc, char **argv);

const cli_command command_convert = {
    .name = "convert",
    .operands = "MODEL FOLDER",
    .operand_kind = "file",
    .summary = "write a model's folder anew, as safetensors",
    .description =
        "Writes FOLDER, which must not be there yet: the weights of MODEL (model.safetensors or "
        "pytorch_model.bin, single or in shards; nothing in them is ever run) as one "
        "model.safetensors, and copies of its settings and of its tokenizer. transformers and "
        "sentence-transformers load the folder and compute the same numbers. FOLDER appears whole "
        "or not at all. MODEL is a folder, or the name of a hub model in the cache.",
    .groups = { &own, &general_options },
    .examples = examples,
    .run = run,
};

static bool report_bytes(void *context, uint64_t done, uint64_t total)
{
    progress_show(context, "converting", done, total, NULL);
    return !interrupted();
}

static void write_report(cli_output *output, const cloze_convert_report *report, const char *out,
                         bool json)
{
    if (json) {
        output_text(output, "{\"path\": ");
        output_json(output, (cloze_text){ out, strlen(out) });
        output_format(output,
                      ", \"tensors\": %zu, \"bytes\": %zu, \"renamed\": %zu, \"shared\": %zu, "
                      "\"files\": %zu}\n",
                      report->tensors, report->bytes, report->renamed, report->shared,
                      report->files);
        return;
    }
    output_format(output, "%s: %zu tensors, %.1f MB, and %zu files\n", out, report->tensors,
                  (double)report->bytes / 1e6, report->files);
}

static int convert(const cli_settings *settings, const char *out, cloze_convert_report *report)
{
    char path[PATH_SIZE];
    cli_progress progress;
    cloze_error error;
    cloze_convert_options options = {
        .numbers = (cloze_number_type)settings->dtype,
        .no_mmap = settings->no_mmap,
        .progress = { report_bytes, &progress },
    };
    int code = model_find(settings, path, sizeof path);
    if (code)
        return code;
    progress_begin(&progress, settings->quiet);
    cloze_status status = cloze_convert(path, out, &options, report, &error);
    progress_end(&progress);
    return status ? say_error(&error, NULL) : 0;
}

static int run(const cli_command *self, int argc, char **argv)
{
    cli_settings settings;
    cli_output *output = NULL;
    cloze_convert_report report;
    int first = 0, code = options_parse(self, argc, argv, &settings, &first);
    if (code >= 0)
        return code;
    if (argc - first != 2)
        return say_failure(CLOZE_ERROR_ARGUMENT, "convert takes a model and the folder to write: "
                                                 "cloze convert old-model new-model");
    settings.model = argv[first];
    if ((code = output_open(&output, settings.output)))
        return code;
    code = convert(&settings, argv[first + 1], &report);
    if (!code)
        write_report(output, &report, argv[first + 1], settings.json);
    output_flush(output);
    if (!code && report.renamed)
        say_note(settings.quiet, "%zu tensors had old names (gamma, beta), and have today's now",
                 report.renamed);
    if (!code && report.shared)
        say_note(settings.quiet, "%zu further names of tensors that are there already are left out",
                 report.shared);
    return output_close(output, code);
}
