/*
 * translate_class.c - classes of characters. PCRE2's classes know unions only, so the complement of
 * a set, a class in a class and an intersection become expressions that match one character:
 * branches, and assertions before it.
 */
#include "text/translate.h"

#include "text/unicode.h"

#include <stdio.h>
#include <string.h>

#define SPACES                                                                                     \
    "\\t-\\r\\x{20}\\x{85}\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}" \
    "\\x{3000}"

/* Names besides those of the table. */
static const struct {
    const char *name, *same, *members;
} others[] = {
    { "\\d", "Nd", NULL },
    { "\\s", NULL, SPACES },
    { "\\h", NULL, "0-9a-fA-F" },
    { "letter", "L", NULL },
    { "uppercaseletter", "Lu", NULL },
    { "lowercaseletter", "Ll", NULL },
    { "mark", "M", NULL },
    { "number", "N", NULL },
    { "digit", "Nd", NULL },
    { "punctuation", "P", NULL },
    { "symbol", "S", NULL },
    { "separator", "Z", NULL },
    { "alpha", "Alphabetic", NULL },
    { "upper", "Uppercase", NULL },
    { "lower", "Lowercase", NULL },
    { "space", NULL, SPACES },
    { "whitespace", NULL, SPACES },
    { "xdigit", NULL, "0-9a-fA-F" },
    { "punct", "P", NULL },
    { "word", "[\\w]", NULL },
    { "ascii", NULL, "\\x{0}-\\x{7f}" },
};

/* Letters of a name are compared without case, blanks, '-' and '_'. */
static bool same_name(const char *name, size_t size, const char *other)
{
    for (size_t i = 0; i < size; i++) {
        char c = name[i];
        if (c == ' ' || c == '-' || c == '_')
            continue;
        if (!*other || ((c ^ *other) & ~32) || ((c ^ *other) && (c | 32) < 'a'))
            return false;
        other++;
    }
    return !*other;
}

static bool put_property(cz_translator *translator, const cz_property *property)
{
    if (!cz_translator_say(translator, property->spelled))
        return false;
    for (size_t i = property->begin; i < (size_t)property->begin + property->count; i++) {
        const uint32_t *range = cz_property_ranges[i];
        char text[32];
        snprintf(text, sizeof text, range[0] < range[1] ? "\\x{%x}-\\x{%x}" : "\\x{%x}",
                 (unsigned)range[0], (unsigned)range[1]);
        if (!cz_translator_say(translator, text))
            return false;
    }
    return true;
}

static bool has_case(const char *name)
{
    static const char *const names[] = { "Lu", "Ll", "Lt", "Uppercase", "Lowercase" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcmp(name, names[i]))
            return true;
    return false;
}

/* The members of the set of that name. */
static bool put_members(cz_translator *translator, const char *name, size_t size)
{
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (same_name(name, size, others[i].name)) {
            if (others[i].members)
                return cz_translator_say(translator, others[i].members);
            name = others[i].same;
            size = strlen(name);
            break;
        }
    for (size_t i = 0; i < cz_property_count; i++)
        if (same_name(name, size, cz_properties[i].name)) {
            if (translator->fold && has_case(cz_properties[i].name))
                return cz_translator_refuse(translator, "ignores the case of upper or lower case");
            return put_property(translator, &cz_properties[i]);
        }
    return cz_translator_refuse(translator, "names a property that is not known");
}

/* Members in brackets, or inside a class without; `inverted`: in brackets, the complement. */
static bool put_set(cz_translator *translator, const char *name, size_t size, bool inside,
                    bool inverted)
{
    bool brackets = !inside || inverted;
    return (!brackets || cz_translator_say(translator, inverted ? "[^" : "[")) &&
           put_members(translator, name, size) && (!brackets || cz_translator_say(translator, "]"));
}

bool cz_translate_set(cz_translator *translator, uint32_t letter, bool inside, bool *complement)
{
    const char name[5] = { '[', '\\', (char)(letter | 32), ']', 0 };
    bool in_class = inside && (letter | 32) == 'w';
    const char *begin = in_class ? name : name + 1, *end;
    size_t size = in_class ? 4 : 2;
    *complement = letter < 'a';
    if (letter == 'p' || letter == 'P') {
        size_t at = translator->at + 1, left;
        if (!cz_translator_take(translator, "{"))
            return cz_translator_refuse(translator, "has a property without braces");
        *complement = *complement != cz_translator_take(translator, "^");
        at = translator->at;
        begin = translator->pattern.data + at;
        left = translator->pattern.size - at;
        end = memchr(begin, '}', left);
        if (!end)
            return cz_translator_refuse(translator, "has a property without an end");
        size = (size_t)(end - begin);
        translator->at = at + size + 1;
    }
    return put_set(translator, begin, size, inside, *complement);
}

bool cz_translate_word(cz_translator *translator)
{
    return put_set(translator, "\\w", 2, false, false);
}

/* What was written of a class: branches from `begin` on, of which the last may be open brackets. */
typedef struct class_parts {
    size_t begin;
    size_t branches;
    bool open;
} class_parts;

/* Opens brackets for members, or closes them for another branch. */
static bool turn(cz_translator *translator, class_parts *parts, bool open)
{
    if (parts->open == open && open)
        return true;
    if (parts->open && !cz_translator_say(translator, "]"))
        return false;
    if (parts->branches && !cz_translator_say(translator, "|"))
        return false;
    parts->branches++;
    parts->open = open;
    return !open || cz_translator_say(translator, "[");
}

