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

/* Two or more spaces from search->at on. */
static bool find_spaces(const cz_search *search, size_t *begin, size_t *end)
{
    cloze_text line = search->line;
    for (size_t at = search->at; at < line.size; at = *end) {
        const char *space = memchr(line.data + at, ' ', line.size - at);
        if (!space)
            return false;
        *begin = (size_t)(space - line.data);
        for (*end = *begin + 1; *end < line.size && line.data[*end] == ' ';)
            ++*end;
        if (*end - *begin > 1)
            return true;
    }
    return false;
}

static size_t behind(cloze_text line, size_t at)
{
    return at < line.size ? at + cz_utf8_length(line.data + at, line.size - at) : at + 1;
}

/* The package asks again one character on where an empty match stands at the end of the last. */
static cloze_status find_expression(const cz_finder *finder, cz_search *search, size_t *begin,
                                    size_t *end, bool *found, cloze_error *error)
{
    size_t from = search->at;
    for (*found = false; from <= search->line.size; from = behind(search->line, from)) {
        cloze_status status =
            cz_expression_find(finder->expression, search->matching, search->allocator,
                               search->line, from, search->steps, begin, end, found, error);
        if (status || !*found || *begin < *end || search->last != *begin + 1)
            return status;
        *found = false;
    }
    return CLOZE_OK;
}

cloze_status cz_find_next(const cz_finder *finder, cz_search *search, size_t *begin, size_t *end,
                          bool *found, cloze_error *error)
{
    cloze_status status = CLOZE_OK;
    switch (finder->kind) {
    case CZ_FIND_TEXT:
        *found = find_text(finder, search, begin);
        *end = *begin + finder->size;
        break;
    case CZ_FIND_SPACES:
        *found = find_spaces(search, begin, end);
        break;
    case CZ_FIND_WORDS:
        *found = search->at < search->line.size;
        *begin = search->at;
        if (*found)
            *end = cz_word_end(finder->rules, search->line, search->at);
        break;
    case CZ_FIND_EXPRESSION:
        status = find_expression(finder, search, begin, end, found, error);
        break;
    }
    if (!status && *found) {
        search->at = *end;
        search->last = *end + 1;
    }
    return status;
}

size_t cz_finder_bytes(const cz_finder *finder)
{
    return (finder->text ? finder->size + 1 : 0) +
           (finder->expression ? cz_expression_bytes(finder->expression) : 0);
}

void cz_finder_clear(cz_finder *finder, const cloze_allocator *allocator)
{
    cz_release(allocator, finder->text);
    cz_expression_free(finder->expression);
    finder->text = NULL;
    finder->expression = NULL;
}
