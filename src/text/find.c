/* find.c - see find.h. */
#include "text/find.h"

#include "base/memory.h"
#include "text/unicode.h"

#include <string.h>

static bool find_text(const cz_finder *finder, const cz_search *search, size_t *begin)
{
    cloze_text line = search->line;
    const char *at = line.data + search->at, *end = line.data + line.size;
    if (!finder->size) {
        *begin = search->at;
        if (search->last == *begin + 1 && *begin < line.size)
            *begin += cz_utf8_length(line.data + *begin, line.size - *begin);
        return search->last != *begin + 1;
    }
    for (; (size_t)(end - at) >= finder->size; at++) {
        at = memchr(at, finder->text[0], (size_t)(end - at) - finder->size + 1);
        if (!at)
            return false;
        if (!memcmp(at, finder->text, finder->size)) {
            *begin = (size_t)(at - line.data);
            return true;
        }
    }
    return false;
}

cloze_status cz_find_next(const cz_finder *finder, cz_search *search, size_t *begin, size_t *end,
                          bool *found, cloze_error *error)
{
    (void)error;
    switch (finder->kind) {
    case CZ_FIND_TEXT:
        *found = find_text(finder, search, begin);
        *end = *begin + finder->size;
        break;
    case CZ_FIND_WORDS:
        *found = search->at < search->line.size;
        *begin = search->at;
        if (*found)
            *end = cz_word_end(finder->rules, search->line, search->at);
        break;
    }
    if (*found) {
        search->at = *end;
        search->last = *end + 1;
    }
    return CLOZE_OK;
}

size_t cz_finder_bytes(const cz_finder *finder)
{
    return finder->text ? finder->size + 1 : 0;
}

void cz_finder_clear(cz_finder *finder, const cloze_allocator *allocator)
{
    cz_release(allocator, finder->text);
    finder->text = NULL;
}
