/* random.c - an attribution without a reason: what any other must be better than. */
#include "explain/explainer.h"

#include "base/draw.h"

cloze_status cz_random_attribution(cloze_explainer *e, const cloze_attribution_options *options,
                                   cz_attribution *out, cloze_error *error)
{
    const cz_draw draw = { options->seed, CZ_DRAW_ATTRIBUTION, 0 };
    (void)error;
    for (size_t u = 0; u < e->unit_count; u++)
        out->units[u] = cz_draw_normal(&draw, u, 0);
    out->report.exact = false;
    return CLOZE_OK;
}
