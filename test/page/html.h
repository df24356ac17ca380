/*
 * html.h - what a browser makes of the markup of a page, as far as it matters for what a text could do
 * there: elements with their attributes, and the texts of those that hold raw text.
 */
#ifndef TEST_PAGE_HTML_H
#define TEST_PAGE_HTML_H

#include <stdbool.h>
#include <stddef.h>

/* Part of the bytes of the page. */
typedef struct piece {
    const char *at;
    size_t size;
} piece;

typedef struct tag {
    piece name;       /* with its slash, if it ends an element */
    piece attributes; /* all between name and '>' */
    piece raw; /* of script, style and title: what they hold; else the text up to the next tag */
} tag;

/* The next tag after `at`, by the rules of HTML for tags, comments and raw text. False: there is none. */
bool html_next(const char **at, const char *end, tag *out);
bool piece_is(piece text, const char *expected);
bool piece_has(piece text, const char *part);

#endif
