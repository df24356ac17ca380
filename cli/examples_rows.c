/* examples_rows.c - examples from rows: columns, JSON lines, CoNLL. */
#include "examples_inside.h"

#include "cells.h"
#include "interrupt.h"
#include "say.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int out_of_memory(void)
{
    return say_failure(CLOZE_ERROR_MEMORY, "out of memory");
}

static int take_text(row_reader *row, int slot, cloze_text *out)
{
    cloze_text text;
    int code = rows_text(row->rows, slot, &text);
    if (code)
        return code;
    if (slot == PAIR && row->reader->format->kind == EXAMPLES_ANSWERS)
        return example_keep_context(row->reader, text, out);
    return example_keep(row->reader, text, out);
}

static int no_number(const cli_example *example, cloze_text text)
{
    char where[WHERE_SIZE];
    return say_failure(CLOZE_ERROR_TEXT, "%s: \"%.*s\" is no number",
                       example_where(example, where, sizeof where),
                       (int)(text.size < 64 ? text.size : 64), text.data);
}

static int take_numbers(row_reader *row, cli_example *example, bool *skip)
{
    float *numbers = keep_room(&row->reader->out->keep, row->columns, sizeof *numbers);
    if (!numbers)
        return out_of_memory();
    for (size_t i = 0; i < row->columns; i++) {
        cloze_text text;
        double number;
        int code = rows_text(row->rows, LABEL + (int)i, &text);
        if (code)
            return code;
        text = cell_trimmed(text);
        if (!text.size)
            return example_lacks(row->reader, example, "there is no number", skip);
        if (!cell_number(text, &number) || !isfinite((float)number))
            return no_number(example, text);
        numbers[i] = (float)number;
    }
    example->numbers = numbers;
    example->number_count = row->columns;
    return 0;
}

/* Labels whose columns hold 1. */
static int take_each(row_reader *row, cli_example *example)
{
    static const char *const no[] = { "0", "0.0", "false", "False", "FALSE" };
    static const char *const yes[] = { "1", "1.0", "true", "True", "TRUE" };
    char where[WHERE_SIZE];
    uint32_t *labels = keep_room(&row->reader->out->keep, row->columns, sizeof *labels);
    if (!labels)
        return out_of_memory();
    example->labels = labels;
    for (size_t i = 0; i < row->columns; i++) {
        cloze_text text;
        bool is = false, known = false;
        int code = rows_text(row->rows, LABEL + (int)i, &text);
        if (code)
            return code;
        text = cell_trimmed(text);
        for (size_t k = 0; k < sizeof no / sizeof *no; k++) {
            is = is || (text.size == strlen(yes[k]) && !memcmp(text.data, yes[k], text.size));
            known =
                known || is || (text.size == strlen(no[k]) && !memcmp(text.data, no[k], text.size));
        }
        if (!known)
            return say_failure(CLOZE_ERROR_TEXT,
                               "%s: a column of --label-columns holds 0 or 1, not \"%.*s\"",
                               example_where(example, where, sizeof where),
                               (int)(text.size < 64 ? text.size : 64), text.data);
        if (is)
            labels[example->label_count++] = row->each_label[i];
    }
    return 0;
}

