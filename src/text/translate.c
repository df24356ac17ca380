/*
 * translate.c - sequences, groups and repetition of an expression. Groups do not capture, and a
 * repetition of a repetition, which PCRE2 would read as lazy or possessive, gets a group of its own.
 */
#include "text/translate.h"

#include "base/memory.h"
#include "text/unicode.h"

#include <stdio.h>
#include <string.h>

bool cz_translator_put(cz_translator *translator, const char *text, size_t size)
{
    if (translator->size + size > CZ_TRANSLATE_SIZE)
        return cz_translator_refuse(translator, "is too long");
    if (!cz_grow(translator->allocator, (void **)&translator->out, &translator->capacity,
                 translator->size + size + 1, 1)) {
        cz_fail_memory(translator->error, "an expression", translator->size + size);
        return false;
    }
    memcpy(translator->out + translator->size, text, size);
    translator->size += size;
    return true;
}

bool cz_translator_say(cz_translator *translator, const char *text)
{
    return cz_translator_put(translator, text, strlen(text));
}

bool cz_translator_insert(cz_translator *translator, size_t place, const char *text)
{
    size_t size = strlen(text), behind = translator->size - place;
    if (!cz_translator_say(translator, text))
        return false;
    memmove(translator->out + place + size, translator->out + place, behind);
    memcpy(translator->out + place, text, size);
    return true;
}

bool cz_translator_refuse(cz_translator *translator, const char *what)
{
    char shown[100];
    cz_fail_at(
        translator->error, CLOZE_ERROR_UNSUPPORTED, translator->at,
        "the expression \"%s\" cannot be used: near byte %zu it %s",
        cz_printable(shown, sizeof shown, translator->pattern.data, translator->pattern.size),
        translator->at, what);
    return false;
}

bool cz_translator_take(cz_translator *translator, const char *text)
{
    size_t size = strlen(text);
    if (translator->pattern.size - translator->at < size ||
        memcmp(translator->pattern.data + translator->at, text, size))
        return false;
    translator->at += size;
    return true;
}

uint32_t cz_translator_next(cz_translator *translator)
{
    return translator->at < translator->pattern.size
               ? cz_utf8_read(translator->pattern.data, &translator->at)
               : 0;
}

bool cz_translator_code(cz_translator *translator, uint32_t code)
{
    char text[16];
    bool plain = (code >= '0' && code <= '9') || (code >= 'a' && code <= 'z') ||
                 (code >= 'A' && code <= 'Z');
    snprintf(text, sizeof text, plain ? "%c" : "\\x{%x}", (unsigned)code);
    return cz_translator_say(translator, text);
}

/* Up to `most` hex digits; their count. */
static size_t read_hex(cz_translator *translator, size_t most, uint32_t *code)
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    size_t count = 0;
    *code = 0;
    for (; count < most && translator->at < translator->pattern.size; count++) {
        char c = translator->pattern.data[translator->at];
        const char *digit = c ? strchr(digits, c) : NULL;
        if (!digit)
            break;
        *code = *code << 4 | ((uint32_t)(digit - digits) & 15);
        translator->at++;
    }
    return count;
}

/* A byte of more than 0x7F would be a part of a character. */
static bool read_escaped_hex(cz_translator *translator, uint32_t letter, uint32_t *code)
{
    if (letter == 'u')
        return read_hex(translator, 4, code) == 4;
    if (cz_translator_take(translator, "{"))
        return read_hex(translator, 6, code) && cz_translator_take(translator, "}");
    return read_hex(translator, 2, code) && *code < 0x80;
}

bool cz_translator_escaped(cz_translator *translator, uint32_t c, uint32_t *code)
{
    static const char letters[] = "tnrfaev", values[] = "\t\n\r\f\a\x1B\v";
    const char *letter = c && c < 0x80 ? strchr(letters, (int)c) : NULL;
    if (letter) {
        *code = (uint32_t)(unsigned char)values[letter - letters];
        return true;
    }
    if (c == 'x' || c == 'u')
        return read_escaped_hex(translator, c, code) && *code < 0x110000 &&
               !(*code >= 0xD800 && *code < 0xE000);
    *code = c;
    return c >= 0x20 && c != 0x7F && !(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'z') &&
           !(c >= 'A' && c <= 'Z');
}

