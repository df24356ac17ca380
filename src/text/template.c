/*
 * template.c - puts special tokens around the windows of one text or two, and writes the results.
 *
 * As in the package: with two texts, every window of the first meets every window of the second;
 * the template's type ids hold for the first window of a text, further windows have the number of
 * the text as type id.
 */
#include "text/parts.h"

void cz_template_bert(cloze_tokenizer *tokenizer, uint32_t cls, uint32_t sep)
{
    cz_slot slots[] = { { CZ_SLOT_TOKEN, cls, 0 },
                        { CZ_SLOT_FIRST, 0, 0 },
                        { CZ_SLOT_TOKEN, sep, 0 },
                        { CZ_SLOT_SECOND, 0, 1 },
                        { CZ_SLOT_TOKEN, sep, 1 } };
    memcpy(tokenizer->single.slots, slots, 3 * sizeof *slots);
    memcpy(tokenizer->pair.slots, slots, sizeof slots);
    tokenizer->single.count = 3;
    tokenizer->single.added = 2;
    tokenizer->pair.count = 5;
    tokenizer->pair.added = 3;
    tokenizer->has_template = true;
}

void cz_template_roberta(cloze_tokenizer *tokenizer, uint32_t cls, uint32_t sep)
{
    cz_slot slots[] = { { CZ_SLOT_TOKEN, cls, 0 }, { CZ_SLOT_FIRST, 0, 0 },
                        { CZ_SLOT_TOKEN, sep, 0 }, { CZ_SLOT_TOKEN, sep, 0 },
                        { CZ_SLOT_SECOND, 0, 0 },  { CZ_SLOT_TOKEN, sep, 0 } };
    memcpy(tokenizer->single.slots, slots, 3 * sizeof *slots);
    memcpy(tokenizer->pair.slots, slots, sizeof slots);
    tokenizer->single.count = 3;
    tokenizer->single.added = 2;
    tokenizer->pair.count = 6;
    tokenizer->pair.added = 4;
    tokenizer->one_type = true;
    tokenizer->has_template = true;
}

static const cz_template plain_single = { .slots = { { CZ_SLOT_FIRST, 0, 0 } }, .count = 1 };
static const cz_template plain_pair = {
    .slots = { { CZ_SLOT_FIRST, 0, 0 }, { CZ_SLOT_SECOND, 0, 1 } }, .count = 2
};

/* One result: which window of each text. */
typedef struct choice {
    size_t window[2];
} choice;

/* Result number `index`: the whole, then each further window of the text that stands first with all
 * of the other, then the first window with each further of the other. */
static choice choose(const cloze_encoding *encoding, size_t index, size_t leading, bool has_pair)
{
    size_t others = has_pair ? encoding->spans[1 - leading].count : 1;
    size_t further = encoding->spans[leading].count - 1;
    choice chosen = { { 0, 0 } };
    if (!index)
        return chosen;
    index--;
    if (index < further * others) {
        chosen.window[leading] = 1 + index / others;
        chosen.window[1 - leading] = index % others;
    } else {
        chosen.window[1 - leading] = 1 + index - further * others;
    }
    return chosen;
}

static size_t span_length(const cloze_encoding *encoding, size_t part, const choice *chosen)
{
    const cz_span *span = &encoding->spans[part].items[chosen->window[part]];
    return span->end - span->begin;
}

static bool reserve_results(cloze_encoding *encoding, size_t total, bool ids_only)
{
    const cloze_allocator *allocator = &encoding->hooks.allocator;
    if (!cz_grow(allocator, (void **)&encoding->ids, &encoding->ids_capacity, total,
                 sizeof *encoding->ids) ||
        !cz_grow(allocator, (void **)&encoding->type_ids, &encoding->type_ids_capacity, total,
                 sizeof *encoding->type_ids))
        return false;
    return ids_only ||
           (cz_grow(allocator, (void **)&encoding->special, &encoding->special_capacity, total,
                    sizeof *encoding->special) &&
            cz_grow(allocator, (void **)&encoding->offsets, &encoding->offsets_capacity, total,
                    sizeof *encoding->offsets) &&
            cz_grow(allocator, (void **)&encoding->word_numbers, &encoding->word_numbers_capacity,
                    total, sizeof *encoding->word_numbers) &&
            cz_grow(allocator, (void **)&encoding->sequences, &encoding->sequences_capacity, total,
                    sizeof *encoding->sequences));
}

static size_t write_token(cloze_encoding *encoding, size_t at, const cz_slot *slot, bool ids_only)
{
    encoding->ids[at] = slot->id;
    encoding->type_ids[at] = slot->type_id;
    if (!ids_only) {
        encoding->special[at] = 1;
        encoding->offsets[at] = (cloze_token_offset){ 0, 0 };
        encoding->word_numbers[at] = -1;
        encoding->sequences[at] = -1;
    }
    return at + 1;
}

