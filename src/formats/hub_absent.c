/* hub_absent.c - cloze_hub_pull in a build without libcurl. */
#include <cloze/hub.h>

#include "base/error.h"

cloze_status cloze_hub_pull(const char *name, const cloze_hub_options *options, char *path,
                            size_t path_size, cloze_error *error)
{
    (void)options, (void)path, (void)path_size;
    return cz_fail(error, CLOZE_ERROR_UNSUPPORTED,
                   "this cloze was built without libcurl and cannot download %.200s: build it with "
                   "-Dhub=enabled, or put the model into the hub cache by other means",
                   name);
}
