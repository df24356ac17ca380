/* strings.c - strings one behind the other, growing at the end. */
#include "text/decode.h"

#include <string.h>

bool cz_strings_append(cz_strings *strings, const cloze_allocator *allocator, const char *text,
                       size_t size)
{
    size_t needed;
    if (!cz_add(strings->size, size, &needed) ||
        !cz_grow(allocator, (void **)&strings->data, &strings->capacity, needed + 1, 1))
        return false;
    if (size)
        memcpy(strings->data + strings->size, text, size);
    strings->size = needed;
    return true;
}

bool cz_strings_end(cz_strings *strings, const cloze_allocator *allocator)
{
    if (!cz_grow(allocator, (void **)&strings->ends, &strings->ends_capacity, strings->count + 1,
                 sizeof *strings->ends))
        return false;
    strings->ends[strings->count++] = strings->size;
    return true;
}

bool cz_strings_put(cz_strings *strings, const cloze_allocator *allocator, const char *text,
                    size_t size)
{
    return cz_strings_append(strings, allocator, text, size) && cz_strings_end(strings, allocator);
}

bool cz_strings_space(cz_strings *strings, const cloze_allocator *allocator)
{
    cz_strings made = { 0 };
    bool good = true;
    for (size_t i = 0, at = 0; i < strings->count && good; at = strings->ends[i++])
        good = (!i || cz_strings_append(&made, allocator, " ", 1)) &&
               cz_strings_put(&made, allocator, strings->data + at, strings->ends[i] - at);
    cz_strings_clear(strings, allocator);
    *strings = made;
    return good;
}

void cz_strings_clear(cz_strings *strings, const cloze_allocator *allocator)
{
    cz_release(allocator, strings->data);
    cz_release(allocator, strings->ends);
    *strings = (cz_strings){ 0 };
}
