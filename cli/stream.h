/*
 * stream.h - what commands share that read texts, compute something of each chunk with a model and
 * write it: opening in the right order, the loop, and the end.
 */
#ifndef CLI_STREAM_H
#define CLI_STREAM_H

#include "open.h"
#include "output.h"

typedef struct text_stream {
    const cli_settings *settings;
    cli_input *input;
    cli_opened opened;
    cli_output *output;
    cloze_embed_report report; /* of all chunks */
} text_stream;

/* Input and its first chunk, model, output, in this order; `check` (or NULL) refuses a model before
 * the output is opened. Exit code. */
typedef int stream_check(void *job);
int stream_open(text_stream *stream, char **texts, size_t count, stream_check *check, void *job);
/* Calls `each` for every chunk; it adds what it computed with stream_add. Exit code. */
typedef int stream_chunk(void *job);
int stream_run(text_stream *stream, stream_chunk *each, void *job);
void stream_add(text_stream *stream, const cloze_embed_report *report);
/* Closes all; `option` is what changes the limit that texts were cut at. Exit code. */
int stream_close(text_stream *stream, int code, const char *option);

/* What the library refused about a chunk, told by the line of the file. Exit code. */
int stream_say_error(const text_stream *stream, const cloze_error *error);

#endif
