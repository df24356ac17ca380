/* cells.c - see cells.h. */
#include "cells.h"

#include "say.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int refuse(const cell_reader *reader, const char *what)
{
    return say_failure(CLOZE_ERROR_TEXT, "%s:%zu: %s", reader->name, reader->line, what);
}

bool cells_add(cell_list *list, cloze_text text)
{
    if (list->count == list->capacity) {
        size_t capacity = list->capacity ? 2 * list->capacity : 16, size;
        cloze_text *grown = NULL;
        if (!__builtin_mul_overflow(capacity, sizeof *grown, &size))
            grown = realloc(list->item, size);
        if (!grown)
            return false;
        list->item = grown;
        list->capacity = capacity;
    }
    list->item[list->count++] = text;
    return true;
}

bool cells_line(cell_reader *reader, cloze_text *out)
{
    const char *begin = reader->bytes + reader->at, *end;
    if (reader->at == reader->size)
        return false;
    end = memchr(begin, '\n', reader->size - reader->at);
    *out = (cloze_text){ begin, end ? (size_t)(end - begin) : reader->size - reader->at };
    reader->at += out->size + (end != NULL);
    reader->line = reader->next_line++;
    if (out->size && out->data[out->size - 1] == '\r')
        out->size--;
    return true;
}

bool cells_split(cell_list *out, cloze_text text, char separator)
{
    size_t begin = 0;
    for (size_t i = 0; i <= text.size; i++) {
        if (i < text.size && text.data[i] != separator &&
            !(separator == ' ' && text.data[i] == '\t'))
            continue;
        if ((i > begin || separator != ' ') &&
            !cells_add(out, (cloze_text){ text.data + begin, i - begin }))
            return false;
        begin = i + 1;
    }
    return true;
}

/* A quoted cell from the byte behind its first quote on; `at` moves behind the last. */
static int unquote(cell_reader *reader, size_t *at, cloze_text *out)
{
    char *bytes = reader->bytes;
    size_t from = *at, to = *at;
    for (;; from++) {
        if (from == reader->size)
            return refuse(reader, "a quote of this row is not closed");
        if (bytes[from] == '"' && !(from + 1 < reader->size && bytes[from + 1] == '"'))
            break;
        from += bytes[from] == '"';
        reader->next_line += bytes[from] == '\n';
        bytes[to++] = bytes[from];
    }
    *out = (cloze_text){ bytes + *at, to - *at };
    *at = from + 1;
    return 0;
}

/* Behind a closing quote. */
static bool ends_cell(const cell_reader *reader, size_t at)
{
    if (at < reader->size && reader->bytes[at] == '\r')
        return at + 1 == reader->size || reader->bytes[at + 1] == '\n';
    return at == reader->size || reader->bytes[at] == ',' || reader->bytes[at] == '\n';
}

int cells_csv(cell_reader *reader, cell_list *out, bool *more)
{
    const char *bytes = reader->bytes;
    size_t size = reader->size, at = reader->at;
    *more = at < size;
    reader->line = reader->next_line++;
    for (bool first = true; *more; first = false) {
        cloze_text cell = { bytes + at, 0 };
        int code = 0;
        if (!first && at < size && bytes[at] == ',')
            cell.data = bytes + ++at;
        if (at < size && bytes[at] == '"') {
            at++;
            code = unquote(reader, &at, &cell);
            if (!code && !ends_cell(reader, at))
                code = refuse(reader, "a comma or the end of the row is missing behind a quote");
        } else {
            while (at < size && bytes[at] != ',' && bytes[at] != '\n')
                at++;
            cell.size = (size_t)(bytes + at - cell.data);
            if (cell.size && (at == size || bytes[at] == '\n') && bytes[at - 1] == '\r')
                cell.size--;
        }
        if (code)
            return code;
        if (!cells_add(out, cell))
            return say_failure(CLOZE_ERROR_MEMORY, "out of memory");
        if (at < size && bytes[at] == '\r')
            at++;
        if (at < size && bytes[at] == ',')
            continue;
        at += at < size;
        break;
    }
    reader->at = at;
    return 0;
}

cloze_text cell_trimmed(cloze_text text)
{
    while (text.size && (*text.data == ' ' || *text.data == '\t')) {
        text.data++;
        text.size--;
    }
    while (text.size && (text.data[text.size - 1] == ' ' || text.data[text.size - 1] == '\t'))
        text.size--;
    return text;
}

bool cell_number(cloze_text text, double *out)
{
    char copy[64], *end;
    if (!text.size || text.size >= sizeof copy)
        return false;
    memcpy(copy, text.data, text.size);
    copy[text.size] = 0;
    *out = strtod(copy, &end);
    return end == copy + text.size && isfinite(*out);
}
