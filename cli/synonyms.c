/* synonyms.c - words that mean the same, read from a file of lines. */
#include "augment.h"

#include "encoding.h"
#include "say.h"

#include <stdlib.h>
#include <string.h>

enum { SEPARATOR = ',' };

static int out_of_memory(void)
{
    return say_failure(CLOZE_ERROR_MEMORY, "out of memory");
}

static int refuse(const cell_reader *lines, const char *what)
{
    return say_failure(CLOZE_ERROR_TEXT, "%s:%zu: %s", lines->name, lines->line, what);
}

/* The words from `from` on are a group. */
static bool add_group(cli_synonyms *synonyms, size_t from)
{
    size_t count = synonyms->words.count;
    if (count > synonyms->room) {
        size_t room = 2 * count, size;
        synonym *grown = NULL;
        if (!__builtin_mul_overflow(room, sizeof *grown, &size))
            grown = realloc(synonyms->sorted, size);
        if (!grown)
            return false;
        synonyms->sorted = grown;
        synonyms->room = room;
    }
    for (size_t i = from; i < count; i++)
        synonyms->sorted[i] = (synonym){ synonyms->words.item[i], i, from, count };
    return true;
}

static int take_line(cli_synonyms *synonyms, cell_reader *lines, cloze_text line)
{
    cell_list parts = { 0 };
    size_t from = synonyms->words.count;
    int code = 0;
    for (size_t i = 0; i < line.size; i++) /* the bytes are ours */
        if (line.data[i] == '\t')
            lines->bytes[line.data + i - lines->bytes] = SEPARATOR;
    if (!cells_split(&parts, line, SEPARATOR))
        code = out_of_memory();
    for (size_t i = 0; i < parts.count && !code; i++) {
        cloze_text word = cell_trimmed(parts.item[i]);
        if (word.size && !cells_add(&synonyms->words, word))
            code = out_of_memory();
    }
    free(parts.item);
    if (!code && synonyms->words.count - from == 1)
        code = refuse(lines, "a word without a synonym; a line is words with commas between them");
    return code || add_group(synonyms, from) ? code : out_of_memory();
}

/* ---- finding ---- */

static int lower(char c)
{
    return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : (unsigned char)c;
}

static int compare(cloze_text a, cloze_text b)
{
    for (size_t i = 0; i < a.size && i < b.size; i++)
        if (lower(a.data[i]) != lower(b.data[i]))
            return lower(a.data[i]) - lower(b.data[i]);
    return (a.size > b.size) - (a.size < b.size);
}

static int by_word(const void *left, const void *right)
{
    const synonym *a = left, *b = right;
    int order = compare(a->word, b->word);
    return order ? order : (a->at > b->at) - (a->at < b->at);
}

bool synonyms_find(const cli_synonyms *synonyms, cloze_text word, cli_chance *chance,
                   cloze_text *out)
{
    size_t low = 0, high = synonyms->words.count, other;
    const synonym *found;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare(synonyms->sorted[middle].word, word) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == synonyms->words.count || compare(synonyms->sorted[low].word, word))
        return false;
    found = &synonyms->sorted[low];
    other = found->first + chance_below(chance, found->last - found->first - 1);
    *out = synonyms->words.item[other + (other >= found->at)];
    return true;
}

/* ---- reading ---- */

int synonyms_read_bytes(cli_synonyms *synonyms, const char *name, char *bytes, size_t size)
{
    cell_reader lines = { name, bytes, size, 0, 1, 1 };
    cloze_text line;
    int code = 0;
    while (!code && cells_line(&lines, &line))
        code = take_line(synonyms, &lines, line);
    if (!code && !synonyms->words.count)
        code = say_failure(CLOZE_ERROR_TEXT, "%s holds no words", name);
    if (code)
        synonyms_clear(synonyms);
    else
        qsort(synonyms->sorted, synonyms->words.count, sizeof *synonyms->sorted, by_word);
    return code;
}

int synonyms_read(cli_synonyms *synonyms, const char *path, int encoding)
{
    size_t size = 0;
    char *bytes = NULL;
    int code = read_text_file(path, encoding, &bytes, &size);
    if (!code)
        code = synonyms_read_bytes(synonyms, path, bytes, size);
    if (code)
        free(bytes);
    else
        synonyms->bytes = bytes;
    return code;
}

void synonyms_clear(cli_synonyms *synonyms)
{
    free(synonyms->bytes);
    free(synonyms->words.item);
    free(synonyms->sorted);
    *synonyms = (cli_synonyms){ 0 };
}
