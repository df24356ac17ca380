/*
 * merges_file.c - merges.txt: one merge a line, the first joined first. As transformers reads it the
 * first line says nothing of merges, nor does what follows the last line feed; of equal lines the
 * first counts.
 */
#include "text/loaders.h"

/* The size of the line, and in *ending of what ends it: LF, CR LF or CR; 0: nothing does. */
static size_t line_of(const char *text, size_t size, size_t *ending)
{
    size_t i = 0;
    while (i < size && text[i] != '\n' && text[i] != '\r')
        i++;
    *ending = i == size ? 0 : 1;
    if (size - i > 1 && text[i] == '\r' && text[i + 1] == '\n')
        *ending = 2;
    return i;
}

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r') || (c >= 0x1C && c <= 0x1F);
}

/* Both halves of a line; false if it has not two words. */
static bool halves_of(const char *line, size_t size, cloze_text half[2])
{
    size_t count = 0;
    for (size_t at = 0; at < size;) {
        size_t begin = at;
        while (at < size && !is_blank(line[at]))
            at++;
        if (at > begin && count == 2)
            return false;
        if (at > begin)
            half[count++] = (cloze_text){ line + begin, at - begin };
        while (at < size && is_blank(line[at]))
            at++;
    }
    return count == 2;
}

static size_t count_lines(const char *text, size_t size)
{
    size_t count = 0, ending;
    for (size_t at = 0; at < size; count++) {
        at += line_of(text + at, size - at, &ending);
        at += ending;
    }
    return count;
}

cloze_status cz_load_merges(cloze_tokenizer *tokenizer, const char *text, size_t size,
                            cloze_error *error)
{
    size_t ending, number = 0, line = 1, at = line_of(text, size, &ending);
    cloze_status status = cz_bpe_begin(tokenizer, count_lines(text, size), error);
    at += ending;
    while (at < size && !status) {
        size_t length = line_of(text + at, size - at, &ending);
        cloze_text half[2];
        if (!ending)
            break;
        line++;
        if (!halves_of(text + at, length, half))
            return cz_fail_at(error, CLOZE_ERROR_FORMAT, at,
                              "merges.txt: line %zu is not two tokens with a space between them",
                              line);
        status = cz_bpe_add_merge(tokenizer, half, number, true, error);
        number++;
        at += length + ending;
    }
    return status;
}
