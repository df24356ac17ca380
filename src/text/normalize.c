/*
 * normalize.c - the long way of normalizing: an array of characters, each with the bytes of the
 * text that it came from, goes through the steps one after the other.
 *
 * As in the package, a character that a step inserts shares the origin of the one before it, and
 * after decomposing and reordering the origins are given out by position: each character that
 * stands for an original one takes the next origin, whatever the order.
 */
#include "text/charsmap.h"
#include "text/parts.h"

bool cz_characters_reserve(const cloze_allocator *allocator, cz_characters *characters,
                           size_t needed)
{
    return cz_grow(allocator, (void **)&characters->items, &characters->capacity, needed,
                   sizeof *characters->items);
}

void cz_characters_swap(cz_characters *a, cz_characters *b)
{
    cz_characters kept = *a;
    *a = *b;
    *b = kept;
}

bool cz_characters_write(const cloze_allocator *allocator, const cz_character *items, size_t count,
                         char **line, size_t *capacity, cloze_text *out)
{
    size_t size = 0;
    if (!cz_grow(allocator, (void **)line, capacity, count * 4 + 1, 1))
        return false;
    for (size_t i = 0; i < count; i++)
        size += cz_utf8_put(*line + size, items[i].code);
    *out = (cloze_text){ *line, size };
    return true;
}

void cz_place_move(cz_place *at, const cz_character *items, size_t byte)
{
    while (at->byte < byte)
        at->byte += cz_utf8_size(items[at->character++].code);
    while (at->byte > byte)
        at->byte -= cz_utf8_size(items[--at->character].code);
}

static bool decode(const cloze_allocator *allocator, const char *text, size_t begin, size_t end,
                   cz_characters *out)
{
    out->count = 0;
    if (!cz_characters_reserve(allocator, out, end - begin))
        return false;
    for (size_t at = begin; at < end;) {
        cz_character *c = &out->items[out->count++];
        c->begin = (uint32_t)at;
        c->code = cz_utf8_read(text, &at);
        c->end = (uint32_t)at;
    }
    return true;
}

static void clean(cz_characters *characters)
{
    size_t kept = 0;
    for (size_t i = 0; i < characters->count; i++) {
        cz_character c = characters->items[i];
        unsigned flags = cz_unicode_flags_of(c.code);
        if (flags & CZ_UNICODE_CONTROL)
            continue;
        if (flags & CZ_UNICODE_SPACE)
            c.code = ' ';
        characters->items[kept++] = c;
    }
    characters->count = kept;
}

static void remove_flagged(cz_characters *characters, unsigned flag)
{
    size_t kept = 0;
    for (size_t i = 0; i < characters->count; i++)
        if (!(cz_unicode_flags_of(characters->items[i].code) & flag))
            characters->items[kept++] = characters->items[i];
    characters->count = kept;
}

static size_t count_flagged(const cz_characters *characters, unsigned flag)
{
    size_t count = 0;
    for (size_t i = 0; i < characters->count; i++)
        count += (cz_unicode_flags_of(characters->items[i].code) & flag) != 0;
    return count;
}

static bool space_chinese(const cloze_allocator *allocator, cz_characters *characters,
                          cz_characters *spare)
{
    size_t count = 0, spaced = count_flagged(characters, CZ_UNICODE_CHINESE);
    if (!spaced)
        return true;
    if (!cz_characters_reserve(allocator, spare, characters->count + spaced * 2))
        return false;
    for (size_t i = 0; i < characters->count; i++) {
        cz_character c = characters->items[i];
        cz_character space = { .code = ' ', .begin = c.begin, .end = c.end };
        bool chinese = (cz_unicode_flags_of(c.code) & CZ_UNICODE_CHINESE) != 0;
        if (chinese)
            spare->items[count++] = space;
        spare->items[count++] = c;
        if (chinese)
            spare->items[count++] = space;
    }
    spare->count = count;
    cz_characters_swap(characters, spare);
    return true;
}

