/* rows_columns.c - which column of a file, or key of JSON, a slot holds. */
#include "rows_inside.h"

#include "say.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN_NAME = 64 };

void rows_demand_even(cli_rows *rows)
{
    rows->even = true;
}

/* The next object of JSON without going there; NULL where there is none. */
static json_t *peek(const cli_rows *rows)
{
    cell_reader reader = rows->reader;
    cloze_text line = { 0 };
    while (!line.size)
        if (!cells_line(&reader, &line))
            return NULL;
    return json_loadb(line.data, line.size, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
}

static bool is_called(cloze_text column, const char *name)
{
    return column.size == strlen(name) && !memcmp(column.data, name, column.size);
}

bool rows_has(cli_rows *rows, const char *name)
{
    if (rows->layout == LAYOUT_JSONL) {
        json_t *object = peek(rows);
        bool has = json_object_get(object, name) != NULL;
        json_decref(object);
        return has;
    }
    for (size_t i = 0; i < rows->header.count; i++)
        if (is_called(rows->header.item[i], name))
            return true;
    return false;
}

static void append(char *out, size_t size, size_t *used, const char *name, size_t length)
{
    if (*used < size)
        *used += (size_t)snprintf(out + *used, size - *used, "%s%.*s", *used ? ", " : "",
                                  (int)(length < SHOWN_NAME ? length : SHOWN_NAME), name);
}

const char *rows_columns(cli_rows *rows, char *out, size_t size)
{
    size_t used = 0;
    *out = 0;
    if (rows->layout == LAYOUT_JSONL) {
        json_t *object = peek(rows), *value;
        const char *key;
        json_object_foreach(object, key, value) append(out, size, &used, key, strlen(key));
        json_decref(object);
        return out;
    }
    for (size_t i = 0; i < rows->header.count; i++)
        append(out, size, &used, rows->header.item[i].data, rows->header.item[i].size);
    return out;
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

static int no_column(cli_rows *rows, const char *name, const char *option)
{
    char known[512];
    if (!rows->header.count)
        return say_failure(CLOZE_ERROR_ARGUMENT,
                           "the columns of %s have no names; give %s a number, from 1",
                           rows->reader.name, option);
    return say_failure(CLOZE_ERROR_NOT_FOUND, "%s has no column \"%s\", but: %s (see %s)",
                       rows->reader.name, name, rows_columns(rows, known, sizeof known), option);
}

/* Which of two columns of one name is meant is not known. */
static int check_alone(const cli_rows *rows, size_t column, const char *name, const char *option)
{
    for (size_t i = column + 1; i < rows->header.count; i++)
        if (is_called(rows->header.item[i], name))
            return say_failure(CLOZE_ERROR_TEXT,
                               "%s has two columns \"%s\": %s %zu or %zu says which is meant",
                               rows->reader.name, name, option, column + 1, i + 1);
    return 0;
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
        if (is_called(rows->header.item[i], wanted))
            return check_alone(rows, i, wanted, option);
    }
    if ((column && !is_number(column, &given)) || (!column && rows->header.count) || !given)
        return no_column(rows, wanted, option);
    slot->column = given > 0 ? given - 1 : given;
    return 0;
}
