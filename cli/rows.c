/*
 * rows.c - see rows.h. A slot is a column's number, or a key of JSON; what it holds is asked for
 * row by row.
 */
#include "rows.h"

#include "cells.h"
#include "input.h"
#include "say.h"
#include "whole_file.h"

#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct row_slot {
    const char *key; /* of JSON; NULL: not bound */
    int column;      /* from 0, or negative from the end */
    const json_t *value;
    char number[40]; /* a number of JSON as text */
    cell_list items;
} row_slot;

struct cli_rows {
    cell_reader reader;
    char *owned; /* the reader's bytes, or NULL */
    int layout;
    cell_list header, cells;
    json_t *root;
    row_slot slots[ROWS_SLOTS];
};

static int out_of_memory(void)
{
    return say_failure(CLOZE_ERROR_MEMORY, "out of memory");
}

const char *rows_name(const cli_rows *rows)
{
    return rows->reader.name;
}

const char *rows_where(const cli_rows *rows, char *out, size_t size)
{
    snprintf(out, size, "%s:%zu", rows->reader.name, rows->reader.line);
    return out;
}

static int refuse(const cli_rows *rows, const char *what)
{
    return say_failure(CLOZE_ERROR_TEXT, "%s:%zu: %s", rows->reader.name, rows->reader.line, what);
}

int rows_layout(const char *path)
{
    static const struct {
        const char *ending;
        int layout;
    } known[] = {
        { ".csv", LAYOUT_CSV },     { ".jsonl", LAYOUT_JSONL }, { ".ndjson", LAYOUT_JSONL },
        { ".conll", LAYOUT_CONLL }, { ".bio", LAYOUT_CONLL },   { ".iob", LAYOUT_CONLL },
        { ".iob2", LAYOUT_CONLL },  { ".json", LAYOUT_SQUAD },
    };
    size_t size = strlen(path);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        size_t ending = strlen(known[i].ending);
        if (size > ending && !strcmp(path + size - ending, known[i].ending))
            return known[i].layout;
    }
    return LAYOUT_TSV;
}

/* The next row of columns; empty lines between rows of several columns are no rows. */
static int next_cells(cli_rows *rows, bool *more)
{
    int code = 0;
    do {
        cloze_text line;
        rows->cells.count = 0;
        if (rows->layout == LAYOUT_CSV)
            code = cells_csv(&rows->reader, &rows->cells, more);
        else if ((*more = cells_line(&rows->reader, &line)) &&
                 !cells_split(&rows->cells, line, '\t'))
            code = out_of_memory();
    } while (!code && *more && rows->header.count > 1 && rows->cells.count == 1 &&
             !rows->cells.item[0].size);
    return code;
}

static const cloze_text *cell_of(const cli_rows *rows, const row_slot *slot)
{
    size_t count = rows->cells.count, back = (size_t) - (long)slot->column;
    if (slot->column < 0)
        return back <= count ? &rows->cells.item[count - back] : NULL;
    return (size_t)slot->column < count ? &rows->cells.item[slot->column] : NULL;
}

static int too_few(const cli_rows *rows, const row_slot *slot)
{
    return say_failure(CLOZE_ERROR_TEXT,
                       "%s:%zu: the line has %zu columns, and column %d is asked "
                       "for",
                       rows->reader.name, rows->reader.next_line - 1, rows->cells.count,
                       slot->column < 0 ? -slot->column : slot->column + 1);
}

static int next_sentence(cli_rows *rows, bool *more)
{
    size_t begin = 0;
    cloze_text line;
    *more = false;
    for (int i = 0; i < ROWS_SLOTS; i++)
        rows->slots[i].items.count = 0;
    while (cells_line(&rows->reader, &line)) {
        rows->cells.count = 0;
        if (!cells_split(&rows->cells, line, ' '))
            return out_of_memory();
        if (!rows->cells.count && *more)
            break;
        if (!rows->cells.count)
            continue;
        begin = *more ? begin : rows->reader.line;
        *more = true;
        for (int i = 0; i < ROWS_SLOTS; i++) {
            row_slot *slot = &rows->slots[i];
            const cloze_text *cell = slot->key ? cell_of(rows, slot) : NULL;
            if (slot->key && !cell)
                return too_few(rows, slot);
            if (cell && !cells_add(&slot->items, *cell))
                return out_of_memory();
        }
    }
    rows->reader.line = begin;
    return 0;
}

