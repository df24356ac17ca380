/* occlusion.c - each unit alone is taken away. */
#include "explain/explainer.h"

#include <string.h>

static void all_but_one(void *context, size_t number, uint8_t *present)
{
    const cloze_explainer *e = context;
    memset(present, 1, e->unit_count);
    present[number] = 0;
}

cloze_status cz_occlusion(cloze_explainer *e, const cloze_attribution_options *options,
                          cz_attribution *out, cloze_error *error)
{
    e->runs_total = e->unit_count;
    cloze_status status =
        cz_values_of_masks(e, e->unit_count, all_but_one, e, options->absence, out->units, error);
    for (size_t u = 0; u < e->unit_count && !status; u++) {
        out->units[u] = e->value - out->units[u];
        out->spread[u] = 0;
    }
    return status;
}
