/*
 * fuzz_changes.c - any bytes as a text that is changed in every way; behind a zero byte names, each up to a further
 * one. The first byte is the seed. What is changed is where it is said to be, ends with characters, and is UTF-8.
 */
#include "base/utf8.h"

#include <cloze/behaviour.h>

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { NAMES_MOST = 16 };

static void demand(bool holds)
{
    if (!holds)
        abort();
}

static bool is_border(cloze_text text, size_t at)
{
    return at == text.size || ((unsigned char)text.data[at] & 0xc0) != 0x80;
}

static void check_utf8(cloze_text text)
{
    for (size_t at = 0, step; at < text.size; at += step) {
        step = cz_utf8_length(text.data + at, text.size - at);
        demand(step > 0);
    }
}

static void check_kept(cloze_text text, size_t at, cloze_text made, size_t made_at, size_t size)
{
    demand(at + size <= text.size && made_at + size <= made.size);
    demand(!size || !memcmp(text.data + at, made.data + made_at, size));
}

static void check_changed(cloze_text text, const cloze_changed *changed)
{
    size_t at = 0, made = 0;
    check_utf8(changed->text);
    for (size_t i = 0; i < changed->count; i++) {
        cloze_text_change change = changed->changes[i];
        size_t begin = change.span.begin, end = change.span.end;
        demand(at <= begin && begin <= end && end <= text.size);
        demand(begin < end || change.text.size);
        demand(is_border(text, begin) && is_border(text, end));
        check_kept(text, at, changed->text, made, begin - at);
        made += begin - at;
        check_kept(change.text, 0, changed->text, made, change.text.size);
        made += change.text.size;
        at = end;
    }
    check_kept(text, at, changed->text, made, text.size - at);
    demand(changed->text.size == made + text.size - at);
}

static void change_all(cloze_changer *changer, cloze_text text)
{
    for (int change = 0; change < CLOZE_CHANGE_GIVEN; change++)
        for (size_t copy = 0; copy < 3; copy++) {
            cloze_changed changed;
            cloze_status status = cloze_changer_apply(changer, (cloze_change)change, text, copy,
                                                      copy, &changed, NULL);
            if (!status)
                check_changed(text, &changed);
            demand(!status || status == CLOZE_ERROR_TEXT);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cloze_text names[NAMES_MOST];
    cloze_name_group group = { names, 0 };
    cloze_changer *changer = NULL;
    if (!size)
        return 0;
    const char *text = (const char *)data + 1, *end = (const char *)data + size;
    const char *at = memchr(text, 0, size - 1);
    size_t first = at ? (size_t)(at - text) : size - 1;
    while (at && group.count < NAMES_MOST) {
        const char *next = memchr(at + 1, 0, (size_t)(end - at - 1));
        names[group.count++] = (cloze_text){ at + 1, (size_t)((next ? next : end) - at - 1) };
        at = next;
    }
    cloze_change_options options = {
        .typos = data[0] % 5, .seed = data[0], .names = &group, .name_groups = group.count ? 1 : 0
    };
    if (!cloze_changer_new(&changer, &options, NULL))
        change_all(changer, (cloze_text){ text, first });
    cloze_changer_free(changer);
    return 0;
}
