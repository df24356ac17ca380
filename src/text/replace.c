/* replace.c - a pattern to a text, and a text put before another. */
#include "text/parts.h"

/* Characters from `at` on that the replacement takes, or 0. */
static size_t match_at(const cz_replacement *rule, const cz_characters *characters, size_t at)
{
    size_t count = 0;
    if (rule->spaces) {
        while (at + count < characters->count && characters->items[at + count].code == ' ')
            count++;
        return count > 1 ? count : 0;
    }
    for (size_t byte = 0; byte < rule->from_size; count++)
        if (at + count >= characters->count ||
            characters->items[at + count].code != cz_utf8_read(rule->from, &byte))
            return 0;
    return count;
}

/* What is put in has the place of the last character that goes. */
bool cz_replace_pattern(const cz_replacement *rule, const cloze_allocator *allocator,
                        cz_characters *characters, cz_characters *spare)
{
    size_t at = 0, count = 0, first = 0;
    while (first < characters->count && !match_at(rule, characters, first))
        first++;
    if (first == characters->count)
        return true;
    if (!cz_characters_reserve(allocator, spare, characters->count * (rule->to_size + 1)))
        return false;
    while (at < characters->count) {
        size_t taken = at < first ? 0 : match_at(rule, characters, at);
        cz_character c = characters->items[at + (taken ? taken - 1 : 0)];
        if (!taken)
            spare->items[count++] = c;
        for (size_t byte = 0; taken && byte < rule->to_size;) {
            c.code = cz_utf8_read(rule->to, &byte);
            spare->items[count++] = c;
        }
        at += taken ? taken : 1;
    }
    spare->count = count;
    cz_characters_swap(characters, spare);
    return true;
}

bool cz_put_before(const cz_replacement *rule, const cloze_allocator *allocator,
                   cz_characters *characters, cz_characters *spare)
{
    size_t count = 0;
    cz_character c;
    if (!characters->count || !rule->to_size)
        return true;
    if (!cz_characters_reserve(allocator, spare, characters->count + rule->to_size))
        return false;
    c = characters->items[0];
    for (size_t byte = 0; byte < rule->to_size;) {
        c.code = cz_utf8_read(rule->to, &byte);
        spare->items[count++] = c;
    }
    memcpy(spare->items + count, characters->items, characters->count * sizeof c);
    spare->count = count + characters->count;
    cz_characters_swap(characters, spare);
    return true;
}
