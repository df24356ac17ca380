/* check.c - see check.h. */
#include "plot/check.h"

#include "base/utf8.h"

bool cz_is_text(cloze_text text)
{
    for (size_t at = 0, step; at < text.size; at += step)
        if (!(step = cz_utf8_length(text.data + at, text.size - at)))
            return false;
    return true;
}
