/*
 * rows.h - files of labelled examples, row by row: tab- or comma-separated columns, JSON lines, or
 * words with their tags in columns and an empty line between sentences (CoNLL).
 *
 * A file is read whole; cells point into it until the next row is asked for.
 */
#ifndef CLI_ROWS_H
#define CLI_ROWS_H

#include <cloze/status.h>

typedef struct cli_rows cli_rows;

/* Choices of --layout, in order. */
enum { LAYOUT_TSV = 1, LAYOUT_CSV, LAYOUT_JSONL, LAYOUT_CONLL, LAYOUT_SQUAD };

enum { ROWS_SLOTS = 68 };

/* What the name of a file says of its layout; tab-separated if nothing. */
int rows_layout(const char *path);
/* `path` "-" is standard input. With `header` the first line of columns names them. Exit code. */
int rows_open(cli_rows **out, const char *path, int layout, bool header);
/* The same of bytes in memory, which are changed; they stay the caller's. */
int rows_open_bytes(cli_rows **out, const char *name, char *bytes, size_t size, int layout,
                    bool header);
void rows_close(cli_rows *rows);

/*
 * Slot `slot` shall hold the column `column`: its name, or its number from 1. Without one it is the
 * column called `name`; in files without names number `number`, counted from the end if it is
 * negative. `option` is what a message advises. Exit code.
 */
int rows_bind(cli_rows *rows, int slot, const char *column, const char *name, int number,
              const char *option);
/* Whether there is a column called `name`; in JSON, whether the next object has such a field. */
bool rows_has(cli_rows *rows, const char *name);
/* The names of the columns, or of the next object's fields, into `out` for messages. */
const char *rows_columns(cli_rows *rows, char *out, size_t size);
/* From here on a row of columns that has more or fewer than the first one is refused. */
void rows_demand_even(cli_rows *rows);
/* Exit code; *more is false at the end. */
int rows_next(cli_rows *rows, bool *more);
/* One text. Exit code: a list in JSON is none. */
int rows_text(cli_rows *rows, int slot, cloze_text *out);
/* A list in JSON, a column of a CoNLL sentence, or the parts of a cell between separators, without
 * empty ones; a text in JSON is split at spaces, if that is the separator. Exit code. */
int rows_list(cli_rows *rows, int slot, char separator, const cloze_text **items, size_t *count);
/* "FILE:LINE" of the row. */
const char *rows_where(const cli_rows *rows, char *out, size_t size);
size_t rows_line(const cli_rows *rows);
const char *rows_name(const cli_rows *rows);

#endif
