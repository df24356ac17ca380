/*
 * pieces_merges.c - the merges that a SentencePiece BPE implies: every way to cut a piece into two
 * pieces, those of the best pieces first, of equals those with longer halves.
 *
 * Method: transformers' SentencePieceExtractor with scores, its order included.
 */
#include "text/pieces_file.h"

#include <stdlib.h>

enum { IMPLIED_LIMIT = 1 << 22 }; /* merges; a piece of n letters may imply n - 1 */

typedef struct implied {
    cloze_text half[2];
    uint32_t letters[2], number[2]; /* of the halves: characters, places in the file */
    double score;
    uint32_t whole; /* the id of the piece */
} implied;

typedef struct merge_list {
    implied *items;
    size_t count, capacity;
} merge_list;

static int by_order(const void *left, const void *right)
{
    const implied *a = left, *b = right;
    if (a->score < b->score || a->score > b->score)
        return a->score > b->score ? -1 : 1;
    for (size_t i = 0; i < 2; i++)
        if (a->letters[i] != b->letters[i])
            return a->letters[i] > b->letters[i] ? -1 : 1;
    if (a->whole != b->whole)
        return a->whole < b->whole ? -1 : 1;
    for (size_t i = 0; i < 2; i++)
        if (a->number[i] != b->number[i])
            return a->number[i] < b->number[i] ? -1 : 1;
    return 0;
}

static uint32_t count_letters(cloze_text text)
{
    uint32_t count = 0;
    for (size_t i = 0; i < text.size; i++)
        count += ((unsigned char)text.data[i] & 0xC0) != 0x80;
    return count;
}

/* All cuts of one piece into two that the file has. */
static cloze_status cut(const cloze_tokenizer *tokenizer, const cz_table *places, uint32_t id,
                        merge_list *list, cloze_error *error)
{
    const cz_vocabulary *vocabulary = &tokenizer->model.vocabulary;
    cloze_text whole = cz_vocabulary_token_of(vocabulary, id);
    for (size_t at = 1; at < whole.size; at++) {
        implied merge = { .half = { { whole.data, at }, { whole.data + at, whole.size - at } },
                          .score = vocabulary->scores[id],
                          .whole = id };
        if (((unsigned char)whole.data[at] & 0xC0) == 0x80 ||
            !cz_table_get(places, whole.data, at, &merge.number[0]) ||
            !cz_table_get(places, whole.data + at, whole.size - at, &merge.number[1]))
            continue;
        merge.letters[0] = count_letters(merge.half[0]);
        merge.letters[1] = count_letters(merge.half[1]);
        if (list->count == IMPLIED_LIMIT)
            return cz_fail(error, CLOZE_ERROR_LIMIT, "the model implies more than %d merges",
                           (int)IMPLIED_LIMIT);
        if (!cz_grow(&tokenizer->hooks.allocator, (void **)&list->items, &list->capacity,
                     list->count + 1, sizeof *list->items))
            return cz_text_memory(error);
        list->items[list->count++] = merge;
    }
    return CLOZE_OK;
}

static cloze_status put_all(cloze_tokenizer *tokenizer, const merge_list *list, cloze_error *error)
{
    cloze_status status = cz_bpe_begin(tokenizer, list->count, error);
    for (size_t i = 0; i < list->count && !status; i++)
        status = cz_bpe_add_merge(tokenizer, list->items[i].half, i, false, error);
    return status;
}

cloze_status cz_pieces_merges(cloze_tokenizer *tokenizer, const cz_sentencepiece *file,
                              cloze_error *error)
{
    const cloze_allocator *allocator = &tokenizer->hooks.allocator;
    merge_list list = { 0 };
    cz_table places;
    cloze_status status = CLOZE_OK;
    if (!cz_table_init(&places, allocator, file->count))
        return cz_text_memory(error);
    for (size_t i = 0; i < file->count && !status; i++)
        if (!cz_table_put(&places, allocator, file->pieces[i].text.data, file->pieces[i].text.size,
                          (uint32_t)i, NULL, NULL))
            status = cz_text_memory(error);
    for (size_t id = 0; id < tokenizer->model.vocabulary.scored && !status; id++)
        status = cut(tokenizer, &places, (uint32_t)id, &list, error);
    if (!status && list.count)
        qsort(list.items, list.count, sizeof *list.items, by_order);
    if (!status)
        status = put_all(tokenizer, &list, error);
    cz_table_clear(&places, allocator);
    cz_release(allocator, list.items);
    return status;
}
