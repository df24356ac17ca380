/* rows_values.c - what a row says: one text of a slot, or a list. */
#include "rows_inside.h"

#include "say.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int out_of_memory(void)
{
    return say_failure(CLOZE_ERROR_MEMORY, "out of memory");
}

int rows_text(cli_rows *rows, int number, cloze_text *out)
{
    row_slot *slot = &rows->slots[number];
    const json_t *value = slot->value;
    if (rows->layout == LAYOUT_CONLL)
        return say_failure(CLOZE_ERROR_TEXT, "%s:%zu: a sentence of tags is not one text",
                           rows->reader.name, rows->reader.line);
    if (rows->layout != LAYOUT_JSONL) {
        *out = *rows_cell(rows, slot);
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

static bool split_cell(cell_list *out, cloze_text text, char separator)
{
    size_t kept = 0;
    if (!cells_split(out, text, separator))
        return false;
    for (size_t i = 0; i < out->count; i++) {
        cloze_text part = cell_trimmed(out->item[i]);
        if (part.size)
            out->item[kept++] = part;
    }
    out->count = kept;
    return true;
}

/* Whole numbers of a list are texts, too: classes by number. */
static int json_list(cli_rows *rows, row_slot *slot)
{
    size_t count = json_array_size(slot->value), size;
    char *number;
    free(slot->numbers);
    slot->numbers = NULL;
    if (__builtin_mul_overflow(count + 1, NUMBER_SIZE, &size) || !(slot->numbers = malloc(size)))
        return out_of_memory();
    number = slot->numbers;
    for (size_t i = 0; i < count; i++, number += NUMBER_SIZE) {
        const json_t *item = json_array_get(slot->value, i);
        cloze_text text = { json_string_value(item), json_string_length(item) };
        if (json_is_integer(item)) {
            snprintf(number, NUMBER_SIZE, "%" JSON_INTEGER_FORMAT, json_integer_value(item));
            text = (cloze_text){ number, strlen(number) };
        } else if (!json_is_string(item)) {
            return say_failure(CLOZE_ERROR_TEXT,
                               "%s:%zu: the field \"%s\" holds something else than texts",
                               rows->reader.name, rows->reader.line, slot->key);
        }
        if (!cells_add(&slot->items, text))
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
