/*
 * formats/pickle_machine.h - what the files of the pickle reader share: pickle.c walks through the
 * opcodes, pickle_values.c keeps the stack and makes values, pickle_globals.c knows what may be
 * named and what becomes of it.
 */
#ifndef CZ_FORMATS_PICKLE_MACHINE_H
#define CZ_FORMATS_PICKLE_MACHINE_H

#include "formats/pickle.h"

typedef struct cz_unpickler {
    cz_pickle *out;
    const cloze_allocator *allocator;
    cloze_error *error;
    const char *data;
    size_t size, at;
    uint32_t *stack, *memo; /* numbers of values */
    size_t height, stack_capacity, memo_count, memo_capacity;
} cz_unpickler;

/* ---- pickle_values.c ---- */

cloze_status cz_unpickler_fail(const cz_unpickler *u, const char *what);
cloze_status cz_unpickler_push(cz_unpickler *u, cz_pickle_value value);
cloze_status cz_unpickler_push_number(cz_unpickler *u, uint32_t value);
/* The value so many places below the top; NULL if there is none. */
cz_pickle_value *cz_unpickler_top(const cz_unpickler *u, size_t below);
/* Is there a value, and of this kind? */
bool cz_pickle_is(const cz_pickle_value *value, cz_pickle_kind kind);
/* Calls with the number of values above the highest mark, and true. */
cloze_status cz_unpickler_from_mark(cz_unpickler *u,
                                    cloze_status (*make)(cz_unpickler *, size_t, bool));
/* What the top `count` values become; `marked`: a mark lies below them and goes too. */
cloze_status cz_unpickler_tuple(cz_unpickler *u, size_t count, bool marked);
cloze_status cz_unpickler_set_items(cz_unpickler *u, size_t count, bool marked);
cloze_status cz_unpickler_append(cz_unpickler *u, size_t count, bool marked);
cloze_status cz_unpickler_memo_put(cz_unpickler *u, uint64_t index);
cloze_status cz_unpickler_memo_get(cz_unpickler *u, uint64_t index);

/* ---- pickle_globals.c ---- */

/* GLOBAL: two lines of the bytes. STACK_GLOBAL: two texts of the stack. */
cloze_status cz_unpickler_global(cz_unpickler *u);
cloze_status cz_unpickler_stack_global(cz_unpickler *u);
/* Where Python would call (REDUCE), make (NEWOBJ), set a state (BUILD), ask for a storage
 * (BINPERSID): here a value gets another tag, or the file is refused. */
cloze_status cz_unpickler_reduce(cz_unpickler *u);
cloze_status cz_unpickler_new(cz_unpickler *u);
cloze_status cz_unpickler_build(cz_unpickler *u);
cloze_status cz_unpickler_storage(cz_unpickler *u);

#endif
