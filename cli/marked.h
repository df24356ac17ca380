/* marked.h - a text with what is changed in it: [-gone-]{+come+}. */
#ifndef CLI_MARKED_H
#define CLI_MARKED_H

#include "output.h"

typedef struct cli_mark {
    size_t begin, end;           /* bytes of the text; equal: put in */
    cloze_text put;              /* no bytes: taken away */
    const char *before, *behind; /* spaces that come with it; NULL: none */
} cli_mark;

/* Marks are in the order of the text, and apart. Of a long text only `around` bytes before the first and
 * behind the last are shown; 0: all. */
void marked_write(cli_output *output, cloze_text text, const cli_mark *marks, size_t count,
                  size_t around);

#endif
