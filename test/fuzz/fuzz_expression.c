/* fuzz_expression.c - an expression in the first line and a text behind it: matches go forward, stand
 * where characters begin, and end. */
#include "text/find.h"
#include "text/unicode.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool cuts(cloze_text line, size_t at)
{
    return at < line.size && ((unsigned char)line.data[at] & 0xC0) == 0x80;
}

static void walk(const cz_finder *finder, cloze_text line)
{
    cz_matching matching = { 0 };
    cz_allowance allowance = cz_allowance_at_first();
    cz_search search = cz_search_of(line, &matching, NULL, &allowance.steps);
    size_t begin, end, last = 0;
    bool found = true;
    while (!cz_find_next(finder, &search, &begin, &end, &found, NULL) && found) {
        if (begin < last || end < begin || end > line.size || cuts(line, begin) || cuts(line, end))
            abort();
        last = end;
    }
    cz_matching_clear(&matching);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    const char *line = size ? memchr(text, '\n', size) : NULL;
    size_t pattern = line ? (size_t)(line - text) : size;
    cz_finder finder = { .kind = CZ_FIND_EXPRESSION };
    if (pattern > 4096 || cz_utf8_check(text, size) < size || memchr(text, 0, pattern))
        return 0;
    if (cz_expression_new(&finder.expression, NULL, (cloze_text){ text, pattern }, NULL))
        return 0;
    if (line)
        walk(&finder, (cloze_text){ line + 1, size - pattern - 1 });
    cz_finder_clear(&finder, NULL);
    return 0;
}
