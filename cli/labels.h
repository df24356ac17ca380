/*
 * labels.h - the names of labels: found in the file that is learned from, or given. A label has the
 * number of its arrival; its place is where it stands among all, sorted: whole numbers as numbers,
 * others by their bytes, given ones as they were given.
 */
#ifndef CLI_LABELS_H
#define CLI_LABELS_H

#include "keep.h"

enum { LABELS_MOST = 65536 };

typedef struct cli_labels {
    cli_keep keep;
    cloze_text *name; /* [count] by number; zero-terminated */
    uint32_t *sorted; /* [count] numbers in the order of bytes */
    size_t *place;    /* [count] by number, once closed */
    size_t *at;       /* [count] the number of each place, once closed */
    size_t count, room;
    bool given, closed; /* closed: no further label is known */
    const char *giver;  /* of given ones, for messages; NULL: "--labels gives" */
} cli_labels;

/* The number of a label; a new one where the list is open. `where` is for messages. Exit code. */
int labels_find(cli_labels *labels, cloze_text name, const char *where, size_t *number);
/* A list of names with commas: no others. Exit code. */
int labels_give(cli_labels *labels, const char *list);
/* The next of given ones. Exit code. */
int labels_add(cli_labels *labels, const char *name);
/* All are known: gives places. Exit code. */
int labels_close(cli_labels *labels);
/* Places as in `names`, if they are the same names; false if they are not. */
bool labels_reorder(cli_labels *labels, const char *const *names, size_t count);
/* The name at a place. */
const char *labels_name(const cli_labels *labels, size_t place);
void labels_clear(cli_labels *labels);

#endif
