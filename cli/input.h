/*
 * input.h - texts from arguments and files, in order, in chunks of bounded size.
 *
 * A chunk ends early when a pipe has nothing more to give for the moment, so that a program that
 * writes a line and waits for its answer gets it.
 */
#ifndef CLI_INPUT_H
#define CLI_INPUT_H

#include "settings.h"

#include <cloze/status.h>

typedef struct cli_input cli_input;

/* Texts of `arguments`, then of the files. With neither, standard input unless it is a terminal.
 * Returns an exit code, 0 when all is well. */
int input_open(cli_input **out, const cli_settings *settings, char **arguments, size_t count);
void input_close(cli_input *input);
/* What --pair, --pair-field and --tab say together, before anything is opened. Exit code. */
int input_check_pairs(const cli_settings *settings);

/* Replaces the chunk. A count of 0 is the end. */
int input_next(cli_input *input);
size_t input_count(const cli_input *input);
const cloze_text *input_texts(const cli_input *input);
/* Second texts (--pair-field, --tab), or NULL. */
const cloze_text *input_pairs(const cli_input *input);
/* True when nothing follows this chunk. */
bool input_is_last(const cli_input *input);
/* Where text `i` of the chunk came from: "FILE:LINE" or "text N". */
const char *input_where(const cli_input *input, size_t i, char *out, size_t size);

/* False at the first byte that is not UTF-8; its position. */
bool text_is_utf8(cloze_text text, size_t *position);

#endif
