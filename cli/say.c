/*
 * say.c - messages and exit codes. A message is one line whatever a file name or a text in it
 * holds: control characters are shown, not sent to the terminal.
 */
#include "say.h"

#include <stdarg.h>
#include <stdio.h>

const exit_meaning exit_meanings[] = {
    { 0, "success" },
    { CLOZE_ERROR_MEMORY, "out of memory" },
    { CLOZE_ERROR_ARGUMENT, "the command line is wrong" },
    { CLOZE_ERROR_NOT_FOUND, "there is no such file, model, tensor or prompt" },
    { CLOZE_ERROR_IO, "reading or writing failed (a full disk, a missing permission)" },
    { CLOZE_ERROR_FORMAT, "a file is damaged" },
    { CLOZE_ERROR_UNSUPPORTED, "a model or file that nothing here can run" },
    { CLOZE_ERROR_LIMIT, "something is larger than a stated limit" },
    { CLOZE_ERROR_TEXT, "a text is too long (with --long error) or is not UTF-8" },
    { CLOZE_ERROR_NETWORK, "the hub did not answer as it should" },
    { CLOZE_ERROR_ACCESS, "the hub wants a token, or refused the one it got" },
    { CLOZE_ERROR_OFFLINE, "not in the cache, and nothing may be downloaded" },
    { EXIT_DIFFERENT, "compare: a difference is larger than --tolerance; check: a rate is above --at-most" },
    { EXIT_INTERRUPTED, "interrupted (Ctrl-C)" },
    { EXIT_BROKEN_PIPE, "whoever read the output stopped reading; no message" },
    { 0, NULL },
};

enum { TEXT_SIZE = CLOZE_MESSAGE_SIZE + 4096 };

/* What was kept instead of being heard: the first failure. */
static bool holding;
static char held[CLOZE_MESSAGE_SIZE];

/* How many bytes at `text` are a character that a terminal obeys: control characters of ASCII and of
 * Unicode (U+0080 to U+009F), marks and overrides of writing direction. */
static int obeyed(const char *text)
{
    const unsigned char *byte = (const unsigned char *)text;
    if (byte[0] < 0x20 || byte[0] == 0x7f)
        return 1;
    if (byte[0] == 0xc2 && byte[1] >= 0x80 && byte[1] < 0xa0)
        return 2;
    if (byte[0] == 0xe2 && ((byte[1] == 0x80 && byte[2] >= 0xaa && byte[2] <= 0xae) ||
                            (byte[1] == 0x81 && byte[2] >= 0xa6 && byte[2] <= 0xa9)))
        return 3;
    return 0;
}

/* In one piece, so that lines of several processes stay apart. */
static void write_line(const char *kind, const char *format, va_list arguments)
{
    char text[TEXT_SIZE], line[4 * TEXT_SIZE + 32];
    size_t used;
    vsnprintf(text, sizeof text, format, arguments);
    if (holding) {
        if (!*kind && !*held)
            snprintf(held, sizeof held, "%.511s", text);
        return;
    }
    used = (size_t)snprintf(line, sizeof line, "cloze: %s", kind);
    for (const char *c = text; *c;) {
        int hidden = obeyed(c);
        if (!hidden)
            line[used++] = *c++;
        for (; hidden; hidden--)
            used += (size_t)snprintf(line + used, sizeof line - used, "\\x%02x",
                                     (unsigned)(unsigned char)*c++);
    }
    line[used++] = '\n';
    fwrite(line, 1, used, stderr);
}

void say_hold(void)
{
    holding = true;
}

const char *say_held(void)
{
    holding = false;
    return held;
}

int say_failure(int code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    write_line("", format, arguments);
    va_end(arguments);
    return code;
}

int say_error(const cloze_error *error, const char *prefix)
{
    if (error->status == CLOZE_ERROR_CANCELLED)
        return EXIT_INTERRUPTED;
    return say_failure((int)error->status, "%s%s%s", prefix ? prefix : "", prefix ? ": " : "",
                       error->message);
}

void say_note(bool quiet, const char *format, ...)
{
    va_list arguments;
    if (quiet)
        return;
    va_start(arguments, format);
    write_line("note: ", format, arguments);
    va_end(arguments);
}
