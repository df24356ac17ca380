/* entities.c - the result of tagging: entities of texts, and windows of a text merged. */
#include "task/entities.h"

#include "base/error.h"
#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

cloze_status cloze_entities_new(cloze_entities **out, const cloze_hooks *hooks, cloze_error *error)
{
    cloze_entities *entities =
        cz_allocate_zero(hooks ? &hooks->allocator : NULL, 1, sizeof *entities);
    if (!entities)
        return cz_fail_memory(error, "a list of entities", sizeof *entities);
    if (hooks)
        entities->hooks = *hooks;
    *out = entities;
    return CLOZE_OK;
}

void cloze_entities_free(cloze_entities *entities)
{
    if (!entities)
        return;
    cloze_allocator allocator = entities->hooks.allocator;
    cz_release(&allocator, entities->items);
    cz_release(&allocator, entities->letters);
    cz_release(&allocator, entities->ends);
    cz_release(&allocator, entities);
}

void cz_entities_clear(cloze_entities *entities)
{
    entities->count = entities->letters_size = entities->texts = 0;
}

bool cz_entities_add(cloze_entities *entities, cz_entity entity, cloze_text word)
{
    const cloze_allocator *allocator = &entities->hooks.allocator;
    size_t letters;
    if (!cz_add(entities->letters_size, word.size, &letters) ||
        !cz_grow(allocator, (void **)&entities->letters, &entities->letters_capacity, letters, 1) ||
        !cz_grow(allocator, (void **)&entities->items, &entities->capacity, entities->count + 1,
                 sizeof *entities->items))
        return false;
    if (word.size)
        memcpy(entities->letters + entities->letters_size, word.data, word.size);
    entity.word = entities->letters_size;
    entity.word_size = word.size;
    entities->letters_size = letters;
    entities->items[entities->count++] = entity;
    return true;
}

static size_t begin_of(const cloze_entities *entities, size_t text)
{
    return text ? entities->ends[text - 1] : 0;
}

/* Windows come in order, so their entities are nearly sorted; equals stay as they are. */
static void sort_by_begin(cz_entity *items, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        cz_entity moved = items[i];
        size_t at = i;
        for (; at && items[at - 1].begin > moved.begin; at--)
            items[at] = items[at - 1];
        items[at] = moved;
    }
}

/* The pipeline's aggregate_overlapping_entities. */
static size_t merge_overlaps(cz_entity *items, size_t count)
{
    size_t kept = 0;
    sort_by_begin(items, count);
    for (size_t i = 1; i < count; i++) {
        const cz_entity *next = &items[i], *last = &items[kept];
        size_t own = next->points, other = last->points;
        if (!(last->begin <= next->begin && next->begin < last->end))
            items[++kept] = *next;
        else if (own > other || (own == other && next->score > last->score))
            items[kept] = *next;
    }
    return count ? kept + 1 : 0;
}

bool cz_entities_end_text(cloze_entities *entities, bool merge)
{
    size_t begin = begin_of(entities, entities->texts);
    if (!cz_grow(&entities->hooks.allocator, (void **)&entities->ends, &entities->ends_capacity,
                 entities->texts + 1, sizeof *entities->ends))
        return false;
    if (merge && entities->count > begin) /* else there may be no items at all */
        entities->count = begin + merge_overlaps(entities->items + begin, entities->count - begin);
    entities->ends[entities->texts++] = entities->count;
    return true;
}

size_t cloze_entities_count(const cloze_entities *entities, size_t text)
{
    return text < entities->texts ? entities->ends[text] - begin_of(entities, text) : 0;
}

cloze_entity cloze_entities_get(const cloze_entities *entities, size_t text, size_t index)
{
    cloze_entity out = { 0 };
    if (index >= cloze_entities_count(entities, text))
        return out;
    const cz_entity *entity = &entities->items[begin_of(entities, text) + index];
    out = (cloze_entity){ .label = entity->label,
                          .score = (float)entity->score,
                          .begin = entity->begin,
                          .end = entity->end,
                          .word = { entities->letters + entity->word, entity->word_size },
                          .token = entity->token };
    return out;
}
