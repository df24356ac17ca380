/*
 * input.c - see input.h. Bytes are read into one growing buffer; complete lines are copied into the
 * chunk's own storage, so a chunk stays valid until the next one is asked for.
 */
#include "input.h"

#include "interrupt.h"
#include "json_line.h"
#include "say.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    CHUNK_TEXTS = 1024,
    CHUNK_BYTES = 4 << 20,
    READ_BYTES = 1 << 18,
    LINE_MOST = 256 << 20, /* bytes of one text */
    LOOK_UP = 100          /* milliseconds */
};

struct cli_input {
    char **arguments;
    size_t argument_count, next_argument;
    const char **files;
    size_t file_count, next_file;
    const char *field, *pair_field;
    bool tab_pairs;
    char separator;

    int descriptor; /* -1: no file is open */
    const char *name;
    size_t line;
    bool ended;   /* the open file has no more bytes */
    char *buffer; /* [begin, filled) is not taken yet */
    size_t begin, scanned, filled, capacity;

    char *store; /* bytes of the chunk's texts */
    size_t stored, store_capacity;
    size_t count;
    cloze_text texts[CHUNK_TEXTS], pairs[CHUNK_TEXTS];
    size_t offset[CHUNK_TEXTS], pair_offset[CHUNK_TEXTS]; /* into store, until the chunk is done */
    size_t lines[CHUNK_TEXTS];
    const char *names[CHUNK_TEXTS]; /* NULL: an argument */
};

bool text_is_utf8(cloze_text text, size_t *position)
{
    const unsigned char *s = (const unsigned char *)text.data;
    for (size_t i = 0; i < text.size;) {
        size_t length = s[i] < 0x80                   ? 1
                        : s[i] >= 0xc2 && s[i] < 0xe0 ? 2
                        : s[i] >= 0xe0 && s[i] < 0xf0 ? 3
                        : s[i] >= 0xf0 && s[i] < 0xf5 ? 4
                                                      : 0;
        bool good = length && length <= text.size - i;
        for (size_t k = 1; good && k < length; k++)
            good = (s[i + k] & 0xc0) == 0x80;
        if (good && length == 3)
            good = (s[i] != 0xe0 || s[i + 1] >= 0xa0) && (s[i] != 0xed || s[i + 1] < 0xa0);
        if (good && length == 4)
            good = (s[i] != 0xf0 || s[i + 1] >= 0x90) && (s[i] != 0xf4 || s[i + 1] < 0x90);
        if (!good) {
            *position = i;
            return false;
        }
        i += length;
    }
    return true;
}

static int grow(char **block, size_t *capacity, size_t needed)
{
    size_t larger = *capacity ? *capacity : READ_BYTES;
    char *grown;
    if (needed <= *capacity)
        return 0;
    while (larger < needed)
        larger *= 2;
    if (!(grown = realloc(*block, larger)))
        return say_failure(CLOZE_ERROR_MEMORY, "out of memory for %zu bytes of text", larger);
    *block = grown;
    *capacity = larger;
    return 0;
}

int input_open(cli_input **out, const cli_settings *settings, char **arguments, size_t count)
{
    static const char *const standard_input[] = { "-" };
    cli_input *input = calloc(1, sizeof *input);
    if (!input)
        return say_failure(CLOZE_ERROR_MEMORY, "out of memory");
    input->arguments = arguments;
    input->argument_count = count;
    input->files = settings->files.item;
    input->file_count = settings->files.count;
    input->field = settings->field;
    input->pair_field = settings->pair_field;
    input->tab_pairs = settings->tab_pairs;
    input->separator = settings->null_separated ? 0 : '\n';
    input->descriptor = -1;
    if (!count && !input->file_count) {
        if (isatty(STDIN_FILENO)) {
            free(input);
            return say_failure(CLOZE_ERROR_ARGUMENT, "no text was given: put it on the command "
                                                     "line, or name a file with -f FILE");
        }
        input->files = (const char **)standard_input;
        input->file_count = 1;
    }
    if (!input->file_count && (input->field || input->pair_field || settings->null_separated)) {
        free(input);
        return say_failure(CLOZE_ERROR_ARGUMENT, "--field, --pair-field and --null say how files "
                                                 "are read; name one with -f FILE");
    }
    *out = input;
    return 0;
}

void input_close(cli_input *input)
{
    if (!input)
        return;
    if (input->descriptor > STDIN_FILENO)
        close(input->descriptor);
    free(input->buffer);
    free(input->store);
    free(input);
}

