/*
 * train/passages.h - a corpus cut into sequences: which tokens of its file each has, and, of an item
 * of an epoch, the sequence as the model sees it. In memory are places alone.
 */
#ifndef CZ_TRAIN_PASSAGES_H
#define CZ_TRAIN_PASSAGES_H

#include "base/memory.h"
#include "train/frame.h"
#include "train/tokens_file.h"

#include <cloze/train.h>

/* Whole sentences that follow each other; one that is longer than a sequence is cut between words. */
typedef struct cz_passage_place {
    size_t begin;    /* in the file's tokens */
    uint32_t length; /* tokens of text */
    uint32_t laid;   /* tokens of the sequence */
    uint32_t document;
} cz_passage_place;

typedef struct cz_packing_rule {
    size_t most;       /* tokens of a sequence */
    bool crosses;      /* borders of documents, which become a separator */
    bool paired;       /* two texts in a sequence */
    double shorter;    /* the share of sequences that aim at a drawn, smaller length */
    double begin, end; /* documents whose draw lies there */
    uint64_t seed;
    uint32_t separator;
} cz_packing_rule;

typedef struct cz_passages {
    const cloze_allocator *allocator;
    cz_tokens_file file;
    cz_packing_rule rule;
    cz_text_frame frame;
    cz_passage_place *place; /* [count] */
    size_t count, room;
    size_t documents;
    size_t tokens, lost; /* of all sequences; of text that no sequence has */
} cz_passages;

/* Clear it whatever comes back. `passages->frame` and `rule` are set before. */
cloze_status cz_passages_open(cz_passages *passages, const char *path, size_t ids,
                              cloze_error *error);
void cz_passages_clear(cz_passages *passages);

/* ---- passage.c ---- */

/* Where random choices of a sequence come from: see base/draw.h. */
typedef struct cz_occasion {
    uint64_t seed, thing;
    uint32_t epoch;
} cz_occasion;

/* A sequence. Arrays [most]. */
typedef struct cz_passage {
    uint32_t *ids, *types;
    int32_t *words; /* number of the word, -1 none */
    size_t length;
    int64_t apart; /* of two texts: 1 where they do not follow each other as they did */
} cz_passage;

bool cz_passage_init(cz_passage *passage, size_t most, const cloze_allocator *allocator);
void cz_passage_clear(cz_passage *passage, const cloze_allocator *allocator);
/* Lays item `item` as its texts shall follow each other. */
void cz_passage_lay(cz_passage *passage, const cz_passages *passages, size_t item,
                    cloze_following following, const cz_occasion *occasion);

#endif
