/* record.c - see record.h. */
#include "record.h"

#include <string.h>

static void write_name(cli_output *output, const char *before, const char *name)
{
    output_text(output, before);
    output_json(output, (cloze_text){ name, strlen(name) });
}

void record_write_json(cli_output *output, const cli_settings *settings, const cli_opened *opened,
                       const char *digest)
{
    cloze_model_info info = cloze_model_describe(opened->model);
    write_name(output, "\"model\": {\"name\": ", model_name(settings));
    write_name(output, ", \"path\": ", info.path);
    write_name(output, ", \"family\": ", info.family);
    write_name(output, ", \"digest\": ", digest);
    write_name(output, "}, \"version\": ", cloze_version());
    write_name(output, ", \"isa\": ", cloze_engine_isa(opened->engine));
}

void record_write_whole(cli_output *output, const char *before, uint64_t number)
{
    const char *quote = number > UINT64_C(1) << 53 ? "\"" : "";
    output_format(output, "%s%s%llu%s", before, quote, (unsigned long long)number, quote);
}