static int open_next_file(cli_input *input)
{
    const char *path = input->files[input->next_file++];
    bool standard = !strcmp(path, "-");
    input->name = standard ? "standard input" : path;
    input->descriptor = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    input->line = 0;
    input->ended = false;
    input->begin = input->scanned = input->filled = 0;
    if (input->descriptor >= 0)
        return 0;
    if (interrupted())
        return EXIT_INTERRUPTED;
    return say_failure(errno == ENOENT ? (int)CLOZE_ERROR_NOT_FOUND : (int)CLOZE_ERROR_IO,
                       "cannot read %s: %s", path, strerror(errno));
}

/* False when interrupted. It looks up now and then, since a signal may come just before the call,
 * or to another thread. */
static bool wait_for_bytes(const cli_input *input)
{
    struct pollfd question = { .fd = input->descriptor, .events = POLLIN };
    do
        if (interrupted())
            return false;
    while (poll(&question, 1, LOOK_UP) <= 0);
    return !interrupted();
}

/* More bytes into the buffer, or `ended`. */
static int fill(cli_input *input)
{
    ssize_t got;
    int code;
    if (input->begin) {
        memmove(input->buffer, input->buffer + input->begin, input->filled - input->begin);
        input->filled -= input->begin;
        input->scanned -= input->begin;
        input->begin = 0;
    }
    if (input->filled > LINE_MOST)
        return say_failure(CLOZE_ERROR_LIMIT, "%s:%zu: the text is longer than %d MB", input->name,
                           input->line + 1, LINE_MOST >> 20);
    if ((code = grow(&input->buffer, &input->capacity, input->filled + READ_BYTES)))
        return code;
    if (!wait_for_bytes(input))
        return EXIT_INTERRUPTED;
    do
        got = read(input->descriptor, input->buffer + input->filled, READ_BYTES);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return say_failure(CLOZE_ERROR_IO, "cannot read %s: %s", input->name, strerror(errno));
    input->filled += (size_t)got;
    input->ended = !got;
    return 0;
}

/* Copies a text into the chunk's storage. */
static int keep(cli_input *input, cloze_text text, size_t *offset)
{
    int code = grow(&input->store, &input->store_capacity, input->stored + text.size + 1);
    if (code)
        return code;
    if (text.size)
        memcpy(input->store + input->stored, text.data, text.size);
    *offset = input->stored;
    input->stored += text.size;
    return 0;
}

static int check_utf8(const cli_input *input, cloze_text text)
{
    size_t position;
    if (text_is_utf8(text, &position))
        return 0;
    return say_failure(CLOZE_ERROR_TEXT,
                       "%s:%zu: byte %zu of the line is not UTF-8; convert the "
                       "file, for example with iconv -t UTF-8",
                       input->name, input->line, position + 1);
}

static int take_text(cli_input *input, cloze_text text, cloze_text pair)
{
    size_t i = input->count;
    int code = keep(input, text, &input->offset[i]);
    if (!code && pair.data)
        code = keep(input, pair, &input->pair_offset[i]);
    if (code)
        return code;
    input->texts[i] = text;
    input->pairs[i] = pair;
    input->lines[i] = input->line;
    input->names[i] = input->name;
    input->count++;
    return 0;
}

static int take_json(cli_input *input, cloze_text line)
{
    char where[4200];
    json_line parsed;
    int code;
    if (!line.size)
        return 0;
    snprintf(where, sizeof where, "%.4000s:%zu", input->name, input->line);
    if ((code = json_line_parse(&parsed, line, input->field, input->pair_field, where)))
        return code;
    code = take_text(input, parsed.text, parsed.pair);
    json_line_clear(&parsed);
    return code;
}

#define TAB_WANTS "--tab wants two texts with a tab between"

/* At the first tab; false if there is none. */
static bool split_pair(cloze_text *text, cloze_text *pair)
{
    const char *tab = text->size ? memchr(text->data, '\t', text->size) : NULL;
    if (!tab)
        return false;
    pair->data = tab + 1;
    pair->size = text->size - (size_t)(tab + 1 - text->data);
    text->size = (size_t)(tab - text->data);
    return true;
}

static int take_line(cli_input *input, cloze_text line)
{
    cloze_text pair = { NULL, 0 };
    int code;
    input->line++;
    if (input->separator && line.size && line.data[line.size - 1] == '\r')
        line.size--;
    if (input->line == 1 && line.size >= 3 && !memcmp(line.data, "\xef\xbb\xbf", 3)) {
        line.data += 3; /* a byte order mark is not text */
        line.size -= 3;
    }
    if ((code = check_utf8(input, line)))
        return code;
    if (input->field)
        return take_json(input, line);
    if (input->tab_pairs && !split_pair(&line, &pair))
        return say_failure(CLOZE_ERROR_TEXT, "%s:%zu: " TAB_WANTS, input->name, input->line);
    return take_text(input, line, pair);
}