static size_t write_pieces(cloze_encoding *encoding, size_t at, size_t part, const cz_span *span,
                           uint32_t type_id, bool ids_only)
{
    const cz_piece *pieces = encoding->parts[part].items;
    size_t length = span->end - span->begin;
    if (length)
        pieces += span->begin;
    for (size_t i = 0; i < length; i++) {
        encoding->ids[at + i] = pieces[i].id;
        encoding->type_ids[at + i] = type_id;
    }
    if (ids_only)
        return at + length;
    for (size_t i = 0; i < length; i++) {
        encoding->offsets[at + i] = (cloze_token_offset){ pieces[i].begin, pieces[i].end };
        encoding->word_numbers[at + i] = pieces[i].word;
        encoding->sequences[at + i] = (int32_t)part;
    }
    if (length)
        memset(encoding->special + at, 0, length);
    return at + length;
}

/* As the package, which trims after windows were cut: in the space that was put before a text it
 * believes at the beginning of every window. */
static void untrim_first(const cloze_tokenizer *tokenizer, cloze_encoding *encoding, size_t part,
                         size_t number, size_t at)
{
    const cz_piece *piece = &encoding->parts[part].items[number];
    cloze_text text = encoding->source[part][encoding->split ? piece->word : 0];
    cz_token_spaces spaces = cz_token_spaces_of(cloze_tokenizer_token(tokenizer, piece->id));
    size_t step;
    if (spaces.leading != 1 || !piece->begin)
        return;
    step = cz_utf8_size(cz_utf8_before(text.data, piece->begin));
    encoding->offsets[at].begin -= step;
    if (spaces.all)
        encoding->offsets[at].end -= step;
}

static size_t write_window(const cloze_tokenizer *tokenizer, cloze_encoding *encoding, size_t at,
                           const cz_template *template, const choice *chosen,
                           const cloze_tokenize_options *options)
{
    for (size_t i = 0; i < template->count; i++) {
        const cz_slot *slot = &template->slots[i];
        size_t part = slot->kind == CZ_SLOT_SECOND, window = chosen->window[part], first = at;
        if (slot->kind != CZ_SLOT_TOKEN)
            at = write_pieces(encoding, at, part, &encoding->spans[part].items[window],
                              window && !(tokenizer->one_type && !options->no_special_tokens)
                                  ? (uint32_t)part
                                  : slot->type_id,
                              options->ids_only);
        else if (!options->no_special_tokens)
            at = write_token(encoding, at, slot, options->ids_only);
        if (slot->kind != CZ_SLOT_TOKEN && encoding->spans[part].items[window].begin &&
            at > first && tokenizer->bytes.trims && tokenizer->bytes.trims_prefix &&
            !options->ids_only)
            untrim_first(tokenizer, encoding, part, encoding->spans[part].items[window].begin,
                         first);
    }
    return at;
}

static size_t lost(const cloze_encoding *encoding, bool has_pair, bool overflow)
{
    size_t missing = 0;
    for (size_t i = 0; i < (has_pair ? 2u : 1u) && !overflow; i++) {
        const cz_span *span = &encoding->spans[i].items[0];
        missing += encoding->parts[i].count - (span->end - span->begin);
    }
    return missing;
}

cloze_status cz_assemble(const cloze_tokenizer *tokenizer, const cloze_tokenize_options *options,
                         bool has_pair, cloze_encoding *encoding, cloze_error *error)
{
    const cz_template *template = has_pair ? &plain_pair : &plain_single;
    size_t windows = encoding->spans[0].count, total = 0, leading = 0, at = 0;
    if (tokenizer->has_template)
        template = has_pair ? &tokenizer->pair : &tokenizer->single;
    for (size_t i = template->count; i-- > 0;)
        if (template->slots[i].kind != CZ_SLOT_TOKEN)
            leading = template->slots[i].kind == CZ_SLOT_SECOND;
    if (has_pair && !cz_multiply(windows, encoding->spans[1].count, &windows))
        return cz_text_memory(error);
    if (!cz_grow(&encoding->hooks.allocator, (void **)&encoding->window_ends,
                 &encoding->window_ends_capacity, windows, sizeof *encoding->window_ends))
        return cz_text_memory(error);
    for (size_t i = 0; i < windows; i++) {
        choice chosen = choose(encoding, i, leading, has_pair);
        size_t length = options->no_special_tokens ? 0 : template->added;
        length += span_length(encoding, 0, &chosen);
        length += has_pair ? span_length(encoding, 1, &chosen) : 0;
        if (!cz_add(total, length, &total))
            return cz_text_memory(error);
        encoding->window_ends[i] = total;
    }
    if (!reserve_results(encoding, total, options->ids_only))
        return cz_text_memory(error);
    for (size_t i = 0; i < windows; i++) {
        choice chosen = choose(encoding, i, leading, has_pair);
        at = write_window(tokenizer, encoding, at, template, &chosen, options);
    }
    encoding->windows = windows;
    encoding->ids_only = options->ids_only;
    encoding->truncated = lost(encoding, has_pair, options->overflow);
    return CLOZE_OK;
}
