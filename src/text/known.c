/*
 * known.c - the split patterns of widely used tokenizers without a regular expression. Each looks
 * at a character at most twice, so no text makes them slow.
 *
 *   GPT-2, RoBERTa, ModernBERT
 *     's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
 *   cl100k, Llama 3; Qwen with single digits
 *     (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*
 *     |\s*[\r\n]+|\s+(?!\S)|\s+
 */
#include "text/find.h"
#include "text/unicode.h"

#include <string.h>

#define NEWER(digits)                                                                              \
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|" digits                           \
    "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"

bool cz_word_rules_of(cloze_text pattern, cz_word_rules *rules)
{
    static const struct {
        const char *pattern;
        cz_word_rules rules;
    } known[] = {
        { "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
          { false, 0 } },
        { NEWER("\\p{N}{1,3}"), { true, 3 } },
        { NEWER("\\p{N}"), { true, 1 } },
        { NEWER("\\p{N}+"), { true, 0 } },
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (pattern.size == strlen(known[i].pattern) &&
            !memcmp(pattern.data, known[i].pattern, pattern.size)) {
            *rules = known[i].rules;
            return true;
        }
    return false;
}

static unsigned kind_at(cloze_text line, size_t at, size_t *next)
{
    *next = at;
    return cz_unicode_kind_of(cz_utf8_read(line.data, next));
}

/* The letter at `at` in lower case; a long s is an s, as where case is ignored. */
static char letter_at(cloze_text line, size_t at, bool fold, size_t *next)
{
    unsigned char c = at < line.size ? (unsigned char)line.data[at] : 0;
    *next = at + 1;
    if (fold && c >= 'A' && c <= 'Z')
        return (char)(c + 32);
    if (fold && c == 0xC5 && (unsigned char)line.data[at + 1] == 0xBF) {
        *next = at + 2;
        return 's';
    }
    return (char)c;
}

/* The end of 's, 't, 're, 've, 'm, 'll, 'd at `at`, or `at`. */
static size_t contraction(cloze_text line, size_t at, bool fold)
{
    size_t next, end;
    char first, second;
    if (line.data[at] != '\'')
        return at;
    first = letter_at(line, at + 1, fold, &next);
    if (first && strchr("stmd", first))
        return next;
    second = letter_at(line, next, fold, &end);
    if ((second == 'e' && (first == 'r' || first == 'v')) || (second == 'l' && first == 'l'))
        return end;
    return at;
}

/* The end of a run of one kind, of at most `most` characters. */
static size_t run_end(cloze_text line, size_t at, unsigned kind, size_t most)
{
    size_t next;
    for (; at < line.size && most && kind_at(line, at, &next) == kind; at = next)
        most--;
    return at;
}

static bool is_break(char c)
{
    return c == '\r' || c == '\n';
}

/* The end of a run of white space: one character is left to the word behind it, if any. Where lines
 * count, the run ends with its last line. */
static size_t blanks(cloze_text line, size_t at, bool lines)
{
    size_t last = at, end = at, line_end = 0, next;
    while (end < line.size && kind_at(line, end, &next) == CZ_KIND_BLANK) {
        last = end;
        if (is_break(line.data[end]))
            line_end = next;
        end = next;
    }
    if (lines && line_end)
        return line_end;
    return end == line.size || last == at ? end : last;
}

static size_t older_end(cloze_text line, size_t at)
{
    size_t next;
    unsigned kind = kind_at(line, at, &next);
    if (line.data[at] == ' ' && next < line.size)
        kind = kind_at(line, at + 1, &next);
    return kind == CZ_KIND_BLANK ? blanks(line, at, false) : run_end(line, next, kind, SIZE_MAX);
}

static size_t newer_end(cz_word_rules rules, cloze_text line, size_t at)
{
    size_t next, behind;
    unsigned kind = kind_at(line, at, &next), second = CZ_KIND_BLANK;
    if (kind == CZ_KIND_LETTER)
        return run_end(line, next, kind, SIZE_MAX);
    if (kind == CZ_KIND_NUMBER)
        return run_end(line, at, kind, rules.digits ? rules.digits : SIZE_MAX);
    if (next < line.size)
        second = kind_at(line, next, &behind);
    if (second == CZ_KIND_LETTER && !is_break(line.data[at]))
        return run_end(line, next, second, SIZE_MAX);
    if (kind == CZ_KIND_OTHER || (line.data[at] == ' ' && second == CZ_KIND_OTHER)) {
        size_t end = run_end(line, next, CZ_KIND_OTHER, SIZE_MAX);
        while (end < line.size && is_break(line.data[end]))
            end++;
        return end;
    }
    return blanks(line, at, true);
}

size_t cz_word_end(cz_word_rules rules, cloze_text line, size_t at)
{
    size_t end = contraction(line, at, rules.newer);
    if (end > at)
        return end;
    return rules.newer ? newer_end(rules, line, at) : older_end(line, at);
}