static int next_json(cli_rows *rows, bool *more)
{
    json_error_t trouble;
    cloze_text line;
    json_decref(rows->root);
    rows->root = NULL;
    do
        *more = cells_line(&rows->reader, &line);
    while (*more && !line.size);
    if (!*more)
        return 0;
    rows->root =
        json_loadb(line.data, line.size, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &trouble);
    if (!rows->root)
        return say_failure(CLOZE_ERROR_TEXT, "%s:%zu: not JSON at byte %d: %s", rows->reader.name,
                           rows->reader.line, trouble.position, trouble.text);
    if (!json_is_object(rows->root))
        return refuse(rows, "the line is not a JSON object");
    for (int i = 0; i < ROWS_SLOTS; i++) {
        row_slot *slot = &rows->slots[i];
        if (slot->key && !(slot->value = json_object_get(rows->root, slot->key)))
            return say_failure(CLOZE_ERROR_TEXT, "%s:%zu: there is no field \"%s\"",
                               rows->reader.name, rows->reader.line, slot->key);
    }
    return 0;
}

int rows_next(cli_rows *rows, bool *more)
{
    int code;
    if (rows->layout == LAYOUT_JSONL)
        return next_json(rows, more);
    if (rows->layout == LAYOUT_CONLL)
        return next_sentence(rows, more);
    code = next_cells(rows, more);
    for (int i = 0; i < ROWS_SLOTS && !code && *more; i++)
        if (rows->slots[i].key && !cell_of(rows, &rows->slots[i]))
            code = too_few(rows, &rows->slots[i]);
    return code;
}

/* ---- what a row says ---- */

int rows_text(cli_rows *rows, int number, cloze_text *out)
{
    row_slot *slot = &rows->slots[number];
    const json_t *value = slot->value;
    if (rows->layout == LAYOUT_CONLL)
        return refuse(rows, "a sentence of tags is not one text");
    if (rows->layout != LAYOUT_JSONL) {
        *out = *cell_of(rows, slot);
        return 0;
    }
    if (json_is_string(value)) {
        *out = (cloze_text){ json_string_value(value), json_string_length(value) };
        return 0;
    }
    if (json_is_integer(value))
        snprintf(slot->number, sizeof slot->number, "%" JSON_INTEGER_FORMAT,
                 json_integer_value(value));
    else if (json_is_real(value))
        snprintf(slot->number, sizeof slot->number, "%.17g", json_real_value(value));
    else if (json_is_boolean(value))
        snprintf(slot->number, sizeof slot->number, "%s", json_is_true(value) ? "true" : "false");
    else
        return say_failure(CLOZE_ERROR_TEXT, "%s:%zu: the field \"%s\" is no text and no number",
                           rows->reader.name, rows->reader.line, slot->key);
    *out = (cloze_text){ slot->number, strlen(slot->number) };
    return 0;
}

/* Without the spaces around it. */
static cloze_text trimmed(cloze_text text)
{
    while (text.size && (*text.data == ' ' || *text.data == '\t')) {
        text.data++;
        text.size--;
    }
    while (text.size && (text.data[text.size - 1] == ' ' || text.data[text.size - 1] == '\t'))
        text.size--;
    return text;
}

static bool split_cell(cell_list *out, cloze_text text, char separator)
{
    size_t kept = 0;
    if (!cells_split(out, text, separator))
        return false;
    for (size_t i = 0; i < out->count; i++) {
        cloze_text part = trimmed(out->item[i]);
        if (part.size)
            out->item[kept++] = part;
    }
    out->count = kept;
    return true;
}

static int json_list(cli_rows *rows, row_slot *slot)
{
    for (size_t i = 0; i < json_array_size(slot->value); i++) {
        const json_t *item = json_array_get(slot->value, i);
        if (!json_is_string(item))
            return say_failure(CLOZE_ERROR_TEXT,
                               "%s:%zu: the field \"%s\" holds something else than texts",
                               rows->reader.name, rows->reader.line, slot->key);
        if (!cells_add(&slot->items,
                       (cloze_text){ json_string_value(item), json_string_length(item) }))
            return out_of_memory();
    }
    return 0;
}

