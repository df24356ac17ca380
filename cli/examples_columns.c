/*
 * examples_columns.c - which columns hold the texts and labels: those that are named, else those
 * with the names that people and the well-known data sets use.
 */
#include "examples_inside.h"

#include "cells.h"
#include "say.h"

#include <stdlib.h>
#include <string.h>

/* Each list ends with NULL; the first one that is there is taken. */
static const char *const text_names[] = {
    "text", "sentence", "review", "content", "question", NULL
};
static const char *const word_names[] = { "tokens", "words", "text", "sentence", NULL };
static const char *const label_names[] = { "label",    "labels", "gold_label", "class",
                                           "category", "intent", NULL };
static const char *const set_names[] = { "labels", "label", "categories", "tags", NULL };
static const char *const number_names[] = { "score", "label", "similarity", "rating",
                                            "stars", "value", NULL };
static const char *const tag_names[] = { "tags", "ner_tags", "pos_tags", "labels", "label", NULL };
static const char *const negative_names[] = { "negative", NULL };
static const char *const answer_names[] = { "answer", "label", NULL };
static const char *const question_names[] = { "question", "text", NULL };
static const char *const context_names[] = { "context", "passage", "pair", NULL };
static const char *const couples[][2] = {
    { "text", "pair" },           { "sentence1", "sentence2" }, { "premise", "hypothesis" },
    { "question1", "question2" }, { "question", "sentence" },   { "text1", "text2" },
    { "text_a", "text_b" },       { "anchor", "positive" },     { "query", "passage" },
    { "query", "positive" },      { "question", "answer" },     { NULL, NULL },
};

static int out_of_memory(void)
{
    return say_failure(CLOZE_ERROR_MEMORY, "out of memory");
}

static int nameless(row_reader *row, const char *what, const char *option, const char *first)
{
    char known[512];
    return say_failure(CLOZE_ERROR_NOT_FOUND,
                       "%s has no column for %s (\"%s\", for example), but: %s; name it with %s%s",
                       rows_name(row->rows), what, first,
                       rows_columns(row->rows, known, sizeof known), option,
                       row->json || row->reader->format->no_header
                           ? ""
                           : ", or say --no-header if the first line is an example");
}

/* A slot by the user's column, else by the first usual name; `number` where columns have none. */
static int bind(row_reader *row, int slot, const char *column, const char *const *names, int number,
                const char *what, const char *option)
{
    const char *name = names[0];
    char known[64];
    bool named = *rows_columns(row->rows, known, sizeof known);
    for (int i = 0; names[i] && !column && named; i++)
        if (rows_has(row->rows, names[i])) {
            name = names[i];
            break;
        }
    if (!column && named && !rows_has(row->rows, name))
        return nameless(row, what, option, name);
    return rows_bind(row->rows, slot, column, name, number, option);
}

static int bind_pair(row_reader *row)
{
    const example_format *format = row->reader->format;
    const char *text = format->text_column, *pair = format->pair_column;
    char known[64];
    bool named = *rows_columns(row->rows, known, sizeof known);
    int code;
    for (int i = 0; couples[i][0] && named && !(text && pair); i++)
        if (rows_has(row->rows, text ? text : couples[i][0]) &&
            rows_has(row->rows, pair ? pair : couples[i][1]) &&
            (!text || !strcmp(text, couples[i][0]) || !rows_has(row->rows, couples[i][0]))) {
            text = text ? text : couples[i][0];
            pair = pair ? pair : couples[i][1];
        }
    if (named && !text)
        return nameless(row, "the first text", "--text-column", couples[1][0]);
    if (named && !pair)
        return nameless(row, "the second text", "--pair-column", couples[1][1]);
    code = rows_bind(row->rows, TEXT, text, couples[0][0], 1, "--text-column");
    return code ? code : rows_bind(row->rows, PAIR, pair, couples[0][1], 2, "--pair-column");
}

/* --label-columns: their names are the labels of a set. */
static int bind_each(row_reader *row)
{
    const example_format *format = row->reader->format;
    cell_list names = { 0 };
    cloze_text list = { format->label_columns, strlen(format->label_columns) };
    int code = cells_split(&names, list, ',') ? 0 : out_of_memory();
    row->each = true;
    if (!code && names.count > LABELS_AT_MOST)
        code = say_failure(CLOZE_ERROR_LIMIT, "--label-columns names more than %d columns",
                           LABELS_AT_MOST);
    for (size_t i = 0; i < names.count && !code; i++) {
        cloze_text name;
        size_t number = 0;
        code = example_keep(row->reader, cell_trimmed(names.item[i]), &name);
        if (!code)
            code = rows_bind(row->rows, LABEL + (int)i, name.data, name.data, 0, "--label-columns");
        if (!code && format->kind == EXAMPLES_SETS)
            code = labels_find(row->reader->labels, name, rows_name(row->rows), &number);
        row->each_label[i] = (uint32_t)number;
    }
    row->columns = names.count;
    free(names.item);
    return code;
}

static int bind_question(row_reader *row)
{
    const example_format *format = row->reader->format;
    int code =
        bind(row, TEXT, format->text_column, question_names, 1, "questions", "--text-column");
    return code ? code
                : bind(row, PAIR, format->pair_column, context_names, 2, "contexts",
                       "--pair-column");
}

static int bind_label(row_reader *row)
{
    const example_format *format = row->reader->format;
    const char *const *names = label_names;
    switch (format->kind) {
    case EXAMPLES_SETS:
        names = set_names;
        break;
    case EXAMPLES_NUMBERS:
    case EXAMPLES_SIMILARITY:
        names = number_names;
        break;
    case EXAMPLES_TAGS:
        names = tag_names;
        break;
    case EXAMPLES_ANSWERS:
        names = answer_names;
        break;
    default:
        break;
    }
    return bind(row, LABEL, format->label_column, names, -1, "labels", "--label-column");
}

int examples_bind(row_reader *row, int layout)
{
    const example_format *format = row->reader->format;
    char known[64];
    bool tags = format->kind == EXAMPLES_TAGS;
    bool named = *rows_columns(row->rows, known, sizeof known);
    int code;
    row->json = layout == LAYOUT_JSONL;
    if (format->text_column && format->label_column && row->labels &&
        !strcmp(format->text_column, format->label_column))
        return say_failure(CLOZE_ERROR_ARGUMENT,
                           "--text-column and --label-column are one column, \"%s\": which has the "
                           "labels?",
                           format->text_column);
    if (format->kind == EXAMPLES_ANSWERS)
        code = bind_question(row);
    else if (row->pairs)
        code = bind_pair(row);
    else
        code = bind(row, TEXT, format->text_column,
                    tags && layout != LAYOUT_CONLL ? word_names : text_names, 1,
                    tags ? "words" : "texts", "--text-column");
    row->negatives = format->kind == EXAMPLES_RANKING &&
                     (format->negative_column || (named && rows_has(row->rows, "negative")));
    if (!code && row->negatives)
        code = bind(row, NEGATIVE, format->negative_column, negative_names, 3, "negatives",
                    "--negative-column");
    if (code || !row->labels)
        return code;
    return format->label_columns ? bind_each(row) : bind_label(row);
}