/* Where case does not matter some pairs of letters match one character, as ss does. */
static bool check_fold(cz_translator *translator, uint32_t code)
{
    static const char *const pairs[] = { "ss", "ff", "fi", "fl", "st" };
    uint32_t last = translator->last;
    bool upper = code >= 'A' && code <= 'Z';
    if (!translator->fold)
        return true;
    if (code >= 0x80)
        return cz_translator_refuse(translator, "ignores the case of more than ASCII");
    translator->last = upper ? code + 32 : code;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        if (last == (uint32_t)pairs[i][0] && translator->last == (uint32_t)pairs[i][1])
            return cz_translator_refuse(translator, "ignores the case of a pair that has a letter");
    return true;
}

/* Where a word begins or ends, or not. */
static bool put_boundary(cz_translator *translator, bool is)
{
    const char *const is_parts[] = { "(?:(?<=", ")(?!", ")|(?<!", ")(?=", "))" };
    const char *const not_parts[] = { "(?:(?<=", ")(?=", ")|(?<!", ")(?!", "))" };
    const char *const *parts = is ? is_parts : not_parts;
    for (size_t i = 0; i < 4; i++)
        if (!cz_translator_say(translator, parts[i]) || !cz_translate_word(translator))
            return false;
    return cz_translator_say(translator, parts[4]);
}

/* Behind a backslash; *repeats: it may be repeated. */
static bool translate_escape(cz_translator *translator, bool *repeats)
{
    uint32_t c = cz_translator_next(translator), code;
    bool complement;
    translator->last = 0;
    if (c && c < 0x80 && strchr("dDhHsSwWpP", (int)c))
        return cz_translate_set(translator, c, false, &complement);
    *repeats = false;
    if (c == 'A' || c == 'z' || c == 'Z')
        return cz_translator_say(translator, c == 'A' ? "\\A" : c == 'z' ? "\\z" : "\\Z");
    if (c == 'b' || c == 'B')
        return put_boundary(translator, c == 'b');
    *repeats = true;
    if (!cz_translator_escaped(translator, c, &code))
        return cz_translator_refuse(translator, "has an escape that is not supported");
    return check_fold(translator, code) && cz_translator_code(translator, code);
}

/* {n}, {n,}, {n,m} or {,m} behind the brace; *least is -1 if it is none, and nothing is passed. */
static bool read_interval(cz_translator *translator, long *least, long *most)
{
    const char *data = translator->pattern.data;
    size_t at = translator->at, size = translator->pattern.size, digits[2] = { 0, 0 };
    long values[2] = { 0, 0 };
    bool comma = false;
    *least = -1;
    for (int i = 0; i < 2; i++) {
        for (; at < size && data[at] >= '0' && data[at] <= '9'; at++, digits[i]++)
            values[i] = values[i] > 1000 ? values[i] : values[i] * 10 + (data[at] - '0');
        if (i == 0 && at < size && data[at] == ',') {
            comma = true;
            at++;
        } else if (i == 0) {
            values[1] = values[0];
            break;
        }
    }
    if (at >= size || data[at] != '}' || (!digits[0] && !digits[1]))
        return true;
    translator->at = at + 1;
    if (values[0] > 1000 || values[1] > 1000 || (digits[1] && values[0] > values[1]))
        return cz_translator_refuse(translator, "repeats more than 1000 times");
    *least = values[0];
    *most = comma && !digits[1] ? -1 : values[1];
    return true;
}

/* One quantifier, if there is one: *given. */
static bool read_quantifier(cz_translator *translator, char out[32], bool *given)
{
    long least = -1, most = -1;
    char sign = 0;
    *given = true;
    for (size_t i = 0; !sign && i < 3; i++)
        if (cz_translator_take(translator, (const char *const[]){ "*", "+", "?" }[i]))
            sign = "*+?"[i];
    if (sign) {
        const char *more = cz_translator_take(translator, "?")   ? "?"
                           : cz_translator_take(translator, "+") ? "+"
                                                                 : "";
        snprintf(out, 32, "%c%s", sign, more);
        return true;
    }
    if (cz_translator_take(translator, "{")) {
        if (!read_interval(translator, &least, &most))
            return false;
        if (least < 0)
            translator->at--;
    }
    *given = least >= 0;
    if (!*given)
        return true;
    if (most < 0)
        snprintf(out, 32, "{%ld,}", least);
    else
        snprintf(out, 32, "{%ld,%ld}", least, most);
    if (least != most && cz_translator_take(translator, "?"))
        strcat(out, "?");
    return true;
}

