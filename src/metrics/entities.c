/*
 * entities.c - entities in the tags of a sentence, as seqeval 1.2 reads them: the lenient way of
 * conlleval, whose state goes on from one sentence to the next, and the strict schemes, which are
 * tables of what may follow what.
 */
#include "metrics/tally.h"

#include "base/error.h"
#include "base/memory.h"
#include "text/unicode.h"

#include <string.h>

static bool same(cloze_text a, cloze_text b)
{
    return a.size == b.size && (!a.size || !memcmp(a.data, b.data, a.size));
}

static const cloze_text no_type = { "_", 1 };

static bool add(cz_entities *out, const cloze_allocator *allocator, cz_entity entity)
{
    if (!cz_grow(allocator, (void **)&out->items, &out->capacity, out->count + 1,
                 sizeof *out->items))
        return false;
    out->items[out->count++] = entity;
    return true;
}

/* The first letter, and what is behind it. */
static cloze_text letter_of(cloze_text tag, uint32_t *letter)
{
    size_t at = 0;
    *letter = cz_utf8_read(tag.data, &at);
    return (cloze_text){ tag.data + at, tag.size - at };
}

/* ---- lenient ---- */

static bool one_of(uint32_t letter, const char *letters)
{
    return letter && letter < 0x80 && strchr(letters, (int)letter);
}

static bool ends(const cz_tag_state *before, const cz_tag_state *now)
{
    if (one_of(before->letter, "ES") ||
        (one_of(before->letter, "BI") && one_of(now->letter, "BSO")))
        return true;
    return !one_of(before->letter, "O.") && !same(before->type, now->type);
}

static bool starts(const cz_tag_state *before, const cz_tag_state *now)
{
    if (one_of(now->letter, "BS") || (one_of(before->letter, "ESO") && one_of(now->letter, "EI")))
        return true;
    return !one_of(now->letter, "O.") && !same(before->type, now->type);
}

/* "B-PER" is PER, "B-A-B" A-B, "BPER" PER, "B" has no type. */
static cloze_text lenient_type(cloze_text rest)
{
    const char *dash = rest.size ? memchr(rest.data, '-', rest.size) : NULL;
    if (dash) {
        rest.size -= (size_t)(dash + 1 - rest.data);
        rest.data = dash + 1;
    }
    return rest.size ? rest : no_type;
}

/* `state` outlives the sentence, so its type may only point into the constant. */
static bool read_lenient(cz_entities *out, const cloze_text *tags, size_t count, size_t base,
                         const cloze_allocator *allocator)
{
    static const cloze_text outside = { "O", 1 };
    cz_tag_state *state = &out->state;
    for (size_t i = 0; i <= count; i++) {
        cz_tag_state now = { .begin = state->begin };
        now.type = lenient_type(letter_of(i < count ? tags[i] : outside, &now.letter));
        if (ends(state, &now) &&
            !add(out, allocator, (cz_entity){ state->type, state->begin, base + i }))
            return false;
        if (starts(state, &now))
            now.begin = base + i;
        *state = now;
    }
    return true;
}

/* ---- strict ---- */

enum { I = 1, O = 2, B = 4, E = 8, S = 16, U = 32, L = 64, ANY = 127 };
enum { SAME = 1, OTHER = 2, EITHER = 3 };

typedef struct pattern {
    unsigned char before, now, types; /* sets of letters, and whether their types are the same */
} pattern;

enum { PATTERNS = 7 };

/* Each list ends with zeros. */
typedef struct rules {
    unsigned char letters;
    pattern start[PATTERNS], inside[PATTERNS], end[PATTERNS];
} rules;

