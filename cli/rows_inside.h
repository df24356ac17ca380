/* rows_inside.h - what the files of rows.h share. */
#ifndef CLI_ROWS_INSIDE_H
#define CLI_ROWS_INSIDE_H

#include "cells.h"
#include "rows.h"

#include <jansson.h>

enum { NUMBER_SIZE = 40 };

typedef struct row_slot {
    const char *key; /* of JSON; NULL: not bound */
    int column;      /* from 0, or negative from the end */
    const json_t *value;
    char number[NUMBER_SIZE]; /* a number of JSON as text */
    cell_list items;
    char *numbers; /* a list's numbers of JSON as text, NUMBER_SIZE bytes each */
} row_slot;

struct cli_rows {
    cell_reader reader;
    char *owned; /* the reader's bytes, or NULL */
    int layout;
    bool even;    /* every row shall have the cells of the first one */
    size_t width; /* of the first row; 0: not read */
    cell_list header, cells;
    json_t *root;
    row_slot slots[ROWS_SLOTS];
};

/* NULL: the row ends before it. */
const cloze_text *rows_cell(const cli_rows *rows, const row_slot *slot);
/* The next object of JSON lines. Exit code. */
int rows_next_json(cli_rows *rows, bool *more);

#endif
