/* fuzz_listing.c - what a hub says of a repository's files, and modules.json behind a zero byte: which
 * of them would be taken; none may leave its folder. */
#include "base/json.h"
#include "formats/hub_choice.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look(const cz_choice *choice)
{
    size_t wanted = 0;
    for (size_t i = 0; i < choice->count; i++) {
        const char *name = choice->files[i].name;
        wanted += choice->files[i].wanted;
        if (*name == '/' || !*name || !strncmp(name, "../", 3) || strstr(name, "/../") ||
            strchr(name, '\\') || !cz_choice_has(choice, name))
            abort();
    }
    if (wanted != cz_choice_count(choice) || (cz_choice_has_weights(choice) && !wanted))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data, *zero = size ? memchr(text, 0, size) : NULL;
    size_t first = zero ? (size_t)(zero - text) : size;
    json_t *listing = NULL, *modules = NULL;
    cz_choice choice = { 0 };
    if (cz_json_parse(&listing, text, first, "listing", NULL))
        return 0;
    if (zero && cz_json_parse(&modules, zero + 1, size - first - 1, "modules", NULL))
        modules = NULL;
    if (!cz_choice_list(&choice, json_object_get(listing, "siblings"), NULL) &&
        !cz_choice_make(&choice, modules, NULL))
        look(&choice);
    cz_choice_clear(&choice);
    json_decref(listing);
    json_decref(modules);
    return 0;
}