static const rules schemes[] = {
    [CLOZE_TAGS_IOB1] = { I | O | B,
                          { { O | B, I, EITHER }, { I, I, OTHER }, { I | B, B, SAME } },
                          { { B | I, I, SAME } },
                          { { I, I, OTHER },
                            { I, O | B, EITHER },
                            { B, O, EITHER },
                            { B, I, OTHER },
                            { B, B, SAME } } },
    [CLOZE_TAGS_IOB2] = { I | O | B,
                          { { ANY, B, EITHER } },
                          { { B | I, I, SAME } },
                          { { I | B, O | B, EITHER }, { I | B, I, OTHER } } },
    [CLOZE_TAGS_IOE1] = { I | O | E,
                          { { O | E, I, EITHER }, { I, I, OTHER }, { E, E, SAME } },
                          { { I, I | E, SAME } },
                          { { I, I, OTHER },
                            { I, O, EITHER },
                            { I, E, OTHER },
                            { E, I | E, SAME } } },
    [CLOZE_TAGS_IOE2] = { I | O | E,
                          { { O | E, I | E, EITHER }, { I, I | E, OTHER } },
                          { { I, I | E, SAME } },
                          { { E, ANY, EITHER } } },
    [CLOZE_TAGS_IOBES] = { I | O | B | E | S,
                           { { ANY, B | S, EITHER } },
                           { { B | I, I | E, SAME } },
                           { { S | E, ANY, EITHER } } },
    [CLOZE_TAGS_BILOU] = { I | O | B | L | U,
                           { { ANY, B | U, EITHER } },
                           { { B | I, I | L, SAME } },
                           { { U | L, ANY, EITHER } } },
};

typedef struct strict_tag {
    unsigned char letter; /* of the set; 0: none of the scheme */
    cloze_text type;
} strict_tag;

static strict_tag strict_of(const rules *scheme, cloze_text tag)
{
    static const char letters[] = "IOBESUL";
    uint32_t letter;
    strict_tag out = { 0, letter_of(tag, &letter) };
    const char *found = letter && letter < 0x80 ? strchr(letters, (int)letter) : NULL;
    if (found)
        out.letter = (unsigned char)(1u << (found - letters)) & scheme->letters;
    while (out.type.size && out.type.data[0] == '-') {
        out.type.data++;
        out.type.size--;
    }
    while (out.type.size && out.type.data[out.type.size - 1] == '-')
        out.type.size--;
    if (!out.type.size)
        out.type = no_type;
    return out;
}

static bool matches(const pattern *patterns, const strict_tag *before, const strict_tag *now)
{
    int types = same(before->type, now->type) ? SAME : OTHER;
    for (; patterns->before; patterns++)
        if ((patterns->before & before->letter) && (patterns->now & now->letter) &&
            (patterns->types & types))
            return true;
    return false;
}

static bool read_strict(cz_entities *out, const cloze_text *tags, size_t count, size_t base,
                        const rules *scheme, const cloze_allocator *allocator)
{
    const strict_tag outside = { O, no_type };
    strict_tag before = outside;
    for (size_t i = 0; i < count;) {
        strict_tag now = strict_of(scheme, tags[i]), last = now, next = outside;
        size_t end = i + 1;
        if (!matches(scheme->start, &before, &now)) {
            before = now;
            i++;
            continue;
        }
        for (;; end++) {
            next = end < count ? strict_of(scheme, tags[end]) : outside;
            if (end == count || !matches(scheme->inside, &last, &next))
                break;
            last = next;
        }
        if (matches(scheme->end, &last, &next) &&
            !add(out, allocator, (cz_entity){ now.type, base + i, base + end }))
            return false;
        before = last;
        i = end;
    }
    return true;
}

static cloze_status check(const cloze_text *tags, size_t count, cloze_tag_scheme scheme,
                          cloze_error *error)
{
    char shown[64];
    for (size_t i = 0; i < count; i++) {
        if (!tags[i].size)
            return cz_fail(error, CLOZE_ERROR_TEXT, "word %zu has an empty tag", i + 1);
        if (cz_utf8_check(tags[i].data, tags[i].size) != tags[i].size)
            return cz_fail(error, CLOZE_ERROR_TEXT, "word %zu: the tag is not UTF-8", i + 1);
        if (scheme != CLOZE_TAGS_LENIENT && !strict_of(&schemes[scheme], tags[i]).letter)
            return cz_fail(error, CLOZE_ERROR_TEXT, "word %zu: \"%s\" is no tag of the scheme",
                           i + 1, cz_printable(shown, sizeof shown, tags[i].data, tags[i].size));
    }
    return CLOZE_OK;
}

cloze_status cz_entities_read(cz_entities *out, const cloze_text *tags, size_t count, size_t base,
                              cloze_tag_scheme scheme, const cloze_allocator *allocator,
                              cloze_error *error)
{
    cloze_status status = check(tags, count, scheme, error);
    bool good;
    out->count = 0;
    if (status)
        return status;
    good = scheme == CLOZE_TAGS_LENIENT
               ? read_lenient(out, tags, count, base, allocator)
               : read_strict(out, tags, count, base, &schemes[scheme], allocator);
    return good ? CLOZE_OK : cz_fail_memory(error, "a list of entities", count);
}