static bool lower(const cloze_allocator *allocator, cz_characters *characters, cz_characters *spare)
{
    uint32_t mapped[CZ_UNICODE_LONGEST];
    size_t count = 0, expanding = 0;
    for (size_t i = 0; i < characters->count; i++) {
        cz_character *c = &characters->items[i];
        size_t size;
        if (c->code < 0x80) {
            c->code += c->code >= 'A' && c->code <= 'Z' ? 32 : 0;
        } else if (cz_unicode_flags_of(c->code) & CZ_UNICODE_CHANGES) {
            size = cz_unicode_lower_of(c->code, mapped);
            if (size == 1)
                c->code = mapped[0];
            else
                expanding++;
        }
    }
    if (!expanding)
        return true;
    if (!cz_characters_reserve(allocator, spare,
                               characters->count + expanding * CZ_UNICODE_LONGEST))
        return false;
    for (size_t i = 0; i < characters->count; i++) {
        cz_character c = characters->items[i];
        size_t size = cz_unicode_lower_of(c.code, mapped);
        for (size_t k = 0; k < size; k++) {
            c.code = mapped[k];
            spare->items[count++] = c;
        }
    }
    spare->count = count;
    cz_characters_swap(characters, spare);
    return true;
}

static void trim_left(cz_characters *characters)
{
    size_t spaces = 0;
    while (spaces < characters->count &&
           (cz_unicode_flags_of(characters->items[spaces].code) & CZ_UNICODE_SPACE))
        spaces++;
    if (!spaces)
        return;
    characters->count -= spaces;
    memmove(characters->items, characters->items + spaces,
            characters->count * sizeof *characters->items);
}

static void trim_right(cz_characters *characters)
{
    while (characters->count &&
           (cz_unicode_flags_of(characters->items[characters->count - 1].code) & CZ_UNICODE_SPACE))
        characters->count--;
}

static void clean_as_nmt(cz_characters *characters)
{
    size_t kept = 0;
    for (size_t i = 0; i < characters->count; i++) {
        cz_character c = characters->items[i];
        switch (c.code) {
        case '\t':
        case '\n':
        case '\f':
        case '\r':
        case 0x1680:
        case 0x200B:
        case 0x200C:
        case 0x200D:
        case 0x200E:
        case 0x200F:
        case 0x2028:
        case 0x2029:
        case 0x2581:
        case 0xFEFF:
        case 0xFFFD:
            c.code = ' ';
            break;
        case 0x7F:
        case 0x8F:
        case 0x9F:
            continue;
        default:
            if (c.code && c.code < ' ')
                continue;
        }
        characters->items[kept++] = c;
    }
    characters->count = kept;
}

size_t cz_character_letters(cz_character c, cz_character out[4])
{
    char bytes[4];
    size_t size = cz_utf8_put(bytes, c.code);
    for (size_t i = 0; i < size; i++) {
        out[i] = c;
        out[i].code = cz_byte_letter((unsigned char)bytes[i]);
    }
    return size;
}

static bool write_letters(const cloze_allocator *allocator, cz_characters *characters,
                          cz_characters *spare)
{
    size_t count = 0;
    if (!cz_characters_reserve(allocator, spare, characters->count * 4))
        return false;
    for (size_t i = 0; i < characters->count; i++)
        count += cz_character_letters(characters->items[i], spare->items + count);
    spare->count = count;
    cz_characters_swap(characters, spare);
    return true;
}

bool cz_normalizer_rests(const cz_normalizer *normalizer, const char *text, size_t begin,
                         size_t end)
{
    enum { LEAST = 0xCC }; /* no byte of a character below U+0300 is as high */
    unsigned char highest = 0;
    for (size_t i = 0; i < normalizer->count; i++)
        if (normalizer->steps[i] != CZ_STEP_COMPOSE)
            return false;
    for (size_t i = begin; i < end && normalizer->count; i++)
        highest = (unsigned char)text[i] > highest ? (unsigned char)text[i] : highest;
    return highest < LEAST;
}

