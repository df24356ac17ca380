/* dataset.c - see dataset.h. */
#include "train/dataset.h"

#include "base/error.h"

#include <string.h>

void cz_dataset_clear(cz_dataset *dataset)
{
    const cloze_allocator *allocator = dataset->allocator;
    if (dataset->passages)
        cz_passages_clear(dataset->passages);
    cz_release(allocator, dataset->passages);
    cz_release(allocator, dataset->ids);
    cz_release(allocator, dataset->types);
    cz_release(allocator, dataset->tags);
    cz_release(allocator, dataset->words);
    cz_release(allocator, dataset->values);
    cz_release(allocator, dataset->items);
    cz_release(allocator, dataset->offsets);
    cz_release(allocator, dataset->texts);
    cz_release(allocator, dataset->asked);
    cz_release(allocator, dataset->answers);
    cz_release(allocator, dataset->states);
    *dataset = (cz_dataset){ .allocator = allocator };
}

size_t cz_dataset_length(const cz_dataset *dataset, size_t item)
{
    const cz_passages *passages = dataset->passages;
    size_t tokens = 0;
    if (passages)
        return passages->rule.paired ? passages->rule.most : passages->place[item].laid;
    for (size_t side = 0; side < CZ_SIDES; side++)
        tokens += dataset->items[item].length[side];
    return tokens;
}

static bool grow(cz_dataset *dataset, void *items, size_t *room, size_t needed, size_t size)
{
    return cz_grow(dataset->allocator, items, room, needed, size);
}

static cloze_status no_memory(const cz_dataset *dataset, cloze_error *error)
{
    return cz_fail_memory(error, "examples", dataset->tokens * sizeof *dataset->ids);
}

cloze_status cz_dataset_append(cz_dataset *dataset, const cloze_tokens *tokens, bool keep_words,
                               size_t *begin, cloze_error *error)
{
    size_t from = dataset->tokens, end = from + tokens->length;
    if (!grow(dataset, &dataset->ids, &dataset->ids_room, end, sizeof *dataset->ids) ||
        !grow(dataset, &dataset->types, &dataset->types_room, end, sizeof *dataset->types) ||
        (keep_words &&
         !grow(dataset, &dataset->words, &dataset->words_room, end, sizeof *dataset->words)))
        return no_memory(dataset, error);
    memcpy(dataset->ids + from, tokens->ids, tokens->length * sizeof *dataset->ids);
    memcpy(dataset->types + from, tokens->type_ids, tokens->length * sizeof *dataset->types);
    for (size_t i = 0; keep_words && i < tokens->length; i++)
        dataset->words[from + i] = tokens->special[i] ? -1 : (int32_t)tokens->words[i];
    *begin = from;
    dataset->tokens = end;
    return CLOZE_OK;
}

cloze_status cz_dataset_add(cz_dataset *dataset, const cz_item *item, cloze_error *error)
{
    if (!grow(dataset, &dataset->items, &dataset->items_room, dataset->count + 1,
              sizeof *dataset->items))
        return no_memory(dataset, error);
    dataset->items[dataset->count++] = *item;
    for (size_t side = 0; side < CZ_SIDES; side++)
        if (item->length[side] && side + 1 > dataset->sequences)
            dataset->sequences = side + 1;
    return CLOZE_OK;
}

cloze_status cz_dataset_values(cz_dataset *dataset, const float *values, size_t count,
                               size_t *first, cloze_error *error)
{
    size_t end = dataset->value_count + count;
    if (!grow(dataset, &dataset->values, &dataset->values_room, end, sizeof *dataset->values))
        return no_memory(dataset, error);
    memcpy(dataset->values + dataset->value_count, values, count * sizeof *values);
    *first = dataset->value_count;
    dataset->value_count = end;
    return CLOZE_OK;
}

cloze_status cz_dataset_tags(cz_dataset *dataset, cloze_error *error)
{
    size_t had = dataset->tags_room;
    if (!grow(dataset, &dataset->tags, &dataset->tags_room, dataset->tokens, sizeof *dataset->tags))
        return no_memory(dataset, error);
    for (size_t i = had; i < dataset->tags_room; i++)
        dataset->tags[i] = -1;
    return CLOZE_OK;
}

cloze_status cz_dataset_ask(cz_dataset *dataset, const cloze_example *example, size_t *number,
                            cloze_error *error)
{
    cloze_text text = example->pair;
    size_t at = dataset->texts_size, from = dataset->answer_count;
    size_t count = example->other_count + 1;
    if (!grow(dataset, &dataset->texts, &dataset->texts_room, at + text.size + 1, 1) ||
        !grow(dataset, &dataset->answers, &dataset->answers_room, from + count,
              sizeof *dataset->answers) ||
        !grow(dataset, &dataset->asked, &dataset->asked_room, dataset->asked_count + 1,
              sizeof *dataset->asked))
        return no_memory(dataset, error);
    memcpy(dataset->texts + at, text.data, text.size);
    dataset->texts_size += text.size;
    dataset->answers[from] = example->answer;
    for (size_t i = 0; i < example->other_count; i++)
        dataset->answers[from + 1 + i] = example->others[i];
    dataset->answer_count += count;
    dataset->asked[dataset->asked_count] = (cz_asked){ at, text.size, from, count };
    dataset->some_impossible |= example->answer.begin == example->answer.end;
    *number = dataset->asked_count++;
    return CLOZE_OK;
}

cloze_status cz_dataset_offsets(cz_dataset *dataset, cloze_error *error)
{
    size_t had = dataset->offsets_room;
    if (!grow(dataset, &dataset->offsets, &dataset->offsets_room, dataset->tokens,
              sizeof *dataset->offsets))
        return no_memory(dataset, error);
    for (size_t i = had; i < dataset->offsets_room; i++)
        dataset->offsets[i] = (cloze_token_offset){ 0, 0 };
    return CLOZE_OK;
}
