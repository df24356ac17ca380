/*
 * examples_squad.c - questions with contexts and answers: SQuAD's own file, and JSON lines as its
 * data set is exported. The first answer of a question is learned, and all count where it is measured.
 * Where they begin is counted in characters there, in bytes here.
 */
#include "examples_inside.h"

#include "cells.h"
#include "interrupt.h"
#include "say.h"
#include "squad.h"

#include <string.h>

/* The byte at which character `number` begins; the size if there are not so many. */
static size_t byte_of(cloze_text text, size_t number)
{
    size_t at = 0;
    for (; at < text.size; at++)
        if (((unsigned char)text.data[at] & 0xc0) != 0x80 && !number--)
            break;
    return at;
}

/* The answers to a question: a list of objects, or an object of lists side by side. */
static size_t count_answers(const json_t *answers)
{
    return json_array_size(json_is_object(answers) ? json_object_get(answers, "text") : answers);
}

static const json_t *field_of_answer(const json_t *answers, size_t i, const char *field)
{
    return json_is_object(answers) ? json_array_get(json_object_get(answers, field), i)
                                   : json_object_get(json_array_get(answers, i), field);
}

static size_t begin_of_answer(const json_t *answers, size_t i, cloze_text context)
{
    const json_t *start = field_of_answer(answers, i, "answer_start");
    json_int_t number = json_is_integer(start) ? json_integer_value(start) : -1;
    return number < 0 ? SIZE_MAX : byte_of(context, (size_t)number);
}

static int take_others(example_reader *reader, cli_example *example, const json_t *answers)
{
    size_t count = count_answers(answers);
    cloze_token_offset *others;
    if (count < 2)
        return 0;
    if (!(others = keep_room(&reader->out->keep, count - 1, sizeof *others)))
        return say_failure(CLOZE_ERROR_MEMORY, "out of memory");
    for (size_t i = 1; i < count; i++)
        example_other_answer(example, json_text(field_of_answer(answers, i, "text")),
                             begin_of_answer(answers, i, example->pair), others,
                             &example->other_count);
    example->others = others;
    return 0;
}

static int take_answers(example_reader *reader, cli_example *example, const json_t *answers)
{
    cloze_text text = json_text(field_of_answer(answers, 0, "text"));
    if (!text.size)
        return 0;
    int code = example_answer(reader, example, text, begin_of_answer(answers, 0, example->pair));
    return code ? code : take_others(reader, example, answers);
}

static int take(example_reader *reader, cli_example *example, cloze_text question,
                cloze_text context, const json_t *answers)
{
    bool skip = false;
    int code;
    if (!context.data || !question.data)
        return squad_damaged(reader->name, question.data ? "a paragraph has no context"
                                                         : "a question has no text");
    if (text_is_blank(question) || text_is_blank(context))
        code = example_lacks(
            reader, example,
            text_is_blank(question) ? "the question is empty" : "the context is empty", &skip);
    else if (!(code = example_keep(reader, question, &example->text)))
        code = example_keep_context(reader, context, &example->pair);
    if (!code && !skip)
        code = take_answers(reader, example, answers);
    return code || skip ? code : example_add(reader, example);
}

typedef struct squad_reader {
    example_reader *reader;
    size_t questions;
} squad_reader;

static int of_question(void *context, const squad_question *question)
{
    squad_reader *squad = context;
    cli_example example = { .file = squad->reader->name,
                            .line = ++squad->questions,
                            .counted = true };
    if (interrupted())
        return EXIT_INTERRUPTED;
    return take(squad->reader, &example, question->question, question->context, question->answers);
}

int examples_from_squad(example_reader *reader, const char *bytes, size_t size)
{
    squad_reader squad = { .reader = reader };
    json_t *root = NULL;
    int code = json_bytes_load(&root, reader->name, bytes, size);
    if (!code)
        code = squad_walk(root, reader->name, of_question, &squad);
    json_decref(root);
    return code;
}

/* ---- JSON lines ---- */

static int of_line(example_reader *reader, cloze_text line, size_t number)
{
    cli_example example = { .file = reader->name, .line = number };
    json_error_t trouble;
    json_t *root =
        json_loadb(line.data, line.size, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &trouble);
    const json_t *answers = json_object_get(root, "answers"), *text;
    int code;
    if (!root)
        return say_failure(CLOZE_ERROR_TEXT, "%s:%zu: not JSON at byte %d: %s", reader->name,
                           number, trouble.position, trouble.text);
    text = field_of_answer(answers, 0, "text");
    if (!json_is_object(answers) && !json_is_array(answers))
        code = say_failure(CLOZE_ERROR_TEXT, "%s:%zu: there is no field \"answers\"", reader->name,
                           number);
    else if (text && !json_is_string(text))
        code = say_failure(CLOZE_ERROR_TEXT, "%s:%zu: an answer's text is no text", reader->name,
                           number);
    else
        code = take(reader, &example, json_text(json_object_get(root, "question")),
                    json_text(json_object_get(root, "context")), answers);
    json_decref(root);
    return code;
}

static bool has_answers(cell_reader reader)
{
    cloze_text line = { 0 };
    json_t *root, *answers;
    bool has;
    while (!line.size)
        if (!cells_line(&reader, &line))
            return false;
    root = json_loadb(line.data, line.size, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
    answers = json_object_get(root, "answers");
    has = json_is_object(answers) || json_is_array(answers);
    json_decref(root);
    return has;
}

int examples_from_answers(example_reader *reader, char *bytes, size_t size)
{
    cell_reader lines = { reader->name, bytes, size, 0, 1, 1 };
    cloze_text line;
    int code = 0;
    if (!has_answers(lines))
        return examples_from_rows(reader, bytes, size, LAYOUT_JSONL);
    while (!code && cells_line(&lines, &line))
        if (!text_is_blank(line))
            code = interrupted() ? EXIT_INTERRUPTED : of_line(reader, line, lines.line);
    return code;
}
