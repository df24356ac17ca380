/*
 * scarce.h - an allocator that fails at a chosen call and at all later ones, and counts what is held.
 */
#ifndef CZ_TEST_SCARCE_H
#define CZ_TEST_SCARCE_H

#include <cloze/cloze.h>

typedef struct scarce {
    long calls, fail_at, held; /* fail_at 0: never */
} scarce;

typedef cloze_status scarce_use(cloze_session *session, const cloze_hooks *hooks);

/* Opens the model and uses it, again and again, the n-th time with the n-th allocation failing:
 * every failure is CLOZE_ERROR_MEMORY and leaves nothing held, until all goes well. */
void scarce_try_all(const char *path, scarce_use *use);

#endif
