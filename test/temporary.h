/* temporary.h - where tests put what they make. */
#ifndef CZ_TEST_TEMPORARY_H
#define CZ_TEST_TEMPORARY_H

#include <stdio.h>
#include <stdlib.h>

enum { TEMPORARY_SIZE = 600 };

/* A name for mkdtemp and mkstemp below $TMPDIR, else the system's folder for such things. */
static inline void temporary_name(char out[TEMPORARY_SIZE])
{
    const char *place = getenv("TMPDIR");
    snprintf(out, TEMPORARY_SIZE, "%s/cloze-XXXXXX", place && *place ? place : P_tmpdir);
}

#endif
