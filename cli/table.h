/*
 * table.h - text in columns on a terminal: display widths (wide and combining characters), and
 * text made printable. Knows no models.
 */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

#include "output.h"

/* Columns that printable UTF-8 takes on a terminal. */
size_t text_columns(cloze_text text);
/* Writes `text` with control characters shown, cut with "…" to `columns` (0: no limit), and
 * padded to them when `pad`. Returns the columns written. */
size_t output_cell(cli_output *output, cloze_text text, size_t columns, bool pad);
size_t cell_columns(cloze_text text); /* what output_cell takes without a limit */
/* Width of the terminal that `output` is, 0 if it is none. */
size_t output_columns(const cli_output *output);

#endif
