/* edits.c - single changes of a text. */
#include "explain/edits.h"

#include "base/error.h"

#include <string.h>

cloze_status cz_edits_add(cz_edits *edits, cz_edit edit, cloze_text word, cloze_error *error)
{
    const cloze_allocator *allocator = &edits->explainer->hooks.allocator;
    if (!cz_grow(allocator, (void **)&edits->items, &edits->capacity, edits->count + 1,
                 sizeof *edits->items) ||
        !cz_grow(allocator, (void **)&edits->words, &edits->words_capacity,
                 edits->words_size + word.size + 1, 1))
        return cz_fail_memory(error, "edits", edits->count * sizeof *edits->items);
    edit.word = edits->words_size;
    edit.size = word.size;
    edit.number = edits->count;
    if (word.size)
        memcpy(edits->words + edit.word, word.data, word.size);
    edits->words_size += word.size;
    edits->items[edits->count++] = edit;
    return CLOZE_OK;
}

void cz_edits_clear(cz_edits *edits)
{
    const cloze_allocator *allocator = &edits->explainer->hooks.allocator;
    cz_release(allocator, edits->items);
    cz_release(allocator, edits->words);
}

cloze_text cz_edit_word(const cz_edits *edits, const cz_edit *edit)
{
    return (cloze_text){ edit->size ? edits->words + edit->word : "", edit->size };
}

/* A deleted unit takes the space before it along, the first one that behind it. */
cz_cut cz_edit_cut(const cloze_explainer *e, cloze_edit_kind kind, size_t unit)
{
    cloze_explain_span span = e->units[unit].span;
    const char *text = e->text[span.side];
    bool apart = !span.begin || text[span.begin - 1] == ' ';
    cz_cut cut = { .begin = span.begin, .end = span.end };
    if (kind == CLOZE_EDIT_DELETE && span.begin && apart)
        cut.begin--;
    else if (kind == CLOZE_EDIT_DELETE && span.end < e->size[span.side] && text[span.end] == ' ')
        cut.end += apart;
    if (kind != CLOZE_EDIT_INSERT)
        return cut;
    cut.end = cut.begin;
    cut.space_before = !apart;
    cut.space_behind = apart;
    return cut;
}

cloze_status cz_edit_tokenize(const cloze_explainer *e, cloze_edit_kind kind, size_t unit,
                              cloze_text word, const cloze_tokenizer *tokenizer,
                              cloze_encoding *encoding, cloze_error *error)
{
    static const cloze_tokenize_options plain = { .no_special_tokens = true, .ids_only = true };
    cloze_explain_span span = e->units[unit].span;
    cloze_text none = { NULL, 0 };
    char spaced[256] = " ";
    bool apart =
        span.begin && (kind == CLOZE_EDIT_INSERT || e->text[span.side][span.begin - 1] == ' ');
    if (apart && word.size < sizeof spaced) {
        memcpy(spaced + 1, word.data, word.size);
        word = (cloze_text){ spaced, word.size + 1 };
    }
    return cloze_tokenize(tokenizer, word, none, &plain, encoding, error);
}
