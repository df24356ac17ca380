/*
 * sentences.c - see sentences.h. A rule for all languages that finds most ends and invents few: it
 * only says where a text may be cut.
 */
#include "train/sentences.h"

#include <string.h>

static bool begins_with(cloze_text line, size_t at, const char *text)
{
    size_t size = strlen(text);
    return line.size - at >= size && !memcmp(line.data + at, text, size);
}

/* Bytes of the one of these texts that stands at a byte; 0: none of them. */
static size_t one_of(cloze_text line, size_t at, const char *const *texts)
{
    for (; *texts; texts++)
        if (begins_with(line, at, *texts))
            return strlen(*texts);
    return 0;
}

/* Quotes and brackets that close, behind a mark. */
static size_t skip_closing(cloze_text line, size_t at)
{
    static const char *const closing[] = {
        "\"", "'", ")", "]", "\u201d", "\u2019", "\u00bb", NULL
    };
    size_t size;
    while (at < line.size && (size = one_of(line, at, closing)))
        at += size;
    return at;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t';
}

static size_t skip_spaces(cloze_text line, size_t at)
{
    while (at < line.size && is_space(line.data[at]))
        at++;
    return at;
}

/* Abbreviations mostly go on in lower case. */
static bool may_begin(char c)
{
    return !(c >= 'a' && c <= 'z');
}

size_t cz_next_sentence(cloze_text line, size_t from)
{
    static const char *const marks[] = { ".", "!", "?", NULL };
    static const char *const wide_marks[] = { "\u3002", "\uff01", "\uff1f", NULL };
    for (size_t at = from, size; at < line.size; at++) {
        if ((size = one_of(line, at, wide_marks)))
            return skip_spaces(line, skip_closing(line, at + size));
        if (!one_of(line, at, marks))
            continue;
        size_t end = skip_closing(line, at + 1), next = skip_spaces(line, end);
        if (next == line.size || (next > end && may_begin(line.data[next])))
            return next;
    }
    return line.size;
}