int rows_list(cli_rows *rows, int number, char separator, const cloze_text **items, size_t *count)
{
    row_slot *slot = &rows->slots[number];
    bool json = rows->layout == LAYOUT_JSONL;
    cloze_text text;
    int code = 0;
    if (rows->layout != LAYOUT_CONLL)
        slot->items.count = 0;
    if (json && json_is_array(slot->value)) {
        code = json_list(rows, slot);
    } else if (rows->layout != LAYOUT_CONLL && !(json && json_is_null(slot->value))) {
        if ((code = rows_text(rows, number, &text)))
            return code;
        if (!(json && separator != ' ' ? cells_add(&slot->items, text)
                                       : split_cell(&slot->items, text, separator)))
            code = out_of_memory();
    }
    *items = slot->items.item;
    *count = slot->items.count;
    return code;
}

/* ---- opening ---- */

/* The first row names the columns; it lasts as long as the bytes. */
static int read_header(cli_rows *rows)
{
    cell_list none = { 0 };
    bool more;
    int code = next_cells(rows, &more);
    if (!code && !more)
        code = say_failure(CLOZE_ERROR_TEXT, "%s is empty", rows->reader.name);
    rows->header = rows->cells;
    rows->cells = none;
    return code;
}

int rows_open_bytes(cli_rows **out, const char *name, char *bytes, size_t size, int layout,
                    bool header)
{
    cli_rows *rows = calloc(1, sizeof *rows);
    size_t position;
    int code = 0;
    if (!rows)
        return out_of_memory();
    if (size >= 3 && !memcmp(bytes, "\xef\xbb\xbf", 3)) { /* a byte order mark is not text */
        bytes += 3;
        size -= 3;
    }
    rows->reader = (cell_reader){ name, bytes, size, 0, 1, 1 };
    rows->layout = layout;
    if (!text_is_utf8((cloze_text){ bytes, size }, &position))
        code = say_failure(CLOZE_ERROR_TEXT,
                           "%s: byte %zu is not UTF-8; convert the file, for example with iconv "
                           "-t UTF-8",
                           name, position + 1);
    if (!code && header && (layout == LAYOUT_TSV || layout == LAYOUT_CSV))
        code = read_header(rows);
    if (code)
        rows_close(rows);
    else
        *out = rows;
    return code;
}

int rows_open(cli_rows **out, const char *path, int layout, bool header)
{
    char *bytes = NULL;
    size_t size = 0;
    int code = read_whole_file(path, &bytes, &size);
    if (!code)
        code = rows_open_bytes(out, strcmp(path, "-") ? path : "standard input", bytes, size,
                               layout, header);
    if (code)
        free(bytes);
    else
        (*out)->owned = bytes;
    return code;
}

void rows_close(cli_rows *rows)
{
    if (!rows)
        return;
    for (int i = 0; i < ROWS_SLOTS; i++)
        free(rows->slots[i].items.item);
    free(rows->header.item);
    free(rows->cells.item);
    json_decref(rows->root);
    free(rows->owned);
    free(rows);
}

static bool is_number(const char *text, int *out)
{
    char *end;
    long value = strtol(text, &end, 10);
    if (end == text || *end || value < 1 || value > INT_MAX)
        return false;
    *out = (int)value;
    return true;
}

static int no_column(const cli_rows *rows, const char *name, const char *option)
{
    char known[512];
    size_t used = 0;
    for (size_t i = 0; i < rows->header.count && used < sizeof known; i++)
        used +=
            (size_t)snprintf(known + used, sizeof known - used, "%s%.*s", i ? ", " : "",
                             (int)(rows->header.item[i].size < 64 ? rows->header.item[i].size : 64),
                             rows->header.item[i].data);
    if (!rows->header.count)
        return say_failure(CLOZE_ERROR_ARGUMENT,
                           "the columns of %s have no names; give %s a number, from 1",
                           rows->reader.name, option);
    return say_failure(CLOZE_ERROR_NOT_FOUND, "%s has no column \"%s\", but: %s (see %s)",
                       rows->reader.name, name, known, option);
}

int rows_bind(cli_rows *rows, int number_of_slot, const char *column, const char *name, int number,
              const char *option)
{
    row_slot *slot = &rows->slots[number_of_slot];
    const char *wanted = column ? column : name;
    int given = number;
    slot->key = wanted;
    if (rows->layout == LAYOUT_JSONL)
        return 0;
    for (size_t i = 0; i < rows->header.count; i++) {
        slot->column = (int)i;
        if (rows->header.item[i].size == strlen(wanted) &&
            !memcmp(rows->header.item[i].data, wanted, strlen(wanted)))
            return 0;
    }
    if ((column && !is_number(column, &given)) || (!column && rows->header.count) || !given)
        return no_column(rows, wanted, option);
    slot->column = given > 0 ? given - 1 : given;
    return 0;
}