static bool full(const cli_input *input)
{
    return input->count == CHUNK_TEXTS || input->stored >= CHUNK_BYTES;
}

/* The lines that are there, as far as the chunk has room. */
static int take_lines(cli_input *input)
{
    while (input->buffer && !full(input)) {
        const char *from = input->buffer + input->scanned;
        size_t left = input->filled - input->scanned;
        const char *end = left ? memchr(from, input->separator, left) : NULL;
        cloze_text line = { input->buffer + input->begin, 0 };
        int code;
        if (!end && !(input->ended && input->begin < input->filled)) {
            input->scanned = input->filled;
            return 0;
        }
        line.size = end ? (size_t)(end - line.data) : input->filled - input->begin;
        if ((code = take_line(input, line)))
            return code;
        input->begin += line.size + (end ? 1 : 0);
        input->scanned = input->begin;
    }
    return 0;
}

static bool has_more_now(const cli_input *input)
{
    struct pollfd question = { .fd = input->descriptor, .events = POLLIN };
    return poll(&question, 1, 0) != 0;
}

static void close_file(cli_input *input)
{
    if (input->descriptor > STDIN_FILENO)
        close(input->descriptor);
    input->descriptor = -1;
}

static int take_arguments(cli_input *input)
{
    while (!full(input) && input->next_argument < input->argument_count) {
        size_t i = input->count++;
        const char *text = input->arguments[input->next_argument++];
        input->texts[i] = (cloze_text){ text, strlen(text) };
        input->pairs[i] = (cloze_text){ NULL, 0 };
        input->names[i] = NULL;
        input->lines[i] = input->next_argument;
        if (input->tab_pairs && !split_pair(&input->texts[i], &input->pairs[i]))
            return say_failure(CLOZE_ERROR_TEXT, "text %zu: " TAB_WANTS, input->lines[i]);
    }
    return 0;
}

static int take_files(cli_input *input)
{
    int code = 0;
    while (!full(input)) {
        if (input->descriptor < 0) {
            if (input->next_file == input->file_count)
                return 0;
            if ((code = open_next_file(input)))
                return code;
        }
        if ((code = take_lines(input)))
            return code;
        if (full(input))
            return 0;
        if (input->ended)
            close_file(input);
        else if (input->count && !has_more_now(input))
            return 0;
        else if ((code = fill(input)))
            return code;
    }
    return 0;
}

int input_next(cli_input *input)
{
    int code;
    size_t position;
    input->count = input->stored = 0;
    if ((code = take_arguments(input)))
        return code;
    size_t borrowed = input->count;
    for (size_t i = 0; i < borrowed; i++)
        if (!text_is_utf8(input->texts[i], &position))
            return say_failure(CLOZE_ERROR_TEXT, "text %zu: byte %zu is not UTF-8", input->lines[i],
                               position + 1);
    if ((code = take_files(input)))
        return code;
    for (size_t i = borrowed; i < input->count; i++) {
        input->texts[i].data = input->store + input->offset[i];
        if (input->pairs[i].data)
            input->pairs[i].data = input->store + input->pair_offset[i];
    }
    return 0;
}

size_t input_count(const cli_input *input)
{
    return input->count;
}

const cloze_text *input_texts(const cli_input *input)
{
    return input->texts;
}

const cloze_text *input_pairs(const cli_input *input)
{
    return input->pair_field || input->tab_pairs ? input->pairs : NULL;
}

bool input_is_last(const cli_input *input)
{
    return input->next_argument == input->argument_count && input->descriptor < 0 &&
           input->next_file == input->file_count;
}

const char *input_where(const cli_input *input, size_t i, char *out, size_t size)
{
    if (input->names[i])
        snprintf(out, size, "%s:%zu", input->names[i], input->lines[i]);
    else
        snprintf(out, size, "text %zu", input->lines[i]);
    return out;
}

int input_check_pairs(const cli_settings *settings)
{
    size_t position;
    if (settings->pair_field && !settings->field)
        return say_failure(CLOZE_ERROR_ARGUMENT, "--pair-field needs --field");
    if (settings->pair && (settings->pair_field || settings->tab_pairs))
        return say_failure(CLOZE_ERROR_ARGUMENT,
                           "--pair does not go together with --pair-field or --tab");
    if (settings->pair &&
        !text_is_utf8((cloze_text){ settings->pair, strlen(settings->pair) }, &position))
        return say_failure(CLOZE_ERROR_TEXT, "--pair: byte %zu is not UTF-8", position + 1);
    return 0;
}
