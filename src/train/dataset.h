/*
 * train/dataset.h - the examples of a split as token ids, ready to be put into batches.
 */
#ifndef CZ_TRAIN_DATASET_H
#define CZ_TRAIN_DATASET_H

#include "base/memory.h"
#include "train/passages.h"

#include <cloze/train.h>

enum { CZ_SIDES = 3 }; /* texts of an item that are sequences by themselves */

typedef struct cz_item {
    size_t begin[CZ_SIDES], length[CZ_SIDES]; /* in the dataset's tokens; length 0: no such side */
    size_t label;                             /* of labels */
    size_t value;                             /* first of its numbers */
    size_t answer[2]; /* first and last token of an answer within the sequence */
    size_t asked;     /* which question this is a window of */
} cz_item;

/* What an answer is looked up in and held against, of a split that is measured. */
typedef struct cz_asked {
    size_t text, size;     /* in the dataset's texts: what the answer is in */
    size_t answers, count; /* in the dataset's answers: bytes of it, all that are right */
} cz_asked;

typedef struct cz_dataset {
    const cloze_allocator *allocator;
    uint32_t *ids, *types; /* [tokens] */
    int32_t *tags;         /* [tokens] where tags are learned: -1 not asked */
    int32_t *words;        /* [tokens] where words are masked: number of the word, -1 none */
    size_t tokens, ids_room, types_room, tags_room, words_room;
    float *values;
    size_t value_count, values_room;
    cz_item *items;
    size_t count, items_room;
    cloze_token_offset *offsets; /* [tokens] of what an answer is in; others are empty */
    char *texts;
    cz_asked *asked;
    cloze_token_offset *answers;
    size_t offsets_room, texts_size, texts_room, asked_count, asked_room;
    size_t answer_count, answers_room;
    bool some_impossible; /* a question has no answer */
    size_t sequences;     /* of an item, at most */
    float *states;        /* what a frozen body made of the first `states_of` items; or NULL */
    size_t states_of;
    cz_passages *passages; /* a corpus, and nothing of the above but `count`; or NULL */
} cz_dataset;

void cz_dataset_clear(cz_dataset *dataset);
/* The most tokens that an item has. */
size_t cz_dataset_length(const cz_dataset *dataset, size_t item);
/* Tokens of one sequence put at the end; `words` NULL: none are kept. */
cloze_status cz_dataset_append(cz_dataset *dataset, const cloze_tokens *tokens, bool keep_words,
                               size_t *begin, cloze_error *error);
cloze_status cz_dataset_add(cz_dataset *dataset, const cz_item *item, cloze_error *error);
/* `count` numbers put at the end; *first is where. */
cloze_status cz_dataset_values(cz_dataset *dataset, const float *values, size_t count,
                               size_t *first, cloze_error *error);
/* Room for the tags of all tokens; the new ones are -1. */
cloze_status cz_dataset_tags(cz_dataset *dataset, cloze_error *error);

/* A question that may be measured, and its number. */
cloze_status cz_dataset_ask(cz_dataset *dataset, const cloze_example *example, size_t *number,
                            cloze_error *error);
/* Room for the offsets of all tokens; the new ones are empty. */
cloze_status cz_dataset_offsets(cz_dataset *dataset, cloze_error *error);

#endif