static int by_number(const void *left, const void *right)
{
    const uint32_t *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

/* The labels of a set; each counts once. */
static int take_set(row_reader *row, cli_example *example)
{
    char where[WHERE_SIZE];
    const cloze_text *items;
    uint32_t *labels;
    size_t count;
    int code = rows_list(row->rows, LABEL, row->separator, &items, &count);
    if (code)
        return code;
    example_where(example, where, sizeof where);
    if (!(labels = keep_room(&row->reader->out->keep, count, sizeof *labels)))
        return out_of_memory();
    example->labels = labels;
    for (size_t i = 0; i < count; i++) {
        size_t number;
        if ((code = labels_find(row->reader->labels, items[i], where, &number)))
            return code;
        labels[i] = (uint32_t)number;
    }
    qsort(labels, count, sizeof *labels, by_number);
    for (size_t i = 0; i < count; i++)
        if (!i || labels[i] != labels[i - 1])
            labels[example->label_count++] = labels[i];
    return 0;
}

/* Words and their tags. A document's mark in CoNLL files is no sentence. */
static int take_tags(row_reader *row, cli_example *example, bool *skip)
{
    char where[WHERE_SIZE];
    const cloze_text *words, *tags;
    cloze_text *kept;
    uint32_t *labels;
    size_t count, tag_count;
    int code = rows_list(row->rows, TEXT, ' ', &words, &count);
    if (!code)
        code = rows_list(row->rows, LABEL, ' ', &tags, &tag_count);
    if (code)
        return code;
    if (count == 1 && words[0].size == 10 && !memcmp(words[0].data, "-DOCSTART-", 10)) {
        *skip = true;
        return 0;
    }
    example_where(example, where, sizeof where);
    if (count != tag_count)
        return say_failure(CLOZE_ERROR_TEXT, "%s: %zu tags for %zu words", where, tag_count, count);
    if (!count)
        return example_lacks(row->reader, example, "there are no words", skip);
    kept = keep_room(&row->reader->out->keep, count, sizeof *kept);
    labels = keep_room(&row->reader->out->keep, count, sizeof *labels);
    if (!kept || !labels)
        return out_of_memory();
    for (size_t i = 0; i < count && !code; i++) {
        size_t number = 0;
        code = example_keep(row->reader, words[i], &kept[i]);
        if (!code)
            code = labels_find(row->reader->labels, tags[i], where, &number);
        labels[i] = (uint32_t)number;
    }
    example->words = kept;
    example->labels = labels;
    example->label_count = count;
    return code;
}

static int take_one_label(row_reader *row, cli_example *example, bool *skip)
{
    cloze_text name;
    int code = rows_text(row->rows, LABEL, &name);
    if (code)
        return code;
    name = cell_trimmed(name);
    if (!name.size)
        return example_lacks(row->reader, example, "there is a text without a label", skip);
    return example_label(row->reader, name, example);
}

static int take_answer(row_reader *row, cli_example *example)
{
    cloze_text answer;
    int code = rows_text(row->rows, LABEL, &answer);
    if (code || !cell_trimmed(answer).size)
        return code;
    return example_answer(row->reader, example, cell_trimmed(answer), SIZE_MAX);
}

static int take_label(row_reader *row, cli_example *example, bool *skip)
{
    switch (row->reader->format->kind) {
    case EXAMPLES_LABELS:
        return take_one_label(row, example, skip);
    case EXAMPLES_SETS:
        return row->each ? take_each(row, example) : take_set(row, example);
    case EXAMPLES_NUMBERS:
    case EXAMPLES_SIMILARITY:
        return take_numbers(row, example, skip);
    case EXAMPLES_ANSWERS:
        return take_answer(row, example);
    default:
        return 0;
    }
}

static int take_texts(row_reader *row, cli_example *example, bool *skip)
{
    static const struct {
        int slot;
        const char *what;
    } texts[] = { { TEXT, "the text is empty" },
                  { PAIR, "the second text is empty" },
                  { NEGATIVE, "the negative is empty" } };
    cloze_text *out[] = { &example->text, &example->pair, &example->negative };
    bool wanted[] = { true, row->pairs, row->negatives };
    for (int i = 0; i < 3; i++) {
        int code = wanted[i] ? take_text(row, texts[i].slot, out[i]) : 0;
        if (!code && wanted[i] && text_is_blank(*out[i]))
            code = example_lacks(row->reader, example, texts[i].what, skip);
        if (code || *skip)
            return code;
    }
    return 0;
}

static int take_row(row_reader *row)
{
    cli_example example = { .file = row->reader->name, .line = rows_line(row->rows) };
    bool skip = false;
    int code;
    if (row->reader->format->kind == EXAMPLES_TAGS) {
        code = take_tags(row, &example, &skip);
    } else {
        code = take_texts(row, &example, &skip);
        if (!code && !skip && row->labels)
            code = take_label(row, &example, &skip);
    }
    return code || skip ? code : example_add(row->reader, &example);
}

int examples_from_rows(example_reader *reader, char *bytes, size_t size, int layout)
{
    const example_format *format = reader->format;
    example_kind kind = format->kind;
    row_reader row = {
        .reader = reader,
        .columns = 1,
        .separator = format->separator ? format->separator : ',',
        .labels = kind != EXAMPLES_TEXTS && kind != EXAMPLES_RANKING,
        .pairs = format->pairs || kind == EXAMPLES_RANKING || kind == EXAMPLES_SIMILARITY ||
                 kind == EXAMPLES_ANSWERS,
    };
    bool more = true;
    int code = rows_open_bytes(&row.rows, reader->name, bytes, size, layout, !format->no_header);
    if (code)
        return code;
    rows_demand_even(row.rows);
    if (!size && layout != LAYOUT_CONLL)
        code = say_failure(CLOZE_ERROR_TEXT, "%s is empty", reader->name);
    if (!code)
        code = examples_bind(&row, layout);
    while (!code && !(code = rows_next(row.rows, &more)) && more)
        code = interrupted() ? EXIT_INTERRUPTED : take_row(&row);
    rows_close(row.rows);
    return code;
}
