/*
 * vectors.h - rows of numbers as JSON lines, one JSON document, npy, or raw little-endian bytes.
 */
#ifndef CLI_VECTORS_H
#define CLI_VECTORS_H

#include "output.h"

/* Choices of --format and --quantize, in order. */
enum { FORMAT_JSONL = 1, FORMAT_NPY, FORMAT_RAW };
enum { QUANTIZE_NONE = 0, QUANTIZE_INT8, QUANTIZE_BINARY, QUANTIZE_UBINARY };

typedef struct cli_vectors {
    cli_output *output;
    int format, quantize;
    bool document;     /* --json: one object around the lines */
    const char *model; /* for the document */
    size_t columns;    /* of the vectors that are given */
    size_t rows;       /* written so far */
    size_t texts;
    bool patch; /* the npy header is not final */
} cli_vectors;

typedef struct vector_line {
    cloze_text text; /* NULL data: not shown */
    size_t truncated;
} vector_line;

/* Bytes of one row as it is written. */
size_t vectors_row_bytes(const cli_vectors *vectors);
/* `rows` may be 0: not known yet. */
void vectors_begin(cli_vectors *vectors, size_t rows);
/* One text's row; `row` is float32 [columns], or what the quantization makes of it. */
void vectors_put(cli_vectors *vectors, const vector_line *line, const void *row);
/* The JSON array of one row, or its bytes. */
void vectors_row(cli_vectors *vectors, const void *row);
/* Where a text's entry begins and ends in JSON formats. */
void vectors_open_line(cli_vectors *vectors, const vector_line *line);
void vectors_close_line(cli_vectors *vectors);
void vectors_end(cli_vectors *vectors, const char *summary);

#endif
