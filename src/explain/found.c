/* found.c - counterfactuals as they are handed out: edits, texts and words of their own. */
#include "explain/edits.h"

#include "base/error.h"

#include <math.h>

struct cloze_counterfactuals {
    cloze_allocator allocator;
    cloze_counterfactual *items;
    cloze_edit *edits; /* [count, CZ_EDITS_MOST] */
    char *words;
    cz_edited_text *texts; /* [count, 2] */
    size_t count;
    cloze_counterfactual_facts facts;
};

static double likelihood(const cz_edits *edits, const cz_edited *edited)
{
    double product = 1;
    for (size_t i = 0; i < edited->count; i++)
        if (!isnan(edits->items[edited->edits[i]].likelihood))
            product *= edits->items[edited->edits[i]].likelihood;
    return product;
}

/* The likeliest first; in a stable order, and there are few. */
static void sort(const cz_edits *edits, cz_edited *found, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        cz_edited moved = found[i];
        size_t at = i;
        for (; at && likelihood(edits, &found[at - 1]) < likelihood(edits, &moved); at--)
            found[at] = found[at - 1];
        found[at] = moved;
    }
}

static void tell_edits(const cz_edits *edits, const cz_edited *edited, cloze_edit *out)
{
    const cloze_explainer *e = edits->explainer;
    for (size_t i = 0; i < edited->count; i++) {
        const cz_edit *edit = &edits->items[edited->edits[i]];
        cloze_explain_span span = e->units[edit->unit].span;
        if (edit->kind == CLOZE_EDIT_INSERT)
            span.end = span.begin;
        out[i] = (cloze_edit){ .kind = edit->kind,
                               .unit = edit->unit,
                               .span = span,
                               .text = { edit->size ? edits->words + edit->word : "", edit->size },
                               .likelihood = edit->likelihood };
    }
}

static cloze_status tell_one(cloze_counterfactuals *out, const cz_edits *edits,
                             const cz_edited *edited, cloze_error *error)
{
    cz_edited_text *texts = out->texts + 2 * out->count;
    cloze_edit *told = out->edits + out->count * CZ_EDITS_MOST;
    out->count++;
    for (int side = 0; side < 2; side++)
        if (!cz_edited_build(edits, edited->edits, edited->count, side, &texts[side]))
            return cz_fail_memory(error, "a text", edits->explainer->size[side]);
    tell_edits(edits, edited, told);
    out->items[out->count - 1] =
        (cloze_counterfactual){ .edits = told,
                                .count = edited->count,
                                .text = { texts[0].data, texts[0].size },
                                .pair = { texts[1].data, texts[1].size },
                                .value = edited->value,
                                .probability = edited->probability,
                                .says = edited->says,
                                .says_probability = edited->says_probability };
    return CLOZE_OK;
}

static cloze_status tell(cloze_counterfactuals *out, cz_edits *edits, const cz_edited *found,
                         size_t count, cloze_error *error)
{
    const cloze_allocator *allocator = &out->allocator;
    cloze_status status = CLOZE_OK;
    out->items = cz_allocate(allocator, count, sizeof *out->items);
    out->edits = cz_allocate(allocator, count, CZ_EDITS_MOST * sizeof *out->edits);
    out->texts = cz_allocate_zero(allocator, count, 2 * sizeof *out->texts);
    if (!out->items || !out->edits || !out->texts)
        return cz_fail_memory(error, "counterfactuals", count * sizeof *out->items);
    for (size_t i = 0; i < count && !status; i++)
        status = tell_one(out, edits, &found[i], error);
    out->words = edits->words;
    edits->words = NULL;
    return status;
}

cloze_status cz_found_tell(cloze_counterfactuals **out, cz_edits *edits, cz_edited *found,
                           size_t count, cloze_counterfactual_facts facts, cloze_error *error)
{
    const cloze_allocator *allocator = &edits->explainer->hooks.allocator;
    cloze_counterfactuals *told = cz_allocate_zero(allocator, 1, sizeof *told);
    if (!told)
        return cz_fail_memory(error, "counterfactuals", sizeof *told);
    told->allocator = *allocator;
    told->facts = facts;
    told->facts.found = count;
    sort(edits, found, count);
    cloze_status status = tell(told, edits, found, count, error);
    if (status)
        cloze_counterfactuals_free(told);
    else
        *out = told;
    return status;
}

void cloze_counterfactuals_free(cloze_counterfactuals *found)
{
    if (!found)
        return;
    cloze_allocator copy = found->allocator;
    for (size_t i = 0; i < 2 * found->count; i++)
        cz_release(&copy, found->texts[i].data);
    cz_release(&copy, found->texts);
    cz_release(&copy, found->items);
    cz_release(&copy, found->edits);
    cz_release(&copy, found->words);
    cz_release(&copy, found);
}

cloze_counterfactual_facts cloze_counterfactuals_facts(const cloze_counterfactuals *found)
{
    return found->facts;
}

cloze_counterfactual cloze_counterfactuals_get(const cloze_counterfactuals *found, size_t index)
{
    static const cloze_counterfactual none = { .count = 0 };
    return index < found->count ? found->items[index] : none;
}
