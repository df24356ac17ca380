/*
 * rows.c - see rows.h. A slot is a column's number, or a key of JSON; what it holds is asked for
 * row by row.
 */
#include "rows_inside.h"

#include "input.h"
#include "say.h"
#include "whole_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int out_of_memory(void)
{
    return say_failure(CLOZE_ERROR_MEMORY, "out of memory");
}

const char *rows_name(const cli_rows *rows)
{
    return rows->reader.name;
}

size_t rows_line(const cli_rows *rows)
{
    return rows->reader.line;
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

const cloze_text *rows_cell(const cli_rows *rows, const row_slot *slot)
{
    size_t count = rows->cells.count, back = (size_t) - (long)slot->column;
    if (slot->column < 0)
        return back <= count ? &rows->cells.item[count - back] : NULL;
    return (size_t)slot->column < count ? &rows->cells.item[slot->column] : NULL;
}

static int too_few(const cli_rows *rows, const row_slot *slot)
{
    return say_failure(CLOZE_ERROR_TEXT,
                       "%s:%zu: the line has %zu column%s, and column %d is asked "
                       "for",
                       rows->reader.name, rows->reader.next_line - 1, rows->cells.count,
                       rows->cells.count == 1 ? "" : "s",
                       slot->column < 0 ? -slot->column : slot->column + 1);
}

/* Rows of other lengths than the first one's: a separator inside a text, or a missing cell. */
static int check_width(cli_rows *rows)
{
    static const char *const advice[] = { [LAYOUT_TSV] = "a text must not hold tabs",
                                          [LAYOUT_CSV] = "a text with commas needs quotes",
                                          [LAYOUT_CONLL] = "a line is a word with its tags" };
    const cloze_text *first = rows->cells.item;
    bool conll = rows->layout == LAYOUT_CONLL;
    if (conll && first->size == 10 && !memcmp(first->data, "-DOCSTART-", 10))
        return 0;
    if (conll && rows->cells.count == 1)
        return refuse(rows, "a word without a tag");
    rows->width = rows->width ? rows->width : rows->cells.count;
    if (rows->width == rows->cells.count)
        return 0;
    return say_failure(
        CLOZE_ERROR_TEXT, "%s:%zu: %zu column%s where the first line has %zu: %s",
        rows->reader.name, rows->reader.line, rows->cells.count, rows->cells.count == 1 ? "" : "s",
        rows->width, rows->cells.count < rows->width ? "a cell is missing" : advice[rows->layout]);
}

static int next_sentence(cli_rows *rows, bool *more)
{
    size_t begin = 0;
    cloze_text line;
    int code;
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
        if (rows->even && (code = check_width(rows)))
            return code;
        for (int i = 0; i < ROWS_SLOTS; i++) {
            row_slot *slot = &rows->slots[i];
            const cloze_text *cell = slot->key ? rows_cell(rows, slot) : NULL;
            if (slot->key && !cell)
                return too_few(rows, slot);
            if (cell && !cells_add(&slot->items, *cell))
                return out_of_memory();
        }
    }
    rows->reader.line = begin;
    return 0;
}

int rows_next_json(cli_rows *rows, bool *more)
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
        return rows_next_json(rows, more);
    if (rows->layout == LAYOUT_CONLL)
        return next_sentence(rows, more);
    code = next_cells(rows, more);
    if (!code && *more && rows->even)
        code = check_width(rows);
    for (int i = 0; i < ROWS_SLOTS && !code && *more; i++)
        if (rows->slots[i].key && !rows_cell(rows, &rows->slots[i]))
            code = too_few(rows, &rows->slots[i]);
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
    rows->width = rows->cells.count;
    rows->cells = none;
    return code;
}

static bool is_json_list(cloze_text text)
{
    size_t at = 0;
    while (at < text.size && strchr(" \t\r\n", text.data[at]))
        at++;
    return at < text.size && text.data[at] == '[';
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
    if (!code && layout == LAYOUT_JSONL && is_json_list((cloze_text){ bytes, size }))
        code = say_failure(CLOZE_ERROR_TEXT,
                           "%s is one list of JSON; what is read is an object a line, as "
                           "jq -c '.[]' makes it",
                           name);
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
    for (int i = 0; i < ROWS_SLOTS; i++) {
        free(rows->slots[i].items.item);
        free(rows->slots[i].numbers);
    }
    free(rows->header.item);
    free(rows->cells.item);
    json_decref(rows->root);
    free(rows->owned);
    free(rows);
}
