/*
 * metrics/tally.h - the counts behind <cloze/metrics.h>, shared by labels and tags.
 */
#ifndef CZ_METRICS_TALLY_H
#define CZ_METRICS_TALLY_H

#include "base/table.h"

#include <cloze/metrics.h>

enum { CZ_TALLY_LABELS_MOST = 65536 };

typedef enum cz_tally_kind {
    CZ_TALLY_NOTHING,
    CZ_TALLY_LABEL,
    CZ_TALLY_SET,
    CZ_TALLY_TAGS
} cz_tally_kind;

typedef struct cz_tally_label {
    char *name;
    size_t size;
    size_t support, predicted, correct;
    size_t gold_mark, predicted_mark; /* number of the last text that had it; for sets */
} cz_tally_label;

typedef struct cz_tally_pair {
    uint32_t gold, predicted;
} cz_tally_pair;

/* An entity, by words counted over all sentences; seqeval puts an O behind each, and so do we. */
typedef struct cz_entity {
    cloze_text type;
    size_t begin, end;
} cz_entity;

/* Where the lenient reading of one side stands; it goes on over sentences. */
typedef struct cz_tag_state {
    uint32_t letter;
    cloze_text type;
    size_t begin;
} cz_tag_state;

typedef struct cz_entities {
    cz_entity *items;
    size_t count, capacity;
    cz_tag_state state;
} cz_entities;

struct cloze_tally {
    cloze_hooks hooks;
    cloze_tag_scheme scheme;
    cz_tally_kind kind;
    cz_table table;
    cz_tally_label *labels; /* in the order of appearance */
    size_t label_count, label_capacity;
    uint32_t *order; /* labels by name */
    size_t order_capacity;
    cz_tally_pair *pairs; /* of texts with one label */
    size_t pair_count, pair_capacity;
    size_t count, right; /* texts, or tags */
    size_t words;        /* of all sentences, with the O behind each */
    cz_entities gold, predicted;
};

/* The number of a label, made if it is new. */
cloze_status cz_tally_number(cloze_tally *tally, cloze_text name, uint32_t *out,
                             cloze_error *error);
cloze_status cz_tally_begin(cloze_tally *tally, cz_tally_kind kind, cloze_error *error);

/* ---- entities.c ---- */

/* The entities of one sentence, in the order of their ends. `base` is the number of its first
 * word. Types point into the tags. */
cloze_status cz_entities_read(cz_entities *out, const cloze_text *tags, size_t count, size_t base,
                              cloze_tag_scheme scheme, const cloze_allocator *allocator,
                              cloze_error *error);

#endif
