/* html.c - see html.h. */
#include "html.h"

#include <string.h>
#include <strings.h>

bool piece_is(piece text, const char *expected)
{
    return strlen(expected) == text.size && !strncasecmp(text.at, expected, text.size);
}

bool piece_has(piece text, const char *part)
{
    return memmem(text.at, text.size, part, strlen(part));
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\t' || c == '\f' || c == '\r';
}

/* Attributes end at the first '>' outside of quotes; quotes count only after '='. */
static const char *end_of_attributes(const char *at, const char *end)
{
    while (at < end && *at != '>') {
        char quote = at[0] == '=' && at + 1 < end && (at[1] == '"' || at[1] == '\'') ? at[1] : 0;
        at++;
        if (quote)
            for (at++; at < end && *at != quote;)
                at++;
    }
    return at;
}

/* Raw text ends at "</name" before a space, '/' or '>', whatever stands before it. */
static const char *end_of_raw(const char *at, const char *end, piece name)
{
    for (; at + 2 + name.size < end; at++)
        if (at[0] == '<' && at[1] == '/' && !strncasecmp(at + 2, name.at, name.size) &&
            (is_space(at[2 + name.size]) || at[2 + name.size] == '/' || at[2 + name.size] == '>'))
            return at;
    return end;
}

static const char *after_comment(const char *at, const char *end)
{
    const char *close = end - at > 4 && !memcmp(at, "<!--", 4)
                            ? memmem(at + 2, (size_t)(end - at - 2), "-->", 3)
                            : NULL;
    if (close)
        return close + 3;
    close = memchr(at, '>', (size_t)(end - at));
    return close ? close + 1 : end;
}

static bool begins_tag(const char *at, const char *end)
{
    return at + 1 < end && (is_letter(at[1]) || (at[1] == '/' && at + 2 < end && is_letter(at[2])));
}

static const char *find_tag(const char *at, const char *end)
{
    while (at < end) {
        at = memchr(at, '<', (size_t)(end - at));
        if (!at || begins_tag(at, end))
            return at;
        at = at + 1 < end && (at[1] == '!' || at[1] == '?' || at[1] == '/') ? after_comment(at, end)
                                                                            : at + 1;
    }
    return NULL;
}

static bool holds_raw(piece name)
{
    static const char *const names[] = { "script", "style",   "title",    "textarea",
                                         "iframe", "noembed", "noframes", "xmp" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (piece_is(name, names[i]))
            return true;
    return false;
}

bool html_next(const char **at, const char *end, tag *out)
{
    const char *from = find_tag(*at, end), *to, *next;
    if (!from)
        return false;
    for (to = ++from; to < end && !is_space(*to) && *to != '>' && (*to != '/' || to == from);)
        to++;
    out->name = (piece){ from, (size_t)(to - from) };
    next = end_of_attributes(to, end);
    out->attributes = (piece){ to, (size_t)(next - to) };
    from = next < end ? next + 1 : end;
    to = holds_raw(out->name) ? end_of_raw(from, end, out->name) : find_tag(from, end);
    out->raw = (piece){ from, (size_t)((to ? to : end) - from) };
    *at = to ? to : end;
    return true;
}
