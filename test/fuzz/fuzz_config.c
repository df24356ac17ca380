/* fuzz_config.c - config.json; what is accepted keeps every size computation far from overflow. */
#include "model/config.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cz_config config;
    cloze_error error;
    if (cz_config_parse(&config, (const char *)data, size, "config.json", &error))
        return 0;
    if (!config.heads || config.hidden % config.heads || config.layers > CZ_LAYERS_MOST ||
        config.hidden > CZ_WIDTH_MOST || config.vocabulary > CZ_ROWS_MOST)
        abort();
    return 0;
}
