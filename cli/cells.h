/*
 * cells.h - lines and comma-separated rows of a file in memory, and lists of texts that point into
 * it. Knows no columns by name; rows.h does.
 */
#ifndef CLI_CELLS_H
#define CLI_CELLS_H

#include <cloze/status.h>

typedef struct cell_list {
    cloze_text *item;
    size_t count, capacity;
} cell_list;

typedef struct cell_reader {
    const char *name; /* for messages */
    char *bytes;
    size_t size, at;
    size_t line, next_line; /* where the row begins, where the next one does */
} cell_reader;

/* False when memory is out. */
bool cells_add(cell_list *list, cloze_text text);
/* The parts of `text` between separators. Any white space separates when `separator` is a space,
 * and then nothing is empty. False when memory is out. */
bool cells_split(cell_list *out, cloze_text text, char separator);
/* The next line without its end; false behind the last. */
bool cells_line(cell_reader *reader, cloze_text *out);
/* The next row of comma-separated values (RFC 4180) added to `out`. A quoted cell is unquoted in
 * its place. Exit code; *more is false behind the last row. */
int cells_csv(cell_reader *reader, cell_list *out, bool *more);
/* Without the spaces and tabs around it. */
cloze_text cell_trimmed(cloze_text text);
/* False where the text is not a finite number. */
bool cell_number(cloze_text text, double *out);

#endif