/* Ends the branches: one expression from parts->begin on. */
static bool close_parts(cz_translator *translator, class_parts *parts)
{
    if (!parts->branches)
        return cz_translator_refuse(translator, "has a class without members");
    if (parts->open && !cz_translator_say(translator, "]"))
        return false;
    parts->open = false;
    return parts->branches == 1 || (cz_translator_insert(translator, parts->begin, "(?:") &&
                                    cz_translator_say(translator, ")"));
}

/* [:name:] behind "[:". */
static bool translate_posix(cz_translator *translator, class_parts *parts)
{
    static const char *const names[] = { "alnum", "alpha", "digit", "lower", "punct",
                                         "space", "upper", "word",  "xdigit" };
    bool inverted = cz_translator_take(translator, "^");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (cz_translator_take(translator, names[i])) {
            const char *name = strcmp(names[i], "punct") ? names[i] : "[punct]";
            if (!cz_translator_take(translator, ":]"))
                break;
            return turn(translator, parts, !inverted) &&
                   put_set(translator, name, strlen(name), true, inverted);
        }
    return cz_translator_refuse(translator, "has a class of a name that is not known");
}

/* One member: a character, which may begin a range (*single), or a set. */
static bool translate_member(cz_translator *translator, class_parts *parts, uint32_t *code,
                             bool *single)
{
    size_t set = translator->at;
    uint32_t c = cz_translator_next(translator);
    bool complement = false;
    *single = true;
    *code = c;
    if (c != '\\')
        return true;
    c = cz_translator_next(translator);
    if (c == 'b') {
        *code = '\b';
        return true;
    }
    if (!c || c >= 0x80 || !strchr("dDhHsSwWpP", (int)c))
        return cz_translator_escaped(translator, c, code)
                   ? true
                   : cz_translator_refuse(translator, "has an escape that is not supported");
    *single = false;
    complement = c < 'a';
    if ((c == 'p' || c == 'P') && translator->pattern.size - set > 3 &&
        translator->pattern.data[set + 3] == '^')
        complement = !complement;
    return turn(translator, parts, !complement) &&
           cz_translate_set(translator, c, true, &complement);
}

static bool put_range(cz_translator *translator, class_parts *parts, uint32_t first, uint32_t last)
{
    if (last < first)
        return cz_translator_refuse(translator, "has a range that ends before it begins");
    if (translator->fold && last >= 0x80 && last != 0x10FFFF)
        return cz_translator_refuse(translator, "ignores the case of more than ASCII");
    return turn(translator, parts, true) && cz_translator_code(translator, first) &&
           (first == last ||
            (cz_translator_say(translator, "-") && cz_translator_code(translator, last)));
}

static bool at_end(const cz_translator *translator, const char *text)
{
    size_t size = strlen(text);
    return translator->pattern.size - translator->at >= size &&
           !memcmp(translator->pattern.data + translator->at, text, size);
}

/* A member and what it is the beginning of. */
static bool translate_range(cz_translator *translator, class_parts *parts)
{
    uint32_t first, last;
    bool single, dash = at_end(translator, "-");
    if (!translate_member(translator, parts, &first, &single) || !single)
        return !single && translator->error->status == CLOZE_OK;
    if (!at_end(translator, "-") || at_end(translator, "-]"))
        return put_range(translator, parts, first, first);
    translator->at++;
    if (dash || at_end(translator, "-") || at_end(translator, "[") || at_end(translator, "&&"))
        return cz_translator_refuse(translator, "has a dash that could be a range");
    if (!translate_member(translator, parts, &last, &single) || !single)
        return cz_translator_refuse(translator, "has a range that does not end with a character");
    return put_range(translator, parts, first, last);
}

bool cz_translate_class(cz_translator *translator, size_t depth)
{
    size_t whole = translator->size, sides = 1;
    bool inverted = cz_translator_take(translator, "^");
    class_parts parts = { .begin = whole };
    if (depth > CZ_TRANSLATE_DEPTH)
        return cz_translator_refuse(translator, "has too many classes in one another");
    while (!cz_translator_take(translator, "]")) {
        bool made;
        if (translator->at >= translator->pattern.size)
            return cz_translator_refuse(translator, "lacks a closing bracket");
        if (cz_translator_take(translator, "&&")) {
            made = close_parts(translator, &parts) &&
                   cz_translator_insert(translator, parts.begin, "(?=") &&
                   cz_translator_say(translator, ")");
            parts = (class_parts){ .begin = translator->size };
            sides++;
        } else if (cz_translator_take(translator, "[:")) {
            made = translate_posix(translator, &parts);
        } else if (cz_translator_take(translator, "[")) {
            made = turn(translator, &parts, false) && cz_translate_class(translator, depth + 1);
        } else {
            made = translate_range(translator, &parts);
        }
        if (!made)
            return false;
    }
    if (!close_parts(translator, &parts))
        return false;
    if (sides > 1 &&
        (!cz_translator_insert(translator, whole, "(?:") || !cz_translator_say(translator, ")")))
        return false;
    if (!inverted)
        return true;
    if (sides == 1 && parts.branches == 1 && translator->out[whole] == '[' &&
        translator->out[whole + 1] != '^')
        return cz_translator_insert(translator, whole + 1, "^");
    return cz_translator_insert(translator, whole, "(?:(?!") &&
           cz_translator_say(translator, ")[\\x{0}-\\x{10ffff}])");
}