/* The quantifiers behind what was written from `begin` on. */
static bool translate_quantifiers(cz_translator *translator, size_t begin, bool repeats)
{
    for (bool first = true, given = true;; first = false) {
        char text[32];
        if (!read_quantifier(translator, text, &given))
            return false;
        if (!given)
            return true;
        translator->last = 0;
        if (!repeats)
            return cz_translator_refuse(translator, "repeats what has no length");
        if (!first && (!cz_translator_insert(translator, begin, "(?:") ||
                       !cz_translator_say(translator, ")")))
            return false;
        if (!cz_translator_say(translator, text))
            return false;
    }
}

static bool translate_group(cz_translator *translator, size_t depth, bool *repeats);

/* One character, class, group or assertion. */
static bool translate_atom(cz_translator *translator, size_t depth, bool *repeats)
{
    uint32_t c = cz_translator_next(translator);
    *repeats = true;
    if (c == '(')
        return translate_group(translator, depth, repeats);
    if (c == '\\')
        return translate_escape(translator, repeats);
    if (c == '[' || c == '.' || c == '^' || c == '$')
        translator->last = 0;
    if (c == '[')
        return cz_translate_class(translator, depth);
    if (c == '.')
        return cz_translator_say(translator, "[^\\n]");
    if (c == '^' || c == '$') {
        *repeats = false;
        return cz_translator_say(translator, c == '^' ? "(?m:^)" : "(?m:$)");
    }
    if (c == '*' || c == '+' || c == '?')
        return cz_translator_refuse(translator, "repeats nothing");
    return check_fold(translator, c) && cz_translator_code(translator, c);
}

static bool ends_branch(const cz_translator *translator)
{
    return translator->at >= translator->pattern.size ||
           strchr("|)", translator->pattern.data[translator->at]);
}

/* Branches up to a closing parenthesis or the end. */
static bool translate_branches(cz_translator *translator, size_t depth)
{
    if (depth > CZ_TRANSLATE_DEPTH)
        return cz_translator_refuse(translator, "has too many groups in one another");
    do {
        translator->last = 0;
        while (!ends_branch(translator)) {
            size_t begin = translator->size;
            bool repeats;
            if (!translate_atom(translator, depth, &repeats) ||
                !translate_quantifiers(translator, begin, repeats))
                return false;
        }
        if (!cz_translator_take(translator, "|"))
            return true;
    } while (cz_translator_say(translator, "|"));
    return false;
}

/* Behind an opening parenthesis. */
static bool translate_group(cz_translator *translator, size_t depth, bool *repeats)
{
    static const struct {
        const char *spelled;
        bool assertion, folds, keeps;
    } kinds[] = { { "?:", false, false, false }, { "?>", false, false, false },
                  { "?=", true, false, false },  { "?!", true, false, false },
                  { "?<=", true, false, false }, { "?<!", true, false, false },
                  { "?i:", false, true, false }, { "?-i:", false, false, true } };
    size_t count = sizeof kinds / sizeof *kinds, kind = 0;
    bool fold = translator->fold;
    while (kind < count && !cz_translator_take(translator, kinds[kind].spelled))
        kind++;
    if (kind == count && translator->at < translator->pattern.size &&
        translator->pattern.data[translator->at] == '?')
        return cz_translator_refuse(translator, "has a group that is not supported");
    if (kind < count) {
        translator->fold = kinds[kind].folds || (fold && !kinds[kind].keeps);
        *repeats = !kinds[kind].assertion;
    }
    if (!cz_translator_say(translator, "(") ||
        !cz_translator_say(translator, kind < count ? kinds[kind].spelled : "?:") ||
        !translate_branches(translator, depth + 1))
        return false;
    translator->fold = fold;
    translator->last = 0;
    if (!cz_translator_take(translator, ")"))
        return cz_translator_refuse(translator, "lacks a closing parenthesis");
    return cz_translator_say(translator, ")");
}

cloze_status cz_translate(cloze_text pattern, const cloze_allocator *allocator, cloze_text *out,
                          cloze_error *error)
{
    cloze_error own = { 0 };
    cz_translator translator = { .pattern = pattern, .allocator = allocator, .error = &own };
    bool made;
    translator.fold = cz_translator_take(&translator, "(?i)");
    made = (!translator.fold || cz_translator_say(&translator, "(?i)")) &&
           translate_branches(&translator, 0);
    if (made && translator.at < pattern.size)
        made = cz_translator_refuse(&translator, "has a closing parenthesis too many");
    if (made)
        made = cz_translator_put(&translator, "", 1);
    if (!made) {
        cz_release(allocator, translator.out);
        if (error)
            *error = own;
        return own.status;
    }
    *out = (cloze_text){ translator.out, translator.size - 1 };
    return CLOZE_OK;
}
