/*
 * vectors.c - see vectors.h. An npy file says how many rows it has in its first bytes, which are
 * patched at the end when the number was not known.
 */
#include "vectors.h"

#include <stdio.h>
#include <string.h>

enum { NPY_HEADER = 128 };

static bool big_endian(void)
{
    const uint16_t one = 1;
    unsigned char first;
    memcpy(&first, &one, 1);
    return !first;
}

static size_t stored_columns(const cli_vectors *vectors)
{
    return vectors->quantize >= QUANTIZE_BINARY ? (vectors->columns + 7) / 8 : vectors->columns;
}

size_t vectors_row_bytes(const cli_vectors *vectors)
{
    return stored_columns(vectors) * (vectors->quantize ? 1 : sizeof(float));
}

/* Format version 1.0: magic, size of the rest, a Python dict padded with spaces to 128 bytes. */
static void npy_header(const cli_vectors *vectors, char *out, size_t rows)
{
    const char *type = vectors->quantize == QUANTIZE_NONE      ? "<f4"
                       : vectors->quantize == QUANTIZE_UBINARY ? "|u1"
                                                               : "|i1";
    char words[NPY_HEADER];
    int size = snprintf(words, sizeof words,
                        "{'descr': '%s', 'fortran_order': False, 'shape': (%zu, %zu), }", type,
                        rows, stored_columns(vectors));
    memcpy(out, "\x93NUMPY\x01\x00", 8);
    out[8] = NPY_HEADER - 10;
    out[9] = 0;
    memset(out + 10, ' ', NPY_HEADER - 10);
    memcpy(out + 10, words, (size_t)size);
    out[NPY_HEADER - 1] = '\n';
}

void vectors_begin(cli_vectors *vectors, size_t rows)
{
    char header[NPY_HEADER];
    vectors->rows = vectors->texts = 0;
    vectors->patch = vectors->format == FORMAT_NPY && !rows;
    if (vectors->format == FORMAT_NPY) {
        if (vectors->patch)
            output_begin_patchable(vectors->output);
        npy_header(vectors, header, rows);
        output_write(vectors->output, header, sizeof header);
    } else if (vectors->document) {
        output_text(vectors->output, "{\"model\": ");
        output_json(vectors->output, (cloze_text){ vectors->model, strlen(vectors->model) });
        output_format(vectors->output, ", \"dimension\": %zu, \"embeddings\": [", vectors->columns);
    }
}

static void row_json(cli_vectors *vectors, const void *row)
{
    size_t columns = stored_columns(vectors);
    output_text(vectors->output, "[");
    for (size_t i = 0; i < columns; i++) {
        if (i)
            output_text(vectors->output, ", ");
        if (vectors->quantize == QUANTIZE_NONE)
            output_float(vectors->output, ((const float *)row)[i]);
        else if (vectors->quantize == QUANTIZE_UBINARY)
            output_format(vectors->output, "%u", (unsigned)((const uint8_t *)row)[i]);
        else
            output_format(vectors->output, "%d", ((const int8_t *)row)[i]);
    }
    output_text(vectors->output, "]");
}

static void row_bytes(cli_vectors *vectors, const void *row)
{
    size_t size = vectors_row_bytes(vectors);
    if (vectors->quantize || !big_endian()) {
        output_write(vectors->output, row, size);
        return;
    }
    for (size_t i = 0; i < size; i += 4) {
        const char *number = (const char *)row + i;
        const char turned[4] = { number[3], number[2], number[1], number[0] };
        output_write(vectors->output, turned, 4);
    }
}

void vectors_row(cli_vectors *vectors, const void *row)
{
    if (vectors->format == FORMAT_JSONL)
        row_json(vectors, row);
    else
        row_bytes(vectors, row);
    vectors->rows++;
}

void vectors_open_line(cli_vectors *vectors, const vector_line *line)
{
    if (vectors->format != FORMAT_JSONL)
        return;
    if (vectors->document)
        output_text(vectors->output, vectors->texts ? ",\n" : "\n");
    output_format(vectors->output, "{\"index\": %zu", vectors->texts);
    if (line->text.data) {
        output_text(vectors->output, ", \"text\": ");
        output_json(vectors->output, line->text);
    }
    if (line->truncated)
        output_format(vectors->output, ", \"truncated\": %zu", line->truncated);
}

void vectors_close_line(cli_vectors *vectors)
{
    if (vectors->format == FORMAT_JSONL)
        output_text(vectors->output, vectors->document ? "}" : "}\n");
    vectors->texts++;
}

void vectors_put(cli_vectors *vectors, const vector_line *line, const void *row)
{
    vectors_open_line(vectors, line);
    if (vectors->format == FORMAT_JSONL)
        output_text(vectors->output, ", \"embedding\": ");
    vectors_row(vectors, row);
    vectors_close_line(vectors);
}

void vectors_end(cli_vectors *vectors, const char *summary)
{
    char header[NPY_HEADER];
    if (vectors->patch) {
        npy_header(vectors, header, vectors->rows);
        output_patch(vectors->output, header, sizeof header);
    } else if (vectors->document) {
        output_format(vectors->output, "%s], %s}\n", vectors->texts ? "\n" : "", summary);
    }
}
