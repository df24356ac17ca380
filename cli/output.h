/*
 * output.h - where results go: standard output, or a file that takes its place only when complete.
 *
 * Errors are sticky: write freely, ask once. Not for messages; those go through say.h.
 */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include <cloze/status.h>

typedef struct cli_output cli_output;

/* `path` NULL: standard output. Returns an exit code. */
int output_open(cli_output **out, const char *path);
/* For what is not yet to go anywhere: kept in a temporary file until output_take. Exit code. */
int output_open_kept(cli_output **out);
/* Closes it and gives all bytes, yours to free. Exit code. */
int output_take(cli_output *output, char **bytes, size_t *size);
/* Whether something else can write a file at `path`, of which nothing stays: long work asks first. Exit code. */
int output_check(const char *path);
void output_write(cli_output *output, const void *data, size_t size);
void output_text(cli_output *output, const char *text);
void output_format(cli_output *output, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* A JSON string with its quotes. */
void output_json(cli_output *output, cloze_text text);
/* The shortest of 6 to 9 digits that reads back as the same float; "null" if it is not finite. */
void output_float(cli_output *output, float value);
/* The shortest of 15 to 17 digits that reads back as the same number; "null" if not finite. */
void output_real(cli_output *output, double value);
/* What is buffered goes out: call it at the end of a chunk. */
void output_flush(cli_output *output);
bool output_failed(const cli_output *output);
bool output_is_terminal(const cli_output *output);

/*
 * For a format whose first bytes are known last: from here on what is written can be patched.
 * In a pipe it is kept in a temporary file until the end.
 */
void output_begin_patchable(cli_output *output);
void output_patch(cli_output *output, const void *data, size_t size); /* the first bytes since */

/* Completes the output when `code` is 0, else takes it back; returns the exit code. */
int output_close(cli_output *output, int code);

#endif
