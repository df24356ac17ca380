/* examples.c - see examples.h. The layouts are read in files of their own. */
#include "examples_inside.h"

#include "encoding.h"
#include "say.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int out_of_memory(void)
{
    return say_failure(CLOZE_ERROR_MEMORY, "out of memory");
}

const char *example_where(const cli_example *example, char *out, size_t size)
{
    snprintf(out, size, example->counted ? "%s, question %zu" : "%s:%zu", example->file,
             example->line);
    return out;
}

void examples_clear(cli_examples *examples)
{
    keep_clear(&examples->keep);
    free(examples->item);
    *examples = (cli_examples){ 0 };
}

/* ---- for the readers ---- */

int example_add(example_reader *reader, const cli_example *example)
{
    cli_examples *out = reader->out;
    if (out->count == out->room) {
        size_t room = out->room ? 2 * out->room : 1024, size;
        cli_example *grown = NULL;
        if (!__builtin_mul_overflow(room, sizeof *grown, &size))
            grown = realloc(out->item, size);
        if (!grown)
            return out_of_memory();
        out->item = grown;
        out->room = room;
    }
    out->item[out->count++] = *example;
    return 0;
}

int example_keep(example_reader *reader, cloze_text text, cloze_text *out)
{
    return keep_text(&reader->out->keep, text, out) ? 0 : out_of_memory();
}

int example_keep_context(example_reader *reader, cloze_text text, cloze_text *out)
{
    const cli_examples *all = reader->out;
    cloze_text last = all->count ? all->item[all->count - 1].pair : (cloze_text){ 0 };
    if (!last.data || last.size != text.size || memcmp(last.data, text.data, text.size))
        return example_keep(reader, text, out);
    *out = last;
    return 0;
}

bool text_is_blank(cloze_text text)
{
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] != ' ' && text.data[i] != '\t' && text.data[i] != '\r' &&
            text.data[i] != '\n')
            return false;
    return true;
}

int example_label(example_reader *reader, cloze_text name, cli_example *example)
{
    char where[WHERE_SIZE];
    uint32_t *kept = keep_room(&reader->out->keep, 1, sizeof *kept);
    size_t number = 0;
    int code = kept ? labels_find(reader->labels, name, example_where(example, where, sizeof where),
                                  &number)
                    : out_of_memory();
    if (code)
        return code;
    *kept = (uint32_t)number;
    example->labels = kept;
    example->label_count = 1;
    return 0;
}

int example_lacks(example_reader *reader, const cli_example *example, const char *what, bool *skip)
{
    char where[WHERE_SIZE];
    if (reader->format->skip_empty) {
        *skip = true;
        reader->out->skipped++;
        return 0;
    }
    return say_failure(CLOZE_ERROR_TEXT, "%s: %s; --skip-empty leaves such rows out",
                       example_where(example, where, sizeof where), what);
}

/* The first byte of the answer that is nearest to `begin`, or the first one; SIZE_MAX: none. */
static size_t nearest(cloze_text context, cloze_text answer, size_t begin)
{
    const char *at = context.data, *end = context.data + context.size;
    size_t best = SIZE_MAX;
    if (answer.size <= context.size && begin <= context.size - answer.size &&
        !memcmp(context.data + begin, answer.data, answer.size))
        return begin;
    while ((at = memmem(at, (size_t)(end - at), answer.data, answer.size))) {
        size_t here = (size_t)(at++ - context.data);
        size_t far = here > begin ? here - begin : begin - here;
        if (best == SIZE_MAX || far < (best > begin ? best - begin : begin - best))
            best = here;
        if (begin == SIZE_MAX || here > begin)
            break;
    }
    return best;
}

int example_answer(example_reader *reader, cli_example *example, cloze_text answer, size_t begin)
{
    char where[WHERE_SIZE];
    size_t best = nearest(example->pair, answer, begin);
    if (best == SIZE_MAX)
        return say_failure(CLOZE_ERROR_TEXT,
                           "%s: the answer \"%.*s\" does not stand in the context",
                           example_where(example, where, sizeof where),
                           (int)(answer.size < 64 ? answer.size : 64), answer.data);
    reader->out->searched += begin != SIZE_MAX && best != begin;
    example->answer_begin = best;
    example->answer_end = best + answer.size;
    return 0;
}

void example_other_answer(const cli_example *example, cloze_text answer, size_t begin,
                          cloze_token_offset *others, size_t *count)
{
    size_t best = answer.size ? nearest(example->pair, answer, begin) : SIZE_MAX;
    if (best != SIZE_MAX)
        others[(*count)++] = (cloze_token_offset){ best, best + answer.size };
}

/* ---- which layout, and does it suit ---- */

static int choose_layout(const example_format *format, const char *path)
{
    size_t size = strlen(path);
    int layout = format->layout ? format->layout : rows_layout(path);
    if (format->layout)
        return layout;
    if (layout == LAYOUT_SQUAD && format->kind != EXAMPLES_ANSWERS)
        return LAYOUT_JSONL;
    if (layout == LAYOUT_TSV && format->kind == EXAMPLES_TEXTS &&
        !(size > 4 && !strcmp(path + size - 4, ".tsv")))
        return LAYOUT_LINES;
    return layout;
}

static int check_layout(const example_format *format, int layout, const char *path)
{
    if (layout == LAYOUT_CONLL && format->kind != EXAMPLES_TAGS)
        return say_failure(CLOZE_ERROR_ARGUMENT, "%s: the layout conll is for tags", path);
    if (layout == LAYOUT_SQUAD && format->kind != EXAMPLES_ANSWERS)
        return say_failure(CLOZE_ERROR_ARGUMENT, "%s: the layout squad is for answers", path);
    if (layout == LAYOUT_LINES && format->kind != EXAMPLES_TEXTS)
        return say_failure(CLOZE_ERROR_ARGUMENT, "%s: the layout lines has texts alone", path);
    if (layout == LAYOUT_FOLDER && format->kind != EXAMPLES_LABELS)
        return say_failure(CLOZE_ERROR_ARGUMENT,
                           "%s is a folder: only one label for each text can be read from one",
                           path);
    return 0;
}

int examples_read_bytes(cli_examples *out, const example_format *format, cli_labels *labels,
                        const char *name, char *bytes, size_t size)
{
    example_reader reader = { out, format, labels, name };
    int layout = choose_layout(format, name), code = check_layout(format, layout, name);
    if (code)
        return code;
    switch (layout) {
    case LAYOUT_LINES:
        return examples_from_lines(&reader, bytes, size);
    case LAYOUT_SQUAD:
        return examples_from_squad(&reader, bytes, size);
    case LAYOUT_JSONL:
        if (format->kind == EXAMPLES_ANSWERS)
            return examples_from_answers(&reader, bytes, size);
        /* fallthrough */
    default:
        return examples_from_rows(&reader, bytes, size, layout);
    }
}

static bool is_folder(const char *path)
{
    struct stat about;
    return !stat(path, &about) && S_ISDIR(about.st_mode);
}

int examples_read(cli_examples *out, const example_format *format, cli_labels *labels,
                  const char *path)
{
    example_reader reader = { out, format, labels, path };
    const char *name = strcmp(path, "-") ? path : "standard input";
    char *bytes = NULL;
    size_t size = 0;
    int code;
    if (is_folder(path)) {
        code = check_layout(format, LAYOUT_FOLDER, path);
        return code ? code : examples_from_folder(&reader);
    }
    code = read_text_file(path, format->encoding, &bytes, &size);
    if (!code)
        code = examples_read_bytes(out, format, labels, name, bytes, size);
    free(bytes);
    return code;
}
