/* pull.c - cloze pull: downloads a model into the cache that Python programs use too. */
#include "commands.h"
#include "open.h"
#include "output.h"
#include "say.h"

#include <string.h>

static const option_group own = {
    "Download",
    (const command_option[]){
        OPTION("revision", 0, OPTION_WORD, "REVISION", revision,
               "branch, tag or commit (default: main); NAME@REVISION says the same"),
        OPTION("cache", 0, OPTION_WORD, "FOLDER", cache,
               "another cache (default: HF_HUB_CACHE, HF_HOME)"),
        OPTION("endpoint", 0, OPTION_WORD, "URL", endpoint, "another hub (default: HF_ENDPOINT)"),
        OPTIONS_END },
};

static const command_example examples[] = {
    { "cloze pull sentence-transformers/all-MiniLM-L6-v2", "a model" },
    { "HF_TOKEN=... cloze pull ORG/PRIVATE@v2", "a private one, at a tag" },
    { NULL, NULL },
};

static int run(const cli_command *self, int argc, char **argv);

const cli_command command_pull = {
    .name = "pull",
    .operands = "ORG/NAME[@REVISION] ...",
    .operand_kind = "none",
    .summary = "download a model from the hub",
    .description =
        "Downloads the files of a model that cloze can use into the Hugging Face cache, and prints "
        "the folder. What is there already is not downloaded again; a download that was cut off "
        "goes on where it stopped; checksums are verified. No other command opens a connection "
        "unless --pull is given.",
    .groups = { &own, &general_options },
    .examples = examples,
    .run = run,
};

static int run(const cli_command *self, int argc, char **argv)
{
    cli_settings settings;
    cli_output *output = NULL;
    char path[PATH_SIZE];
    int first = 0, code = options_parse(self, argc, argv, &settings, &first);
    if (code >= 0)
        return code;
    if (first == argc)
        return say_failure(CLOZE_ERROR_ARGUMENT, "which model? For example: cloze pull "
                                                 "sentence-transformers/all-MiniLM-L6-v2");
    if ((code = output_open(&output, settings.output)))
        return code;
    for (; !code && first < argc; first++) {
        code = model_pull(&settings, argv[first], path, sizeof path);
        if (code)
            continue;
        if (settings.json) {
            output_text(output, "{\"path\": ");
            output_json(output, (cloze_text){ path, strlen(path) });
            output_text(output, "}\n");
        } else {
            output_format(output, "%s\n", path);
        }
        output_flush(output);
    }
    return output_close(output, code);
}
