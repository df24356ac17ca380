/* compare.c - cloze compare: a model's hidden states against a reference file, layer by layer. */
#include "commands.h"
#include "open.h"
#include "output.h"
#include "say.h"

#include <cloze/compare.h>

#include <math.h>
#include <stdlib.h>

static const option_group own = {
    "Comparing",
    (const command_option[]){
        OPTION("tolerance", 0, OPTION_REAL, "X", tolerance,
               "exit with code 20 if a layer's largest difference is more than X times the "
               "layer's largest value"),
        OPTION("precision", 0, OPTION_CHOICE, "f32|f64", precision,
               "f64 computes in double with plain loops: slow, and free of rounding"),
        OPTIONS_END },
};

static const command_example examples[] = {
    { "cloze compare ./my-model reference.safetensors", "the largest difference per layer" },
    { "cloze compare ./my-model reference.safetensors --tolerance 1e-5", "a check for scripts" },
    { NULL, NULL },
};

static int run(const cli_command *self, int argc, char **argv);

const cli_command command_compare = {
    .name = "compare",
    .operands = "MODEL REFERENCE",
    .operand_kind = "file",
    .summary = "hold a model against a reference",
    .description =
        "Computes the hidden states of the sequences in REFERENCE and prints, for each layer, the "
        "largest difference, the largest value of the reference, their ratio, and where it is. "
        "REFERENCE is a safetensors file with input_ids and offsets (I64; token_type_ids if "
        "wanted) and hidden.0 to hidden.L; the manual shows how to make one with Hugging Face "
        "transformers.",
    .groups = { &own, &model_options, &general_options },
    .examples = examples,
    .run = run,
};

static double ratio(const cloze_layer_difference *layer)
{
    double relative = layer->scale > 0 ? layer->largest / layer->scale : layer->largest;
    return isfinite(relative) ? relative : (double)INFINITY;
}

static void write_table(cli_output *output, const cloze_layer_difference *layers, size_t count,
                        const cloze_comparison *summary)
{
    output_format(output, "%zu sequences, %zu tokens\n", summary->sequences, summary->tokens);
    output_text(output, "layer  largest difference  largest value     ratio  token  column\n");
    for (size_t i = 0; i < count; i++)
        if (layers[i].present)
            output_format(output, "%5zu  %18.3e  %13.4g  %8.1e  %5zu  %6zu\n", i, layers[i].largest,
                          layers[i].scale, ratio(&layers[i]), layers[i].token, layers[i].column);
}

/* JSON knows no infinities. */
static void json_number(cli_output *output, const char *key, double value)
{
    if (isfinite(value))
        output_format(output, "\"%s\": %.6e, ", key, value);
    else
        output_format(output, "\"%s\": null, ", key);
}

static void write_json(cli_output *output, const cloze_layer_difference *layers, size_t count,
                       const cloze_comparison *summary)
{
    bool any = false;
    output_format(output, "{\"sequences\": %zu, \"tokens\": %zu, ", summary->sequences,
                  summary->tokens);
    json_number(output, "largest_ratio", summary->largest);
    output_text(output, "\"layers\": [");
    for (size_t i = 0; i < count; i++) {
        if (!layers[i].present)
            continue;
        output_format(output, "%s{\"layer\": %zu, ", any ? ", " : "", i);
        json_number(output, "largest", layers[i].largest);
        json_number(output, "scale", layers[i].scale);
        output_format(output, "\"token\": %zu, \"column\": %zu}", layers[i].token,
                      layers[i].column);
        any = true;
    }
    output_text(output, "]}\n");
}

static int compare(cli_opened *opened, const cli_settings *settings, const char *path)
{
    size_t count = cloze_model_describe(opened->model).layers + 1;
    cloze_layer_difference *layers = calloc(count, sizeof *layers);
    cloze_comparison summary;
    cloze_error error;
    cli_output *output = NULL;
    int code;
    if (!layers)
        return say_failure(CLOZE_ERROR_MEMORY, "out of memory");
    code = output_open(&output, settings->output);
    if (!code && cloze_compare(opened->session, path, layers, &summary, &error))
        code = output_close(output, say_error(&error, NULL));
    progress_end(&opened->progress);
    if (!code) {
        if (settings->json)
            write_json(output, layers, count, &summary);
        else
            write_table(output, layers, count, &summary);
        code = output_close(output, 0);
        if (!code && settings->tolerance >= 0 && !(summary.largest <= settings->tolerance))
            code = say_failure(EXIT_DIFFERENT,
                               "a layer differs by %.1e of its largest value, more "
                               "than %.1e",
                               summary.largest, settings->tolerance);
    }
    free(layers);
    return code;
}

static int run(const cli_command *self, int argc, char **argv)
{
    cli_settings settings;
    cli_opened opened = { 0 };
    int first = 0, code = options_parse(self, argc, argv, &settings, &first);
    if (code >= 0)
        return code;
    if (argc - first == 2 && !settings.model)
        settings.model = argv[first++];
    if (argc - first != 1 || !settings.model)
        return say_failure(CLOZE_ERROR_ARGUMENT,
                           "compare takes a model and a reference file; see `cloze help compare`");
    code = open_all(&opened, &settings, true);
    if (!code)
        code = compare(&opened, &settings, argv[first]);
    close_all(&opened);
    return code;
}