/* A step that needs no edit. */
static bool apply(const cz_normalizer *normalizer, cz_step step, const cloze_allocator *allocator,
                  cz_characters *out, cz_normal_room *room)
{
    cz_characters *spare = &room->spare;
    switch (step) {
    case CZ_STEP_CLEAN:
        clean(out);
        return true;
    case CZ_STEP_CHINESE:
        return space_chinese(allocator, out, spare);
    case CZ_STEP_DECOMPOSE:
        return cz_compose(allocator, out, spare, (cz_form){ false, false });
    case CZ_STEP_DECOMPOSE_COMPATIBLY:
        return cz_compose(allocator, out, spare, (cz_form){ true, false });
    case CZ_STEP_COMPOSE:
        return cz_compose(allocator, out, spare, (cz_form){ false, true });
    case CZ_STEP_COMPOSE_COMPATIBLY:
        return cz_compose(allocator, out, spare, (cz_form){ true, true });
    case CZ_STEP_STRIP_NONSPACING:
        remove_flagged(out, CZ_UNICODE_NONSPACING);
        return true;
    case CZ_STEP_STRIP_MARKS:
        remove_flagged(out, CZ_UNICODE_MARK);
        return true;
    case CZ_STEP_LOWER:
        return lower(allocator, out, spare);
    case CZ_STEP_TRIM_LEFT:
        trim_left(out);
        return true;
    case CZ_STEP_TRIM_RIGHT:
        trim_right(out);
        return true;
    case CZ_STEP_NMT:
        clean_as_nmt(out);
        return true;
    case CZ_STEP_BYTES:
        return write_letters(allocator, out, spare);
    default:
        return cz_charsmap_apply(normalizer->map, allocator, out, spare,
                                 out->count + room->allowance->growth);
    }
}

cloze_status cz_normalize(const cz_normalizer *normalizer, const cloze_allocator *allocator,
                          const char *text, size_t begin, size_t end, cz_characters *out,
                          cz_normal_room *room, cloze_error *error)
{
    const cz_edit *edit = normalizer->edits;
    bool made = decode(allocator, text, begin, end, out);
    room->begin = (uint32_t)begin;
    for (size_t i = 0; i < normalizer->count && made; i++) {
        cz_step step = normalizer->steps[i];
        size_t before = out->count;
        cloze_status status = CLOZE_OK;
        if (step == CZ_STEP_REPLACE)
            status = cz_edit_apply(edit++, allocator, out, room, error);
        else if (step == CZ_STEP_PREPEND)
            made = cz_edit_prepend(edit++, allocator, out, &room->spare);
        else
            made = apply(normalizer, step, allocator, out, room);
        if (!status)
            status = cz_allowance_grow(room->allowance, before, out->count, error);
        if (status)
            return status;
    }
    return made ? CLOZE_OK : cz_text_memory(error);
}

void cz_normal_room_clear(cz_normal_room *room, const cloze_allocator *allocator)
{
    cz_release(allocator, room->spare.items);
    cz_release(allocator, room->line);
    cz_matching_clear(&room->matching);
}

size_t cz_normalizer_bytes(const cz_normalizer *normalizer)
{
    size_t bytes = 0;
    if (normalizer->map)
        bytes += sizeof *normalizer->map + cz_charsmap_bytes(normalizer->map);
    for (size_t i = 0; i < normalizer->edit_count; i++)
        bytes += normalizer->edits[i].to_size + 1 + cz_finder_bytes(&normalizer->edits[i].finder);
    return bytes;
}

void cz_normalizer_clear(cz_normalizer *normalizer, const cloze_allocator *allocator)
{
    if (normalizer->map)
        cz_charsmap_clear(normalizer->map);
    cz_release(allocator, normalizer->map);
    for (size_t i = 0; i < normalizer->edit_count; i++)
        cz_edit_clear(&normalizer->edits[i], allocator);
}

void cz_normalizer_bert(cz_normalizer *normalizer, bool clean_text, bool chinese, bool strip,
                        bool lower_case)
{
    if (clean_text)
        normalizer->steps[normalizer->count++] = CZ_STEP_CLEAN;
    if (chinese) {
        normalizer->steps[normalizer->count++] = CZ_STEP_CHINESE;
        normalizer->chinese = true;
    }
    if (strip) {
        normalizer->steps[normalizer->count++] = CZ_STEP_DECOMPOSE;
        normalizer->steps[normalizer->count++] = CZ_STEP_STRIP_NONSPACING;
    }
    if (lower_case)
        normalizer->steps[normalizer->count++] = CZ_STEP_LOWER;
}
