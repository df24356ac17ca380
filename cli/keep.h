/* keep.h - memory that many small things share and that is freed at once. Pointers stay. */
#ifndef CLI_KEEP_H
#define CLI_KEEP_H

#include <cloze/status.h>

typedef struct cli_keep {
    struct keep_block *last;
} cli_keep;

/* `count` things of `size` bytes, aligned for numbers and pointers; NULL when memory is out. */
void *keep_room(cli_keep *keep, size_t count, size_t size);
/* A copy with a zero byte behind it. False when memory is out. */
bool keep_text(cli_keep *keep, cloze_text text, cloze_text *out);
void keep_clear(cli_keep *keep);

#endif
