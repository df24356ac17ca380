/*
 * charsmap.c - reading a precompiled character map, and applying it.
 *
 * Every unit that can be a step of the double array is checked once, so that a lookup needs no
 * bounds. A unit holds the byte that leads to it, whether a key ends there, and by what its place
 * is changed to reach its children (Yata 2007, Darts-clone).
 */
#include "text/charsmap.h"

#include "base/memory.h"
#include "text/grapheme.h"
#include "text/unicode.h"

#include <string.h>

enum {
    UNIT_LIMIT = 1 << 24, /* units of an array */
    POOL_LIMIT = 1 << 26, /* bytes of replacements */
    GRAPHEME_LIMIT = 6    /* bytes; a longer grapheme is taken character by character */
};

static bool ends_key(uint32_t unit)
{
    return unit >> 8 & 1;
}

static size_t value_of(uint32_t unit)
{
    return unit & 0x7FFFFFFFu;
}

static uint32_t label_of(uint32_t unit)
{
    return unit & 0x800000FFu;
}

static size_t offset_of(uint32_t unit)
{
    return (size_t)(unit >> 10) << ((unit & 0x200u) >> 6);
}

/* The first unit through which a lookup could leave the array or the pool, or unit_count. */
static size_t check_units(const cz_charsmap *map)
{
    for (size_t i = 0; i < map->unit_count; i++) {
        uint32_t unit = map->units[i];
        size_t base = i ^ offset_of(unit), value;
        if (i && unit >> 31)
            continue; /* a value */
        if ((base | 0xFF) >= map->unit_count)
            return i;
        if (!i || !ends_key(unit))
            continue;
        value = value_of(map->units[base]);
        if (value >= map->pool_size || ((unsigned char)map->pool[value] & 0xC0) == 0x80)
            return i;
    }
    return map->unit_count;
}

