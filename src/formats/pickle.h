/*
 * formats/pickle.h - an inert reader of the pickles of torch checkpoints, protocols 2 to 5. Nothing
 * is ever called: an allow-list of globals stands for tagged values, everything else is refused by
 * name. Limits: 1,000,000 values on the stack, in the memo and in all; names of 64 KiB.
 */
#ifndef CZ_FORMATS_PICKLE_H
#define CZ_FORMATS_PICKLE_H

#include "tensor/tensor.h"

#include <cloze/status.h>

typedef enum cz_pickle_kind {
    CZ_PICKLE_NONE,
    CZ_PICKLE_BOOL,
    CZ_PICKLE_INTEGER,
    CZ_PICKLE_NUMBER,
    CZ_PICKLE_TEXT,
    CZ_PICKLE_BYTES,
    CZ_PICKLE_TUPLE,
    CZ_PICKLE_LIST,
    CZ_PICKLE_SET, /* an empty one */
    CZ_PICKLE_DICTIONARY,
    CZ_PICKLE_GLOBAL,  /* integer: its place in the allow-list */
    CZ_PICKLE_STORAGE, /* first of 5 items: "storage", type, key, location, elements */
    CZ_PICKLE_TENSOR,  /* first of 6 or 7 items: storage, offset, size, stride, ... */
    CZ_PICKLE_MODULE,  /* of TorchScript: a dictionary of its attributes */
    CZ_PICKLE_MARK
} cz_pickle_kind;

typedef struct cz_pickle_value {
    cz_pickle_kind kind;
    const char *text; /* in the bytes, not zero-terminated */
    size_t size;      /* of the text, or the number of items */
    size_t first;     /* of the items of a tuple; the first pair of a dictionary, counted from 1 */
    size_t last;      /* pair of a dictionary; a list is one without keys */
    int64_t integer;
} cz_pickle_value;

typedef struct cz_pickle_pair {
    uint32_t key, value;
    size_t next; /* counted from 1; 0 ends */
} cz_pickle_pair;

typedef struct cz_pickle {
    cz_pickle_value *values;
    uint32_t *items; /* numbers of values */
    cz_pickle_pair *pairs;
    size_t value_count, value_capacity, item_count, item_capacity, pair_count, pair_capacity;
    uint32_t root;
} cz_pickle;

cloze_status cz_pickle_read(cz_pickle *out, const char *data, size_t size,
                            const cloze_allocator *allocator, cloze_error *error);
void cz_pickle_clear(cz_pickle *pickle, const cloze_allocator *allocator);
const cz_pickle_value *cz_pickle_item(const cz_pickle *pickle, const cz_pickle_value *of, size_t i);
/* The element size of a storage's global, its type and that type's name in safetensors; 0 if it is
 * no storage. */
size_t cz_pickle_storage_type(const cz_pickle_value *global, cz_type *type, const char **type_name);

#endif
