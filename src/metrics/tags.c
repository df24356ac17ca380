/*
 * tags.c - a sentence's tags into a tally: entities of both sides, those in common, and single tags
 * for accuracy.
 */
#include "metrics/tally.h"

#include "base/error.h"

#include <string.h>

static bool same(cloze_text a, cloze_text b)
{
    return a.size == b.size && (!a.size || !memcmp(a.data, b.data, a.size));
}

/* Names of all types are made before anything is counted. */
static cloze_status name_types(cloze_tally *tally, const cz_entities *side, cloze_error *error)
{
    cloze_status status = CLOZE_OK;
    uint32_t number;
    for (size_t i = 0; i < side->count && !status; i++)
        status = cz_tally_number(tally, side->items[i].type, &number, error);
    return status;
}

static cz_tally_label *label_of(cloze_tally *tally, cloze_text type)
{
    uint32_t number = 0;
    cz_tally_number(tally, type, &number, NULL);
    return &tally->labels[number];
}

/* No two entities of a side end at the same word. */
static void count_entities(cloze_tally *tally)
{
    const cz_entities *gold = &tally->gold, *predicted = &tally->predicted;
    for (size_t i = 0; i < gold->count; i++)
        label_of(tally, gold->items[i].type)->support++;
    for (size_t i = 0, g = 0; i < predicted->count; i++) {
        const cz_entity *entity = &predicted->items[i];
        cz_tally_label *label = label_of(tally, entity->type);
        label->predicted++;
        while (g < gold->count && gold->items[g].end < entity->end)
            g++;
        label->correct += g < gold->count && gold->items[g].end == entity->end &&
                          gold->items[g].begin == entity->begin &&
                          same(gold->items[g].type, entity->type);
    }
}

static cloze_status read_side(cloze_tally *tally, cz_entities *side, const cloze_text *tags,
                              size_t count, const char *name, cloze_error *error)
{
    cloze_status status = cz_entities_read(side, tags, count, tally->words, tally->scheme,
                                           &tally->hooks.allocator, error);
    if (status)
        cz_error_prefix(error, "%s", name);
    return status;
}

cloze_status cloze_tally_tags(cloze_tally *tally, const cloze_text *predicted,
                              const cloze_text *gold, size_t count, cloze_error *error)
{
    cloze_status status = cz_tally_begin(tally, CZ_TALLY_TAGS, error);
    if (!status)
        status = read_side(tally, &tally->gold, gold, count, "gold", error);
    if (!status)
        status = read_side(tally, &tally->predicted, predicted, count, "predicted", error);
    if (!status)
        status = name_types(tally, &tally->gold, error);
    if (!status)
        status = name_types(tally, &tally->predicted, error);
    if (status)
        return status;
    count_entities(tally);
    for (size_t i = 0; i < count; i++)
        tally->right += same(predicted[i], gold[i]);
    tally->count += count;
    tally->words += count + 1;
    return CLOZE_OK;
}