static cloze_status copy_parts(cz_charsmap *map, const unsigned char *bytes, size_t size,
                               cloze_error *error)
{
    size_t units =
        (size_t)bytes[0] | (size_t)bytes[1] << 8 | (size_t)bytes[2] << 16 | (size_t)bytes[3] << 24;
    if (units % 4 || units < 1024 || units > size - 4 || units / 4 > UNIT_LIMIT ||
        size - 4 - units > POOL_LIMIT)
        return cz_fail(error, CLOZE_ERROR_FORMAT,
                       "the character map of %zu bytes states an array of %zu", size, units);
    map->unit_count = units / 4;
    map->pool_size = size - 4 - units;
    map->units = cz_allocate(map->allocator, map->unit_count, sizeof *map->units);
    map->pool = cz_allocate(map->allocator, map->pool_size + 1, 1);
    if (!map->units || !map->pool)
        return cz_fail_memory(error, "a character map", size);
    for (size_t i = 0; i < map->unit_count; i++) {
        const unsigned char *at = bytes + 4 + 4 * i;
        map->units[i] =
            (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
    }
    memcpy(map->pool, bytes + 4 + units, map->pool_size);
    map->pool[map->pool_size] = 0;
    return CLOZE_OK;
}

static cloze_status check(cz_charsmap *map, cloze_error *error)
{
    size_t wrong = cz_utf8_check(map->pool, map->pool_size);
    if (wrong < map->pool_size)
        return cz_fail(error, CLOZE_ERROR_FORMAT,
                       "the replacements of the character map are not UTF-8 at byte %zu", wrong);
    wrong = check_units(map);
    if (wrong < map->unit_count)
        return cz_fail(error, CLOZE_ERROR_FORMAT,
                       "the character map points outside of itself in unit %zu", wrong);
    map->rare = true;
    for (char c = ' '; c < 0x7F; c++) {
        cloze_text to;
        size_t at = offset_of(map->units[0]) ^ (size_t)c;
        map->rare = map->rare && label_of(map->units[at]) != (uint32_t)c;
        map->rare = map->rare && !cz_charsmap_find(map, &c, 1, &to);
    }
    return CLOZE_OK;
}

cloze_status cz_charsmap_init(cz_charsmap *map, const cloze_allocator *allocator, const char *bytes,
                              size_t size, cloze_error *error)
{
    cloze_status status;
    memset(map, 0, sizeof *map);
    map->allocator = allocator;
    if (size < 4)
        return cz_fail(error, CLOZE_ERROR_FORMAT, "the character map has only %zu bytes", size);
    status = copy_parts(map, (const unsigned char *)bytes, size, error);
    if (!status)
        status = check(map, error);
    if (status)
        cz_charsmap_clear(map);
    return status;
}

static int digit_of(char c)
{
    return c >= 'A' && c <= 'Z'   ? c - 'A'
           : c >= 'a' && c <= 'z' ? c - 'a' + 26
           : c >= '0' && c <= '9' ? c - '0' + 52
           : c == '+'             ? 62
           : c == '/'             ? 63
                                  : -1;
}

/* Standard base64 with its padding into out, which has size / 4 * 3 bytes; false if it is not. */
static bool read_base64(const char *text, size_t size, char *out, size_t *out_size)
{
    size_t padding = 0;
    uint32_t bits = 0;
    *out_size = 0;
    if (size % 4)
        return false;
    while (padding < 2 && padding < size && text[size - 1 - padding] == '=')
        padding++;
    for (size_t i = 0; i < size; i++) {
        int digit = i < size - padding ? digit_of(text[i]) : 0;
        if (digit < 0)
            return false;
        bits = bits << 6 | (uint32_t)digit;
        if (i % 4 != 3)
            continue;
        for (int shift = 16; shift >= 0; shift -= 8)
            out[(*out_size)++] = (char)(bits >> shift & 0xFF);
        bits = 0;
    }
    for (size_t i = 0; i < padding; i++)
        if (out[--*out_size])
            return false;
    return true;
}

cloze_status cz_charsmap_decode(cz_charsmap *map, const cloze_allocator *allocator,
                                const char *text, size_t size, cloze_error *error)
{
    size_t out_size;
    cloze_status status;
    char *bytes = cz_allocate(allocator, size / 4 * 3 + 1, 1);
    memset(map, 0, sizeof *map);
    if (!bytes)
        return cz_fail_memory(error, "a character map", size);
    if (read_base64(text, size, bytes, &out_size))
        status = cz_charsmap_init(map, allocator, bytes, out_size, error);
    else
        status = cz_fail(error, CLOZE_ERROR_FORMAT, "the character map is not base64");
    cz_release(allocator, bytes);
    return status;
}

void cz_charsmap_clear(cz_charsmap *map)
{
    cz_release(map->allocator, map->units);
    cz_release(map->allocator, map->pool);
    memset(map, 0, sizeof *map);
}

size_t cz_charsmap_bytes(const cz_charsmap *map)
{
    return map->unit_count * sizeof *map->units + map->pool_size + 1;
}

bool cz_charsmap_find(const cz_charsmap *map, const char *text, size_t size, cloze_text *to)
{
    size_t at = offset_of(map->units[0]);
    for (size_t i = 0; i < size && text[i]; i++) {
        uint32_t unit;
        at ^= (unsigned char)text[i];
        unit = map->units[at];
        if (label_of(unit) != (unsigned char)text[i])
            return false;
        at ^= offset_of(unit);
        if (ends_key(unit)) {
            const char *found = map->pool + value_of(map->units[at]);
            *to = (cloze_text){ found, strlen(found) };
            return true;
        }
    }
    return false;
}

/* Characters on their way through a map. */
typedef struct passage {
    const cz_charsmap *map;
    const cloze_allocator *allocator;
    const cz_characters *from;
    cz_characters *to;
    size_t most; /* characters of `to`, and one more tells that there are too many */
} passage;

/* While characters are put, `begin` holds how the package counts them: 0 for one that stands for the
 * next old one, 1 for one that was put in, -n for one behind which n old ones are gone. */
static bool put(const passage *p, uint32_t code)
{
    cz_characters *to = p->to;
    if (to->count == to->capacity && !cz_grow(p->allocator, (void **)&to->items, &to->capacity,
                                              to->count + 1, sizeof *to->items))
        return false;
    to->items[to->count++] = (cz_character){ .code = code };
    return true;
}

/* `old` characters become those of `text`: what is too much was put in, what is missing goes with
 * the character before, if there is one. */
static bool replace(const passage *p, cloze_text text, size_t old)
{
    cz_characters *to = p->to;
    size_t made = to->count;
    for (size_t at = 0; at < text.size && to->count <= p->most;)
        if (!put(p, cz_utf8_read(text.data, &at)))
            return false;
    made = to->count - made;
    for (size_t i = old; i < made; i++)
        to->items[to->count - 1 - (i - old)].begin = 1;
    if (made < old && to->count)
        to->items[to->count - 1].begin -= (uint32_t)(old - made);
    return true;
}

/* Where the grapheme that begins at `begin` ends; *size receives its bytes. */
static size_t grapheme_end(const cz_characters *characters, size_t begin, size_t *size)
{
    const cz_character *items = characters->items;
    uint32_t code = items[begin].code;
    cz_grapheme_state state;
    size_t end = begin + 1;
    *size = cz_utf8_size(code);
    if (code >= ' ' && code < 0x7F && (end == characters->count || items[end].code < 0x300))
        return end;
    cz_grapheme_begin(&state, code);
    for (; end < characters->count; end++) {
        if (!cz_grapheme_joins(&state, items[end].code))
            break;
        *size += cz_utf8_size(items[end].code);
    }
    return end;
}

static bool apply_each(const passage *p, size_t begin, size_t end, bool *modified)
{
    for (size_t i = begin; i < end && p->to->count <= p->most; i++) {
        uint32_t code = p->from->items[i].code;
        cloze_text to;
        char bytes[4];
        bool found = !(p->map->rare && code >= ' ' && code < 0x7F) &&
                     cz_charsmap_find(p->map, bytes, cz_utf8_put(bytes, code), &to);
        *modified = *modified || found;
        if (found ? !replace(p, to, 1) : !put(p, code))
            return false;
    }
    return true;
}

/* A grapheme of less than GRAPHEME_LIMIT bytes as a whole; *done tells whether the map has it. */
static bool apply_whole(const passage *p, size_t begin, size_t end, bool *done)
{
    char bytes[GRAPHEME_LIMIT];
    size_t size = 0;
    cloze_text to;
    for (size_t i = begin; i < end; i++)
        size += cz_utf8_put(bytes + size, p->from->items[i].code);
    *done = cz_charsmap_find(p->map, bytes, size, &to);
    return !*done || replace(p, to, end - begin);
}

static void give_origins(const cz_characters *old, cz_characters *out)
{
    size_t next = 0;
    for (size_t i = 0; i < out->count; i++) {
        cz_character *c = &out->items[i];
        int64_t change = (int32_t)c->begin;
        size_t from = change > 0 ? next - (next > 0) : next;
        from = from < old->count ? from : old->count - 1;
        if (change <= 0)
            next += 1 + (size_t)-change;
        c->begin = old->items[from].begin;
        c->end = old->items[from].end;
    }
}

bool cz_charsmap_apply(const cz_charsmap *map, const cloze_allocator *allocator,
                       cz_characters *characters, cz_characters *spare, size_t most)
{
    const passage p = { map, allocator, characters, spare, most };
    bool modified = false;
    cz_characters kept;
    spare->count = 0;
    for (size_t begin = 0, end; begin < characters->count && spare->count <= most; begin = end) {
        size_t size;
        bool done = false;
        end = grapheme_end(characters, begin, &size);
        if (end - begin > 1 && size < GRAPHEME_LIMIT) {
            if (!apply_whole(&p, begin, end, &done))
                return false;
            modified = modified || done;
        }
        if (!done && !apply_each(&p, begin, end, &modified))
            return false;
    }
    if (!modified)
        return true;
    give_origins(characters, spare);
    kept = *characters;
    *characters = *spare;
    *spare = kept;
    return true;
}
