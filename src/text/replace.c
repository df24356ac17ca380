/* replace.c - what is found becomes another text, and a text is put before another. */
#include "text/parts.h"

/* Appends edit->to, each character with the place of `from`. */
static void put_in(const cz_edit *edit, cz_character from, cz_characters *out)
{
    for (size_t byte = 0; byte < edit->to_size;) {
        from.code = cz_utf8_read(edit->to, &byte);
        out->items[out->count++] = from;
    }
}

static void copy(const cz_characters *from, size_t begin, size_t end, cz_characters *out)
{
    memcpy(out->items + out->count, from->items + begin, (end - begin) * sizeof *out->items);
    out->count += end - begin;
}

/* What is put in has the place of the last character that goes, or of the one before. */
cloze_status cz_edit_apply(const cz_edit *edit, const cloze_allocator *allocator,
                           cz_characters *characters, cz_normal_room *room, cloze_error *error)
{
    cz_characters *made = &room->spare;
    cz_place at = { 0, 0 };
    cloze_text line;
    cz_search search;
    size_t begin = 0, end = 0, done = 0;
    bool found;
    cloze_status status;
    if (!cz_characters_write(allocator, characters->items, characters->count, &room->line,
                             &room->line_capacity, &line))
        return cz_text_memory(error);
    search = cz_search_of(line, &room->matching, allocator, &room->allowance->steps);
    made->count = 0;
    if (!characters->count)
        return CLOZE_OK;
    while (!(status = cz_find_next(&edit->finder, &search, &begin, &end, &found, error)) && found) {
        cz_character from = { 0, room->begin, room->begin };
        size_t needed;
        cz_place_move(&at, characters->items, begin);
        needed = made->count + (at.character - done) + edit->to_size;
        if (needed > characters->count + room->allowance->growth)
            return cz_allowance_grow(room->allowance, characters->count, needed, error);
        if (!cz_characters_reserve(allocator, made, needed))
            return cz_text_memory(error);
        copy(characters, done, at.character, made);
        cz_place_move(&at, characters->items, end);
        done = at.character;
        if (done)
            from = characters->items[done - 1];
        put_in(edit, from, made);
    }
    if (status || !search.last)
        return status;
    if (!cz_characters_reserve(allocator, made, made->count + (characters->count - done)))
        return cz_text_memory(error);
    copy(characters, done, characters->count, made);
    cz_characters_swap(characters, made);
    return CLOZE_OK;
}

bool cz_edit_prepend(const cz_edit *edit, const cloze_allocator *allocator,
                     cz_characters *characters, cz_characters *spare)
{
    if (!characters->count || !edit->to_size)
        return true;
    if (!cz_characters_reserve(allocator, spare, characters->count + edit->to_size))
        return false;
    spare->count = 0;
    put_in(edit, characters->items[0], spare);
    copy(characters, 0, characters->count, spare);
    cz_characters_swap(characters, spare);
    return true;
}

void cz_edit_clear(cz_edit *edit, const cloze_allocator *allocator)
{
    cz_finder_clear(&edit->finder, allocator);
    cz_release(allocator, edit->to);
    edit->to = NULL;
}
